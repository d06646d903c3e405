"""Due work is done once, by whoever comes first, and again where it failed; on each kind of store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.jobs import Queue, Runner, Taken, Work, WorkOutcome, queue_columns
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import Statement, Store, Tx
from partnerlab.simulators.kit.world.table import utc_text

TABLES = schema.Tables()
PARCELS = schema.Table(
    "kit_test_parcels_due",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("parcel", schema.Text, primary_key=True),
    schema.Column("depot", schema.Text, nullable=False),
    schema.Column("number", schema.Integer, nullable=False),
    schema.Column("state", schema.Text, nullable=False),
    schema.Column("next_at", schema.Text, nullable=False),
    *queue_columns(),
)
ADD = Statement(
    "INSERT INTO kit_test_parcels_due (lane, parcel, depot, number, state, next_at)"
    " VALUES (:lane, :parcel, :depot, :number, 'waiting', :next_at)"
)
ROWS = Statement("SELECT parcel, state, attempts, claim FROM kit_test_parcels_due WHERE lane = :lane ORDER BY parcel")
CLAIM = Statement("SELECT claimed_until FROM kit_test_parcels_due WHERE lane = 'a'")
KILLED = Statement("UPDATE kit_test_parcels_due SET claim = 'dead-1', claimed_until = :until WHERE lane = :lane")


@dataclass
class Depot:
    """A runner over parcels, and what was done."""

    store: Store
    ordered: bool = False
    done: list[tuple[str, str, int]] = field(default_factory=list)
    outcome: Callable[[Lane, Taken], WorkOutcome] = lambda *_: WorkOutcome("sent", "sent")

    def __post_init__(self) -> None:
        self.store.add(TABLES)
        self.lanes = Lanes(self.store)
        self.runner = Runner(self.store, self.lanes)
        group = {"group": ("depot",), "number": "number"} if self.ordered else {}
        self.work = self.runner.add(Work(Queue(PARCELS, **group), "a parcel is sent", act=self._act))  # type: ignore[arg-type]
        none: Any = lambda *_: None  # noqa: E731
        simulator = Simulator("test", {}, none, none, "", self._due)
        self.clock = Clock(self.lanes, [simulator])

    def add(self, parcel: str, lane: str = "a", *, depot: str = "north", after: timedelta = timedelta(0)) -> None:
        at = self.lanes.get(lane).now() + after
        with self.store.write() as tx:
            tx.run(ADD, lane=lane, parcel=parcel, depot=depot, number=int(parcel[-1]), next_at=utc_text(at))

    def rows(self, lane: str = "a") -> list[tuple[Any, ...]]:
        with self.store.read() as tx:
            return [row[:3] for row in tx.all(ROWS, lane=lane)]

    def claimed_until(self) -> str:
        with self.store.read() as tx:
            (until,) = (row[0] for row in tx.all(CLAIM))
        return str(until)

    def _due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        return self.runner.due(self.work, lane, until)

    def _act(self, lane: Lane, taken: Taken) -> WorkOutcome:
        self.done.append((lane.name, str(taken.key[0]), taken.attempt))
        return self.outcome(lane, taken)


@pytest.fixture
def depot(store_url: str) -> Iterator[Depot]:
    store = Store(store_url)
    made = Depot(store)
    yield made
    made.runner.close()
    store.close()


@pytest.fixture
def memory() -> Iterator[Store]:
    store = Store("sqlite://")
    yield store
    store.close()


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_of_two_rows_in_each_of_two_lanes_is_done_and_no_other_is_touched(depot: Depot) -> None:
    for lane in ("a", "b"):
        depot.add("p1", lane)
        depot.add("p2", lane)
    assert depot.runner.attempt(depot.work, "a", ("p1",)) == "sent"
    assert depot.rows("a") == [("p1", "sent", 1), ("p2", "waiting", 0)]
    assert depot.rows("b") == [("p1", "waiting", 0), ("p2", "waiting", 0)]
    assert depot.runner.attempt(depot.work, "a", ("p1",)) == "sent already"
    assert depot.runner.attempt(depot.work, "a", ("p9",)) == "it is gone"


def test_what_is_not_due_is_left_and_by_hand_it_is_done_again(depot: Depot) -> None:
    depot.add("p1", after=timedelta(hours=1))
    assert depot.runner.attempt(depot.work, "a", ("p1",)) == "it is not due"
    assert depot.done == []
    assert depot.runner.attempt(depot.work, "a", ("p1",), again=True) == "sent"
    assert depot.runner.attempt(depot.work, "a", ("p1",), again=True) == "sent"
    assert depot.rows() == [("p1", "sent", 2)]


def test_of_many_who_try_at_once_one_does_it(depot: Depot) -> None:
    depot.add("p1")
    depot.outcome = lambda *_: (time.sleep(0.1), WorkOutcome("sent", "sent"))[1]
    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(lambda _: depot.runner.attempt(depot.work, "a", ("p1",)), range(6)))
    assert sorted(said) == ["sent"] + ["sent already"] * 5
    assert len(depot.done) == 1


def test_work_that_takes_long_is_nobody_else_s_while_its_process_lives(depot: Depot) -> None:
    """A run longer than its claim, as of a job whose partner is slow: the claim grows, and a second process waits."""
    depot.add("p1")
    over = threading.Event()
    depot.outcome = lambda *_: (over.wait(60), WorkOutcome("sent", "sent"))[1]
    work = replace(depot.work, lease=timedelta(seconds=6), takes_long=True)
    other = Runner(depot.store, depot.lanes)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(depot.runner.attempt, work, "a", ("p1",))
        _until(lambda: bool(depot.done))
        claimed_until = depot.claimed_until()
        _until(lambda: depot.claimed_until() > claimed_until)
        assert other.attempt(work, "a", ("p1",)) == "somebody else is at it"
        over.set()
        assert first.result() == "sent"
    assert other.attempt(work, "a", ("p1",)) == "sent already"
    other.close()
    assert len(depot.done) == 1


def test_a_late_outcome_changes_nothing_of_a_newer_attempt(depot: Depot) -> None:
    """The claim of the first attempt ends while it is still at it; a second one takes the row and finishes first."""
    depot.add("p1")
    depot.add("p2")
    first_is_at_it, go_on = threading.Event(), threading.Event()
    written: list[str] = []

    def outcome(_: Lane, taken: Taken) -> WorkOutcome:
        if taken.attempt == 1:
            first_is_at_it.set()
            go_on.wait(20)
            return WorkOutcome("lost", "late", write=lambda _: written.append("first"))
        return WorkOutcome("sent", "sent", write=lambda _: written.append("second"))

    depot.outcome = outcome
    late = threading.Thread(target=depot.runner.attempt, args=(depot.work, "a", ("p1",)))
    late.start()
    assert first_is_at_it.wait(20)
    with depot.store.write() as tx:
        tx.run(Statement("UPDATE kit_test_parcels_due SET claimed_until = '2020-01-01' WHERE parcel = 'p1'"))
    assert depot.runner.attempt(depot.work, "a", ("p1",)) == "sent"
    go_on.set()
    late.join()
    assert depot.rows() == [("p1", "sent", 2), ("p2", "waiting", 0)]
    assert written == ["second"]


def test_a_killed_process_claim_ends_and_a_live_one_is_left(depot: Depot) -> None:
    depot.add("p1")
    with depot.store.write() as tx:
        tx.run(KILLED, lane="a", until=utc_text(datetime.now(UTC) + timedelta(seconds=1)))
    depot.runner.wake()
    _until(lambda: depot.rows() == [("p1", "sent", 1)])


def test_starting_late_takes_no_claim_from_what_is_under_way(memory: Store) -> None:
    depot = Depot(memory)
    depot.add("p1")
    depot.add("p2")
    with memory.write() as tx:  # p2 was a dead process's
        tx.run(KILLED, lane="a", until=utc_text(datetime.now(UTC) + timedelta(hours=1)))
        tx.run(Statement("UPDATE kit_test_parcels_due SET claim = '', claimed_until = '' WHERE parcel = 'p1'"))
    at_it, go_on = threading.Event(), threading.Event()
    depot.outcome = lambda _, taken: (
        at_it.set(),
        taken.key == ("p1",) and go_on.wait(20),
        WorkOutcome("sent", "sent"),
    )[2]
    under_way = threading.Thread(target=depot.runner.attempt, args=(depot.work, "a", ("p1",)))
    under_way.start()
    assert at_it.wait(20)
    depot.runner.start()
    _until(lambda: ("p2", "sent", 1) in depot.rows())
    go_on.set()
    under_way.join()
    depot.runner.close()
    assert sorted(depot.done) == [("a", "p1", 1), ("a", "p2", 1)]


def test_a_row_is_done_when_the_lanes_clock_comes_to_it(memory: Store) -> None:
    depot = Depot(memory)
    depot.lanes.set_clock("frozen", offset=timedelta(0), frozen_at=datetime.now(UTC))
    depot.add("p2", "frozen", after=timedelta(seconds=0.1))
    depot.add("p1", after=timedelta(seconds=0.2))
    depot.runner.start()
    _until(lambda: depot.rows() == [("p1", "sent", 1)])
    assert depot.rows("frozen") == [("p2", "waiting", 0)]
    depot.lanes.set_clock("frozen", offset=timedelta(days=1), frozen_at=None)  # which wakes the runner
    _until(lambda: depot.rows("frozen") == [("p2", "sent", 1)])
    depot.runner.close()


def test_an_idle_runner_sleeps(memory: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    depot = Depot(memory)
    depot.add("p1", after=timedelta(days=1))
    looked: list[float | None] = []
    look = depot.runner._run_due
    monkeypatch.setattr(depot.runner, "_run_due", lambda work: looked.append(look(work)) or looked[-1])
    depot.runner.start()
    _until(lambda: bool(looked))
    time.sleep(0.3)
    depot.runner.close()
    assert len(looked) <= 2
    assert looked[0] is not None
    assert 86_000 < looked[0] <= 86_401


def test_patient_work_is_looked_at_once_however_often_something_changes(
    memory: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    depot = Depot(memory)
    work = depot.runner.add(replace(depot.work, patience=timedelta(hours=1)))
    looks: list[Work] = []
    monkeypatch.setattr(depot.runner, "_run_due", lambda one: looks.append(one) or 3600.0)
    depot.runner.start()
    _until(lambda: work in looks)
    for _ in range(100):
        many = looks.count(depot.work)
        depot.runner.changed()
        _until(lambda many=many: looks.count(depot.work) > many)  # type: ignore[misc]
    depot.runner.close()
    assert looks.count(work) == 1


def test_a_clock_that_is_advanced_does_what_falls_due_at_its_own_time_and_again_where_it_failed(depot: Depot) -> None:
    depot.add("p2", after=timedelta(hours=2))
    depot.add("p1", after=timedelta(hours=1))

    def outcome(lane: Lane, taken: Taken) -> WorkOutcome:
        if taken.key == ("p1",) and taken.attempt == 1:
            return WorkOutcome("waiting", "not yet", lane.now() + timedelta(minutes=90))
        return WorkOutcome("sent", f"sent {taken.key[0]}")

    depot.outcome = outcome
    start = depot.lanes.get("a").now()
    timeline = depot.clock.advance("a", timedelta(hours=3))
    assert [(round((one.at - start).total_seconds() / 60), one.outcome) for one in timeline] == [
        (60, "not yet"),
        (120, "sent p2"),
        (150, "sent p1"),
    ]
    assert depot.rows() == [("p1", "sent", 2), ("p2", "sent", 1)]


def test_an_error_nobody_foresaw_is_tried_again_later(depot: Depot, caplog: pytest.LogCaptureFixture) -> None:
    def outcome(_: Lane, taken: Taken) -> WorkOutcome:
        if taken.attempt == 1:
            raise ZeroDivisionError
        return WorkOutcome("sent", "sent")

    depot.add("p1")
    depot.outcome = outcome
    said = [one.outcome for one in depot.clock.advance("a", timedelta(minutes=5))]
    assert said == ["failed: ZeroDivisionError", "sent"]
    assert "a parcel is sent: ('p1',) of lane a failed" in caplog.text


def test_a_row_waits_for_those_of_its_group_before_it_and_passes_one_that_is_a_persons(store_url: str) -> None:
    store = Store(store_url)
    depot = Depot(store, ordered=True)
    for parcel in ("p1", "p2", "p3"):
        depot.add(parcel)
    depot.add("s1", depot="south")
    assert depot.runner.attempt(depot.work, "a", ("p2",)) == "it is not due"
    depot.outcome = lambda _, taken: WorkOutcome("person" if taken.key == ("p1",) else "sent", "done")
    with store.read() as tx:
        assert depot.work.queue.head(tx, "a", "north") == ("p1",)  # type: ignore[attr-defined]
        assert [key for _, key in depot.work.queue.due(tx, "a", utc_text(datetime.now(UTC)), 9)] == [("p1",), ("s1",)]
    for parcel in ("p1", "p2"):
        assert depot.runner.attempt(depot.work, "a", (parcel,)) == "done"
    assert depot.rows() == [("p1", "person", 1), ("p2", "sent", 1), ("p3", "waiting", 0), ("s1", "waiting", 0)]
    depot.runner.close()
    store.close()


def test_work_in_one_transaction_is_all_or_nothing(store_url: str) -> None:
    store = Store(store_url)
    depot = Depot(store)
    after: list[str] = []

    def within(tx: Tx, lane: Lane, taken: Taken) -> WorkOutcome:
        tx.run(ADD, lane=lane.name, parcel="q9", depot="south", number=9, next_at=utc_text(lane.now()))
        if taken.key == ("p1",):
            raise ZeroDivisionError
        return WorkOutcome("sent", "sent", after=lambda: after.append("after"))

    work = depot.runner.add(Work(Queue(PARCELS), "parcels", within=within))
    depot.add("p1")
    depot.add("p2")
    with pytest.raises(ZeroDivisionError):
        depot.runner.attempt(work, "a", ("p1",))
    assert depot.rows() == [("p1", "waiting", 0), ("p2", "waiting", 0)]
    assert depot.runner.attempt(work, "a", ("p2",)) == "sent"
    assert depot.rows() == [("p1", "waiting", 0), ("p2", "sent", 1), ("q9", "waiting", 0)]
    assert after == ["after"]
    depot.runner.close()
    store.close()


def test_work_needs_one_way_to_be_done() -> None:
    with pytest.raises(ValueError, match="either act or within"):
        Work(Queue(PARCELS), "parcels")
