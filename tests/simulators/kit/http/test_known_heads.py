"""A server that knows heads answers random senders byte for byte as one that parses each."""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections.abc import Iterator
from typing import Any

from partnerlab.simulators.kit.http.connection import Connection
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.reader import KnownHeads
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import make_kit

SENDERS = int(os.environ.get("PARTNERLAB_TEST_CALLS", "600")) // 10

HEADERS = ["X-Sandbox-Lane: a", "X-Sandbox-Lane: -", "Authorization: Basic eA==", "Authorization: Basic eQ==", "X: 1"]
HEADERS += ["Connection: close", "Connection: keep-alive", "Expect: 100-continue", "X-Sandbox-Fault: delay 0 s", "Y:"]
TARGETS = ["/door/Echo", "/door/Echo?a=b", "/lane/b/door/Echo", "/nowhere", "//door", "*"]
BODIES = [b"", b"a", b"GET / HTTP/1.1", b"\r\n\r\n", b"x" * 20_000]
OF_ITS_OWN = re.compile(rb"(?<=\r\n)(?:Date|X-Sandbox-Request): [^\r\n]*\r\n")


def _requests(chance: random.Random) -> Iterator[bytes]:
    for _ in range(chance.randint(1, 8)):
        body, version = chance.choice(BODIES), chance.choice(["1.1"] * 9 + ["1.0"])
        headers = ["Host: x", *chance.sample(HEADERS, chance.choice([0, 0, 0, 1, 1, 2]))]
        lines = "".join(f"{header}\r\n" for header in headers)
        head = f"{chance.choice(['POST', 'POST', 'GET', 'HEAD'])} {chance.choice(TARGETS)} HTTP/{version}\r\n{lines}"
        length = len(body) if chance.random() < 0.9 else chance.choice([0, len(body) + 1])
        yield f"{head}Content-Length: {length}\r\n\r\n".encode() + body


def _pieces(chance: random.Random, requests: list[bytes]) -> list[bytes]:
    """What is written at a time: a request, several, or a part of one."""
    if chance.random() < 0.5:
        return requests
    data = b"".join(requests)
    cuts = sorted(chance.sample(range(len(data) + 1), min(len(data), chance.randint(0, 3))))
    return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


class _Transport(asyncio.Transport):
    """Keeps what is written until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed = b"", False

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def _heard(server: Server, pieces: list[bytes], known: KnownHeads | None) -> bytes:
    """All that comes back to a sender."""
    server.known_heads = known
    transport, connection = _Transport(), Connection(server)
    connection.connection_made(transport)
    for piece in pieces:
        if transport.closed:
            break
        connection.data_received(piece)
        for _ in range(10_000):  # a lane that is not known is made on another thread
            server.loop.run_until_complete(asyncio.sleep(0))
            if not connection._busy and not connection._waiting:
                break
    connection.connection_lost(None)
    return OF_ITS_OWN.sub(b"", transport.written)


def _echo(request: Request) -> Response:
    said = "\n".join([request.path, request.query, request.base_url, *map(": ".join, sorted(request.headers.items()))])
    return Response(200, said.encode() + request.body)


def test_random_senders_are_answered_alike(memory: Store) -> None:
    kit = make_kit(memory)
    kit.door.answering = _echo
    server = kit.server
    server.loop, server.origin = asyncio.new_event_loop(), "http://127.0.0.1:8700"
    server._empty = asyncio.Event()
    known: KnownHeads = {}
    chance, answers = random.Random(5), set()
    for _ in range(SENDERS):
        pieces = _pieces(chance, list(_requests(chance)))
        plain = _heard(server, pieces, None)
        for _ in range(2):
            assert _heard(server, pieces, known) == plain, pieces
        answers |= set(re.findall(rb"HTTP/1.1 (\d+)", plain))
    assert {b"200", b"400", b"404"} <= answers
    assert known
    assert kit.site._places
    server.loop.close()
