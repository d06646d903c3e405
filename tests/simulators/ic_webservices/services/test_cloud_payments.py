"""Cloud Payments V2, the API: every parameter of the source's tables, read as partners send it and kept to."""

from __future__ import annotations

import base64
import json
from copy import deepcopy
from typing import Any

import pytest

from partnerlab.contracts.seeds import utility_accounts
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from tests.simulators.ic_webservices.checkouts import (
    API_KEY,
    PATH,
    POLICY,
    POLICY_INVOICE,
    SAMPLE,
    TCCS_KEY,
    Checkout,
    options,
    request,
)
from tests.simulators.ic_webservices.harness import ACCOUNT, INVOICE, UTILITY, Harness, freeze
from tests.simulators.ic_webservices.pages.visit import add_bill

QUOTE = "Q454100010-03/01/2019"


@pytest.fixture
def checkout(harness: Harness) -> Checkout:
    return Checkout(harness)


def asked(checkout: Checkout) -> dict[str, Any]:
    """What the simulator kept of the newest request."""
    found = checkout.harness.get("cloud-payments")["cloud_payments"][0]["request"]
    assert isinstance(found, dict)
    return found


def of_invoice(**members: Any) -> dict[str, Any]:
    """A request for one invoice of the seeded account."""
    return request(Customers=[{"AccountNumber": ACCOUNT, "Invoices": [{"InvoiceNumber": "N1", **members}]}])


# --- the request ---


def test_the_request_of_the_source_gives_a_page_with_the_open_invoice(checkout: Checkout) -> None:
    answer = checkout.ask()
    assert answer.json["Success"] is True
    assert answer.json["ErrorMessage"] is None
    url = answer.json["Data"]["CloudPaymentURL"]
    assert url.startswith("http://127.0.0.1:9/cloudpayments/")
    page = checkout.visit.get(url)
    assert page.status == 200
    assert f"Bill {INVOICE}" in page.words
    assert "$125.50" in page.words


def test_a_page_of_another_lane_carries_the_lane_in_its_address(checkout: Checkout) -> None:
    checkout.harness.lane_name = "mine"
    assert checkout.url().startswith("http://127.0.0.1:9/lane/mine/cloudpayments/")


@pytest.mark.parametrize("credential", ["sandbox-api-key", "sandbox-api-key:"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_the_key_is_read_as_partners_encode_it(checkout: Checkout, credential: str, wrapped: bool) -> None:
    """Perl's encode_base64 ends, and breaks, lines."""
    text = base64.b64encode(credential.encode()).decode("ascii")
    text = f"{text[:5]}\r\n {text[5:]}\n" if wrapped else text
    answer = checkout.ask(headers={"authorization": f"Basic {text}"})
    assert answer.json["Success"] is True


def test_a_wrong_key_is_refused_and_nothing_is_made(checkout: Checkout) -> None:
    body = request(CreateCustomerRecord=True, Customers=[{"AccountNumber": "new"}])
    assert checkout.ask(body, key="wrong").status == 401
    assert checkout.ask(body, headers={"authorization": ""}).status == 401
    assert checkout.harness.control("GET", "customers/new").status == 404
    assert checkout.harness.get("cloud-payments")["cloud_payments"] == []


def test_a_key_opens_its_own_biller_only(checkout: Checkout) -> None:
    assert "There is no account '10000101'" in checkout.refusal(request(), key=TCCS_KEY)


def test_names_and_types_are_read_as_partners_send_them(checkout: Checkout) -> None:
    """As a public library plugin and a public demonstration send them: text for numbers and flags, other cases."""
    body = {
        "CREATECUSTOMERRECORD": "true",
        "viewmode": "1",
        "PostbackURL": "http://localhost:3137/postback",
        "ReturnUrl": "http://localhost:3137/success",
        "CssUrl": "http://localhost/own.css",
        "AllowCCPayment": "True",
        "AllowACHPayment": "0",
        "AllowSwipe": 0,
        "UserType": "2",
        "BillerReference": 51,
        "Customers": [
            {
                "AccountNumber": 4711,
                "Name": "Ada Willow",
                "Invoices": [
                    {
                        "InvoiceNumber": "B51T1587000000",
                        "TypeID": 164,
                        "BalanceDue": "12.50",
                        "CCServiceFee": "1.25",
                        "AchServiceFee": "",
                        "DueDate": "11/30/2026",
                        "InvoiceDate": "2026-11-21",
                    }
                ],
            }
        ],
    }
    checkout.url(body)
    kept = asked(checkout)
    assert kept["create_customer"] is True
    assert kept["view_mode"] == 1
    assert kept["postback_url"] == "http://localhost:3137/postback"
    assert kept["return_url"] == "http://localhost:3137/success"
    assert kept["css_url"] == "http://localhost/own.css"
    assert kept["allow_bank"] is False
    assert kept["biller_reference"] == "51"
    (customer,) = kept["customers"]
    assert customer["account_number"] == "4711"
    (invoice,) = customer["invoices"]
    assert invoice == {
        "number": "B51T1587000000",
        "type_id": "164",
        "invoice_date": "2026-11-21",
        "due_date": "2026-11-30",
        "balance_due_cents": 1250,
        "card_fee_cents": 125,
    }


def test_a_strict_biller_takes_the_exact_names_and_types_only(checkout: Checkout) -> None:
    checkout.harness.control("PATCH", f"billers/{UTILITY}", {"configuration": {"REST": {"Strict": True}}})
    assert checkout.ask().json["Success"] is True
    assert checkout.ask({**SAMPLE, "PostbackURL": "http://localhost/"}).status == 400
    assert checkout.ask({**SAMPLE, "ViewMode": "1"}).status == 400


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "body"),
        (b"{", "body, line 1"),
        (b"[]", "body"),
        (b"\xff\xfe", "body"),
        ({"Customers": [{"AccountNumber": "1"}]}, "ViewMode: is required"),
        ({"ViewMode": 1}, "Customers: is required"),
        (request(Customers=None), "Customers: is required"),
        (request(Customers=[]), "Customers: must have 1 to 100 items"),
        (request(Customers={}), "Customers: must be a list"),
        (request(Customers=[None]), "Customers[0]"),
        (request(Customers=["1"]), "Customers[0]: must be an object"),
        (request(Customers=[{}]), "Customers[0].AccountNumber: is required"),
        (request(Customers=[{"AccountNumber": "  "}]), "Customers[0].AccountNumber: is required"),
        (request(Customers=[{"AccountNumber": "1", "Invoices": [{}]}]), "Customers[0].Invoices[0].InvoiceNumber"),
        (request(Customers=[{"AccountNumber": "1", "Invoices": 7}]), "Customers[0].Invoices: must be a list"),
        (of_invoice(BalanceDue="12,50"), "Customers[0].Invoices[0].BalanceDue: must be a number"),
        (of_invoice(BalanceDue="NaN"), "Customers[0].Invoices[0].BalanceDue: must be a number"),
        (of_invoice(AllowPartialPayments="perhaps"), "Customers[0].Invoices[0].AllowPartialPayments"),
        (request(ViewMode="one"), "ViewMode"),
        (request(AllowSwipe="x"), "AllowSwipe: must be true or false"),
        (request(PageResultOptions=[]), "PageResultOptions: must be an object"),
        (request(Customers=[{"AccountNumber": str(n)} for n in range(101)]), "Customers: must have 1 to 100 items"),
        (request(BillerReference="x" * 5_000), "BillerReference: must have at most"),
        (request(ReturnURL={"a": 1}), "ReturnURL: must be text"),
        (request(CashierName="a\x00"), "CashierName"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(checkout: Checkout, body: Any, place: str) -> None:
    answer = checkout.ask(body)
    assert answer.status == 400, answer
    assert answer.json["ErrorMessage"].startswith(place), answer


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (request(ViewMode=2), "ViewMode: '2'"),
        (request(AllowCCPayment=False, AllowACHPayment=False), "AllowCCPayment and AllowACHPayment"),
        (request(BillerReference="x" * 251), "BillerReference"),
        (request(BillerReference="a\r\nX-Header: b"), "BillerReference"),
        (request(CashierName="a\x07"), "CashierName"),
        (request(Customers=[{"AccountNumber": ACCOUNT, "EmailAddress": "nobody"}]), "Customers[0].EmailAddress"),
        (request(Customers=[{"AccountNumber": ACCOUNT, "Name": "a\nb"}]), "Customers[0].Name"),
        (request(Customers=[{"AccountNumber": ACCOUNT}] * 2), "Customers[1].AccountNumber: '10000101': is there twice"),
        (of_invoice(), "Customers[0].Invoices[0].BalanceDue"),
        (of_invoice(BalanceDue=0), "Customers[0].Invoices[0].BalanceDue"),
        (of_invoice(BalanceDue=-1), "Customers[0].Invoices[0].BalanceDue"),
        (of_invoice(BalanceDue=1.005), "Customers[0].Invoices[0].BalanceDue"),
        (of_invoice(BalanceDue=10**16), "Customers[0].Invoices[0].BalanceDue"),
        (of_invoice(BalanceDue=1, CCServiceFee=-1), "Customers[0].Invoices[0].CCServiceFee"),
        (of_invoice(BalanceDue=1, DueDate="31/12/2026"), "Customers[0].Invoices[0].DueDate"),
        (of_invoice(BalanceDue=1, InvoiceDate="soon"), "Customers[0].Invoices[0].InvoiceDate"),
        (request(RemoteAuthenticationToken="forged"), "The RemoteAuthenticationToken is not known"),
        (request(PostBackURL="http://10.0.0.1/back"), "PostBackURL: '…': goes to '10.0.0.1'"),
        (request(PostBackURL="http://user:hunter2@127.0.0.1/"), "PostBackURL"),
        (request(PostBackURL="ftp://127.0.0.1/"), "PostBackURL"),
        (request(ReturnURL="javascript:alert(1)"), "ReturnURL"),
        (request(ReturnURL="http://a/\r\nSet-Cookie: x=1"), "ReturnURL"),
        (request(CSSUrl="http://a/'><script>"), "CssUrl"),
    ],
)
def test_what_is_not_taken_is_refused_by_its_name_and_nothing_is_made(
    checkout: Checkout, body: Any, place: str
) -> None:
    told = checkout.refusal({**body, "CreateCustomerRecord": True})
    assert told.startswith(place), told
    assert "hunter2" not in told
    assert checkout.harness.get("cloud-payments")["cloud_payments"] == []
    assert len(checkout.harness.get("customers")["customers"]) == len(utility_accounts())
    assert len(checkout.harness.own_invoices()) == 1


def test_a_name_of_a_megabyte_is_refused_quickly(checkout: Checkout) -> None:
    name = "x" * 1_000_000
    answer = checkout.ask(request(Customers=[{"AccountNumber": ACCOUNT, "Name": name}]))
    assert answer.status == 400
    assert len(json.dumps(answer.json)) < 500
    assert checkout.ask(request(Customers=[{"AccountNumber": ACCOUNT, "Name": name * 2}])).status == 413


def test_only_post_is_taken(checkout: Checkout) -> None:
    door = checkout.harness.sim.doors[PATH]
    refused = door(checkout.harness.request("GET", PATH, b"", {}))
    assert refused.status == 405
    assert dict(refused.headers)["Allow"] == "POST"
    assert door(checkout.harness.request("POST", f"{PATH}/more", b"", {})).status == 404


# --- customers and invoices ---


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


# --- the page's options ---


def test_view_mode_decides_what_surrounds_the_page_and_who_may_frame_it(checkout: Checkout) -> None:
    alone, framed = checkout.page(request(ViewMode=0)), checkout.page(request(ViewMode=1))
    assert alone.tree.xpath("//header")
    assert not framed.tree.xpath("//header")
    assert "frame-ancestors 'self';" in alone.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' http://localhost:*" in framed.headers["Content-Security-Policy"]


def test_the_stylesheet_is_linked_where_the_allow_list_has_its_host(checkout: Checkout) -> None:
    own = checkout.page(request(CSSUrl="http://localhost:3000/own.css"))
    assert own.tree.xpath("//link/@href")[-1] == "http://localhost:3000/own.css"
    assert "style-src 'self' http://localhost:3000" in own.headers["Content-Security-Policy"]
    strange = checkout.page(request(CSSUrl="https://styles.example/own.css"))
    assert len(strange.tree.xpath("//link/@href")) == 1
    views = checkout.harness.get("cloud-payments")["cloud_payments"]
    assert [view["stylesheet"] for view in views] == ["left out: not on the allow-list", "linked"]


def test_the_references_and_the_cashier_are_shown(checkout: Checkout) -> None:
    page = checkout.page(request(BillerReference="REF-7", CashierName="Grace"))
    assert "reference REF-7" in page.words
    assert "taken by Grace" in page.words
    receipt = checkout.pay(page)
    assert "REF-7" in receipt.words
    assert "Grace" in receipt.words


@pytest.mark.parametrize(
    ("card", "bank", "offered"), [(True, True, ["card", "bank"]), (True, False, ["card"]), (False, True, ["bank"])]
)
def test_ways_to_pay_are_offered_as_the_request_allows(
    checkout: Checkout, card: bool, bank: bool, offered: list[str]
) -> None:
    page = checkout.to_payment(checkout.page(request(AllowCCPayment=card, AllowACHPayment=bank)))
    assert page.tree.xpath("//input[@name='Method']/@value") == offered


def test_what_is_no_e_mail_address_is_told_beside_its_field(checkout: Checkout) -> None:
    refused = checkout.to_payment(checkout.page(request()), EmailAddress="ann at example.com")
    assert refused.status == 400
    assert refused.errors == {"EmailAddress": "Enter an e-mail address, such as ann@example.com."}
    assert checkout.to_payment(refused, EmailAddress="").heading == "How do you want to pay?"


def test_the_least_that_is_asked_for_is_never_more_than_what_is_due(checkout: Checkout) -> None:
    invoice = {"InvoiceNumber": "N-5", "BalanceDue": 20, "MinimumAmountDue": 15, "AllowPartialPayments": True}
    body = request(Customers=[{"AccountNumber": "10000101", "Invoices": [invoice]}])
    page = checkout.page(body)
    assert "At least $15.00" in page.words
    checkout.pay(checkout.to_payment(page, **{"Amount-0": "15.00"}))
    assert "At least $5.00" in checkout.page(body).words


def test_a_card_can_be_swiped_where_that_is_allowed(checkout: Checkout) -> None:
    plain = checkout.to_payment(checkout.page(request()))
    assert "TrackData" not in plain.text
    refused = checkout.pay(plain, Method="swipe", TrackData="%B4111111111111111^TEST/CARD^49121010000?")
    assert refused.errors == {"Method": "Choose how to pay."}
    page = checkout.to_payment(checkout.page(request(AllowSwipe=True)))
    for track in ("4111111111111111", "%B4242424242424242^A/B^4912101?", ";4111111111111111=2001101?", ""):
        answer = checkout.pay(page, Method="swipe", TrackData=track)
        assert list(answer.errors) == ["TrackData"], track
        assert "4111111111111111=" not in answer.text
    assert checkout.pay(page, Method="swipe", TrackData="%B4111111111111111^TEST/CARD^49121010000?").heading.startswith(
        "Thank you"
    )
    page = checkout.to_payment(checkout.page(request(AllowSwipe=True, Customers=[another(checkout)])))
    assert checkout.pay(page, Method="swipe", TrackData=";378282246310005=49121010000?").heading.startswith("Thank you")
    assert [payment["brand"] for payment in checkout.payments()] == ["Visa", "Amex"]


def another(checkout: Checkout) -> dict[str, Any]:
    add_bill(checkout.harness, "500002", "20.00")
    return {"AccountNumber": ACCOUNT, "Invoices": [{"InvoiceNumber": "500002"}]}


def test_a_card_terminal_is_named(checkout: Checkout) -> None:
    page = checkout.page(request(AllowEMV=True, EMVDeviceID="DEV-9", EMVLocationID="Counter 3", PageLoadOverride=True))
    assert "Card terminal DEV-9 at Counter 3" in checkout.to_payment(page).words
    kept = asked(checkout)
    assert (kept["emv_device_id"], kept["emv_location_id"]) == ("DEV-9", "Counter 3")
    assert kept["page_load_override"] is True


def test_without_options_the_page_offers_none_of_them(checkout: Checkout) -> None:
    page = checkout.page(request())
    for word in ("View statement", "Remove from this payment", "Remind me", "Other open bills"):
        assert word not in page.text
    form = page.form("Continue to payment")
    for wish in ("remove:0", "remind:0"):
        sent = page.fields("Continue to payment") | {"Do": wish, "EmailAddress": "a@example.com"}
        assert checkout.visit.post(form.get("action"), sent).status in (403, 409)
    assert checkout.visit.get(f"{page.url}/statement/{INVOICE}").status == 409
    assert checkout.harness.get("reminders")["reminders"] == []


def test_a_statement_shows_the_lines_of_the_invoice(checkout: Checkout) -> None:
    page = checkout.page(request(PageResultOptions=options(AllowViewStatement=True)))
    statement = checkout.visit.click(page, "View statement")
    assert statement.status == 200
    assert "Water and sewer $125.50" in statement.words
    assert checkout.visit.click(statement, "Back to the payment").heading == "Pay your bill"
    add_bill(checkout.harness, "700001", "9.00", account="other")
    assert checkout.visit.get(f"{page.url}/statement/700001").status == 404


def test_a_statement_of_an_invoice_with_slashes_is_found(checkout: Checkout) -> None:
    customer = {"AccountNumber": POLICY, "Invoices": [{"InvoiceNumber": POLICY_INVOICE}]}
    page = checkout.page(
        request(Customers=[customer], PageResultOptions=options(AllowViewStatement=True)), key=TCCS_KEY
    )
    assert "Total amount outstanding: 340.00" in checkout.visit.click(page, "View statement").words


def test_a_bill_is_taken_off_the_payment_and_put_back(checkout: Checkout) -> None:
    add_bill(checkout.harness, "500002", "20.00")
    page = checkout.page(request(PageResultOptions=options(AllowRemove=True)))
    assert "$145.50" in page.words
    less = checkout.visit.submit(page, "Remove from this payment", Do="remove:0")
    assert "Not part of this payment" in less.words
    assert "$145.50" not in less.words
    whole = checkout.visit.submit(less, "Put back", Do="putback:0")
    assert "$145.50" in whole.words
    less = checkout.visit.submit(whole, "Remove from this payment", Do="remove:0")
    assert checkout.pay(less).heading.startswith("Thank you")
    assert [payment["invoice_number"] for payment in checkout.payments()] == [INVOICE]
    assert checkout.harness.invoice("500002")["balance_due"] == "20.00"


def test_with_every_bill_removed_nothing_can_be_paid(checkout: Checkout) -> None:
    page = checkout.page(request(PageResultOptions=options(AllowRemove=True)))
    empty = checkout.visit.submit(page, "Remove from this payment", Do="remove:0")
    assert "Nothing is left to pay" in empty.words
    assert checkout.visit.get(f"{empty.url}/pay").heading == "Pay your bill"


def test_related_bills_are_the_accounts_other_open_ones(checkout: Checkout) -> None:
    add_bill(checkout.harness, "500002", "20.00")
    add_bill(checkout.harness, "500003", "0.00")
    customer = {"AccountNumber": ACCOUNT, "Invoices": [{"InvoiceNumber": INVOICE}]}
    page = checkout.page(request(Customers=[customer], PageResultOptions=options(AllowViewRelated=True)))
    (related,) = page.tree.xpath("//section[h2[@id='related']]//li")
    assert "500002" in related.text_content()
    assert "$20.00" in related.text_content()


def test_a_reminder_is_kept_with_its_address(checkout: Checkout) -> None:
    page = checkout.page(request(PageResultOptions=options(AllowRemindMe=True)))
    wrong = checkout.visit.submit(page, "Remind me", Do="remind:0", EmailAddress="nobody")
    assert list(wrong.errors) == ["EmailAddress"]
    done = checkout.visit.submit(page, "Remind me", Do="remind:0", EmailAddress="me@example.com")
    assert "a reminder for me@example.com is noted" in done.words
    (reminder,) = checkout.harness.get("reminders")["reminders"]
    assert (reminder["invoice_number"], reminder["email_address"]) == (INVOICE, "me@example.com")


def test_with_setting_129_the_latest_bill_shows_at_a_zero_or_negative_balance(checkout: Checkout) -> None:
    checkout.harness.control("PATCH", f"billers/{UTILITY}", {"settings": {"129": "0"}})
    checkout.harness.pay(amount="125.50", invoice_number=INVOICE)
    assert "There is no open bill" in checkout.page(request()).words
    assert INVOICE not in checkout.page(request()).words
    checkout.harness.control("PATCH", f"billers/{UTILITY}", {"settings": {"129": "1"}})
    page = checkout.page(request())
    assert f"Bill {INVOICE}" in page.words
    assert "$0.00" in page.words
    add_bill(checkout.harness, "500009", "-12.34", allow_partial_payments=True)
    page = checkout.page(request())
    assert "-$12.34" in page.words
    assert "Continue to payment" not in page.words


# --- the registered payer ---


def test_a_registered_payer_is_offered_the_saved_methods_and_pays_with_one(checkout: Checkout) -> None:
    """inHance Portal + CPV2, Registered User Quick Payment."""
    services, lane = checkout.harness.sim.world.services, checkout.harness.lane
    kept = services.wallet.add(lane, UTILITY, "willows@example.com", NewMethod("card", "378282246310005", "W"))
    token = checkout.visit.token()
    page = checkout.to_payment(checkout.page(request(RemoteAuthenticationToken=token)))
    assert "Amex ending in 0005" in page.words
    receipt = checkout.pay(page, Method=kept.method_id)
    assert receipt.heading.startswith("Thank you")
    assert "Amex ending in 0005" in receipt.words
    (view,) = checkout.harness.get("cloud-payments")["cloud_payments"]
    assert view["username"] == "willows@example.com"
    assert token not in json.dumps(checkout.harness.lanes.export("default"))


def test_a_guest_sees_and_uses_nobodys_saved_methods(checkout: Checkout) -> None:
    services, lane = checkout.harness.sim.world.services, checkout.harness.lane
    kept = services.wallet.add(lane, UTILITY, "willows@example.com", NewMethod("card", "378282246310005", "W"))
    page = checkout.to_payment(checkout.page(request()))
    assert "Amex" not in page.words
    assert checkout.pay(page, Method=kept.method_id).errors == {"Method": "Choose how to pay."}
    assert checkout.payments() == []


def test_a_token_of_another_biller_or_a_past_one_is_refused(checkout: Checkout) -> None:
    token = checkout.visit.token()
    assert "is not known" in checkout.refusal(request(RemoteAuthenticationToken=token), key=TCCS_KEY)
    checkout.harness.sim.world.services.authentication.end(checkout.harness.lane, token)
    assert "was ended" in checkout.refusal(request(RemoteAuthenticationToken=token))


def test_an_account_is_offered_on_the_result_page_and_made(checkout: Checkout) -> None:
    customer = {"AccountNumber": "A1", "Name": "Ada", "Invoices": [{"InvoiceNumber": "F-1", "BalanceDue": 10}]}
    body = request(
        CreateCustomerRecord=True,
        ReturnURL="http://localhost:1/return",
        Customers=[customer],
        PageResultOptions={"AllowRegisterAccount": True},
    )
    receipt = checkout.pay(checkout.page(body))
    assert receipt.links()["Return"] == "http://localhost:1/return"
    wrong = checkout.visit.submit(receipt, "Register", Username="ada@example.com", Password="short")
    assert list(wrong.errors) == ["Password"]
    done = checkout.visit.submit(receipt, "Register", Username="ada@example.com", Password="long-enough-1")
    assert "ada@example.com is registered" in done.words
    assert "Register" not in [button.text_content() for button in done.tree.xpath("//button")]
    _, session = checkout.harness.sim.world.services.authentication.authenticate(
        checkout.harness.lane, UTILITY, "ada@example.com", "long-enough-1"
    )
    assert session.account_numbers == ("A1",)


def test_nobody_registers_where_it_is_not_offered(checkout: Checkout) -> None:
    page = checkout.page(request())
    fields = page.fields("Continue to payment")
    receipt = checkout.pay(page)
    assert "Register" not in receipt.words
    form = {"CsrfToken": fields["CsrfToken"], "Username": "x@example.com", "Password": "long-enough-1"}
    assert checkout.visit.post(f"{page.url}/register", form).status == 403


# --- balances ---


def test_opening_the_page_asks_the_partner_for_the_balance(checkout: Checkout) -> None:
    checkout.harness.balance = lambda *_: {"balance_due": "77.77", "total_amount_due": None}
    page = checkout.page(request())
    assert "$77.77" in page.words
    assert checkout.harness.asked == [("default", UTILITY, ACCOUNT, INVOICE)]


def test_a_partner_that_is_away_does_not_fail_the_payer(checkout: Checkout) -> None:
    def away(*_: str) -> dict[str, Any]:
        raise ConnectionError("away")

    checkout.harness.balance = away
    page = checkout.page(request())
    assert page.status == 200
    assert "$125.50" in page.words
    assert "away" in checkout.harness.invoice()["asked_problem"]


def test_what_the_partner_put_into_the_request_is_not_asked_for(checkout: Checkout) -> None:
    checkout.harness.balance = lambda *_: {"balance_due": "999.00"}
    page = checkout.page(of_invoice(BalanceDue=5))
    assert "$5.00" in page.words
    assert checkout.harness.asked == []


# --- the control API ---


def test_the_control_api_shows_the_pages_that_were_asked_for(checkout: Checkout) -> None:
    freeze(checkout.harness)
    url = checkout.url(deepcopy(SAMPLE))
    (view,) = checkout.harness.get("cloud-payments")["cloud_payments"]
    assert view["state"] == "open"
    assert view["expires_at"] == "2026-06-16T14:30:00.000000+00:00"
    assert view["request"]["allow_remove"] is True
    assert checkout.harness.get(f"cloud-payments/{view['id']}") == view
    assert url.rpartition("/")[2] not in json.dumps(view)
    assert checkout.harness.control("GET", "cloud-payments/nothing").status == 404
    assert API_KEY not in json.dumps(view)
