"""
SOAP requests: pure functions from values to an envelope.

An `Operation` is data: its name and its parameters in the contract's order. Its envelope is laid out once per
namespace and SOAP version; a call fills in escaped text. The answer is read by `client.wire.soap_answer`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import HttpRequest
from partnerlab.contracts.masking import MASK, is_secret

__all__ = ["ENVELOPES", "Operation", "Service", "SoapVersion", "build"]

SoapVersion = Literal["1.1", "1.2"]

ENVELOPES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}

_ODD = re.compile("[^\t\n !-%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # needs escaping, or is not XML
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_NAMESPACE = re.compile(r"[!#-%'-;=?-~]{1,255}")  # stands in a header and an attribute: nothing that needs escaping


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One operation of a service.

    `parameters` are the elements in the contract's order; `wrapper` is the element they stand in, below the
    operation's own (`Req` in CloudInvoicing), or empty.
    """

    name: str
    parameters: tuple[str, ...]
    wrapper: str = ""


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
class _Layout:
    headers: Mapping[str, str]
    head: str
    elements: tuple[tuple[str, str, str], ...]
    tail: str


def build(
    service: Service, operation: Operation, values: Sequence[str | None], *, secrets: tuple[str, ...] = ()
) -> HttpRequest:
    """
    The request of a call; *values* stand in the order of the operation's parameters, `None` leaves an element out.

    Raises `RequestInvalid`, naming the field, for a character that XML 1.0 cannot carry.
    """
    layout = _layout(service.namespace, service.version, operation)
    text = [layout.head]
    for (name, opening, closing), value in zip(layout.elements, values, strict=True):
        if value is not None:
            text += (opening, value if _ODD.search(value) is None else _escaped(name, value), closing)
    text.append(layout.tail)
    return HttpRequest(operation.name, service.url, layout.headers, "".join(text).encode(), secrets=secrets)


@lru_cache(maxsize=1024)
def _layout(namespace: str, version: SoapVersion, operation: Operation) -> _Layout:
    action = namespace + operation.name if namespace.endswith("/") else f"{namespace}/{operation.name}"
    if version == "1.1":
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
    else:
        headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
    opening = f'<{operation.name} xmlns="{namespace}">' + (f"<{operation.wrapper}>" if operation.wrapper else "")
    closing = (f"</{operation.wrapper}>" if operation.wrapper else "") + f"</{operation.name}>"
    return _Layout(
        headers=MappingProxyType(headers),
        head='<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{ENVELOPES[version]}"><soap:Body>{opening}',
        elements=tuple((name, f"<{name}>", f"</{name}>") for name in operation.parameters),
        tail=f"{closing}</soap:Body></soap:Envelope>",
    )


def _escaped(name: str, value: str) -> str:
    """*value* as element text. A carriage return is written as a reference, or a parser would make it a line feed."""

    def replacement(found: re.Match[str]) -> str:
        if found[0] in _ESCAPES:
            return _ESCAPES[found[0]]
        shown = MASK if is_secret(name) else value[:100]
        raise RequestInvalid(name, shown, f"XML cannot carry the character U+{ord(found[0]):04X}")

    return _ODD.sub(replacement, value)
