"""A connection is used again only while its server keeps it, and a compressed answer is read whole."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from partnerlab.client.errors import ProtocolError
from partnerlab.client.http import AsyncTransport, HttpRequest, Transport, keepalive

Serve = Callable[..., Any]


def request(url: str) -> HttpRequest:
    return HttpRequest("Pay", url, {}, b"<a/>")


def answering(*headers: str, body: bytes = b"<ok/>") -> Callable[[Any], None]:
    def handler(connection: Any) -> None:
        while connection.request():
            connection.answer(body, 200, *headers)

    return handler


class Stream:
    """A connection of the pool, as far as it is asked for."""

    def get_extra_info(self, name: str) -> object:
        return False if name == "is_readable" else name


@pytest.mark.parametrize(
    ("hint", "used_for_s"),
    [
        ("timeout=1", 0.75),
        ("Timeout = 1, max=100", 0.75),
        ("max=100,timeout=2", 1.5),
        ("timeout=5", 4.0),
        ("timeout=0", 0.0),
        ("timeout=60", None),
        ("max=100", None),
        ("timeout=x", None),
        ("timeout=99999999999999", None),
        ("x" * 100_000 + "timeout=1", None),
    ],
)
def test_what_a_server_says_is_heeded(monkeypatch: pytest.MonkeyPatch, hint: str, used_for_s: float | None) -> None:
    now = [1000.0]
    monkeypatch.setattr(keepalive, "time", SimpleNamespace(monotonic=lambda: now[0]))
    stream = Stream()
    response = httpx.Response(200, headers={"Keep-Alive": hint}, extensions={"network_stream": stream})
    for _ in range(3):  # each answer begins the time anew, and nothing piles up
        now[0] += 100
        keepalive.heed(response)
    assert stream.get_extra_info("socket") == "socket"
    if used_for_s is None:
        now[0] += 1e6
        assert stream.get_extra_info("is_readable") is False
        return
    assert stream.get_extra_info("is_readable") is (used_for_s == 0)
    now[0] += used_for_s
    assert stream.get_extra_info("is_readable") is True


@pytest.mark.parametrize(("hint", "connections"), [("timeout=1", 2), ("timeout=60", 1)])
def test_a_connection_is_used_again_only_while_the_server_keeps_it(serve: Serve, hint: str, connections: int) -> None:
    for is_async in (False, True):
        server = serve(answering(f"Keep-Alive: {hint}"))

        async def twice(url: str = server.url) -> None:
            async with AsyncTransport() as transport:
                await transport.send(request(url))
                await asyncio.sleep(0.8)
                await transport.send(request(url))

        if is_async:
            asyncio.run(twice())
        else:
            with Transport() as transport:
                transport.send(request(server.url))
                time.sleep(0.8)
                transport.send(request(server.url))
        assert (len(server.requests), server.connections) == (2, connections)


def test_within_the_time_the_connection_is_used_again(flavour: Any, serve: Serve) -> None:
    server = serve(answering("Keep-Alive: timeout=60, max=100"))
    flavour.send(*[request(server.url)] * 4)
    assert server.connections == 1


PLAIN = b"<answer>" + b"x" * 500 + b"</answer>"


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(PLAIN[:100]) + gzip.compress(PLAIN[100:]),
        gzip.compress(PLAIN[:1]) + gzip.compress(PLAIN[1:2]) + gzip.compress(b"") + gzip.compress(PLAIN[2:]),
        gzip.compress(PLAIN) + b"\0" * 512,
    ],
    ids=["two", "four", "padded"],
)
def test_a_gzip_answer_is_read_to_the_end_of_its_last_member(flavour: Any, serve: Serve, packed: bytes) -> None:
    server = serve(answering("Content-Encoding: gzip", body=packed))
    (response,) = flavour.send(request(server.url))
    assert response.content == PLAIN


@pytest.mark.parametrize(
    ("packed", "rule"),
    [
        (gzip.compress(PLAIN[:100]) + gzip.compress(PLAIN[100:])[:-9], "is cut off"),
        (gzip.compress(PLAIN[:100]) + gzip.compress(PLAIN[100:])[:15] + b"\xff" * 20, "is"),
        (gzip.compress(b"x", mtime=0) * 1001, "1000 members at most"),
        (b"".join(gzip.compress(b"\0" * (1 << 20)) for _ in range(2)), "bytes at most"),
    ],
    ids=["cut off", "broken", "too many", "too large"],
)
def test_members_broken_or_too_many_are_no_answer(flavour: Any, serve: Serve, packed: bytes, rule: str) -> None:
    server = serve(answering("Content-Encoding: gzip", body=packed))
    with pytest.raises(ProtocolError, match=rule):
        flavour.send(request(server.url))


def test_deflate_is_read(flavour: Any, serve: Serve) -> None:
    server = serve(answering("Content-Encoding: deflate", body=zlib.compress(PLAIN)))
    (response,) = flavour.send(request(server.url))
    assert response.content == PLAIN


def test_a_connection_is_not_used_again_where_nobody_can_see_what_else_came() -> None:
    stream = Stream()
    keepalive.heed_rest(httpx.Response(200, extensions={"network_stream": stream}))
    assert stream.get_extra_info("is_readable")


def test_one_over_which_nothing_else_came_is(flavour: Any, serve: Serve) -> None:
    server = serve(b"<ok/>")
    assert len(flavour.send(*[request(server.url)] * 3)) == 3
    assert server.connections == 1
