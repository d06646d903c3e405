"""
Matching rules of Pact for the values in a message, made from its contract.

Pact's own helpers for XML know no namespaces and form bodies take no matchers, so the rules are written by path: in XML
by the full names of the elements, `$['{uri}:Envelope']…['#text']`, in a form by the field, `$.amount[0]`. A rule whose
path fits nothing is accepted by Pact in silence; these are drawn from the example itself, so that each fits one place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from lxml import etree

from partnerlab.contracts.data import read_toml
from partnerlab.contracts.verification.openapi import Document
from partnerlab.contracts.verification.pact.schema import Element, Types

__all__ = ["KINDS", "MONEY", "Rules", "content_info_pattern", "form_rules", "json_rules", "xml_rules"]

Rules = dict[str, dict[str, Any]]
"""By path, as a pact file has them."""

KINDS: Mapping[str, str] = {
    "string": r"[\s\S]+",
    "int": r"[+-]?[0-9]{1,10}",
    "decimal": r"[+-]?[0-9]{1,15}(\.[0-9]{1,4})?",
    "boolean": "true|false|1|0",
    "dateTime": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?",
    "base64Binary": r"[A-Za-z0-9+/=\s]*",
}
"""What a value of each simple type of XML Schema looks like as a whole."""
MONEY = r"[+-]?[0-9]{1,15}\.[0-9]{2}"
"""A decimal that is money has two decimals wherever it is sent (Details, notes on amounts)."""
READ_MONEY = r"[+-]?([0-9]{1,15}(\.[0-9]{0,2}0*)?|\.[0-9]{1,2}0*)"
"""Read, it may have fewer, and zeros behind: a service that writes 125.5 or 125.5000 for 125.50 is understood."""
MEANT = {"true": "true|1", "false": "false|0"}
"""A boolean that is *exact* is compared by what it means, as XML Schema has two words for each."""


def xml_rules(types: Types, message: bytes, exact: Collection[str] = frozenset(), *, money: str = READ_MONEY) -> Rules:
    """
    A rule for each value of an envelope's body by its type in the WSDL; what is *exact* by name is compared as it is.
    *money* is what an amount must look like.

    Raises `KeyError` for an element that the WSDL does not have.
    """
    root = etree.fromstring(message, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    body = next(child for child in root if etree.QName(child).localname == "Body")
    found: Rules = {}
    for content in body:
        if etree.QName(content).localname != "Fault":
            start = f"${_step(root)}{_step(body)}{_step(content)}"
            found.update(_element_rules(types.element(str(content.tag)), content, start, exact, money))
    return found


def _element_rules(
    declared: Element, element: etree._Element, path: str, exact: Collection[str], money: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    if declared.kind:
        if declared.kind == "boolean" and declared.name in exact and element.text:
            yield f"{path}['#text']", _regex(MEANT[element.text])
        elif declared.name not in exact and element.text:
            yield f"{path}['#text']", _regex(money if _is_money(declared, element.text) else KINDS[declared.kind])
        return
    for child in element:
        name = etree.QName(child).localname
        yield from _element_rules(declared.child(name), child, f"{path}{_step(child)}", exact, money)


def _is_money(declared: Element, text: str) -> bool:
    return declared.kind == "decimal" and re.fullmatch(MONEY, text) is not None


def _step(element: etree._Element) -> str:
    name = etree.QName(element)
    return f"['{name.namespace}:{name.localname}']" if name.namespace else f"['{name.localname}']"


def form_rules(patterns: Mapping[str, str], body: str) -> Rules:
    """A rule for each field of a form that has a pattern. Raises `KeyError` where the example has no such field."""
    fields = dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True))
    for name in patterns:
        if name not in fields:
            raise KeyError(f"the example has no field {name}")
    return {f"$.{name}[0]": _regex(pattern) for name, pattern in patterns.items()}


def content_info_pattern(format: str, *, optional: bool = False) -> str:
    """
    The regular expression of a `contentInfo` as it is sent, from the grammar; with the *optional* parts where asked.

    Raises `KeyError` for an unknown format.
    """
    grammar = read_toml("tccs_rest/content_info.toml")
    row = {one["name"]: one for one in grammar["format"]}[format]
    parts = [*row["parts"], *(row["optional"] if optional else [])]
    return "".join(_part(grammar["field"], part) for part in parts)


def _part(fields: Mapping[str, Any], part: str) -> str:
    if part not in fields:
        return re.escape(part)
    field = fields[part]
    return f"(?:{'|'.join(map(re.escape, field['words'])) if 'words' in field else field['pattern']})"


def json_rules(document: Document, pointer: str, example: Any, exact: Collection[str] = frozenset()) -> Rules:
    """
    A rule for each value of a JSON *example*, by the schema at *pointer*: its type, for a text its pattern too; what is
    *exact* by name is compared as it is.

    Raises `KeyError` for a member that the schema does not have.
    """
    return dict(_json_rules(document, document.schema(pointer), example, "$", exact))


def _json_rules(
    document: Document, schema: Mapping[str, Any], value: Any, path: str, exact: Collection[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        properties = _properties(document, schema, value)
        for name, inside in value.items():
            if name not in exact:
                row = document.resolved(properties[name])
                yield from _json_rules(document, row, inside, f"{path}['{name}']", exact)
    elif isinstance(value, list):
        items = document.resolved(schema.get("items", {}))
        yield path, {"combine": "AND", "matchers": [{"match": "type", "min": 1}]}
        for inside in value[:1]:
            yield from _json_rules(document, items, inside, f"{path}[*]", exact)
    elif "const" in schema or "enum" in schema or value is None:
        return  # compared as it is
    elif isinstance(value, bool):
        yield path, {"combine": "AND", "matchers": [{"match": "boolean"}]}
    elif isinstance(value, (int, float)):
        kind = "integer" if schema.get("type") == "integer" else "number"
        yield path, {"combine": "AND", "matchers": [{"match": kind}]}
    elif pattern := schema.get("pattern"):
        yield path, _regex(pattern.removeprefix("^").removesuffix("$"))
    else:
        yield path, {"combine": "AND", "matchers": [{"match": "type"}]}


def _properties(document: Document, schema: Mapping[str, Any], value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The members of an object, of the alternative that has all of *value*'s."""
    for one in (schema, *(document.resolved(row) for row in (*schema.get("oneOf", ()), *schema.get("allOf", ())))):
        properties: Mapping[str, Any] = one.get("properties", {})
        if value.keys() <= properties.keys():
            return properties
    raise KeyError(f"no alternative of the schema has {', '.join(value)}")


def _regex(pattern: str) -> dict[str, Any]:
    return {"combine": "AND", "matchers": [{"match": "regex", "regex": pattern}]}
