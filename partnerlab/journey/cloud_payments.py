"""The two Cloud Payments V2 stories of the inHance Portal's document, and the two of TCCS's agents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from partnerlab.both_sides import TccsSides
from partnerlab.client.flows import agent
from partnerlab.client.flows import cloud_payments as flows
from partnerlab.client.invoice_cloud import CloudCustomer, CloudInvoice, CloudPaymentRequest, RestClient
from partnerlab.journey.single_sign_on import ACCOUNT, BANK, CARD, INVOICE, Portal
from partnerlab.journey.visitor import Page, Visitor
from partnerlab.story import Story

__all__ = ["agent_existing_policy", "agent_new_policy", "quick_payment", "unregistered_payment"]

QUOTE, INSURED = "Q454100010-03/01/2019", "Ondine O'Hara"
POLICY, POLICY_INVOICE = "454100010", "454100010-06/16/2020"


def unregistered_payment(story: Story, url: str) -> None:
    """Story Unregistered User Payment: an account that Invoice Cloud does not know pays once."""
    with Portal.opened(url, "journey-guest", log_in=False) as portal:
        bill = CloudInvoice("GUEST-1", balance_due=Decimal("55.00"))
        request = CloudPaymentRequest(customers=(CloudCustomer("10009100", name="Passing Stranger", invoices=(bill,)),))
        paying = flows.unregistered_user_payment(portal.rest, request)
        story.expect(
            "ICP-GUEST-1",
            "the customer is created",
            found=portal.customer("10009100")["customer_name"],
            expected="Passing Stranger",
        )
        page = pay_by_card(portal.visitor, paying.url, name="Passing Stranger")
        payments = portal.control.get("/_sandbox/ic/payments", account_number="10009100")["payments"]
        story.expect(
            "CPV2-STORY-2", f"and pays as a guest: {page.heading}", found=amounts(payments), expected=["55.00"]
        )


def quick_payment(story: Story, url: str) -> None:
    """Story Registered User Quick Payment: the account's open bill, with a saved method offered."""
    with Portal.opened(url, "journey-quick") as portal:
        portal.save_card()
        before = portal.balance(ACCOUNT)
        request = CloudPaymentRequest(customers=(CloudCustomer(ACCOUNT),))
        paying = flows.registered_user_quick_payment(portal.rest, request, portal.token)
        portal.visitor.open(paying.url)
        portal.visitor.submit("Continue to payment", {"Amount to pay": "25.50", "Name": "Willows Laundry"})
        page = portal.visitor.submit("Pay", {"Visa": True})
        portal.settle()
        story.expect(
            "CPV2-STORY-1",
            f"bill {INVOICE} is paid with the saved card: {page.heading}",
            found=portal.balance(ACCOUNT),
            expected=before - Decimal("25.50"),
        )


def agent_new_policy(story: Story, url: str) -> None:
    """Story Agent (New Policy): a quote's deposit, and the insured's name that the payer entered."""
    with TccsSides.of(url, "journey-agent-quote", reset=True) as sides, Visitor() as visitor:
        rest = RestClient(sides.url, sides.biller["api_key"], transport=sides.transport)
        jump = agent.new_policy_deposit(rest, quote_number=QUOTE, insured_name=INSURED, deposit=Decimal("150.00"))
        page = pay_by_card(visitor, jump.url, name=INSURED.replace(" ", "|"))
        sides.settle()
        posted = sides.posted(QUOTE)
        story.expect("TCCS-AGT-1", f"Make Payment leads to the page: {page.heading}", found=page.status, expected=200)
        story.expect(
            "TCCS-PAY-8",
            "the deposit is posted with the name that was entered",
            found=[(row["amount"], row["insured_name"]) for row in posted],
            expected=[("150.00", INSURED)],
        )
        sent = sides.exchange(sides.journal("Pay_Input")[0]["id"])["request"]
        bars = sent.count("%7C")
        story.expect("TCCS-PAY-9", "a bar that the payer typed goes out as a space", found=bars, expected=2)


def agent_existing_policy(story: Story, url: str) -> None:
    """Story Agent (Existing Policy): a payment from the billing inquiry, by bank account."""
    with TccsSides.of(url, "journey-agent-policy", reset=True) as sides, Visitor() as visitor:
        rest = RestClient(sides.url, sides.biller["api_key"], transport=sides.transport)
        jump = agent.existing_policy_payment(rest, account_number=POLICY)
        visitor.open(jump.url)
        visitor.submit("Continue to payment", {"Amount to pay": "120.00", "Name": "Harbor Street Bakery"})
        page = visitor.submit("Pay", {"Bank account": True, **BANK})
        sides.settle()
        shown = sides.invoice(POLICY_INVOICE)["balance_due"]
        story.tell(f"TCCS: {sides.balance(POLICY_INVOICE)[0]}; Invoice Cloud: {shown}")
        story.expect("TCCS-AGT-2", f"the agent pays for the insured: {page.heading}", found=page.status, expected=200)
        story.expect(
            "TCCS-PAY-2",
            "a payment of Cloud Payments is posted like any other",
            found=(
                [(row["amount"], row["type"]) for row in sides.posted(POLICY_INVOICE)],
                sides.balance(POLICY_INVOICE),
            ),
            expected=([("120.00", "ACH")], (Decimal("0.00"), Decimal("220.00"))),
        )


def pay_by_card(visitor: Visitor, url: str, *, name: str) -> Page:
    """Pay everything on a page with an approved test card."""
    visitor.open(url)
    visitor.submit("Continue to payment", {"Name": name})
    return visitor.submit("Pay", {"Card": True, **CARD})


def amounts(payments: list[dict[str, Any]]) -> list[str]:
    """The amounts of approved payments."""
    return [row["amount"] for row in payments if row["approved"]]
