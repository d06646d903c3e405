"""A lane is reset, copied, dropped or loaded while somebody is at work in it: nothing of one world is in the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from partnerlab.simulators.kit.world.jobs import Taken, WorkOutcome
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Store
from tests.simulators.kit.world.jobs.test_runner import Depot

SET = Statement("UPDATE kit_test_parcels_due SET state = :state WHERE lane = :lane AND parcel = 'p2'")


@pytest.fixture
def depot(store_url: str) -> Iterator[Depot]:
    store = Store(store_url)
    made = Depot(store)
    yield made
    made.runner.close()
    store.close()


def during(depot: Depot, change: Callable[[], object]) -> None:
    """Let *change* happen while the first attempt is made, by another thread as of another caller."""

    def outcome(lane: Lane, _: Taken) -> WorkOutcome:
        if len(depot.done) == 1:
            caller = threading.Thread(target=change)
            caller.start()
            caller.join(20)
            with depot.store.write() as tx:  # what the work itself keeps, as the mark of a job
                tx.run(SET, lane=lane.name, state="kept")
        return WorkOutcome("sent", "sent")

    depot.outcome = outcome


@pytest.mark.parametrize("name", ["reset", "drop", "copied onto", "loaded"])
def test_what_was_begun_in_one_world_writes_nothing_in_the_next(depot: Depot, name: str) -> None:
    depot.add("p1")
    depot.add("p2")
    depot.add("p1", "other")
    depot.add("p2", "other")
    rows = depot.lanes.export("a")

    def reset() -> None:
        depot.lanes.reset("a")
        depot.add("p1")
        depot.add("p2")

    def drop() -> None:
        depot.lanes.drop("a")
        depot.lanes.get("a")
        depot.add("p1")
        depot.add("p2")

    changes: dict[str, Callable[[], object]] = {
        "reset": reset,
        "drop": drop,
        "copied onto": lambda: depot.lanes.fork("other", "a"),
        "loaded": lambda: depot.lanes.load("a", rows),
    }
    during(depot, changes[name])
    said = depot.runner.attempt(depot.work, "a", ("p1",))
    assert said == "its lane was reset, dropped, copied onto or loaded meanwhile"
    assert depot.rows("a") == depot.rows("other") == [("p1", "waiting", 0), ("p2", "waiting", 0)]
    assert depot.runner.attempt(depot.work, "a", ("p1",)) == "sent"
    assert depot.rows("a") == [("p1", "sent", 1), ("p2", "waiting", 0)]


def test_what_is_at_work_in_a_lane_is_nobody_s_in_its_copy(depot: Depot) -> None:
    """The copy's row is done at once, not when the claim of the original has ended, and each writes its own outcome."""
    depot.add("p1")
    depot.add("p2")
    said: list[str] = []

    def fork() -> None:
        depot.lanes.fork("a", "copy")
        depot.lanes.load("loaded", depot.lanes.export("a"))
        said.extend(depot.runner.attempt(depot.work, lane, ("p1",)) for lane in ("copy", "loaded"))

    during(depot, fork)
    assert depot.runner.attempt(depot.work, "a", ("p1",)) == "sent"
    assert said == ["sent", "sent"]
    assert depot.rows("a") == [("p1", "sent", 1), ("p2", "kept", 0)]
    assert depot.rows("copy") == depot.rows("loaded") == [("p1", "sent", 2), ("p2", "waiting", 0)]


def test_an_export_of_an_older_release_has_claims_and_they_count_for_nothing(depot: Depot) -> None:
    depot.add("p1")
    rows = depot.lanes.export("a")
    assert "claim" not in rows["kit_test_parcels_due"][0]
    held = [{**row, "claim": "x-1", "claimed_until": "9999"} for row in rows["kit_test_parcels_due"]]
    depot.lanes.load("b", {**rows, "kit_test_parcels_due": held})
    assert depot.runner.attempt(depot.work, "b", ("p1",)) == "sent"


def test_a_lane_is_not_reset_while_its_clock_is_advanced(depot: Depot) -> None:
    """Else the rest of the way would be gone in the new world, whose clock begins where the real one is."""
    depot.add("p1", after=timedelta(days=1))
    depot.add("p2", after=timedelta(days=2))
    resets = threading.Thread(target=depot.lanes.reset, args=("a",))

    def outcome(*_: object) -> WorkOutcome:
        if not resets.ident:
            resets.start()
            resets.join(0.3)
        return WorkOutcome("sent", "sent")

    depot.outcome = outcome
    timeline = depot.clock.advance("a", timedelta(days=3))
    resets.join(20)
    assert [done.outcome for done in timeline] == ["sent", "sent"]
    assert depot.rows() == []
    assert depot.lanes.get("a").offset_us == 0
