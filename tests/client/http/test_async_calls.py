"""Calls of one event loop that share connections: each has one to itself, and one that is cancelled spoils none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from partnerlab.client.http import AsyncTransport
from partnerlab.client.http.connections import AsyncConnections
from tests.client.http.support import request

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
