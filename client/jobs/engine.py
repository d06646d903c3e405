"""
Jobs by their timetable in production, each time once however many processes run them (extra `pump`).

    books = MyBooks(...)
    jobs = scheduled("inhance_v1", "America/New_York", lambda name, tick: run(name, books))
    with JobEngine("postgresql://…/jobs", jobs):
        ...

The engine is DBOS, as for the data pump: whoever comes to a time first writes its run down under a name that is made of
job and time, so nobody else does it. One run of a job at a time, in all processes: a time that comes while the run
before it is still at work is passed over. A process that is killed leaves its run to the next time of the job: jobs
begin where they stopped. What was missed while no process ran is caught up with one run for each job [A-92].

Give it a database of its own, and a process: the engine is one per process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, Self
from zlib import crc32
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from partnerlab.client.datapump.database import create_database
from partnerlab.client.datapump.engine.process import claim_process, current, release_process
from partnerlab.client.datapump.slots import MAX_SLOTS, Slots, slot_name, slots_of
from partnerlab.contracts.database_errors import what_failed
from partnerlab.contracts.jobs import Job
from partnerlab.contracts.jobs import jobs as contract_jobs

__all__ = ["JobEngine", "ScheduledJob", "cron_of", "scheduled"]

log = logging.getLogger("partnerlab.client.jobs")

APPLICATION, VERSION, WORKFLOW = "timed-jobs", "1", "timed-job"
LOOK_S = 30.0
"""How soon another process's change of a schedule is seen."""


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """
    A job: `name` is its own among those of the database, `cron` when it runs in `zone`.

    `run` is told the time it runs for, and says what it did. What it raises is logged, and it runs again at its next
    time.
    """

    name: str
    cron: str
    zone: str
    run: Callable[[datetime], str]


def cron_of(job: Job) -> str:
    """A job's timetable as cron has it; one by interval is counted in UTC, so every other zone has to be UTC for it."""
    if job.every_minutes:
        hours, minutes = divmod(job.every_minutes, 60)
        if (minutes and (hours or 60 % minutes)) or (hours and 24 % hours):
            raise ValueError(
                f"{job.partner} {job.name}: every {job.every_minutes} minutes is no part of an hour or a day"
            )
        return f"*/{minutes} * * * *" if minutes else f"0 */{hours} * * *"
    hour, minute = job.at.split(":")
    return f"{int(minute)} {int(hour)} * * {job.weekday[:3].upper() or '*'}"


def scheduled(partner: str, zone: str, run: Callable[[str, datetime], str]) -> list[ScheduledJob]:
    """The jobs that the contract gives a partner, at times of the *zone*; *run* is told which, and the time."""
    return [
        ScheduledJob(
            f"{partner}-{job.name}",
            cron_of(job),
            "UTC" if job.every_minutes else zone,
            partial(run, job.name),
        )
        for job in contract_jobs(partner)
    ]


class JobEngine:
    """Runs jobs on the database at *url*: `sqlite:///file.db` or `postgresql://…`. A context manager."""

    def __init__(self, url: str, jobs: Sequence[ScheduledJob]) -> None:
        self._database = create_database(url)
        self._jobs = {job.name: job for job in jobs}
        self._slots: Slots | None = None

    def start(self) -> list[str]:
        """
        Run jobs from now on; the names of those that catch up with what was missed.

        Raises `EngineBusy` where this process has an engine already, `NoSlot` where the database has too many.
        """
        from dbos import DBOS, DBOSPortableJSONSerializer

        logging.getLogger("dbos").setLevel(logging.ERROR)
        claim_process(self)
        try:
            self._slots = slots_of(self._database)
            slot = self._slots.take_first()  # the engine begins again what this slot's former process left
            _register(DBOS)
            schema = None if self._database.dialect.name == "sqlite" else "dbos"
            if not sa.inspect(self._database).has_table("workflow_status", schema=schema):
                DBOS.migrate(self._database.url.render_as_string(hide_password=False))
            DBOS(
                config={
                    "name": APPLICATION,
                    "system_database_engine": self._database,
                    "application_version": VERSION,
                    "executor_id": slot_name(slot),
                    "serializer": DBOSPortableJSONSerializer(),
                    "enable_otlp": False,
                    "log_level": "ERROR",
                    "notification_listener_polling_interval_sec": 0.2,
                    "scheduler_polling_interval_sec": LOOK_S,
                }
            )
            DBOS.launch()
            DBOS.apply_schedules(
                [
                    {
                        "schedule_name": job.name,
                        "workflow_fn": _registered,
                        "schedule": job.cron,
                        "cron_timezone": job.zone,
                        "context": job.name,
                    }
                    for job in self._jobs.values()
                ]
            )
            return self._catch_up(DBOS)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Run no more jobs, and let go of the slot. What is under way ends on its own."""
        if release_process(self):
            from dbos import DBOS

            logging.getLogger("dbos").setLevel(logging.CRITICAL)
            DBOS.destroy()
        if self._slots is not None:
            self._slots.release()
            self._slots = None
        self._database.dispose()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def run(self, name: str, tick: datetime) -> str:
        """One run. Called by the engine only."""
        job, slots = self._jobs.get(name), self._slots
        if job is None:
            return "there is no such job in this process"
        if job.zone != "UTC" and _comes_again(tick, ZoneInfo(job.zone)):
            return "this time of day came once already today"
        # A lock that goes with the process: no run that was killed keeps another waiting.
        with slots.borrow(_lock_number(name)) if slots else nullcontext(True) as free:
            if not free:
                return "the run before it is still at work: this time is passed over"
            try:
                return job.run(tick)
            except Exception as error:
                log.exception("the job %s for %s failed", name, tick.isoformat())
                return f"failed: {what_failed(error)}"[:500]

    def _catch_up(self, dbos: Any) -> list[str]:
        """Start the last time of each job that nobody ran."""
        from croniter import croniter  # type: ignore[import-untyped,unused-ignore]  # typed in some releases
        from dbos import SetWorkflowID

        begun = []
        for job in self._jobs.values():
            now = datetime.now(ZoneInfo(job.zone))
            tick: datetime = croniter(job.cron, now, second_at_beginning=True).get_prev(datetime)
            # As the engine's own schedules name their runs.
            run = f"sched-{job.name}-{tick.isoformat()}"
            if dbos.get_workflow_status(run) is None:
                with SetWorkflowID(run):
                    dbos.start_workflow(_registered, tick, job.name)
                begun.append(job.name)
        return begun


def _lock_number(name: str) -> int:
    """A job's own lock, beyond those of the workers."""
    return MAX_SLOTS + 1 + crc32(name.encode()) % 2**30


def _comes_again(tick: datetime, zone: ZoneInfo) -> bool:
    """Whether a time of day is the second of two on the day when the clock is set back."""
    local = tick.astimezone(zone)
    return local.replace(fold=0).astimezone(UTC) != tick.astimezone(UTC)


_registered: Any = None


def _register(dbos: Any) -> None:
    """The function that the engine calls; it is registered once in a process."""
    global _registered
    if _registered is not None:
        return

    @dbos.workflow(name=WORKFLOW, max_recovery_attempts=None)  # type: ignore[untyped-decorator,unused-ignore]  # `Any`
    def timed_job(tick: datetime | str, name: str) -> str:
        moment = datetime.fromisoformat(tick) if isinstance(tick, str) else tick
        engine = current()
        return engine.run(name, moment) if isinstance(engine, JobEngine) else "no jobs run in this process"

    _registered = timed_job
