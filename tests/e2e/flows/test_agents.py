"""TCCS's agents take a payer to Cloud Payments, against the sandbox."""

from __future__ import annotations

from decimal import Decimal

from partnerlab.client.flows import agent, confirm_payment
from partnerlab.client.invoice_cloud import (
    Expected,
    read_postback,
)
from tests.e2e.flows.conftest import Browser, Partner, Portal, insurer


@insurer
def test_an_agent_pays_the_deposit_on_a_quote(portal: Portal, browser: Browser, partner: Partner) -> None:
    made = agent.new_policy_deposit(
        portal.rest,
        quote_number="Q454100010-03/01/2019",
        insured_name="Harbor Street Bakery",
        deposit=Decimal("24.00"),
        post_back_url=f"{partner.url}/post",
        biller_reference="q-1",
    )
    browser.get(made.url)
    assert "Q454100010-03/01/2019" in browser.text
    assert "$24.00" in browser.text
    browser.pay(made.url)
    content_type, body = partner.postback()
    postback = read_postback(body, content_type, expect=Expected.of(made.request, portal.guid))
    assert (postback.invoice_number, postback.payment_amount) == ("Q454100010-03/01/2019", Decimal("24.00"))
    report = confirm_payment(portal.soap, postback)
    assert report.credit is not None
    assert report.credit.account_number == "Q454100010"


@insurer
def test_an_agent_pays_on_an_existing_policy(portal: Portal, browser: Browser, partner: Partner) -> None:
    due = portal.soap.view_invoice("454100010-06/16/2020").balance_due
    made = agent.existing_policy_payment(
        portal.rest,
        account_number="454100010",
        invoices={"454100010-06/16/2020": due},
        post_back_url=f"{partner.url}/post",
        biller_reference="p-1",
    )
    browser.pay(made.url)
    content_type, body = partner.postback()
    postback = read_postback(body, content_type, expect=Expected.of(made.request, portal.guid))
    assert (postback.approved, postback.payment_amount) == (True, due)
    assert portal.soap.view_invoice("454100010-06/16/2020").balance_due == Decimal("0.00")
