"""Warm books: what they answer and write is what the plain way would, whatever happens beside them."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from partnerlab.simulators.inhance_soap.domain.accounts import Account
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.errors import AccountUnknown
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.domain.payments import Payment
from partnerlab.simulators.inhance_soap.services import warm
from partnerlab.simulators.inhance_soap.services.payment_batch import PaymentBatch
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.lane_rows import LoadInvalid
from partnerlab.simulators.kit.world.store import Statement, Store, rolling_back
from tests.simulators.inhance_soap.utility import Utility
from tests.simulators.inhance_soap.warm.books import ACCOUNTS, NOON, PAID_AT, Books, edited, work

CALLS = int(os.environ.get("PARTNERLAB_TEST_CALLS", "600"))
COUNT = Statement("SELECT count(*) FROM inhance_payments WHERE lane = :lane")


@pytest.mark.parametrize(("place", "duplicates"), [("memory", "flag"), ("memory", "refuse"), ("file", "flag")])
def test_whatever_is_done_is_answered_and_booked_as_without_them(
    place: str, duplicates: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for most, value in (("MOST_WAITING", 7), ("MOST_ACCOUNTS", 5)):
        monkeypatch.setattr(warm, most, value)
    dice = random.Random(1127)
    url = "sqlite://" if place == "memory" else f"sqlite:///{tmp_path / 'world.db'}"
    both = [Books(Store(at), warm=on, duplicates=duplicates) for at, on in ((url, True), ("sqlite://", False))]
    assert not both[1].store.held_back
    seen, waited = set(), 0
    for _ in range(CALLS):
        name, *given = work(dice)
        remembering, plain = (one.do(name, *given) for one in both)
        assert remembering == plain, (name, given)
        seen.add(name)
        waited += both[0].warm_books.waiting
        assert max(len(both[0].warm_books._standing), len(both[0].warm_books._told)) <= 5
    assert len(seen) == 14
    assert waited > CALLS / 5, "payments waited"
    assert both[0].rows() == both[1].rows()
    for one in both:
        one.store.close()


def test_every_read_sees_payments_that_wait(books: Books) -> None:
    for number in range(3):
        books.do("pay", "a", "10000101", f"p{number}", 100)
        assert books.warm_books.waiting
        with books.store.read() as tx:
            assert tx.one(COUNT, lane="a") == (number + 1,)


def test_a_payment_and_the_balance_after_it_touch_no_table(books: Books) -> None:
    books.do("pay", "a", "10000101", "first", 100)
    books.do("balance", "a", "10000101")
    assert books.store._shared is not None
    run: list[str] = []
    books.store._shared.set_trace_callback(run.append)
    before = books.do("balance", "a", "10000101").balance_cents
    books.do("pay", "a", "10000101", "second", 100)
    assert books.do("balance", "a", "10000101").balance_cents == before - 100
    books.store._shared.set_trace_callback(None)
    assert not run


@pytest.mark.parametrize("most", [0, 100])
def test_a_reference_is_found_again_however_an_account_came_to_be_remembered(
    most: int, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "MOST_TOLD", most)
    for number in range(2):
        books.do("pay", "a", "10000101", f"p{number}", 100)
    books.do("email", "a", "10000102", "x@example.com")  # has all accounts forgotten
    found = [books.do("pay", "a", "10000101", f"p{number}", 100).duplicate_of for number in (3, 1, 3, 0)]
    assert found == [None, 2, 3, 1]


def test_the_journal_leaves_accounts_warm(books: Books) -> None:
    journal = Journal(books.lanes)
    journal.flush()  # the first looks how much there is
    request = books.send("GET", "/")
    books.do("pay", "a", "10000101", "p", 100)
    journal.append(request, "GET", "door", "op", None, 0)
    journal.flush()
    assert books.warm_books.waiting
    assert journal.find("default")
    assert not books.warm_books.waiting, "who reads has them written"


def test_an_account_of_the_other_utility_is_unknown_here_also_when_it_is_asked_again(books: Books) -> None:
    for _ in range(2):
        assert books.do("balance", "a", "30000301")[0] == "AccountUnknown"
        assert books.do("pay", "a", "30000301", "p", 100)[0] == "AccountUnknown"


def test_a_batch_that_cannot_be_written_waits_and_is_written_once(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: PaymentBatch, tx: Any) -> None:
        write(self, tx)
        raise sqlite3.OperationalError("database or disk is full")

    write = PaymentBatch.write
    monkeypatch.setattr(warm, "MOST_WAITING", 2)
    for number in range(2):
        books.do("pay", "a", "10000101", f"p{number}", 100)
    before = books.do("balance", "a", "10000101")
    monkeypatch.setattr(PaymentBatch, "write", full)
    assert books.do("payments", "a") == ("OperationalError", "database or disk is full")
    assert books.do("email", "a", "10000101", "x@example.com")[0] == "OperationalError"
    assert books.do("pay", "a", "10000101", "p2", 100)[0] == "OperationalError", "refused, as it cannot wait either"
    assert books.do("balance", "a", "10000101") == before
    monkeypatch.setattr(PaymentBatch, "write", write)
    books.do("pay", "a", "10000101", "p2", 100)
    assert [one.number for one in books.do("payments", "a")] == [1, 2, 3]
    assert books.do("balance", "a", "10000101").balance_cents == before.balance_cents - 100


def test_a_payment_that_fails_halfway_changes_nothing(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ArithmeticError

    books.do("pay", "a", "10000101", "p0", 100)
    before = books.do("balance", "a", "10000101")
    monkeypatch.setattr(warm, "posting", broken)
    assert books.do("pay", "a", "10000101", "p1", 100)[0] == "ArithmeticError"
    monkeypatch.undo()
    assert books.do("balance", "a", "10000101") == before
    assert books.do("pay", "a", "10000101", "p1", 100).number == 2


def test_the_first_of_a_reference_stays_the_first_once_it_is_written(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "MOST_ACCOUNTS", 1)  # what waits is written in the middle of the second payment
    assert [books.do("pay", "a", "10000101", "p", 100).duplicate_of for _ in range(3)] == [None, 1, 1]


def test_many_threads_lose_and_double_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "MOST_WAITING", 11)
    books = Books(Store("sqlite://"))
    start = {account: books.do("balance", "a", account) for account in ACCOUNTS[:3]}
    each, threads, done = 60, 6, threading.Event()

    def pay(thread: int) -> None:
        lane = books.found("a")
        for number in range(each):
            payment = Payment(f"{thread}-{number}", "0", "EFT", 10, 0, PAID_AT)
            books.world.ledger.post_payment(lane, Cause(f"{thread}", NOON, NOON.date()), ACCOUNTS[thread % 3], payment)

    def disturb() -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            account = ACCOUNTS[turn % 3]
            paid = start[account].balance_cents - books.do("balance", "a", account).balance_cents
            with books.store.read() as tx:
                stood = tx.all(Statement("SELECT sum(amount_cents) FROM inhance_payments WHERE lane = 'a'"))[0][0] or 0
            assert 0 <= paid <= each * threads * 10 // 3
            assert stood >= paid, "what a balance told is in the tables of whoever reads after it"
            books.do("email", "a", account, f"x{turn}@example.com")

    with ThreadPoolExecutor(threads + 1) as pool:
        disturbing = pool.submit(disturb)
        for paying in [pool.submit(pay, thread) for thread in range(threads)]:
            paying.result(60)
        done.set()
        disturbing.result(60)
    for account in ACCOUNTS[:3]:
        view = books.world.ledger.view(books.found("a"), account)
        assert len({one.payment.reference for one in view.payments}) == len(view.payments) == each * threads // 3
        assert [one.number for one in view.events] == list(range(1, len(view.events) + 1))
        assert start[account].balance_cents - view.balances.balance_cents == each * threads * 10 // 3
        assert books.do("balance", "a", account).balance_cents == view.balances.balance_cents
    books.store.close()


def test_a_second_utility_over_one_store_goes_the_plain_way(books: Books) -> None:
    second = Utility(books.store)
    assert second.simulator is not books.simulator
    lane, account = books.found("a"), "10000101"
    other = second.simulator.world.ledger  # type: ignore[attr-defined]
    before = books.do("balance", "a", account).balance_cents
    books.do("pay", "a", account, "one", 100)
    other.post_payment(lane, Cause("r", NOON, NOON.date()), account, Payment("two", "0", "EFT", 100, 0, PAID_AT))
    assert books.do("pay", "a", account, "two", 100).duplicate_of == 2
    assert other.balances(lane, account) == books.do("balance", "a", account)
    assert other.balances(lane, account).balance_cents == before - 300


@pytest.mark.parametrize("around", [nullcontext, rolling_back])
def test_an_unknown_account_is_refused_and_remembered_by_nobody(
    books: Books, around: Callable[[], AbstractContextManager[None]]
) -> None:
    lane = books.found("a")
    with around(), pytest.raises(AccountUnknown):
        books.world.ledger.balances(lane, "new")
    account = Account("new", customer_name="New")
    books.world.ledger.load(
        lane, Cause("r", NOON, NOON.date()), [(account, Bill("n1", date(2026, 3, 1), date(2026, 3, 9), 5, 5))]
    )
    assert books.do("balance", "a", "new").balance_cents == 5


@pytest.mark.parametrize("count", ["payments", "events"])
def test_a_lane_whose_counts_are_behind_its_rows_is_not_loaded(books: Books, count: str) -> None:
    """A payment there could never be written, and would keep those of every lane waiting."""
    books.do("pay", "a", "10000101", "p", 100)
    rows = books.lanes.export("a")
    books.lanes.load("b", rows)
    edited = [{**row, count: 0} if row["account_number"] == "10000101" else row for row in rows["inhance_accounts"]]
    with pytest.raises(LoadInvalid, match="account 10000101 has payments or events beyond its count"):
        books.lanes.load("b", {**rows, "inhance_accounts": edited})
    books.do("pay", "b", "10000101", "p", 100)
    assert len(books.do("payments", "b")) == 2, "as it was before"


@pytest.mark.parametrize("column", ["payments", "events"])
def test_a_count_that_leaves_no_room_for_the_next_is_not_loaded(books: Books, column: str) -> None:
    rows = books.lanes.export("a")
    with pytest.raises(LoadInvalid, match=rf"inhance_accounts\[\d\]\.{column}: more than 2147483647"):
        books.lanes.load("b", edited(rows, "inhance_accounts", **{column: 2**63 - 1}))


def test_a_payment_that_no_table_can_take_is_named_and_holds_up_nobody(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    """Its credit is more than a column holds: it is found out when the payments of all lanes are written."""
    rows = edited(books.lanes.export("a"), "inhance_accounts", credit_cents=2**63 - 1)
    books.lanes.load("b", edited(rows, "inhance_bills", open_cents=0))
    for lane, account, reference in (("a", "10000101", "p0"), ("b", "10000101", "bad"), ("b", ACCOUNTS[1], "p1")):
        books.do("pay", lane, account, reference, 100)
    assert [one.payment.reference for one in books.do("payments", "a")] == ["p0"]
    assert [one.payment.reference for one in books.do("payments", "b")] == ["p1"]
    (told,) = [one for one in caplog.messages if "cannot be booked" in one]
    assert all(word in told for word in ('"lane": "b"', '"account_number": "10000101"', '"reference": "bad"', ": 100"))
    assert books.do("balance", "b", "10000101").balance_cents == -(2**63 - 1), "as the tables have it"
    assert books.do("pay", "b", ACCOUNTS[1], "p1", 100).duplicate_of == 1
