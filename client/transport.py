"""
The one place where bytes leave for a partner and come back.

`Transport` and `AsyncTransport` send an `HttpRequest` and return an `HttpResponse` whatever its status; reading it is
the protocol's work. They decide nothing twice: a request is never sent again, a redirect never followed, a cookie
never kept. httpx is imported when the first transport is made.
"""

from __future__ import annotations

import logging
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from client.errors import ProtocolError, RequestInvalid, TransportError, redact
from client.messages import (
    DEFAULT_TIMEOUTS,
    LONG_TIMEOUTS,
    PAYER_WAITS,
    AsyncSend,
    HttpRequest,
    HttpResponse,
    Send,
    Timeouts,
    check_url,
    shown_url,
)

if TYPE_CHECKING:
    import httpx

__all__ = [
    "DEFAULT_TIMEOUTS",
    "LONG_TIMEOUTS",
    "MAX_ANSWER_BYTES",
    "PAYER_WAITS",
    "AsyncSend",
    "AsyncTransport",
    "HttpRequest",
    "HttpResponse",
    "Send",
    "Timeouts",
    "Transport",
    "check_url",
]

log = logging.getLogger("client")

MAX_ANSWER_BYTES = 1 << 20
PIECE = 1 << 18
MAX_CONNECTIONS = 100
KEEPALIVE_S = 5.0  # shorter than any server's own: a connection the server closes as we send makes a payment unknown


class Transport:
    """
    Sends requests over a pool of connections; may be shared by threads, and by the clients of many billers.

    Certificates are always verified, against *ssl_context* where given. Plain `http://` is refused unless the host is
    this machine or *allow_http* is set. Proxies of the environment are not used: a payment goes where its setting
    says, or through *proxy*.
    """

    def __init__(
        self,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
    ) -> None:
        import httpx

        self.rules = Rules(timeouts, allow_http, max_answer_bytes)
        self.http = httpx.HTTPTransport(**_connection_options(ssl_context, proxy))

    def send(self, request: HttpRequest) -> HttpResponse:
        """The answer, whatever its status. Raises `TransportError`, `ProtocolError` (too large), `RequestInvalid`."""
        import httpx

        large = len(request.content) > PIECE
        call = Call(request, self.rules, _pieces(request.content) if large else request.content)
        try:
            response = self.http.handle_request(call.prepared)
            call.status = response.status_code
            try:
                for piece in response.stream:  # type: ignore[union-attr]
                    call.take(piece)
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise call.failed(error) from error
        return call.answer(response)

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
    ) -> None:
        import httpx

        self.rules = Rules(timeouts, allow_http, max_answer_bytes)
        self.http = httpx.AsyncHTTPTransport(**_connection_options(ssl_context, proxy))

    async def send(self, request: HttpRequest) -> HttpResponse:
        """The answer, whatever its status. Raises `TransportError`, `ProtocolError` (too large), `RequestInvalid`."""
        import httpx

        large = len(request.content) > PIECE
        call = Call(request, self.rules, _async_pieces(request.content) if large else request.content)
        try:
            response = await self.http.handle_async_request(call.prepared)
            call.status = response.status_code
            try:
                async for piece in response.stream:  # type: ignore[union-attr]
                    call.take(piece)
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise call.failed(error) from error
        return call.answer(response)

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


@dataclass(frozen=True, slots=True)
class Rules:
    timeouts: Timeouts
    allow_http: bool
    max_answer_bytes: int


class Call:
    """One request on its way: everything about it but the waiting."""

    def __init__(
        self, request: HttpRequest, rules: Rules, content: bytes | Iterator[bytes] | AsyncIterator[bytes]
    ) -> None:
        import httpx

        self.request, self.rules, self.started = request, rules, time.monotonic()
        self.content, self.size, self.status = [b""], 0, 0
        url = _parsed(request.url, rules.allow_http)
        self.prepared = httpx.Request(
            request.method,
            url,
            # A compressed answer of a few hundred bytes gains nothing; one that comes anyway is read.
            headers={
                **request.headers,
                "Content-Length": str(len(request.content)),
                "Accept-Encoding": "identity",
                "User-Agent": "partnerlab",
            },
            content=content,
            extensions={"timeout": _timeout_extension(rules.timeouts)},
        )

    def take(self, piece: bytes) -> None:
        """Keep a piece of the answer. Raises where it grows too large or takes too long."""
        self.content.append(piece)
        self.size += len(piece)
        if self.size > self.rules.max_answer_bytes:
            raise self.too_large()
        total_s = self.rules.timeouts.total_s
        if time.monotonic() - self.started > total_s:
            raise TransportError(self.request.operation, f"the answer was not complete after {total_s:g} s", sent=True)

    def answer(self, response: httpx.Response) -> HttpResponse:
        """The whole answer, decompressed."""
        content = b"".join(self.content)
        headers = {name.lower(): value for name, value in response.headers.items()}
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            content = self.decompressed(content, encoding)
        if log.isEnabledFor(logging.DEBUG):
            log.debug(
                "%s: %s %s: status %d, %s, %d bytes in %.0f ms",
                self.request.operation,
                self.request.method,
                shown_url(self.request.url),
                response.status_code,
                headers.get("content-type", "no content type"),
                self.size,
                (time.monotonic() - self.started) * 1000,
            )
        return HttpResponse(response.status_code, headers, content)

    def decompressed(self, content: bytes, encoding: str) -> bytes:
        """*content* unpacked, never to more than the limit. Raises `ProtocolError`."""
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise self.broken(f"Content-Encoding {encoding[:40]!r} was not asked for")
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            plain = unpacker.decompress(content, self.rules.max_answer_bytes + 1)
        except zlib.error:
            raise self.broken(f"is not valid {encoding}") from None
        if len(plain) > self.rules.max_answer_bytes:
            raise self.too_large()
        if not unpacker.eof:
            raise self.broken(f"the {encoding} data is cut off")
        return plain

    def too_large(self) -> ProtocolError:
        rule = f"an answer may have {self.rules.max_answer_bytes} bytes at most"
        return self.broken(rule)

    def broken(self, rule: str) -> ProtocolError:
        return ProtocolError(self.request.operation, status=self.status, rule=rule)

    def failed(self, error: Exception) -> TransportError:
        """What an exception of httpx means: only failures before the first byte leaves are `sent=False`."""
        import httpx

        before = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
        sent = not isinstance(error, (*before, httpx.ProxyError, httpx.InvalidURL))
        reason = f"{_REASONS.get(type(error).__name__, type(error).__name__)}: {error}".rstrip(": ")
        log.debug("%s: %s %s: %s", self.request.operation, self.request.method, shown_url(self.request.url), reason)
        return TransportError(self.request.operation, redact(reason, self.request.secrets), sent=sent)


_REASONS = {
    "ConnectError": "no connection",
    "ConnectTimeout": "no connection in time",
    "PoolTimeout": "no free connection in time",
    "ProxyError": "the proxy refused",
    "ReadError": "the connection broke before the answer",
    "ReadTimeout": "no answer in time",
    "RemoteProtocolError": "no complete HTTP answer",
    "WriteError": "the connection broke while sending",
    "WriteTimeout": "the request could not be sent in time",
}


def _pieces(content: bytes) -> Iterator[bytes]:
    """A large body in pieces: given whole, the socket's writer would copy all that is left after each send."""
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]


async def _async_pieces(content: bytes) -> AsyncIterator[bytes]:
    for piece in _pieces(content):
        yield piece


@lru_cache(maxsize=4096)
def _parsed(url: str, allow_http: bool) -> httpx.URL:
    import httpx

    try:
        return httpx.URL(check_url(url, allow_http=allow_http))
    except httpx.InvalidURL:
        raise RequestInvalid("url", shown_url(url), "is not a URL") from None


@cache
def _timeout_extension(timeouts: Timeouts) -> dict[str, float]:
    return {
        "connect": timeouts.connect_s,
        "read": timeouts.read_s,
        "write": timeouts.write_s,
        "pool": timeouts.pool_s,
    }


def _connection_options(ssl_context: ssl.SSLContext | None, proxy: str | None) -> dict[str, Any]:
    import httpx

    if ssl_context is not None and (ssl_context.verify_mode != ssl.CERT_REQUIRED or not ssl_context.check_hostname):
        raise RequestInvalid("ssl_context", ssl_context.verify_mode.name, "must verify certificates and host names")
    limits = httpx.Limits(
        max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS, keepalive_expiry=KEEPALIVE_S
    )
    return {"verify": ssl_context or _default_ssl_context(), "limits": limits, "proxy": proxy}


@cache
def _default_ssl_context() -> ssl.SSLContext:
    """One for all transports: making it reads the whole certificate store."""
    import httpx

    return httpx.create_ssl_context()
