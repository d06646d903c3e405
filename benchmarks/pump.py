"""
The data pump beside the bare engine: how many events a second are accepted and delivered.

Both take the same payments for 100 accounts in at four threads, keep them on the same kind of disk (SQLite, write-ahead
log, full synchronisation), send them with the same client to the same partner, and are done when the last one is
recorded. The bare engine has one workflow with one recorded step; it keeps order within an account but writes down
neither attempts nor reasons, and after a kill it would send again. Each run is a process of its own, and the two take
turns, so that what else the machine does falls on both.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

EVENTS, ACCOUNTS, PRODUCERS, ROUNDS = 500, 100, 4, 3
POLL_S = 0.05
KEY = "11111111-1111-4111-8111-111111111111"
AIM = 3.0

ANSWER = (
    b'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
    b'<soap:Body><MakePaymentExtendedResponse xmlns="http://tempuri.org/"><MakePaymentExtendedResult>'
    b"<Success>true</Success></MakePaymentExtendedResult></MakePaymentExtendedResponse></soap:Body></soap:Envelope>"
)


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """One row: our rate, the engine's, and their ratio; medians of rounds."""
    events = max(100, int(EVENTS * scale))
    with _partner() as url:
        rounds = [(_measure("ours", url, events), _measure("theirs", url, events)) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(side) for side in zip(*rounds, strict=True))
    return [
        {
            "work": f"data pump: {events} payments accepted and delivered",
            "peer": "bare DBOS, one workflow with one step",
            "ours": round(ours, 1),
            "theirs": round(theirs, 1),
            "unit": "events/s",
            "ratio": round(ours / theirs, 2),
            "aim": AIM,
            "note": "SQLite, WAL and FULL, one process; the pump also writes each attempt down before it is made",
        }
    ]


def _measure(side: str, url: str, events: int) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pump", side, url, str(events)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=Path(__file__).resolve().parent.parent,
    )
    return float(json.loads(done.stdout)["rate"])


def _in_parallel(work: Callable[[int], None], events: int) -> None:
    def some(first: int) -> None:
        for number in range(first, events, PRODUCERS):
            work(number)

    threads = [threading.Thread(target=some, args=(n,)) for n in range(PRODUCERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ours(url: str, events: int, folder: str) -> float:
    from partnerlab.client.datapump import DataPump
    from partnerlab.client.datapump.states import State
    from partnerlab.client.settings import Biller

    biller = Biller("b", "inhance_v2", {"11": url, "13": KEY})
    with DataPump(f"sqlite:///{folder}/pump.db", lambda *_: biller, poll_s=POLL_S) as pump:

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

        started = time.perf_counter()
        _in_parallel(submit, events)
        while pump.counts().get(State.DELIVERED, 0) < events:
            time.sleep(0.05)
        return events / (time.perf_counter() - started)


def _theirs(url: str, events: int, folder: str) -> float:
    import sqlalchemy as sa
    from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

    from partnerlab.client.datapump.database import create_database
    from partnerlab.client.http import Transport
    from partnerlab.client.inhance import InHanceClient

    database = create_database(f"sqlite:///{folder}/bare.db")
    serializer = DBOSPortableJSONSerializer()
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
            "serializer": serializer,
            "log_level": "ERROR",
        }
    )
    DBOS.launch()
    DBOS.register_queue("bare", partition_concurrency=1, worker_concurrency=256, polling_interval_sec=POLL_S)
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
            sql = "SELECT count(*) FROM workflow_status WHERE status = 'SUCCESS'"
            return int(connection.execute(sa.text(sql)).scalar_one())

    started = time.perf_counter()
    _in_parallel(enqueue, events)
    while done() < events:
        time.sleep(0.05)
    rate = events / (time.perf_counter() - started)
    DBOS.destroy()
    return rate


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

    asyncio.run(main())


if __name__ == "__main__":
    if len(sys.argv) == 4:
        with tempfile.TemporaryDirectory() as place:
            measured = {"ours": _ours, "theirs": _theirs}[sys.argv[1]](sys.argv[2], int(sys.argv[3]), place)
        print(json.dumps({"rate": measured}))
    else:
        print(json.dumps(run(), indent=2))
