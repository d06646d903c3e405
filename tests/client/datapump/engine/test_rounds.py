"""A shard's round, on a store of plain rows: what it begins, what it lets rest, and when it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

import pytest

from partnerlab.client.datapump.engine import Parked
from partnerlab.client.datapump.engine import rounds as module
from partnerlab.client.datapump.engine.rounds import SHARDS, Claim, Rounds
from partnerlab.client.datapump.places import Places
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.tables import Delivery
from tests.client.datapump.conftest import wait_for

CLAIM: Claim = ("bell", "slot-1", "taking")


def head(number: int, state: str = "accepted") -> Delivery:
    """The first delivery of an account of shard 1."""
    given: dict[str, Any] = dict.fromkeys(Delivery.__slots__, "")
    given |= {"account": 1 + number * SHARDS, "number": number, "run": 1, "state": State(state)}
    return Delivery(**given)


class Bench:
    """Rows that a round finds, and a worker that says what it was given."""

    def __init__(self, soon: Callable[[], None]) -> None:
        self.soon = soon
        """From now on a round that finds nothing ends."""
        self.rows: list[Delivery] = []
        self.lock = threading.Lock()
        self.begun: list[int] = []
        self.do: Callable[[int], None] = lambda number: None
        self.failures: Iterator[Exception] = iter(())
        self.stopping = threading.Event()
        self.still = True
        self.places = Places(4)
        store: Any = self
        self.rounds = Rounds(self.work, store, self.places, self.stopping, self.claims, threads=4, poll_s=0.01)
        self.ended: list[bool | str] = []

    def claims(self) -> list[Claim]:
        return [CLAIM] if self.still else [("bell", "another", "taking")]

    def next_in(
        self, shards: Collection[int], of: int, *, after: int, limit: int, busy: Collection[int]
    ) -> tuple[list[Delivery], int | None]:
        assert shards, "they are listed in SQL"
        for error in self.failures:
            raise error
        page = [row for row in self.rows if row.account > after][:limit]
        found = [row for row in page if row.account % of in shards and row.account not in busy]
        return found, page[-1].account if len(page) == limit else None

    def work(self, found: Delivery) -> str:
        self.begun.append(found.number)
        self.do(found.number)
        with self.lock:  # several threads work, and none may bring back what another one took
            self.rows = [row for row in self.rows if row.number != found.number]
        return "delivered"

    def start(self) -> threading.Thread:
        def run() -> None:
            try:
                self.ended.append(self.rounds.run(1, CLAIM))
            except Parked:
                self.ended.append("parked")

        thread = threading.Thread(target=run)
        thread.start()
        return thread


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Its rounds end and go on when a test says so, not by how much time it takes."""
    for name in ("LINGER_S", "TURN_S", "REST_S"):
        monkeypatch.setattr(module, name, 3_600.0)
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    bench = Bench(lambda: monkeypatch.setattr(module, "LINGER_S", 0.1))
    yield bench
    bench.stopping.set()
    bench.rounds.close()


def test_a_round_does_what_is_there_and_what_comes_and_ends(bench: Bench) -> None:
    bench.rows = [head(n) for n in range(1, 400)]
    thread = bench.start()
    wait_for(lambda: len(bench.begun) == 399 and not bench.rounds.active())
    bench.rows = [head(400)]
    wait_for(lambda: len(bench.begun) == 400)
    bench.soon()
    thread.join(30)
    assert bench.ended == [False]
    assert sorted(bench.begun) == list(range(1, 401))
    assert bench.rounds.active() == 0


def test_an_account_at_which_a_call_is_under_way_is_not_begun_again_whatever_the_database_does(bench: Bench) -> None:
    """Its row stands as being sent: a round that knew nothing of it would take it for interrupted."""
    go_on = threading.Event()
    bench.do = lambda number: (number == 1 and not go_on.wait(30)) and None
    bench.rows = [head(1), head(2)]
    thread = bench.start()
    wait_for(lambda: sorted(bench.begun) == [1, 2] and bench.rounds.active() == 1)
    bench.rows = [head(1, "sending")]
    bench.failures = iter([OSError("away")] * 5)
    wait_for(lambda: next(bench.failures, None) is None)
    bench.rows = [head(1, "sending"), head(3)]
    wait_for(lambda: 3 in bench.begun)
    assert bench.begun.count(1) == 1
    assert bench.ended == []
    bench.soon()
    go_on.set()
    thread.join(30)
    assert bench.ended == [False]


def test_what_was_parked_rests_until_it_changes_or_is_called(bench: Bench) -> None:
    parked = {1, 2}

    def do(number: int) -> None:
        if number in parked:
            raise Parked

    bench.do = do
    hold = threading.Event()
    bench.rows = [head(1), head(2), head(3)]
    bench.do = lambda number: hold.wait(30) and None if number == 3 else do(number)
    thread = bench.start()
    wait_for(lambda: sorted(bench.begun) == [1, 2, 3])
    wait_for(lambda: bench.rounds.active() == 1)
    parked.clear()
    assert bench.rounds.resume([(1, 1), (77, 1), (2, 9)]) == [(77, 1), (2, 9)]
    wait_for(lambda: bench.begun.count(1) == 2 and bench.rounds.active() == 1)
    assert bench.begun.count(2) == 1
    bench.rows = [replace(row, updated_at=5) if row.number == 2 else row for row in bench.rows]
    wait_for(lambda: bench.begun.count(2) == 2)
    bench.soon()
    hold.set()
    thread.join(30)
    assert bench.rows == []


def test_what_is_called_before_it_is_parked_is_begun_again_at_once(bench: Bench) -> None:
    wait, seen = threading.Event(), threading.Event()

    def do(number: int) -> None:
        if bench.begun.count(number) == 1:
            seen.set()
            wait.wait(30)
            raise Parked

    bench.do, bench.rows = do, [head(1)]
    thread = bench.start()
    assert seen.wait(30)
    assert bench.rounds.resume([(1, 1)]) == []
    wait.set()
    wait_for(lambda: bench.begun == [1, 1])
    bench.soon()
    thread.join(30)
    assert bench.ended == [False]


def test_after_a_turn_a_round_ends_where_it_can_and_asks_to_be_rung_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So another process may have the shard; whatever comes meanwhile is there for it."""
    monkeypatch.setattr(module, "TURN_S", 0.05)
    bench.rows = [head(1)]
    bench.start().join(30)
    assert bench.ended == [True]


def test_a_round_whose_shard_was_given_away_begins_nothing_more_and_waits_for_its_calls(bench: Bench) -> None:
    """What it has parked is not begun again either, whoever calls it."""
    go_on = threading.Event()

    def do(number: int) -> None:
        if number == 2:
            raise Parked
        go_on.wait(30)

    bench.do, bench.rows = do, [head(1), head(2)]
    thread = bench.start()
    wait_for(lambda: sorted(bench.begun) == [1, 2])
    assert bench.rounds.holds(head(1).account)
    bench.still = False
    wait_for(lambda: not bench.rounds.holds(head(1).account))
    bench.rows = [head(1, "sending"), head(3)]
    bench.rounds.resume([(2, 1)])
    assert bench.ended == []
    go_on.set()
    thread.join(30)
    assert bench.ended == ["parked"]
    assert sorted(bench.begun) == [1, 2]


def test_who_finds_that_its_last_shard_was_given_away_looks_for_nothing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """PostgreSQL knows no list of nothing: it was an error in the log, and held up whatever came next."""
    go_on = threading.Event()

    def do(number: int) -> None:
        go_on.wait(30)

    bench.do, bench.rows = do, [head(1)]
    bench.start()
    wait_for(lambda: bench.begun == [1])
    bench.still = False
    wait_for(lambda: not bench.rounds.holds(head(1).account))
    go_on.set()
    wait_for(lambda: bench.ended == ["parked"])
    assert caplog.text == ""


def test_of_two_bells_of_a_shard_the_second_waits_for_the_end_of_the_firsts_round(bench: Bench) -> None:
    go_on = threading.Event()
    bench.do, bench.rows = lambda number: go_on.wait(30) and None, [head(1)]
    threads = [bench.start()]
    wait_for(lambda: bench.begun == [1])
    bench.rows = [head(1, "sending")]
    threads.append(bench.start())
    threads[1].join(0.3)
    assert threads[1].is_alive()
    bench.soon()
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert (bench.begun, bench.ended) == ([1], [False, False])


def test_a_round_does_not_end_while_something_rests_and_then_asks_to_be_rung_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody would look at what stands in line for a place, or is of a closed lane."""

    def do(number: int) -> None:
        raise Parked

    bench.do, bench.rows = do, [head(1)]
    bench.soon()
    thread = bench.start()
    wait_for(lambda: bench.begun == [1])
    thread.join(0.3)
    assert thread.is_alive()
    monkeypatch.setattr(module, "TURN_S", 0.0)
    thread.join(30)
    assert (bench.begun, bench.ended) == ([1], [True])


def test_a_round_outlasts_a_database_that_is_away_for_longer_than_a_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TURN_S", 2.0)
    monkeypatch.setattr(module, "RETRY_S", 0.4)
    bench.failures = iter([OSError("away")] * 6)
    bench.rows = [head(1)]
    bench.soon()
    bench.start().join(30)
    assert bench.begun == [1]


def test_a_pump_that_stops_parks_its_rounds_once_their_calls_have_ended(bench: Bench) -> None:
    go_on = threading.Event()

    def do(number: int) -> None:
        go_on.wait(30)

    bench.do, bench.rows = do, [head(1)]
    thread = bench.start()
    wait_for(lambda: bench.begun == [1])
    bench.stopping.set()
    assert bench.rounds.active() == 1
    go_on.set()
    thread.join(30)
    assert bench.ended == ["parked"]
    bench.start().join(30)
    assert bench.ended == ["parked"] * 2
