"""Answers without an end: they go out as they come, hold up nobody, and end with either side."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from partnerlab.simulators.kit.http import streaming
from partnerlab.simulators.kit.http.messages import Response
from partnerlab.simulators.kit.http.server import Limits
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import Kit, Wire, make_kit

WAIT_S = 10


class Stream:
    """A stream whose events the test sends."""

    def __init__(self) -> None:
        self.push: Callable[[bytes], None] = lambda event: None
        self.open, self.left = threading.Event(), threading.Event()

    def __call__(self, push: Callable[[bytes], None]) -> Callable[[], None]:
        self.push = push
        push(b": hello\n\n")
        self.open.set()
        return self.left.set


@pytest.fixture
def stream(each: Kit) -> Stream:
    made = Stream()
    each.door.answer = Response(200, b"", "text/event-stream", stream=made)
    return made


def listen(kit: Kit, stream: Stream, method: str = "GET") -> Wire:
    wire = kit.connect()
    wire.send(method, "/door/Events")
    head = wire.head().lower()
    assert b"connection: close" in head
    assert b"content-length" not in head
    if method == "GET":
        assert read(wire, b"hello\n\n") == b": hello\n\n"
        assert stream.open.wait(WAIT_S)
    return wire


def read(wire: Wire, end: bytes) -> bytes:
    """What comes until *end* was among it."""
    wire.sock.settimeout(WAIT_S)
    data = b""
    while end not in data:
        piece = wire.sock.recv(65536)
        assert piece, f"closed after {data[-100:]!r}"
        data += piece
    return data


def test_what_is_pushed_goes_out_at_once_while_others_are_answered(each: Kit, stream: Stream) -> None:
    with listen(each, stream) as wire:
        stream.push(b"data: 1\n\n")
        assert read(wire, b"1\n\n") == b"data: 1\n\n"
        each.door.answer = Response(200, b"ok")
        assert each.ask().endswith(b"ok")
        stream.push(b"data: 2\n\n")
        assert read(wire, b"2\n\n") == b"data: 2\n\n"


def test_a_reader_that_goes_is_noticed_at_once(each: Kit, stream: Stream) -> None:
    listen(each, stream).sock.close()
    assert stream.left.wait(WAIT_S)
    stream.push(b"data: nobody\n\n")
    assert each.ask(method="HEAD").startswith(b"HTTP/1.1 200")


def test_a_request_behind_a_stream_is_not_answered(each: Kit, stream: Stream) -> None:
    with listen(each, stream) as wire:
        calls = each.door.calls()
        wire.send("GET", "/door/Echo")
        stream.push(b"data: 1\n\n")
        assert read(wire, b"1\n\n") == b"data: 1\n\n"
        assert each.door.calls() == calls


def test_stop_ends_streams_at_once(each: Kit, stream: Stream) -> None:
    """The server's grace is for answers with an end."""
    each.server._grace_s = 600
    with listen(each, stream) as wire:
        stopping = threading.Thread(target=each.server.stop)
        stopping.start()
        assert wire.rest() == b""
        assert stream.left.wait(WAIT_S)
        stopping.join(60)
        assert not stopping.is_alive()


def test_head_ends(each: Kit, stream: Stream) -> None:
    with listen(each, stream, "HEAD") as wire:
        assert wire.rest() == b""
    assert not stream.open.is_set()


def test_a_slow_reader_holds_little_and_is_told_that_it_missed_something(each: Kit, stream: Stream) -> None:
    event = b"data: " + b"x" * 1_000 + b"\n\n"
    with listen(each, stream) as wire:
        for _ in range(20_000):
            stream.push(event)
        data = read(wire, streaming.MISSED)
        assert len(data) < 20_000 * len(event)
        assert set(data.split(b"\n\n")[:-1]) == {event.strip(), streaming.MISSED.strip()}
        stream.push(b"data: on\n\n")
        assert read(wire, b"on\n\n").endswith(b"data: on\n\n")


def test_a_comment_is_sent_where_nothing_is(memory: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = make_kit(memory, limits=Limits(linger_s=0.2))  # looks often whether something is due
    stream = Stream()
    kit.door.answer = Response(200, b"", "text/event-stream", stream=stream)
    with kit.server, listen(kit, stream) as wire:
        monkeypatch.setattr(streaming, "COMMENT_S", 0.05)
        assert read(wire, streaming.COMMENT).endswith(streaming.COMMENT)
    kit.journal.close()
