"""A kit of its own for each test: store, lanes, journal, faults, a site with a door that counts, a server on port 0."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.server import Limits, Server
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.store import Statement, Store, Tx

TABLES = schema.Tables()
WORLD = schema.Table(
    "kit_test_world",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("name", schema.Text, primary_key=True),
    schema.Column("value", schema.Integer, nullable=False),
)
LOG = schema.Table(
    "kit_test_log",
    TABLES,
    schema.Column("number", schema.Integer, primary_key=True, autoincrement=True),
    schema.Column("lane", schema.Text, nullable=False),
    schema.Column("text", schema.Text),
)

SEED = Statement("INSERT INTO kit_test_world (lane, name, value) VALUES (:lane, 'calls', 0)")
COUNT = Statement("UPDATE kit_test_world SET value = value + 1 WHERE lane = :lane AND name = 'calls'")
VALUE = Statement("SELECT value FROM kit_test_world WHERE lane = :lane AND name = 'calls'")


def seed(tx: Tx, lane: Lane) -> None:
    tx.run(SEED, lane=lane.name)


@dataclass
class Door:
    """An app that counts its calls in the store, keeps what it was asked, and answers what it was told to."""

    store: Store
    name: str = "door"
    inline: bool = True
    answer: Response = field(default_factory=lambda: Response(200, b"<ok/>", "text/xml; charset=utf-8"))
    asked: list[Request] = field(default_factory=list)
    answering: Callable[[Request], Response] | None = None
    error: Exception | None = None
    wait: Any = None

    def operation(self, request: Request) -> str:
        return request.path.rpartition("/")[2]

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        if self.wait is not None:
            self.wait()
        with self.store.write() as tx:
            tx.run(COUNT, lane=request.lane.name)
        if self.error is not None:
            raise self.error
        return self.answer if self.answering is None else self.answering(request)

    def calls(self, lane: str = "default") -> int:
        """How often a call was committed in a lane."""
        with self.store.read() as tx:
            row = tx.one(VALUE, lane=lane)
        return row[0] if row else 0


@dataclass
class Kit:
    store: Store
    lanes: Lanes
    journal: Journal
    faults: Faults
    site: Site
    door: Door
    server: Server

    def connect(self) -> Wire:
        return Wire(socket.create_connection(("127.0.0.1", self.server.port), timeout=30))

    def ask(self, path: str = "/door/Echo", *headers: str, body: bytes = b"x", method: str = "POST") -> bytes:
        """Everything that comes back for one request on a connection of its own, read to the end."""
        with self.connect() as wire:
            wire.send(method, path, *headers, "Connection: close", body=body)
            return wire.rest()


class Wire:
    """A raw socket that speaks HTTP only as far as a test wants."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def write(self, data: bytes) -> None:
        self.sock.sendall(data)

    def send(self, method: str, path: str, *headers: str, body: bytes = b"") -> None:
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.write("\r\n".join([*lines, "", ""]).encode() + body)

    def head(self) -> bytes:
        """Up to the empty line, byte by byte, so that nothing after it is taken."""
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            byte = self.sock.recv(1)
            if not byte:
                return data
            data += byte
        return data

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with lower-case names, body by Content-Length."""
        first, *lines = self.head().decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        body = b""
        while len(body) < int(headers.get("content-length", 0)):
            piece = self.sock.recv(int(headers["content-length"]) - len(body))
            assert piece, f"closed after {len(body)} of {headers['content-length']} bytes"
            body += piece
        return int(first.split()[1]), headers, body

    def rest(self) -> bytes:
        """Everything until the peer closes. A reset raises `ConnectionResetError`."""
        data = b""
        while piece := self.sock.recv(65536):
            data += piece
        return data

    def closed(self) -> bool:
        return self.sock.recv(1) == b""


def make_kit(store: Store, *, limits: Limits | None = None, **server: Any) -> Kit:
    store.add(TABLES)
    lanes = Lanes(store, [seed])
    journal = Journal(lanes)
    faults = Faults(lanes)
    site = Site(lanes, journal, faults)
    door = Door(store)
    site.mount("/door", door)
    lanes.get("default")  # known beforehand, so that inline doors are handled inline
    return Kit(store, lanes, journal, faults, site, door, Server(site, limits=limits, **server))


@pytest.fixture
def memory() -> Iterator[Store]:
    store = Store("sqlite://")
    store.add(TABLES)
    yield store
    store.close()


@pytest.fixture
def kit(memory: Store) -> Iterator[Kit]:
    made = make_kit(memory)
    with made.server:
        yield made
    made.journal.close()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Each kind of store in turn."""
    made = Store(store_url)
    made.add(TABLES)
    yield made
    made.close()
