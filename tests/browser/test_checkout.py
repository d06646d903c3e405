"""Cloud Payments V2 in a real browser: what a payer sees and does, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from partnerlab.sandbox import Sandbox
from partnerlab.simulators.ic_webservices.domain.postbacks import FIELDS
from tests.simulators.ic_webservices.checkouts import API_KEY, Receiver, request

PAID = "Thank you, your payment was approved"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The partner's PostBackURL."""
    with Receiver() as running:
        yield running


class Partner:
    """Asks for pages in the test's lane, and looks at the lane behind them."""

    def __init__(self, sandbox: Sandbox, lane: str) -> None:
        self.base = f"{sandbox.url}/lane/{lane}"

    def url(self, **changes: Any) -> str:
        """The address of a page."""
        answer = httpx.post(f"{self.base}/cloudpaymentsapi/v2", json=request(**changes), auth=(API_KEY, "")).json()
        assert answer["Success"], answer
        return str(answer["Data"]["CloudPaymentURL"])

    def get(self, path: str) -> Any:
        """The control API."""
        return httpx.get(f"{self.base}/_sandbox/ic/{path}").json()

    def payments(self) -> list[tuple[str, str, str]]:
        """Invoice, amount and state of every payment."""
        found = self.get("payments")["payments"]
        return [(one["invoice_number"], one["amount"], one["state"]) for one in found]


@pytest.fixture
def asking(sandbox: Sandbox, lane: str) -> Partner:
    return Partner(sandbox, lane)


def type_card(page: Any, number: str = "4111 1111 1111 1111") -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expires (MM/YY)").fill("09/49")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on the card").fill("Ada Willow")


def go_on(page: Any) -> None:
    page.get_by_role("button", name="Continue to payment").click()


def press_pay(page: Any) -> None:
    page.get_by_role("button", name="Pay").click()


def heading(page: Any) -> str:
    return " ".join(page.get_by_role("heading", level=1).inner_text().split())


def test_a_guest_pays_by_card(page: Any, asking: Partner) -> None:
    page.goto(asking.url())
    go_on(page)
    type_card(page)
    press_pay(page)
    assert heading(page) == PAID
    assert asking.payments() == [("500001", "125.50", "accepted")]
    page.go_back()
    page.reload()
    assert heading(page) == PAID
    assert len(asking.payments()) == 1


def test_a_guest_pays_from_a_bank_account(page: Any, asking: Partner) -> None:
    page.goto(asking.url())
    go_on(page)
    page.get_by_label("Bank account").first.check()
    page.get_by_label("Routing number").fill("110000000")
    page.get_by_label("Account number").fill("000123456789")
    page.get_by_label("Name on the account").fill("Ada Willow")
    assert not page.get_by_label("Card number").is_visible()
    press_pay(page)
    assert heading(page) == PAID
    assert "Bank account ending in 6789" in page.locator("main").inner_text()


def test_the_fields_of_a_way_to_pay_show_only_where_it_is_chosen(page: Any, asking: Partner) -> None:
    page.goto(asking.url(AllowSwipe=True))
    go_on(page)
    fields = {"^Card": "Card number", "^Bank account": "Routing number", "^Swipe": "Card reader"}
    for chosen in fields:
        page.get_by_role("radio", name=re.compile(chosen)).check()
        for way, field in fields.items():
            assert page.get_by_label(field, exact=True).is_visible() == (way == chosen), (chosen, field)
    page.get_by_label("Card reader").fill(";4111111111111111=49121010000?")
    page.get_by_label("Card reader").press("Enter")  # as a reader does
    assert heading(page) == PAID


def test_going_back_fills_in_no_number_again(page: Any, asking: Partner) -> None:
    page.goto(asking.url())
    go_on(page)
    type_card(page, "4242 4242 4242 4242")
    press_pay(page)
    page.get_by_role("alert").wait_for()
    page.go_back()
    page.get_by_label("Card number").wait_for()
    assert page.get_by_label("Card number").input_value() == ""
    assert page.get_by_label("Security code").input_value() == ""
    assert asking.payments() == []


def test_the_receipt_of_two_bills_is_legible_on_a_phone(phone: Any, asking: Partner) -> None:
    invoices = [{"InvoiceNumber": "500001", "CCServiceFee": "2.95"}, {"InvoiceNumber": "N-2", "BalanceDue": 20}]
    phone.goto(asking.url(Customers=[{"AccountNumber": "10000101", "Invoices": invoices}]))
    go_on(phone)
    type_card(phone)
    press_pay(phone)
    assert heading(phone) == PAID
    amounts = phone.locator("dl.sum dd").all()
    assert [amount.inner_text() for amount in amounts] == ["$125.50", "$2.95", "$20.00", "$148.45"]
    lines = "one => { const r = document.createRange(); r.selectNodeContents(one); return r.getClientRects().length }"
    assert all(amount.evaluate(lines) == 1 for amount in amounts)
    assert phone.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_declined_card_then_one_that_is_approved(page: Any, asking: Partner) -> None:
    page.goto(asking.url())
    go_on(page)
    type_card(page, "4000 0000 0000 0002")
    press_pay(page)
    assert "The last attempt did not go through: Declined by the issuer." in page.get_by_role("alert").inner_text()
    assert page.locator(":focus").get_attribute("role") == "alert"
    assert page.title() == "Error: How to pay | Sandbox Utility"
    assert page.get_by_label("Card number").input_value() == ""
    type_card(page)
    press_pay(page)
    assert heading(page) == PAID
    assert [state for _, _, state in asking.payments()] == ["declined", "accepted"]


def test_part_of_a_bill_is_paid_with_the_keyboard_alone(page: Any, asking: Partner) -> None:
    page.goto(asking.url())
    amount = page.get_by_label("Amount to pay")
    amount.fill("40")
    amount.press("Enter")
    assert heading(page) == "How do you want to pay?"
    assert "$40.00" in page.locator("main").inner_text()
    type_card(page)
    page.get_by_label("Name on the card").press("Enter")
    assert heading(page) == PAID
    assert asking.payments() == [("500001", "40.00", "accepted")]


def test_a_bill_is_removed_from_the_payment(page: Any, asking: Partner) -> None:
    invoices = [{"InvoiceNumber": "500001"}, {"InvoiceNumber": "N-2", "BalanceDue": 20}]
    customers = [{"AccountNumber": "10000101", "Invoices": invoices}]
    page.goto(asking.url(Customers=customers, PageResultOptions={"InvoiceOptions": {"AllowRemove": True}}))
    bill = page.get_by_role("listitem").filter(has_text="Bill N-2")
    bill.get_by_role("button", name="Remove from this payment").click()
    assert "Not part of this payment" in page.locator("main").inner_text()
    assert page.locator(":focus").inner_text() == "Bill N-2"  # of sixty bills, too, one goes on where one was
    go_on(page)
    type_card(page)
    press_pay(page)
    assert heading(page) == PAID
    assert asking.payments() == [("500001", "125.50", "accepted")]


def test_a_double_click_pays_once(page: Any, asking: Partner) -> None:
    page.goto(asking.url())
    go_on(page)
    type_card(page)
    page.get_by_role("button", name="Pay").dblclick()
    page.get_by_role("heading", name=PAID, exact=True).wait_for()  # the second click breaks off the first one's answer
    assert page.url.endswith("/receipt")
    assert len(asking.payments()) == 1


def test_in_an_iframe_of_another_origin_on_a_phone(
    phone: Any, asking: Partner, partner: Any, receiver: Receiver, tmp_path: Any
) -> None:
    """The partner's portal frames the page; ReturnURL opens in the frame, and the postback came by then."""
    partner.bodies["/own.css"] = ("text/css", "h1 { color: rgb(1, 2, 3) }")
    partner.bodies["/return"] = ("text/html", "<h1>Back at the utility</h1>")
    url = asking.url(
        ViewMode=1,
        CSSUrl=f"{partner.url}/own.css",
        ReturnURL=f"{partner.url}/return?transid=1",
        PostBackURL=receiver.url,
        BillerReference="REF-7",
        PageResultOptions={"InvoiceOptions": {"AllowRemove": True, "AllowViewStatement": True, "AllowRemindMe": True}},
    )
    phone.goto(partner.frame(url))
    frame = phone.frame(name="ic")
    frame.get_by_role("heading", name="Pay your bill").wait_for()
    assert frame.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert frame.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(1, 2, 3)"
    go_on(frame)
    frame.get_by_role("heading", name="How do you want to pay?").wait_for()
    assert frame.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    type_card(frame)
    press_pay(frame)
    frame.get_by_role("heading", name="Back at the utility").wait_for()
    assert partner.asked[-1] == "/return?transid=1"
    (got,) = receiver.got
    assert tuple(got) == FIELDS
    assert (got["Approved"], got["InvoiceNumber"], got["PaymentAmount"]) == ("True", "500001", "125.50")
    assert got["BillerReference"] == "REF-7"


def test_a_payer_comes_back_though_the_partner_redirects_on_to_another_site(
    page: Any, asking: Partner, partner: Any
) -> None:
    """A redirect as the answer to the form would be stopped at its second hop, by `form-action`."""
    elsewhere = partner.url.replace("localhost", "127.0.0.1")
    partner.onward["/return"] = f"{elsewhere}/landed"
    partner.bodies["/landed"] = ("text/html", "<h1>Back at the utility</h1>")
    page.goto(asking.url(ReturnURL=f"{partner.url}/return"))
    go_on(page)
    type_card(page)
    press_pay(page)
    page.get_by_role("heading", name="Back at the utility").wait_for()
    assert page.url == f"{elsewhere}/landed"
    assert [state for *_, state in asking.payments()] == ["accepted"]


def test_a_page_for_a_window_of_its_own_cannot_be_framed_elsewhere(page: Any, asking: Partner, partner: Any) -> None:
    page.goto(partner.frame(asking.url(ViewMode=0)))
    page.wait_for_timeout(300)
    frame = page.frame(name="ic")
    assert frame.get_by_role("heading", name="Pay your bill").count() == 0


def test_a_script_in_a_name_is_shown_as_text(page: Any, asking: Partner) -> None:
    name = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    page.goto(asking.url(Customers=[{"AccountNumber": "10000101", "Name": name}]))
    assert name in page.locator("main").inner_text()
