"""A process that runs a job each second, and writes down which second it was run for."""

from __future__ import annotations

import os
import sys
import threading
from datetime import datetime

import psycopg

from partnerlab.client.jobs.engine import JobEngine, ScheduledJob

if __name__ == "__main__":
    url = sys.argv[1]

    def run(tick: datetime) -> str:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("INSERT INTO ticks VALUES (%s, %s)", (tick.isoformat(), os.getpid()))
        return "done"

    with JobEngine(url, [ScheduledJob("every-second", "* * * * * *", "UTC", run)]):
        sys.stdout.write("runs\n")
        sys.stdout.flush()
        threading.Event().wait()
