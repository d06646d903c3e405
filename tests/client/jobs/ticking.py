"""
A process that runs a job each second, and writes down which second it was run for and when it began and ended.

A run takes a second and a half, longer than the job's interval.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from datetime import datetime

import psycopg

from partnerlab.client.jobs.engine import JobEngine, ScheduledJob

LASTS_S = 1.5

if __name__ == "__main__":
    url = sys.argv[1]

    def run(tick: datetime) -> str:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("INSERT INTO ticks VALUES (%s, %s, now(), NULL)", (tick.isoformat(), os.getpid()))
            time.sleep(LASTS_S)
            connection.execute("UPDATE ticks SET ended = now() WHERE tick = %s", (tick.isoformat(),))
        return "done"

    with JobEngine(url, [ScheduledJob("every-second", "* * * * * *", "UTC", run)]):
        sys.stdout.write("runs\n")
        sys.stdout.flush()
        threading.Event().wait()
