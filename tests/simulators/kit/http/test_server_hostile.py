"""What nobody may do to the others: hold memory, connections or threads, or nest what the server does."""

from __future__ import annotations

import contextlib
import select
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from partnerlab.simulators.kit.http.limits import FREE_BYTES
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.server import Limits
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import Kit, Wire, make_kit

LIMITS = Limits(
    connections=8,
    spare_connections=4,
    body_bytes=2_000_000,
    waiting_bytes=4_096,
    held_bytes=3_000_000,
    header_s=60,
    body_rate=10_000,
)


class Control:
    """An app that is no door, as the control API is."""

    name, inline = "control", False

    def operation(self, request: Request) -> str:
        return request.path

    def __call__(self, request: Request) -> Response:
        return Response(200, b"control")


@pytest.fixture
def tight(memory: Store) -> Iterator[Kit]:
    made = make_kit(memory, limits=LIMITS, threads=2)
    made.site.mount("/_sandbox", Control(), door=False)
    with made.server:
        yield made
    made.journal.close()


def hold(kit: Kit, count: int, size: int) -> list[Wire]:
    """That many connections which have sent *size* bytes of a body and not its end."""
    wires = [kit.connect() for _ in range(count)]
    for wire in wires:
        wire.send("POST", "/door/Echo", f"Content-Length: {size + 1}")
        wire.write(b"x" * size)
    return wires


def until(fact: object, seconds: float = 30.0) -> None:
    assert callable(fact)
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.01)


def first_to_answer(wires: list[Wire]) -> Wire:
    """The connection that something came from first, whichever of them the server read last."""
    found, _, _ = select.select([wire.sock for wire in wires], [], [], 30)
    return next(wire for wire in wires if wire.sock in found)


def close(*wires: Wire) -> None:
    for wire in wires:
        wire.sock.close()


# Bytes.


def test_bodies_held_open_have_a_total_and_small_calls_go_on(tight: Kit) -> None:
    wires = hold(tight, 4, 900_000)
    assert first_to_answer(wires).answer()[0] == 503
    assert tight.server.budget.held <= LIMITS.held_bytes
    assert tight.ask(body=b"x" * FREE_BYTES).startswith(b"HTTP/1.1 200 ")
    assert tight.ask("/_sandbox/health").endswith(b"control")
    close(*wires)


def test_what_a_lost_connection_held_is_let_go(tight: Kit) -> None:
    for _ in range(5):
        wires = hold(tight, 3, 900_000)
        until(lambda: tight.server.budget.held > 2_500_000)
        close(*wires)
        until(lambda: tight.server.budget.held == 0)
    assert tight.ask(body=b"x" * 1_900_000).startswith(b"HTTP/1.1 200 ")
    until(lambda: tight.server.budget.held == 0)


def test_bodies_that_wait_behind_a_slow_answer_are_not_all_read(tight: Kit) -> None:
    release = threading.Event()
    tight.door.inline, tight.door.wait = False, lambda: release.wait(60)
    with tight.connect() as wire:
        wire.sock.setblocking(False)
        request = b"POST /door/Echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + b"x" * 500_000
        sent = 0
        try:
            for _ in range(40):
                sent += wire.sock.send(request)
                time.sleep(0.01)
        except BlockingIOError:
            pass
        assert sent < 40 * len(request)
        assert tight.server.budget.held <= LIMITS.held_bytes
        release.set()
    until(lambda: tight.server.budget.held == 0)


def test_answers_that_nobody_reads_have_a_total(tight: Kit) -> None:
    tight.door.answer = Response(200, b"x" * 8_000_000)
    wires = [tight.connect() for _ in range(3)]
    for wire in wires:
        wire.send("GET", "/door/Echo")
    time.sleep(0.3)
    assert tight.server.budget.held <= LIMITS.held_bytes
    tight.door.answer = Response(200, b"ok")
    assert tight.ask().endswith(b"ok")
    close(*wires)


def test_a_body_that_drips_comes_to_an_end(memory: Store) -> None:
    kit = make_kit(memory, limits=replace(LIMITS, body_s=0.5))
    with kit.server, kit.connect() as wire:
        wire.send("POST", "/door/Echo", "Content-Length: 100000")
        started = time.monotonic()
        with pytest.raises(ConnectionError):
            _drip(wire)
    assert time.monotonic() - started < 30
    assert kit.door.asked == []
    kit.journal.close()


def _drip(wire: Wire) -> None:
    while True:
        wire.write(b"x" * 100)
        time.sleep(0.1)


def test_many_tiny_chunks_are_refused(tight: Kit) -> None:
    with tight.connect() as wire:
        wire.send("POST", "/door/Echo", "Transfer-Encoding: chunked")
        wire.write(b"1\r\nx\r\n" * 20_000)
        assert wire.answer()[0] == 400


# Connections.


def test_the_connection_that_idles_longest_gives_way(tight: Kit) -> None:
    wires = [tight.connect() for _ in range(LIMITS.connections)]
    for wire in wires:
        wire.send("GET", "/door/Echo")
        assert wire.answer()[0] == 200
        time.sleep(0.02)
    for _ in range(3):
        with tight.connect() as more:
            more.send("GET", "/door/Echo")
            assert more.answer()[0] == 200
    with pytest.raises((ConnectionError, AssertionError)):
        assert not wires[0].closed()
    close(*wires)


def test_where_all_are_busy_the_control_api_still_answers(tight: Kit) -> None:
    release = threading.Event()
    tight.door.inline, tight.door.wait = False, lambda: release.wait(60)
    wires = [tight.connect() for _ in range(LIMITS.connections)]
    for wire in wires:
        wire.send("GET", "/door/Echo")
    until(lambda: len(tight.door.asked) == 2)  # the threads there are
    time.sleep(0.1)
    for _ in range(10):
        assert tight.ask("/_sandbox/health").endswith(b"control")
    assert b"connections: the server has 8 already" in tight.ask()
    release.set()
    assert [wire.answer()[0] for wire in wires] == [200] * LIMITS.connections
    close(*wires)


def test_hundreds_of_idle_connections_lock_nobody_out(memory: Store) -> None:
    kit = make_kit(memory, limits=Limits(connections=100, spare_connections=4))
    with kit.server:
        wires = [kit.connect() for _ in range(300)]
        started = time.monotonic()
        assert kit.ask().startswith(b"HTTP/1.1 200 ")
        assert time.monotonic() - started < 20  # one that waits for its turn waits for good
        close(*wires)
    kit.journal.close()


# Nothing nests.


@pytest.mark.parametrize(
    "header",
    [b"Connection: Upgrade\r\nUpgrade: h2c\r\n", b"X-Sandbox-Fault: html\r\n", b"X-Sandbox-Fault: truncated\r\n"],
)
def test_every_one_of_many_pipelined_requests_is_answered(kit: Kit, header: bytes) -> None:
    count = 600
    with kit.connect() as wire:
        request = b"GET /door/Echo HTTP/1.1\r\nHost: a\r\n" + header + b"\r\n"
        sender = threading.Thread(target=_send, args=(wire, request * count))
        sender.start()
        if b"truncated" in header:  # closes after the first; what it has not read makes that a reset
            assert wire.sock.recv(65536).startswith(b"HTTP/1.1 200 ")
        else:
            assert [wire.answer()[0] for _ in range(count)] == [200] * count
        sender.join()


def _send(wire: Wire, data: bytes) -> None:
    with contextlib.suppress(OSError):
        wire.write(data)


def test_a_path_of_many_segments_costs_no_more_than_a_short_one(kit: Kit) -> None:
    started = time.process_time()
    for n in range(30):
        assert b" 404 " in kit.ask("/" + "a/" * 15_000 + str(n))[:20]
    assert time.process_time() - started < 5  # some tenths; it was half a second each


def test_a_large_body_is_not_handled_in_the_event_loop(kit: Kit) -> None:
    threads: list[str] = []
    kit.door.wait = lambda: threads.append(threading.current_thread().name)
    kit.ask(body=b"x" * 1_000)
    kit.ask(body=b"x" * 100_000)
    assert threads == ["server", "worker"]


def test_one_connections_pipeline_keeps_nobody_else_waiting(kit: Kit) -> None:
    """It is asked while the server is at the first of a thousand."""
    asked = threading.Event()
    kit.door.wait = lambda: asked.wait(60)
    with kit.connect() as wire, kit.connect() as neighbour:
        wire.write(b"GET /door/Echo HTTP/1.1\r\nHost: a\r\n\r\n" * 1_000)
        until(lambda: kit.door.asked)
        neighbour.send("GET", "/door/neighbour")
        asked.set()
        assert neighbour.answer()[0] == 200
        assert [wire.answer()[0] for _ in range(1_000)] == [200] * 1_000
    assert [one.path for one in kit.door.asked].index("/door/neighbour") < 500
