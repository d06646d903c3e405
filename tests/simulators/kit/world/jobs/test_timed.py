"""Jobs by a timetable: each time once, and one run for what a pause missed [A-92]."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from time import sleep
from zoneinfo import ZoneInfo

import psycopg
import pytest

from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.jobs import (
    Daily,
    Every,
    JobUnknown,
    Runner,
    TimedJob,
    TimedJobs,
    Weekly,
    jobs_of,
)
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import Store

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)  # a Friday


class Partner:
    """Two partners with jobs of the same names in one store."""

    def __init__(self, store: Store) -> None:
        self.lanes, self.ran = Lanes(store), list[tuple[str, str, str]]()
        self.runner = Runner(store, self.lanes)
        utc = ZoneInfo("UTC")
        timetables = {
            "balances": Every(timedelta(minutes=15)),
            "customers": Daily(time(6), utc),
            "all_balances": Weekly(6, time(3), utc),
        }
        self.jobs = {
            owner: TimedJobs(
                store,
                self.runner,
                owner,
                [
                    TimedJob(name, times, lambda lane, n=f"{owner} {name}": self._run(lane, n))
                    for name, times in timetables.items()
                ],  # type: ignore[misc]
            )
            for owner in ("utility", "watersmart")
        }
        simulators = [
            Simulator(owner, {}, jobs.seed, lambda: None, "", jobs.due, jobs=(jobs,))  # type: ignore[arg-type, return-value]
            for owner, jobs in self.jobs.items()
        ]
        self.clock = Clock(self.lanes, simulators)
        for lane in ("a", "b"):
            made = self.lanes.set_clock(lane, offset=timedelta(0), frozen_at=NOON)
            with store.write() as tx:
                for jobs in self.jobs.values():
                    jobs.seed(tx, made)
        self.fails: Exception | None = None
        self.seen: list[str] = []

    def _run(self, lane: Lane, name: str) -> str:
        self.ran.append((lane.name, name, lane.now().strftime("%a %H:%M")))
        owner, _, job = name.partition(" ")
        self.seen = [row.last_message for row in self.jobs[owner].all(lane) if row.name == job]
        if self.fails:
            raise self.fails
        return "done"

    def times(self, name: str, lane: str = "a") -> list[str]:
        return [at for lane_name, one, at in self.ran if (lane_name, one) == (lane, name)]


@pytest.fixture
def partner(store_url: str) -> Iterator[Partner]:
    store = Store(store_url)
    made = Partner(store)
    yield made
    made.runner.close()
    store.close()


def test_an_advanced_clock_runs_each_time_of_each_job_once(partner: Partner) -> None:
    timeline = partner.clock.advance("a", timedelta(minutes=45))
    for owner in ("utility", "watersmart"):
        assert partner.times(f"{owner} balances") == ["Fri 12:15", "Fri 12:30", "Fri 12:45"]
    assert len(timeline) == 6
    assert {one.outcome for one in timeline} == {"balances: done"}
    partner.clock.advance("a", timedelta(days=2))
    assert partner.times("utility customers") == ["Sat 06:00", "Sun 06:00"]
    assert partner.times("utility all_balances") == ["Sun 03:00"]
    assert {lane for lane, *_ in partner.ran} == {"a"}


def test_a_paused_job_catches_up_with_one_run(partner: Partner) -> None:
    jobs, lane = partner.jobs["utility"], partner.lanes.get("a")
    jobs.pause(lane, "balances")
    partner.clock.advance("a", timedelta(hours=3))
    assert partner.times("utility balances") == []
    assert len(partner.times("watersmart balances")) == 12
    jobs.resume(lane, "balances")
    partner.clock.advance("a", timedelta(minutes=15))
    assert partner.times("utility balances") == ["Fri 15:00", "Fri 15:15"]


def test_after_a_clock_was_put_back_jobs_run_at_the_times_that_come(partner: Partner) -> None:
    partner.clock.advance("a", timedelta(minutes=30))
    partner.clock.set("a", NOON - timedelta(days=1))
    partner.clock.advance("a", timedelta(minutes=20))
    assert partner.times("utility balances") == ["Fri 12:15", "Fri 12:30", "Thu 12:15"]
    partner.clock.set("a", NOON)
    partner.clock.advance("a", timedelta(minutes=1))
    assert partner.times("utility balances")[3:] == ["Fri 12:00"], "put forward, once for what was missed"


def test_a_job_that_is_run_by_hand_stays_paused(partner: Partner) -> None:
    jobs, lane = partner.jobs["utility"], partner.lanes.get("a")
    jobs.pause(lane, "balances")
    assert jobs.run_now(lane, "balances") == "balances: done"
    assert partner.times("utility balances") == ["Fri 12:00"]
    rows = {row.name: row for row in jobs.all(lane)}
    assert rows["balances"].state == "paused"
    assert (rows["balances"].last_at, rows["balances"].last_message) == (NOON, "done")
    assert partner.seen == ["under way, or cut off before it was done"], "as it stands where a process was killed"
    assert rows["customers"].last_at is None
    assert [row.last_at for row in partner.jobs["watersmart"].all(lane)] == [None] * 3
    with pytest.raises(KeyError):
        jobs.run_now(lane, "nothing")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("the disk is full"), "OSError: the disk is full"),
        (psycopg.OperationalError("connection to db.internal failed"), "there is no connection to the database"),
    ],
)
def test_a_job_that_fails_is_due_again_at_its_next_time(partner: Partner, error: Exception, said: str) -> None:
    partner.fails = error
    timeline = partner.clock.advance("a", timedelta(minutes=30))
    assert {one.outcome for one in timeline} == {f"balances: failed: {said}"}
    assert partner.times("utility balances") == ["Fri 12:15", "Fri 12:30"]


def test_a_job_runs_by_itself_while_the_lanes_clock_runs(store_url: str) -> None:
    store = Store(store_url)
    partner = Partner(store)
    partner.runner.start()
    offset = NOON + timedelta(minutes=14, seconds=59.8) - datetime.now(UTC)
    partner.lanes.set_clock("a", offset=offset, frozen_at=None)
    end = datetime.now(UTC) + timedelta(seconds=60)
    while len(partner.ran) < 2 and datetime.now(UTC) < end:
        sleep(0.01)
    partner.runner.close()
    assert sorted(partner.ran) == [("a", "utility balances", "Fri 12:15"), ("a", "watersmart balances", "Fri 12:15")]
    store.close()


def test_a_simulators_name_is_checked(store_url: str) -> None:
    store = Store(store_url)
    with pytest.raises(ValueError, match="not a simulator's name"):
        TimedJobs(store, Runner(store, Lanes(store)), "o'hara", [])
    store.close()


def test_times_at_which_there_is_nothing_to_do_are_passed_over(store_url: str) -> None:
    store = Store(store_url)
    lanes = Lanes(store)
    runner = Runner(store, lanes)
    waiting: list[str] = []
    ran: list[tuple[str, str]] = []

    def run(lane: Lane, name: str) -> str:
        ran.append((name, lane.now().strftime("%a %H:%M")))
        waiting.clear()
        return "done"

    def idle(lane: Lane, name: str) -> bool:
        return not waiting

    jobs = TimedJobs(store, runner, "inhance_v1", jobs_of("inhance_v1", ZoneInfo("UTC"), run, idle))
    clock = Clock(lanes, [Simulator("utility", {}, jobs.seed, lambda: None, "", jobs.due, jobs=(jobs,))])  # type: ignore[arg-type, return-value]
    lane = lanes.set_clock("a", offset=timedelta(0), frozen_at=NOON)
    with store.write() as tx:
        jobs.seed(tx, lane)
    clock.advance("a", timedelta(days=2, minutes=7))
    assert [name for name, _ in ran] == ["autopay", "customers", "all-balances", "autopay", "customers"]
    listed = {job.name: row for job, row in jobs.listed(lanes.get("a"))}
    assert list(listed) == ["payments", "invoices", "balances", "all-balances", "autopay", "customers"]
    assert listed["payments"].next_at == NOON + timedelta(days=2, minutes=15)
    ran.clear()
    waiting.append("a payment")
    clock.advance("a", timedelta(hours=1))
    assert ran == [("payments", "Sun 12:15")]
    with pytest.raises(JobUnknown, match="inhance_v1 has no job 'voids'"):
        jobs.pause(lanes.get("a"), "voids")
    runner.close()
    store.close()
