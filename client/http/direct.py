"""
A call over a kept connection by the shortest way: one write, one read, and little in between.

httpx makes the connections. An answer is plain if it is HTTP/1.1, has its length, and nothing else says how it is to
be read. Once one came over a connection, the next request is written here, byte for byte as httpx would, and a plain
answer is read here. Any other answer is given to httpcore's reader with the bytes that came, so that it is understood
or refused as ever; its connection is closed then. The network is httpcore's in both ways: streams, TLS, time limits
and errors.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

import httpcore
import httpx

from partnerlab.client.http.attempt import PIECE, Attempt, parsed
from partnerlab.client.http.connections import LENGTH, AsyncConnections, Connections, Server
from partnerlab.client.http.keepalive import heed_hint
from partnerlab.client.http.request import HttpRequest, HttpResponse

__all__ = ["request_head", "send_directly", "send_directly_async"]

READ_BYTES = 1 << 16
FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)
METHODS = frozenset({"DELETE", "GET", "PATCH", "POST", "PUT"})
LEFT_TO_HTTPX = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    }
)
"""A request that sets one of these itself is left to httpx."""

_SENT = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: (?:[!-~](?:[ -~]*[!-~])?)?\r\n)*")
_CAME = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [\t -~]*)?\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*\r\n)+)\r\n")


def send_directly(connections: Connections, call: Attempt) -> HttpResponse | None:
    """
    The answer over a connection that is kept; None where none of that kind is idle, and nothing was sent.

    Raises what httpx would, and what *call* does of an answer that is too large or takes too long.
    """
    if (head := request_head(call.request, allow_http=call.rules.allow_http)) is None:
        return None
    server = _way(call.request.method, call.request.url, call.rules.allow_http)[0]
    if (taken := connections.take_direct(server)) is None:
        return None
    one, stream = taken
    kept = False
    try:
        answer, kept = _exchange(call, stream, head)
    except FAILURES as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
    finally:
        if kept:
            connections.give_back(server, one, stream)
        else:
            connections.discard(one)
    return answer


async def send_directly_async(connections: AsyncConnections, call: Attempt) -> HttpResponse | None:
    """`send_directly` for asyncio."""
    if (head := request_head(call.request, allow_http=call.rules.allow_http)) is None:
        return None
    server = _way(call.request.method, call.request.url, call.rules.allow_http)[0]
    if (taken := connections.take_direct(server)) is None:
        return None
    one, stream = taken
    kept = False
    try:
        answer, kept = await _exchange_async(call, stream, head)
    except FAILURES as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
    finally:
        if kept:
            await connections.give_back(server, one, stream)
        else:
            await connections.discard(one)
    return answer


def request_head(request: HttpRequest, *, allow_http: bool) -> bytes | None:
    """What httpx would send before the body; None where it is left to httpx. Raises `RequestInvalid`: the URL."""
    if request.method not in METHODS or len(request.content) > PIECE:
        return None
    headers = request.headers
    text = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if text.count("\n") != len(headers) or _SENT.fullmatch(text) is None:
        return None
    if not LEFT_TO_HTTPX.isdisjoint([name.lower() for name in headers]):
        return None
    text += f"Content-Length: {len(request.content)}\r\nAccept-Encoding: identity\r\nUser-Agent: partnerlab\r\n\r\n"
    return _way(request.method, request.url, allow_http)[1] + text.encode("ascii")


@lru_cache(maxsize=4096)
def _way(method: str, url: str, allow_http: bool) -> tuple[Server, bytes]:
    """The server, and how a request to that URL begins. As httpx has both."""
    to = parsed(url, allow_http)
    begin = b"%b %b HTTP/1.1\r\nHost: %b\r\n" % (method.encode(), to.raw_path, to.netloc)
    return (to.scheme, to.host, to.port), begin


class _Plain(NamedTuple):
    """The head of a plain answer: how long its body is, and where it begins."""

    status: int
    headers: dict[str, str]
    length: int
    begin: int


def _exchange(call: Attempt, stream: Any, head: bytes) -> tuple[HttpResponse, bool]:
    """The answer, and whether the connection may be used again."""
    timeouts = call.rules.timeouts
    kept = True
    try:
        stream.write(head + call.request.content, timeout=call.within(timeouts.write_s))
    except httpcore.WriteError:
        kept = False  # as httpcore does: the server may have answered before it closed
    data = stream.read(READ_BYTES, timeout=call.within(timeouts.read_s))
    if (plain := _read_head(data)) is None:
        return _by_httpcore(call, stream, data), False
    body = _Body(call, stream, plain)
    body.take(data[plain.begin :])
    while body.missing:
        body.take(stream.read(READ_BYTES, timeout=call.within(timeouts.read_s)) or body.cut_off())
    return call.whole(plain.status, plain.headers), kept and not body.more


async def _exchange_async(call: Attempt, stream: Any, head: bytes) -> tuple[HttpResponse, bool]:
    """`_exchange` for asyncio."""
    timeouts = call.rules.timeouts
    kept = True
    try:
        await stream.write(head + call.request.content, timeout=call.within(timeouts.write_s))
    except httpcore.WriteError:
        kept = False
    data = await stream.read(READ_BYTES, timeout=call.within(timeouts.read_s))
    if (plain := _read_head(data)) is None:
        return await _by_httpcore_async(call, stream, data), False
    body = _Body(call, stream, plain)
    body.take(data[plain.begin :])
    while body.missing:
        body.take(await stream.read(READ_BYTES, timeout=call.within(timeouts.read_s)) or body.cut_off())
    return call.whole(plain.status, plain.headers), kept and not body.more


class _Body:
    """The body of a plain answer while it arrives: how much of it is `missing`, and whether there was `more`."""

    __slots__ = ("call", "length", "missing", "more")

    def __init__(self, call: Attempt, stream: Any, plain: _Plain) -> None:
        self.call, self.length, self.missing, self.more = call, plain.length, plain.length, False
        call.status = plain.status
        heed_hint(plain.headers.get("keep-alive"), stream)

    def take(self, piece: bytes) -> None:
        """A piece came. What comes after the answer belongs to nothing."""
        if len(piece) > self.missing:
            piece, self.more = piece[: self.missing], True
        if piece:
            self.call.take(piece)
            self.missing -= len(piece)

    def cut_off(self) -> bytes:
        """Raises what httpcore does where the server closes before the end."""
        raise httpcore.RemoteProtocolError(
            "peer closed connection without sending complete message body"
            f" (received {self.length - self.missing} bytes, expected {self.length})"
        )


def _read_head(data: bytes) -> _Plain | None:
    """None where there is more to it than a length."""
    found = _CAME.match(data)
    if found is None:
        return None
    headers: dict[str, str] = {}
    for line in found[2].decode("ascii").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        if (name := name.lower()) in headers:
            return None
        headers[name] = value.strip("\t ")
    status, length = int(found[1]), headers.get("content-length", "")
    if (
        status in (204, 304)
        or LENGTH.fullmatch(length) is None
        or "transfer-encoding" in headers
        or headers.get("connection", "keep-alive").lower() != "keep-alive"
    ):
        return None
    return _Plain(status, headers, int(length), found.end())


def _by_httpcore(call: Attempt, stream: Any, came: bytes) -> HttpResponse:
    """The answer that begins with *came*, as httpcore reads it."""
    request = _as_httpcore(call)
    answer = httpcore.HTTP11Connection(request.url.origin, _Written(stream, came)).handle_request(request)
    response = httpx.Response(answer.status, headers=answer.headers)
    call.begin(response)
    try:
        for piece in answer.iter_stream():
            call.take(piece)
    finally:
        answer.close()
    return call.answer(response)


async def _by_httpcore_async(call: Attempt, stream: Any, came: bytes) -> HttpResponse:
    """`_by_httpcore` for asyncio."""
    request = _as_httpcore(call)
    connection = httpcore.AsyncHTTP11Connection(request.url.origin, _AsyncWritten(stream, came))
    answer = await connection.handle_async_request(request)
    response = httpx.Response(answer.status, headers=answer.headers)
    call.begin(response)
    try:
        async for piece in answer.aiter_stream():
            call.take(piece)
    finally:
        await answer.aclose()
    return call.answer(response)


def _as_httpcore(call: Attempt) -> httpcore.Request:
    request = call.prepared
    to = request.url
    url = httpcore.URL(scheme=to.raw_scheme, host=to.raw_host, port=to.port, target=to.raw_path)
    return httpcore.Request(
        request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
    )


class _Written(httpcore.NetworkStream):
    """A connection over which the request went already, and on which *came* is read first."""

    def __init__(self, stream: Any, came: bytes) -> None:
        self._stream, self._came = stream, [came]

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._came:
            return self._came.pop()
        data: bytes = self._stream.read(max_bytes, timeout=timeout)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write nothing."""

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _AsyncWritten(httpcore.AsyncNetworkStream):
    """`_Written` for asyncio."""

    def __init__(self, stream: Any, came: bytes) -> None:
        self._stream, self._came = stream, [came]

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._came:
            return self._came.pop()
        data: bytes = await self._stream.read(max_bytes, timeout=timeout)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write nothing."""

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
