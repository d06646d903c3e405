"""
kill -9 of the process that takes events in and delivers them, at random moments, while 120 payments come.

What was acknowledged is delivered exactly once, or stands as unknown for a person; nothing is lost, nothing doubled,
and within an account nothing overtakes.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.states import State
from partnerlab.client.settings import Biller
from partnerlab.replicas import free_port
from tests.client.datapump.conftest import make_event
from tests.client.datapump.partner import Partner
from tests.postgres import new_database

WORKER = Path(__file__).with_name("worker.py")
PAYMENTS, FLAGS, ACCOUNTS, KILLS = 120, 20, 20, 3
STANDSTILL_S = 180
"""How long nothing at all may happen; how long all of it takes is the machine's business."""


class Progress:
    """Watches what grows while all is well. May be shared by threads."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._moved_at = time.monotonic()

    def seen(self, what: str, count: int) -> None:
        """So much there is of something now. Fails where nothing has grown for too long."""
        if count != self._counts.get(what, -1):
            self._counts[what], self._moved_at = count, time.monotonic()
        assert time.monotonic() - self._moved_at < STANDSTILL_S, f"it stands still: {self._counts}"


class Victim:
    """The process: started, killed and started again on the same database and port."""

    def __init__(self, database: str, partner: Partner) -> None:
        self.database, self.partner = database, partner
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, str(WORKER), self.database, self.partner.url, str(self.port)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        assert self.process is not None
        assert self.process.poll() is None, "the worker ended by itself"
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        """Whatever became of the test: a process left behind would be another failure of its own."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5):
            return True
        return False


@pytest.fixture
def partner() -> Iterator[Partner]:
    with Partner(delay_s=0.02) as partner:
        yield partner


def produce(port: int, events: list[dict[str, Any]], progress: Progress, number: int) -> None:
    """Post each event until it is acknowledged: an answer that a kill swallowed makes a duplicate, and that is fine."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as http:
        for done, event in enumerate(events):
            while True:
                progress.seen(f"acknowledged by {number}", done)
                with suppress(httpx.TransportError):
                    answer = http.post("/events", json=event)
                    assert answer.status_code in (200, 202), answer.text
                    break
                time.sleep(0.05)


def check(database: str, partner: Partner, dice: random.Random) -> None:
    victim = Victim(database, partner)
    try:
        check_with(victim, partner, dice)
    finally:
        victim.end()


def check_with(victim: Victim, partner: Partner, dice: random.Random) -> None:
    database, progress = victim.database, Progress()
    events = [make_event(account_number=f"a{n % ACCOUNTS}") for n in range(PAYMENTS)]
    events += [make_event("paperless", account_number=f"a{n % ACCOUNTS}") for n in range(FLAGS)]
    dice.shuffle(events)
    victim.start()
    producers = [
        threading.Thread(target=produce, args=(victim.port, events[n::4], progress, n), daemon=True) for n in range(4)
    ]
    for producer in producers:
        producer.start()
    kills_with_work_open = 0
    for after in sorted(dice.sample(range(len(events) * 8 // 10), KILLS)):
        while (reached := len(partner.seen)) < after or not victim.answers():
            progress.seen("reached the partner", reached)
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.1))
        victim.kill()
        kills_with_work_open += len(partner.seen) < len(events)
        victim.start()
    for producer in producers:
        producer.join()

    watching = DataPump(database, lambda lane, guid: Biller(guid, "x", {})).start(worker=False)
    try:
        over = {State.DELIVERED, State.UNKNOWN}
        while (settled := sum(many for state, many in watching.counts().items() if state in over)) < len(events):
            progress.seen("settled", settled)
            time.sleep(0.1)
        victim.kill()
        assert kills_with_work_open > 0, "the kills came too late to show anything"
        found = {delivery.event_id: delivery for delivery in watching.deliveries(limit=len(events) + 1)}
        orders = {event["id"]: watching.delivery(event["id"]).delivery.seq for event in events}
    finally:
        watching.stop()

    posted = partner.posted()
    assert set(found) == {event["id"] for event in events}, "an acknowledged event was lost"
    unknown = 0
    for event in events:
        state = found[event["id"]].state
        if event["kind"] != "payment":
            assert state is State.DELIVERED
            continue
        times = posted[event["payment"]["reference"]]
        assert times <= 1, f"{event['id']} was posted {times} times"
        assert state is State.UNKNOWN or times == 1, f"{event['id']} is {state} and was not posted"
        unknown += state is State.UNKNOWN
    print(f"{sum(posted.values())} posted, {unknown} unknown, {kills_with_work_open} kills with work open")  # noqa: T201
    assert unknown <= KILLS * ACCOUNTS, "of an account one call is under way at a time"
    by_reference = {e["payment"]["reference"]: orders[e["id"]] for e in events if e["kind"] == "payment"}
    for account, seen in partner.accounts().items():
        order = [by_reference[s.fields["PaymentReference"]] for s in seen if "PaymentReference" in s.fields]
        assert order == sorted(order), f"{account}: something overtook"


def dice() -> random.Random:
    """The same each time, unless somebody looks for new moments."""
    return random.Random(None if os.environ.get("PARTNERLAB_EXPLORE") else 20261121)


@pytest.mark.durability
def test_a_killed_pump_neither_loses_nor_doubles_a_payment(tmp_path: Path, partner: Partner) -> None:
    check(f"sqlite:///{tmp_path / 'pump.db'}", partner, dice())


@pytest.mark.durability
@pytest.mark.postgres
def test_nor_does_it_on_postgres(postgres_server: str, partner: Partner) -> None:
    check(new_database(postgres_server), partner, dice())
