"""Cloud Payments V2, the page: what a payer pays, and what nobody gets to pay."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.store import CUSTOMERS
from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.journal import Journal
from tests.simulators.ic_webservices.checkouts import (
    POLICY,
    POLICY_INVOICE,
    TCCS_KEY,
    Checkout,
    Receiver,
    options,
    pay_action,
    pay_fields,
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
from tests.simulators.ic_webservices.pages.visit import BANK, CARD, Shown, add_bill

SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
REAL_CARD = "4242424242424242"
FEES = {"configuration": {"Portal": {"ServiceFee": {"Card": "2.50", "BankAccount": "0.75"}}}}


@pytest.fixture
def checkout(harness: Harness) -> Checkout:
    return Checkout(harness)


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


@pytest.mark.parametrize("amount", ["0", "-1", "125.51", "1000000", "1.005", "x", "1e2", "9" * 30])
def test_an_amount_that_is_none_of_the_bill_is_refused(checkout: Checkout, amount: str) -> None:
    page = checkout.to_payment(checkout.page(request()), **{"Amount-0": amount})
    assert list(page.errors) == ["Amount-0"]
    assert page.status == 400


def test_the_minimum_is_kept_on_the_server(checkout: Checkout) -> None:
    invoice = {"InvoiceNumber": "N1", "BalanceDue": 50, "MinimumAmountDue": 20, "AllowPartialPayments": True}
    page = checkout.page(request(Customers=[{"AccountNumber": ACCOUNT, "Invoices": [invoice]}]))
    low = checkout.to_payment(page, **{"Amount-0": "19.99"})
    assert low.errors["Amount-0"] == "Invoice N1: at least 20.00 must be paid."
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


def test_fees_of_the_request_go_before_the_billers(checkout: Checkout) -> None:
    checkout.harness.control("PATCH", f"billers/{UTILITY}", FEES)
    invoice = {"InvoiceNumber": INVOICE, "CCServiceFee": 1.25, "ACHServiceFee": 0}
    page = checkout.to_payment(checkout.page(request(Customers=[{"AccountNumber": ACCOUNT, "Invoices": [invoice]}])))
    assert "a service fee of $1.25, together $126.75" in page.words
    assert "$125.50 and no service fee" in page.words
    checkout.pay(page, **BANK)
    assert [one["service_fee"] for one in checkout.payments()] == ["0.00"]


def test_after_an_approved_payment_the_browser_goes_to_return_url(checkout: Checkout) -> None:
    back = "http://localhost:3000/Receipt.aspx?transid=1&acctnum=10000101"
    page = checkout.page(request(ReturnURL=back))
    assert "form-action 'self' http://localhost:3000;" in page.headers["Content-Security-Policy"]
    declined = checkout.pay(page, CardNumber=DECLINED)
    assert "did not go through" in declined.words
    answer = checkout.pay(declined, follow=False)
    assert (answer.status, answer.headers["Location"]) == (303, back)
    receipt = checkout.visit.get(page.url)
    assert receipt.heading.startswith("Thank you")
    assert receipt.links()["Return"] == back


# --- sent twice, at once, late ---


def test_the_same_form_sent_twice_pays_once(checkout: Checkout) -> None:
    page = checkout.to_payment(checkout.page(request()))
    first, second = checkout.pay(page), checkout.pay(page)
    assert first.heading.startswith("Thank you")
    assert second.heading.startswith("Thank you")
    assert len(checkout.payments()) == 1


def test_a_declined_form_sent_twice_is_tried_once(checkout: Checkout) -> None:
    page = checkout.to_payment(checkout.page(request()))
    for _ in range(2):
        assert "did not go through" in checkout.pay(page, CardNumber=DECLINED).words
    # Nor is a form that was tried before good for another card: it names its one attempt.
    assert "did not go through" in checkout.pay(page).words
    assert len(checkout.payments()) == 1


def test_a_declined_form_is_not_tried_again_after_another_was_declined(checkout: Checkout) -> None:
    first = checkout.to_payment(checkout.page(request()))
    second = checkout.visit.get(first.url)
    for page in (first, second, first, second):
        assert "did not go through" in checkout.pay(page, CardNumber=DECLINED).words
    assert len(checkout.payments()) == 2


def test_a_button_that_no_page_has_is_refused(checkout: Checkout) -> None:
    page = checkout.page(request())
    wrong = checkout.visit.submit(page, "Continue to payment", Do="zz")
    assert (wrong.status, wrong.heading) == (400, "There is no such button")


def test_eight_threads_with_one_form_pay_once(shared: Harness) -> None:
    checkout = Checkout(shared)
    page = checkout.to_payment(checkout.page(request()))
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: checkout.pay(page, follow=False), range(8)))
    assert {answer.status for answer in answers} == {303}
    assert {answer.headers["Location"].rpartition("/")[2] for answer in answers} == {"receipt"}
    assert len(checkout.payments()) == 1
    assert shared.invoice()["balance_due"] == "0.00"


def test_eight_threads_with_forms_of_their_own_pay_once(shared: Harness) -> None:
    checkout = Checkout(shared)
    first = checkout.to_payment(checkout.page(request()))
    pages = [checkout.visit.get(first.url) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(checkout.pay, pages))
    assert len(checkout.payments()) == 1


def test_two_pages_for_one_bill_pay_it_once(checkout: Checkout) -> None:
    pages = [checkout.to_payment(checkout.page(request())) for _ in range(2)]
    answers = [checkout.pay(page) for page in pages]
    assert answers[0].heading.startswith("Thank you")
    assert answers[1].heading == "Pay your bill"
    assert Counter(payment["state"] for payment in checkout.payments()) == {"accepted": 1}


def test_the_back_button_after_paying_leads_to_the_receipt(checkout: Checkout) -> None:
    page = checkout.page(request())
    form = checkout.to_payment(page)
    checkout.pay(form)
    for url in (page.url, form.url, f"{page.url}/receipt"):
        assert checkout.visit.get(url).heading.startswith("Thank you"), url
    again = checkout.visit.post(f"{page.url}/bills", page.fields("Continue to payment"))
    assert again.heading.startswith("Thank you")
    assert len(checkout.payments()) == 1


def test_a_page_expires_after_thirty_minutes_and_a_paid_one_keeps_its_receipt(checkout: Checkout) -> None:
    freeze(checkout.harness)
    paid, open_page = checkout.pay(checkout.page(request())), checkout.url(request())
    form = checkout.visit.get(open_page)
    advance(checkout.harness, timedelta(minutes=30))
    late = checkout.visit.get(open_page)
    assert (late.status, late.heading) == (410, "Nothing can be paid here")
    for path, fields in (("bills", form), ("pay", form)):
        assert checkout.visit.post(f"{open_page}/{path}", {"CsrfToken": "x"}).status == 410, fields
    assert checkout.visit.get(paid.url).heading.startswith("Thank you")
    states = [view["state"] for view in checkout.harness.get("cloud-payments")["cloud_payments"]]
    assert sorted(states) == ["expired", "paid"]


def test_a_page_belongs_to_its_lane(checkout: Checkout) -> None:
    url = checkout.url(request())
    checkout.harness.lane_name = "other"
    assert checkout.visit.get(url.replace("127.0.0.1:9/", "127.0.0.1:9/lane/other/")).status == 404


@pytest.mark.parametrize("token", ["forged", "x" * 43, "../x", "%00", "a" * 3_000, "%F0%9F%92%B3", ";--"])
def test_a_forged_token_opens_nothing(checkout: Checkout, token: str) -> None:
    for path in ("", "/pay", "/receipt", f"/statement/{INVOICE}"):
        assert checkout.visit.get(f"http://127.0.0.1:9/cloudpayments/{token}{path}").status == 404


def test_the_token_is_nowhere_in_the_store(checkout: Checkout) -> None:
    url = checkout.url(request())
    assert url.rpartition("/")[2] not in json.dumps(checkout.harness.lanes.export("default"))


# --- tampering ---


def tampered(checkout: Checkout, page: Shown, form: Shown) -> Iterator[tuple[str, Shown]]:
    """Each of these must change nothing."""
    bills, fields = page.form("Continue to payment").get("action"), page.fields("Continue to payment")
    post = checkout.visit.post
    yield "no CSRF token", post(bills, {**fields, "CsrfToken": ""})
    yield "another CSRF token", post(bills, {**fields, "CsrfToken": "0" * 64})
    yield "another invoice", post(bills, {**fields, "Bill-0": "666001"})
    yield "invoices changed over", post(bills, {**fields, "Bill-0": INVOICE, "Bill-1": "500002"})
    yield "an invoice left out", post(bills, {n: v for n, v in fields.items() if n != "Bill-1"})
    yield "an amount of a whole bill", post(bills, {**fields, "Amount-0": "0.01"})
    yield "a negative amount", post(bills, {**fields, "Amount-1": "-125.50"})
    yield "more than the balance", post(bills, {**fields, "Amount-1": "9999"})
    yield "a bill that is not there", post(bills, {**fields, "Do": "remove:7"})
    to_pay, pay = pay_action(form), pay_fields(form) | CARD
    yield "payment without CSRF token", post(to_pay, {**pay, "CsrfToken": ""})
    yield "payment without form key", post(to_pay, {**pay, "FormKey": ""})
    yield "a strange form key", post(to_pay, {**pay, "FormKey": "../" * 10})
    yield "a smaller total", post(to_pay, {**pay, "Total-card": "1"})
    yield "no total", post(to_pay, {n: v for n, v in pay.items() if n != "Total-card"})
    yield "a negative total", post(to_pay, {**pay, "Total-card": "-14550"})
    yield "a total in other digits", post(to_pay, {**pay, "Total-card": "１４５５０"})
    yield "a method that is not offered", post(to_pay, {**pay, "Method": "paypal"})
    yield "no method", post(to_pay, {n: v for n, v in pay.items() if n != "Method"})
    yield "a real card", post(to_pay, {**pay, "CardNumber": REAL_CARD})
    yield "an expired card", post(to_pay, {**pay, "CardExpiry": "01/20"})
    yield "a wrong code", post(to_pay, {**pay, "CVV": "12"})
    yield "a real account", post(to_pay, {**pay, **BANK, "BankAccountNumber": "1234567890"})
    yield "a GET", checkout.visit.get(f"{to_pay}?Method=card&CardNumber=4111111111111111&CsrfToken={pay['CsrfToken']}")
    yield "a form of a megabyte", post(to_pay, {**pay, "CardHolder": "x" * 1_000_000})


def test_tampering_changes_nothing(checkout: Checkout) -> None:
    checkout.harness.control("PATCH", f"billers/{UTILITY}", FEES)
    add_bill(checkout.harness, "666001", "50.00", account="666")
    page = both_bills(checkout, PageResultOptions=options(AllowRemove=True))
    form = checkout.to_payment(page)
    before = world(checkout.harness)
    seen = 0
    for name, answer in tampered(checkout, page, form):
        assert world(checkout.harness) == before, name
        assert "Thank you" not in answer.text, name
        assert answer.status < 500, name
        assert answer.status >= 400 or name == "a GET", (name, answer.status)
        seen += 1
    assert seen > 20


def test_what_changed_since_the_form_was_shown_is_not_paid(checkout: Checkout) -> None:
    page = checkout.to_payment(checkout.page(request()))
    checkout.harness.pay(amount="25.50", invoice_number=INVOICE)
    refused = checkout.pay(page)
    assert refused.errors == {"": "What is due has changed. Please look at the amounts again."}
    assert "$100.00" in refused.words
    assert checkout.pay(refused).heading.startswith("Thank you")


def test_a_higher_fee_than_the_page_showed_is_not_taken(checkout: Checkout) -> None:
    page = checkout.to_payment(checkout.page(request()))
    checkout.harness.control("PATCH", f"billers/{UTILITY}", FEES)
    assert "What is due has changed" in checkout.pay(page).words
    assert checkout.payments() == []


def test_scripts_in_any_field_are_shown_as_text(checkout: Checkout) -> None:
    customer = {
        "AccountNumber": f"A{SCRIPT}",
        "DisplayAccountNumber": SCRIPT,
        **dict.fromkeys(("Name", "Address", "City", "State", "Zip"), SCRIPT),
        "Invoices": [{"InvoiceNumber": f"N{SCRIPT}", "TypeID": SCRIPT, "BalanceDue": 5, "AllowPartialPayments": True}],
    }
    body = request(
        CreateCustomerRecord=True,
        BillerReference=SCRIPT,
        CashierName=SCRIPT,
        AllowEMV=True,
        AllowSwipe=True,
        EMVDeviceID=SCRIPT,
        EMVLocationID=SCRIPT,
        Customers=[customer],
        PageResultOptions={
            "AllowRegisterAccount": True,
            **options(AllowViewStatement=True, AllowRemove=True, AllowViewRelated=True, AllowRemindMe=True),
        },
    )
    page = checkout.page(body)
    shown = [page, checkout.visit.click(page, "View statement")]
    shown.append(checkout.to_payment(page, PayerName=SCRIPT, EmailAddress=SCRIPT, **{"Amount-0": SCRIPT}))
    shown.append(checkout.visit.submit(page, "Remind me", Do="remind:0", EmailAddress=SCRIPT))
    form = checkout.to_payment(page, PayerName=SCRIPT[:100], EmailAddress="ann@example.com")
    names = ("Method", "CardNumber", "CardExpiry", "CVV", "CardHolder", "TrackData", "RoutingNumber", "AccountHolder")
    shown += [form, checkout.pay(form, **dict.fromkeys(names, SCRIPT)), checkout.pay(form, CardNumber=SCRIPT)]
    receipt = checkout.pay(form)
    shown += [receipt, checkout.visit.submit(receipt, "Register", Username=SCRIPT, Password=SCRIPT)]
    assert receipt.heading.startswith("Thank you")
    for one in shown:
        assert "<script" not in one.text.lower(), one.url
        assert not one.tree.xpath("//img|//script|//@onerror"), one.url
        assert "script-src" not in one.headers["Content-Security-Policy"]
        assert one.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert one.headers["Referrer-Policy"] == "no-referrer"
        assert one.headers["Cache-Control"] == "no-store"


def test_a_number_that_is_typed_stands_in_no_page(checkout: Checkout) -> None:
    page = checkout.to_payment(checkout.page(request(AllowSwipe=True)))
    for values in (
        {"CardNumber": REAL_CARD},
        {**BANK, "BankAccountNumber": REAL_CARD, "RoutingNumber": REAL_CARD},
        {"Method": "swipe", "TrackData": f"%B{REAL_CARD}^A/B^4912101?"},
    ):
        answer = checkout.pay(page, **values)
        assert answer.status == 400
        assert REAL_CARD not in answer.text


def test_no_number_is_stored_or_journalled(filed: Harness, tmp_path: Path) -> None:
    """A real number is refused, and the test numbers that pay are kept by their last four digits."""
    checkout = Checkout(filed)
    journal = Journal(filed.lanes)
    site = Site(filed.lanes, journal, Faults(filed.lanes))
    site.mount("/cloudpayments", filed.sim.doors["/cloudpayments"])

    def through_the_site(method: str, url: str, body: bytes, headers: Any, _: bool) -> Shown:
        target = url.removeprefix("http://127.0.0.1:9").encode()
        exchange = site.accept(method, target, {**headers, "host": "127.0.0.1:9"}, body, "http://127.0.0.1:9")
        answer, _plan = exchange.run()
        assert answer is not None
        shown = Shown(url, answer)
        return checkout.visit.get(shown.headers["Location"]) if shown.status == 303 else shown

    checkout.visit._send = through_the_site  # type: ignore[method-assign]
    with Receiver() as receiver:
        page = checkout.to_payment(checkout.page(request(PostBackURL=receiver.url, AllowSwipe=True)))
        for number in (REAL_CARD, "5555 5555 5555 4444"):
            assert checkout.pay(page, CardNumber=number).status == 400
        again = checkout.pay(page, CardNumber=DECLINED)
        assert checkout.pay(again, Method="swipe", TrackData="%B4111111111111111^A/B^4912101?").status == 200
    assert len(journal.find(filed.lane_name)) > 6
    journal.close()
    filed.store.close()
    kept = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert b"ic_checkouts" in kept
    token = page.url.split("/cloudpayments/")[1].split("/")[0]
    secrets = (REAL_CARD, "5555 5555 5555 4444", "5555+5555+5555+4444", DECLINED, "4111111111111111", token)
    for secret in secrets:
        assert secret.encode() not in kept, secret
    assert not any(secret in json.dumps(receiver.got) for secret in secrets)


# --- the rest of the page ---


def test_a_customer_whose_cards_are_blocked_is_not_offered_one(checkout: Checkout) -> None:
    lane = checkout.harness.lane.name
    with checkout.harness.store.write() as tx:
        standing = CUSTOMERS.get(tx, lane, UTILITY, ACCOUNT)
        assert standing is not None
        from dataclasses import replace

        CUSTOMERS.put(tx, lane, replace(standing, block_payments_cc=True))
    page = checkout.to_payment(checkout.page(request()))
    assert page.tree.xpath("//input[@name='Method']/@value") == ["bank"]


def test_an_account_that_is_conveyed_meanwhile_leaves_nothing_to_pay(checkout: Checkout) -> None:
    url = checkout.url(request())
    checkout.harness.control("POST", f"customers/{ACCOUNT}/convey", {})
    page = checkout.visit.get(url)
    assert page.status == 200
    assert "There is no open bill" in page.words


def test_a_payer_says_a_name_before_paying(checkout: Checkout) -> None:
    page = checkout.page(request())
    assert checkout.visit.get(f"{page.url}/pay").heading == "Pay your bill"
    nameless = checkout.to_payment(page, PayerName=" ")
    assert list(nameless.errors) == ["PayerName"]


def test_every_page_is_accessible_in_its_essentials(checkout: Checkout) -> None:
    customer = {"AccountNumber": POLICY, "Invoices": [{"InvoiceNumber": POLICY_INVOICE}]}
    every = options(AllowViewStatement=True, AllowRemove=True, AllowViewRelated=True, AllowRemindMe=True)
    body = request(AllowSwipe=True, Customers=[customer], PageResultOptions={"AllowRegisterAccount": True, **every})
    page = checkout.page(body, key=TCCS_KEY)
    form = checkout.to_payment(page)
    shown = [
        page,
        checkout.to_payment(page, PayerName="", **{"Amount-0": "x"}),
        checkout.visit.click(page, "View statement"),
    ]
    shown += [form, checkout.pay(form, CardNumber=""), checkout.pay(form, Method="swipe"), checkout.pay(form)]
    shown += [checkout.visit.get("http://127.0.0.1:9/cloudpayments/none")]
    for one in shown:
        tree = one.tree
        ids = tree.xpath("//@id")
        assert len(ids) == len({*ids}), one.url
        assert [heading.tag for heading in tree.xpath("//h1")] == ["h1"], one.url
        for control in tree.xpath("//input[not(@type='hidden')]"):
            labels = control.xpath("ancestor::label") + tree.xpath("//label[@for=$id]", id=control.get("id") or "-")
            assert len(labels) == 1, (one.url, control.get("name"))
        for id in itertools.chain.from_iterable(text.split() for text in tree.xpath("//@aria-describedby")):
            assert tree.xpath("//*[@id=$id]", id=id), (one.url, id)
        for name in one.errors:
            assert not name or tree.xpath("//*[@id=$id]", id=name), (one.url, name)
        assert tree.xpath("string(//title)").startswith("Error: ") == bool(one.errors), one.url
