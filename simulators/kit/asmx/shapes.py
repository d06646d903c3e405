"""
Bodies of a shape that was seen before are read without parsing them.

Callers send the same message over and over with other values in it. A body that was parsed, passed every guard and was
answered is kept as its shape: the bytes as they came, with a hole for the text of each parameter. A later body whose
bytes are the same, and whose holes hold only characters that mean themselves in XML, is the same document with other
values: what the parser would make of it is known. Whatever differs by one byte, or holds a value that is not of its
type, goes the plain way, which also words the refusal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lxml import etree

from partnerlab.simulators.kit.asmx.codec import OperationCodec
from partnerlab.simulators.kit.asmx.faults import Version
from partnerlab.simulators.kit.asmx.message import Message
from partnerlab.simulators.kit.asmx.xml import is_as_parsed

__all__ = ["Seen", "Shapes"]

MOST_BYTES = 8 * 1024
"""Of a body that is remembered, or read by what is."""
MOST_GROWTH = 1024
"""By how much a body may be longer than the one that was learned: so it breaks no bound that the other kept."""
SHAPES = 8
"""Of one pair of headers; the oldest is forgotten for a new one."""
HEADS = 64

_is_plain = re.compile(r"[^<>&\]\x00-\x1f\x7f-\xff]*").fullmatch
"""In XML what it admits means itself, in UTF-8 and US-ASCII alike. Not `]`, so that no text ends in `]]>`."""
_TAG = re.compile(rb"<([^<>]*)>")

_Head = tuple[str | None, str | None]


class Seen(NamedTuple):
    """A body that was read: what it asks for and what it sent."""

    operation: OperationCodec
    version: Version
    sent: Message


_as_tuple = tuple.__new__  # half the time of a named tuple's own


class _Shape(NamedTuple):
    operation: OperationCodec
    version: Version
    before: bytes
    """What stands before the first hole."""
    holes: tuple[tuple[str, str], ...]
    """The parameter whose text stands there, and all from its end, at a `<`, to the next hole or the body's end."""
    parsers: tuple[tuple[str, Callable[[str], Any]], ...]
    """Of those that are not taken as they stand."""
    values: Mapping[str, Any]
    """The parameters in the order they came; those without a hole have their value."""
    longest: int

    def read(self, body: bytes) -> Seen | None:
        """What was sent, where the body is of this shape."""
        before = self.before
        if len(body) > self.longest or not body.startswith(before):
            return None
        values, texts, rest = dict(self.values), "", body[len(before) :].decode("latin-1")
        for name, after in self.holes:
            text, found, rest = rest.partition(after)
            if not found:
                return None
            values[name] = text
            texts += text
        if rest or not _is_plain(texts):  # nor is one that goes beyond its hole: it has a `<`
            return None
        try:
            for name, parse in self.parsers:
                values[name] = parse(values[name])
        except ValueError:
            return None
        sent = self.operation.request.__new__(self.operation.request)
        sent.__dict__ = values
        return _as_tuple(Seen, (self.operation, self.version, sent))


class Shapes:
    """
    The shapes of one service's requests, by their Content-Type and SOAPAction.

    *max_bytes* are those a request may have anyway.
    """

    def __init__(self, max_bytes: int = MOST_BYTES) -> None:
        self._most = min(max_bytes, MOST_BYTES)
        self._known: dict[_Head, tuple[_Shape, ...]] = {}

    def read(self, headers: Mapping[str, str], body: bytes) -> Seen | None:
        """What a request asks for and sent, where its body is of a known shape."""
        for shape in self._known.get((headers.get("content-type"), headers.get("soapaction")), ()):
            seen = shape.read(body)
            if seen is not None:
                return seen
        return None

    def learn(
        self,
        headers: Mapping[str, str],
        body: bytes,
        charset: str | None,
        element: etree._Element | None,
        seen: Seen,
    ) -> None:
        """
        Remember the shape of a request that was answered; *element* is its operation's in the parsed body.

        Not of one with a SOAP header: it may hold a time or a number that no other message has.
        """
        if element is None or element.tag != seen.operation.tag or len(body) > self._most:
            return
        if _has_header(element) or not _may_be_learned(body, charset):
            return
        shape = _shape(body, element, seen, self._most)
        if shape is not None:
            head = headers.get("content-type"), headers.get("soapaction")
            if head not in self._known and len(self._known) >= HEADS:
                self._known.clear()
            self._known[head] = (shape, *self._known.get(head, ()))[:SHAPES]


def _has_header(element: etree._Element) -> bool:
    body = element.getparent()
    return body is None or body.getprevious() is not None


def _may_be_learned(body: bytes, charset: str | None) -> bool:
    """
    Whether each `<` of a body begins a tag and each `>` ends one, so that its tags can be found without a parser; and
    whether the parser reads these bytes as they are.
    """
    declared = body.startswith(b"<?xml")
    return (
        b"<!" not in body
        and body.count(b"<?") == declared
        and body.count(b"<") == body.count(b">")
        and body.count(b"xmlns") <= 32
        and is_as_parsed(body, charset)
    )


def _shape(body: bytes, element: etree._Element, seen: Seen, most: int) -> _Shape | None:
    operation = seen.operation
    parsers = {one.tag: (one.name, one.scalar.parse) for one in operation.parameters if one.scalar is not None}
    if len(parsers) < len(operation.parameters):
        return None  # what is shared between calls must not change: no lists and no messages
    texts = _texts(body)
    leaves = [leaf for leaf in element.getroottree().iter() if not len(leaf)]
    if len(texts) != len(leaves):
        return None
    places: list[tuple[str, Callable[[str], Any], int, int]] = []
    named: set[str] = set()
    for leaf, text in zip(leaves, texts, strict=True):
        found = parsers.get(str(leaf.tag)) if leaf.getparent() is element else None
        if found is None or found[0] in named:
            continue  # no parameter, or one that was sent before: the first counts
        named.add(found[0])
        if text is not None and not leaf.attrib:
            places.append((*found, *text))
    then = [begins for _, _, begins, _ in places] + [len(body)]
    return _Shape(
        *(operation, seen.version, body[: then[0]]),
        holes=tuple((name, body[end : then[n + 1]].decode("latin-1")) for n, (name, _, _, end) in enumerate(places)),
        parsers=tuple((name, parse) for name, parse, *_ in places if parse is not str),
        values=dict(seen.sent.__dict__),
        longest=min(len(body) + MOST_GROWTH, most),
    )


def _texts(body: bytes) -> list[tuple[int, int] | None]:
    """Where the text of each element without elements in it begins and ends, in order; None for `<x/>`."""
    found: list[tuple[int, int] | None] = []
    opened = -1  # where the text after an opening tag begins, if that was the tag before
    for tag in _TAG.finditer(body):
        text = tag[1]
        if text.startswith(b"/"):
            if opened >= 0:
                found.append((opened, tag.start()))
            opened = -1
        elif text.endswith(b"/"):
            found.append(None)
            opened = -1
        elif not text.startswith(b"?"):
            opened = tag.end()
    return found
