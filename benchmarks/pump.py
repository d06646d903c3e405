"""
The data pump beside the bare engine: how many events a second are accepted and delivered.

Both take the same payments for 100 accounts in at four threads, keep them in the same kind of database (SQLite with
write-ahead log and full synchronisation, in one process; PostgreSQL with two workers beside the process that takes the
events in), send them with the same client to the same partner, and are done when the last one is recorded. The bare
engine has one workflow with one recorded step; it keeps order within an account but writes down neither attempts nor
reasons, and after a kill it would send again. Each run is a process of its own, and the two take turns, so that what
else the machine does falls on both. It lasts for seconds: of 500 payments, connections, threads and prepared statements
that a start makes were two fifths of what ours took.

PostgreSQL is that of `PARTNERLAB_TEST_POSTGRES`, or one of its own from the programs on this machine, in memory and
without waiting for a disk; without either the report says that the row is left out.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop

from benchmarks.tools import start
from partnerlab.postgres import postgres_programs, running_postgres

EVENTS, ACCOUNTS, PRODUCERS, ROUNDS = 2_000, 100, 4, 3
POLL_S = 0.05
KEY = "11111111-1111-4111-8111-111111111111"
AIM = 3.0
POSTGRES = "PARTNERLAB_TEST_POSTGRES"

ANSWER = (
    b'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
    b'<soap:Body><MakePaymentExtendedResponse xmlns="http://tempuri.org/"><MakePaymentExtendedResult>'
    b"<Success>true</Success></MakePaymentExtendedResult></MakePaymentExtendedResponse></soap:Body></soap:Envelope>"
)


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """A row for each store: our rate, the engine's, and their ratio; medians of rounds."""
    events = max(100, int(EVENTS * scale))
    rows = []
    with ExitStack() as stack:
        url = stack.enter_context(_partner())
        stores: list[tuple[str, str | None, int]] = [("SQLite", None, 0)]
        if (server := start(stack, "PostgreSQL for the data pump", _postgres)) is not None:
            stores.append(("PostgreSQL", server, 2))
        for store, server, workers in stores:
            rounds = [
                [_measure(side, url, server, workers, events) for side in ("ours", "theirs")] for _ in range(ROUNDS)
            ]
            (ours, our_ms), (theirs, their_ms) = (
                [statistics.median(figures) for figures in zip(*side, strict=True)]
                for side in zip(*rounds, strict=True)
            )
            rows.append(
                {
                    "work": f"data pump: {events} payments accepted and delivered, {store}",
                    "peer": "bare DBOS, one workflow with one step",
                    "ours": round(ours, 1),
                    "theirs": round(theirs, 1),
                    "unit": "events/s",
                    "ratio": round(ours / theirs, 2),
                    "aim": AIM,
                    "note": f"{'two workers' if workers else 'WAL and FULL, one process'}; µs an event, without the"
                    " database server's; each attempt is written down before it is made, too",
                    "cpu_us": (our_ms * 1000, their_ms * 1000),
                }
            )
    return rows


def _measure(side: str, url: str, server: str | None, workers: int, events: int) -> tuple[float, float]:
    """Events a second, and milliseconds of processor an event over all processes."""
    with tempfile.TemporaryDirectory() as folder, _database(server, folder) as database:
        command = [sys.executable, "-m", "benchmarks.pump", side, url, database]
        root = Path(__file__).resolve().parent.parent
        helpers = [
            subprocess.Popen([*command, "0", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)
            for _ in range(workers)
        ]
        for helper in helpers:
            assert helper.stdout is not None
            helper.stdout.readline()  # it works
        done = subprocess.run(
            [*command, str(events), str(workers)], capture_output=True, text=True, check=True, timeout=120, cwd=root
        )
        found = json.loads(done.stdout)
        for helper in helpers:
            found["cpu_s"] += float(helper.communicate("")[0])
    return found["rate"], found["cpu_s"] / events * 1000


@contextmanager
def _postgres() -> Iterator[str]:
    """URL of a server. Raises `RuntimeError` where there is none."""
    if url := os.environ.get(POSTGRES):
        yield url
        return
    if (programs := postgres_programs()) is None:
        raise RuntimeError(f"neither {POSTGRES} nor the programs of a server; on Debian: apt install postgresql")
    with running_postgres(programs) as url:
        yield url


@contextmanager
def _database(server: str | None, folder: str) -> Iterator[str]:
    """The URL of an empty database: a file, or one of its own on the server."""
    if server is None:
        yield f"sqlite:///{folder}/pump.db"
        return
    import psycopg

    name = f"bench_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _in_parallel(work: Callable[[int], None], events: int) -> None:
    def some(first: int) -> None:
        for number in range(first, events, PRODUCERS):
            work(number)

    threads = [threading.Thread(target=some, args=(n,)) for n in range(PRODUCERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _timed(submit: Callable[[int], None], done: Callable[[], int], events: int) -> None:
    """Submit, wait for the last one, and print rate and processor time."""
    started, cpu = time.perf_counter(), time.process_time()
    _in_parallel(submit, events)
    while done() < events:
        time.sleep(0.05)
    rate = events / (time.perf_counter() - started)
    print(json.dumps({"rate": rate, "cpu_s": time.process_time() - cpu}))


def _until_told() -> None:
    """Work until the standard input ends, and print the processor time of it."""
    cpu = time.process_time()
    print("working", flush=True)
    sys.stdin.read()
    print(time.process_time() - cpu)


def _ours(url: str, database: str, events: int, workers: int) -> None:
    from partnerlab.client.datapump import DataPump
    from partnerlab.client.datapump.states import State
    from partnerlab.client.settings import Biller

    biller = Biller("b", "inhance_v2", {"11": url, "13": KEY})
    with DataPump(database, lambda *_: biller, poll_s=POLL_S).start(worker=not (events and workers)) as pump:
        if not events:
            return _until_told()

        def submit(number: int) -> None:
            pump.submit(
                {
                    "id": f"event-{number}",
                    "kind": "payment",
                    "biller_guid": "b",
                    "account_number": f"a{number % ACCOUNTS}",
                    "occurred_at": "2026-06-16T10:00:00-04:00",
                    "payment": {
                        "invoice_number": "500001",
                        "amount": "125.50",
                        "tender": "credit_card",
                        "reference": f"ref-{number}",
                        "paid_at": "2026-06-16T10:00:00-04:00",
                    },
                }
            )

        return _timed(submit, lambda: pump.counts().get(State.DELIVERED, 0), events)


def _theirs(url: str, database_url: str, events: int, workers: int) -> None:
    import sqlalchemy as sa
    from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

    from partnerlab.client.datapump.database import create_database
    from partnerlab.client.http import Transport
    from partnerlab.client.inhance import InHanceClient

    database = create_database(database_url)
    table = "workflow_status" if database.dialect.name == "sqlite" else "dbos.workflow_status"
    serializer = DBOSPortableJSONSerializer()
    if not (events and workers):
        client = InHanceClient(url, KEY, transport=Transport())
        paid_at = datetime(2026, 6, 16, 10, tzinfo=timezone(timedelta(hours=-4)))

        @DBOS.step()
        def send(account: str, reference: str) -> str:
            return client.make_payment(
                account_number=account,
                payment_date=paid_at,
                payment_reference=reference,
                document_number="500001",
                payment_type_desc="Credit Card",
                amount=Decimal("125.50"),
            ).message

        @DBOS.workflow(name="bare", max_recovery_attempts=None)
        def deliver(account: str, reference: str) -> str:
            return send(account, reference)

        DBOS(
            config={
                "name": "bare",
                "system_database_engine": database,
                "application_version": "1",
                "executor_id": str(os.getpid()),
                "serializer": serializer,
                "log_level": "ERROR",
            }
        )
        DBOS.launch()
        DBOS.register_queue("bare", partition_concurrency=1, worker_concurrency=256, polling_interval_sec=POLL_S)
    if not events:
        _until_told()
        DBOS.destroy()
        return
    enqueuer = DBOSClient(system_database_engine=database, serializer=serializer, application_name="bare")
    time.sleep(1.5)  # the engine looks for new queues once a second

    def enqueue(number: int) -> None:
        enqueuer.enqueue(
            {
                "workflow_name": "bare",
                "queue_name": "bare",
                "workflow_id": f"event-{number}",
                "queue_partition_key": f"a{number % ACCOUNTS}",
                "priority": number + 1,
                "app_version": "1",
            },
            f"a{number % ACCOUNTS}",
            f"ref-{number}",
        )

    def done() -> int:
        with database.connect() as connection:
            sql = f"SELECT count(*) FROM {table} WHERE status = 'SUCCESS'"
            return int(connection.execute(sa.text(sql)).scalar_one())

    _timed(enqueue, done, events)
    if not workers:
        DBOS.destroy()


@contextmanager
def _partner() -> Iterator[str]:
    """A partner quick enough not to matter, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/iCloud/iCloud.asmx"
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Any) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n%b" % (
        len(ANSWER),
        ANSWER,
    )

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport, self.buffer = transport, b""

        def data_received(self, data: bytes) -> None:
            self.buffer += data
            head, separator, body = self.buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(body) >= length:
                self.buffer = body[length:]
                self.transport.write(answer)

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Protocol, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(main())


if __name__ == "__main__":
    if len(sys.argv) == 6:
        {"ours": _ours, "theirs": _theirs}[sys.argv[1]](*sys.argv[2:4], *map(int, sys.argv[4:]))
    else:
        print(json.dumps(run(), indent=2))
