"""Transactions of several threads share a commit, and each has its own result and its own failure."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from partnerlab.client.datapump.database import DatabaseLocked, create_database
from partnerlab.client.datapump.together import MOST, Together
from tests.client.datapump.conftest import wait_for


class Bench:
    """A database of numbers, whose commits are counted and whose next transaction can be held up."""

    def __init__(self, path: Path) -> None:
        self.database = create_database(f"sqlite:///{path / 'numbers.db'}")
        self.commits: list[int] = []
        self.go_on, self.held = threading.Event(), threading.Event()
        with self.database.begin() as tx:
            tx.exec_driver_sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
        sa.event.listen(self.database, "commit", lambda connection: self.commits.append(1))
        self.together: Together[Callable[[sa.Connection], Any]] = Together(
            self.database, lambda tx, wishes: [wish(tx) for wish in wishes]
        )

    def add(self, number: int) -> int:
        def do(tx: sa.Connection) -> int:
            tx.exec_driver_sql("INSERT INTO numbers VALUES (?)", (number,))
            return number * 10

        return int(self.together.run(do))

    def hold(self) -> None:
        def do(tx: sa.Connection) -> None:
            self.held.set()
            assert self.go_on.wait(30)

        self.together.run(do)

    def numbers(self) -> list[int]:
        with self.database.connect() as connection:
            return [n for (n,) in connection.exec_driver_sql("SELECT n FROM numbers ORDER BY n")]

    def waiting(self) -> int:
        return len(self.together._waiting)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.database.dispose()


def behind_one(bench: Bench, *wishes: Callable[[], Any]) -> list[Any]:
    """Each wish's result or error, all of them made while one transaction goes on."""
    with ThreadPoolExecutor(len(wishes) + 1) as pool:
        first = pool.submit(bench.hold)
        assert bench.held.wait(30)
        futures = [pool.submit(wish) for wish in wishes]
        wait_for(lambda: bench.waiting() == len(wishes))
        bench.commits.clear()
        bench.go_on.set()
        first.result(30)
        return [future.exception(30) or future.result(30) for future in futures]


def test_alone_a_transaction_is_committed_before_it_returns(bench: Bench) -> None:
    assert bench.add(7) == 70
    assert (bench.numbers(), bench.commits) == ([7], [1])


def test_those_that_wait_share_a_commit(bench: Bench) -> None:
    found = behind_one(bench, *(partial(bench.add, n) for n in range(20)))
    assert sorted(found) == [n * 10 for n in range(20)]
    assert bench.numbers() == [*range(20)]
    assert len(bench.commits) == 2, "of the one that was held, and of all the others"


def test_so_many_share_one_and_the_rest_the_next(bench: Bench) -> None:
    count = MOST + 3
    behind_one(bench, *(partial(bench.add, n) for n in range(count)))
    assert bench.numbers() == [*range(count)]
    assert len(bench.commits) == 3


def test_one_that_fails_takes_nobody_along_and_hears_of_it_itself(bench: Bench) -> None:
    def fail() -> None:
        def do(tx: sa.Connection) -> None:
            tx.exec_driver_sql("INSERT INTO numbers VALUES (99)")
            raise LookupError("mine")

        bench.together.run(do)

    good = [partial(bench.add, n) for n in range(3)]
    found = behind_one(bench, good[0], fail, good[1], lambda: bench.add(0), good[2])
    assert isinstance(found[1], LookupError)
    # Two add 0, and only one can; the others are as if they had been alone.
    assert sum(isinstance(each, sa.exc.IntegrityError) for each in found) == 1
    assert bench.numbers() == [0, 1, 2]
    assert bench.add(5) == 50


def test_one_that_is_interrupted_takes_nobody_along(bench: Bench) -> None:
    """An answer that came is written down although the thread that led was told to end."""

    def interrupt() -> None:
        def do(tx: sa.Connection) -> None:
            raise KeyboardInterrupt

        bench.together.run(do)

    found = behind_one(bench, interrupt, lambda: bench.add(1), lambda: bench.add(2))
    assert (type(found[0]), found[1:]) == (KeyboardInterrupt, [10, 20])
    assert bench.numbers() == [1, 2]
    assert bench.add(5) == 50


def test_one_that_is_interrupted_while_it_waits_holds_nobody_up(bench: Bench) -> None:
    """Ctrl-C in the program's own thread: it would have been the next to lead, and nobody else is."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, end)
    try:
        with ThreadPoolExecutor(3) as pool:
            first = pool.submit(bench.hold)
            assert bench.held.wait(30)
            pool.submit(
                lambda: (
                    wait_for(lambda: bench.waiting() == 1),
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1),
                )
            )
            with pytest.raises(KeyboardInterrupt):
                bench.add(1)
            other = pool.submit(bench.add, 2)
            bench.go_on.set()
            first.result(30)
            assert other.result(30) == 20
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert bench.numbers() == [2]


def test_where_another_process_keeps_the_file_locked_all_hear_of_it_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits for the lock itself: sixty of them one after the other would take half an hour."""
    monkeypatch.setattr("partnerlab.client.datapump.sqlite.BUSY_TIMEOUT_MS", 1000)
    bench = Bench(tmp_path)
    other = sqlite3.connect(tmp_path / "numbers.db", isolation_level=None, check_same_thread=False)
    wishes = [partial(bench.add, n) for n in range(25)]
    with ThreadPoolExecutor(len(wishes) + 1) as pool:
        first = pool.submit(bench.hold)
        assert bench.held.wait(30)
        futures = [pool.submit(wish) for wish in wishes]
        wait_for(lambda: bench.waiting() == len(wishes))
        other.execute("BEGIN IMMEDIATE")
        bench.go_on.set()
        first.result(30)
        began = time.monotonic()
        assert {type(future.exception(30)) for future in futures} == {DatabaseLocked}
        assert time.monotonic() - began < 20
    other.close()
    assert bench.add(5) == 50
    bench.database.dispose()


def test_who_waits_too_long_for_a_leader_writes_by_itself(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerlab.client.datapump.together.PATIENCE_S", 0.1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(bench.hold)
        assert bench.held.wait(30)
        assert [bench.add(1), bench.add(2)] == [10, 20]
        bench.go_on.set()
        first.result(30)
    assert bench.add(3) == 30


def test_where_no_connection_can_be_had_all_hear_of_it_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that does not answer lets each wait for minutes; sixty of them one after the other would take hours."""
    asked: list[int] = []

    def connect() -> sa.Connection:
        asked.append(1)
        raise OSError("no route to host")

    def away() -> None:
        monkeypatch.setattr(bench.database, "connect", connect)

    wishes = [partial(bench.add, n) for n in range(10)]
    with ThreadPoolExecutor(len(wishes) + 1) as pool:
        first = pool.submit(bench.hold)
        assert bench.held.wait(30)
        futures = [pool.submit(wish) for wish in wishes]
        wait_for(lambda: bench.waiting() == len(wishes))
        away()
        bench.go_on.set()
        first.result(30)
        assert [str(future.exception(30)) for future in futures] == ["no route to host"] * len(wishes)
    assert asked == [1]
