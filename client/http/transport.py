"""
The one place where bytes leave for a partner and come back.

`Transport` and `AsyncTransport` send an `HttpRequest` and return an `HttpResponse` whatever its status; reading it is
the protocol's work. They send each request once, follow no redirect and keep no cookie. httpx is imported when the
first transport is made.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http.attempt import Attempt, Rules, async_pieces, pieces
from partnerlab.client.http.keepalive import KEEPALIVE_S
from partnerlab.client.http.request import DEFAULT_TIMEOUTS, HttpRequest, HttpResponse, Timeouts
from partnerlab.contracts.first_use import importing

if TYPE_CHECKING:
    import httpx

__all__ = ["MAX_ANSWER_BYTES", "AsyncTransport", "Transport", "default_ssl_context"]

MAX_ANSWER_BYTES = 1 << 20
CONNECTIONS = 100


class Transport:
    """
    Sends requests over a pool of connections; may be shared by threads, and by the clients of many billers.

    Certificates are always verified, against *ssl_context* where given. Plain `http://` is refused unless the host is
    this machine or *allow_http* is set. Proxies of the environment are not used: a payment goes where its setting
    says, or through *proxy*. *connections* is how many requests may be under way at once; more wait for a while.
    *http* stands in for the connections, in tests and soaks.
    """

    def __init__(
        self,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        connections: int = CONNECTIONS,
        http: httpx.BaseTransport | None = None,
    ) -> None:

        with importing:
            from partnerlab.client.http.connections import Connections

        self.rules = Rules(timeouts, allow_http, max_answer_bytes)
        # A proxy is asked in another form, so a call through one is httpx's alone.
        options = _connection_options(ssl_context, proxy)
        self.http = http or Connections(partial(_one_pool, options), direct=proxy is None)
        self._free = threading.BoundedSemaphore(connections)

    def send(self, request: HttpRequest) -> HttpResponse:
        """The answer, whatever its status. Raises `TransportError`, `ProtocolError` (too large), `RequestInvalid`."""
        with importing:
            import httpx

            from partnerlab.client.http.connections import Connections
            from partnerlab.client.http.direct import send_directly

        call = Attempt(request, self.rules, pieces(request.content))
        with self.connection(call):
            try:
                if isinstance(self.http, Connections) and (answer := send_directly(self.http, call)) is not None:
                    return answer
                response = self.http.handle_request(call.prepared)
                call.begin(response)
                try:
                    for piece in response.stream:  # type: ignore[union-attr]  # httpx types both streams as one
                        call.take(piece)
                finally:
                    call.end(response)
                    response.close()
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                raise call.failed(error) from error
        return call.answer(response)

    @contextmanager
    def connection(self, call: Attempt) -> Iterator[None]:
        """One of the connections, for the block. Raises `TransportError` (`local`) where none gets free in time."""
        if not self._free.acquire(timeout=call.within(self.rules.timeouts.pool_s)):
            raise call.crowded()
        try:
            yield
        finally:
            self._free.release()

    def close(self) -> None:
        """Close every connection."""
        self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Transport({self.rules})"


class AsyncTransport:
    """`Transport` for asyncio: the same rules, to be used within one event loop."""

    def __init__(
        self,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        connections: int = CONNECTIONS,
    ) -> None:
        with importing:
            import asyncio

            from partnerlab.client.http.connections import AsyncConnections

        self.rules = Rules(timeouts, allow_http, max_answer_bytes)
        options = _connection_options(ssl_context, proxy)
        self.http = AsyncConnections(partial(_one_async_pool, options), direct=proxy is None)
        self._free = asyncio.BoundedSemaphore(connections)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """The answer, whatever its status. Raises `TransportError`, `ProtocolError` (too large), `RequestInvalid`."""
        with importing:
            import httpx

            from partnerlab.client.http.direct import send_directly_async

        call = Attempt(request, self.rules, async_pieces(request.content))
        async with self.connection(call):
            try:
                if (answer := await send_directly_async(self.http, call)) is not None:
                    return answer
                response = await self.http.handle_async_request(call.prepared)
                call.begin(response)
                try:
                    async for piece in response.stream:  # type: ignore[union-attr]  # httpx types both streams as one
                        call.take(piece)
                finally:
                    call.end(response)
                    await response.aclose()
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                raise call.failed(error) from error
        return call.answer(response)

    @asynccontextmanager
    async def connection(self, call: Attempt) -> AsyncIterator[None]:
        """One of the connections, for the block. Raises `TransportError` (`local`) where none gets free in time."""
        import asyncio

        if self._free.locked():
            try:
                # Not `asyncio.wait_for`, which in Python 3.11 loses a cancellation that comes with what it waits for.
                async with asyncio.timeout(call.within(self.rules.timeouts.pool_s)):
                    await self._free.acquire()
            except TimeoutError:
                raise call.crowded() from None
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()

    async def aclose(self) -> None:
        """Close every connection."""
        await self.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"AsyncTransport({self.rules})"


def _one_pool(options: dict[str, Any]) -> httpx.HTTPTransport:
    with importing:
        import httpx

        from partnerlab.client.http.deadline import Network, over

    made = httpx.HTTPTransport(**options)
    over(made, Network())
    return made


def _one_async_pool(options: dict[str, Any]) -> httpx.AsyncHTTPTransport:
    with importing:
        import httpx

        from partnerlab.client.http.deadline import AsyncNetwork, over

    made = httpx.AsyncHTTPTransport(**options)
    over(made, AsyncNetwork())
    return made


def _connection_options(ssl_context: ssl.SSLContext | None, proxy: str | None) -> dict[str, Any]:
    import httpx

    if ssl_context is not None and (ssl_context.verify_mode != ssl.CERT_REQUIRED or not ssl_context.check_hostname):
        raise RequestInvalid("ssl_context", ssl_context.verify_mode.name, "must verify certificates and host names")
    # How many there are is held by the transports. A pool that has to make room closes connections which it has given
    # to somebody a moment ago (encode/httpcore#1110), and the request on one is lost with an unknown outcome.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=KEEPALIVE_S)
    return {"verify": ssl_context or default_ssl_context(), "limits": limits, "proxy": proxy}


@cache
def default_ssl_context() -> ssl.SSLContext:
    """One for all: making it reads the whole certificate store, which takes 25 ms."""
    import httpx

    return httpx.create_ssl_context()
