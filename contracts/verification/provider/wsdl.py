"""A WSDL as a provider serves it: read as far as it can be, and held beside the contract's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from partnerlab.contracts.verification.findings import Finding
from partnerlab.contracts.verification.provider.exchange import Answered
from partnerlab.contracts.verification.wsdl import SOAP11, SOAP12, WSDL, XSD

__all__ = ["Served", "differences", "served"]

HTTP = "http://schemas.xmlsoap.org/wsdl/http/"
PORTS = {SOAP11: "SOAP 1.1", SOAP12: "SOAP 1.2", HTTP: "HTTP POST"}
Member = tuple[str, str]
"""A name, and its type in local names (`int`), or the members of it in brackets."""


@dataclass(frozen=True, slots=True)
class Served:
    """
    What a WSDL says.

    `operations` are the request's and the result's members by operation; `ports` the addresses by kind of port.
    """

    namespace: str
    operations: Mapping[str, tuple[tuple[Member, ...], tuple[Member, ...]]]
    ports: Mapping[str, str]


def served(answer: Answered) -> Served | None:
    """The WSDL in an answer, or None where there is none."""
    return read(answer.body)


def read(document: bytes) -> Served | None:
    """A WSDL 1.1 document, or None where it is none."""
    try:
        root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root.tag != f"{{{WSDL}}}definitions":
        return None
    schema = root.find(f"{{{WSDL}}}types/{{{XSD}}}schema")
    elements: dict[str, etree._Element] = {}
    types: dict[str, etree._Element] = {}
    for one in () if schema is None else schema:
        if isinstance(one.tag, str):
            (elements if one.tag.endswith("}element") else types)[one.get("name", "")] = one
    names = dict.fromkeys(
        operation.get("name", "") for operation in root.iterfind(f"{{{WSDL}}}portType/{{{WSDL}}}operation")
    )
    operations = {
        name: (_members(elements.get(name), types), _result(elements.get(f"{name}Response"), types)) for name in names
    }
    return Served(root.get("targetNamespace", ""), operations, dict(_ports(root)))


def differences(contract: Served, found: Served, exchange_of: str = "WSDL") -> Iterator[Finding]:
    """In what a served WSDL differs from the contract's. What it has beside that is its own affair."""
    for name, (request, result) in contract.operations.items():
        if name not in found.operations:
            near = [one for one in found.operations if one.lower() == name.lower()]
            yield Finding("response", "operation", exchange_of, name, near[0] if near else "no such operation")
            continue
        for side, wanted, have in zip(("request", "result"), (request, result), found.operations[name], strict=True):
            if wanted != have:
                yield Finding("response", side, f"{exchange_of}, {name}", _shown(wanted), _shown(have))


def _members(element: etree._Element | None, types: Mapping[str, etree._Element]) -> tuple[Member, ...]:
    if element is None:
        return ()
    kind = element.get("type", "")
    complex = types.get(_local(kind)) if kind else element.find(f"{{{XSD}}}complexType")
    if complex is None:
        return ()
    return tuple(
        (one.get("name", ""), _type(one, types)) for one in complex.iterfind(f"{{{XSD}}}sequence/{{{XSD}}}element")
    )


def _type(element: etree._Element, types: Mapping[str, etree._Element]) -> str:
    inner = _members(element, types)
    return f"({_shown(inner)})" if inner else _local(element.get("type", ""))


def _result(response: etree._Element | None, types: Mapping[str, etree._Element]) -> tuple[Member, ...]:
    """The members of the result, which is the response's one element."""
    if response is None:
        return ()
    complex = response.find(f"{{{XSD}}}complexType")
    first = None if complex is None else complex.find(f"{{{XSD}}}sequence/{{{XSD}}}element")
    return _members(first, types)


def _ports(root: etree._Element) -> Iterator[tuple[str, str]]:
    for address in root.iterfind(f"{{{WSDL}}}service/{{{WSDL}}}port/*"):
        if isinstance(address.tag, str) and address.tag.endswith("}address"):
            kind = PORTS.get(etree.QName(address).namespace or "")
            if kind is not None:
                yield kind, address.get("location", "")


def _shown(members: tuple[Member, ...]) -> str:
    return ", ".join(f"{name} {kind}".strip() for name, kind in members) or "nothing"


def _local(name: str) -> str:
    return name.rpartition(":")[2]
