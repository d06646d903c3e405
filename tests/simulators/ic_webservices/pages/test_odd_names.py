"""A payer's name is shown as it is, and turns nothing around it: each page that shows one has it in an isolate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from partnerlab.simulators.ic_webservices.store import CUSTOMERS
from tests.odd_names import ODD_NAMES, bare_places
from tests.simulators.ic_webservices.checkouts import Checkout, options, request
from tests.simulators.ic_webservices.harness import ACCOUNT, INVOICE, UTILITY, Harness
from tests.simulators.ic_webservices.pages.visit import CARD, Visit

ODD = pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)


def rename(harness: Harness, name: str) -> None:
    lane = harness.lane.name
    with harness.store.write() as tx:
        customer = CUSTOMERS.get(tx, lane, UTILITY, ACCOUNT)
        assert customer is not None
        CUSTOMERS.put(tx, lane, replace(customer, customer_name=name, email_address=f"{name}@example.com"))


@ODD
def test_the_portal_shows_names_as_they_are(visit: Visit, harness: Harness, name: str) -> None:
    rename(harness, name)
    typed = name[:100]
    page = visit.connect("1")
    assert bare_places(visit.page(page, f"bill/{INVOICE}").text, name) == []
    assert bare_places(visit.page(page, "paperless").text, f"{name}@example.com") == []
    form = visit.page(page, "payment-options/new/card")
    refused = visit.submit(form, "Save", **CARD | {"CardHolder": typed, "CVV": ""})
    assert bare_places(refused.text, typed) == []
    saved = visit.submit(refused, "Save", **CARD | {"CardHolder": typed})
    assert bare_places(saved.text, typed) == []
    for path in (f"pay/{INVOICE}", "autopay"):
        assert bare_places(visit.page(page, path).text, typed) == [], path
    paid = visit.submit(visit.page(page, f"pay/{INVOICE}"), "Pay", Amount="40.00")
    assert "Thank you" in paid.heading
    assert bare_places(paid.text, typed) == []


@ODD
def test_the_payment_pages_show_names_as_they_are(checkout: Checkout, harness: Harness, name: str) -> None:
    rename(harness, name)
    short = name[:50]
    body = request(
        BillerReference="",
        CashierName=short,
        Customers=[{"AccountNumber": ACCOUNT, "Name": short, "Address": short, "City": "Springfield"}],
        PageResultOptions=options(AllowViewStatement=True),
    )
    page = checkout.page(body)
    assert bare_places(page.text, short) == []
    statement = checkout.visit.click(page, "View statement")
    assert bare_places(statement.text, short) == []
    how = checkout.to_payment(page, PayerName=short, EmailAddress="a@example.com")
    assert bare_places(how.text, short) == []
    receipt = checkout.pay(how, CardHolder=short)
    assert "approved" in receipt.heading
    assert bare_places(receipt.text, short) == []
