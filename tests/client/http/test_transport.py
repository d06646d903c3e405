"""What a transport sends and gives back, over real sockets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from partnerlab.client.http import AsyncTransport, Transport, attempt
from tests.client.http.support import request

Serve = Callable[..., Any]


def test_an_answer_comes_back_whole_whatever_its_status(flavour: Any, serve: Serve) -> None:
    def once(connection: Any) -> None:
        connection.request()
        connection.answer(b"gone", 410, "X-Odd: Yes", "Content-Type: text/plain")

    (response,) = flavour.send(request(serve(once).url))
    assert (response.status, response.content) == (410, b"gone")
    assert response.headers["x-odd"] == "Yes"


def test_what_arrives_is_what_was_built(flavour: Any, serve: Serve) -> None:
    server = serve(b"<ok/>")
    flavour.send(request(server.url, b"<body/>", SOAPAction='"http://tempuri.org/BalanceCheck"'))
    (received,) = server.requests
    head, _, body = received.partition(b"\r\n\r\n")
    assert body == b"<body/>"
    assert head.startswith(b"POST /iCloud/iCloud.asmx HTTP/1.1\r\n")
    assert b'SOAPAction: "http://tempuri.org/BalanceCheck"' in head
    assert b"Content-Length: 7" in head
    assert f"Host: 127.0.0.1:{server.port}".encode() in head


def test_a_connection_is_used_again(flavour: Any, serve: Serve) -> None:
    server = serve(b"<ok/>")
    flavour.send(*[request(server.url)] * 5)
    assert (len(server.requests), server.connections) == (5, 1)


def test_a_connection_the_server_closed_is_not_used_again(flavour: Any, serve: Serve) -> None:
    def once(connection: Any) -> None:
        connection.request()
        connection.answer(b"<ok/>", 200, "Connection: close")

    server = serve(once)
    flavour.send(*[request(server.url)] * 3)
    assert server.connections == 3


def test_a_cookie_is_never_sent_back(flavour: Any, serve: Serve) -> None:
    def twice(connection: Any) -> None:
        while connection.request():
            connection.answer(b"<ok/>", 200, "Set-Cookie: ASP.NET_SessionId=x; path=/")

    server = serve(twice)
    flavour.send(*[request(server.url)] * 2)
    assert not any(b"cookie:" in received.lower() for received in server.requests)


@pytest.mark.parametrize("size", [attempt.PIECE, attempt.PIECE + 1, 20 << 20])
def test_a_large_body_arrives_whole_and_announced(flavour: Any, serve: Serve, size: int) -> None:
    server = serve(b"<ok/>")
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    flavour.send(request(server.url, body))
    head, _, received = server.requests[0].partition(b"\r\n\r\n")
    assert received == body
    assert f"Content-Length: {size}".encode() in head
    assert b"Transfer-Encoding" not in head


def test_a_call_is_logged_without_its_query(flavour: Any, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "partnerlab.client")
    flavour.send(request(serve(b"<ok/>").url + "?WebServiceKey=sesame"))
    (record,) = [record for record in caplog.records if record.name == "partnerlab.client"]
    assert "BalanceCheck: POST http://127.0.0.1" in record.getMessage()
    assert "status 200, text/xml; charset=utf-8, 5 bytes" in record.getMessage()
    assert "sesame" not in record.getMessage()


def test_one_transport_serves_many_threads(serve: Serve) -> None:
    server = serve(b"<ok/>")
    with Transport() as shared, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(shared.send, [request(server.url)] * 160))
    assert [answer.content for answer in answers] == [b"<ok/>"] * 160
    assert len(server.requests) == 160


def test_many_tasks_share_one_transport(serve: Serve) -> None:
    server = serve(b"<ok/>")

    async def run() -> list[bytes]:
        async with AsyncTransport() as shared:
            answers = await asyncio.gather(*[shared.send(request(server.url)) for _ in range(50)])
        return [answer.content for answer in answers]

    assert asyncio.run(run()) == [b"<ok/>"] * 50


def test_a_cancelled_call_leaves_the_transport_usable(serve: Serve) -> None:
    def slow_once(connection: Any) -> None:
        connection.request()
        if len(connection.server.requests) == 1:
            connection.stream.read(1)
        connection.answer(b"<ok/>")

    server = serve(slow_once)

    async def run() -> bytes:
        async with AsyncTransport() as shared:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(shared.send(request(server.url)), 0.3)
            return (await shared.send(request(server.url))).content

    assert asyncio.run(run()) == b"<ok/>"


def test_importing_the_client_does_not_import_httpx() -> None:
    import subprocess
    import sys

    code = "import sys\nfrom partnerlab.client import inhance, invoice_cloud, rtdr\nsys.exit('httpx' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
