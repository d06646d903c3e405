"""Many at once: nothing is lost, and nothing is done twice."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

from tests.simulators.tccs_rest.insurer import AGAIN, BOUND, POLICY, POSTED, Insurer

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
