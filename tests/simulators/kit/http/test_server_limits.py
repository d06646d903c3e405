"""What is too large, too slow or never read is given up, and holds up nobody else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from partnerlab.simulators.kit.http.messages import Response
from partnerlab.simulators.kit.http.server import Limits
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import Kit, Wire, make_kit

LIMITS = Limits(header_bytes=2_000, headers=20, body_bytes=10_000, connections=8, header_s=60)


@pytest.fixture
def tight(memory: Store) -> Iterator[Kit]:
    """A kit whose server has small limits."""
    made = make_kit(memory, limits=LIMITS)
    with made.server:
        yield made
    made.journal.close()


@pytest.fixture
def hasty(memory: Store) -> Iterator[Kit]:
    """One that waits for little. A connection may idle for longer, so that a slow test finds it still open."""
    made = make_kit(memory, limits=replace(LIMITS, header_s=0.3, body_s=0.3, idle_s=3, linger_s=0.3))
    with made.server:
        yield made
    made.journal.close()


def test_a_head_has_a_size(tight: Kit) -> None:
    assert b"431 Request Header Fields Too Large" in tight.ask("/door/Echo", f"X: {'x' * 3_000}")
    assert b"431" in tight.ask("/door/" + "x" * 3_000)
    assert b"headers: there are over 20" in tight.ask("/door/Echo", *[f"X-{n}: 1" for n in range(20)])
    with tight.connect() as wire:  # one that never ends
        wire.write(b"GET /door HTTP/1.1\r\nX: ")
        with pytest.raises(ConnectionError):
            _trickle(wire, b"x" * 1_000, 5_000, pause_s=0.002)
    assert tight.door.asked == []


def _trickle(wire: Wire, data: bytes, times: int, *, pause_s: float) -> None:
    for _ in range(times):
        wire.write(data)
        time.sleep(pause_s)


def test_a_body_has_a_size(tight: Kit) -> None:
    assert tight.ask(body=b"x" * 10_000).startswith(b"HTTP/1.1 200 ")
    answer = tight.ask(body=b"x" * 10_001)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b" body-bytes: the body is over 10000 bytes." in answer
    with tight.connect() as wire:
        wire.send("POST", "/door/Echo", "Expect: 100-continue", "Content-Length: 10001")
        assert wire.answer()[0] == 413
    with tight.connect() as wire:
        wire.send("POST", "/door/Echo", "Transfer-Encoding: chunked")
        wire.write(b"1000\r\n" + b"x" * 4_096 + b"\r\n")
        wire.write((b"1000\r\n" + b"x" * 4_096 + b"\r\n") * 3)
        assert wire.answer()[0] == 413
    assert len(tight.door.asked) == 1


def test_a_refused_sender_reads_the_refusal_although_it_was_still_sending(tight: Kit) -> None:
    with tight.connect() as wire:
        wire.send("POST", "/door/Echo", "Content-Length: 4000000")
        wire.write(b"x" * 400_000)
        assert wire.answer()[0] == 413


def test_trailers_have_a_size(tight: Kit) -> None:
    with tight.connect() as wire:
        wire.send("POST", "/door/Echo", "Transfer-Encoding: chunked")
        wire.write(b"3\r\nabc\r\n")
        time.sleep(0.05)
        wire.write(b"0\r\nX: " + b"x" * 3_000)
        assert wire.answer()[0] == 431


@pytest.mark.parametrize("sent", [b"GET /do", b"POST /door HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"])
def test_a_request_that_does_not_go_on_is_given_up(hasty: Kit, sent: bytes) -> None:
    with hasty.connect() as wire:
        started = time.monotonic()
        wire.write(sent)
        assert wire.rest().startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - started > 0.25


def test_a_head_that_trickles_is_given_up(hasty: Kit) -> None:
    """Long before all of it would have come."""
    with hasty.connect() as wire:
        wire.write(b"GET /door HTTP/1.1\r\nX-Slow: ")
        with pytest.raises(ConnectionError):
            _trickle(wire, b"x", 1_500, pause_s=0.02)


def test_a_connection_that_idles_is_closed(hasty: Kit) -> None:
    with hasty.connect() as wire:
        wire.send("GET", "/door/Echo")
        assert wire.answer()[0] == 200
        assert wire.closed()


def test_a_client_that_does_not_read_holds_up_nobody_else(kit: Kit) -> None:
    kit.door.answer = Response(200, b"x" * 3_000_000)
    with kit.connect() as deaf:
        for _ in range(40):
            deaf.send("GET", "/door/Echo")
        time.sleep(0.3)
        assert len(kit.door.asked) < 10
        assert kit.ask().endswith(b"xxx")
