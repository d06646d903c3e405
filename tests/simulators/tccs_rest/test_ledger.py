"""The insurer's money: payments, deposits, returns, what falls due, and all of it under load."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from partnerlab.simulators.tccs_rest.domain.policies import is_late
from partnerlab.simulators.tccs_rest.seeds import SEEDS
from partnerlab.simulators.tccs_rest.services.policies import PolicyService
from tests.simulators.tccs_rest.insurer import BOUND, POLICY, QUOTE, Insurer

NEW = "700001-05/01/2028"
POSTED, AGAIN = (True, "Payment posted."), (True, "Payment had been posted already.")


def kinds(insurer: Insurer, number: str = POLICY) -> list[str]:
    return [event["kind"] for event in insurer.policy(number)["events"]]


def opens(insurer: Insurer, number: str = POLICY) -> list[str]:
    return [charge["open"] for charge in insurer.policy(number)["charges"]]


# Payments


def test_a_payment_lowers_both_balances_by_its_amount(insurer: Insurer) -> None:
    assert insurer.pay("20.01") == POSTED
    assert insurer.balances() == ("99.99", "319.99")
    assert opens(insurer) == ["99.99", "110.00", "110.00"]


def test_what_is_more_than_billed_lowers_the_next_instalment(insurer: Insurer) -> None:
    insurer.pay("150.00")
    assert insurer.balances() == ("0.00", "190.00")
    assert opens(insurer) == ["0.00", "80.00", "110.00"]


def test_what_is_more_than_everything_is_a_credit_of_both_balances(insurer: Insurer) -> None:
    insurer.pay("400.00")
    assert insurer.balances() == ("-60.00", "-60.00")
    assert opens(insurer) == ["0.00", "0.00", "0.00"]
    insurer.advance(timedelta(days=100))
    assert insurer.balances() == ("-60.00", "-60.00"), "a credit is not used up by an instalment that it covers"


def test_money_paid_ahead_covers_what_is_billed_next_before_what_comes_later(insurer: Insurer) -> None:
    insurer.pay("400.00")
    insurer.api("POST", "/instalments", body={"invoice_number": POLICY, "amount": "100.00"})
    assert insurer.balances() == ("0.00", "40.00")
    assert opens(insurer) == ["0.00", "0.00", "40.00", "0.00"]


def test_a_payment_is_kept_with_everything_that_was_sent_and_its_cause(insurer: Insurer) -> None:
    insurer.pay("25.50", type="CC", guid="e99fc166-9d990-4a99-bb16-99fe155ebf99")
    (payment,) = insurer.payments()
    event = insurer.policy()["events"][-1]
    assert event["kind"] == "payment_posted"
    assert (payment.pop("request_id"), payment.pop("posted_at")) == (event["request_id"], event["at"])
    assert payment == {
        "invoice_number": POLICY,
        "number": 1,
        "amount": "25.50",
        "type": "CC",
        "insured_name": None,
        "payment_guid": "e99fc166-9d990-4a99-bb16-99fe155ebf99",
        "returned_at": None,
    }


def test_the_same_guid_again_posts_once_and_is_answered_with_success(insurer: Insurer) -> None:
    assert insurer.pay("20.00", guid="a-1") == POSTED
    before = insurer.export()
    assert [insurer.pay("20.00", guid="a-1") for _ in range(3)] == [AGAIN] * 3
    assert insurer.export() == before
    assert insurer.balances() == ("100.00", "320.00")


def test_without_a_guid_every_call_posts(insurer: Insurer) -> None:
    assert [insurer.pay("20.00") for _ in range(2)] == [POSTED] * 2
    assert insurer.balances() == ("80.00", "300.00")
    assert [payment["number"] for payment in insurer.payments()] == [1, 2]


@pytest.mark.parametrize(
    ("again", "other"),
    [
        (lambda insurer: insurer.pay("20.01", guid="a-1"), "amount"),
        (lambda insurer: insurer.pay("20.00", guid="a-1", type="CC"), "payment type"),
        (lambda insurer: insurer.pay("20.00", "306-12/11/2019", guid="a-1"), "invoice number"),
        (lambda insurer: insurer.deposit("20.00", guid="a-1"), "invoice number"),
    ],
)
def test_a_guid_with_another_content_is_refused_and_changes_nothing(
    insurer: Insurer, again: Callable[[Insurer], tuple[bool, str]], other: str
) -> None:
    insurer.pay("20.00", guid="a-1")
    before = insurer.export()
    assert again(insurer) == (False, f"PaymentGUID a-1 has already been posted with another {other}.")
    assert insurer.export() == before


def test_a_guid_that_differs_in_case_is_another(insurer: Insurer) -> None:
    assert insurer.pay("20.00", guid="abc-1") == POSTED
    assert insurer.pay("20.00", guid="ABC-1") == POSTED


# Quotes


def test_a_part_of_the_deposit_leaves_the_quote_waiting(insurer: Insurer) -> None:
    assert insurer.deposit("100.00", name="Somebody Else") == (True, "Deposit posted.")
    assert insurer.balances(QUOTE) == ("50.00", "50.00")
    quote = insurer.quote()
    assert (quote["paid"], quote["bound_on"], quote["insured_name"]) == ("100.00", None, "Harbor Street Bakery")
    assert quote["payments"][0]["insured_name"] == "Somebody Else"
    assert quote["payments"][0]["type"] is None


def test_a_deposit_in_full_binds_the_quote_and_makes_the_policy(insurer: Insurer) -> None:
    insurer.deposit("100.00")
    assert insurer.call("ARState_Output", BOUND).status == 404
    insurer.deposit("50.00")
    today = insurer.today()
    quote, policy = insurer.quote(), insurer.policy(BOUND)
    assert (quote["bound_on"], quote["policy"]) == (today.isoformat(), BOUND)
    assert [event["kind"] for event in quote["events"]][-1] == "quote_bound"
    assert insurer.balances(QUOTE) == ("0.00", "0.00")
    assert insurer.balances(BOUND) == ("0.00", "450.00")
    assert (policy["insured_name"], policy["late_fee"], policy["paid"]) == ("Harbor Street Bakery", "10.00", "150.00")
    assert (policy["effective_on"], policy["expires_on"]) == ("2018-03-01", "2019-03-01")
    assert [(charge["amount"], charge["open"], charge["billed_on"]) for charge in policy["charges"]] == [
        ("150.00", "0.00", today.isoformat()),
        *(("150.00", "150.00", (today + timedelta(days=30 * month)).isoformat()) for month in (1, 2, 3)),
    ]


def test_what_is_more_than_the_deposit_lowers_the_first_instalment(insurer: Insurer) -> None:
    insurer.deposit("170.00")
    assert insurer.balances(BOUND) == ("0.00", "430.00")
    assert opens(insurer, BOUND) == ["0.00", "130.00", "150.00", "150.00"]


def test_a_deposit_on_a_bound_quote_is_a_payment_on_its_policy(insurer: Insurer) -> None:
    insurer.deposit("150.00", guid="a-1")
    assert insurer.deposit("150.00", guid="a-1") == (True, "Deposit had been posted already.")
    assert insurer.balances(BOUND) == ("0.00", "450.00")
    assert insurer.deposit("10.00", guid="a-2") == (True, "Deposit posted.")
    assert insurer.balances(BOUND) == ("0.00", "440.00")
    assert insurer.policy(BOUND)["events"][-1]["detail"]["quote"] == QUOTE
    assert insurer.balances(QUOTE) == ("0.00", "0.00")


def test_a_guid_with_another_insured_name_is_refused(insurer: Insurer) -> None:
    insurer.deposit("10.00", name="A Payer", guid="a-1")
    said = insurer.deposit("10.00", name="Another", guid="a-1")
    assert said == (False, "PaymentGUID a-1 has already been posted with another insured name.")


def test_a_deposit_that_comes_back_is_owed_again(insurer: Insurer) -> None:
    insurer.deposit("100.00")
    insurer.give_back("100.00", QUOTE)
    assert insurer.balances(QUOTE) == ("150.00", "150.00")
    insurer.deposit("150.00")
    insurer.give_back("150.00", QUOTE)
    assert insurer.quote()["bound_on"] is not None, "a bound quote stays bound"
    assert insurer.balances(BOUND) == ("150.00", "600.00")
    assert insurer.balances(QUOTE) == ("0.00", "0.00")


# Returns


@pytest.mark.parametrize("amount", ["20.00", "120.00", "200.00", "400.00"])
def test_a_return_is_the_exact_opposite_of_its_payment(insurer: Insurer, amount: str) -> None:
    balances, charges = insurer.balances(), opens(insurer)
    insurer.pay(amount)
    assert insurer.balances() != balances
    assert insurer.give_back(amount) == (True, "Payment returned.")
    assert (insurer.balances(), opens(insurer)) == (balances, charges)
    (payment,) = insurer.payments()
    assert payment["returned_at"] is not None


def test_a_return_is_recorded_with_its_payment_and_its_cause(insurer: Insurer) -> None:
    insurer.pay("20.00", guid="a-1")
    insurer.give_back("20.00")
    status, found = insurer.api("GET", "/returns")
    event = insurer.policy()["events"][-1]
    assert (status, event["kind"]) == (200, "payment_returned")
    assert found["returns"] == [
        {
            "invoice_number": POLICY,
            "payment": 1,
            "payment_guid": "a-1",
            "amount": "20.00",
            "reported_on": insurer.today().isoformat(),
            "request_id": event["request_id"],
            "returned_at": event["at"],
        }
    ]


def test_a_return_reported_twice_counts_once_and_the_second_is_refused(insurer: Insurer) -> None:
    insurer.pay("20.00")
    day = insurer.today()
    assert insurer.give_back("20.00")[0]
    before = insurer.export()
    assert insurer.give_back("20.00") == (
        False,
        f"The payment of 20.00 on {day:%m/%d/%Y} of invoice {POLICY} has already been returned.",
    )
    assert insurer.export() == before


def test_each_of_two_equal_payments_can_come_back(insurer: Insurer) -> None:
    insurer.pay("20.00")
    insurer.pay("20.00")
    assert [insurer.give_back("20.00")[0] for _ in range(3)] == [True, True, False]
    assert insurer.balances() == ("120.00", "340.00")


@pytest.mark.parametrize(("days", "found"), [(-28, False), (-27, True), (-1, True), (0, True), (1, True), (2, False)])
def test_a_return_finds_a_payment_posted_from_a_day_before_to_27_days_after(
    insurer: Insurer, days: int, found: bool
) -> None:
    insurer.pay("20.00")
    success, message = insurer.give_back("20.00", on=insurer.today() + timedelta(days=days))
    assert success is found
    assert found or "has no payment of 20.00" in message


def test_a_payment_that_a_person_replayed_a_week_later_can_come_back(insurer: Insurer) -> None:
    """Invoice Cloud names the day on which it was paid; TCCS has it from the day on which it arrived."""
    paid_on = insurer.today()
    insurer.advance(timedelta(days=8))
    insurer.pay("20.00", guid="late")
    assert insurer.give_back("20.00", on=paid_on) == (True, "Payment returned.")
    assert insurer.balances() == ("120.00", "340.00")


def test_a_repeated_report_does_not_take_back_what_was_paid_since(insurer: Insurer) -> None:
    paid_on = insurer.today()
    insurer.pay("20.00", guid="bounced")
    insurer.advance(timedelta(days=3))
    assert insurer.give_back("20.00", on=paid_on)[0]
    insurer.pay("20.00", guid="in-its-place")
    before = insurer.export()
    success, message = insurer.give_back("20.00", on=paid_on)
    assert (success, message.endswith("has already been returned.")) == (False, True)
    assert insurer.export() == before


@pytest.mark.parametrize(
    ("amount", "number", "type"),
    [("20.01", POLICY, "ACH"), ("20.00", "306-12/11/2019", "ACH"), ("20.00", POLICY, "CC")],
)
def test_a_return_that_fits_no_payment_is_refused_and_changes_nothing(
    insurer: Insurer, amount: str, number: str, type: str
) -> None:
    """Neither another amount nor another invoice; and no card has insufficient funds."""
    insurer.pay("20.00", type=type)
    before = insurer.export()
    success, message = insurer.give_back(amount, number)
    assert (success, message.startswith(f"Invoice {number} has no payment of {amount}")) == (False, True)
    assert insurer.export() == before


def test_of_two_payments_the_one_nearest_to_the_day_comes_back(insurer: Insurer) -> None:
    insurer.pay("20.00")
    insurer.advance(timedelta(days=1))
    insurer.pay("20.00")
    insurer.give_back("20.00")
    assert [payment["returned_at"] is not None for payment in insurer.payments()] == [False, True]


def test_a_guid_whose_payment_came_back_posts_nothing_again(insurer: Insurer) -> None:
    insurer.pay("20.00", guid="a-1")
    insurer.give_back("20.00")
    assert insurer.pay("20.00", guid="a-1") == AGAIN
    assert insurer.balances() == ("120.00", "340.00")


# What falls due


def test_an_instalment_is_billed_on_its_day_and_outstanding_stays_the_same(insurer: Insurer) -> None:
    happened = insurer.advance(timedelta(days=20))
    assert insurer.balances() == ("230.00", "340.00")
    assert f"110.00 is billed on {POLICY}: Record bal 230.00" in happened
    assert kinds(insurer)[-1] == "instalment_billed"
    assert insurer.advance(timedelta(0)) == []


def test_the_balance_goes_by_the_lanes_clock_even_where_nothing_was_run(insurer: Insurer) -> None:
    insurer.lanes.set_clock("default", offset=timedelta(days=20), frozen_at=None)
    assert insurer.balances() == ("230.00", "340.00")


def test_a_late_fee_is_charged_once_on_the_day_after_the_due_date(insurer: Insurer) -> None:
    insurer.open(NEW, "50.00", late_fee="15.00")
    insurer.advance(timedelta(days=20))
    assert insurer.balances(NEW) == ("50.00", "50.00"), "the due date itself is in time"
    happened = insurer.advance(timedelta(days=1))
    assert f"a late fee of 15.00 is charged on {NEW}: Record bal 65.00" in happened
    assert insurer.balances(NEW) == ("65.00", "65.00")
    insurer.advance(timedelta(days=365))
    assert insurer.balances(NEW) == ("65.00", "65.00"), "once, and none on the fee"
    event = insurer.policy(NEW)["events"][-1]
    assert (event["kind"], event["detail"]["instalment"], event["detail"]["amount"]) == ("late_fee_charged", 1, "15.00")


@pytest.mark.parametrize(("paid", "fee"), [("50.00", False), ("49.99", True), ("60.00", False)])
def test_a_late_fee_is_for_what_is_not_paid_in_full(insurer: Insurer, paid: str, fee: bool) -> None:
    """ApplyLateFeeIfNoPaymentsOnly is No: a part does not save it."""
    insurer.open(NEW, "50.00", late_fee="15.00")
    insurer.pay(paid, NEW)
    insurer.advance(timedelta(days=30))
    assert ("late_fee_charged" in kinds(insurer, NEW)) is fee


def test_a_policy_without_a_late_fee_is_charged_none(insurer: Insurer) -> None:
    insurer.open(NEW, "50.00", late_fee="0")
    insurer.advance(timedelta(days=60))
    assert insurer.balances(NEW) == ("50.00", "50.00")


def test_an_unpaid_late_fee_makes_no_instalment_late(insurer: Insurer) -> None:
    insurer.open(NEW, "50.00", "50.00", late_fee="15.00")
    insurer.advance(timedelta(days=25))
    insurer.pay("50.00", NEW)
    insurer.advance(timedelta(days=10))
    insurer.pay("50.00", NEW)
    insurer.advance(timedelta(days=100))
    assert kinds(insurer, NEW).count("late_fee_charged") == 1
    assert insurer.balances(NEW) == ("15.00", "15.00")


def test_a_payment_that_comes_back_after_the_due_date_makes_its_instalment_late(insurer: Insurer) -> None:
    insurer.open(NEW, "50.00", late_fee="15.00")
    insurer.advance(timedelta(days=20))
    insurer.pay("50.00", NEW)
    insurer.advance(timedelta(days=3))
    assert insurer.balances(NEW) == ("0.00", "0.00")
    insurer.give_back("50.00", NEW, on=insurer.today() - timedelta(days=3))
    insurer.advance(timedelta(hours=1))
    assert insurer.balances(NEW) == ("65.00", "65.00")
    assert insurer.policy(NEW)["events"][-1]["at"][:10] == insurer.today().isoformat()


def test_the_overdue_seed_has_had_its_late_fee(insurer: Insurer) -> None:
    assert insurer.balances("454100012-01/15/2028") == ("430.00", "430.00")
    insurer.advance(timedelta(days=10))
    assert insurer.balances("454100012-01/15/2028") == ("430.00", "430.00")


def test_the_database_finds_what_the_rule_calls_late(insurer: Insurer) -> None:
    """The one looks at every policy at once, the other at one instalment: they are written apart."""
    insurer.pay("100.00", "454100012-01/15/2028")
    insurer.pay("230.00")
    office, found = PolicyService(insurer.store), 0
    for days in range(0, 120, 5):
        lane = insurer.lanes.set_clock("default", offset=timedelta(days=days), frozen_at=None)
        today = insurer.today()
        expected = {
            (seed.invoice_number, charge.number)
            for seed in SEEDS
            for view in (office.policy(lane, seed.invoice_number),)
            for charge in (one.charge for one in view.charges)
            if is_late(charge, [one.charge for one in view.charges], view.policy.paid_cents, today)
            and charge.kind == "instalment"
            and view.policy.late_fee_cents
            and charge.due_on >= today - timedelta(days=days)  # the seeds' own had theirs
        }
        assert {(one.invoice_number, one.charge.number) for one in office.late(lane, lane.now())} == expected
        found = max(found, len(expected))
    assert found > 8


def test_what_falls_due_is_listed_in_the_order_of_its_days(insurer: Insurer) -> None:
    lane = insurer.lanes.get("default")
    due = list(insurer.simulator.due(lane, lane.now() + timedelta(days=60)))
    assert {one.label.split(" of ")[0].split(" on ")[0] for one in due} == {
        "TCCS bills an instalment",
        "TCCS charges a late fee",
    }
    assert all(one.at.tzinfo is not None for one in due)


# Under load

THREADS, EACH = 16, 5


def test_threads_on_one_policy_lose_no_update(shared: Insurer) -> None:
    shared.balances()  # the lane is there before they begin
    start = threading.Barrier(THREADS)

    def work(worker: int) -> list[tuple[bool, str]]:
        start.wait()
        answers = []
        for turn in range(EACH):
            answers.append(shared.pay("1.01", guid=f"{worker}-{turn}"))
            shared.balances()
        return answers

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [answer for found in pool.map(work, range(THREADS)) for answer in found]
    assert answers == [POSTED] * THREADS * EACH
    paid = Decimal("1.01") * THREADS * EACH
    assert shared.balances() == (str(Decimal("120.00") - paid), str(Decimal("340.00") - paid))
    assert [payment["number"] for payment in shared.policy()["payments"]] == list(range(1, THREADS * EACH + 1))
    assert [event["number"] for event in shared.policy()["events"]] == list(range(1, THREADS * EACH + 2))


def test_the_same_guid_at_once_posts_once(shared: Insurer) -> None:
    shared.balances()
    start = threading.Barrier(THREADS)

    def work(_: int) -> tuple[bool, str]:
        start.wait()
        return shared.pay("20.00", guid="once")

    with ThreadPoolExecutor(THREADS) as pool:
        answers = Counter(pool.map(work, range(THREADS)))
    assert answers == {POSTED: 1, AGAIN: THREADS - 1}
    assert shared.balances() == ("100.00", "320.00")


def test_the_same_guid_at_once_on_two_invoices_posts_on_one_of_them(shared: Insurer) -> None:
    """Their rows are locked apart, so only the PaymentGUID's own key can hold them together."""
    shared.balances()
    numbers = (POLICY, "454100013-09/30/2027")
    start = threading.Barrier(THREADS)

    def work(worker: int) -> bool:
        answers = []
        for turn in range(EACH):
            start.wait()
            answers.append(shared.pay("2.00", numbers[worker % 2], guid=f"once-{turn}")[0])
        return all(answers)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    payments = shared.payments()
    assert sorted(payment["payment_guid"] for payment in payments) == [f"once-{turn}" for turn in range(EACH)]
    paid = Counter(payment["invoice_number"] for payment in payments)
    assert [shared.policy(number)["paid"] for number in numbers] == [f"{2 * paid[number]}.00" for number in numbers]


def test_deposits_at_once_bind_a_quote_once(shared: Insurer) -> None:
    shared.balances()
    start = threading.Barrier(THREADS)

    def work(worker: int) -> tuple[bool, str]:
        start.wait()
        return shared.deposit("25.00", guid=f"d-{worker}")

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(work, range(THREADS))) == {(True, "Deposit posted.")}
    paid = 25 * THREADS
    assert shared.balances(BOUND) == ("0.00", f"{600 - paid}.00")
    assert len(shared.policy(BOUND)["charges"]) == 4
    assert (shared.quote()["paid"], shared.policy(BOUND)["paid"]) == (f"{paid}.00", f"{paid}.00")


def test_returns_at_once_of_one_payment_count_once(shared: Insurer) -> None:
    shared.pay("20.00")
    start = threading.Barrier(THREADS)

    def work(_: int) -> bool:
        start.wait()
        return shared.give_back("20.00")[0]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = Counter(pool.map(work, range(THREADS)))
    assert answers == {True: 1, False: THREADS - 1}
    assert shared.balances() == ("120.00", "340.00")


def test_what_falls_due_is_done_on_each_kind_of_store(shared: Insurer) -> None:
    shared.deposit("150.00")
    shared.advance(timedelta(days=120))
    assert shared.balances() == ("370.00", "370.00")
    assert shared.balances(BOUND) == ("480.00", "480.00")
    assert shared.advance(timedelta(0)) == []
