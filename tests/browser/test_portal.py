"""The portal in Chromium: every story inside an iFrame of another origin, by keyboard, on a phone, in print."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest

from partnerlab.sandbox import Sandbox
from partnerlab.simulators.ic_webservices.store import CUSTOMERS
from tests.browser.portal import (
    ACCOUNT,
    AMEX,
    INVOICE,
    USER,
    UTILITY,
    VISA,
    Connect,
    add_card,
    button,
    control,
    eventually,
    fill_card,
    follow,
    heading,
    partner_payments,
    press,
)
from tests.odd_names import ODD_NAMES

HEADINGS = {
    "1": "Your bills",
    "2": "Paperless billing",
    "3": "AutoPay",
    "5": "Payment options",
    "8": "Open bills",
    "9": "Scheduled payments",
    "11": "Pay by text",
}


@pytest.mark.parametrize("redirect_id", HEADINGS)
def test_each_page_shows_in_an_iframe_of_another_origin(
    framed: Callable[..., Any], page: Any, redirect_id: str
) -> None:
    frame = framed(redirect_id)
    heading(frame, HEADINGS[redirect_id])
    assert page.url.startswith("http://localhost:")


def test_a_registered_user_views_and_pays_a_bill(framed: Callable[..., Any], sandbox: Sandbox, lane: str) -> None:
    frame = framed()
    follow(frame, f"Bill {INVOICE}")
    frame.get_by_text("$125.50").first.wait_for()
    follow(frame, "Pay this bill")
    frame.get_by_label("Amount").fill("25.50")
    fill_card(frame)
    frame.get_by_label("Save this payment method").check()
    press(frame, "Pay")
    heading(frame, "Thank you for your payment")
    frame.get_by_text("$25.50 was paid on").wait_for()
    frame.locator("#done:focus").get_by_text("The payment method was added.").wait_for()
    (payment,) = control(sandbox, lane, "payments")["payments"]
    assert (payment["amount"], payment["approved"], payment["last_four"]) == ("25.50", True, "1111")
    invoice = control(sandbox, lane, f"invoices/{INVOICE}")
    assert (invoice["balance_due"], invoice["asked_problem"]) == ("100.00", None)
    assert invoice["asked_at"]  # opening the bill asked the partner
    posted = eventually(lambda: partner_payments(sandbox, lane))
    assert [(one["amount"], one["type"]) for one in posted] == [("25.50", "Credit Card")]


def test_going_back_shows_the_form_anew_and_pays_nothing(
    framed: Callable[..., Any], page: Any, sandbox: Sandbox, lane: str
) -> None:
    frame = framed()
    follow(frame, f"Pay bill {INVOICE}")
    frame.get_by_label("Amount").fill("10.00")
    fill_card(frame)
    press(frame, "Pay")
    heading(frame, "Thank you for your payment")
    page.evaluate("history.back()")
    heading(frame, f"Pay bill {INVOICE}")
    frame.get_by_text("At most $115.50").wait_for()  # asked for again: what was typed is in no cache
    assert frame.get_by_label("Card number").input_value() == ""
    page.evaluate("history.forward()")
    heading(frame, "Thank you for your payment")
    assert len(control(sandbox, lane, "payments")["payments"]) == 1


def test_pressing_pay_twice_pays_once(page: Any, connect: Connect, sandbox: Sandbox, lane: str) -> None:
    page.goto(connect())
    follow(page, f"Pay bill {INVOICE}")
    page.get_by_label("Amount").fill("10.00")
    fill_card(page)
    button(page, "Pay").evaluate("button => { button.click(); button.click() }")
    heading(page, "Thank you for your payment")
    assert len(control(sandbox, lane, "payments")["payments"]) == 1


def test_a_user_changes_and_cancels_a_scheduled_payment(
    framed: Callable[..., Any], sandbox: Sandbox, lane: str
) -> None:
    day = (sandbox.lanes.get(lane).now() + timedelta(days=9)).date()
    frame = framed()
    follow(frame, f"Pay bill {INVOICE}")
    fill_card(frame)
    frame.get_by_label("Pay on a day").check()
    frame.get_by_label("Day of the payment").fill(day.isoformat())
    press(frame, "Pay")
    frame.get_by_text("Your payment is scheduled.").wait_for()
    frame.get_by_role("link", name=re.compile("^Change the payment")).click()
    heading(frame, "Change a scheduled payment")
    frame.get_by_label("Amount").fill("40.00")
    press(frame, "Save the change")
    frame.get_by_text("$40.00").wait_for()
    frame.get_by_role("button", name=re.compile("^Cancel the payment")).click()
    frame.get_by_text("No payment is scheduled.").wait_for()
    (schedule,) = control(sandbox, lane, "schedules")["schedules"]
    assert (schedule["amount"], schedule["state"]) == ("40.00", "cancelled")


def test_a_user_enrols_in_paperless_and_leaves(framed: Callable[..., Any], sandbox: Sandbox, lane: str) -> None:
    frame = framed("2")
    press(frame, "Switch paperless billing on")
    frame.get_by_text("Paperless billing is on.").wait_for()
    press(frame, "Switch paperless billing off")
    frame.get_by_text("Paperless billing is off.").wait_for()
    assert [one["event"]["enrolled"] for one in control(sandbox, lane, "events")["events"]] == [True, False]


def test_a_user_enrols_in_autopay_and_leaves(framed: Callable[..., Any], sandbox: Sandbox, lane: str) -> None:
    frame = framed("3")
    add_card(frame)
    follow(frame, "AutoPay")
    heading(frame, "AutoPay")
    frame.get_by_label("Visa ending in 1111").check()
    press(frame, "Switch AutoPay on")
    frame.get_by_text("AutoPay is on.").wait_for()
    press(frame, "Switch AutoPay off")
    frame.get_by_text("AutoPay is off.").wait_for()
    assert [one["event"]["enrolled"] for one in control(sandbox, lane, "events")["events"]] == [True, False]


def test_a_user_enrols_in_pay_by_text_and_leaves(framed: Callable[..., Any], sandbox: Sandbox, lane: str) -> None:
    frame = framed("11")
    frame.get_by_label("Mobile telephone number").fill("(413) 555-0101")
    press(frame, "Send me a message")
    frame.get_by_label("Your answer").fill("Y")
    press(frame, "Send the answer")
    frame.get_by_text("Messages go to +14135550101.").wait_for()
    assert control(sandbox, lane, f"users/{USER}")["text_phone"] == "+14135550101"
    press(frame, "Switch pay by text off")
    frame.get_by_label("Mobile telephone number").wait_for()
    assert control(sandbox, lane, f"users/{USER}")["text_phone"] == ""


def test_a_user_manages_payment_methods(framed: Callable[..., Any], sandbox: Sandbox, lane: str) -> None:
    frame = framed("5")
    add_card(frame)
    follow(frame, "Add a bank account")
    frame.get_by_label("Routing number").fill("110000000")
    frame.get_by_label("Account number").fill("000123456789")
    frame.get_by_label("Name on the account").fill("Ada Willow")
    press(frame, "Save")
    press(frame, "Make the Bank account ending in 6789 the default")
    frame.get_by_text("The payment method is your default now.").wait_for()
    press(frame, "Remove the Visa ending in 1111")
    frame.get_by_text("The payment method was removed.").wait_for()
    (method,) = control(sandbox, lane, f"users/{USER}/methods")["methods"]
    assert (method["kind"], method["last_four"], method["preferred"]) == ("bank_account", "6789", True)


def test_sign_out_leads_back_to_the_partner_and_the_link_is_dead(
    page: Any, partner: Any, connect: Connect, framed: Callable[..., Any]
) -> None:
    home = f"{partner.url}/home"
    frame = framed("1", ReturnUrl=home, CustomReturnSiteName="My Town")
    button = frame.get_by_role("button", name="Sign out and Return to My Town")
    assert button.get_attribute("title") == "Sign out and Return to My Town"
    before = page.frame(name="ic").url
    button.click()
    frame.get_by_role("heading", name="Partner").wait_for()
    assert page.frame(name="ic").url == home
    page.goto(before)
    heading(page, "You are signed out")


def test_a_frame_of_a_site_that_is_not_named_stays_empty(
    page: Any, partner: Any, connect: Connect, sandbox: Sandbox, lane: str
) -> None:
    configuration = {"Portal": {"FrameAncestors": ["https://portal.example"]}}
    sandbox.ic.world.services.ledger.save_biller(sandbox.lanes.get(lane), UTILITY, {"configuration": configuration})
    page.goto(partner.frame(connect()))
    page.wait_for_timeout(500)
    assert page.frame_locator("iframe[name=ic]").get_by_role("heading", name="Your bills").count() == 0


def test_the_partners_stylesheet_is_used_where_it_is_allowed(page: Any, partner: Any, connect: Connect) -> None:
    partner.bodies["/own.css"] = ("text/css", "h1 { color: rgb(1, 2, 3) }")
    page.goto(connect("1", CSSUrl=f"{partner.url}/own.css"))
    assert page.locator("h1").evaluate("e => getComputedStyle(e).color") == "rgb(1, 2, 3)"


def test_nothing_typed_is_run_as_a_script(page: Any, connect: Connect, sandbox: Sandbox, lane: str) -> None:
    """The page fixture fails for a dialog or a script's error."""
    script = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
    page.goto(connect("5", ReturnUrl="http://localhost:9/x", CustomReturnSiteName=script))
    follow(page, "Add a card")
    fill_card(page)
    page.get_by_label("Name on the card").fill(script)
    press(page, "Save")
    page.get_by_text("The payment method was added.").wait_for()
    assert page.get_by_text(script).count() == 1
    follow(page, "Change the Visa ending in 1111")
    assert page.get_by_label("Name on the card").input_value() == script
    assert page.locator("script, img").count() == 0


def test_a_mistake_takes_the_focus_to_the_summary_and_its_link_to_the_field(framed: Callable[..., Any]) -> None:
    frame = framed()
    follow(frame, f"Pay bill {INVOICE}")
    press(frame, "Pay")
    frame.get_by_role("alert").wait_for()
    assert frame.locator(":focus").get_attribute("id") == "problems"
    follow(frame, "Enter the card number.")
    assert frame.locator(":focus").get_attribute("id") == "CardNumber"


def test_a_bill_is_paid_by_keyboard_alone(page: Any, connect: Connect) -> None:
    page.goto(connect("8"))
    order = []
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the main content"
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("Tab")
        order.append(page.locator(":focus").inner_text())
    assert order == ["Show every recent bill", f"Bill {INVOICE}", "Pay"]
    page.keyboard.press("Enter")
    heading(page, f"Pay bill {INVOICE}")
    page.get_by_label("Amount").focus()
    typed = {"CardNumber": VISA, "CardExpiry": "09/49", "CVV": "123", "CardHolder": "Ada Willow"}
    seen = []
    for _ in range(20):
        page.keyboard.press("Tab")
        name = " ".join(page.locator(":focus").evaluate("e => e.name || e.innerText").split())
        seen.append(name)
        if name in typed:
            page.keyboard.type(typed[name])
        if name.startswith("Pay "):
            break
    assert seen == ["Method", *typed, "SaveMethod", "When", "Pay $125.50"]
    outline = page.locator(":focus").evaluate(
        "e => getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth"
    )
    assert outline == "solid3px"
    page.keyboard.press("Enter")
    heading(page, "Thank you for your payment")


def test_no_page_is_wider_than_a_phone(page: Any, connect: Connect, sandbox: Sandbox, lane: str) -> None:
    page.set_viewport_size({"width": 320, "height": 720})
    page.goto(
        connect("5", ReturnUrl="http://localhost:9/x", CustomReturnSiteName="The Water Department of Springfield")
    )
    follow(page, "Add a card")
    fill_card(page)
    page.get_by_label("Name on the card").fill("W" * 100)
    press(page, "Save")
    root = page.url.split("))/")[0] + "))/"
    with sandbox.store.write() as tx:  # a name and an e-mail address without a blank
        customer = CUSTOMERS.get(tx, lane, UTILITY, ACCOUNT)
        assert customer is not None
        long = {"customer_name": ODD_NAMES["endless"], "email_address": f"{'w' * 200}@example.com"}
        CUSTOMERS.put(tx, lane, replace(customer, **long))
    paths = ["bills", f"bill/{INVOICE}", f"pay/{INVOICE}", "scheduled-payments", "payment-options", "autopay"]
    for path in [*paths, "payment-options/new/bank-account", "paperless", "pay-by-text", "nowhere"]:
        page.goto(root + path)
        for width in (320, 375):
            page.set_viewport_size({"width": width, "height": 720})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            small = page.evaluate(
                "[...document.querySelectorAll('button, .button, input:not([type=hidden]):not([type=radio])"
                ":not([type=checkbox]), select, nav a, label.choice')].filter(e => e.offsetParent)"
                ".filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
            )
            assert small == [], (path, width)
            rows = page.evaluate(
                "[...new Set([...document.querySelectorAll('.bar a, .bar button')].map(e => {"
                " const r = e.getBoundingClientRect(); return Math.round(r.top + r.height / 2) }))]"
            )
            assert len(rows) <= 1, (path, width)


def test_in_the_dark_everything_can_be_read_and_a_billers_own_style_stays_light(
    page: Any, connect: Connect, partner: Any
) -> None:
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    page.emulate_media(color_scheme="dark")
    page.goto(connect("5"))
    root = page.url.split("))/")[0] + "))/"
    for path in ("bills", f"bill/{INVOICE}", f"pay/{INVOICE}", "payment-options", "autopay", "pay-by-text", "nowhere"):
        page.goto(root + path)
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark == "rgb(15, 22, 21)", path
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations'], runOnly: ['color-contrast']})")
        assert [node["html"] for one in found["violations"] for node in one["nodes"]] == [], path
    page.goto(connect("5", CSSUrl=f"{partner.url}/own.css"))
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(243, 246, 245)"


def test_the_pay_button_says_what_is_paid_until_another_amount_is_typed(page: Any, connect: Connect) -> None:
    page.goto(connect("8"))
    follow(page, f"Pay bill {INVOICE}")
    amount = page.get_by_label("Amount")
    for typed, says in (("125.50", "Pay $125.50"), ("40.00", "Pay the amount above"), ("125.50", "Pay $125.50")):
        amount.fill(typed)
        assert page.get_by_role("button", name=says, exact=True).is_visible(), typed
        assert "rgb(155" not in amount.evaluate("e => getComputedStyle(e).borderColor"), "it is not marked as wrong"
    fill_card(page)
    amount.fill("40.00")
    press(page, "Pay")
    heading(page, "Thank you for your payment")
    page.get_by_text("$40.00 was paid").wait_for()


def test_the_receipt_prints_without_the_pages_controls(page: Any, connect: Connect) -> None:
    page.goto(connect("8", ViewMode="2"))
    follow(page, f"Pay bill {INVOICE}")
    fill_card(page)
    press(page, "Pay")
    heading(page, "Thank you for your payment")
    page.emulate_media(media="print")
    for selector in ("nav", ".sign-out", ".actions", ".site-footer"):
        assert not page.locator(selector).first.is_visible(), selector
    assert page.get_by_text("Confirmation number").is_visible()


def test_every_page_works_without_javascript(browser: Any, connect: Connect) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(connect("8"))
    page.get_by_role("link", name=f"Pay bill {INVOICE}").click()
    fill_card(page)
    press(page, "Pay")
    heading(page, "Thank you for your payment")
    context.close()


def test_no_number_and_no_session_reaches_the_journal_or_the_store(
    framed: Callable[..., Any], page: Any, sandbox: Sandbox, lane: str
) -> None:
    frame = framed()
    follow(frame, f"Pay bill {INVOICE}")
    for number, code in (("4242 4242 4242 4242", "678"), (AMEX, "6789")):
        fill_card(frame, number)
        frame.get_by_label("Security code").fill(code)
        press(frame, "Pay")
    heading(frame, "Thank you for your payment")
    kept = json.dumps(sandbox.lanes.export(lane), ensure_ascii=False)
    assert "POST /portal/pay" in kept
    assert "CVV=•••" in kept
    assert page.frame(name="ic").url.split("(S(")[1].split("))")[0] not in kept
    for number in ("4242 4242 4242 4242", AMEX):
        for written in (number, number.replace(" ", ""), number.replace(" ", "+"), number.replace(" ", "%20")):
            assert written not in kept
