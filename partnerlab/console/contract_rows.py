"""What the contract says of one element of a message: its type, whether it must be there, and its description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lxml import etree

from partnerlab.contracts.data import read_bytes, read_yaml

__all__ = ["ContractRow", "row_of"]

_XSD = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True, slots=True)
class ContractRow:
    """`type` in the contract's words (`decimal`, `string, at most 20`); `text` is its description."""

    type: str
    required: bool
    text: str = ""


def row_of(contract: str, operation: str, side: str, path: tuple[str, ...]) -> ContractRow | None:
    """The row of the element at *path* of a request or response; None where the contract has no such element."""
    if contract.endswith(".wsdl"):
        return _wsdl(contract).get(path[-2:] if len(path) > 1 else ("", *path))
    return _openapi(contract, operation, side).get(tuple(part for part in path if not part.isdigit()))


@cache
def _wsdl(contract: str) -> Mapping[tuple[str, ...], ContractRow]:
    """Elements of the schema by the name of what they stand in, and their own."""
    root = etree.fromstring(read_bytes(contract), etree.XMLParser(resolve_entities=False, no_network=True))
    types = {one.get("name"): one for one in root.iter(f"{_XSD}complexType") if one.get("name")}
    found: dict[tuple[str, ...], ContractRow] = {}
    for schema in root.iter(f"{_XSD}schema"):
        for element in schema.iterchildren(f"{_XSD}element"):
            name = element.get("name") or ""
            found["", name] = ContractRow("operation", required=True, text=_documentation(element))
            _members(name, element, types, found, set())
    return found


def _members(
    parent: str,
    holder: etree._Element,
    types: Mapping[str | None, etree._Element],
    found: dict[tuple[str, ...], ContractRow],
    seen: set[str],
) -> None:
    for element in holder.iterfind(f".//{_XSD}sequence/{_XSD}element"):
        name, kind = element.get("name") or "", (element.get("type") or "").rpartition(":")[2]
        many = ", repeated" if element.get("maxOccurs") not in (None, "1") else ""
        row = ContractRow((kind or "group") + many, element.get("minOccurs") != "0", _documentation(element))
        found[parent, name] = row
        if kind in types and f"{parent}/{name}" not in seen:
            seen.add(f"{parent}/{name}")
            _members(name, types[kind], types, found, seen)


def _documentation(element: etree._Element) -> str:
    text = element.findtext(f"{_XSD}annotation/{_XSD}documentation") or ""
    return " ".join(text.split())


@cache
def _document(contract: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = read_yaml(contract)
    return document


@cache
def _openapi(contract: str, operation: str, side: str) -> Mapping[tuple[str, ...], ContractRow]:
    """Properties of an operation's request or answers by their path."""
    document = _document(contract)
    found: dict[tuple[str, ...], ContractRow] = {}
    for said in _operations(document["paths"]):
        if said.get("operationId") == operation:
            holders = [said.get("requestBody", {})] if side == "request" else list(said["responses"].values())
            for holder in holders:
                for media in _resolved(document, holder).get("content", {}).values():
                    _properties(document, media.get("schema", {}), (), found)
    return found


def _operations(paths: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The operations at these paths, and those that they call back."""
    for item in paths.values():
        for said in item.values():
            if isinstance(said, dict):
                yield said
                for callback in said.get("callbacks", {}).values():
                    yield from _operations(callback)


def _properties(
    document: Mapping[str, Any], schema: Any, path: tuple[str, ...], found: dict[tuple[str, ...], ContractRow]
) -> None:
    schema = _resolved(document, schema)
    if len(path) > 12 or not isinstance(schema, dict):
        return
    for part in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        _properties(document, part, path, found)
    if "items" in schema:
        _properties(document, schema["items"], path, found)
    required = schema.get("required", ())
    for name, node in schema.get("properties", {}).items():
        one = _resolved(document, node)
        if (*path, name) not in found:
            found[*path, name] = ContractRow(_type(one), name in required, " ".join(one.get("description", "").split()))
            _properties(document, one, (*path, name), found)


def _resolved(document: Mapping[str, Any], node: Any) -> Any:
    for _ in range(10):
        if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
            break
        place: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        node = place
    return node


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "")
    words = [" or ".join(kind) if isinstance(kind, list) else kind or ("one of" if "enum" in schema else "value")]
    if "format" in schema:
        words.append(schema["format"])
    if "enum" in schema:
        words.append(" | ".join(map(str, schema["enum"][:6])))
    if "maxLength" in schema:
        words.append(f"at most {schema['maxLength']}")
    return ", ".join(words)
