"""The arithmetic of an account, over the wire and under load."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from partnerlab.simulators.inhance_soap import Settings
from partnerlab.simulators.inhance_soap.domain.billing import Bill, balances, open_amount, settle
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.inhance_soap.utility import Utility

TODAY = date(2026, 11, 21)


def opens(utility: Utility, account: str = "10000101") -> dict[str, str]:
    return {bill["invoice_number"]: bill["open"] for bill in utility.account(account)["bills"]}


def test_a_payment_lowers_the_next_balance_by_its_amount(utility: Utility) -> None:
    assert utility.pay("25.50") == {"Success": "true"}
    assert utility.balance() == ("100.00", "157.25")
    assert opens(utility)["500001"] == "100.00"


def test_the_oldest_due_is_paid_first(utility: Utility) -> None:
    utility.pay("100.00", "10000102")
    assert opens(utility, "10000102") == {"500003": "0.00", "500004": "30.45"}
    event = utility.account("10000102")["events"][-1]
    assert event["detail"]["applied"] == {"500003": "89.10", "500004": "10.90"}


def test_of_bills_of_one_day_the_lower_number_is_paid_first_and_given_back_last(shared: Utility) -> None:
    """`9999` is before `10000`, which is before it as text."""
    for number in ("10000", "9999"):
        body = {"invoice_number": number, "amount": "10.00", "due_on": "2020-01-01", "billed_on": "2019-12-01"}
        shared.api("POST", "/accounts/10000101/bills", body=body)
    assert [one["invoice_number"] for one in shared.account()["bills"]][:2] == ["9999", "10000"]
    shared.pay("15.00")
    assert shared.account()["events"][-1]["detail"]["applied"] == {"9999": "10.00", "10000": "5.00"}
    shared.api("POST", "/accounts/10000101/payments/1/return", body={})
    assert shared.account()["events"][-1]["detail"]["reopened"] == {"10000": "5.00", "9999": "10.00"}


def test_an_overpayment_is_a_credit(utility: Utility) -> None:
    utility.pay("200.00")
    assert utility.balance() == ("-74.50", "-17.25")
    account = utility.account()
    assert (account["credit"], opens(utility)) == ("74.50", {"500001": "0.00", "500002": "57.25"})


def test_the_convenience_fee_is_recorded_and_credits_nothing(utility: Utility) -> None:
    utility.pay("25.50", ConvenienceFee="2.95")
    assert utility.balance() == ("100.00", "157.25")
    assert utility.account()["payments"][0]["convenience_fee"] == "2.95"


def test_a_payment_is_kept_with_everything_that_was_sent_and_its_cause(utility: Utility) -> None:
    utility.pay("25.50", reference="IC-77", DocumentNumber="500001", PaymentTypeDesc="ACH", ConvenienceFee="1.00")
    (payment,) = utility.account()["payments"]
    request_id, posted_at = payment.pop("request_id"), payment.pop("posted_at")
    assert payment == {
        "account_number": "10000101",
        "number": 1,
        "reference": "IC-77",
        "document_number": "500001",
        "type": "ACH",
        "amount": "25.50",
        "convenience_fee": "1.00",
        "paid_at": "2026-11-21T15:00:00+00:00",
        "duplicate_of": None,
        "returned_at": None,
    }
    event = utility.account()["events"][-1]
    assert (event["kind"], event["request_id"], event["at"]) == ("payment_posted", request_id, posted_at)


def test_a_reference_posted_twice_counts_twice_and_is_reported(utility: Utility) -> None:
    for _ in range(3):
        assert utility.pay("10.00", reference="IC-1") == {"Success": "true"}
    utility.pay("10.00", reference="IC-2")
    utility.pay("10.00", "10000102", reference="IC-1")
    assert utility.balance() == ("85.50", "142.75")
    _, found = utility.api("GET", "/payments", query="duplicates=true")
    assert [(one["account_number"], one["number"], one["duplicate_of"]) for one in found["payments"]] == [
        ("10000101", 2, 1),
        ("10000101", 3, 1),
    ]
    assert [event["detail"].get("duplicate_of") for event in utility.account()["events"][1:]] == [None, 1, 1, None]


def test_a_utility_can_be_set_to_refuse_a_reference_posted_twice(utility: Utility) -> None:
    strict = Utility(utility.store, Settings(duplicates="refuse"))
    assert strict.pay("10.00", reference="IC-1") == {"Success": "true"}
    assert strict.pay("10.00", reference="IC-1") == {
        "Success": "false",
        "ErrorMessage": "Payment reference IC-1 has already been posted.",
    }
    assert strict.balance() == ("115.50", "172.75")


def test_a_future_bill_joins_the_balance_when_its_day_comes(utility: Utility) -> None:
    happened = utility.advance(timedelta(days=21))
    assert utility.balance() == ("182.75", "182.75")
    assert "account 10000101 is billed 57.25: Balance 182.75" in happened
    assert utility.advance(timedelta(0)) == []


def test_the_line_of_a_billed_account_tells_the_balance_with_the_bill(utility: Utility) -> None:
    """Two accounts with a bill to come, one of them with a credit; each line is held against the ledger of that day."""
    utility.pay("135.50")  # a credit of 10.00 that takes a part of the bill to come
    told = {}
    for number, days in (("10000109", 12), ("10000101", 9)):
        (line,) = utility.advance(timedelta(days=days))
        told[number] = line
        assert line.endswith(f": Balance {utility.balance(number)[0]}")
    assert told == {
        "10000109": "account 10000109 is billed 480.00: Balance 480.00",
        "10000101": "account 10000101 is billed 57.25: Balance 47.25",
    }


def test_a_bill_whose_day_is_long_past_is_told_with_the_balance_of_now(utility: Utility) -> None:
    utility.lanes.get("default")
    utility.lanes.set_clock("default", offset=timedelta(days=30), frozen_at=None)
    lines = utility.advance(timedelta(0))
    assert f"account 10000101 is billed 57.25: Balance {utility.balance()[0]}" in lines
    assert "account 10000109 is billed 480.00: Balance 480.00" in lines


def test_credit_pays_a_bill_whose_day_comes(utility: Utility) -> None:
    utility.pay("135.50")
    assert utility.balance() == ("-10.00", "47.25")
    utility.advance(timedelta(days=21))
    assert utility.balance() == ("47.25", "47.25")
    account = utility.account()
    assert (account["credit"], opens(utility)["500002"]) == ("0.00", "47.25")
    assert account["events"][-1]["detail"]["applied"] == {"500002": "10.00"}


def test_the_balance_goes_by_the_lanes_clock_even_where_nothing_was_run(utility: Utility) -> None:
    utility.lanes.set_clock("default", offset=timedelta(days=21), frozen_at=None)
    assert utility.balance() == ("182.75", "182.75")


def test_an_event_has_the_lanes_time(utility: Utility) -> None:
    utility.lanes.get("default")
    utility.lanes.set_clock("default", offset=timedelta(days=400), frozen_at=None)
    utility.pay("1.00")
    assert utility.account()["events"][-1]["at"][:10] == utility.now().date().isoformat()


def test_lanes_do_not_see_each_other(utility: Utility) -> None:
    other = Utility(utility.store, lane="other")
    utility.pay("25.50")
    assert other.balance() == ("125.50", "182.75")
    assert other.account()["payments"] == []


def test_a_lane_forked_has_the_same_books(utility: Utility) -> None:
    utility.pay("25.50")
    before = utility.account()
    utility.lanes.fork("default", "copy")
    copy = Utility(utility.store, lane="copy")
    assert copy.account() == before
    copy.pay("0.50")
    assert (copy.balance(), utility.balance()) == (("99.50", "156.75"), ("100.00", "157.25"))


def test_a_lane_reset_is_as_it_was(utility: Utility) -> None:
    utility.pay("25.50")
    utility.lanes.reset("default")
    assert utility.balance() == ("125.50", "182.75")


THREADS, EACH = 32, 6


def test_threads_on_one_account_lose_no_update(shared: Utility) -> None:
    shared.balance()  # the lane is there before they begin
    start = threading.Barrier(THREADS)

    def work(worker: int) -> list[dict[str, str]]:
        start.wait()
        answers = []
        for turn in range(EACH):
            answers.append(shared.pay("1.01", reference=f"IC-{worker}-{turn}", ConvenienceFee="0.50"))
            shared.balance()
        return answers

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [answer for found in pool.map(work, range(THREADS)) for answer in found]
    assert answers == [{"Success": "true"}] * THREADS * EACH
    paid = Decimal("1.01") * THREADS * EACH
    assert shared.balance() == (str(Decimal("125.50") - paid), str(Decimal("182.75") - paid))
    account = shared.account()
    assert [payment["number"] for payment in account["payments"]] == list(range(1, THREADS * EACH + 1))
    assert len({payment["reference"] for payment in account["payments"]}) == THREADS * EACH
    assert [event["number"] for event in account["events"]] == list(range(1, THREADS * EACH + 2))


def test_threads_on_lanes_of_their_own_do_not_disturb_each_other(shared: Utility) -> None:
    def work(worker: int) -> tuple[str, str]:
        own = Utility(shared.store, lane=f"lane-{worker}")
        for turn in range(worker % 5):
            own.pay("1.00", reference=f"IC-{turn}")
        return own.balance()

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(work, range(40)))
    assert found == [(f"{125.5 - worker % 5:.2f}", f"{182.75 - worker % 5:.2f}") for worker in range(40)]


# The rules alone

cents = st.integers(0, 100_000)
days = st.integers(-60, 60).map(lambda offset: TODAY + timedelta(days=offset))
bills = st.lists(
    st.builds(
        lambda number, billed_on, due_on, amount, paid: Bill(
            str(number), billed_on, due_on, amount, max(amount - paid, 0)
        ),
        st.integers(0, 10**6),
        days,
        days,
        cents,
        cents,
    ),
    max_size=8,
    unique_by=lambda bill: bill.invoice_number,
)


@settings(deadline=None)
@given(bills, cents)
def test_settling_moves_money_and_makes_none(items: list[Bill], credit: int) -> None:
    settlement = settle(items, credit, TODAY)
    after = {bill.invoice_number: bill for bill in [*items, *settlement.bills]}
    assert sum(taken for _, taken in settlement.applied) == credit - settlement.credit_cents
    assert balances(((one.billed_on, one.open_cents) for one in items), credit, TODAY) == balances(
        ((one.billed_on, one.open_cents) for one in after.values()), settlement.credit_cents, TODAY
    )
    assert all(0 <= one.open_cents <= one.amount_cents for one in after.values())
    assert settlement.credit_cents == 0 or not any(one.open_cents for one in after.values() if one.billed_on <= TODAY)
    assert all(one.open_cents == 0 for one in settlement.bills[:-1])
    assert all(taken > 0 for _, taken in settlement.applied), "what is paid already takes nothing"


@settings(deadline=None)
@given(bills, cents)
def test_settling_leaves_bills_that_are_not_billed_yet(items: list[Bill], credit: int) -> None:
    assert all(one.billed_on <= TODAY for one in settle(items, credit, TODAY).bills)


@settings(deadline=None)
@given(bills, cents)
def test_nothing_younger_is_paid_before_what_is_due_first(items: list[Bill], credit: int) -> None:
    settlement = settle(items, credit, TODAY)
    after = {bill.invoice_number: bill for bill in [*items, *settlement.bills]}
    touched = [bill.due_on for bill in settlement.bills]
    assert touched == sorted(touched)
    waiting = [one.due_on for one in after.values() if one.open_cents and one.billed_on <= TODAY]
    assert not touched or not waiting or max(touched) <= min(waiting)


amounts = st.integers(-50_000, 50_000)


@given(amounts, st.lists(st.tuples(amounts, cents), max_size=5))
def test_a_bill_replaced_any_number_of_times_owes_its_last_amount_less_what_was_paid(
    first: int, steps: list[tuple[int, int]]
) -> None:
    def bill(amount: int) -> Bill:
        return Bill("1", TODAY, TODAY, amount, amount)

    held, credit = open_amount(bill(first))
    paid, amount = 0, first
    for amount, payment in steps:
        held, over = open_amount(bill(amount), held)
        credit += over
        settlement = settle([held], credit + payment, TODAY)
        held, credit, paid = (*settlement.bills, held)[0], settlement.credit_cents, paid + payment
    assert balances([(TODAY, held.open_cents)], credit, TODAY)[0] == amount - paid


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["pay", "bill", "future", "replace"]), st.integers(1, 30_000)), max_size=8))
def test_the_books_balance_whatever_happens(steps: list[tuple[str, int]]) -> None:
    store = Store("sqlite://")
    utility = Utility(store)
    today = utility.today()
    owed, later, numbers = 12550, 5725, 0
    replaced = 0
    for action, amount in steps:
        text = str(Decimal(amount).scaleb(-2))
        if action == "pay":
            utility.pay(text)
            owed -= amount
            continue
        numbers += action != "replace"
        day = today + timedelta(days=5 if action == "future" else 0)
        number = "R" if action == "replace" else f"N{numbers}"
        body = {"invoice_number": number, "amount": text, "billed_on": day.isoformat()}
        status, _ = utility.api("POST", "/accounts/10000101/bills", body=body)
        assert status == 201
        if action == "future":
            later += amount
        elif action == "bill":
            owed += amount
        else:
            owed, replaced = owed - replaced + amount, amount
    expected = (str(Decimal(owed).scaleb(-2)), str(Decimal(owed + later).scaleb(-2)))
    assert utility.balance() == expected
    utility.advance(timedelta(days=60))
    assert utility.balance() == (expected[1], expected[1])
    store.close()
