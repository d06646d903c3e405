"""Two replicas of the sandbox on one PostgreSQL: what is done at one is done at the other."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from partnerlab.auditing import audit, read_lane
from partnerlab.remote import Remote
from partnerlab.replicas import running_replicas
from tests.client.datapump.conftest import wait_for
from tests.postgres import new_database
from tests.simulators.ic_webservices.harness import RETURNS

pytestmark = pytest.mark.postgres

_numbers = itertools.count(1)


class Side:
    """A replica, asked in the lane of a test."""

    def __init__(self, url: str, lane: str) -> None:
        self.url, self.lane = url, lane

    def ask(self, method: str, path: str, body: Any = None, *, status: int = 200, **query: Any) -> Any:
        headers = {"X-Sandbox-Lane": self.lane}
        answer = httpx.request(method, self.url + path, json=body, params=query, headers=headers, timeout=180)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str, **query: Any) -> Any:
        return self.ask("GET", path, **query)

    def pay(self, account: str = "10000101") -> dict[str, Any]:
        order = {
            "account_number": account,
            "amount": "0.01",
            "tender": "credit_card",
            "card_number": "4111111111111111",
        }
        return dict(self.ask("POST", "/_sandbox/ic/payments", order, status=201))

    def names(self) -> set[str]:
        return {lane["name"] for lane in self.get("/_sandbox/lanes")["lanes"]}


@pytest.fixture(scope="module")
def urls(postgres_server: str) -> Iterator[list[str]]:
    with running_replicas(new_database(postgres_server)) as replicas:
        yield [replica.url for replica in replicas]


@pytest.fixture
def sides(urls: list[str]) -> tuple[Side, Side]:
    """Both replicas, in a lane of the test's own whose clock stands."""
    lane = f"test-{next(_numbers)}"
    one, other = (Side(url, lane) for url in urls)
    one.ask("POST", "/_sandbox/clock/freeze", {"at": "2026-06-16T10:00:00Z"})
    return one, other


def test_a_lane_is_made_forked_reset_and_dropped_at_both(sides: tuple[Side, Side]) -> None:
    one, other = sides
    assert one.lane in other.names()
    paid = one.pay()["payment_guid"]
    other.ask("POST", f"/_sandbox/lanes/{one.lane}/fork", {"to": f"{one.lane}-copy"}, status=201)
    copy = Side(one.url, f"{one.lane}-copy")
    assert [row["payment_guid"] for row in copy.get("/_sandbox/ic/payments")["payments"]] == [paid]
    other.ask("POST", f"/_sandbox/lanes/{one.lane}/reset")
    assert one.get("/_sandbox/ic/payments")["payments"] == []
    assert one.get("/_sandbox/inhance/accounts/10000101")["payments"] == []
    one.ask("DELETE", f"/_sandbox/lanes/{copy.lane}", status=204)
    assert copy.lane not in other.names()


def test_what_the_data_pump_holds_goes_with_its_lane(sides: tuple[Side, Side]) -> None:
    """Two payments are unknown: in a copy a person settles them, in a lane that was reset or dropped they are gone."""
    one, other = sides
    one.ask("POST", "/_sandbox/faults", {"name": "http-503", "operation": "MakePaymentExtended"}, status=201)
    paid = {one.pay(account)["payment_guid"] for account in ("10000101", "10000102")}

    def held(lane: str, at: Side = other) -> dict[str, str]:
        rows = at.get("/_pump/deliveries", lane=lane)["deliveries"]
        return {row["event_id"]: row["state"] for row in rows}

    wait_for(lambda: set(held(one.lane).values()) == {"unknown"})
    copy = Side(one.url, f"{one.lane}-copy")
    other.ask("POST", f"/_sandbox/lanes/{one.lane}/fork", {"to": copy.lane}, status=201)
    exported = one.get(f"/_sandbox/lanes/{one.lane}/export")["tables"]
    assert {row["event_id"] for row in exported["pump_deliveries"]} == set(held(copy.lane)) == paid
    copy.ask("DELETE", "/_sandbox/faults", status=204)
    for guid in paid:
        said = {"posted": False, "reason": "the partner was down"}
        copy.ask("POST", f"/_pump/deliveries/{copy.lane}:{guid}/resolve", said)
    wait_for(lambda: held(copy.lane) == dict.fromkeys(paid, "delivered"))
    for account in ("10000101", "10000102"):
        assert len(copy.get(f"/_sandbox/inhance/accounts/{account}")["payments"]) == 1
    assert held(one.lane) == dict.fromkeys(paid, "unknown")
    other.ask("POST", f"/_sandbox/lanes/{one.lane}/reset")
    assert held(one.lane) == held(one.lane, one) == {}
    one.ask("DELETE", f"/_sandbox/lanes/{copy.lane}", status=204)
    assert held(copy.lane) == {}


def test_a_clock_that_is_moved_at_both_at_once_goes_as_far_as_both_said(sides: tuple[Side, Side]) -> None:
    with ThreadPoolExecutor(6) as pool:
        moves = [pool.submit(side.ask, "POST", "/_sandbox/clock/advance", {"duration": "1h"}) for side in sides * 3]
        for move in moves:
            move.result()
    shown = {side.get("/_sandbox/clock")["now"] for side in sides}
    assert [datetime.fromisoformat(now) for now in shown] == [datetime.fromisoformat("2026-06-16T16:00:00Z")]


def test_what_falls_due_is_done_once_though_both_move_the_clock(sides: tuple[Side, Side]) -> None:
    one, other = sides
    order = {"account_number": "10000101", "amount": "1.00", "tender": "ach", "bank_account": RETURNS}
    one.ask("POST", "/_sandbox/ic/payments", order, status=201)
    with ThreadPoolExecutor(2) as pool:
        moves = [pool.submit(side.ask, "POST", "/_sandbox/clock/advance", {"duration": "4d"}) for side in sides]
        rows = [row for move in moves for row in move.result()["timeline"]]
    assert max(Counter((row["at"], row["label"]) for row in rows).values()) == 1
    [returned] = [row for row in rows if row["label"] == "bank payments come back"]
    assert returned["outcome"].startswith("1 payment returned")
    assert other.get("/_sandbox/ic/payments")["payments"][0]["state"] == "returned"


def test_a_fault_given_at_one_strikes_at_the_other_as_often_as_said(sides: tuple[Side, Side]) -> None:
    one, other = sides
    one.ask("POST", "/_sandbox/faults", {"name": "http-503", "count": 1}, status=201)
    answers = [httpx.get(f"{side.url}/lane/{one.lane}/iCloud/iCloud.asmx", timeout=30) for side in (other, one, other)]
    assert [answer.status_code for answer in answers] == [503, 200, 200]
    assert other.get("/_sandbox/faults")["faults"][0]["fired"] == 1


def test_the_journal_and_its_events_at_one_show_what_the_other_took(sides: tuple[Side, Side]) -> None:
    one, other = sides
    seen: list[str] = []
    listening = threading.Event()

    def listen() -> None:
        with httpx.stream("GET", f"{other.url}/_sandbox/events", params={"lane": one.lane}, timeout=30) as stream:
            for line in stream.iter_lines():
                listening.set()
                if line.startswith("data:"):
                    seen.append(json.loads(line[5:])["id"])
                    if len(seen) == 2:
                        return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert listening.wait(30)
    calls = [httpx.get(f"{side.url}/lane/{one.lane}/iCloud/iCloud.asmx", timeout=30) for side in sides]
    ids = {call.headers["x-sandbox-request"] for call in calls}
    listener.join(30)
    assert set(seen) == ids
    for side in sides:
        wait_for(lambda side=side: {row["id"] for row in side.get("/_sandbox/journal")["entries"]} == ids)


def test_a_lane_reset_while_both_take_payments_holds_one_world(sides: tuple[Side, Side]) -> None:
    """Nothing that was written late, or delivered late, of the world before is in the new one."""
    one, other = sides
    over = threading.Event()

    def pay(side: Side) -> None:
        while not over.is_set():
            side.ask("POST", "/_sandbox/ic/payments", ORDER, status=201)

    with ThreadPoolExecutor(4) as pool:
        paying = [pool.submit(pay, side) for side in (one, other) * 2]
        try:
            for side in (one, other, one, other):
                side.ask("POST", f"/_sandbox/lanes/{one.lane}/reset")
        finally:
            over.set()
        for done in paying:
            done.result()
    one.pay()
    remote = Remote(other.url, one.lane)
    try:
        wait_for(lambda: set(audit(read_lane(remote, one.lane)).counts) == {"posted_once"})
    finally:
        remote.close()


ORDER = {"account_number": "10000101", "amount": "0.01", "tender": "credit_card", "card_number": "4111111111111111"}


def test_replicas_say_one_time_of_a_running_clock(sides: tuple[Side, Side]) -> None:
    one, other = sides
    one.ask("POST", "/_sandbox/clock/unfreeze")
    first, then = (datetime.fromisoformat(side.get("/_sandbox/clock")["now"]) for side in (one, other))
    assert timedelta(0) <= then - first < timedelta(seconds=30)
