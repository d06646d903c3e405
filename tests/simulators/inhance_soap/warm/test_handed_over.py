"""Payments that another thread writes into a SQLite file while the next ones are made: no caller can tell."""

from __future__ import annotations

import sqlite3
import threading
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from partnerlab.simulators.inhance_soap.services import warm
from partnerlab.simulators.inhance_soap.services.payment_batch import PaymentBatch
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world import store
from partnerlab.simulators.kit.world.held_back import Batch
from partnerlab.simulators.kit.world.store import Statement, Store
from tests.simulators.inhance_soap.warm.books import ACCOUNTS, After, Books, edited, opened, paid, pay
from tests.simulators.inhance_soap.warm.handed_over import HELD_S, MOST, Writer, numbered, references

pytestmark = pytest.mark.usefixtures("writer")


def test_a_kill_while_another_thread_writes_loses_and_doubles_nothing(held: Writer, file: Books, after: After) -> None:
    assert paid(after.rows()) == references(5)
    held.go_on()
    file.warm_books.finish()
    assert file.warm_books.waiting, "p3 and p4"
    assert paid(after.rows()) == references(5), "p0 to p2 are in the tables now"
    pay(file, "p5")
    assert [one.payment.reference for one in file.do("payments", "a")] == references(6)
    assert [one.number for one in file.do("view", "a", "10000101").payments] == [1, 2, 3, 4, 5, 6]


def test_an_account_is_written_as_it_stood_when_it_was_handed_over(held: Writer, file: Books, after: After) -> None:
    held.go_on()
    file.warm_books.finish()
    with sqlite3.connect(after.killed()) as opened_plainly:
        (counted,) = opened_plainly.execute(
            "SELECT payments FROM inhance_accounts WHERE lane = 'a' AND account_number = '10000101'"
        )
    opened_plainly.close()
    assert counted == (3,), "p4 and p5 are not in the tables"


def test_an_end_waits_for_the_thread_and_leaves_none(tmp_path: Path, writer: Writer) -> None:
    books = opened(tmp_path / "world.db")
    for number in range(MOST + 1):
        pay(books, f"p{number}")
    threads = {thread for thread in threading.enumerate() if thread.name.startswith("payments")}
    assert threads
    books.store.close()
    assert not any(thread.is_alive() for thread in threads)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["world.db", "world.db.lock"]


def test_payments_and_balances_go_on_meanwhile(held: Writer, file: Books) -> None:
    assert file.do("balance", "a", "10000101").balance_cents == 12_550 - 500
    assert pay(file, "p1").duplicate_of == 2, "of those that are being written"
    assert file.do("balance", "a", "10000101").balance_cents == 12_550 - 600
    assert not held.may.is_set()


def test_an_account_that_is_asked_for_first_meanwhile_is_told_as_it_stands(held: Writer, file: Books) -> None:
    assert pay(file, "q0", ACCOUNTS[1]).number == 1
    file.warm_books._told.clear()
    assert file.do("balance", "a", "10000101").balance_cents == 12_550 - 500
    assert not held.may.is_set()


@pytest.mark.parametrize("asked", ["payments", "view", "email", "journal"])
def test_who_reads_or_writes_waits_for_it(asked: str, held: Writer, file: Books) -> None:
    given = {"view": ("10000101",), "email": ("10000101", "x@example.com")}.get(asked, ())

    def ask() -> Any:
        if asked != "journal":
            return file.do(asked, "a", *given)
        journal = Journal(file.lanes)
        journal.append(file.send("GET", "/"), "GET", "door", "op", None, 0)
        return journal.flush()

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask)
        threading.Event().wait(0.2)
        assert not answer.done()
        held.go_on()
        found = answer.result(HELD_S)
    assert not isinstance(found, tuple), found
    assert [one.payment.reference for one in file.do("payments", "a")] == references(5)


def test_a_write_that_is_aside_waits_for_it_and_leaves_the_others_waiting(held: Writer, file: Books) -> None:
    def aside() -> None:
        with file.store.write(aside=True) as tx:
            tx.one(Statement("SELECT 1"))

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(aside)
        threading.Event().wait(0.2)
        assert not done.done()
        held.go_on()
        done.result(HELD_S)
    assert file.warm_books.waiting, "p3 and p4"


@pytest.mark.parametrize("behind", [MOST, 3 * MOST])
def test_who_pays_next_waits_where_as_many_wait_again(
    behind: int, held: Writer, file: Books, after: After, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk is busy, more may wait than are handed over at once."""
    monkeypatch.setattr(warm, "MOST_BEHIND", behind)
    last = MOST + behind
    for number in range(MOST + 2, last):
        assert pay(file, f"p{number}").number == number + 1
    assert numbered(after.rows()) == references(last), "a kill finds all of them"
    with ThreadPoolExecutor(1) as pool:
        next_one = pool.submit(pay, file, f"p{last}")
        threading.Event().wait(0.2)
        assert not next_one.done()
        held.go_on()
        assert next_one.result(HELD_S).number == last + 1
    assert numbered(after.rows()) == numbered(file.rows()) == references(last + 1)


def test_what_the_other_thread_cannot_write_waits_and_is_written_once(held: Writer, file: Books, after: After) -> None:
    held.error = sqlite3.OperationalError("disk I/O error")
    held.go_on()
    pay(file, "p5")
    file.warm_books.finish()
    assert file.warm_books.waiting
    assert paid(after.rows()) == references(6), "a kill finds both in the logs"
    assert [one.payment.reference for one in file.do("payments", "a")] == references(6), "written here"
    assert held.handed == 1


def test_an_interrupt_of_who_waits_for_the_thread_books_nothing_twice(
    held: Writer, file: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C at a sandbox that ends while another program has the file, and then its end."""

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(futures, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            file.store.settle()
    held.go_on()
    assert numbered(file.rows()) == references(5)


def test_an_interrupt_of_who_asks_what_came_of_it_books_nothing_twice(held: Writer, file: Books) -> None:
    waiting = file.warm_books._writing
    assert waiting is not None

    def interrupted(*_: Any) -> None:
        del waiting.exception  # type: ignore[method-assign]
        raise KeyboardInterrupt

    waiting.exception = interrupted  # type: ignore[method-assign]
    held.go_on()
    with pytest.raises(KeyboardInterrupt):
        file.store.settle()
    assert numbered(file.rows()) == references(5)


@pytest.mark.parametrize("place", ["memory", "file", "file, handed over"])
def test_an_interrupt_right_after_a_commit_books_nothing_twice(
    place: str, file: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == "memory":
        file = Books(Store("sqlite://"))

    class Interrupted(Batch):
        def __exit__(self, *given: Any) -> None:
            super().__exit__(*given)
            raise KeyboardInterrupt

    count = MOST + 1 if place == "file, handed over" else MOST
    for number in range(count):
        pay(file, f"p{number}")
    file.warm_books.finish()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(store, "Batch", Interrupted)
        with pytest.raises(KeyboardInterrupt), file.store.write():
            pass
    assert pay(file, f"p{count}").number == count + 1
    assert numbered(file.rows()) == references(count + 1)
    if place == "memory":
        file.store.close()


def test_an_error_of_the_thread_right_after_its_commit_books_nothing_twice(
    file: Books, after: After, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(Batch):
        def __exit__(self, *given: Any) -> None:
            super().__exit__(*given)
            if threading.current_thread().name.startswith("payments"):
                raise MemoryError

    monkeypatch.setattr(store, "Batch", Failing)
    for number in range(MOST + 2):
        pay(file, f"p{number}")
    assert numbered(after.rows()) == references(MOST + 2)
    assert numbered(file.rows()) == references(MOST + 2)


def test_where_nobody_can_write_whoever_asks_is_told_and_nothing_is_lost(
    held: Writer, file: Books, after: After, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    held.error = sqlite3.OperationalError("disk I/O error")
    held.go_on()
    file.warm_books.finish()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(PaymentBatch, "write", full)
        told = ("OperationalError", "database or disk is full")
        assert file.do("payments", "a") == told
        assert pay(file, "p5").number == 6, "in the log, behind the others"
        assert pay(file, "p6") == told, "no more can wait"
        assert file.do("email", "a", "10000101", "x@example.com") == told
    assert paid(after.rows()) == references(6)
    assert pay(file, "p6").number == 7
    assert numbered(after.rows()) == references(7)


def test_a_payment_that_no_table_takes_holds_up_neither_those_with_it_nor_those_behind(
    file: Books, writer: Writer, after: After, caplog: pytest.LogCaptureFixture
) -> None:
    rows = edited(file.lanes.export("a"), "inhance_accounts", credit_cents=2**63 - 1)
    file.lanes.load("a", edited(rows, "inhance_bills", open_cents=0))
    for number, account in enumerate([ACCOUNTS[1], "10000101", *[ACCOUNTS[1]] * 3]):
        pay(file, f"p{number}", account)
    file.warm_books.finish()
    left = ["p0", "p2", "p3", "p4"]
    assert paid(after.rows()) == left
    assert [one.payment.reference for one in file.do("payments", "a")] == left
    assert sum("cannot be booked" in one for one in caplog.messages) == 2, "after the kill, and here"
    assert file.do("balance", "a", "10000101").balance_cents == -(2**63 - 1), "as the tables have it"
