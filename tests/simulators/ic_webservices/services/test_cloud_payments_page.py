"""What a Cloud Payments page shows and offers, as its request says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.domain.cloud_payments import PaymentPageRequest
from partnerlab.simulators.ic_webservices.services import cloud_payments
from tests.simulators.ic_webservices.checkouts import (
    POLICY,
    POLICY_INVOICE,
    TCCS_KEY,
    Checkout,
    options,
    request,
)
from tests.simulators.ic_webservices.harness import ACCOUNT, INVOICE, UTILITY
from tests.simulators.ic_webservices.pages.visit import add_bill


def asked(checkout: Checkout) -> dict[str, Any]:
    """What the simulator kept of the newest request."""
    found = checkout.harness.get("cloud-payments")["cloud_payments"][0]["request"]
    assert isinstance(found, dict)
    return found


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


@pytest.mark.parametrize(("card", "bank"), [(True, True), (True, False), (False, True)])
def test_what_is_saved_and_what_is_sent_is_taken_as_the_request_allows(card: bool, bank: bool) -> None:
    asked = PaymentPageRequest(0, (), allow_card=card, allow_bank=bank)
    tenders = {"credit_card": card, "paypal": card, "ach": bank, "online_bank_direct": bank}
    assert {tender: cloud_payments._allows(asked, tender) for tender in tenders} == tenders


def test_only_bills_that_can_be_paid_are_said_to_be_asked_for_again(checkout: Checkout) -> None:
    harness = checkout.harness
    one, other = add_bill(harness, "500002", "20.00"), add_bill(harness, "500003", "0.00")
    shown: Any = SimpleNamespace(
        bills=[SimpleNamespace(invoice=one, payable=True), SimpleNamespace(invoice=other, payable=False)]
    )
    found = harness.sim.world.services.cloud_payments.perhaps_asked_again(harness.lane, shown)
    assert found == {"500002": ()}


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
    terminal = {"AllowEMV": True, "EMVDeviceID": "DEV-9", "EMVLocationID": "Counter 3", "PageLoadOverride": True}
    refused = checkout.refusal(request(**terminal))
    assert "inHance Portal does not support Cloud Payments V2: EMV" in refused
    assert "EMVDeviceID and EMVLocationID are not in the request" in refused
    page = checkout.page(request(**terminal, Customers=[{"AccountNumber": POLICY}]), key=TCCS_KEY)
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


def test_a_page_whose_bill_was_paid_on_another_says_that_it_took_nothing_and_leads_back(checkout: Checkout) -> None:
    back = "https://localhost/back"
    first = checkout.to_payment(checkout.page(request()))
    second = checkout.to_payment(checkout.page(request(ReturnURL=back)))
    assert checkout.pay(first).heading.startswith("Thank you")
    told = checkout.pay(second)
    assert "Nothing is left to pay here, and nothing was taken on this page." in told.words
    assert told.tree.xpath("//main//a[text()='Return']/@href") == [back]
    assert len(checkout.payments()) == 1


def test_of_several_bills_the_page_that_asks_how_to_pay_says_the_sum(checkout: Checkout) -> None:
    add_bill(checkout.harness, "500002", "20.00")
    page = checkout.to_payment(checkout.page(request(PageResultOptions=options(AllowRemove=True))))
    sums = page.tree.xpath("//dl[@class='facts sum']/*")
    assert [part.text for part in sums[-2:]] == ["Bills together", "$145.50"]
