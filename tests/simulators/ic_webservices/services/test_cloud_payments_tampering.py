"""What a payer or a script may not change on a Cloud Payments page, and what it never shows."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
    DECLINED,
    INVOICE,
    UTILITY,
    Harness,
)
from tests.simulators.ic_webservices.pages.visit import BANK, CARD, Shown, add_bill

SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
REAL_CARD = "4242424242424242"
FEES = {"configuration": {"Portal": {"ServiceFee": {"Card": "2.50", "BankAccount": "0.75"}}}}


def world(harness: Harness) -> dict[str, Any]:
    """What an attack might change."""
    tables = harness.lanes.export(harness.lane_name)
    return {name: tables[f"ic_{name}"] for name in ("invoices", "payments", "events", "postbacks", "customers")}


def both_bills(checkout: Checkout, **more: Any) -> Shown:
    """A page with two bills: 20.00 and 125.50."""
    add_bill(checkout.harness, "500002", "20.00", allow_partial_payments=False)
    return checkout.page(request(**more))


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
    page = checkout.page(body, key=TCCS_KEY)
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
