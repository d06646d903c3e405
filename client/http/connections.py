"""
The connections of a transport: those of one server in a stack, and the one used last is used next.

httpx has a pool for them. At each request, and again after it, that pool asks every idle connection whether its server
closed it, which costs more than the request where a hundred are idle. So each connection here has a pool of its own,
and only the one that is taken is asked.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any, Generic, TypeVar

import httpx

from partnerlab.client.http.deadline import hang_up
from partnerlab.client.http.keepalive import KEEPALIVE_S

__all__ = ["LENGTH", "AsyncConnections", "Connections", "Server"]

SWEEP_S = 1.0
LENGTH = re.compile(r"[0-9]{1,12}")
"""A Content-Length that is read without httpx."""

Server = tuple[str, str, int | None]
One = TypeVar("One")


class _Kept(Generic[One]):
    """Which connections there are, and which of them are idle. Its caller sees to it that one thread at a time asks."""

    def __init__(self) -> None:
        self.everyone: set[One] = set()
        # By server, with the time since when, and the stream where it may be used directly; the one used last is at
        # the right.
        self._idle: dict[Server, deque[tuple[float, One, Any]]] = {}
        self._swept = time.monotonic()

    def take(self, server: Server) -> One | None:
        """The idle one used last."""
        idle = self._idle.get(server)
        return idle.pop()[1] if idle else None

    def take_direct(self, server: Server) -> tuple[One, Any] | None:
        """An idle connection and its stream, where the stream may be used directly and surely stands; else None."""
        idle = self._idle.get(server)
        if not idle or idle[-1][2] is None or time.monotonic() - idle[-1][0] > KEEPALIVE_S:
            return None
        since, one, stream = idle.pop()
        if stream.get_extra_info("is_readable"):
            idle.append((since, one, None))
            return None
        return one, stream

    def give_back(self, server: Server, one: One, stream: Any) -> list[One]:
        """
        One is idle again; those that are to be closed.

        That is those which nobody used for as long as one is kept, and this one where none is kept any more.
        """
        now = time.monotonic()
        if one not in self.everyone:
            return [one]
        self._idle.setdefault(server, deque()).append((now, one, stream))
        if now - self._swept < SWEEP_S:
            return []
        self._swept, old = now, []
        for of, idle in [*self._idle.items()]:
            while idle and now - idle[0][0] > KEEPALIVE_S:
                old.append(idle.popleft()[1])
            if not idle:
                del self._idle[of]
        return old

    def clear(self) -> tuple[list[One], list[One]]:
        """Keep none of those there are: the idle ones, and those in use."""
        idle = [one for kept in self._idle.values() for _, one, _ in kept]
        in_use = [*self.everyone.difference(idle)]
        self._idle.clear()
        self.everyone.clear()
        return idle, in_use


class Connections(httpx.BaseTransport):
    """
    Sends each request over a connection that no other request uses at that time; may be shared by threads.

    *make* gives a pool for one of them. Where none is idle one is made: how many there may be is the caller's to say.
    With *direct* those over which plain answers came may be used without httpx (`direct`).
    """

    def __init__(self, make: Callable[[], httpx.BaseTransport], *, direct: bool = False) -> None:
        self._make, self._direct = make, direct
        self._lock = threading.Lock()
        self._kept: _Kept[httpx.BaseTransport] = _Kept()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer; its connection is free again once the answer is closed."""
        server = request.url.scheme, request.url.host, request.url.port
        with self._lock:
            if (one := self._kept.take(server)) is None:
                one = self._make()
                self._kept.everyone.add(one)
        try:
            response = one.handle_request(request)
        except BaseException:
            self.discard(one)
            raise
        assert isinstance(response.stream, httpx.SyncByteStream)
        stream = _direct_stream(response) if self._direct else None
        response.stream = _Answer(response.stream, partial(self.give_back, server, one, stream))
        return response

    def take_direct(self, server: Server) -> tuple[httpx.BaseTransport, Any] | None:
        """
        The idle connection used last, and its stream, where it may be used directly and surely stands.

        To be given back, or discarded.
        """
        with self._lock:
            return self._kept.take_direct(server)

    def close(self) -> None:
        """Close all of them; those in use break, and whoever uses them closes them."""
        with self._lock:
            idle, in_use = self._kept.clear()
            for one in in_use:  # none of which is closed before its user had the lock
                hang_up(one)
        for one in idle:
            one.close()

    def discard(self, one: httpx.BaseTransport) -> None:
        """Close one that was taken."""
        with self._lock:
            self._kept.everyone.discard(one)
        one.close()

    def give_back(self, server: Server, one: httpx.BaseTransport, stream: Any = None) -> None:
        """One that was taken is idle again; with its *stream* where it may be used directly."""
        with self._lock:
            old = self._kept.give_back(server, one, stream)
        for each in old:
            self.discard(each)


class AsyncConnections(httpx.AsyncBaseTransport):
    """`Connections` for asyncio, within one event loop."""

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport], *, direct: bool = False) -> None:
        self._make, self._direct = make, direct
        self._kept: _Kept[httpx.AsyncBaseTransport] = _Kept()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer; its connection is free again once the answer is closed."""
        server = request.url.scheme, request.url.host, request.url.port
        if (one := self._kept.take(server)) is None:
            one = self._make()
            self._kept.everyone.add(one)
        try:
            response = await one.handle_async_request(request)
        except BaseException:
            await self.discard(one)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        stream = _direct_stream(response) if self._direct else None
        response.stream = _AsyncAnswer(response.stream, partial(self.give_back, server, one, stream))
        return response

    def take_direct(self, server: Server) -> tuple[httpx.AsyncBaseTransport, Any] | None:
        """As `Connections.take_direct`."""
        return self._kept.take_direct(server)

    async def aclose(self) -> None:
        """Close all of them, those in use too."""
        idle, in_use = self._kept.clear()
        for one in (*idle, *in_use):
            await self.discard(one)

    async def discard(self, one: httpx.AsyncBaseTransport) -> None:
        """Close one that was taken, whoever is cancelled meanwhile."""
        import anyio

        self._kept.everyone.discard(one)
        with anyio.CancelScope(shield=True):
            await one.aclose()

    async def give_back(self, server: Server, one: httpx.AsyncBaseTransport, stream: Any = None) -> None:
        """One that was taken is idle again; with its *stream* where it may be used directly."""
        for each in self._kept.give_back(server, one, stream):
            await self.discard(each)


def _direct_stream(response: httpx.Response) -> Any:
    """The connection of a plain answer, to be used directly once it is read; None where the answer is none."""
    headers = response.headers
    if (
        response.extensions.get("http_version") != b"HTTP/1.1"
        or not LENGTH.fullmatch(headers.get("content-length", ""))
        or "transfer-encoding" in headers
        or headers.get("connection", "keep-alive").lower() != "keep-alive"
    ):
        return None
    return response.extensions.get("network_stream")


class _Answer(httpx.SyncByteStream):
    """The body of an answer; *over* is called once when it is closed."""

    def __init__(self, body: httpx.SyncByteStream, over: Callable[[], None]) -> None:
        self.body, self._over = body, over
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self.body

    def close(self) -> None:
        try:
            self.body.close()
        finally:
            if not self._closed:
                self._closed = True
                self._over()


class _AsyncAnswer(httpx.AsyncByteStream):
    """`_Answer` for asyncio."""

    def __init__(self, body: httpx.AsyncByteStream, over: Callable[[], Awaitable[None]]) -> None:
        self.body, self._over = body, over
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self.body:
            yield piece

    async def aclose(self) -> None:
        try:
            await self.body.aclose()
        finally:
            if not self._closed:
                self._closed = True
                await self._over()
