"""Bills, paying them, and receipts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from urllib.parse import urldefrag

import pytest

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
    bill_file,
    freeze,
    group,
)
from tests.simulators.ic_webservices.pages.visit import BANK, CARD, Shown, Visit, add_bill


def pay_page(visit: Visit, number: str = INVOICE) -> Shown:
    return visit.page(visit.connect(), f"pay/{number}")


def test_opening_a_bill_asks_the_partner_and_shows_the_new_balance(visit: Visit, harness: Harness) -> None:
    harness.balance = lambda *_: {"balance_due": "99.10", "total_amount_due": "150.00"}
    bill = visit.click(visit.connect(), f"Bill {INVOICE}")
    assert harness.asked == [("default", UTILITY, ACCOUNT, INVOICE)]
    assert "$99.10" in bill.words
    assert "$150.00" in bill.words


def test_the_payer_sees_the_old_balance_and_no_error_where_the_partner_fails(visit: Visit, harness: Harness) -> None:
    def fails(*_: str) -> dict[str, str]:
        raise TimeoutError("the partner is away")

    harness.balance = fails
    bill = visit.click(visit.connect(), f"Bill {INVOICE}")
    assert bill.status == 200
    assert "$125.50" in bill.words
    assert "away" not in bill.markup
    assert "away" in harness.invoice()["asked_problem"]


def test_a_bill_shows_whose_it_is_the_displayed_fields_the_meters_and_the_message(
    visit: Visit, harness: Harness
) -> None:
    own = {
        "Address1": "12 Mill Lane",
        "City": "Springfield",
        "Custom1": Decimal("61.50"),
        "Custom4": Decimal("7.77"),
        "Custom80": "AutoPay collects this bill.",
        "CustomField10": (date(2026, 5, 1),) * 5,
        "CustomField11": tuple(Decimal(number) for number in (100, 200, 300, 400, 500)),
        "CustomField20": (date(2026, 5, 31),) * 5,
        "CustomField21": tuple(Decimal(number) for number in (171, 200, 300, 400, 500)),
        "CustomField30": ("M1", "M2", "M3", "M4", "M5"),
        "CustomField80": ("M6", "", "", "", ""),
    }
    later = date.fromisoformat(harness.invoice()["invoice_date"]) + timedelta(days=1)
    harness.upload(bill_file([group("500777", ACCOUNT, on=later, **own)]))
    words = visit.page(visit.connect(), "bill/500777").words
    assert f"Customer {ACCOUNT} 12 Mill Lane Springfield" in words
    assert "Amount Due After Due Date $61.50" in words
    assert "AutoPay collects this bill." in words
    assert "Meter M1 Previous reading 100, May 1, 2026 Reading 171, May 31, 2026 Usage 71" in words
    assert "Meter M6 Previous reading" in words
    assert "7.77" not in words, "payments are not marked as displayed"


def test_a_bill_draws_the_usage_of_each_meter_bill_by_bill(visit: Visit, harness: Harness) -> None:
    first = date.fromisoformat(harness.invoice()["invoice_date"]) + timedelta(days=1)
    readings = (100, 171, 171, 160, 260)  # the third bill's is none, the fourth's a meter that was changed out
    for place, (before, now) in enumerate(pairwise(readings)):
        own = {
            "CustomField11": (Decimal(before), *(Decimal(1),) * 4),
            "CustomField20": (date(2026, 5 + place, 28),) * 5,
            "CustomField21": (Decimal(now), *(Decimal(1),) * 4),
            "CustomField30": ("M1", "M2", "M3", "M4", "M5"),
        }
        harness.upload(bill_file([group(f"50077{place}", ACCOUNT, on=first + timedelta(days=30 * place), **own)]))
    page = visit.connect()
    svgs = visit.page(page, "bill/500773").tree.xpath("//svg[@role='img']")
    assert svgs[0].get("aria-label") == "May 28, 2026: 71; June 28, 2026: 0; August 28, 2026: 100"
    assert [rect.get("height") for rect in svgs[0].xpath(".//rect")] == ["71", "1", "100"]
    assert svgs[1].get("aria-label").count(": 0") == 4
    earlier = visit.page(page, "bill/500771").tree.xpath("//svg[@role='img']")
    assert earlier[0].get("aria-label") == "May 28, 2026: 71; June 28, 2026: 0", "what came later is not in it"
    assert visit.page(page, "bill/500770").tree.xpath("//svg") == [], "one bill has no history"
    assert visit.page(page, f"bill/{INVOICE}").tree.xpath("//svg") == []


@pytest.mark.parametrize("expiry", ["0949", "09-49", "09 49", "09/2049", "092049", "9/49", " 09 / 49 "])
def test_an_expiry_date_is_read_as_payers_type_it(visit: Visit, expiry: str) -> None:
    receipt = visit.submit(pay_page(visit), "Pay", **CARD | {"CardExpiry": expiry})
    assert receipt.heading == "Thank you for your payment"


@pytest.mark.parametrize("expiry", ["949", "1349", "13/49", "0049", "09/1949", "09.49", "09//49", "٠٩/٤٩"])
def test_what_is_no_month_and_year_is_not_guessed(visit: Visit, expiry: str) -> None:
    page = visit.submit(pay_page(visit), "Pay", **CARD | {"CardExpiry": expiry})
    assert page.errors == {"CardExpiry": "Enter month and year, such as 09/29."}


def test_listing_bills_asks_nobody(visit: Visit, harness: Harness) -> None:
    pay_page(visit)
    assert harness.asked == []


def test_a_new_card_pays_a_bill_and_the_receipt_says_so(visit: Visit, harness: Harness) -> None:
    freeze(harness)
    receipt = visit.submit(pay_page(visit), "Pay", **CARD)
    assert (receipt.status, receipt.heading) == (200, "Thank you for your payment")
    for said in ("$125.50", "Visa ending in 1111", "Ada Willow", "June 16, 2026, 10:00 AM EDT", "IC0000000001"):
        assert said in receipt.words
    assert harness.invoice()["balance_due"] == "0.00"
    (event,) = harness.raised
    assert event["payment"]["amount"] == "125.50"
    assert event["payment"]["payer_name"] == "Ada Willow"
    assert harness.get("payments")["payments"][0]["payment_guid"] in receipt.url
    (entry,) = harness.get("events")["events"]
    assert entry["cause"].startswith("r-")


def test_a_bank_account_pays_part_of_a_bill(visit: Visit, harness: Harness) -> None:
    receipt = visit.submit(pay_page(visit), "Pay", **BANK, Amount="$25.50")
    assert "Bank account ending in 6789" in receipt.words
    assert harness.invoice()["balance_due"] == "100.00"
    assert harness.raised[0]["payment"]["tender"] == "ach"


def test_a_paid_method_can_be_saved_and_pays_the_next_bill(visit: Visit, harness: Harness) -> None:
    page = pay_page(visit)
    visit.submit(page, "Pay", **CARD, Amount="5.00", SaveMethod="1")
    (method,) = harness.sim.world.services.wallet.methods(harness.lane, UTILITY, "willows@example.com")
    assert (method.name, method.preferred, method.expires_on) == ("Visa ending in 1111", True, date(2049, 9, 30))
    again = visit.page(page, f"pay/{INVOICE}")
    assert again.fields("Pay")["Method"] == method.method_id  # chosen to begin with
    receipt = visit.submit(again, "Pay")
    assert receipt.heading == "Thank you for your payment"
    assert harness.invoice()["balance_due"] == "0.00"
    assert harness.get("payments")["payments"][1]["last_four"] == "1111"


def test_a_card_that_was_declined_is_not_saved_and_changes_nothing(visit: Visit, harness: Harness) -> None:
    receipt = visit.submit(pay_page(visit), "Pay", **CARD | {"CardNumber": DECLINED}, SaveMethod="1")
    assert receipt.heading == "The payment was not made"
    assert "Declined by the issuer" in receipt.words
    assert harness.sim.world.services.wallet.methods(harness.lane, UTILITY, "willows@example.com") == []
    assert harness.invoice()["balance_due"] == "125.50"
    assert harness.raised == []
    again = visit.click(receipt, "Try again")
    assert visit.submit(again, "Pay", **CARD).heading == "Thank you for your payment"


def test_a_processor_error_is_told_as_one(visit: Visit) -> None:
    receipt = visit.submit(pay_page(visit), "Pay", **CARD | {"CardNumber": FAILS})
    assert "The processor answered with an error. Nothing was charged" in receipt.words


def test_an_amex_card_takes_four_digits_of_security_code(visit: Visit) -> None:
    page = visit.submit(pay_page(visit), "Pay", **CARD | {"CardNumber": AMEX})
    assert page.errors == {"CVV": "Enter the 4 digits of the security code."}
    assert "Amex ending in 0005" in visit.submit(page, "Pay", CardNumber=AMEX, CVV="1234").words


def test_a_returned_payment_shows_as_returned(visit: Visit, harness: Harness) -> None:
    freeze(harness)
    receipt = visit.submit(pay_page(visit), "Pay", **BANK | {"BankAccountNumber": RETURNS})
    assert receipt.heading == "Thank you for your payment"
    advance(harness, timedelta(days=7))
    assert visit.page(visit.connect(), receipt.url.split("))/")[1]).heading == "Payment returned"


def test_the_service_fee_is_shown_and_taken(visit: Visit, harness: Harness) -> None:
    fees = {"Portal": {"ServiceFee": {"Card": "2.95", "BankAccount": "0.50"}}}
    harness.control("PATCH", f"billers/{UTILITY}", {"configuration": fees})
    page = pay_page(visit)
    assert "By card $2.95" in page.words
    assert "By bank account $0.50" in page.words
    receipt = visit.submit(page, "Pay", **CARD, Amount="10.00")
    assert "Service fee $2.95 Total $12.95" in receipt.words
    assert harness.raised[0]["payment"]["service_fee"] == "2.95"
    assert harness.invoice()["balance_due"] == "115.50"


def test_nobody_pays_a_fee_that_the_page_did_not_show(visit: Visit, harness: Harness) -> None:
    page = pay_page(visit)
    harness.control("PATCH", f"billers/{UTILITY}", {"configuration": {"Portal": {"ServiceFee": {"Card": "9.00"}}}})
    again = visit.submit(page, "Pay", **CARD)
    assert again.status == 400
    assert again.errors == {"": "The service fee has changed. Look at it once more before you pay."}
    assert harness.raised == []
    assert "$9.00" in again.words
    assert visit.submit(again, "Pay", **CARD).heading == "Thank you for your payment"


def test_a_fee_that_is_no_amount_is_told_and_nobody_is_charged(visit: Visit, harness: Harness) -> None:
    for given in ("lots", 2.95, "-1.00"):
        fees = {"Portal": {"ServiceFee": {"Card": given}}}
        assert harness.control("PATCH", f"billers/{UTILITY}", {"configuration": fees}).status == 400
        # As an imported lane may hold it, which nobody has checked.
        harness.sim.world.services.ledger.save_biller(harness.lane, UTILITY, {"configuration": fees})
        page = pay_page(visit)
        assert page.status == 400
        assert "configuration.Portal.ServiceFee.Card" in page.words


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("125.51", "Bill 500001: you can pay at most $125.50."),
        ("99999999999999999999", "Enter an amount above zero, such as 125.50."),
        ("-5.00", "Enter an amount above zero, such as 125.50."),
        ("0", "Enter an amount above zero, such as 125.50."),
        ("1.234", "Enter an amount above zero, such as 125.50."),
        ("1e2", "Enter an amount above zero, such as 125.50."),
        ("NaN", "Enter an amount above zero, such as 125.50."),
        ("", "Enter an amount above zero, such as 125.50."),
        ("40,00", "Enter an amount with a point before the cents, such as 125.50."),
        ("1.250,5", "Enter an amount with a point before the cents, such as 125.50."),
        ("١٢", "Enter an amount above zero, such as 125.50."),
    ],
)
def test_an_amount_is_checked_on_the_server(visit: Visit, harness: Harness, amount: str, said: str) -> None:
    page = visit.submit(pay_page(visit), "Pay", **CARD, Amount=amount)
    assert page.status == 400
    assert page.errors == {"Amount": said}
    assert harness.invoice()["balance_due"] == "125.50"
    assert harness.get("payments")["payments"] == []


def test_the_rules_of_the_invoice_hold(visit: Visit, harness: Harness) -> None:
    add_bill(harness, "600", "80.00", allow_partial_payments=False)
    add_bill(harness, "601", "80.00", minimum_amount_due_cents=2000)
    whole, part = pay_page(visit, "600"), pay_page(visit, "601")
    assert whole.tree.xpath("//input[@id='Amount']/@readonly") == ["readonly"]
    assert "At least $20.00, at most $80.00" in part.words
    page = visit.submit(whole, "Pay $80.00", **CARD, Amount="79.99")
    assert page.errors == {"Amount": "Bill 600 can only be paid as a whole: $80.00."}
    page = visit.submit(part, "Pay", **CARD, Amount="19.99")
    assert page.errors == {"Amount": "Bill 601: you can pay $20.00 or more."}
    assert visit.submit(part, "Pay", **CARD, Amount="20.00").heading == "Thank you for your payment"
    assert harness.invoice("601")["balance_due"] == "60.00"


def test_a_balance_that_changed_meanwhile_is_checked_again(visit: Visit, harness: Harness) -> None:
    page = pay_page(visit)
    harness.pay(amount="100.00")
    again = visit.submit(page, "Pay", **CARD)
    assert again.errors == {"Amount": "Bill 500001: you can pay at most $25.50."}


def test_a_form_of_a_bill_that_was_paid_in_another_tab_leads_to_the_bill(visit: Visit, harness: Harness) -> None:
    page = pay_page(visit)
    harness.pay(amount="125.50")
    for typed in (CARD, CARD | {"Amount": "lots"}, CARD | {"When": "later", "Day": "2099-01-01"}):
        after = visit.submit(page, "Pay", **typed)
        assert after.heading == "Bill 500001"
        assert "Nothing was paid with that form" in after.words
    assert len(harness.get("payments")["payments"]) == 1


def test_what_was_done_has_the_focus(visit: Visit, harness: Harness) -> None:
    receipt = visit.submit(pay_page(visit), "Pay", **CARD, Amount="10.00", SaveMethod="1")
    assert [one.text_content() for one in receipt.tree.xpath("//*[@autofocus]")] == ["The payment method was added."]
    receipt = visit.submit(pay_page(visit), "Pay", **BANK, Amount="10.00")
    (focused,) = receipt.tree.xpath("//*[@autofocus]")
    assert focused.text_content().startswith("$10.00 was paid on ")
    assert receipt.url.endswith(f"#{focused.get('id')}"), "for an iFrame, in which nothing has the focus by itself"
    page = pay_page(visit)
    (day,) = page.tree.xpath("//input[@id='Day']/@min")
    scheduled = visit.submit(page, "Pay", **BANK, Amount="10.00", When="later", Day=day)
    (focused,) = scheduled.tree.xpath("//*[@autofocus]")
    assert (focused.text_content(), focused.get("tabindex")) == ("Your payment is scheduled.", "-1")


def test_the_same_form_twice_pays_once_and_shows_the_one_receipt(visit: Visit, harness: Harness) -> None:
    page = pay_page(visit)
    first = visit.submit(page, "Pay", **CARD, Amount="10.00")
    second = visit.submit(page, "Pay", **CARD, Amount="10.00")
    assert second.url.split("?")[0] == urldefrag(first.url).url
    assert "nothing was paid again" in second.words
    assert harness.invoice()["balance_due"] == "115.50"
    assert len(harness.raised) == 1


def test_going_back_and_changing_the_amount_pays_nothing_more(visit: Visit, harness: Harness) -> None:
    page = pay_page(visit)
    visit.submit(page, "Pay", **CARD, Amount="10.00")
    second = visit.submit(page, "Pay", **BANK, Amount="99.00", When="later", Day="2099-01-01")
    assert "nothing was paid again" in second.words
    assert harness.invoice()["balance_due"] == "115.50"
    assert len(harness.raised) == 1


def test_the_form_keeps_what_was_typed_but_never_a_number(visit: Visit) -> None:
    page = visit.submit(pay_page(visit), "Pay", **CARD | {"CardExpiry": "01/20", "CVV": "987"}, Amount="12.34")
    assert page.errors == {"CardExpiry": "This card has expired."}
    fields = page.fields("Pay")
    assert (fields["Amount"], fields["CardHolder"], fields["CardExpiry"]) == ("12.34", "Ada Willow", "01/20")
    assert (fields["CardNumber"], fields["CVV"]) == ("", "")
    assert "4111111111111111" not in page.text
    assert "987" not in page.markup


@pytest.mark.parametrize(("field", "reason"), [("Method", "Choose how to pay."), ("When", "Choose when to pay.")])
def test_nothing_is_paid_before_it_is_said_how_and_when(
    visit: Visit, harness: Harness, field: str, reason: str
) -> None:
    page = pay_page(visit)
    fields = page.fields("Pay") | CARD
    without = {name: value for name, value in fields.items() if name != field}
    for sent in (without, fields | {field: ""}):
        assert visit.post(page.form("Pay").get("action"), sent).errors == {field: reason}
    assert harness.raised == []


def test_a_blocked_kind_is_not_offered_nor_taken(visit: Visit, harness: Harness) -> None:
    page = pay_page(visit)
    ledger = harness.sim.world.services.ledger
    ledger.update_customer(
        harness.lane, UTILITY, harness.settings.utility_web_service_key, ACCOUNT, {"block_payments_cc": True}
    )
    again = visit.submit(page, "Pay", **CARD)
    assert again.errors == {"Method": f"Account {ACCOUNT}: card payments are blocked."}
    assert not again.tree.xpath("//input[@name='CardNumber']")


def test_paid_and_closed_bills_offer_no_payment(visit: Visit, harness: Harness) -> None:
    harness.pay(amount="125.50")
    page = visit.connect()
    assert "Paid" in page.words
    assert f"Pay bill {INVOICE}" not in page.links()
    assert visit.page(page, f"pay/{INVOICE}").heading == f"Bill {INVOICE}"


def test_the_open_listing_has_only_what_is_due_and_with_setting_129_the_latest_too(
    visit: Visit, harness: Harness
) -> None:
    add_bill(harness, "700", "0.00", invoice_date=date(2099, 12, 31))
    harness.control("PATCH", f"billers/{UTILITY}", {"settings": {"129": "0"}})
    page = visit.connect("8")
    assert INVOICE in page.words
    assert "700" not in page.words
    assert "700" in visit.connect("1").words
    harness.control("PATCH", f"billers/{UTILITY}", {"settings": {"129": "1"}})
    page = visit.connect("8")
    assert INVOICE in page.words
    assert "Bill 700" in page.words


def test_an_invoice_number_with_slashes_has_its_page(visit: Visit, harness: Harness) -> None:
    add_bill(harness, "454-06/16/2026", "5.00")
    page = visit.click(visit.connect(), "Bill 454-06/16/2026")
    assert page.heading == "Bill 454-06/16/2026"
    assert visit.submit(visit.click(page, "Pay this bill"), "Pay", **CARD).heading == "Thank you for your payment"
