"""
A service that remembers heads, bodies and accounts, writes answers by templates and commits calls together, answers and
books byte for byte as one that parses each, writes it member by member and commits it alone.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from partnerlab.simulators import inhance_soap
from partnerlab.simulators.kit.asmx.front import AsmxService
from partnerlab.simulators.kit.asmx.templates import plain_writer
from partnerlab.simulators.kit.http.known_heads import KnownHeads
from partnerlab.simulators.kit.http.limits import Budget, Limits
from partnerlab.simulators.kit.http.messages import Ready, Request
from partnerlab.simulators.kit.http.reader import RequestReader, whole
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store

CALLS = int(os.environ.get("PARTNERLAB_TEST_CALLS", "600"))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

ACCOUNTS = [
    "10000101",
    "10000102",
    "10000103",
    " 10000101 ",
    "10000101CV-20261121143000",
    "unknown",
    "",
    "a&amp;b",
    "ä",
]
AMOUNTS = ["0.01", "12.50", "1", "0", "-1", "1e3", "1.005", "much", "99999999999", ""]
KEYS = [inhance_soap.Settings().key] * 9 + ["wrong"]
DATES = ["2026-01-31T12:00:00", "2026-01-31T12:00:00Z", "2026-01-31", "0001-01-01T00:00:00", ""]
FIELDS = {
    "BalanceCheck": {"AccountNumber": ACCOUNTS, "LastInvoiceNumber": ["0", "7", "x"], "WebServiceKey": KEYS},
    "MakePaymentExtended": {
        "AccountNumber": ACCOUNTS,
        "PaymentDate": DATES,
        "PaymentReference": ["r1", "r2", "r]", "r&lt;", ""],
        "DocumentNumber": ["0"],
        "PaymentTypeDesc": ["Credit Card", "EFT"],
        "PaymentAmount": AMOUNTS,
        "ConvenienceFee": ["0.00", "1.5", "-1"],
        "WebserviceKey": KEYS,
    },
    "SetEmail": {"Accountnumber": ACCOUNTS, "NewEmail": ["a@example.com", "none", ""], "WebserviceKey": KEYS},
    "SetPaperless": {"Accountnumber": ACCOUNTS, "PaperlessOnOff": ["On", "Off", "on"], "WebserviceKey": KEYS},
}
STYLES = ["<{0}>{1}</{0}>"] * 12 + ["<{0} >{1}</{0}>", "<{0}/>", "<{0}><![CDATA[{1}]]></{0}>", "", "<{0}>{1}</{0}>\n"]
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
    '<soap:Body><{0} xmlns="http://tempuri.org/">{1}</{0}></soap:Body></soap:Envelope>'
)


class _Utility:
    """The utility's simulator behind a reader of requests."""

    def __init__(self, url: str, *, remembers: bool) -> None:
        self.store = Store(url)
        self.store.take()
        self.lanes = Lanes(self.store)
        simulator = inhance_soap.create_simulator(inhance_soap.Settings(warm=remembers), self.store, self.lanes)
        self.lanes.seeders.append(simulator.seed)
        self.lane = self.lanes.create("default", frozen_at=NOON)
        self.path, door = next(iter(simulator.doors.items()))
        assert isinstance(door, AsmxService)
        self.door = door
        self.known: KnownHeads | None = {} if remembers else None
        if not remembers:
            door._shapes, door._make_writer = None, plain_writer
        self.group = self.store.group() if remembers else None
        self.asked = self.asked_again = 0
        self.ready: dict[bytes, Ready] = {}
        """As a site has it of requests that came before."""

    def ask(self, data: bytes) -> bytes:
        """The answer to a request's bytes."""
        reader = RequestReader(Limits(), Budget(1 << 20), self.known)
        known = reader.at_once(data)
        reader.feed(data)
        message = whole(*known) if known is not None else reader.next()
        assert message is not None
        assert message.refusal is None
        self.asked += 1
        target = message.target.decode()
        request = Request(
            message.method, target, "", message.headers, message.body, "http://x", str(self.asked), self.lane
        )
        call = self.ready.get(data, self.door)
        self.asked_again += call is not self.door
        if self.group is None:
            response = call(request)
        else:
            with self.group:
                response = call(request)
            if self.asked % 7 == 0:
                self.group.commit()
        if (ready := self.door.ready(request)) is not None:
            self.ready[data] = ready
        return b"%d %b\n%b" % (response.status, response.content_type.encode(), response.body)


@contextmanager
def _utilities(url: str) -> Iterator[tuple[_Utility, _Utility]]:
    both = _Utility(url, remembers=True), _Utility("sqlite://", remembers=False)
    yield both
    for one in both:
        one.store.close()


def _calls(path: str) -> Iterator[bytes]:
    chance = random.Random(11)
    for _ in range(CALLS):
        name = chance.choice(list(FIELDS))
        plain = chance.random() < 0.8
        inner = "".join(
            ("<{0}>{1}</{0}>" if plain else chance.choice(STYLES)).format(field, chance.choice(values))
            for field, values in FIELDS[name].items()
        )
        body = ENVELOPE.format(name, inner).encode()
        kind = chance.choice(["text/xml; charset=utf-8", "text/xml; charset=utf-8", "text/xml"])
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        yield f'{head}SOAPAction: "http://tempuri.org/{name}"\r\n\r\n'.encode() + body


@pytest.mark.parametrize("place", ["memory", "file"])
def test_random_calls_are_answered_and_booked_alike(place: str, tmp_path: Path) -> None:
    with _utilities("sqlite://" if place == "memory" else f"sqlite:///{tmp_path / 'books.db'}") as (
        remembering,
        parsing,
    ):
        answers = set()
        for data in _calls(parsing.path):
            plain = parsing.ask(data)
            assert remembering.ask(data) == plain, data
            answers.add(plain[:3])
        assert len(answers) > 1, "some are answered, some refused"
        assert remembering.known
        assert remembering.door._shapes is not None
        assert remembering.door._shapes._known
        assert remembering.asked_again > CALLS / 100
        assert not parsing.asked_again
        assert (remembering.group is None) == (place == "memory")
        if remembering.group is not None:
            remembering.group.commit()
        assert _books(remembering) == _books(parsing)


def _books(utility: _Utility) -> dict[str, object]:
    """What the calls did: the events of seeding have the moment at which that utility was made."""
    tables = {name: rows for name, rows in utility.lanes.export("default").items() if name.startswith("inhance_")}
    tables["inhance_events"] = [row for row in tables["inhance_events"] if row["kind"] != "account_opened"]
    assert tables["inhance_events"]
    assert tables["inhance_payments"]
    return dict(tables)
