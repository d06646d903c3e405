"""Cloud Payments V2, the page: what a payer pays, and what nobody gets to pay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.store import CUSTOMERS
from tests.simulators.ic_webservices.checkouts import (
    Checkout,
    request,
)
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    AMEX,
    DECLINED,
    FAILS,
    INVOICE,
    RETURNS,
    UTILITY,
    Harness,
    advance,
    freeze,
)
from tests.simulators.ic_webservices.pages.visit import BANK, Shown, add_bill

FEES = {"configuration": {"Portal": {"ServiceFee": {"Card": "2.50", "BankAccount": "0.75"}}}}


def world(harness: Harness) -> dict[str, Any]:
    """What an attack might change."""
    tables = harness.lanes.export(harness.lane_name)
    return {name: tables[f"ic_{name}"] for name in ("invoices", "payments", "events", "postbacks", "customers")}


def both_bills(checkout: Checkout, **more: Any) -> Shown:
    """A page with two bills: 20.00 and 125.50."""
    add_bill(checkout.harness, "500002", "20.00", allow_partial_payments=False)
    return checkout.page(request(**more))


# --- paying ---


def test_a_guest_pays_by_card_and_sees_the_receipt(checkout: Checkout) -> None:
    """inHance Portal + CPV2, Unregistered User Payment."""
    receipt = checkout.pay(checkout.page(request()))
    assert receipt.heading == "Thank you, your payment was approved"
    (payment,) = checkout.payments()
    assert payment["reference"] in receipt.words
    assert "Visa ending in 1111" in receipt.words
    assert "$125.50" in receipt.words
    assert (payment["amount"], payment["service_fee"], payment["state"]) == ("125.50", "0.00", "accepted")
    assert payment["payer_name"] == "Willows Laundry"
    assert checkout.harness.invoice()["balance_due"] == "0.00"
    (event,) = checkout.harness.raised
    assert event["id"] == payment["payment_guid"]


def test_a_guest_pays_from_a_bank_account(checkout: Checkout) -> None:
    receipt = checkout.pay(checkout.page(request()), **BANK)
    assert "Bank account ending in 6789" in receipt.words
    assert [payment["tender"] for payment in checkout.payments()] == ["ach"]


def test_a_bank_payment_that_comes_back_opens_the_bill_again(checkout: Checkout) -> None:
    freeze(checkout.harness)
    checkout.pay(checkout.page(request()), **BANK | {"BankAccountNumber": RETURNS})
    advance(checkout.harness, timedelta(days=7))
    assert checkout.harness.invoice()["balance_due"] == "125.50"


@pytest.mark.parametrize(
    ("number", "told", "state"),
    [
        (DECLINED, "Declined by the issuer", "declined"),
        (FAILS, "The processor answered with an error", "failed"),
    ],
)
def test_a_refused_card_is_told_and_another_one_pays(checkout: Checkout, number: str, told: str, state: str) -> None:
    again = checkout.pay(checkout.page(request()), CardNumber=number)
    assert f"The last attempt did not go through: {told}." in again.words
    assert checkout.harness.invoice()["balance_due"] == "125.50"
    assert checkout.harness.raised == []
    receipt = checkout.pay(again, CardNumber=AMEX, CVV="1234")
    assert receipt.heading.startswith("Thank you")
    assert [payment["state"] for payment in checkout.payments()] == [state, "accepted"]
    assert len(checkout.harness.raised) == 1


def test_part_of_a_bill_is_paid_where_that_is_allowed(checkout: Checkout) -> None:
    page = checkout.to_payment(checkout.page(request()), **{"Amount-0": "$40.00"})
    assert "$40.00" in page.words
    assert checkout.pay(page).heading.startswith("Thank you")
    assert checkout.harness.invoice()["balance_due"] == "85.50"


@pytest.mark.parametrize("amount", ["", " ", "0", "-1", "125.51", "1000000", "1.005", "x", "1e2", "9" * 30])
def test_an_amount_that_is_none_of_the_bill_is_refused(checkout: Checkout, amount: str) -> None:
    page = checkout.to_payment(checkout.page(request()), **{"Amount-0": amount})
    assert list(page.errors) == ["Amount-0"]
    assert page.status == 400


def test_the_minimum_is_kept_on_the_server(checkout: Checkout) -> None:
    invoice = {"InvoiceNumber": "N1", "BalanceDue": 50, "MinimumAmountDue": 20, "AllowPartialPayments": True}
    page = checkout.page(request(Customers=[{"AccountNumber": ACCOUNT, "Invoices": [invoice]}]))
    low = checkout.to_payment(page, **{"Amount-0": "19.99"})
    assert low.errors["Amount-0"] == "Bill N1: you can pay $20.00 or more."
    assert checkout.pay(checkout.to_payment(page, **{"Amount-0": "20.00"})).heading.startswith("Thank you")


def test_a_whole_bill_cannot_be_paid_in_part(checkout: Checkout) -> None:
    page = both_bills(checkout)
    assert [field.get("name") for field in page.tree.xpath("//input[starts-with(@name,'Amount-')]")] == ["Amount-1"]
    refused = checkout.to_payment(page, **{"Amount-0": "1.00"})
    assert refused.status == 400
    assert refused.heading == "This amount cannot be changed"


def test_several_bills_are_one_payment_each_with_its_own_event(checkout: Checkout) -> None:
    receipt = checkout.pay(checkout.to_payment(both_bills(checkout), **{"Amount-1": "25.50"}))
    assert "Total $45.50" in receipt.words
    paid = {payment["invoice_number"]: payment for payment in checkout.payments()}
    assert {number: payment["amount"] for number, payment in paid.items()} == {"500002": "20.00", INVOICE: "25.50"}
    assert {event["id"] for event in checkout.harness.raised} == {one["payment_guid"] for one in paid.values()}
    assert len({payment["payment_guid"] for payment in paid.values()}) == 2


def test_several_bills_are_declined_together(checkout: Checkout) -> None:
    checkout.pay(both_bills(checkout), CardNumber=DECLINED)
    assert [payment["state"] for payment in checkout.payments()] == ["declined", "declined"]
    assert checkout.harness.invoice("500002")["balance_due"] == "20.00"


def test_all_bills_are_paid_or_none(checkout: Checkout) -> None:
    """The second account blocks cards after the page was opened."""
    customers = [{"AccountNumber": ACCOUNT}, {"AccountNumber": "A2", "Name": "Second"}]
    customers[1]["Invoices"] = [{"InvoiceNumber": "S-1", "BalanceDue": 10}]  # type: ignore[assignment]
    page = checkout.to_payment(checkout.page(request(CreateCustomerRecord=True, Customers=customers)))
    lane = checkout.harness.lane.name
    with checkout.harness.store.write() as tx:
        CUSTOMERS.put(tx, lane, Customer(UTILITY, "A2", "2", "Second", customer_guid="g", block_payments_cc=True))
    before = world(checkout.harness)
    refused = checkout.pay(page)
    assert refused.status == 400
    assert "Method" in refused.errors
    assert world(checkout.harness) == before


def test_fees_of_the_biller_are_shown_and_kept_apart(checkout: Checkout) -> None:
    checkout.harness.control("PATCH", f"billers/{UTILITY}", FEES)
    page = checkout.to_payment(both_bills(checkout))
    assert "$145.50 and a service fee of $5.00, together $150.50" in page.words
    assert "$145.50 and a service fee of $1.50, together $147.00" in page.words
    receipt = checkout.pay(page)
    assert "Total $150.50" in receipt.words
    assert [(one["amount"], one["service_fee"]) for one in checkout.payments()] == [
        ("20.00", "2.50"),
        ("125.50", "2.50"),
    ]
    assert {event["payment"]["service_fee"] for event in checkout.harness.raised} == {"2.50"}


@pytest.mark.parametrize(("way", "fee"), [({}, "1.25"), (BANK, "0.00")], ids=["card", "bank"])
def test_fees_of_the_request_go_before_the_billers(checkout: Checkout, way: dict[str, str], fee: str) -> None:
    checkout.harness.control("PATCH", f"billers/{UTILITY}", FEES)
    invoice = {"InvoiceNumber": INVOICE, "CCServiceFee": 1.25, "ACHServiceFee": 0}
    page = checkout.to_payment(checkout.page(request(Customers=[{"AccountNumber": ACCOUNT, "Invoices": [invoice]}])))
    assert "a service fee of $1.25, together $126.75" in page.words
    assert "$125.50 and no service fee" in page.words
    checkout.pay(page, **way)
    assert [(one["amount"], one["service_fee"]) for one in checkout.payments()] == [("125.50", fee)]


def test_after_an_approved_payment_the_browser_goes_to_return_url(checkout: Checkout) -> None:
    back = "http://localhost:3000/Receipt.aspx?transid=1&acctnum=10000101"
    page = checkout.page(request(ReturnURL=back))
    assert "form-action 'self';" in page.headers["Content-Security-Policy"]
    declined = checkout.pay(page, CardNumber=DECLINED)
    assert "did not go through" in declined.words
    answer = checkout.pay(declined, follow=False)
    assert (answer.status, answer.leads_to) == (200, back), "a page that goes on by itself, and no redirect"
    assert answer.links()["Continue"] == back
    receipt = checkout.visit.get(page.url)
    assert receipt.heading.startswith("Thank you")
    assert receipt.links()["Return"] == back
