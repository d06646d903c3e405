"""The clock: moved by hand, running what falls due, in order, each at its own time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from partnerlab.simulators.kit.world import clock as clock_module
from partnerlab.simulators.kit.world.clock import (
    Clock,
    ClockOutOfRange,
    Done,
    DueFailed,
    DurationInvalid,
    TooManySteps,
    parse_duration,
)
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import Store

START = datetime(2026, 1, 1, tzinfo=UTC)


class Agenda:
    """A simulator whose things fall due at hours after the start; running one may add others."""

    def __init__(self, lanes: Lanes, name: str = "agenda") -> None:
        self.lanes = lanes
        self.name = name
        self.open: dict[str, float] = {}
        self.ran: list[tuple[str, datetime, bool]] = []
        self.adds: dict[str, dict[str, float]] = {}
        self.fails: set[str] = set()

    def due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        for label, hours in list(self.open.items()):
            at = START + timedelta(hours=hours)
            if at <= until:
                yield Due(at, label, lambda label=label: self.run(lane.name, label))  # type: ignore[misc]

    def run(self, lane: str, label: str) -> str:
        if label in self.fails:
            raise ValueError(label)
        del self.open[label]
        now = self.lanes.get(lane)
        self.ran.append((label, now.now(), now.frozen_at is not None))
        self.open.update(self.adds.get(label, {}))
        return f"{label} done"

    def simulator(self) -> Simulator:
        return Simulator(self.name, {}, lambda tx, lane: None, None, "", self.due)  # type: ignore[arg-type]


@pytest.fixture
def lanes(memory: Store) -> Lanes:
    return Lanes(memory)


@pytest.fixture
def agenda(lanes: Lanes) -> Agenda:
    return Agenda(lanes)


@pytest.fixture
def clock(lanes: Lanes, agenda: Agenda) -> Clock:
    made = Clock(lanes, [agenda.simulator()])
    made.set("a", START, frozen=True)
    return made


def hours(n: float) -> datetime:
    return START + timedelta(hours=n)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3d", 259_200), ("2h30m", 9_000), ("45s", 45), ("1w2d3h4m5s", 788_645), ("90m", 5_400), ("0s", 0)],
)
def test_a_duration_is_read(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "3", "d", "3 d", "3d3d", "30m2h", "-3d", "3.5d", "1y", "3D", "9" * 9 + "d", " 3d", "٣d"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(DurationInvalid, match="is not a duration such as 3d"):
        parse_duration(text)


def test_what_falls_due_runs_in_order_at_its_own_time(clock: Clock, agenda: Agenda) -> None:
    agenda.open = {"late": 30, "second": 5, "first": 1}
    agenda.adds = {"first": {"between": 3}}
    assert clock.advance("a", timedelta(days=1)) == [
        Done(hours(1), "first", "first done"),
        Done(hours(3), "between", "between done"),
        Done(hours(5), "second", "second done"),
    ]
    assert agenda.ran == [("first", hours(1), True), ("between", hours(3), True), ("second", hours(5), True)]
    assert clock.now("a") == hours(24)
    assert list(agenda.open) == ["late"]


def test_two_simulators_share_one_timeline(lanes: Lanes) -> None:
    one, two = Agenda(lanes, "one"), Agenda(lanes, "two")
    clock = Clock(lanes, [one.simulator(), two.simulator()])
    clock.set("a", START, frozen=True)
    one.open, two.open = {"a": 1, "c": 3}, {"b": 2, "c2": 3}
    assert [done.label for done in clock.advance("a", timedelta(hours=3))] == ["a", "b", "c", "c2"]


def test_what_is_overdue_runs_now_and_time_never_goes_back(clock: Clock, agenda: Agenda) -> None:
    clock.set("a", hours(10))
    agenda.open = {"overdue": 1, "next": 11}
    clock.advance("a", timedelta(hours=2))
    assert agenda.ran == [("overdue", hours(10), True), ("next", hours(11), True)]


def test_a_running_clock_runs_on_a_frozen_one_stays_frozen(clock: Clock, lanes: Lanes) -> None:
    clock.advance("a", timedelta(hours=1))
    assert lanes.get("a").frozen_at is not None
    clock.unfreeze("a")
    clock.advance("a", timedelta(hours=1))
    assert lanes.get("a").frozen_at is None
    assert hours(2) <= clock.now("a") < hours(2) + timedelta(minutes=1)
    clock.freeze("a")
    assert clock.now("a") == clock.now("a")


def test_set_runs_nothing_and_may_go_back(clock: Clock, agenda: Agenda) -> None:
    agenda.open = {"x": 1}
    clock.set("a", hours(5))
    clock.set("a", hours(-5))
    assert clock.now("a") == hours(-5)
    assert agenda.ran == []
    clock.set("a", hours(0), frozen=False)
    assert clock.lane("a").frozen_at is None


def test_lanes_have_clocks_of_their_own(clock: Clock) -> None:
    clock.advance("a", timedelta(days=300))
    assert abs(clock.now("b") - datetime.now(UTC)) < timedelta(minutes=1)


def test_what_does_not_end_is_stopped(clock: Clock, agenda: Agenda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "MAX_STEPS", 10)
    agenda.open, agenda.adds = {"again": 1}, {"again": {"again": 1}}
    with pytest.raises(TooManySteps, match="after 10 steps, the last 'again'") as stopped:
        clock.advance("a", timedelta(hours=2))
    assert len(stopped.value.timeline) == 10
    assert clock.now("a") == hours(1)


def test_what_fails_stops_the_clock_at_its_time(clock: Clock, agenda: Agenda, caplog: pytest.LogCaptureFixture) -> None:
    clock.unfreeze("a")
    agenda.open, agenda.fails = {"first": 1, "second": 2, "third": 3}, {"second"}
    with pytest.raises(DueFailed, match="second at 2026-01-01T02:00:00"):
        clock.advance("a", timedelta(hours=5))
    assert hours(2) <= clock.now("a") < hours(2) + timedelta(minutes=1)
    assert clock.lane("a").frozen_at is None
    assert "ValueError: second" in caplog.text
    agenda.fails = set()
    assert [done.label for done in clock.advance("a", timedelta(hours=5))] == ["second", "third"]


def test_a_clock_is_not_advanced_backwards_or_out_of_range(clock: Clock) -> None:
    with pytest.raises(ValueError, match="forward"):
        clock.advance("a", timedelta(seconds=-1))
    for by in (timedelta(days=100_000), timedelta.max):
        with pytest.raises(ClockOutOfRange):
            clock.advance("a", by)
    with pytest.raises(ClockOutOfRange):
        clock.set("a", datetime(1969, 12, 31, tzinfo=UTC))
    assert clock.now("a") == hours(0)


def test_who_waits_for_a_time_is_woken(clock: Clock, agenda: Agenda) -> None:
    woken: list[tuple[str, timedelta, datetime]] = []
    clock.after_advance.append(lambda lane, by: woken.append((lane, by, clock.now(lane))))
    clock.advance("a", timedelta(hours=1))
    agenda.open, agenda.fails = {"x": 1}, {"x"}
    with pytest.raises(DueFailed):
        clock.advance("a", timedelta(hours=1))
    assert woken == [("a", timedelta(hours=1), hours(1))] * 2


def test_two_advances_of_a_lane_follow_each_other(clock: Clock, agenda: Agenda) -> None:
    agenda.open = {str(n): n / 10 for n in range(1, 40)}
    threads = [threading.Thread(target=clock.advance, args=("a", timedelta(hours=1))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now("a") == hours(4)
    assert [label for label, *_ in agenda.ran] == [str(n) for n in range(1, 40)]
