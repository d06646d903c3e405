"""Cloud Payments V2, the API: whose customers and invoices a request names, and what it makes of unknown ones."""

from __future__ import annotations

from tests.simulators.ic_webservices.checkouts import (
    POLICY,
    POLICY_INVOICE,
    TCCS_KEY,
    Checkout,
    of_invoice,
    request,
)
from tests.simulators.ic_webservices.harness import ACCOUNT, INVOICE, UTILITY
from tests.simulators.ic_webservices.pages.visit import add_bill

QUOTE = "Q454100010-03/01/2019"


def test_an_unknown_account_is_refused_by_its_number(checkout: Checkout) -> None:
    told = checkout.refusal(request(Customers=[{"AccountNumber": "unknown-1", "Name": "Ada"}]))
    assert told == "There is no account 'unknown-1'."
    told = checkout.refusal(request(CreateCustomerRecord="false", Customers=[{"AccountNumber": "unknown-1"}]))
    assert told == "There is no account 'unknown-1'."


def test_create_customer_record_makes_the_customer_of_the_request(checkout: Checkout) -> None:
    customer = {
        "AccountNumber": "20000001",
        "Name": "Ada Willow",
        "Address": "1 Main Street",
        "City": "Springfield",
        "State": "MA",
        "Zip": "01103",
        "EmailAddress": "ada@example.com",
    }
    page = checkout.page(request(CreateCustomerRecord=True, Customers=[customer]))
    made = checkout.harness.get("customers/20000001")
    assert made["customer_name"] == "Ada Willow"
    assert [made[name] for name in ("address1", "city", "state", "zip")] == [
        "1 Main Street",
        "Springfield",
        "MA",
        "01103",
    ]
    assert made["email_address"] == "ada@example.com"
    assert made["customer_id"]
    assert made["customer_guid"]
    assert "Nothing is due" in page.words
    assert "20000001" in page.words


def test_a_known_customer_is_not_changed_but_shown_as_the_request_says(checkout: Checkout) -> None:
    before = checkout.harness.get(f"customers/{ACCOUNT}")
    customer = {
        "AccountNumber": ACCOUNT,
        "Name": "W. Laundry",
        "Address": "99 New Road",
        "EmailAddress": "w@example.com",
    }
    page = checkout.page(request(CreateCustomerRecord=True, Customers=[customer]))
    assert "W. Laundry, account 10000101 99 New Road, Springfield, MA 01103" in page.words
    assert page.fields("Continue to payment")["EmailAddress"] == "w@example.com"
    assert page.fields("Continue to payment")["PayerName"] == "W. Laundry"
    assert checkout.harness.get(f"customers/{ACCOUNT}") == before


def test_the_display_account_number_is_shown_in_place_of_the_number(checkout: Checkout) -> None:
    customer = {"AccountNumber": ACCOUNT, "DisplayAccountNumber": "100-001-01"}
    page = checkout.page(request(Customers=[customer]))
    assert "account 100-001-01" in page.words
    assert "account 10000101" not in page.words


def test_no_invoices_mean_the_open_ones_of_the_account(checkout: Checkout) -> None:
    checkout.harness.control("PATCH", f"billers/{UTILITY}", {"settings": {"129": "0"}})
    add_bill(checkout.harness, "500002", "20.00")
    add_bill(checkout.harness, "500003", "0.00")
    add_bill(checkout.harness, "700001", "9.00", account="other")
    for invoices in (None, []):
        page = checkout.page(request(Customers=[{"AccountNumber": ACCOUNT, "Invoices": invoices}]))
        assert [h.split()[1] for h in page.tree.xpath("//h2[@class='what']/text()")] == ["500002", INVOICE]


def test_named_invoices_of_several_accounts_stand_on_one_page(checkout: Checkout) -> None:
    customers = [
        {"AccountNumber": ACCOUNT, "Invoices": [{"InvoiceNumber": INVOICE}]},
        {"AccountNumber": "A2", "Name": "Second", "Invoices": [{"InvoiceNumber": "S-1", "BalanceDue": 10}]},
    ]
    page = checkout.page(request(CreateCustomerRecord=True, Customers=customers))
    assert "Bill 500001" in page.words
    assert "Bill S-1" in page.words
    assert "$135.50" in page.words


def test_an_invoice_of_another_account_is_refused(checkout: Checkout) -> None:
    add_bill(checkout.harness, "700001", "9.00", account="other")
    customer = {"AccountNumber": ACCOUNT, "Invoices": [{"InvoiceNumber": "700001"}]}
    told = checkout.refusal(request(Customers=[customer]))
    assert told == "Customers[0].Invoices[0]: invoice 700001 is not of account 10000101."


def test_of_a_known_invoice_the_ledgers_amount_counts(checkout: Checkout) -> None:
    invoice = {"InvoiceNumber": INVOICE, "BalanceDue": 1, "AllowPartialPayments": False, "DueDate": "1/1/2027"}
    page = checkout.page(request(Customers=[{"AccountNumber": ACCOUNT, "Invoices": [invoice]}]))
    assert "$125.50" in page.words
    standing = checkout.harness.invoice()
    assert standing["balance_due"] == "125.50"
    assert standing["allow_partial_payments"] is True
    assert standing["invoice_due_date"] != "2027-01-01"


def test_an_unknown_invoice_is_made_of_the_request(checkout: Checkout) -> None:
    body = of_invoice(
        TypeID="164",
        InvoiceDate="11/01/2026",
        DueDate="2026-11-30T00:00:00",
        BalanceDue=75.18,
        MinimumAmountDue="10.00",
        AllowPartialPayments=True,
    )
    page = checkout.page(body)
    made = checkout.harness.invoice("N1")
    ledger = checkout.harness.sim.world.services.ledger
    assert ledger.invoice(checkout.harness.lane, UTILITY, "N1").invoice_type_id == "164"
    assert made["balance_due"] == made["total_amount_due"] == "75.18"
    assert (made["invoice_date"], made["invoice_due_date"]) == ("2026-11-01", "2026-11-30")
    assert made["minimum_amount_due"] == "10.00"
    assert made["allow_partial_payments"] is True
    assert made["account_number"] == ACCOUNT
    assert "At least $10.00" in page.words


def test_a_newer_request_replaces_an_invoice_that_came_by_request_and_is_unpaid(checkout: Checkout) -> None:
    checkout.url(of_invoice(BalanceDue=10))
    page = checkout.page(of_invoice(BalanceDue=12))
    assert checkout.harness.invoice("N1")["balance_due"] == "12.00"
    assert checkout.pay(page).heading.startswith("Thank you")
    checkout.url(of_invoice(BalanceDue=99))
    assert checkout.harness.invoice("N1")["balance_due"] == "0.00"


def test_a_request_that_is_refused_halfway_makes_nothing(checkout: Checkout) -> None:
    customers = [
        {"AccountNumber": "A1", "Name": "First", "Invoices": [{"InvoiceNumber": "F-1", "BalanceDue": 10}]},
        {"AccountNumber": "A2", "Name": "Second", "Invoices": [{"InvoiceNumber": "S-1"}]},
    ]
    told = checkout.refusal(request(CreateCustomerRecord=True, Customers=customers))
    assert told.startswith("Customers[1].Invoices[0].BalanceDue")
    assert checkout.harness.control("GET", "customers/A1").status == 404
    assert checkout.harness.control("GET", "invoices/F-1").status == 404


def test_an_agent_jumps_to_the_deposit_of_a_quote(checkout: Checkout) -> None:
    """TCCS, Payer Experience, Agent (New Policy)."""
    customer = {
        "AccountNumber": "Q454100010",
        "Name": "Harbor Street Bakery",
        "Invoices": [{"InvoiceNumber": QUOTE, "BalanceDue": 24.00}],
    }
    body = request(CreateCustomerRecord=True, BillerReference="agent-7", Customers=[customer])
    page = checkout.to_payment(checkout.page(body, key=TCCS_KEY), PayerName="Harbor Street Bakery")
    assert checkout.pay(page).heading.startswith("Thank you")
    (event,) = checkout.harness.raised
    assert event["payment"]["invoice_number"] == QUOTE
    assert event["payment"]["amount"] == "24.00"
    assert event["payment"]["payer_name"] == "Harbor Street Bakery"


def test_an_agent_jumps_to_an_existing_policy(checkout: Checkout) -> None:
    """TCCS, Payer Experience, Agent (Existing Policy)."""
    customer = {"AccountNumber": POLICY, "Invoices": [{"InvoiceNumber": POLICY_INVOICE}]}
    page = checkout.page(request(Customers=[customer]), key=TCCS_KEY)
    assert "$120.00" in page.words
    assert checkout.pay(page).heading.startswith("Thank you")
    (event,) = checkout.harness.raised
    assert event["payment"]["invoice_number"] == POLICY_INVOICE
