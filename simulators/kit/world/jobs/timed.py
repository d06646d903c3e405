"""
Jobs by a timetable, in each lane: what a partner runs every 15 minutes, daily at a time or weekly on a day.

A job runs once at each of its times as the lane's clock comes to it. One that was paused, or whose server was down,
runs once for all the times it missed. A clock that is advanced runs each of them [A-92]; a job that only looks whether
there is something to do is passed over where there is nothing [A-107].
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from partnerlab.contracts.database_errors import what_failed
from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.jobs import jobs as contract_jobs
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.jobs.queue import Queue, Taken, queue_columns
from partnerlab.simulators.kit.world.jobs.runner import Runner
from partnerlab.simulators.kit.world.jobs.timetable import Timetable, timetable_of
from partnerlab.simulators.kit.world.jobs.work import Work, WorkOutcome
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store, Tx
from partnerlab.simulators.kit.world.table import Table, utc_text

__all__ = ["TABLES", "JobRow", "JobUnknown", "TimedJob", "TimedJobs", "jobs_of"]

_logger = logging.getLogger(__name__)

WAITING, PAUSED = "waiting", "paused"
UNDER_WAY = "under way, or cut off before it was done"
MOMENT = timedelta(microseconds=1)
PATIENCE = timedelta(seconds=1)
"""A timed job may be so late."""

TABLES = schema.Tables()
JOBS = schema.Table(
    "timed_jobs",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("owner", schema.Text, primary_key=True),
    schema.Column("name", schema.Text, primary_key=True),
    schema.Column("state", schema.Text, nullable=False),
    schema.Column("next_at", schema.Text, nullable=False),
    schema.Column("last_at", schema.Text),
    schema.Column("last_message", schema.Text, nullable=False),
    *queue_columns(),
)


class JobUnknown(KeyError):
    """No job of that name."""

    def __init__(self, owner: str, name: str) -> None:
        super().__init__(name)
        self.text = f"{owner} has no job {name[:80]!r}"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class TimedJob:
    """
    A job: its name in the control API and the timeline, when it runs, what it does and says of it.

    `idle` says that a run would find nothing to do; a clock that is advanced then passes over it. `title` and `when`
    are words for people.
    """

    name: str
    timetable: Timetable
    run: Callable[[Lane], str]
    idle: Callable[[Lane], bool] | None = None
    title: str = ""
    when: str = ""


def jobs_of(
    partner: str,
    zone: ZoneInfo,
    run: Callable[[Lane, str], str],
    idle: Callable[[Lane, str], bool] | None = None,
) -> list[TimedJob]:
    """
    The jobs that the contract gives a partner; *run* and *idle* are told which by its name.

    *idle* is asked of those that only look whether there is something to do.
    """
    return [
        TimedJob(
            job.name,
            timetable_of(job, zone),
            lambda lane, name=job.name: run(lane, name),  # type: ignore[misc]
            (lambda lane, name=job.name: idle(lane, name)) if idle and job.polls else None,  # type: ignore[misc]
            job.title,
            job.when if job.every_minutes else f"{job.when} {zone.key}",
        )
        for job in contract_jobs(partner)
    ]


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job of a lane as it stands; `last_at` is when it last ran, on the lane's clock."""

    owner: str
    name: str
    state: str
    next_at: datetime
    last_at: datetime | None = None
    last_message: str = ""


_ROWS = Table(JOBS, JobRow, besides=("attempts", "claim", "claimed_until"))
_OWNER = pattern(r"[a-z][a-z0-9_]*")


class TimedJobs:
    """The jobs of one simulator, *owner*. `seed` them with a lane, and give what is `due` to the clock."""

    def __init__(self, store: Store, runner: Runner, owner: str, jobs: Sequence[TimedJob]) -> None:
        if not _OWNER.fullmatch(owner):
            raise ValueError(f"owner: {owner!r} is not a simulator's name")
        store.add(TABLES)
        self._store, self._runner, self.owner = store, runner, owner
        self._jobs = {job.name: job for job in jobs}
        queue = Queue(JOBS, where=f"owner = '{owner}'")
        self._work = runner.add(
            Work(
                queue,
                f"{owner}: a timed job runs",
                act=self._act,
                begin=self._begin,
                patience=PATIENCE,
                takes_long=True,
            )
        )

    def seed(self, tx: Tx, lane: Lane) -> None:
        """Write the jobs of a new lane, each for its first time."""
        for job in self._jobs.values():
            _ROWS.put(tx, lane.name, JobRow(self.owner, job.name, WAITING, job.timetable.after(lane.now())))

    def due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        """The jobs whose time comes at or before *until*, those of one moment in the order they were given."""
        with self._store.read() as tx:
            rows = self._work.queue.due(tx, lane.name, utc_text(until), len(self._jobs))
        names = [*self._jobs]
        found = []
        for text, key in rows:
            job = self._jobs.get(str(key[1]))
            if job is None:  # of another version of this program
                continue
            at = _next(job, datetime.fromisoformat(text), lane.now())
            if at <= until and not (job.idle is not None and job.idle(lane)):
                found.append((at, names.index(job.name), key))
        for at, _, key in sorted(found):
            title = self._jobs[str(key[1])].title
            label = f"{self.owner}, {title}" if title else self._work.label
            yield self._runner.due_at(self._work, lane, key, at, label)

    def bring_forward(self, lane: Lane) -> None:
        """Let each job run at the first time that comes on the lane's clock, after that was put back."""
        with self._store.write() as tx:
            for row in _ROWS.find(tx, lane.name, {"owner": self.owner}, order="name"):
                job = self._jobs.get(row.name)
                if job is not None and (first := job.timetable.after(lane.now())) < row.next_at:
                    _ROWS.save(tx, lane.name, replace(row, next_at=first))
        self._runner.changed()

    def all(self, lane: Lane) -> list[JobRow]:
        """The jobs of a lane by name."""
        with self._store.read() as tx:
            return _ROWS.find(tx, lane.name, {"owner": self.owner}, order="name")

    def listed(self, lane: Lane) -> list[tuple[TimedJob, JobRow]]:
        """The jobs of a lane in their order, `next_at` without the times that were passed over."""
        rows, now = {row.name: row for row in self.all(lane)}, lane.now()
        return [
            (job, replace(rows[name], next_at=_next(job, rows[name].next_at, now)))
            for name, job in self._jobs.items()
            if name in rows
        ]

    def run_now(self, lane: Lane, name: str) -> str:
        """Run a job at once, paused or not, and say what came of it. Its timetable goes on. Raises `JobUnknown`."""
        return self._runner.attempt(self._work, lane.name, (self.owner, self._job(name).name), again=True)

    def pause(self, lane: Lane, name: str) -> None:
        """Let a job wait until it is resumed. Raises `JobUnknown`."""
        self._switch(lane, name, PAUSED)

    def resume(self, lane: Lane, name: str) -> None:
        """Let a paused job go on; where it missed any of its times it runs once for them. Raises `JobUnknown`."""
        self._switch(lane, name, WAITING)
        self._runner.changed()

    def _job(self, name: str) -> TimedJob:
        if name not in self._jobs:
            raise JobUnknown(self.owner, name)
        return self._jobs[name]

    def _switch(self, lane: Lane, name: str, state: str) -> None:
        with self._store.write() as tx:
            row = _ROWS.lock(tx, lane.name, self.owner, self._job(name).name)
            if row is not None and row.state != state:
                missed = state == WAITING and row.next_at < lane.now()
                _ROWS.save(tx, lane.name, replace(row, state=state, next_at=lane.now() if missed else row.next_at))

    def _begin(self, tx: Tx, lane: Lane, taken: Taken) -> None:
        """Note the run before it is made: one that a killed process leaves behind is seen in the list."""
        row = _ROWS.lock(tx, lane.name, self.owner, str(taken.key[1]))
        if row is not None:
            _ROWS.save(tx, lane.name, replace(row, last_at=lane.now(), last_message=UNDER_WAY))

    def _act(self, lane: Lane, taken: Taken) -> WorkOutcome:
        job, now = self._jobs[str(taken.key[1])], lane.now()
        try:
            message = job.run(lane)
        except Exception as error:  # one that fails is due again at its next time
            _logger.exception("the job %s of lane %s failed", job.name, lane.name)
            message = f"failed: {what_failed(error)}"[:500]

        def write(tx: Tx) -> None:
            row = _ROWS.lock(tx, lane.name, self.owner, job.name)
            if row is not None:
                _ROWS.save(tx, lane.name, replace(row, last_at=now, last_message=message))

        return WorkOutcome(None, f"{job.name}: {message}", job.timetable.after(now), write)


def _next(job: TimedJob, next_at: datetime, now: datetime) -> datetime:
    """When a job runs next: one that was passed over runs at its next time, any other for what it missed."""
    return job.timetable.after(now - MOMENT) if job.idle is not None and next_at < now else next_at
