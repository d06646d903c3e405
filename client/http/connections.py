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
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from partnerlab.client.http.keepalive import KEEPALIVE_S

__all__ = ["LENGTH", "Connections", "Server"]

SWEEP_S = 1.0
LENGTH = re.compile(r"[0-9]{1,12}")
"""A Content-Length that is read without httpx."""

Server = tuple[str, str, int | None]


class Connections(httpx.BaseTransport):
    """
    Sends each request over a connection that no other request uses at that time; may be shared by threads.

    *make* gives a pool for one of them. Where none is idle one is made: how many there may be is the caller's to say.
    With *direct* those over which plain answers came may be used without httpx (`direct`).
    """

    def __init__(self, make: Callable[[], httpx.BaseTransport], *, direct: bool = False) -> None:
        self._make, self._direct = make, direct
        self._lock = threading.Lock()
        self._all: set[httpx.BaseTransport] = set()
        # By server, with the time since when, and the stream where it may be used directly; the one used last is at
        # the right.
        self._idle: dict[Server, deque[tuple[float, httpx.BaseTransport, Any]]] = {}
        self._swept = time.monotonic()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer; its connection is free again once the answer is closed."""
        server = request.url.scheme, request.url.host, request.url.port
        one = self._take(server)
        try:
            response = one.handle_request(request)
        except BaseException:
            self.discard(one)
            raise
        assert isinstance(response.stream, httpx.SyncByteStream)
        stream = _direct_stream(response) if self._direct else None
        response.stream = _Answer(response.stream, lambda: self.give_back(server, one, stream))
        return response

    def take_direct(self, server: Server) -> tuple[httpx.BaseTransport, Any] | None:
        """
        The idle connection used last, and its stream, where it may be used directly and surely stands.

        To be given back, or discarded.
        """
        with self._lock:
            idle = self._idle.get(server)
            if not idle or idle[-1][2] is None or time.monotonic() - idle[-1][0] > KEEPALIVE_S:
                return None
            since, one, stream = idle.pop()
        if stream.get_extra_info("is_readable"):
            with self._lock:
                self._idle.setdefault(server, deque()).append((since, one, None))
            return None
        return one, stream

    def close(self) -> None:
        """Close all of them, those in use too."""
        with self._lock:
            self._idle.clear()
            everyone = [*self._all]
        self._close(everyone)

    def _take(self, server: Server) -> httpx.BaseTransport:
        with self._lock:
            if idle := self._idle.get(server):
                return idle.pop()[1]
            made = self._make()
            self._all.add(made)
            return made

    def discard(self, one: httpx.BaseTransport) -> None:
        """Close one that was taken."""
        self._close([one])

    def give_back(self, server: Server, one: httpx.BaseTransport, stream: Any = None) -> None:
        """One that was taken is idle again; with its *stream* where it may be used directly."""
        now, old = time.monotonic(), []
        with self._lock:
            if one in self._all:
                self._idle.setdefault(server, deque()).append((now, one, stream))
            if now - self._swept >= SWEEP_S:
                self._swept, old = now, self._take_old(now)
        self._close(old)

    def _take_old(self, now: float) -> list[httpx.BaseTransport]:
        """Take out what nobody used for as long as a connection is kept. The caller has the lock."""
        old = []
        for server, idle in [*self._idle.items()]:
            while idle and now - idle[0][0] > KEEPALIVE_S:
                old.append(idle.popleft()[1])
            if not idle:
                del self._idle[server]
        return old

    def _close(self, some: list[httpx.BaseTransport]) -> None:
        for one in some:
            with self._lock:
                self._all.discard(one)
            one.close()


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
