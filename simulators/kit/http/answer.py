"""HTTP answers as bytes."""

from __future__ import annotations

import re
import time
from http import HTTPStatus
from os import SEEK_END

from partnerlab.simulators.kit.http.messages import Response

__all__ = ["Heads", "http_date", "reason"]

SERVER = "partnerlab"
CACHED_LINES = 256

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_ALWAYS = frozenset(("X-Content-Type-Options",))
_SNIFF = b"X-Content-Type-Options: nosniff\r\n"
_PAGE = (
    b"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    b" frame-ancestors 'self'; base-uri 'none'\r\n"
)
"""The policy of pages that set none of their own: ASMX help pages and errors."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BODILESS = frozenset((204, 304))


def reason(status: int) -> str:
    """The reason phrase of a status, `Unknown` for one that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class HeaderInvalid(ValueError):
    """A header that an app wants to send and HTTP does not allow: a line break would begin another answer."""

    def __init__(self, name: str) -> None:
        super().__init__(f"header {name[:80]!r} is not one that HTTP allows")


class Heads:
    """Renders the heads of answers. What is the same from answer to answer is rendered once."""

    def __init__(self) -> None:
        self._lines: dict[tuple[int, str], bytes] = {}
        self._plain: dict[tuple[int, str], bytes] = {}
        self._date = b""
        self.tick()

    def tick(self) -> None:
        """Read the real clock for the Date header; called about once a second."""
        self._date = f"Date: {http_date(time.time())}\r\n".encode()
        self._plain = {}

    def render(self, response: Response, id: str, connection: bytes = b"") -> bytes:
        """
        Status line and headers, with the empty line that ends them.

        *connection* is a whole `Connection: …` line or empty. Raises `HeaderInvalid`.
        """
        if not (response.headers or connection or response.stream):
            plain = self._plain.get((response.status, response.content_type)) or self._plainly(response)
            if plain:
                return plain % (id.encode("ascii"), len(response.body))
        first = self._lines.get((response.status, response.content_type)) or self._first(response)
        more = b""
        if response.headers:
            more = b"".join(_line(name, value) for name, value in response.headers if name not in _ALWAYS)
        if response.content_type.startswith("text/html") and b"Content-Security-Policy" not in more:
            more += _PAGE
        endless = response.status in _BODILESS or response.stream is not None
        size = len(response.body) if response.file is None else response.file.seek(0, SEEK_END)
        length = b"" if endless else b"Content-Length: %d\r\n" % size
        return b"%b%bX-Sandbox-Request: %b\r\n%b%b%b\r\n" % (
            first,
            self._date,
            id.encode("ascii"),
            length,
            more,
            connection,
        )

    def _plainly(self, response: Response) -> bytes:
        """
        The head of an answer without headers of its own, but for the request's id and the length; so it is all second.

        Empty where the answer has no length, or is a page, whose policy belongs to it.
        """
        status, content_type = response.status, response.content_type
        if status in _BODILESS or content_type.startswith("text/html"):
            return b""
        head = (self._lines.get((status, content_type)) or self._first(response)) + self._date
        if len(self._plain) >= CACHED_LINES:
            self._plain.clear()
        head = head.replace(b"%", b"%%") + b"X-Sandbox-Request: %b\r\nContent-Length: %d\r\n\r\n"
        self._plain[status, content_type] = head
        return head

    def _first(self, response: Response) -> bytes:
        status, content_type = response.status, response.content_type
        lines = f"HTTP/1.1 {status} {reason(status)}\r\nServer: {SERVER}\r\n".encode()
        if content_type:
            lines += _line("Content-Type", content_type) + _SNIFF
        if len(self._lines) >= CACHED_LINES:
            self._lines.clear()
        self._lines[status, content_type] = lines
        return lines


def http_date(at_s: float) -> str:
    """A moment, in seconds since the epoch, as HTTP writes it whatever the locale: `Sun, 06 Nov 1994 08:49:37 GMT`."""
    at = time.gmtime(at_s)
    day, month = _DAYS[at.tm_wday], _MONTHS[at.tm_mon - 1]
    return f"{day}, {at.tm_mday:02} {month} {at.tm_year} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"


def _line(name: str, value: str) -> bytes:
    if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
        raise HeaderInvalid(name)
    return f"{name}: {value}\r\n".encode("latin-1")
