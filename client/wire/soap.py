"""
SOAP requests: pure functions from values to an envelope.

An envelope is laid out once per operation, namespace and SOAP version; a call fills in escaped text. The answer is read
by `wire.soap_answer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import HttpRequest
from partnerlab.contracts.masking import MASK, is_secret
from partnerlab.contracts.records import dataclass

__all__ = ["ENVELOPES", "Elements", "Service", "SoapVersion", "build"]

SoapVersion = Literal["1.1", "1.2"]

ENVELOPES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}

_ODD = re.compile("[^\t\n !-%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # needs escaping, or is not XML
_odd = _ODD.search
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_NAMESPACE = re.compile(r"[!#-%'-;=?-~]{1,255}")  # stands in a header and an attribute: nothing that needs escaping


@dataclass(frozen=True, slots=True)
class Service:
    """Where a service is and how it is spoken to. Raises `RequestInvalid` for a namespace no header could carry."""

    url: str
    namespace: str
    version: SoapVersion = "1.1"

    def __post_init__(self) -> None:
        if self.version not in ENVELOPES:
            raise RequestInvalid("soap", self.version, "must be 1.1 or 1.2")
        if not _NAMESPACE.fullmatch(self.namespace):
            raise RequestInvalid("namespace", self.namespace[:100], "must be a URI in plain ASCII")


@dataclass(frozen=True, slots=True)
class Elements:
    """An array: elements of one name, each with a text."""

    item: str
    texts: Sequence[str]


def build(
    service: Service,
    operation: str,
    values: Mapping[str, object],
    *,
    wrapper: str = "",
    secrets: tuple[str, ...] = (),
) -> HttpRequest:
    """
    The request of a call; *values* are its elements by name, in the contract's order: texts, numbers or `Elements`.

    *wrapper* is the element that they stand in, below the operation's own (`Req` in CloudInvoicing). Raises
    `RequestInvalid`, naming the field, for a character that XML 1.0 cannot carry.
    """
    layout = _layout(service.namespace, service.version, operation, wrapper, tuple(values))
    contents = tuple(values.values())
    if not _are_plain(contents):
        contents = tuple(map(_content, values, contents))
    return HttpRequest(operation, service.url, layout.headers, (layout.envelope % contents).encode(), secrets=secrets)


@dataclass(frozen=True, slots=True)
class _Layout:
    """The headers, and the envelope with a `%s` for the content of each element."""

    headers: Mapping[str, str]
    envelope: str


@lru_cache(maxsize=1024)
def _layout(namespace: str, version: SoapVersion, operation: str, wrapper: str, elements: tuple[str, ...]) -> _Layout:
    action = namespace + operation if namespace.endswith("/") else f"{namespace}/{operation}"
    if version == "1.1":
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
    else:
        headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
    body = "".join(f"<{name}>%s</{name}>" for name in elements)
    if wrapper:
        body = f"<{wrapper}>{body}</{wrapper}>"
    namespace = namespace.replace("%", "%%")
    return _Layout(
        headers=MappingProxyType(headers),
        envelope='<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{ENVELOPES[version]}"><soap:Body>'
        f'<{operation} xmlns="{namespace}">{body}</{operation}></soap:Body></soap:Envelope>',
    )


def _are_plain(contents: Iterable[Any]) -> bool:
    """Whether all of them are texts that need no escaping; one search is faster than one for each."""
    try:
        return _odd("".join(contents)) is None
    except TypeError:  # a number or an array
        return False


def _content(name: str, value: object) -> str:
    """What stands in the element *name*."""
    if isinstance(value, Elements):
        return "".join(f"<{value.item}>{_escaped(value.item, item)}</{value.item}>" for item in value.texts)
    return _escaped(name, value) if isinstance(value, str) else str(value)


def _escaped(name: str, value: str) -> str:
    """*value* as element text. A carriage return is written as a reference, or a parser would make it a line feed."""

    def replacement(found: re.Match[str]) -> str:
        if found[0] in _ESCAPES:
            return _ESCAPES[found[0]]
        shown = MASK if is_secret(name) else value[:100]
        raise RequestInvalid(name, shown, f"XML cannot carry the character U+{ord(found[0]):04X}")

    return _ODD.sub(replacement, value)
