"""What a payer typed is there again after a mistake or a decline, on every form; numbers and passwords never are."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from partnerlab.simulators.kit.world.store import Statement
from tests.simulators.ic_webservices.checkouts import Checkout, pay_fields, request
from tests.simulators.ic_webservices.harness import DECLINED, INVOICE, UTILITY, VISA, Harness, advance
from tests.simulators.ic_webservices.pages.visit import BANK, CARD, USER, Shown, Visit, add_bill

BAD_CARD = CARD | {"CardNumber": DECLINED}


def save(harness: Harness, kind: str = "card", number: str = VISA, method_id: str = "saved-1") -> str:
    expires = date(2049, 9, 30) if kind == "card" else None
    new = NewMethod(kind, number, "Ada Willow", expires, method_id)
    return harness.sim.world.services.wallet.add(harness.lane, UTILITY, USER, new).method_id


def no_numbers(page: Shown) -> None:
    for secret in (DECLINED, VISA, CARD["CVV"], "000123456789", "Sandbox!"):
        assert f'value="{secret}' not in page.text


# --- the portal ---


def test_after_a_decline_the_amount_the_way_and_the_name_are_those_that_were_typed(visit: Visit) -> None:
    page = visit.page(visit.connect(), f"pay/{INVOICE}")
    declined = visit.submit(page, "Pay", **BAD_CARD, Amount="25.50")
    assert "Confirmation number" not in declined.words
    assert "Not charged $25.50" in declined.words
    again = visit.click(declined, "Try again")
    sent = again.fields("Pay")
    assert (sent["Amount"], sent["Method"], sent["CardHolder"]) == ("25.50", "card", "Ada Willow")
    assert (sent["CardNumber"], sent["CVV"]) == ("", "")
    no_numbers(again)
    paid = visit.submit(again, "Pay", **{name: CARD[name] for name in ("CardNumber", "CardExpiry", "CVV")})
    assert "$25.50 was paid" in paid.words
    assert "Confirmation number" in paid.words


def test_after_a_decline_of_a_saved_card_that_card_is_chosen_again(visit: Visit, harness: Harness) -> None:
    save(harness)
    save(harness, number=DECLINED, method_id="saved-2")
    page = visit.page(visit.connect(), f"pay/{INVOICE}")
    declined = visit.submit(page, "Pay", Amount="7.00", Method="saved-2")
    sent = visit.click(declined, "Try again").fields("Pay")
    assert (sent["Amount"], sent["Method"]) == ("7.00", "saved-2")


@pytest.mark.parametrize("again", ["none", "", "\0", "x" * 300])
def test_a_payment_that_is_none_of_this_bills_fills_in_nothing(visit: Visit, harness: Harness, again: str) -> None:
    add_bill(harness, "500900", "10.00")
    page = visit.page(visit.connect(), "pay/500900")
    visit.submit(page, "Pay", **BAD_CARD, Amount="3.00")
    guid = again or harness.get("payments")["payments"][0]["payment_guid"]
    shown = visit.page(page, f"pay/{INVOICE}?again={guid}")
    assert shown.fields("Pay")["Amount"] == "125.50"


# Path, button, what is typed (with a mistake in it), and what is there again.
FORMS: tuple[tuple[str, str, dict[str, str], dict[str, str]], ...] = (
    (
        f"pay/{INVOICE}",
        "Pay",
        {**BANK, "Amount": "25.50", "RoutingNumber": "1", "When": "later", "Day": "2020-01-01", "SaveMethod": "1"},
        {"Amount": "25.50", "Method": "bank", "AccountHolder": "Ada Willow", "When": "later", "Day": "2020-01-01"},
    ),
    (f"pay/{INVOICE}", "Pay", {**CARD, "Amount": "lots", "CVV": ""}, {"Amount": "lots", "CardExpiry": "09/49"}),
    (f"pay/{INVOICE}", "Pay", {**CARD, "Amount": "999.00"}, {"Amount": "999.00", "Method": "card"}),
    ("payment-options/new/card", "Save", {**CARD, "CardExpiry": "13/49"}, {"CardExpiry": "13/49"}),
    ("payment-options/new/bank-account", "Save", {**BANK, "RoutingNumber": "1"}, {"AccountHolder": "Ada Willow"}),
    ("payment-options/saved-1", "Save the change", {"Holder": "", "CardExpiry": "soon"}, {"CardExpiry": "soon"}),
    ("pay-by-text", "Send me a message", {"Phone": "12"}, {"Phone": "12"}),
    ("autopay", "Switch AutoPay on", {"Method": "gone"}, {}),
)


@pytest.mark.parametrize(("path", "button", "typed", "kept"), FORMS, ids=lambda value: value if "/" in value else "")
def test_a_form_of_the_portal_with_a_mistake_is_as_it_was_sent(
    visit: Visit, harness: Harness, path: str, button: str, typed: dict[str, str], kept: dict[str, str]
) -> None:
    save(harness)
    wrong = visit.submit(visit.page(visit.connect(), path), button, **typed)
    assert (wrong.status, bool(wrong.errors)) == (400, True)
    sent = wrong.fields(button)
    assert {name: sent.get(name) for name in kept} == kept
    no_numbers(wrong)


def test_a_scheduled_payment_with_a_mistake_is_as_it_was_sent(visit: Visit, harness: Harness) -> None:
    save(harness)
    page = visit.page(visit.connect(), f"pay/{INVOICE}")
    day = f"{harness.lane.now() + timedelta(days=9):%m/%d/%Y}"
    listed = visit.submit(page, "Pay", Amount="5.00", Method="saved-1", When="later", Day=day)
    edit = visit.get(next(url for name, url in listed.links().items() if name.startswith("Change the payment")))
    wrong = visit.submit(edit, "Save the change", Amount="7.77", Day="never")
    sent = wrong.fields("Save the change")
    assert (sent["Amount"], sent["Day"], sent["Method"]) == ("7.77", "never", "saved-1")


# --- Cloud Payments ---


def test_after_a_bad_email_amount_name_and_total_are_those_that_were_typed(checkout: Checkout) -> None:
    typed = {"Amount-0": "25.50", "PayerName": "Ann Rivers", "EmailAddress": "ann at example.com"}
    wrong = checkout.to_payment(checkout.page(request()), **typed)
    sent = wrong.fields("Continue to payment")
    assert {name: sent[name] for name in typed} == typed
    assert "Bills in this payment $25.50" in wrong.words


def test_taking_a_bill_off_keeps_what_was_typed_so_far(checkout: Checkout) -> None:
    add_bill(checkout.harness, "500900", "10.00")
    asked = request(PageResultOptions={"InvoiceOptions": {"AllowRemove": True}})
    page = checkout.page(asked)
    typed = {"Amount-0": "2.50", "PayerName": "Ann Rivers", "EmailAddress": "ann at example.com", "Do": "remove:1"}
    sent = checkout.visit.submit(page, "Remove from this payment", **typed).fields("Continue to payment")
    assert (sent["Amount-0"], sent["PayerName"], sent["EmailAddress"]) == ("2.50", "Ann Rivers", "ann at example.com")


@pytest.mark.parametrize("typed", [BAD_CARD, BANK | {"BankAccountNumber": "1"}])
def test_on_a_payment_page_the_way_and_the_name_are_those_that_were_typed(
    checkout: Checkout, typed: dict[str, Any]
) -> None:
    page = checkout.to_payment(checkout.page(request()), **{"Amount-0": "25.50", "PayerName": "Ann Rivers"})
    again = checkout.pay(page, **typed)
    sent = pay_fields(again)
    holder = "CardHolder" if typed["Method"] == "card" else "AccountHolder"
    assert (sent["Method"], sent[holder]) == (typed["Method"], "Ada Willow")
    assert "$25.50" in again.words
    no_numbers(again)
    back = checkout.visit.click(again, "Change the bills or amounts").fields("Continue to payment")
    assert (back["Amount-0"], back["PayerName"]) == ("25.50", "Ann Rivers")


# --- what a page does not promise ---


def test_what_is_off_or_void_does_not_look_like_a_success(visit: Visit, harness: Harness) -> None:
    page = visit.connect()
    for path in ("autopay", "paperless", "pay-by-text"):
        (off,) = visit.page(page, path).tree.xpath("//span[contains(@class, 'tag')][text()='Off']")
        assert off.get("class") == "tag", "which has no colour of its own"
    css = visit.get(f"{visit.base}/portal/site.css").text
    assert "background: var(--tag-tint)" in css.partition(".tag {")[2].partition("}")[0]
    assert "--tag-tint: #e8ebea;" in css, "a grey"


def test_the_button_has_the_total_of_the_way_that_is_chosen(checkout: Checkout) -> None:
    page = checkout.to_payment(checkout.page(request()))
    assert page.tree.xpath("string(//form//button[@type='submit'][last()])").split() == ["Pay", "$125.50"]
    fees = {"Portal": {"ServiceFee": {"Card": "2.95", "BankAccount": "0.50"}}}
    checkout.harness.control("PATCH", f"billers/{UTILITY}", {"configuration": fees})
    page = checkout.to_payment(checkout.page(request(AllowSwipe=True)))
    amounts = {one.get("class"): one.text.strip() for one in page.tree.xpath("//form//button/span")}
    assert amounts == {"if-1": "$128.45", "if-2": "$128.45", "if-3": "$126.00"}
    assert page.tree.xpath("//input[@value='swipe']/..")[0].get("class") == "choice at-counter"
    css = checkout.visit.get(f"{checkout.visit.base}/portal/site.css").text
    assert "form:has(.way-3:checked) button .if-3" in css
    assert ".at-counter { display: none; }" in css


# --- Back and Reload ---


def test_no_page_is_the_answer_to_a_form_so_back_never_asks_to_send_it_again(
    visit: Visit, harness: Harness, checkout: Checkout
) -> None:
    page = visit.page(visit.connect(), f"pay/{INVOICE}")
    action, typed = page.form("Pay").get("action"), page.fields("Pay") | {"Amount": "lots"}
    answer = visit.post(action, typed, follow=False)
    address = answer.headers["Location"]
    assert (answer.status, address.partition("?shown=")[0]) == (303, page.url)
    for _ in range(2):  # Reload
        shown = visit.get(address)
        assert (shown.status, shown.fields("Pay")["Amount"]) == (400, "lots")
        assert shown.errors["Amount"] == "Enter an amount above zero, such as 125.50."
        assert shown.headers["Cache-Control"] == "no-store"
    assert visit.get(f"{page.url}?shown=1-{'x' * 22}").fields("Pay")["Amount"] == "125.50", "a key that is none"
    other = visit.page(visit.connect(), f"pay/{INVOICE}?shown={address.partition('=')[2]}")
    assert other.errors == {}, "another session's"
    token = re.findall(r"S\(([^)]*)", page.url)[0]
    with harness.store.read() as tx:
        assert all(token not in str(row) for row in tx.all(Statement("SELECT * FROM ic_shown_pages")))
    visit.submit(page, "Sign out")
    assert visit.get(address).heading == "You are signed out"

    asking = checkout.to_payment(checkout.page(request()), EmailAddress="none")
    asked = len(harness.asked)
    assert visit.get(asking.url).errors == {"EmailAddress": "Enter an e-mail address, such as ann@example.com."}
    assert len(harness.asked) == asked, "the partner is not asked again for a page of before"
    checkout.pay(checkout.to_payment(asking, EmailAddress=""))
    assert visit.get(asking.url).heading == "Thank you, your payment was approved"


def test_a_payment_page_that_has_expired_leads_back_to_where_the_payer_came_from(checkout: Checkout) -> None:
    back = "https://localhost/bills?acct=10000101"
    url = checkout.url(request(ReturnURL=back))
    advance(checkout.harness, timedelta(minutes=31))
    gone = checkout.visit.get(url)
    assert (gone.status, gone.heading, gone.links()["Go back"]) == (410, "Nothing can be paid here", back)
