"""Jobs by their timetable in production: once for each time, one run for what was missed, in however many processes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from partnerlab.client.datapump.engine import EngineBusy
from partnerlab.client.jobs.engine import JobEngine, ScheduledJob, cron_of, scheduled
from partnerlab.contracts.jobs import Job, jobs
from tests.postgres import new_database

YEARLY = "0 0 1 1 *"


def test_the_timetable_of_the_contract_as_cron() -> None:
    assert {job.name: cron_of(job) for job in jobs("inhance_v1")} == {
        "payments": "*/15 * * * *",
        "invoices": "*/15 * * * *",
        "balances": "*/15 * * * *",
        "all-balances": "0 2 * * SUN",
        "autopay": "0 3 * * *",
        "customers": "30 3 * * *",
    }
    assert [cron_of(job) for job in jobs("tccs")] == ["0 */4 * * *"]
    ran: list[str] = []
    made = scheduled("inhance_v1", "America/New_York", lambda name, tick: ran.append(name) or name)  # type: ignore[func-returns-value]
    assert [job.run(datetime.now(UTC)) for job in made] == [job.name for job in jobs("inhance_v1")] == ran
    assert {job.zone for job in made} == {"UTC", "America/New_York"}
    with pytest.raises(ValueError, match="every 50 minutes is no part of an hour or a day"):
        cron_of(Job("p", "n", "t", "x", "r", every_minutes=50))


def test_what_was_missed_is_caught_up_with_one_run_and_no_second_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    ran: list[datetime] = []
    failed = threading.Event()

    def run(tick: datetime) -> str:
        ran.append(tick)
        return "done"

    def fail(tick: datetime) -> str:
        failed.set()
        raise OSError("the disk is full")

    made = [ScheduledJob("good", YEARLY, "America/New_York", run), ScheduledJob("bad", YEARLY, "UTC", fail)]
    engine = JobEngine(url, made)
    assert sorted(engine.start()) == ["bad", "good"]
    with pytest.raises(EngineBusy):
        JobEngine(url, made).start()
    assert failed.wait(30)
    ends = time.monotonic() + 30
    while not ran and time.monotonic() < ends:
        time.sleep(0.01)
    engine.stop()
    new_year = datetime(datetime.now(ZoneInfo("America/New_York")).year, 1, 1, tzinfo=ZoneInfo("America/New_York"))
    assert ran == [new_year]
    again = JobEngine(url, made)
    assert again.start() == []
    again.stop()
    assert ran == [new_year]


def test_a_failed_run_does_not_say_where_a_database_is_that_was_not_reached(tmp_path: Path) -> None:
    def run(tick: datetime) -> str:
        psycopg.connect("postgresql://clerk:secret@127.0.0.1:1/books")
        return "done"

    engine = JobEngine(f"sqlite:///{tmp_path / 'jobs.db'}", [ScheduledJob("books", YEARLY, "UTC", run)])
    assert engine.run("books", datetime(2026, 1, 1, tzinfo=UTC)) == "failed: there is no connection to the database"


def test_a_time_of_day_that_comes_twice_runs_once(tmp_path: Path) -> None:
    ran: list[datetime] = []
    job = ScheduledJob("daily", "30 1 * * *", "America/New_York", lambda tick: ran.append(tick) or "done")  # type: ignore[func-returns-value]
    engine = JobEngine(f"sqlite:///{tmp_path / 'jobs.db'}", [job])
    first, second = datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert engine.run("daily", first) == "done"
    assert engine.run("daily", second) == "this time of day came once already today"
    assert ran == [first]
    assert engine.run("gone", first) == "there is no such job in this process"
    engine.stop()


@pytest.mark.postgres
def test_in_two_processes_each_time_runs_once_and_no_two_runs_overlap_and_a_kill_stops_nothing(
    postgres_server: str,
) -> None:
    """Case 25: a run longer than its interval; then one process is killed in the middle of a run."""
    url = new_database(postgres_server)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE ticks (tick TEXT, pid INT, began TIMESTAMPTZ, ended TIMESTAMPTZ)")
        command = [sys.executable, "-m", "tests.client.jobs.ticking", url]
        processes = {}
        for _ in range(2):
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            processes[process.pid] = process

        def wait_for(question: str, *values: object) -> list[tuple[Any, ...]]:
            ends = time.monotonic() + 60
            while not (found := connection.execute(question, values).fetchall()):  # type: ignore[call-overload]
                assert time.monotonic() < ends, question
                time.sleep(0.05)
            return found

        try:
            for process in processes.values():
                assert process.stdout is not None
                assert process.stdout.readline() == "runs\n"
            wait_for("SELECT 1 FROM ticks WHERE ended IS NOT NULL HAVING count(*) >= 2")
            ((killed, cut_off),) = wait_for("SELECT pid, tick FROM ticks WHERE ended IS NULL LIMIT 1")
            processes[killed].kill()
            wait_for("SELECT 1 FROM ticks WHERE ended IS NOT NULL AND pid <> %s AND tick > %s", killed, cut_off)
        finally:
            for process in processes.values():
                process.kill()
                process.communicate()
        runs = connection.execute("SELECT tick, began, ended FROM ticks ORDER BY began").fetchall()
    assert set(Counter(tick for tick, _, _ in runs).values()) == {1}
    whole = [(began, ended) for _, began, ended in runs if ended is not None]
    assert all(ended <= began for (_, ended), (began, _) in pairwise(whole)), "no two runs overlap"
