"""One request on its way over a transport, and everything about it but the waiting."""

from __future__ import annotations

import errno
import logging
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from partnerlab.client.errors import ProtocolError, RequestInvalid, TransportError, redact
from partnerlab.client.http.keepalive import heed, heed_rest
from partnerlab.client.http.request import HttpRequest, HttpResponse, Timeouts, check_url, shown_url
from partnerlab.contracts.first_use import importing, pattern
from partnerlab.contracts.records import dataclass

if TYPE_CHECKING:
    import httpx

__all__ = ["PIECE", "Attempt", "Rules", "async_pieces", "parsed", "pieces"]

log = logging.getLogger("partnerlab.client")

PIECE = 1 << 18
GZIP_MEMBER = b"\x1f\x8b"
MAX_MEMBERS = 1000


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every exchange of a transport."""

    timeouts: Timeouts
    allow_http: bool
    max_answer_bytes: int


class Attempt:
    """One request on its way: everything about it but the waiting."""

    def __init__(
        self, request: HttpRequest, rules: Rules, content: bytes | Iterator[bytes] | AsyncIterator[bytes]
    ) -> None:
        self.request, self.rules, self.started = request, rules, time.monotonic()
        self.until = self.started + rules.timeouts.total_s
        self.content, self.size, self.status = [b""], 0, 0
        self._sent = content
        parsed(request.url, rules.allow_http)

    @cached_property
    def prepared(self) -> httpx.Request:
        """The request as httpx has it."""
        import httpx

        request = self.request
        return httpx.Request(
            request.method,
            parsed(request.url, self.rules.allow_http),
            # A compressed answer of a few hundred bytes gains nothing; one that comes anyway is read.
            headers={
                **request.headers,
                "Content-Length": str(len(request.content)),
                "Accept-Encoding": "identity",
                "User-Agent": "partnerlab",
            },
            content=self._sent,
            extensions={"timeout": self._limits()},
        )

    def _limits(self) -> dict[str, float]:
        """What httpx calls *timeout*, of which httpcore tells the network."""
        with importing:
            from partnerlab.client.http.deadline import Limit

        timeouts, until = self.rules.timeouts, self.until
        return {
            "connect": Limit(timeouts.connect_s, until),
            "read": Limit(timeouts.read_s, until),
            "write": Limit(timeouts.write_s, until),
            "pool": timeouts.pool_s,
        }

    def within(self, seconds: float) -> float:
        """How long a wait may be now: *seconds*, but no longer than the call. Raises where its time is over."""
        rest = self.until - time.monotonic()
        if rest <= 0:
            raise self.late()
        return seconds if seconds < rest else rest

    def begin(self, response: httpx.Response) -> None:
        """The head of the answer has arrived."""
        self.status = response.status_code
        heed(response)

    def end(self, response: httpx.Response) -> None:
        """The answer was read, or is given up; it is to be closed."""
        heed_rest(response)

    def take(self, piece: bytes) -> None:
        """Keep a piece of the answer. Raises where it grows too large or takes too long."""
        self.content.append(piece)
        self.size += len(piece)
        if self.size > self.rules.max_answer_bytes:
            raise self.too_large()
        if time.monotonic() > self.until:
            raise self.late()

    def answer(self, response: httpx.Response) -> HttpResponse:
        """The whole answer, decompressed."""
        return self.whole(response.status_code, {name.lower(): value for name, value in response.headers.items()})

    def whole(self, status: int, headers: dict[str, str]) -> HttpResponse:
        """The whole answer, decompressed, for that status and those headers, whose names are in lower case."""
        content = b"".join(self.content)
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            content = self.decompressed(content, encoding)
        if log.isEnabledFor(logging.DEBUG):
            log.debug(
                "%s: %s %s: status %d, %s, %d bytes in %.0f ms",
                self.request.operation,
                self.request.method,
                shown_url(self.request.url),
                status,
                headers.get("content-type", "no content type"),
                self.size,
                (time.monotonic() - self.started) * 1000,
            )
        return HttpResponse(status, headers, content)

    def decompressed(self, content: bytes, encoding: str) -> bytes:
        """*content* unpacked, all its members, never to more than the limit. Raises `ProtocolError`."""
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise self.broken(f"Content-Encoding {encoding[:40]!r} was not asked for")
        limit = self.rules.max_answer_bytes
        plain = bytearray()
        for _ in range(MAX_MEMBERS):
            unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
            try:
                plain += unpacker.decompress(content, limit + 1 - len(plain))
            except zlib.error:
                raise self.broken(f"is not valid {encoding}") from None
            if len(plain) > limit:
                raise self.too_large()
            if not unpacker.eof:
                raise self.broken(f"the {encoding} data is cut off")
            content = unpacker.unused_data
            if not content.startswith(GZIP_MEMBER):  # bytes after the last member are padding, which gzip ignores too
                return bytes(plain)
        raise self.broken(f"the {encoding} data may have {MAX_MEMBERS} members at most")

    def too_large(self) -> ProtocolError:
        rule = f"an answer may have {self.rules.max_answer_bytes} bytes at most"
        return self.broken(rule)

    def broken(self, rule: str) -> ProtocolError:
        return ProtocolError(self.request.operation, status=self.status, rule=rule)

    def late(self) -> TransportError:
        """The error where the whole call takes too long; it may have been sent."""
        reason = f"the answer was not complete after {self.rules.timeouts.total_s:g} s"
        return TransportError(self.request.operation, reason, sent=True)

    def failed(self, error: Exception) -> TransportError:
        """What an exception of httpx means: only failures before the first byte leaves are `sent=False`."""
        import httpx

        if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout) and time.monotonic() >= self.until:
            return self.late()
        before = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
        sent = not isinstance(error, (*before, httpx.ProxyError, httpx.InvalidURL))
        said = _NUMBER.sub("", str(error))
        reason = f"{_REASONS.get(type(error).__name__, type(error).__name__)}: {said}".rstrip(": ")
        log.debug("%s: %s %s: %s", self.request.operation, self.request.method, shown_url(self.request.url), reason)
        local = not sent and (isinstance(error, httpx.PoolTimeout) or _is_short(error))
        return TransportError(self.request.operation, redact(reason, self.request.secrets), sent=sent, local=local)

    def crowded(self) -> TransportError:
        """The error for a transport whose connections are all in use."""
        return TransportError(self.request.operation, "no free connection in time", sent=False, local=True)


_NUMBER = pattern(r"^\[Errno -?\d+\] ")
"""What Python puts before the words of the operating system."""

SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
"""What a machine runs out of before a connection is made: files, memory, ports."""


def _is_short(error: BaseException | None) -> bool:
    """Whether *error* was caused by a shortage on this machine."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in SHORTAGES:
            return True
        error = error.__cause__ or error.__context__
    return False


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


def pieces(content: bytes) -> bytes | Iterator[bytes]:
    """A large body in pieces: given whole, the socket's writer would copy all that is left after each send."""
    return content if len(content) <= PIECE else _cut(content)


def async_pieces(content: bytes) -> bytes | AsyncIterator[bytes]:
    """`pieces` for asyncio."""
    return content if len(content) <= PIECE else _cut_async(content)


def _cut(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]


async def _cut_async(content: bytes) -> AsyncIterator[bytes]:
    for piece in _cut(content):
        yield piece


@lru_cache(maxsize=4096)
def parsed(url: str, allow_http: bool) -> httpx.URL:
    """A URL as httpx has it. Raises `RequestInvalid` where no request may go there."""
    import httpx

    try:
        found = httpx.URL(check_url(url, allow_http=allow_http))
        _ = found.host  # which is decoded where it is asked for
    except (httpx.InvalidURL, UnicodeError):
        raise RequestInvalid("url", shown_url(url), "is not a URL") from None
    return found
