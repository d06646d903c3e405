"""
HTTP requests and answers as plain values, how long a call may take, and where a request may go.

What the pure protocols build and read, and what `partnerlab.client.http.transport` sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from partnerlab.client.errors import RequestInvalid
from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.masking import mask_text
from partnerlab.contracts.records import dataclass

__all__ = [
    "DEFAULT_TIMEOUTS",
    "LONG_TIMEOUTS",
    "PAYER_WAITS",
    "AsyncSend",
    "HttpRequest",
    "HttpResponse",
    "Send",
    "Timeouts",
    "check_url",
    "shown_url",
]

_HOST = pattern(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Timeouts:
    """
    How long each part of a call may take, in seconds.

    `connect_s` is for each address of the host, and for the TLS handshake; `read_s` and `write_s` are for one read or
    write. `total_s` is for all of it, from the wait for a free connection to the answer's last byte: what is left of it
    limits each of the others. Only the look-up of the host's name is limited by the operating system alone.
    """

    connect_s: float = 10.0
    write_s: float = 30.0
    read_s: float = 60.0
    pool_s: float = 10.0
    total_s: float = 120.0


DEFAULT_TIMEOUTS = Timeouts()

LONG_TIMEOUTS = Timeouts(write_s=60.0, read_s=300.0, total_s=900.0)
"""For a file that the other side reads whole before it answers."""

PAYER_WAITS = Timeouts(connect_s=3.0, write_s=5.0, read_s=10.0, pool_s=2.0, total_s=15.0)
"""For calls made while a payer looks at a page, as real-time data retrieval is."""


class HttpRequest(NamedTuple):
    """A request, ready to send. `secrets` are the credentials in it: no text made about the request shows them."""

    operation: str
    url: str
    headers: Mapping[str, str]
    content: bytes
    method: str = "POST"
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"HttpRequest(operation={self.operation!r}, url={self.url!r}, method={self.method!r})"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer, read whole and decompressed. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class Send(Protocol):
    """What sends a request: `Transport.send`, or a test's own."""

    def __call__(self, request: HttpRequest, /) -> HttpResponse:
        """The answer. Raises `TransportError`, `ProtocolError`, `RequestInvalid`."""


class AsyncSend(Protocol):
    """The same for `AsyncTransport.send`."""

    async def __call__(self, request: HttpRequest, /) -> HttpResponse:
        """The answer. Raises `TransportError`, `ProtocolError`, `RequestInvalid`."""


def check_url(url: str, *, allow_http: bool = False) -> str:
    """
    *url* as it stands, if a request may go there.

    Raises `RequestInvalid` unless it is https (or http to this machine, or http with *allow_http*), has a host, and
    carries no user name or password.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise RequestInvalid("url", shown_url(url), "is not a URL") from None
    if parts.username is not None or parts.password is not None:
        raise RequestInvalid("url", shown_url(url), "must not carry a user name or password")
    if parts.scheme not in ("http", "https") or not host or not url.isascii() or any(c <= " " for c in url):
        raise RequestInvalid("url", shown_url(url), "must be https://host/path")
    if ":" not in host and not _HOST.fullmatch(host):
        raise RequestInvalid("url", shown_url(url), "must name a host of letters, digits, dots and hyphens")
    if parts.scheme == "http" and not allow_http and host not in LOOPBACK:
        raise RequestInvalid("url", shown_url(url), "must be https: plain http is for this machine only")
    return url


def shown_url(url: str) -> str:
    """A URL as it may be logged: no user name, password or query."""
    head, separator, tail = url.partition("://")
    tail = tail.partition("?")[0].partition("#")[0]
    return mask_text(head + separator + tail.rpartition("@")[2])
