"""
What it means when an answer breaks the contract, for SOAP, JSON and XML alike.

| status             | means                                                            | raises              |
|--------------------|------------------------------------------------------------------|---------------------|
| 200                | its body decides; nothing reads it: answered, not understood     | AnswerNotUnderstood |
| any other 2xx      | the same: something was accepted                                 | AnswerNotUnderstood |
| 1xx, 3xx           | nothing in the contract; redirects are not followed              | ProtocolError       |
| 429                | turned away: not carried out                                     | TransportError      |
| 408, 5xx           | how far the request came is unknown                              | TransportError      |
| 500 with a message | the partner broke while it worked on the request                 | PartnerFault        |
| any other 4xx      | refused                                                          | PartnerFault        |

A SOAP fault with a 4xx or 5xx is a `PartnerFault` by its code, whatever the status (`wire.soap_answer`).
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

from partnerlab.client.errors import AnswerNotUnderstood, PartnerFault, ProtocolError, TransportError, redact
from partnerlab.client.http.request import HttpResponse

__all__ = ["CHARSETS", "MAX_MESSAGE", "Answer", "charset_of", "retry_after_s"]

MAX_MESSAGE = 2000
MAX_SHOWN = 8192  # characters of a foreign text: far more than an error shows, and few enough to mask
CUT_TAIL = 1600  # longer than any secret in any spelling: drops the part of one that a cut left behind

CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252",
}
"""Character sets a Content-Type may name, by Python's codec."""

_CHARSET = re.compile(r""";\s{0,20}charset\s{0,20}=\s{0,20}["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_TITLE = re.compile(r"<title(?:\s[^<>]{0,200})?>([^<]{1,400})", re.IGNORECASE)
_FIRST_LINE = re.compile(r"\s{0,200}([^\r\n]{1,400})")
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Answer:
    """
    One answer being read, with the errors that all readers raise alike.

    `secrets` are blotted out of every text made from it. With *show_body* false an error quotes none of its values,
    for an answer that is itself a secret.
    """

    __slots__ = ("operation", "response", "secrets", "show_body")

    def __init__(
        self, operation: str, response: HttpResponse, secrets: tuple[str, ...] = (), *, show_body: bool = True
    ) -> None:
        self.operation, self.response, self.secrets, self.show_body = operation, response, secrets, show_body

    def broken(self, rule: str) -> ProtocolError:
        """The error for an answer that breaks *rule*: `AnswerNotUnderstood` where its status said that all was well."""
        kind = AnswerNotUnderstood if 200 <= self.response.status < 300 else ProtocolError
        body = self.shown() if self.show_body else ""
        return kind(self.operation, status=self.response.status, rule=self.quoted(rule, MAX_MESSAGE), body=body)

    def failure(self, message: str = "") -> PartnerFault | TransportError | ProtocolError:
        """
        What a status other than 200 means.

        *message* is the partner's own where the body is a document of the contract that has one.
        """
        status = self.response.status
        if 300 <= status < 400:
            return self.broken("redirects are not followed")
        if status < 400:
            return self.broken("must have status 200")
        reason = f"status {status}" + (f": {message}" if message else self.title())
        if status in (408, 429) or status > 500 or (status == 500 and not message):
            wait = retry_after_s(self.response.headers)
            return TransportError(self.operation, reason, sent=status != 429, retry_after_s=wait)
        return PartnerFault(self.operation, code=str(status), message=message or reason, refused=status != 500)

    def refused(self, message: str) -> PartnerFault:
        """The refusal of an answer that says `Success` false."""
        return PartnerFault(
            self.operation, code="Success=false", message=message.strip() or "the partner gave no reason"
        )

    def is_blank(self) -> bool:
        """Whether there is nothing in the body."""
        return not self.response.content or self.response.content.isspace()

    def is_html(self) -> bool:
        """Whether the body is a page for people."""
        content = self.response.content
        if content.startswith(b"<?xml"):
            return False
        start = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith((b"<!doctype html", b"<html"))

    def charset(self) -> str | None:
        """
        Python's codec for the body by its Content-Type, which counts before what a document says of itself.

        `None` where it names none, one that is not known, or one that the body cannot be in: then the document
        decides. A byte order mark counts before all.
        """
        content = self.response.content
        codec = CHARSETS.get(charset_of(self.response.headers.get("content-type", "")[:300]) or "")
        if codec is None or content.startswith(_BYTE_ORDER_MARKS):
            return None
        try:
            if not content.isascii():
                content.decode(codec)
        except UnicodeDecodeError:
            return None
        return codec

    def title(self) -> str:
        """What a page says, as `: Title`: its title, or the first line of a plain text; else nothing."""
        page = self._beginning()
        found = _TITLE.search(page)
        if not found and self.response.headers.get("content-type", "").startswith("text/plain"):
            found = _FIRST_LINE.match(page)
        return ": " + self.quoted(html.unescape(found[1]).strip(), 200) if found else ""

    def shown(self) -> str:
        """The beginning of the body as text, without the secrets."""
        return self.quoted(self._beginning(), MAX_SHOWN)

    def quoted(self, text: str, limit: int) -> str:
        """
        A foreign text as an error may show it: secrets are blotted out first, then it is cut.

        JSON can spell what no database takes (NUL, half a surrogate pair), so what cannot be printed becomes a space.
        """
        kept = text[:MAX_SHOWN]
        plain = redact("".join(c if c.isprintable() else " " for c in kept), self.secrets)
        if len(text) > MAX_SHOWN:
            plain = plain[:-CUT_TAIL]
        return plain[:limit]

    def _beginning(self) -> str:
        return self.response.content[: MAX_SHOWN + 1].decode(self.charset() or "utf-8", "replace")


@lru_cache(maxsize=256)
def charset_of(content_type: str) -> str | None:
    """The character set that a Content-Type names, in lower case."""
    named = _CHARSET.search(content_type[:300])
    return named[1].lower() if named else None


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """
    How long a server asks to be left alone, in seconds: `Retry-After` as a number or as an HTTP date.

    A date counts from the answer's own `Date` where it has one, so that clocks need not agree. `None` where the header
    is absent or says neither.
    """
    wish = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,6}", wish):
        return float(wish)
    until = _http_date(wish)
    if until is None:
        return None
    return max(0.0, until - (_http_date(headers.get("date", "")) or time.time()))


def _http_date(text: str) -> float | None:
    """Seconds since 1970; `None` for a text that is no date."""
    if not 10 < len(text) < 60:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
