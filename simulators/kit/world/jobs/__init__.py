"""
Due work: what is to be done at a time, by whichever process comes first, once, and again where it failed.

    Queue       rows of a simulator's own table that wait for their time: due, claim, finish
    Source      what a Queue is to the runner
    RuleSource  what falls due by a rule over other rows
    Work        what is done for a row, and when
    Runner      does it: as its time comes, when a lane's clock is advanced, or now
    timetable   times that come again: every 15 minutes, daily at a time, weekly on a day
    TimedJobs   jobs by a timetable, in each lane
"""

from __future__ import annotations

from partnerlab.simulators.kit.world.jobs.queue import Queue, RowState, Source, Taken, queue_columns
from partnerlab.simulators.kit.world.jobs.rule import RuleSource
from partnerlab.simulators.kit.world.jobs.runner import Runner
from partnerlab.simulators.kit.world.jobs.timed import JobRow, JobUnknown, TimedJob, TimedJobs, jobs_of
from partnerlab.simulators.kit.world.jobs.timetable import Daily, Every, Timetable, Weekly
from partnerlab.simulators.kit.world.jobs.work import Work, WorkOutcome

__all__ = [
    "Daily",
    "Every",
    "JobRow",
    "JobUnknown",
    "Queue",
    "RowState",
    "RuleSource",
    "Runner",
    "Source",
    "Taken",
    "TimedJob",
    "TimedJobs",
    "Timetable",
    "Weekly",
    "Work",
    "WorkOutcome",
    "jobs_of",
    "queue_columns",
]
