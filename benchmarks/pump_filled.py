"""
The data pump beside what it delivered before: `python -m benchmarks.pump_filled [10000000 [FOLDER]]`.

Fills a SQLite file with so many delivered events, ten to an account, in the tables' own shape (900 bytes each, 8.7 GB
and a minute or more for ten million), and lets it and an empty file take turns: each is given the same events of a
hundred accounts, under random ids, until all are delivered. What counts is the processor's time of an event, user and
system, in the pump's process; many short turns, each pair in the other order than the one before, so that what else the
machine does falls on both. A FOLDER keeps the filled file for the next time.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from benchmarks.pump import ACCOUNTS, KEY, POLL_S, _in_parallel, _partner

DELIVERED, EVENTS, WARM, TURNS, CHUNK = 10_000_000, 400, 100, 15, 500_000
TO_AN_ACCOUNT = 10

FILL_ACCOUNTS = """
WITH RECURSIVE counting (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counting WHERE n < :accounts)
INSERT INTO pump_accounts (number, lane, biller_guid, account_number, seq)
SELECT n, 'default', 'b', printf('a%09d', n), 10 FROM counting
"""
# Ids that are spread over all there are, so that a new one falls anywhere among them; in order, for that is quicker.
FILL_DELIVERIES = """
WITH RECURSIVE counting (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM counting WHERE n < :last)
INSERT INTO pump_deliveries (number, lane, event_id, kind, biller_guid, account_number, account, seq, event, state, run,
attempts, tries, message, accepted_at, updated_at)
SELECT n, 'default', printf('%08x-0000-4000-8000-%012x', n * (4294967295 / :delivered), n), 'payment', 'b',
printf('a%09d', n % :accounts + 1), n % :accounts + 1, n / :accounts + 1, :event,
'delivered', 1, 1, 1, '', :at, :at + 900
FROM counting
"""
FILL_ATTEMPTS = """
INSERT INTO pump_attempts (delivery, attempt, operation, request, idempotent, started_at, ended_at, outcome, message)
SELECT number, 1, 'MakePaymentExtended', 'account a000000001, 125.50 + 2.95 fee, Credit Card, reference ref-00000001,'
|| ' document 500001, paid 2026-06-16T10:00:00-04:00', 0, accepted_at, updated_at, 'delivered', ''
FROM pump_deliveries WHERE number BETWEEN :first AND :last
"""


def event(id: str, account: str) -> dict[str, object]:
    """A payment, as it is handed in."""
    return {
        "id": id,
        "kind": "payment",
        "lane": "default",
        "biller_guid": "b",
        "account_number": account,
        "occurred_at": "2026-06-16T10:00:00-04:00",
        "payment": {
            "invoice_number": "500001",
            "amount": "125.50",
            "service_fee": "2.95",
            "tender": "credit_card",
            "reference": "ref-00000001",
            "donation": "none",
            "payer_name": "Alma Willows",
            "paid_at": "2026-06-16T10:00:00-04:00",
        },
    }


def fill(path: Path, delivered: int) -> None:
    """The pump's tables with so many delivered events, as if they had come in two months ago."""
    from partnerlab.client.datapump import DataPump
    from partnerlab.client.settings import Biller

    DataPump(f"sqlite:///{path}", lambda _, guid: Biller(guid, "", {})).start(worker=False).stop()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"):
        connection.execute(f"PRAGMA {pragma}")
    made = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'pump_deliveries' AND sql <> ''"
    indexes = connection.execute(made).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    given = {
        "accounts": max(ACCOUNTS, delivered // TO_AN_ACCOUNT),
        "delivered": delivered,
        "event": json.dumps(event(str(uuid.UUID(int=0)), "a000000001"), sort_keys=True),
        "at": int((time.time() - 60 * 86_400) * 1000),
    }
    connection.execute("BEGIN")
    connection.execute(FILL_ACCOUNTS, given)
    for first in range(1, delivered + 1, CHUNK):
        chunk = {**given, "first": first, "last": min(delivered, first + CHUNK - 1)}
        connection.execute(FILL_DELIVERIES, chunk)
        connection.execute(FILL_ATTEMPTS, chunk)
    connection.execute("COMMIT")
    for _, sql in indexes:
        connection.execute(sql)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def deliver(url: str, path: str) -> None:
    """Print the milliseconds of processor time that an event takes in that database, once some were delivered."""
    from partnerlab.client.datapump import DataPump
    from partnerlab.client.settings import Biller

    biller = Biller("b", "inhance_v2", {"11": url, "13": KEY})
    with DataPump(f"sqlite:///{path}", lambda *_: biller, poll_s=POLL_S) as pump:
        time.sleep(1.5)  # as the engine finds its queue

        def submit(number: int) -> None:
            pump.submit(event(str(uuid.uuid4()), f"a{number % ACCOUNTS * 9973 + 1:09d}"))

        began = 0.0
        for events in (WARM, EVENTS):
            began = time.process_time()
            _in_parallel(submit, events)
            while pump.standing():
                time.sleep(POLL_S)
        print((time.process_time() - began) / EVENTS * 1000)


def main() -> None:
    """Print the medians of both, that of the turns' ratios, and between which half of them lie."""
    delivered = int(sys.argv[1]) if len(sys.argv) > 1 else DELIVERED
    with tempfile.TemporaryDirectory() as folder, _partner() as url:
        filled = Path(sys.argv[2] if len(sys.argv) > 2 else folder) / f"filled-{delivered}.db"
        if not filled.exists():
            began = time.monotonic()
            fill(filled, delivered)
            print(f"filled in {time.monotonic() - began:.0f} s: {filled.stat().st_size / 1e9:.1f} GB", flush=True)
        taken: dict[str, list[float]] = {"empty": [], "filled": []}
        for turn in range(TURNS):
            sides = [("empty", Path(folder) / f"empty-{turn}.db"), ("filled", filled)]
            for name, path in sides if turn % 2 else reversed(sides):
                command = [sys.executable, "-m", "benchmarks.pump_filled", url, "--in", str(path)]
                root = Path(__file__).resolve().parent.parent
                done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600, cwd=root)
                taken[name].append(float(done.stdout))
        empty, full = (statistics.median(figures) for figures in taken.values())
        ratios = sorted(full / empty for empty, full in zip(*taken.values(), strict=True))
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(
            f"{empty:.2f} ms of processor an event, beside {delivered:,} delivered ones {full:.2f}:"
            f" {full / empty:.2f} x; of {TURNS} pairs of turns the middle {middle:.2f} x,"
            f" half of them between {low:.2f} and {high:.2f}"
        )


if __name__ == "__main__":
    deliver(sys.argv[1], sys.argv[3]) if sys.argv[2:3] == ["--in"] else main()
