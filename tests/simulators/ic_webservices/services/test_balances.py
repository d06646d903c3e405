"""Balance answers and bill files beside payments: nobody is asked for money that was taken, nor above the answer."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.contracts.files import InvoiceGroup, load_layout, write_bif
from partnerlab.simulators.ic_webservices import Settings
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    INVOICE,
    RETURNS,
    USER,
    UTILITY,
    VISA,
    Harness,
    advance,
    bill_file,
    freeze,
    group,
)
from tests.simulators.ic_webservices.pages.visit import add_bill

INSURANCE = "44444444-4444-4444-8444-444444444444"
POLICY = {"account_number": "454100010", "biller_guid": INSURANCE}
POLICY_INVOICE = "454100010-06/16/2020"


def asked(harness: Harness, account: str = ACCOUNT) -> dict[str, Decimal]:
    """What the account's open invoices ask, by number."""
    found = harness.get("invoices", account_number=account)["invoices"]
    return {one["invoice_number"]: Decimal(one["balance_due"]) for one in found if one["status"] == "open"}


def open_bill(harness: Harness, number: str = INVOICE, **query: str) -> dict[str, Any]:
    answer = harness.control("POST", f"invoices/{number}/open", query)
    assert answer.status == 200, answer
    opened: dict[str, Any] = answer.json
    return opened


def answers(harness: Harness, due: str, total: str | None = None) -> None:
    harness.balance = lambda *_: {"balance_due": due, "total_amount_due": total}


def start(harness: Harness) -> None:
    """Tuesday 2026-06-16, the clock standing still, the seeded bill due on 6 July."""
    freeze(harness)
    add_bill(harness, INVOICE, "125.50", invoice_date=date(2026, 6, 6), invoice_due_date=date(2026, 7, 6))


def policy_file(minimum: str, total: str = "340.00") -> bytes:
    layout, stream = load_layout("tccs"), io.BytesIO()
    header = layout.record("FH").make(BillerGuid=INSURANCE, FileCreationDate=date(2026, 6, 16))
    invoice = layout.record("IH").make(
        InvoiceFormatGuid=Settings().invoice_format_guid,
        InvoiceNumber=POLICY_INVOICE,
        InvoiceDate=date(2026, 6, 1),
        InvoiceDueDate=date(2026, 7, 1),
        TotalAmountDue=Decimal(total),
        MinimumAmountDue=Decimal(minimum),
        InvoiceTypeID=1,
    )
    customer = layout.record("CR").make(AccountNumber=POLICY["account_number"], CustomerName="Harbor Street Bakery")
    detail = layout.record("ID").make(Description="Premium")
    write_bif(stream, layout, header, [InvoiceGroup(invoice, customer, (detail,))])
    return stream.getvalue()


def enrol(harness: Harness, number: str = VISA, *, account: str = ACCOUNT) -> str:
    services = harness.sim.world.services
    method = services.wallet.add(harness.lane, UTILITY, USER, NewMethod("card", number, "Ada", date(2030, 1, 31)))
    services.schedules.enrol(harness.lane, UTILITY, USER, account, method.method_id, cause="test")
    return method.method_id


# --- the answer is the account's ---


def test_an_accounts_balance_is_asked_once_over_its_open_invoices(both: Harness) -> None:
    add_bill(both, "500002", "130.45", invoice_date=date(2030, 1, 1), balance_forward=False)
    answers(both, "130.45")
    open_bill(both, "500002")
    assert asked(both) == {INVOICE: Decimal("125.50"), "500002": Decimal("4.95")}
    open_bill(both, INVOICE)
    assert sum(asked(both).values()) == Decimal("130.45"), "opening the other one changes nothing"
    assert {number for *_, number in both.asked} == {"500002"}, "the partner is asked about the latest open one"


def test_with_balance_forward_the_older_invoices_close_into_the_latest(harness: Harness) -> None:
    add_bill(harness, "500002", "30.00", invoice_date=date(2030, 1, 1))
    add_bill(harness, "500003", "7.00", invoice_date=date(2020, 1, 1), invoice_type_id="9")
    answers(harness, "130.45")
    open_bill(harness, INVOICE)
    assert asked(harness) == {"500002": Decimal("123.45"), "500003": Decimal("7.00")}
    assert harness.invoice(INVOICE)["status"] == "closed"


@pytest.mark.parametrize("due", ["40.00", "0.00", "-3.00"])
def test_an_answer_below_what_the_others_ask_lowers_the_oldest_first(harness: Harness, due: str) -> None:
    add_bill(harness, "500000", "30.00", invoice_date=date(2020, 1, 1), balance_forward=False)
    add_bill(harness, "500002", "35.00", invoice_date=date(2020, 2, 1), balance_forward=False)
    add_bill(harness, "500003", "10.00", invoice_date=date(2030, 1, 1), balance_forward=False)
    answers(harness, due)
    open_bill(harness, "500003")
    assert sum(asked(harness).values()) == max(Decimal(due), 0)
    assert harness.invoice("500000")["balance_due"] == "0.00", "the oldest is lowered first"
    assert harness.invoice("500003")["balance_due"] == ("-3.00" if due == "-3.00" else "0.00")


@pytest.mark.parametrize("balance_forward", [True, False])
def test_a_credit_on_a_paid_bill_is_in_a_later_answer(harness: Harness, balance_forward: bool) -> None:
    answers(harness, "-5.00")
    assert open_bill(harness)["invoice"]["balance_due"] == "-5.00"
    add_bill(harness, "500002", "242.13", invoice_date=date(2030, 1, 1), balance_forward=balance_forward)
    answers(harness, "237.13")
    open_bill(harness, "500002")
    assert asked(harness) == {"500002": Decimal("237.13")}
    assert harness.invoice()["status"] == "closed", "it is nobody's credit a second time"


def test_a_later_bill_carries_a_credit_forward_too(harness: Harness) -> None:
    answers(harness, "-5.00")
    open_bill(harness)
    harness.upload(bill_file([group("500002", ACCOUNT, "237.13", on=date(2030, 1, 1))]))
    assert (harness.invoice()["status"], asked(harness)) == ("closed", {"500002": Decimal("237.13")})


def test_the_total_of_an_answer_is_the_accounts_too(harness: Harness) -> None:
    add_bill(harness, "500002", "30.00", invoice_date=date(2030, 1, 1), balance_forward=False)
    answers(harness, "150.00", "190.00")
    open_bill(harness, "500002")
    latest = harness.invoice("500002")
    assert (latest["balance_due"], latest["total_amount_due"]) == ("24.50", "64.50")


def test_tccs_answers_for_the_invoice(harness: Harness) -> None:
    answers(harness, "100.00", "300.00")
    open_bill(harness, POLICY_INVOICE, biller_guid=INSURANCE)
    policy = harness.get(f"invoices/{POLICY_INVOICE}", biller_guid=INSURANCE)
    assert (policy["balance_due"], policy["total_amount_due"]) == ("100.00", "300.00")


@pytest.mark.parametrize(
    ("files", "is_asked"), [("1 2", []), ("12", []), ("21", []), ("2 1", ["700002"])], ids=lambda value: str(value)
)
def test_of_two_bills_of_a_day_the_one_with_the_higher_number_carries_the_other(
    shared: Harness, files: str, is_asked: list[str]
) -> None:
    """With both open AutoPay would collect nearly twice. One that comes behind the other may not be in it."""
    freeze(shared)
    shared.sim.world.runner.wake = lambda: None  # type: ignore[method-assign]
    due = {"1": "50.00", "2": "80.00"}
    for file in files.split():
        shared.upload(bill_file([group(f"70000{number}", "20000009", due[number]) for number in file]))
    found = {
        one["invoice_number"]: one["status"] for one in shared.get("invoices", account_number="20000009")["invoices"]
    }
    assert found == {"700001": "closed", "700002": "open"}
    assert [one["invoice_number"] for one in shared.get("balance-questions")["questions"]] == is_asked


# --- a bill file beside what was taken ---


def test_the_same_file_again_reopens_nothing(both: Harness) -> None:
    bills = bill_file([group("700001", "20000001"), group("700002", "20000002", "8.00")])
    both.upload(bills)
    both.pay(account_number="20000001", invoice_number="700001", amount="50.00")
    before = [both.invoice(number) for number in ("700001", "700002")]
    told = both.upload(bills)
    assert (told["Success"], told["InvoicesAccepted"]) == ("true", "2")
    assert [both.invoice(number) for number in ("700001", "700002")] == before
    assert before[0]["status"] == "paid"


def test_the_same_file_in_a_copy_of_the_lane_reopens_nothing(harness: Harness) -> None:
    bills = bill_file([group("700001", "20000001")])
    harness.upload(bills)
    harness.pay(account_number="20000001", invoice_number="700001", amount="50.00")
    before = harness.invoice("700001")
    for copy in ("copy", "copy-of-the-copy"):
        harness.lanes.fork(harness.lane_name, copy)
        harness.lane_name = copy
        harness.upload(bills)
        assert harness.invoice("700001") == before


@pytest.mark.parametrize(
    ("again", "left", "why"),
    [
        ("60.00", "40.00", "ten more, and the payment is not in it"),
        ("30.00", "30.00", "the payment is in it"),
        ("40.00", "30.00", "half of the payment is in it"),
        ("10.00", "10.00", "the payment is in it, and a credit"),
        ("0.00", "0.00", "all of it is paid elsewhere"),
        ("-5.00", "-5.00", "a credit"),
    ],
)
def test_a_changed_bill_is_the_partners_word_less_what_it_does_not_show(
    harness: Harness, again: str, left: str, why: str
) -> None:
    start(harness)
    harness.upload(bill_file([group("700001", "20000001")]))
    assert harness.pay(account_number="20000001", amount="20.00").status == 201
    harness.upload(bill_file([group("700001", "20000001", again)]))
    invoice = harness.invoice("700001")
    assert invoice["balance_due"] == left, why
    assert invoice["status"] == ("open" if Decimal(left) > 0 else "paid")
    advance(harness, timedelta(days=4))
    harness.upload(bill_file([group("700001", "20000001", again, InvoiceDueDate=date(2026, 8, 1))]))
    assert harness.invoice("700001")["balance_due"] == again, "nothing was taken lately, nor since the file before"


def test_a_payment_in_doubt_is_not_what_lowered_a_bill(harness: Harness) -> None:
    harness.upload(bill_file([group("700001", "20000001")]))
    harness.unsettled = {harness.pay(account_number="20000001", amount="20.00").json["payment_guid"]}
    harness.upload(bill_file([group("700001", "20000001", "30.00")]))
    assert harness.invoice("700001")["balance_due"] == "10.00"


def test_payments_of_another_bill_and_returned_ones_are_not_taken_off(harness: Harness) -> None:
    start(harness)
    harness.upload(bill_file([group("700001", "20000001")]))
    add_bill(harness, "700002", "50.00", account="20000001")
    pay = {"account_number": "20000001", "amount": "20.00"}
    assert harness.pay(**pay, invoice_number="700002").status == 201
    assert harness.pay(**pay, invoice_number="700001", tender="ach", bank_account=RETURNS).status == 201
    assert harness.pay(**pay, invoice_number="700001", card_number="4000000000000002").status == 201
    advance(harness, timedelta(days=10))
    harness.upload(bill_file([group("700001", "20000001", "55.00")]))
    assert harness.invoice("700001")["balance_due"] == "55.00"


def test_autopay_collects_a_corrected_bill_no_second_time(both: Harness) -> None:
    start(both)
    enrol(both)
    advance(both, timedelta(days=30))
    assert both.invoice()["status"] == "paid"
    both.upload(bill_file([group(INVOICE, ACCOUNT, "130.00", on=date(2026, 7, 1))]))
    assert both.invoice()["balance_due"] == "4.50"
    answers(both, "4.50")  # so that it waits for nobody
    advance(both, timedelta(days=60))
    assert len(both.get("payments")["payments"]) == 1


# --- the amounts a payer may pay ---


@pytest.mark.parametrize(("amount", "left"), [("120.00", "0.00"), ("200.00", "-80.00"), ("340.00", "-220.00")])
def test_a_policy_is_paid_at_the_minimum_in_between_and_whole(harness: Harness, amount: str, left: str) -> None:
    answers(harness, "120.00", "340.00")
    open_bill(harness, POLICY_INVOICE, biller_guid=INSURANCE)
    for wrong, code in (("119.99", "under_minimum"), ("340.01", "over_balance")):
        assert harness.pay(**POLICY, amount=wrong).json["error"]["code"] == code
    assert harness.pay(**POLICY, amount=amount).status == 201
    policy = harness.get(f"invoices/{POLICY_INVOICE}", biller_guid=INSURANCE)
    assert policy["balance_due"] == left
    assert Decimal(policy["total_amount_due"]) == Decimal("340.00") - Decimal(amount)


def test_a_policy_whose_billed_part_is_paid_can_be_paid_off(harness: Harness) -> None:
    harness.pay(**POLICY, invoice_number=POLICY_INVOICE, amount="120.00")
    assert harness.pay(**POLICY, invoice_number=POLICY_INVOICE, amount="0.01").status == 201
    assert harness.pay(**POLICY, invoice_number=POLICY_INVOICE, amount="219.99").status == 201
    refused = harness.pay(**POLICY, invoice_number=POLICY_INVOICE, amount="0.01")
    assert refused.json["error"]["code"] == "nothing_due"


def test_the_minimum_of_a_file_is_read_and_only_lowered_by_an_answer(harness: Harness) -> None:
    def minimum() -> str:
        policy = harness.get(f"invoices/{POLICY_INVOICE}", biller_guid=INSURANCE)
        return str(policy["minimum_amount_due"])

    keys = {"biller": INSURANCE, "key": harness.settings.insurance_web_service_key}
    assert harness.upload(policy_file("87.50"), **keys)["Success"] == "true"
    assert minimum() == "87.50"
    assert harness.pay(**POLICY, amount="87.49").json["error"]["code"] == "under_minimum"
    for due in ("10.00", "40.00"):
        answers(harness, due, "340.00")
        open_bill(harness, POLICY_INVOICE, biller_guid=INSURANCE)
        assert minimum() == "10.00", "an answer lowers it and never raises it"


def test_without_part_payments_what_is_due_or_everything_owed_is_paid(harness: Harness) -> None:
    add_bill(harness, "500002", "80.00", total_amount_due_cents=12000, allow_partial_payments=False)
    refused = harness.pay(invoice_number="500002", amount="100.00").json["error"]
    assert refused["message"] == "Invoice 500002: only the whole 80.00 due or the 120.00 owed can be paid."
    assert harness.pay(invoice_number="500002", amount="120.00").status == 201
    add_bill(harness, "500003", "80.00", total_amount_due_cents=12000, allow_partial_payments=False)
    assert harness.pay(invoice_number="500003", amount="80.00").status == 201


def test_a_bill_of_one_cent_is_paid(harness: Harness) -> None:
    add_bill(harness, "500002", "0.01")
    assert harness.pay(invoice_number="500002", amount="0.01").status == 201
    assert harness.invoice("500002")["status"] == "paid"


def test_of_two_bills_of_one_day_the_higher_number_is_asked_about(harness: Harness) -> None:
    """inHance is asked for the account's balance by its latest bill, and the oldest is lowered first [A-83]."""
    freeze(harness)
    for number in ("10000", "9999"):
        add_bill(harness, number, "50.00", account="20000009", invoice_date=date(2026, 6, 1), balance_forward=False)
    harness.balance = lambda *_: {"balance_due": "60.00"}
    harness.control("POST", "invoices/9999/open", {"biller_guid": UTILITY})
    assert [harness.invoice(number)["balance_due"] for number in ("9999", "10000")] == ["50.00", "10.00"]


def test_a_credit_of_an_earlier_day_than_the_last_bill_is_asked_for(harness: Harness) -> None:
    """Its file asks for nothing, as credits do."""
    freeze(harness)
    harness.sim.world.runner.wake = lambda: None  # type: ignore[method-assign]
    harness.upload(bill_file([group("700002", "20000009", "50.00", on=date(2026, 6, 10))]))
    harness.upload(bill_file([group("700001", "20000009", "0.00", on=date(2026, 6, 1))]))
    harness.balance = lambda *_: {"balance_due": "20.00"}
    advance(harness, timedelta(minutes=2))
    assert harness.invoice("700002")["balance_due"] == "20.00"
