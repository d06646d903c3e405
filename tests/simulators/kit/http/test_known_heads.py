"""A server that knows heads and whole requests answers random senders byte for byte as one that parses each."""

from __future__ import annotations

import asyncio
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest

from partnerlab.simulators.kit.http.asked_again import AskedAgain
from partnerlab.simulators.kit.http.known_heads import KnownHeads
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.turn import Turn
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import Kit, make_kit
from tests.simulators.kit.sender import OF_ITS_OWN, heard_by

SENDERS = int(os.environ.get("PARTNERLAB_TEST_CALLS", "600")) // 10

HEADERS = ["X-Sandbox-Lane: a", "X-Sandbox-Lane: -", "Authorization: Basic eA==", "Authorization: Basic eQ==", "X: 1"]
HEADERS += ["Connection: close", "Connection: keep-alive", "Expect: 100-continue", "Y:"]
HEADERS += ["X-Sandbox-Fault: wrong-content-type"]
TARGETS = ["/door/Echo", "/door/Echo?a=b", "/lane/b/door/Echo", "/nowhere", "//door", "*"]
BODIES = [b"", b"a", b"GET / HTTP/1.1", b"\r\n\r\n", b"x" * 20_000]


def _request(chance: random.Random) -> bytes:
    body, version = chance.choice(BODIES), chance.choice(["1.1"] * 4 + ["1.0"])
    headers = ["Host: x", *chance.sample(HEADERS, chance.choice([0, 0, 1, 1, 2]))]
    lines = "".join(f"{header}\r\n" for header in headers)
    head = f"{chance.choice(['POST', 'POST', 'GET', 'HEAD'])} {chance.choice(TARGETS)} HTTP/{version}\r\n{lines}"
    length = len(body) if chance.random() < 0.9 else chance.choice([0, len(body) + 1])
    return f"{head}Content-Length: {length}\r\n\r\n".encode() + body


def _pieces(chance: random.Random, requests: list[bytes]) -> list[bytes]:
    """What is written at a time: a request, several, or a part of one."""
    if chance.random() < 0.5:
        return requests
    data = b"".join(requests)
    cuts = sorted(chance.sample(range(len(data) + 1), min(len(data), chance.randint(0, 3))))
    return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def _echo(request: Request) -> Response:
    if request.body == b"a" and request.query:
        raise ValueError("the door failed")
    said = "\n".join([request.path, request.query, request.base_url, *map(": ".join, sorted(request.headers.items()))])
    return Response(200, said.encode() + request.body)


def _noted(kit: Kit) -> list[tuple[object, ...]]:
    """What the journal has of a sender, which is forgotten."""
    found = []
    for lane in ("default", "a", "b"):
        for one in kit.journal.find(lane, limit=100):
            asked = (one.door, one.operation, one.method, one.path, one.query, sorted(one.headers.items()), one.request)
            found.append(
                (
                    lane,
                    *asked,
                    one.status,
                    OF_ITS_OWN.sub(b"", one.answer.encode()),
                    one.answer_type,
                    one.base_url,
                    one.faults,
                )
            )
        kit.journal.clear(lane)
    return found


@pytest.mark.parametrize("kept", ["memory", "file"])
def test_random_senders_are_answered_and_noted_alike(kept: str, tmp_path: Path) -> None:
    kit = make_kit(Store("sqlite://" if kept == "memory" else f"sqlite:///{tmp_path / 'world.db'}"))
    for lane in ("a", "b"):
        kit.lanes.get(lane)
    kit.site._id_prefix = "id-"  # a number of many digits might be masked in the journal as a card's
    kit.door.answering = _echo
    server = kit.server
    server.loop, server.origin = asyncio.new_event_loop(), "http://127.0.0.1:8700"
    server._empty = asyncio.Event()
    group = kit.store.group()
    server.turn = None if group is None else Turn(server.loop, group, server._connections)
    known: KnownHeads = {}
    again = AskedAgain(kit.site)
    setattr(kit.door, "ready", lambda request: kit.door if request.query else None)  # noqa: B010 - most doors have none
    chance, answers = random.Random(5), set()
    requests = [_request(chance) for _ in range(SENDERS * 2)]
    for _ in range(SENDERS):
        pieces = _pieces(chance, chance.choices(requests, k=chance.randint(1, 8)))
        heard, has_fault = [], chance.random() < 0.1
        for knows in (None, known, known):
            kit.site.again = None if knows is None else again
            if has_fault:
                kit.faults.add("default", "soap-fault", count=3)
            heard.append((heard_by(server, pieces, knows), _noted(kit)))
            kit.faults.clear("default")
        assert heard[1:] == [heard[0], heard[0]], pieces
        plain = heard[0][0]
        answers |= set(re.findall(rb"HTTP/1.1 (\d+)", plain))
    assert {b"200", b"400", b"404", b"500"} <= answers
    assert known
    assert again._known
    assert any(place.straight for place in kit.site._places.values())
    server.loop.close()
    kit.journal.close()
    kit.store.close()


def test_where_calls_are_committed_together_those_of_known_heads_are_answered_at_once_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make_kit(Store(f"sqlite:///{tmp_path / 'world.db'}"))
    asked, answered = kit.site.answer_at_once, []

    def seen(*given: Any) -> Any:
        answered.append(asked(*given))
        return answered[-1]

    monkeypatch.setattr(kit.site, "answer_at_once", seen)
    with kit.server, kit.connect() as wire:
        for _ in range(4):
            wire.send("POST", "/door/Echo", body=b"x")
            assert wire.answer()[0] == 200
    assert [one is not None for one in answered] == [False, True, True]
    assert kit.server.known_heads
    kit.journal.close()
    kit.store.close()
