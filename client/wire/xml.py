"""The XML of an answer: parsed without DTD, entities or network, in the character set that its Content-Type names."""

from __future__ import annotations

import re
import threading
from typing import Any

from lxml import etree

from partnerlab.client.wire.answer import Answer

__all__ = ["local_name", "parse_xml", "value_of"]

_SAYS_SO = re.compile(
    rb"""<\?xml version=["']1\.0["'](?: encoding=["']utf-8["'])?(?: standalone=["'](?:yes|no)["'])? ?\?>|<[^?]""",
    re.IGNORECASE,
)
"""The beginning of a document that is UTF-8 by its own declaration, or by having none."""
XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def parse_xml(answer: Answer) -> etree._Element:
    """The root of the answer's document. Raises `ProtocolError`."""
    content, charset = answer.response.content, answer.charset()
    if charset == "utf-8" and _SAYS_SO.match(content):
        charset = None  # lxml is faster where it need not be told
    try:
        root = etree.fromstring(content, _parsers.get(charset))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise answer.broken(f"is not well-formed XML: {answer.quoted(str(error), 200)}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise answer.broken("a DTD is not accepted")
    return root


def value_of(element: etree._Element) -> Any:
    """What `Fields` holds for an element: `None` where it is nil, itself where it holds elements, else its text."""
    if element.keys() and element.get(XSI_NIL) in ("true", "1"):
        return None
    return element if len(element) else element.text or ""


def local_name(tag: object) -> str:
    """A tag without its namespace, short enough to show."""
    return str(tag).rpartition("}")[2][:200]


class _Parsers(threading.local):
    """A parser for each thread and character set: threads that shared one would wait for each other."""

    def __init__(self) -> None:
        self._made: dict[str | None, etree.XMLParser] = {}

    def get(self, charset: str | None) -> etree.XMLParser:
        parser = self._made.get(charset)
        if parser is None:
            parser = self._made[charset] = etree.XMLParser(
                encoding=XML_ENCODINGS.get(charset or ""),
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                huge_tree=False,
                remove_comments=True,
                remove_pis=True,
            )
        return parser


_parsers = _Parsers()

XML_ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "ascii": "US-ASCII",
    "latin-1": "ISO-8859-1",
    "iso-8859-15": "ISO-8859-15",
    "cp1252": "windows-1252",
}
"""libxml2's name of each character set that a Content-Type may name."""
