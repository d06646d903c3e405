"""What is old goes, in every lane and some rows at a time; what is young, and unfinished, stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.lanes import DEFAULT, Lanes
from partnerlab.simulators.kit.world.pruning import BATCH, Prunable, Pruner
from partnerlab.simulators.kit.world.store import Statement, Store

TABLES = schema.Tables()
LETTERS = schema.Table(
    "kit_test_letters",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("number", schema.Integer, primary_key=True),
    schema.Column("state", schema.Text, nullable=False),
    schema.Column("sent_at", schema.Text, nullable=False),
)
STAMPS = schema.Table(
    "kit_test_stamps",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("letter", schema.Integer, primary_key=True),
    schema.Column("place", schema.Integer, primary_key=True),
)
RULES = (
    Prunable("letters", LETTERS, "state = 'sent' AND sent_at < :before"),
    Prunable(
        "stamps",
        STAMPS,
        "NOT EXISTS (SELECT 1 FROM kit_test_letters l WHERE l.lane = kit_test_stamps.lane"
        " AND l.number = kit_test_stamps.letter)",
    ),
)
LETTER = Statement("INSERT INTO kit_test_letters (lane, number, state, sent_at) VALUES (:lane, :n, :state, :at)")
STAMP = Statement("INSERT INTO kit_test_stamps (lane, letter, place) VALUES (:lane, :n, 1)")
LEFT = Statement("SELECT number FROM kit_test_letters WHERE lane = :lane ORDER BY number")
MONTH = timedelta(days=30)


@pytest.fixture
def lanes(store_url: str) -> Iterator[Lanes]:
    store = Store(store_url)
    store.add(TABLES)
    yield Lanes(store)
    store.close()


class Elsewhere:
    """A stand-in for the data pump's share of lanes."""

    def __init__(self) -> None:
        self.asked: list[tuple[timedelta, bool]] = []

    def prune(self, age: timedelta, *, dry_run: bool) -> Mapping[str, int]:
        self.asked.append((age, dry_run))
        return {"deliveries": 7}


def write(lanes: Lanes, lane: str, *letters: tuple[int, str, datetime]) -> None:
    with lanes.store.write() as tx:
        for number, state, at in letters:
            tx.run(LETTER, lane=lane, n=number, state=state, at=at.isoformat())
            tx.run(STAMP, lane=lane, n=number)


def left(lanes: Lanes, lane: str) -> list[int]:
    with lanes.store.read() as tx:
        return [number for (number,) in tx.all(LEFT, lane=lane)]


def test_old_rows_go_by_each_lanes_own_clock_and_dry_runs_only_count(lanes: Lanes) -> None:
    now = datetime.now(UTC)
    lanes.get(DEFAULT)
    lanes.create("past", frozen_at=now - 10 * MONTH)
    old = [(number, "sent", now - 5 * MONTH) for number in range(2 * BATCH + 10)]
    young = [(5_000, "sent", now), (5_001, "waiting", now - 5 * MONTH)]
    for lane in (DEFAULT, "past"):
        write(lanes, lane, *old, *young)
    elsewhere = Elsewhere()
    lanes.attached.append(elsewhere)
    pruner = Pruner(lanes, RULES)
    counts = pruner.prune(3 * MONTH, MONTH, dry_run=True)
    assert counts == {"lanes": 0, "letters": len(old), "stamps": 0, "deliveries": 7}
    assert len(left(lanes, DEFAULT)) == len(old) + 2
    counts = pruner.prune(3 * MONTH, MONTH)
    assert counts == {"lanes": 0, "letters": len(old), "stamps": len(old), "deliveries": 7}
    assert left(lanes, DEFAULT) == [5_000, 5_001]
    assert len(left(lanes, "past")) == len(old) + 2
    assert elsewhere.asked == [(3 * MONTH, True), (3 * MONTH, False)]
    assert set(pruner.prune(3 * MONTH, MONTH).values()) == {0, 7}


def test_lanes_that_nobody_used_are_dropped_but_the_default_one(lanes: Lanes) -> None:
    for name in (DEFAULT, "idle", "busy", "fresh"):
        lanes.get(name)
    with lanes.store.write() as tx:
        tx.run(Statement("UPDATE lanes SET used_on = '2026-01-02' WHERE lane <> 'fresh'"))
        lanes.used(tx, "busy")
    pruner = Pruner(lanes, ())
    assert pruner.prune(MONTH, MONTH, dry_run=True) == {"lanes": 1}
    assert pruner.prune(MONTH, MONTH) == {"lanes": 1}
    assert [lane.name for lane in lanes.all()] == ["busy", DEFAULT, "fresh"]


def test_a_lane_whose_requests_wait_to_be_noted_is_used(lanes: Lanes) -> None:
    lane = lanes.get("busy")
    journal = Journal(lanes)
    with lanes.store.write() as tx:
        tx.run(Statement("UPDATE lanes SET used_on = '2026-01-02'"))
    request = Request("GET", "/x", "", {}, b"", "http://127.0.0.1", "1", lane)
    journal.append(request, "GET", "door", "x", Response(200, b"", "text/plain"), 0)
    assert Pruner(lanes, ()).prune(MONTH, MONTH) == {"lanes": 0}
    journal.close()
