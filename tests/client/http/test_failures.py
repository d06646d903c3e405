"""A network that fails in every way: what was certainly not sent, and what may have been."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from partnerlab.client.errors import TransportError
from partnerlab.client.http import Timeouts, Transport
from tests.client.http.support import QUICK, ends_in_time, failure, request

Serve = Callable[..., Any]


def test_a_refused_connection_sent_nothing(flavour: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # so that nobody else listens there
        error = failure(flavour, f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert not error.sent
    assert error.reason.startswith("no connection")
    assert "Errno" not in error.reason


def test_a_host_that_does_not_exist_got_nothing(flavour: Any) -> None:
    assert not failure(flavour, "https://partner.invalid/iCloud.asmx").sent


def test_a_connection_that_is_not_accepted_in_time_sent_nothing(flavour: Any) -> None:
    # A full backlog: further connections are neither accepted nor refused.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(listener.getsockname())
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            error = failure(flavour, url, timeouts=Timeouts(connect_s=0.3))
        finally:
            for one in waiting:
                one.close()
    assert not error.sent
    assert error.reason.startswith("no connection in time")


def test_a_wait_for_a_free_connection_sent_nothing(serve: Serve) -> None:
    free = threading.Event()

    def held(connection: Any) -> None:
        connection.request()
        free.wait(60)
        connection.answer(b"<ok/>")

    server = serve(held)
    with Transport(timeouts=Timeouts(pool_s=0.2), connections=1) as shared:
        first = threading.Thread(target=shared.send, args=(request(server.url),))
        first.start()
        deadline = time.monotonic() + 30
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(TransportError) as caught:
            shared.send(request(server.url))
        free.set()
        first.join(30)
    assert (caught.value.sent, caught.value.local) == (False, True)
    assert caught.value.reason.startswith("no free connection in time")
    assert len(server.requests) == 1


def reset(connection: Any) -> None:
    connection.request()
    connection.reset()


def empty(connection: Any) -> None:
    connection.request()


def truncated(connection: Any) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<half")


def truncated_chunk(connection: Any) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<half\r\n")


def truncated_head(connection: Any) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Le")


def no_http(connection: Any) -> None:
    connection.request()
    connection.send(b"220 mail.example.com ESMTP\r\n\r\n")


def silent(connection: Any) -> None:
    connection.request()
    connection.stream.read(1)


def stuck_in_the_body(connection: Any) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<half")
    connection.stream.read(1)


@pytest.mark.parametrize(
    "behaviour", [reset, empty, truncated, truncated_chunk, truncated_head, no_http, silent, stuck_in_the_body]
)
def test_after_the_request_left_the_outcome_is_unknown(flavour: Any, serve: Serve, behaviour: Any) -> None:
    server = serve(behaviour)
    started = time.monotonic()
    assert failure(flavour, server.url, timeouts=QUICK).sent
    assert time.monotonic() - started < 20
    assert len(server.requests) == 1, "a request must never be sent twice"


def test_an_answer_that_trickles_is_given_up(flavour: Any, serve: Serve) -> None:
    def dribble(connection: Any) -> None:
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not connection.server.ended.wait(0.1):
            connection.send(b"x")

    url = serve(dribble).url
    ends_in_time(lambda timeouts: flavour.send(request(url), timeouts=timeouts), total_s=1)


def test_a_request_nobody_reads_may_have_been_sent(flavour: Any, serve: Serve) -> None:
    def deaf(connection: Any) -> None:
        connection.server.ended.wait(5)

    server = serve(deaf)
    with pytest.raises(TransportError) as caught:
        flavour.send(request(server.url, b"x" * (64 << 20)), timeouts=QUICK)
    assert caught.value.sent


FORGED = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<ok/>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<ok/>\r\n0\r\n\r\n",
        b"HTTP/1.1 204 None\r\n\r\n",
    ],
    ids=["length", "chunked", "none"],
)
@pytest.mark.parametrize("rest", [FORGED, b"\r\n"], ids=["an answer", "a line"])
def test_what_came_with_an_answer_is_not_the_next_ones(flavour: Any, serve: Serve, answer: bytes, rest: bytes) -> None:
    def more(connection: Any) -> None:
        while connection.request():
            connection.send(answer + rest)

    server = serve(more)
    responses = flavour.send(request(server.url), request(server.url), request(server.url))
    assert not any(each.content == b"forged" for each in responses)
    assert server.connections == len(responses) == 3
