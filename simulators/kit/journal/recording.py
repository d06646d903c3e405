"""A body, header or query as the journal may keep it: text, masked, and cut where it is long."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from functools import lru_cache

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.masking import mask_excerpt, mask_found
from partnerlab.contracts.records import dataclass

__all__ = ["EXCERPT_BYTES", "HEADERS", "Recorded", "no_text", "record_body", "record_headers", "record_line"]

EXCERPT_BYTES = 64 * 1024
LINE_CHARACTERS = 2_000
REMEMBERED_CHARACTERS = 200

HEADERS = (
    "accept",
    "authorization",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "origin",
    "prefer",
    "referer",
    "soapaction",
    "transfer-encoding",
    "user-agent",
    "x-sandbox-fault",
)
"""The request headers that are kept; cookies and the like are not."""

_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), "\ufffd")
_CHARSET = pattern(r"charset\s*=\s*[\"']?([A-Za-z0-9._-]+)", re.IGNORECASE)
_DECLARED = pattern(rb"""<\?xml[^>]{0,60}?encoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """
    A body as it is stored.

    Attributes:
        length: Bytes of the whole.
        cut: `text` is only its beginning, or a description where the bytes are no text.
        faithful: The text gives the original bytes again, apart from what is masked, and the masks can be read there:
            the contract can still be checked by it.
        secrets: Those that stood in it.
    """

    text: str
    length: int
    cut: bool
    faithful: bool
    secrets: frozenset[str] = frozenset()


_EMPTY = Recorded("", 0, cut=False, faithful=True)


def record_body(body: bytes, content_type: str, secrets: frozenset[str] = frozenset()) -> Recorded:
    """
    A body as it may be stored. Bytes that are no text (a PDF, a compressed body) are only described.

    *secrets* are masked wherever they stand: the keys of the services, what stood in the request of an answer.
    """
    if not body:
        return _EMPTY
    excerpt = body[:EXCERPT_BYTES]
    cut = len(body) > EXCERPT_BYTES
    text, charset = _decode(excerpt, content_type)
    if "\x00" in text:
        return Recorded(no_text(len(body)), len(body), cut=True, faithful=False)
    if cut:
        text = _whole_words(text)
    kind = content_type.lower()
    masked = mask_found(text, secrets, form=kind.startswith("application/x-www-form-urlencoded"))
    faithful = not cut and charset == "utf-8" and (masked.text.isascii() or _read_as_utf8(body, kind))
    return Recorded(masked.text, len(body), cut=cut, faithful=faithful, secrets=masked.secrets)


def no_text(length: int) -> str:
    """What stands for a body of so many bytes that is no text."""
    return f"({length} bytes that are not text)"


def record_headers(headers: Mapping[str, str], secrets: frozenset[str] = frozenset()) -> dict[str, str]:
    """The headers worth keeping, masked."""
    return {
        name: (_remembered_header if len(headers[name]) <= REMEMBERED_CHARACTERS else _header)(
            name, headers[name], secrets
        )
        for name in HEADERS
        if name in headers
    }


def _header(name: str, value: str, secrets: frozenset[str]) -> str:
    return _line(f"{name}: {value}", secrets).partition(": ")[2]


def record_line(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """
    A short text (path, query, operation) as it may be stored: masked, without control characters, at most 2,000
    characters.
    """
    return _remembered_line(text, secrets) if len(text) <= REMEMBERED_CHARACTERS else _line(text, secrets)


def _line(text: str, secrets: frozenset[str]) -> str:
    return mask_excerpt(text, LINE_CHARACTERS, secrets).translate(_CONTROLS)


# A caller's headers are the same from call to call, and to mask them costs as much as to mask its body.
_remembered_header = lru_cache(1_024)(_header)
_remembered_line = lru_cache(1_024)(_line)


def _decode(body: bytes, content_type: str) -> tuple[str, str]:
    """Text and the charset it was read with: a byte order mark, the declared charset, UTF-8, else Windows-1252."""
    for mark, charset in _BOMS:
        if body.startswith(mark):
            return body.decode(charset, "replace"), charset
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if error.start >= len(body) - 3 and error.reason == "unexpected end of data":
            return body[: error.start].decode("utf-8"), "utf-8"  # an excerpt that ends inside a character
    declared = _CHARSET.search(content_type)
    in_xml = _DECLARED.match(body)
    for charset in (declared[1] if declared else "", in_xml[1].decode() if in_xml else ""):
        try:
            if charset:
                return body.decode(charset), charset
        except (LookupError, ValueError):
            continue
    return body.decode("cp1252", "replace"), "cp1252"


def _read_as_utf8(body: bytes, kind: str) -> bool:
    """Whether readers take an XML body for UTF-8, so that they also read the masks in it, which are not ASCII."""
    if "xml" not in kind:
        return True
    found = _CHARSET.search(kind)
    if found is None and kind.startswith("text/xml"):
        return not body.isascii()  # US-ASCII: what is beyond it in the body itself is for the contract's check to find
    declared = found[1] if found else in_xml[1].decode() if (in_xml := _DECLARED.match(body)) else "utf-8"
    return declared.lower() in ("utf-8", "utf8")


def _whole_words(text: str) -> str:
    """
    An excerpt without the value it was cut in.

    Masking needs the end of an element or string, which a cut removes: half a key would be stored in clear.
    """
    end = max(text.rfind(c) for c in '<>"&\n,')
    return text[: end + 1] if end >= 0 else ""
