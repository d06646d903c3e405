"""Every provider state of the pacts: a sentence, and the function that makes it true in a lane."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from partnerlab.client.inhance import InHanceClient
from partnerlab.client.tccs import TccsClient
from partnerlab.remote import Remote
from partnerlab.simulators import ic_webservices, inhance_soap, tccs_rest

__all__ = ["STATES", "state"]

UTILITY, INSURER, PLATFORM = inhance_soap.Settings(), tccs_rest.Settings(), ic_webservices.Settings()

State = Callable[[Remote], None]
"""Makes the sentence true in a lane that was just seeded."""

STATES: dict[str, State] = {}


def state(sentence: str) -> Callable[[State], State]:
    """Bind a sentence to the decorated function. Raises `ValueError` for a second one."""

    def bind(function: State) -> State:
        if sentence in STATES:
            raise ValueError(f"{sentence!r} has a function already")
        STATES[sentence] = function
        return function

    return bind


@state("account 10000101 owes 125.50")
def owes(lane: Remote) -> None:
    assert lane.get("/_sandbox/inhance/accounts/10000101")["balance"] == "125.50"


@state("account 10000101 has an e-mail address")
def has_email(lane: Remote) -> None:
    assert lane.get("/_sandbox/inhance/accounts/10000101")["email"]


@state("there is no account 99999999")
def no_account(lane: Remote) -> None:
    assert "99999999" not in [row["account_number"] for row in lane.get("/_sandbox/inhance/accounts")["accounts"]]


@state("payment reference pact-2 was posted, and the utility takes none twice")
def posted(lane: Remote) -> None:
    with InHanceClient(f"{lane.url}/lane/{_name(lane)}{UTILITY.path}", UTILITY.key) as client:
        client.make_payment(
            account_number="10000101",
            payment_date=datetime(2026, 11, 20, 9),
            payment_reference="pact-2",
            document_number="500001",
            payment_type_desc="ACH",
            amount=Decimal("1.00"),
        )


@state(f"the insurer has policy term {PLATFORM.policy_invoice}")
def has_term(lane: Remote) -> None:
    _balance(lane)


@state("the insurer has no policy term 999999999-06/16/2031")
def no_term(lane: Remote) -> None:
    numbers = [row["invoice_number"] for row in lane.get("/_sandbox/tccs/policies")["policies"]]
    assert not any(number.startswith("999999999") for number in numbers)


@state(f"policy term {PLATFORM.policy_invoice} was paid 24.00 by bank")
def paid(lane: Remote) -> None:
    lane.put("/_sandbox/clock", {"now": datetime(2026, 11, 20, 18, tzinfo=UTC).isoformat(), "frozen": True})
    with _insurer(lane) as client:
        client.pay(PLATFORM.policy_invoice, Decimal("24.00"), "ACH", payment_guid="pact-paid")


@state("invoice 500001 of account 10000101 is open with 125.50")
def open_invoice(lane: Remote) -> None:
    assert lane.get("/_sandbox/ic/invoices/500001", biller_guid=PLATFORM.utility_guid)["balance_due"] == "125.50"


@state("a payer pays 40.00 on account 10000101 by card")
def pays(lane: Remote) -> None:
    lane.post("/_sandbox/ic/payments", _order("40.00", tender="credit_card", card_number="4111111111111111"))


@state("a payer switches paperless on for account 10000101")
def paperless(lane: Remote) -> None:
    lane.post("/_sandbox/ic/customers/10000101/paperless", {"enrolled": True, "biller_guid": PLATFORM.utility_guid})


@state("a payer switches AutoPay on for account 10000101")
def autopay(lane: Remote) -> None:
    lane.post("/_sandbox/ic/customers/10000101/autopay", {"enrolled": True, "biller_guid": PLATFORM.utility_guid})


@state("a payer changes the e-mail address of account 10000101")
def email(lane: Remote) -> None:
    body = {"email_address": "payer@example.com", "biller_guid": PLATFORM.utility_guid}
    lane.post("/_sandbox/ic/customers/10000101/email", body)


@state("the bank returns a payment of 24.00 on account 10000101")
def comes_back(lane: Remote) -> None:
    lane.post("/_sandbox/ic/payments", _order("24.00", tender="ach", bank_account="000111111113"))
    lane.post("/_sandbox/clock/advance", {"duration": "10d"})


def _order(amount: str, **more: str) -> dict[str, str]:
    return {"account_number": "10000101", "amount": amount, "biller_guid": PLATFORM.utility_guid, **more}


def _name(lane: Remote) -> str:
    return lane._headers["X-Sandbox-Lane"]


def _insurer(lane: Remote) -> TccsClient:
    url = f"{lane.url}/lane/{_name(lane)}{INSURER.bases[0]}"
    return TccsClient(url, INSURER.consumer_guid, INSURER.entry_key)


def _balance(lane: Remote) -> None:
    with _insurer(lane) as client:
        client.balance(PLATFORM.policy_invoice)
