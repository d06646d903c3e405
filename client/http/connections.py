"""
The connections of a transport: those of one server in a stack, and the one used last is used next.

httpx has a pool for them. At each request, and again after it, that pool asks every idle connection whether its server
closed it, which costs more than the request where a hundred are idle. So each connection here has a pool of its own,
and only the one that is taken is asked.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

import httpx

from partnerlab.client.http.keepalive import KEEPALIVE_S

__all__ = ["Connections"]

SWEEP_S = 1.0

Server = tuple[str, str, int | None]


class Connections(httpx.BaseTransport):
    """
    Sends each request over a connection that no other request uses at that time; may be shared by threads.

    *make* gives a pool for one of them. Where none is idle one is made: how many there may be is the caller's to say.
    """

    def __init__(self, make: Callable[[], httpx.BaseTransport]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._all: set[httpx.BaseTransport] = set()
        # By server, with the time since when; the one used last is at the right.
        self._idle: dict[Server, deque[tuple[float, httpx.BaseTransport]]] = {}
        self._swept = time.monotonic()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer; its connection is free again once the answer is closed."""
        server = request.url.scheme, request.url.host, request.url.port
        one = self._take(server)
        try:
            response = one.handle_request(request)
        except BaseException:
            self._close([one])
            raise
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Answer(response.stream, lambda: self._give_back(server, one))
        return response

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

    def _give_back(self, server: Server, one: httpx.BaseTransport) -> None:
        now, old = time.monotonic(), []
        with self._lock:
            if one in self._all:
                self._idle.setdefault(server, deque()).append((now, one))
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


class _Answer(httpx.SyncByteStream):
    """The body of an answer; *over* is called once when it is closed."""

    def __init__(self, body: httpx.SyncByteStream, over: Callable[[], None]) -> None:
        self._body, self._over = body, over
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body

    def close(self) -> None:
        try:
            self._body.close()
        finally:
            if not self._closed:
                self._closed = True
                self._over()
