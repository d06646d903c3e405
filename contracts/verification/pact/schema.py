"""The types of a WSDL's elements, as far as messages need them: what each holds, and of which simple type it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from partnerlab.contracts.verification.wsdl import WSDL, XSD

__all__ = ["Element", "Types"]

NAMED = (f"{{{XSD}}}element", f"{{{XSD}}}complexType")


@dataclass(frozen=True, slots=True)
class Element:
    """An element: its name and namespace; `kind` is its simple type (`decimal`), empty where it holds `children`."""

    name: str
    namespace: str
    kind: str
    children: tuple[Element, ...]

    def child(self, name: str) -> Element:
        """One of its children. Raises `KeyError`."""
        for one in self.children:
            if one.name == name:
                return one
        raise KeyError(f"{self.name} has no {name}")


class Types:
    """The elements of the messages of a WSDL 1.1 document (document/literal)."""

    def __init__(self, wsdl: bytes) -> None:
        root = etree.fromstring(wsdl, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
        self._declared = {
            (one.tag, schema.get("targetNamespace", ""), one.get("name", "")): one
            for schema in root.iterfind(f"{{{WSDL}}}types/{{{XSD}}}schema")
            for one in schema
            if one.tag in NAMED
        }

    def element(self, tag: str) -> Element:
        """The element of a full tag, `{http://tempuri.org/}BalanceCheck`. Raises `KeyError`."""
        namespace, _, name = tag[1:].partition("}")
        return self._element(self._declared[NAMED[0], namespace, name], namespace, frozenset())

    def _element(self, row: etree._Element, namespace: str, above: frozenset[str]) -> Element:
        name = row.get("name", "")
        prefix, _, local = row.get("type", "").rpartition(":")
        uri = row.nsmap.get(prefix or None, "")
        if local and uri == XSD:
            return Element(name, namespace, local, ())
        if local in above:
            raise ValueError(f"{name}: {local} holds itself")
        inside = self._declared[NAMED[1], uri, local] if local else row.find(NAMED[1])
        children = tuple(self._children(inside, namespace, above | {local})) if inside is not None else ()
        return Element(name, namespace, "", children)

    def _children(self, row: etree._Element, namespace: str, above: frozenset[str]) -> Iterator[Element]:
        for one in row.iterfind(f"{{{XSD}}}sequence/{{{XSD}}}element"):
            yield self._element(one, namespace, above)
