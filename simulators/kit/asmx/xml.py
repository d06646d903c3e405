"""
Parsing XML that a stranger sent: no DTD, no entity, no network, and bounds on size, depth, elements and attributes.

libxml2's defaults leave two holes. It accepts a DOCTYPE silently, and lxml reads the attributes of one element in
quadratic time: 100,000 of them (1.2 MB) cost 44 s of processor time. Both are refused here, before anybody looks.
"""

from __future__ import annotations

import contextlib
import re
import threading
from typing import Any, cast
from xml.parsers import expat

from lxml import etree

from partnerlab.contracts.first_use import pattern
from partnerlab.simulators.kit.http.charsets import CharsetUnknown, as_utf8

__all__ = ["MAX_BYTES", "XmlRefused", "is_as_parsed", "parse", "place_after"]

MAX_BYTES = 256 * 1024
LONG_TEXT = 10_000_000
"""Bytes above which a text may be longer than libxml2 reads by default. Then all its limits are lifted, so a document
type is refused before it is read."""
MAX_DEPTH = 64
MAX_ATTRIBUTES = 64
MAX_TAGS = 8_000
"""Opening and closing ones: some 4,000 elements with a text."""
MAX_NAMESPACES = 256
"""Of the whole document: libxml2 looks through all that are in scope for each element."""

DTD_PROHIBITED = (
    "For security reasons DTD is prohibited in this XML document. To enable DTD processing set the DtdProcessing"
    " property on XmlReaderSettings to Parse and pass the settings into XmlReader.Create method."
)


class XmlRefused(ValueError):
    """
    A document that is not read.

    `rule` is one of `empty`, `size`, `charset`, `well-formed`, `dtd`, `depth`, `elements`, `attributes`,
    `namespaces`, `reference`; `line` and `column` count from 1, 0 where there is no place.
    """

    def __init__(self, rule: str, message: str, line: int = 0, column: int = 0) -> None:
        self.rule, self.line, self.column = rule, line, column
        super().__init__(message)


_DECLARED = pattern(rb"""(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,100}?\sencoding\s*=\s*["']([A-Za-z][\w.-]{0,40})["']""")

# What may stand before a document type. Each part matches in one way only, so matching takes linear time.
_PROLOGUE = pattern(rb"(?>\s+|<\?(?>.*?\?>)|<!--(?>.*?-->))*+<!DOCTYPE", re.DOTALL)

_local = threading.local()
_SHAPES = (
    (
        "depth",
        etree.XPath("/*" * (MAX_DEPTH + 1)),
        f"Elements are nested more than {MAX_DEPTH} deep.",
    ),
    (
        "attributes",
        etree.XPath(f"descendant-or-self::*[@*[{MAX_ATTRIBUTES + 1}]]"),
        f"An element has more than {MAX_ATTRIBUTES} attributes.",
    ),
    (
        "reference",
        etree.XPath("descendant-or-self::*[@href]"),
        "An href reference (SOAP encoding) is not supported.",
    ),
)


def parse(body: bytes, *, charset: str | None = None, max_bytes: int = MAX_BYTES) -> etree._Element:
    """
    The root element of *body*, comments and processing instructions removed.

    Args:
        charset: The one the transport named; it overrides the document's own declaration, and a byte order mark
            overrides both. None leaves it to the declaration.
    Raises:
        XmlRefused: the document is not well-formed or breaks a bound.
    """
    if len(body) > max_bytes:
        raise XmlRefused("size", f"Maximum request length exceeded: {len(body)} bytes, the limit is {max_bytes}.")
    if not body or body.isspace():
        raise XmlRefused("empty", "Root element is missing.")
    # libxml2 sees UTF-8 alone: in another encoding the characters that are counted below could have other bytes.
    body = _utf8(body, charset)
    tags = body.count(b"<")
    if tags > MAX_TAGS:
        raise XmlRefused("elements", f"More than {MAX_TAGS} tags.")
    assignments = body.count(b"=")
    if assignments > MAX_NAMESPACES and body.count(b"xmlns") > MAX_NAMESPACES:
        raise XmlRefused("namespaces", f"More than {MAX_NAMESPACES} namespace declarations.")
    huge = len(body) > LONG_TEXT
    may_have_dtd = b"<!" in body
    if may_have_dtd and b"<!DOCTYPE" in body and (huge or _PROLOGUE.match(body)):
        raise XmlRefused("dtd", DTD_PROHIBITED)
    try:
        root = etree.fromstring(body, _parser(huge=huge))
    except etree.XMLSyntaxError as error:
        line, column = error.position
        message = (error.msg or "Root element is missing.").removesuffix(f", line {line}, column {column}")
        rule = "charset" if "encod" in message.lower() else "well-formed"
        raise XmlRefused(rule, f"{message}. Line {line}, position {column}.", line, column) from None
    except ValueError as error:
        raise XmlRefused("charset", f"{error}.") from None
    if may_have_dtd and root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("dtd", DTD_PROHIBITED)
    # Each bound needs its characters: where they are too few to break it, the tree need not be walked.
    if tags > MAX_DEPTH or assignments > MAX_ATTRIBUTES or b"href" in body:
        _check_shape(root)
    return root


def place_after(element: etree._Element, body: bytes, charset: str | None) -> tuple[int, int]:
    """
    Line and column of the tag that follows *element*, counted from 1: where .NET's reader stands after reading it.

    lxml keeps no columns, so the document is read once more, by expat, up to that tag.
    """
    wanted = next(at for at, one in enumerate(element.getroottree().iter()) if one is element)
    finder = _TagFinder(wanted, (cast(Any, element).sourceline or 0, 0))
    with contextlib.suppress(_Found, expat.ExpatError):
        finder.parser.Parse(_utf8(body, charset), True)
    return finder.place


def is_as_parsed(body: bytes, charset: str | None) -> bool:
    """Whether the parser sees the bytes of a document that it accepted as they came: UTF-8, or US-ASCII alone."""
    return _utf8(body, charset) is body


class _Found(Exception):
    """Ends the second reading."""


class _TagFinder:
    def __init__(self, wanted: int, place: tuple[int, int]) -> None:
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.place = place
        self._wanted, self._seen, self._depth, self._at_depth = wanted, -1, 0, 0
        self._passed = False

    def _start(self, _name: str, _attributes: dict[str, str]) -> None:
        if self._passed:
            self._found(len("<"))
        self._seen += 1
        self._depth += 1
        if self._seen == self._wanted:
            self._at_depth = self._depth

    def _end(self, _name: str) -> None:
        if self._passed:
            self._found(len("</"))
        self._passed = self._depth == self._at_depth
        self._depth -= 1

    def _found(self, offset: int) -> None:
        # .NET's position of a tag is that of its name.
        self.place = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1 + offset
        raise _Found


def _check_shape(root: etree._Element) -> None:
    # By libxml2, not by a loop of ours: 16,000 empty elements fit into 64 KB.
    for rule, search, message in _SHAPES:
        found = cast(list[Any], search(root))
        if found:
            raise XmlRefused(rule, message, found[0].sourceline or 0)


def _utf8(body: bytes, charset: str | None) -> bytes:
    if charset is None:
        declared = _DECLARED.match(body)
        charset = declared[1].decode("ascii") if declared else "utf-8"
    try:
        return as_utf8(body, charset)
    except UnicodeDecodeError as error:
        raise XmlRefused("charset", f"The document is not {charset}: {error.reason}.") from None
    except CharsetUnknown as error:
        raise XmlRefused("charset", str(error)) from None


def _parser(*, huge: bool) -> etree.XMLParser:
    # One parser per thread: a shared one would make threads wait for each other.
    parsers: dict[bool, etree.XMLParser] | None = getattr(_local, "parsers", None)
    if parsers is None:
        parsers = _local.parsers = {}
    parser = parsers.get(huge)
    if parser is None:
        parser = parsers[huge] = etree.XMLParser(
            encoding="utf-8",  # whatever the document declares
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=huge,
            remove_comments=True,
            remove_pis=True,
        )
    return parser
