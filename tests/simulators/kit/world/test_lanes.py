"""Lanes: made when named, isolated, forked, reset, exported and loaded."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partnerlab.simulators.kit.world import lanes as lanes_module
from partnerlab.simulators.kit.world.lane_rows import LoadInvalid
from partnerlab.simulators.kit.world.lanes import (
    ForkOntoItself,
    Lane,
    LaneExists,
    LaneNameInvalid,
    LaneNotFound,
    Lanes,
    TooManyLanes,
)
from partnerlab.simulators.kit.world.store import Statement, Store
from tests.simulators.kit.conftest import COUNT, VALUE, seed

LOG = Statement("INSERT INTO kit_test_log (lane, text) VALUES (:lane, :text)")
LOGGED = Statement("SELECT text FROM kit_test_log WHERE lane = :lane ORDER BY number")


@pytest.fixture
def lanes(store: Store) -> Lanes:
    return Lanes(store, [seed])


def value(lanes: Lanes, name: str) -> int | None:
    with lanes.store.read() as tx:
        row = tx.one(VALUE, lane=name)
    return None if row is None else row[0]


def count(lanes: Lanes, name: str) -> None:
    with lanes.store.write() as tx:
        tx.run(COUNT, lane=name)


def test_a_lane_is_made_and_seeded_when_first_named(lanes: Lanes) -> None:
    assert lanes.cached("a") is None
    assert lanes.get("a") == Lane("a")
    assert value(lanes, "a") == 0
    count(lanes, "a")
    assert lanes.get("a") == Lane("a")
    assert value(lanes, "a") == 1
    assert [lane.name for lane in lanes.all()] == ["a"]


@pytest.mark.parametrize("name", ["", "-a", ".a", "a b", "a/b", "ä", "a" * 65, "a\n"])
def test_a_bad_name_is_refused(lanes: Lanes, name: str) -> None:
    lanes.get("there")
    for call in (lanes.get, lanes.reset, lanes.create, lambda n: lanes.fork("there", n), lambda n: lanes.load(n, {})):
        with pytest.raises(LaneNameInvalid):
            call(name)
    assert [lane.name for lane in lanes.all()] == ["there"]


def test_a_lane_is_seeded_once_by_32_threads(lanes: Lanes) -> None:
    barrier = threading.Barrier(32)

    def get() -> None:
        barrier.wait()
        lanes.get("a")

    threads = [threading.Thread(target=get) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(lanes, "a") == 0


def test_create_gives_a_seed_and_refuses_a_lane_that_is_there(lanes: Lanes) -> None:
    assert lanes.create("a", seed=7).seed == 7
    with pytest.raises(LaneExists):
        lanes.create("a")


def test_reset_keeps_the_seed_and_nothing_else(lanes: Lanes) -> None:
    lanes.create("a", seed=7)
    lanes.get("b")
    count(lanes, "a")
    count(lanes, "b")
    lanes.set_clock("a", offset=timedelta(days=1), frozen_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert lanes.reset("a") == Lane("a", seed=7)
    assert value(lanes, "a") == 0
    assert value(lanes, "b") == 1


def test_drop_removes_a_lane(lanes: Lanes) -> None:
    lanes.get("a")
    lanes.drop("a")
    assert value(lanes, "a") is None
    with pytest.raises(LaneNotFound):
        lanes.drop("a")
    with pytest.raises(LaneNotFound):
        lanes.refresh("a")
    assert lanes.get("a") == Lane("a")


def test_a_fork_is_a_copy_that_goes_its_own_way(lanes: Lanes) -> None:
    lanes.create("a", seed=7)
    lanes.get("b")
    count(lanes, "a")
    lanes.set_clock("a", offset=timedelta(0), frozen_at=datetime(2030, 1, 1, tzinfo=UTC))
    copy = lanes.fork("a", "b")
    assert copy == Lane("b", lanes.get("a").offset_us, "2030-01-01T00:00:00+00:00", 7)
    count(lanes, "b")
    assert (value(lanes, "a"), value(lanes, "b")) == (1, 2)


def test_a_fork_keeps_the_order_of_rows_that_the_database_numbers(lanes: Lanes) -> None:
    lanes.get("a")
    texts = [str(n) for n in range(12)]
    with lanes.store.write() as tx:
        tx.run_many(LOG, [{"lane": "a", "text": text} for text in texts])
        # Left to itself SQLite would read them by this index, and PostgreSQL the row that was written last at the end.
        tx.run(Statement("CREATE INDEX by_text ON kit_test_log (lane, text)"))
        tx.run(Statement("UPDATE kit_test_log SET text = '0' WHERE lane = 'a' AND text = '0'"))
    lanes.fork("a", "b")
    with lanes.store.read() as tx:
        assert [row[0] for row in tx.all(LOGGED, lane="b")] == texts


def test_a_fork_onto_itself_loses_nothing(lanes: Lanes) -> None:
    lanes.get("a")
    with pytest.raises(ForkOntoItself):
        lanes.fork("a", "a")
    assert value(lanes, "a") == 0
    with pytest.raises(LaneNotFound):
        lanes.fork("none", "b")


def test_an_export_loads_into_another_lane(lanes: Lanes) -> None:
    lanes.create("a", seed=7)
    count(lanes, "a")
    with lanes.store.write() as tx:
        tx.run(LOG, lane="a", text=None)
        tx.run(LOG, lane="a", text="é")
    rows = lanes.export("a")
    lanes.get("b")
    assert lanes.load("b", rows) == Lane("b", seed=7)
    again = lanes.export("b")
    for table in rows:
        for row in (*rows[table], *again[table]):
            row.pop("number", None)
            row.pop("created_at", None)  # of each lane its own
            row["lane"] = "x"
    assert rows == again
    with pytest.raises(LaneNotFound):
        lanes.export("none")


def test_a_load_without_a_lanes_row_makes_a_plain_lane(lanes: Lanes) -> None:
    assert lanes.load("a", {"kit_test_world": [{"name": "calls", "value": 3}]}) == Lane("a")
    assert value(lanes, "a") == 3


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ({"nothing": []}, "nothing"),
        ({"kit_test_world": [{"nothing": 1}]}, "kit_test_world[0].nothing"),
        ({"kit_test_world": [{"name": "calls", "value": "3"}]}, "kit_test_world[0].value"),
        ({"kit_test_world": [{"name": "calls", "value": True}]}, "kit_test_world[0].value"),
        ({"kit_test_world": [{"name": "calls"}]}, "kit_test_world"),
        ({"kit_test_world": [{"name": "calls", "value": 1}] * 2}, "kit_test_world"),
        ({"kit_test_world": [{"name": "calls", "value": 2**70}]}, "kit_test_world[0].value"),
        ({"lanes": [{}, {}]}, "lanes"),
        ({"lanes": [{"offset_us": 0, "frozen_at": "never", "seed": 0, "faults": 0}]}, "lanes[0]"),
        ({"lanes": [{"offset_us": 2**62, "seed": 0, "faults": 0, "created_at": ""}]}, "lanes[0]"),
    ],
)
def test_a_load_that_does_not_fit_changes_nothing(
    lanes: Lanes, rows: dict[str, list[dict[str, object]]], where: str
) -> None:
    lanes.get("a")
    count(lanes, "a")
    with pytest.raises(LoadInvalid) as refused:
        lanes.load("a", rows)
    assert refused.value.where == where
    assert value(lanes, "a") == 1


def test_there_are_only_so_many_lanes(lanes: Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "MAX_LANES", 2)
    lanes.get("a")
    lanes.get("b")
    for call in (lanes.get, lanes.reset, lanes.create, lambda n: lanes.load(n, {}), lambda n: lanes.fork("a", n)):
        with pytest.raises(TooManyLanes):
            call("c")
    lanes.reset("a")
    lanes.fork("a", "b")
    lanes.drop("b")
    assert lanes.get("c").name == "c"


def test_a_clock_runs_with_an_offset_or_stands(lanes: Lanes) -> None:
    lane = lanes.set_clock("a", offset=timedelta(days=3), frozen_at=None)
    assert abs(lane.now() - datetime.now(UTC) - timedelta(days=3)) < timedelta(minutes=5)
    frozen = datetime(2030, 1, 1, 12, tzinfo=UTC)
    assert lanes.set_clock("a", offset=timedelta(0), frozen_at=frozen).now() == frozen
    assert lanes.get("a").now() == frozen


def test_a_reader_never_puts_an_older_lane_over_a_newer_one(store: Store) -> None:
    """A get that misses the cache while the clock is being set must not leave the old clock in the cache."""
    lanes = Lanes(store)
    for n in range(1, 41):
        lanes._cache.clear()
        reader = threading.Thread(target=lanes.get, args=("a",))
        reader.start()
        lanes.set_clock("a", offset=timedelta(microseconds=n), frozen_at=None)
        reader.join()
        assert lanes.get("a").offset_us == n


def test_who_holds_rows_back_is_asked_to_write_them_first(lanes: Lanes) -> None:
    lanes.get("a")
    called: list[str] = []
    lanes.before_copy.append(lambda: called.append("settled"))
    rows = lanes.export("a")
    lanes.fork("a", "b")
    lanes.load("a", rows)
    lanes.reset("a")
    lanes.drop("a")
    assert len(called) == 5


class Elsewhere:
    """State of lanes that is kept outside the store; says what it was told, and whether the store had committed."""

    names = frozenset({"elsewhere"})

    def __init__(self, store: Store) -> None:
        self.store, self.told = store, list[tuple[object, ...]]()

    @contextmanager
    def paused(self, *lanes: str) -> Iterator[None]:
        self.told.append(("pause", *lanes))
        yield
        self.told.append(("go on", *lanes))

    def drop(self, lane: str) -> None:
        self.told.append(("drop", lane))

    def fork(self, lane: str, copy: str) -> None:
        self.told.append(("fork", lane, copy))

    @contextmanager
    def exporting(self, lane: str) -> Iterator[Iterator[tuple[str, Iterable[dict[str, Any]]]]]:
        yield iter([("elsewhere", [{"lane": lane}])])

    def load(self, lane: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self.told.append(("load", lane, rows))
        if rows.get("elsewhere") == [{"bad": 1}]:
            raise LoadInvalid("elsewhere[0]", "is bad")


def test_what_is_attached_elsewhere_goes_with_its_lane(lanes: Lanes) -> None:
    elsewhere = Elsewhere(lanes.store)
    lanes.attached.append(elsewhere)
    lanes.reset("a")
    lanes.fork("a", "b")
    exported = lanes.export("b")
    assert exported["elsewhere"] == [{"lane": "b"}]
    lanes.load("c", exported)
    lanes.drop("c")
    assert [told for told in elsewhere.told if told[0] not in ("pause", "go on")] == [
        ("drop", "a"),
        ("fork", "a", "b"),
        ("load", "c", {"elsewhere": [{"lane": "b"}]}),
        ("drop", "c"),
    ]
    assert [told for told in elsewhere.told if told[0] == "pause"] == [
        ("pause", "a"),
        ("pause", "a", "b"),
        ("pause", "b"),
        ("pause", "c"),
        ("pause", "c"),
    ]


def test_what_cannot_be_loaded_elsewhere_is_not_loaded_here(lanes: Lanes) -> None:
    lanes.attached.append(Elsewhere(lanes.store))
    lanes.get("b")
    count(lanes, "a")
    before, exported = value(lanes, "a"), lanes.export("b")
    with pytest.raises(LoadInvalid, match=r"elsewhere\[0\]: is bad"):
        lanes.load("a", {**exported, "elsewhere": [{"bad": 1}]})
    assert value(lanes, "a") == before
