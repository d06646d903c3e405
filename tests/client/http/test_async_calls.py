"""Calls of one event loop that share connections: each has one to itself, and one that is cancelled spoils none."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from partnerlab.client.http import AsyncTransport
from partnerlab.client.http.attempt import Attempt
from partnerlab.client.http.connections import AsyncConnections
from partnerlab.client.http.direct import READ_BYTES
from tests.client.http.support import request
from tests.client.http.test_addresses import CERTIFICATE

Serve = Callable[..., Any]
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<ok/>"


def test_a_call_that_is_cancelled_closes_its_connection_and_the_others_go_on(serve: Serve) -> None:
    """Its answer would be taken for the next call's."""
    hold = threading.Event()

    def holds(connection: Any) -> None:
        while b"hold" not in connection.request():
            connection.send(PLAIN)
        hold.wait(30)
        connection.send(PLAIN)

    server = serve(holds)

    async def run() -> None:
        async with AsyncTransport() as transport:
            assert isinstance(transport.http, AsyncConnections)
            await transport.send(request(server.url))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(transport.send(request(server.url, b"hold")), 0.2)
            assert transport.http._kept.everyone == set()
            hold.set()
            assert (await transport.send(request(server.url))).content == b"<ok/>"

    asyncio.run(run())
    assert server.connections == 2


def test_many_calls_at_once_have_a_connection_each_and_keep_them(serve: Serve) -> None:
    server = serve(b"<ok/>")

    async def run() -> None:
        async with AsyncTransport(connections=8) as transport:
            for _ in range(5):
                answers = await asyncio.gather(*(transport.send(request(server.url)) for _ in range(20)))
                assert {answer.content for answer in answers} == {b"<ok/>"}

    asyncio.run(run())
    assert server.connections <= 8


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("direct", [True, False])
def test_what_was_read_from_the_socket_and_not_asked_for_is_nobodys(
    serve: Serve, loop: Callable[[], asyncio.AbstractEventLoop], *, direct: bool, tls: bool
) -> None:
    """asyncio reads more than is asked for: an answer that ends just there left the rest for the next call's answer."""
    ours, theirs = ssl.create_default_context(cafile=str(CERTIFICATE)), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(CERTIFICATE)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    length = READ_BYTES - len(head % READ_BYTES)
    answer = head % length + b"x" * length

    def handler(connection: Any) -> None:
        connection.request()
        connection.send(PLAIN)
        if connection.request():
            connection.send(answer + b"HTTP/1.1 500 Forged\r\nContent-Length: 6\r\n\r\nforged")
        connection.request()

    server = serve(handler, theirs if tls else None)

    async def run() -> list[int]:
        async with AsyncTransport(ssl_context=ours) as transport:
            transport.http._direct = direct
            found = []
            for _ in range(3):
                found.append(len((await transport.send(request(server.url))).content))
                await asyncio.sleep(0.05)
            return found

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(run()) == [5, length, 5]
    assert server.connections == 2


@pytest.mark.parametrize("later", range(5))
def test_a_call_that_is_cancelled_while_a_connection_gets_free_is_cancelled(later: int) -> None:
    """In Python 3.11 it went on and was sent: who waited with a limit forgot that somebody had cancelled it."""

    async def run() -> None:
        async with AsyncTransport(connections=1) as transport:
            await transport._free.acquire()

            async def call() -> None:
                async with transport.connection(Attempt(request("http://127.0.0.1/"), transport.rules, b"")):
                    await asyncio.sleep(60)

            waiting = asyncio.ensure_future(call())
            for _ in range(3):
                await asyncio.sleep(0)
            transport._free.release()
            for _ in range(later):
                await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting], timeout=30)
            assert waiting.cancelled()
            assert not transport._free.locked()

    asyncio.run(run())
