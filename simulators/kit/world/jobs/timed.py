"""
Jobs by a timetable, in each lane: what a partner runs every 15 minutes, daily at a time or weekly on a day.

A job runs once at each of its times as the lane's clock comes to it. One that was paused, or whose server was down,
runs once for all the times it missed; a clock that is advanced runs each of them [A-92].
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from partnerlab.simulators.kit.world.jobs.queue import Queue, Taken, queue_columns
from partnerlab.simulators.kit.world.jobs.runner import Runner, Work, WorkOutcome
from partnerlab.simulators.kit.world.jobs.timetable import Timetable
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.simulator import Due
from partnerlab.simulators.kit.world.store import Store, Tx
from partnerlab.simulators.kit.world.table import Table

__all__ = ["TABLES", "JobRow", "TimedJob", "TimedJobs"]

_logger = logging.getLogger(__name__)

WAITING, PAUSED = "waiting", "paused"

TABLES = sa.MetaData()
JOBS = sa.Table(
    "timed_jobs",
    TABLES,
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("next_at", sa.Text, nullable=False),
    sa.Column("last_at", sa.Text),
    sa.Column("last_message", sa.Text, nullable=False),
    *queue_columns(),
)


@dataclass(frozen=True, slots=True)
class TimedJob:
    """A job: its name in the control API and the timeline, when it runs, what it does and says of it."""

    name: str
    timetable: Timetable
    run: Callable[[Lane], str]


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
_OWNER = re.compile(r"[a-z][a-z0-9_]*")


class TimedJobs:
    """The jobs of one simulator, *owner*. `seed` them with a lane, and give what is `due` to the clock."""

    def __init__(self, store: Store, runner: Runner, owner: str, jobs: Sequence[TimedJob]) -> None:
        if not _OWNER.fullmatch(owner):
            raise ValueError(f"owner: {owner!r} is not a simulator's name")
        store.add(TABLES)
        self._store, self._runner, self._owner = store, runner, owner
        self._jobs = {job.name: job for job in jobs}
        queue = Queue(JOBS, where=f"owner = '{owner}'")
        self._work = runner.add(Work(queue, f"{owner}: a timed job runs", act=self._act))

    def seed(self, tx: Tx, lane: Lane) -> None:
        """Write the jobs of a new lane, each for its first time."""
        for job in self._jobs.values():
            _ROWS.put(tx, lane.name, JobRow(self._owner, job.name, WAITING, job.timetable.after(lane.now())))

    def due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        """The jobs whose time comes at or before *until*."""
        return self._runner.due(self._work, lane, until)

    def all(self, lane: Lane) -> list[JobRow]:
        """The jobs of a lane by name."""
        with self._store.read() as tx:
            return _ROWS.find(tx, lane.name, {"owner": self._owner}, order="name")

    def run_now(self, lane: Lane, name: str) -> str:
        """Run a job at once, paused or not, and say what came of it. Its timetable goes on. Raises `KeyError`."""
        return self._runner.attempt(self._work, lane.name, (self._owner, self._jobs[name].name), again=True)

    def pause(self, lane: Lane, name: str) -> None:
        """Let a job wait until it is resumed. Raises `KeyError`."""
        self._switch(lane, name, PAUSED)

    def resume(self, lane: Lane, name: str) -> None:
        """Let a paused job go on; where it missed any of its times it runs once for them. Raises `KeyError`."""
        self._switch(lane, name, WAITING)
        self._runner.wake()

    def _switch(self, lane: Lane, name: str, state: str) -> None:
        with self._store.write() as tx:
            row = _ROWS.lock(tx, lane.name, self._owner, self._jobs[name].name)
            if row is not None:
                _ROWS.save(tx, lane.name, replace(row, state=state))

    def _act(self, lane: Lane, taken: Taken) -> WorkOutcome:
        job, now = self._jobs[str(taken.key[1])], lane.now()
        try:
            message = job.run(lane)
        except Exception as error:  # one that fails is due again at its next time
            _logger.exception("the job %s of lane %s failed", job.name, lane.name)
            message = f"failed: {type(error).__name__}: {error}"[:500]

        def write(tx: Tx) -> None:
            row = _ROWS.lock(tx, lane.name, self._owner, job.name)
            if row is not None:
                _ROWS.save(tx, lane.name, replace(row, last_at=now, last_message=message))

        return WorkOutcome(None, f"{job.name}: {message}", job.timetable.after(now), write)
