"""
An insurer that remembers requests, forms and what is owed answers, notes and books byte for byte as one that reads
each and looks in its tables.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.known_heads import KnownHeads
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.http.turn import Turn
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.tccs_rest import Settings
from tests.simulators.kit.sender import OF_ITS_OWN, heard_by
from tests.simulators.tccs_rest.insurer import BASE, POLICY, QUOTE, Insurer

CALLS = int(os.environ.get("PARTNERLAB_TEST_CALLS", "600")) * 2
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

NUMBERS = [POLICY] * 6 + [" " + POLICY, "454100011-06/16/2020", QUOTE, "1-01/01/2027", "none", "1-02/30/2027"]
CREDENTIALS = [b"consumerGUID=IC-SANDBOX&entryKey=sandbox-entry-key"] * 12 + [b"consumerGUID=IC-SANDBOX&entryKey=x"]
HEADERS = [""] * 8 + ["Accept: text/xml\r\n", "X-Sandbox-Lane: b\r\n", "Authorization: Basic eA==\r\n"]
HEADERS += ["X-Sandbox-Fault: http-503\r\n"]


class Served(Insurer):
    """An insurer behind a server of its own, of lanes `default` and `b`, at a standstill."""

    def __init__(self, url: str, *, remembers: bool) -> None:
        super().__init__(Store(url), Settings(warm=remembers))
        self.store.take()
        for lane in ("default", "b"):
            self.lanes.create(lane, frozen_at=NOON)
        self.journal, faults = Journal(self.lanes), Faults(self.lanes)
        self.site = Site(self.lanes, self.journal, faults)
        self.site._id_prefix = "id-"
        for path, door in self.simulator.doors.items():
            self.site.mount(path, door)
        self.known: KnownHeads | None = {} if remembers else None
        if not remembers:
            self.site.again = None
        self.server = Server(self.site)
        self.server.loop, self.server.origin = asyncio.new_event_loop(), "http://127.0.0.1:8700"
        self.server._empty = asyncio.Event()
        group = self.store.group() if remembers else None
        self.server.turn = None if group is None else Turn(self.server.loop, group, self.server._connections)

    def request(self, *given: Any, **more: Any) -> Request:
        return replace(super().request(*given, **more), id="control")

    def hear(self, data: bytes) -> bytes:
        return heard_by(self.server, [data], self.known)

    def do(self, name: str, *given: Any) -> Any:
        """What else may happen to a lane."""
        done = getattr(self, f"do_{name}")(*given)
        self.lane = "default"
        return done

    def do_reset(self, lane: str) -> None:
        self.lanes.reset(lane)
        self.lanes.set_clock(lane, offset=timedelta(), frozen_at=NOON)

    def do_fork(self) -> None:
        self.lanes.fork("default", "b")

    def do_advance(self, lane: str, days: int) -> Any:
        self.lane = lane
        return self.advance(timedelta(days=days))

    def do_bill(self, lane: str, cents: int) -> Any:
        self.lane = lane
        amount = {"invoice_number": POLICY, "amount": f"{cents // 100}.{cents % 100:02}"}
        return self.api("POST", "/instalments", body=amount)[0]

    def noted(self) -> list[Any]:
        found: list[Any] = []
        for lane in ("default", "b"):
            for one in self.journal.find(lane, limit=1_000):
                asked = (one.door, one.operation, one.method, one.path, one.headers, one.request, one.base_url)
                found.append((lane, *asked, one.status, OF_ITS_OWN.sub(b"", one.answer.encode()), one.faults))
        return found

    def books(self) -> dict[str, Any]:
        """The tables; events of seeding have the moment at which a lane was made."""
        found = {}
        for lane in ("default", "b"):
            for name, rows in self.lanes.export(lane).items():
                if name.startswith("tccs_"):
                    found[f"{lane} {name}"] = [row for row in rows if row.get("request_id") != "seed"]
        return found

    def close(self) -> None:
        self.journal.close()
        self.server.loop.close()
        self.store.close()


def _call(chance: random.Random) -> bytes:
    number, cents = quote(chance.choice(NUMBERS), safe="/"), chance.choice(["1.00", "0.01", "1.005", "24"])
    call, said = chance.choice(
        [
            *[("ARState_Output", number)] * 16,
            ("Pay_Input", f"{number}|{cents}:CC@p{chance.randrange(30)}"),
            ("Pay_Input", f"{number}|{cents}:CC"),
            ("Pay_Input", f"{number}|A Payer|{cents}"),
            ("Insufficient_Pay_Report", f"{number}:03/02/2026|{cents}|IFR"),
            ("Paperless_Bill", f"{number}|{chance.choice('01x')}"),
        ]
    )
    body = chance.choice(CREDENTIALS) + b"&contentInfo=" + said.encode()
    lane = chance.choice(["", "", "", "/lane/b"])
    return (
        f"POST {lane}{BASE}{chance.choice(['/api', ''])}/{call} HTTP/1.1\r\nHost: x\r\n{chance.choice(HEADERS)}"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def _happening(chance: random.Random) -> tuple[Any, ...]:
    lane = chance.choice(["default", "b"])
    return chance.choice(
        [
            ("reset", lane),
            ("fork",),
            ("advance", lane, chance.randrange(40)),
            *[("bill", lane, chance.choice([100, 12_345]))] * 3,
        ]
    )


@pytest.fixture(params=["memory", "file"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Served, Served]]:
    url = "sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'world.db'}"
    served = Served(url, remembers=True), Served("sqlite://", remembers=False)
    yield served
    for one in served:
        one.close()


def test_random_calls_are_answered_noted_and_booked_alike(both: tuple[Served, Served]) -> None:
    remembering, plain = both
    chance, answers = random.Random(29), set()
    for _ in range(CALLS):
        if chance.random() < 0.02:
            what = _happening(chance)
            assert remembering.do(*what) == plain.do(*what), what
        data = _call(chance)
        expected = plain.hear(data)
        assert remembering.hear(data) == expected, data
        answers.add(expected[:12])
    assert {b"HTTP/1.1 %d" % status for status in (200, 400, 401, 404, 503)} <= answers
    assert remembering.noted() == plain.noted()
    assert remembering.books() == plain.books()
    assert remembering.known
    again = remembering.site.again
    assert again is not None
    assert again._known
