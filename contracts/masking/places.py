"""
Where in a text credentials stand, by what is written before them.

Every search here is linear in the length of the text: patterns do not go back over what they have read (possessive
groups), each place is tried once, and what a search has passed it does not look at again.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.masking.names import LONGEST_NAME, SECRET_HEADERS, is_password, is_secret

__all__ = ["Place", "places"]

_TAG = pattern(r"<([A-Za-z_][\w.:-]*+)([^<>]*+)>?")
_CLOSING = pattern(r"</\s*+([\w.:-]++)")
_LEAF = pattern(r"(?:[^<]|<!\[CDATA\[|<!--)*+")
_ATTRIBUTE = pattern(r"""(?<![\w.:-])([\w.:-]++)\s*+=\s*+(?:"([^"]*+)|'([^']*+)|([^\s"'>]++))""")
_QUOTED = pattern(rf"""(["'])([^"'<>{{}}\n]{{1,{LONGEST_NAME}}}+)\1\s*+[:=]\s*+""")
_NAMED = pattern(r"""["']\s*+[:=]""")
_STRING = {quote: pattern(rf"(?:[^{quote}\\]|\\.)*+", re.DOTALL) for quote in "\"'"}
_NESTED = pattern(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SCALAR = pattern(r"[^\s,;}\])&<]*+")
_LAST_WORD = pattern(r"[\s+\]'\"]*+([\w.-]{1,100})")  # of a text read backwards
_FIELD_VALUE = pattern(r"""[ \t]?(?:"([^"&]*+)|'([^'&]*+)|([^&\s]*+))""")
_MARKS = {mark: pattern(rf"{mark}(?<=[\w\s+\]'\".-]{mark})") for mark in "=:"}
_SCHEME = pattern(r"[ \t]*+(?:(basic|bearer|digest|token)(?![\w-])\s*+)?", re.IGNORECASE)
_HEADER_WORDS = ("authorization", "cookie", "apikey", "api-key", "auth-token")
_FOLDED = pattern(r"[^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+")
_PART = pattern(r"content-disposition[ \t]*+:([^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+)", re.IGNORECASE)
_PART_NAME = pattern(r"""(?<![\w*])name\s*+=\s*+"?([^";\r\n]*+)""", re.IGNORECASE)
_BLANK_LINE = pattern(r"\n\r?\n")
_BOUNDARY = pattern(r"\r?\n--")
_PART_HEADERS = 2_000
USUAL = 256
LONGEST_ADDRESS = 2_000
_BLANK = pattern(r"\s")
_USER = pattern(r"(?<=://)[^\s/@:]*+:([^\s/@]++)@")
# A page's address is its key: a payment page's token, a portal session as ASP.NET writes it into the path.
_PAGE = pattern(r"/cloudpayments(?:\\?/)++([A-Za-z0-9_-]{16,}+)", re.IGNORECASE)
_SESSION = pattern(r"(?:\(|%28)S(?:\(|%28)([A-Za-z0-9_-]{16,}+)", re.IGNORECASE)
_NO_SECRET = frozenset(("", "null", "true", "false"))


class Place(NamedTuple):
    """A credential from *start* up to *end*. `whole`: nothing of it may be shown; `quote`: it needs quotation marks."""

    start: int
    end: int
    whole: bool
    quote: bool = False


def places(text: str, *, form: bool = False) -> Iterator[Place]:
    """
    Where credentials stand, in no order; places may overlap.

    With *form* the text is a form's body: a value ends at `&` and nowhere else.
    """
    if "<" in text:
        yield from _elements(text)
    if _NAMED.search(text):
        yield from _properties(text)
    if "=" in text:
        yield from _fields(text, form=form)
    lower = text.lower()
    if ":" in text:
        if any(word in lower for word in _HEADER_WORDS):
            yield from _headers(text)
        if "@" in text:
            yield from (Place(*match.span(1), whole=True) for match in _USER.finditer(text))
        if "content-disposition" in lower:
            yield from _parts(text)
    if "cloudpayments" in lower:
        yield from (Place(*match.span(1), whole=False) for match in _PAGE.finditer(text))
    if "(" in text or "%28" in text:
        yield from (Place(*match.span(1), whole=False) for match in _SESSION.finditer(text))


def _elements(text: str) -> Iterator[Place]:
    """XML elements up to their closing tag, or where that is missing to the next tag; attributes of any tag."""
    closings: dict[str, list[int]] | None = None
    passed = 0
    for tag in _TAG.finditer(text):
        if tag.start() < passed:
            continue
        name, attributes = tag.groups()
        if "=" in attributes:
            found = _usual_attributes(attributes) if len(attributes) <= USUAL else _attributes(attributes)
            for start, end, whole, _ in found:
                yield Place(tag.start(2) + start, tag.start(2) + end, whole)
        if not is_secret(name) or attributes.endswith("/") or text[tag.end() - 1] != ">":
            continue
        passed = text.find("<", tag.end())
        following = _CLOSING.match(text, passed) if passed >= 0 else None
        if following is None or _local(following[1]) != _local(name):  # no plain value
            if closings is None:
                closings = _closings(text)
            ends = closings.get(_local(name), [])
            index = bisect_left(ends, tag.end())
            leaf = _LEAF.match(text, tag.end())
            passed = ends[index] if index < len(ends) else leaf.end() if leaf else len(text)
        yield Place(tag.end(), passed, whole=is_password(name))


def _closings(text: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for match in _CLOSING.finditer(text):
        found.setdefault(_local(match[1]), []).append(match.start())
    return found


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _attributes(text: str) -> Iterator[Place]:
    """`Password="…"`, and `name="Password" value="…"` in either order, as a page's form has it."""
    value: tuple[int, int] | None = None
    named = ""
    for match in _ATTRIBUTE.finditer(text):
        name, index = match[1].lower(), match.lastindex or 1
        if index == 1:
            continue
        if name == "value":
            value = match.span(index)
        elif name in ("name", "id", "key"):
            named = match[index] if is_secret(match[index]) else named
        elif is_secret(name):
            yield Place(*match.span(index), whole=is_password(name))
    if value is not None and named:
        yield Place(*value, whole=is_password(named))


@lru_cache(1_024)
def _usual_attributes(text: str) -> tuple[Place, ...]:
    """`_attributes`, remembered: declarations of namespaces are the same from message to message."""
    return tuple(_attributes(text))


def _properties(text: str) -> Iterator[Place]:
    """JSON properties, and what looks like them: Python's and JavaScript's quotation marks, values of every kind."""
    passed = 0
    for match in _QUOTED.finditer(text):
        if match.start() < passed or not is_secret(match[2]):
            continue
        start, whole = match.end(), is_password(match[2])
        first = text[start : start + 1]
        if first in ('"', "'"):
            string = _STRING[first].match(text, start + 1)
            passed = string.end() if string else start
            yield Place(start + 1, passed, whole)
        elif first in ("[", "{"):
            passed = _closed(text, start)
            yield Place(start, passed, whole=True, quote=True)
        else:
            scalar = _SCALAR.match(text, start)
            passed = scalar.end() if scalar else start
            if text[start:passed] not in _NO_SECRET:
                yield Place(start, passed, whole=True, quote=True)


def _closed(text: str, start: int) -> int:
    """Where a list or object ends that begins there."""
    depth = 0
    for match in _NESTED.finditer(text, start):
        piece = match[0]
        depth += 1 if piece in "[{" else -1 if piece in "]}" else 0
        if depth == 0:
            return match.end()
    return len(text)


def _before(text: str, mark: str) -> Iterator[tuple[int, str]]:
    """Each *mark* in a text: the place after it, and the word that stands before it."""
    for match in _MARKS[mark].finditer(text):
        at = match.start()
        word = _LAST_WORD.match(text[max(0, at - LONGEST_NAME - 10) : at][::-1])
        if word:
            yield at + 1, word[1][::-1]


def _fields(text: str, *, form: bool) -> Iterator[Place]:
    """`name=value`, as in a form's body or a query."""
    passed = 0
    for start, name in _before(text, "="):
        if start < passed or not is_secret(name):
            continue
        if form:
            end = text.find("&", start)
            passed = len(text) if end < 0 else end
        else:
            value = _FIELD_VALUE.match(text, start)
            if value is None or value.lastindex is None:
                continue
            start, passed = value.span(value.lastindex)
            passed = _address_end(text, start, passed)
        yield Place(start, passed, whole=is_password(name))


def _address_end(text: str, start: int, end: int) -> int:
    """Where a value from *start* to *end* ends: with the quotation mark, where it stands in an address in such."""
    closing = text.find('"', start, end)
    if closing < 0:
        return end
    opening = text.rfind('"', max(0, start - LONGEST_ADDRESS), start)
    before = text[opening + 1 : start]
    if opening < 0 or "://" not in before or _BLANK.search(before):
        return end
    return closing - (text[closing - 1] == "\\")


def _headers(text: str) -> Iterator[Place]:
    """Header lines, folded ones too."""
    passed = 0
    for start, name in _before(text, ":"):
        if start < passed or name.replace("-", "").lower() not in SECRET_HEADERS or text[start - 2] in "\"']":
            continue
        scheme = _SCHEME.match(text, start)
        begin = scheme.end() if scheme else start
        before = text[max(0, start - 2 - len(name)) : start - 1 - len(name)]
        value = _STRING[before].match(text, begin) if before in _STRING else None
        if value is None or text[value.end() : value.end() + 1] != before:  # a quoted line ends with its quote
            value = _FOLDED.match(text, begin)
        passed = value.end() if value else begin
        yield Place(begin, passed, whole=scheme is not None and (scheme[1] or "").lower() == "basic")


def _parts(text: str) -> Iterator[Place]:
    """Fields of a form sent as multipart/form-data."""
    passed = 0
    for match in _PART.finditer(text):
        name = _PART_NAME.search(match[1])
        if match.start() < passed or name is None or not is_secret(name[1]):
            continue
        blank = _BLANK_LINE.search(text, match.end(), match.end() + _PART_HEADERS)
        if blank is None:
            continue
        end = _BOUNDARY.search(text, blank.end())
        passed = end.start() if end else len(text)
        yield Place(blank.end(), passed, whole=is_password(name[1]))
