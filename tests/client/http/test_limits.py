"""Answers that are too much: too large, too slow, compressed to a bomb."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from partnerlab.client.errors import ProtocolError
from partnerlab.client.http import Transport
from tests.client.http.support import request

Serve = Callable[..., Any]


def test_an_answer_larger_than_the_limit_is_refused(flavour: Any, serve: Serve) -> None:
    url = serve(b"x" * 1001).url
    with pytest.raises(ProtocolError, match="may have 1000 bytes at most") as caught:
        flavour.send(request(url), max_answer_bytes=1000)
    assert caught.value.status == 200
    assert len(flavour.send(request(url), max_answer_bytes=1001)[0].content) == 1001


def test_an_endless_answer_is_cut_off(flavour: Any, serve: Serve) -> None:
    def endless(connection: Any) -> None:
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.send(b"x" * 65536)

    with pytest.raises(ProtocolError, match="bytes at most"):
        flavour.send(request(serve(endless).url))


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "GZIP"])
def test_a_compressed_answer_is_read(flavour: Any, serve: Serve, encoding: str) -> None:
    packed = zlib.compress(b"<ok/>") if encoding == "deflate" else gzip.compress(b"<ok/>")

    def once(connection: Any) -> None:
        connection.request()
        connection.answer(packed, 200, f"Content-Encoding: {encoding}")

    assert flavour.send(request(serve(once).url))[0].content == b"<ok/>"


BOMB = gzip.compress(bytes(64 << 20), 1)


@pytest.mark.parametrize(
    ("encoding", "body", "rule"),
    [
        ("gzip", BOMB, "bytes at most"),
        ("gzip", b"not gzip", "is not valid gzip"),
        ("gzip", gzip.compress(b"<ok/>" * 100)[:-12], "the gzip data is cut off"),
        ("br", b"\x8b\x02\x80", "Content-Encoding 'br' was not asked for"),
    ],
    ids=["bomb", "not gzip", "cut off", "brotli"],
)
def test_a_compressed_answer_that_cannot_be_read_is_an_error(
    flavour: Any, serve: Serve, encoding: str, body: bytes, rule: str
) -> None:
    def once(connection: Any) -> None:
        connection.request()
        connection.answer(body, 200, f"Content-Encoding: {encoding}")

    with pytest.raises(ProtocolError, match=rule):
        flavour.send(request(serve(once).url))


def test_a_compression_bomb_is_never_unpacked_whole(serve: Serve) -> None:
    def once(connection: Any) -> None:
        connection.request()
        connection.answer(BOMB, 200, "Content-Encoding: gzip")

    server = serve(once)
    with Transport() as shared:
        tracemalloc.start()
        try:
            with pytest.raises(ProtocolError):
                shared.send(request(server.url))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(flavour: Any, serve: Serve, status: int) -> None:
    other = serve(b"<elsewhere/>")

    def moved(connection: Any) -> None:
        connection.request()
        connection.answer(b"", status, f"Location: {other.url}")

    assert flavour.send(request(serve(moved).url))[0].status == status
    assert other.connections == 0
