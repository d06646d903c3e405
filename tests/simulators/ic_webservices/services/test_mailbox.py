"""The mailbox: what payers would have been sent of their bills and payments, by the lane's clock [A-114]."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from partnerlab.simulators.ic_webservices.domain.mailbox import MOST_KEPT, Message
from partnerlab.simulators.ic_webservices.services.mailbox import put_messages
from tests.simulators.ic_webservices.checkouts import Checkout, options, request
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    DECLINED,
    INVOICE,
    USER,
    WATERSMART,
    Harness,
    advance,
    begin,
    bill_file,
    freeze,
    group,
)
from tests.simulators.ic_webservices.pages.visit import CARD

DAY, BILLED, DUE = timedelta(days=1), date(2026, 12, 10), date(2026, 12, 30)
BEGINNING = "2026-12-16T14:00:00+00:00"
NUMBER, PHONE = "700001", "+14135550101"


def mail(harness: Harness, **query: str) -> list[Any]:
    found: list[Any] = harness.get("mailbox", **query)["messages"]
    return found


def new_bill(
    harness: Harness, first: int | None = -10, second: int | None = -5, third: int | None = -1, amount: str = "50.00"
) -> None:
    """A bill of the seeded account, due on December 30, and on which days before it payers are told."""
    begin(harness, BEGINNING)
    days = {"FirstNotifyRequestedDate": first, "SecondNotifyRequestedDate": second, "ThirdNotifyRequestedDate": third}
    answers = {name: day for name, day in days.items() if day is not None}
    guid = harness.sim.world.settings.utility_guid
    assert harness.control("PATCH", f"billers/{guid}", {"configuration": {"Questionnaire": answers}}).status == 200
    harness.upload(bill_file([group(NUMBER, ACCOUNT, amount, on=BILLED, InvoiceDueDate=DUE, EmailAddress=USER)]))


def told(done: list[str]) -> list[str]:
    return [line for line in done if line.startswith("payers were told")]


def test_payers_are_told_of_a_bill_at_8_on_each_of_its_days_until_it_is_paid(shared: Harness) -> None:
    harness = shared
    new_bill(harness)
    assert mail(harness) == [], "not before its day"
    advance(harness, timedelta(days=3, hours=22, minutes=59))  # 2026-12-20 at 07:59 in New York
    assert mail(harness) == []
    assert told(advance(harness, timedelta(minutes=1))) == ["payers were told of 1 bill: 1 message"]
    (first,) = mail(harness)
    assert first == first | {
        "number": 1,
        "sent_at": "2026-12-20T13:00:00.000000+00:00",
        "channel": "email",
        "kind": "bill_notice",
        "recipient": USER,
        "account_number": ACCOUNT,
        "invoice_number": NUMBER,
        "payment_guid": None,
    }
    assert first["subject"].endswith(f": your bill {NUMBER} is ready")
    assert "$50.00 is due on December 30, 2026" in first["body"]
    assert harness.invoice(NUMBER)["notified_on"] == "2026-12-20"
    assert len(told(advance(harness, 5 * DAY))) == 1
    assert mail(harness)[0]["subject"].endswith(f": bill {NUMBER} is not paid yet")
    harness.pay(invoice_number=NUMBER, amount="50.00")
    assert told(advance(harness, 30 * DAY)) == [], "nothing is due on December 29"
    assert [one["kind"] for one in mail(harness)] == ["receipt", "bill_notice", "bill_notice"]


def test_one_notice_stands_for_the_days_that_were_over_when_the_bill_came_and_none_comes_again(
    harness: Harness,
) -> None:
    new_bill(harness, -28, -15)
    assert len(told(advance(harness, timedelta(0)))) == 1
    assert mail(harness)[0]["subject"].endswith("is not paid yet"), "the second is the last that is over"
    new_bill(harness, -28, -15)
    assert told(advance(harness, timedelta(0))) == [], "the same bill again"
    new_bill(harness, -28, -13, amount="60.00")
    assert len(told(advance(harness, 5 * DAY))) == 1, "changed, it has a new second day"
    assert len(told(advance(harness, 30 * DAY))) == 1
    assert len(mail(harness)) == 3


def test_a_bill_without_dates_or_without_an_address_is_nobodys_mail(harness: Harness) -> None:
    new_bill(harness, None, None, None)
    assert told(advance(harness, 30 * DAY)) == []
    new_bill(harness, None, None, None)
    harness.upload(bill_file([group("700002", "30000001", InvoiceDueDate=DUE)]))
    assert told(advance(harness, 30 * DAY)) == [], "the questionnaire says nothing"
    new_bill(harness)
    harness.upload(bill_file([group("700003", "30000001", InvoiceDueDate=DUE)]))
    assert told(advance(harness, 5 * DAY)) == ["payers were told of 2 bills: 1 message"]
    assert [one["recipient"] for one in mail(harness)] == [USER], "the other customer has no address"


def test_a_number_of_pay_by_text_is_asked_first_and_then_told_of_bills_by_text(harness: Harness) -> None:
    begin(harness, BEGINNING)
    services, guid = harness.sim.world.services, harness.sim.world.settings.utility_guid
    services.pay_by_text.ask(harness.lane, guid, USER, PHONE)
    (asked,) = mail(harness, channel="text")
    assert (asked["kind"], asked["recipient"], asked["subject"]) == ("text_confirmation", PHONE, "")
    assert "reply Y" in asked["body"]
    new_bill(harness)
    advance(harness, 5 * DAY)
    assert [one["recipient"] for one in mail(harness, kind="bill_notice")] == [USER], "no answer yet"
    services.pay_by_text.confirm(harness.lane, guid, USER)
    harness.control("POST", f"customers/{ACCOUNT}/autopay", {"enrolled": True})
    advance(harness, 4 * DAY)
    text, email = mail(harness, kind="bill_notice", invoice_number=NUMBER)[:2]
    assert (text["channel"], text["recipient"], email["recipient"]) == ("text", PHONE, USER)
    assert "AutoPay pays it on December 30, 2026." in text["body"]


def test_an_approved_payment_has_a_receipt_and_a_declined_or_offline_one_has_none(harness: Harness) -> None:
    freeze(harness, "2026-06-17T02:30:00+00:00")  # still June 16 at the biller's
    guid = harness.pay(amount="1240.50", service_fee="2.50", invoice_number=INVOICE).json
    assert "error" in guid, "more than is due: nothing happened"
    paid = harness.pay(amount="125.50", service_fee="2.50", invoice_number=INVOICE).json
    harness.pay(amount="5.00", donation="standalone", card_number=DECLINED)
    harness.control("POST", "clerk/payments", {"account_number": ACCOUNT, "amount": "5.00"})
    (one,) = mail(harness)
    assert (one["kind"], one["payment_guid"], one["recipient"]) == ("receipt", paid["payment_guid"], USER)
    assert "payment of $125.50, and a service fee of $2.50 for bill 500001 of account 10000101" in one["body"]
    assert "on June 16, 2026" in one["body"]
    assert f"Paid by Visa ending in 1111. Payment reference {paid['reference']}." in one["body"]
    same = harness.pay(amount="125.50", invoice_number=INVOICE, payment_guid=paid["payment_guid"])
    assert (same.status, len(mail(harness))) == (200, 1), "the same payment again is the one that stands"


def test_the_receipt_of_a_payment_page_goes_to_the_address_typed_there(checkout: Checkout) -> None:
    page = checkout.page(request())
    checkout.pay(checkout.to_payment(page, EmailAddress="guest@example.com", PayerName="A Guest"), **CARD)
    assert [one["recipient"] for one in mail(checkout.harness)] == ["guest@example.com"]


def test_a_reminder_comes_the_day_before_the_bill_is_due_unless_it_is_paid(checkout: Checkout) -> None:
    harness = checkout.harness
    new_bill(harness, None, None, None)
    harness.upload(bill_file([group("700002", "30000001", InvoiceDueDate=date(2026, 6, 1))]))
    for account in (ACCOUNT, "30000001"):
        page = checkout.page(
            request(Customers=[{"AccountNumber": account}], PageResultOptions=options(AllowRemindMe=True))
        )
        assert (
            "is noted" in checkout.visit.submit(page, "Remind me", Do="remind:0", EmailAddress="me@example.com").words
        )
    assert {one["remind_at"][:16] for one in harness.get("reminders")["reminders"]} == {
        "2026-12-29T13:00",
        "2026-12-17T13:00",  # that one was due already: tomorrow
    }
    done = advance(harness, 5 * DAY)
    assert [line for line in done if "reminder" in line] == ["reminder of bill 700002: 1 message"]
    assert mail(harness, kind="reminder")[0]["recipient"] == "me@example.com"
    harness.pay(invoice_number=NUMBER, amount="50.00")
    done = advance(harness, 10 * DAY)
    assert [line for line in done if "reminder" in line] == [f"reminder of bill {NUMBER}: nothing is due any more"]
    assert {one["state"] for one in harness.get("reminders")["reminders"]} == {"reminded", "skipped"}


def test_the_mailbox_is_paged_shown_emptied_and_keeps_the_newest_1000_of_its_lane(harness: Harness) -> None:
    def put(many: int) -> None:
        lane = harness.lane
        with harness.store.write() as tx:
            put_messages(tx, lane, [Message(WATERSMART, "text", "receipt", PHONE, "", f"{n}") for n in range(many)])

    put(MOST_KEPT)
    put(3)
    newest = mail(harness, limit="2")
    assert [one["number"] for one in newest] == [1003, 1002]
    assert [one["number"] for one in mail(harness, limit="2", before="1002")] == [1001, 1000]
    assert mail(harness, limit="1000")[-1]["number"] == 4, "the oldest went"
    assert harness.get("mailbox/1003") == newest[0]
    assert harness.control("GET", "mailbox/3").status == 404
    assert mail(harness, biller_guid=harness.sim.world.settings.utility_guid) == []
    assert harness.control("DELETE", "mailbox").json == {"dropped": MOST_KEPT}
    assert mail(harness) == []
    put(1)
    assert mail(harness)[0]["number"] == 1004, "a number is nobody else's later"


def test_a_fork_has_the_mail_and_a_reset_lane_has_none(harness: Harness) -> None:
    harness.pay()
    harness.lanes.fork("default", "copy")
    harness.lanes.reset("default")
    assert mail(harness) == []
    harness.lane_name = "copy"
    assert [one["kind"] for one in mail(harness)] == ["receipt"]
