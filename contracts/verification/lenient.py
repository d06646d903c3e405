"""
A JSON request as Invoice Cloud reads it: names in another case, and booleans and numbers in quotes, are what they say.

A contract says so by `x-lenient-requests: true` beside its `openapi`. What is read so is told under the rule
`spelling`, as a biller who reads strictly refuses it [A-54]; what is wrong beside that stays for the schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from partnerlab.contracts.masking import mask_text
from partnerlab.contracts.verification.findings import Finding
from partnerlab.contracts.verification.openapi import Document

__all__ = ["SPELLING", "as_it_is_read"]

SPELLING = "spelling"
"""The rule that is broken by what is read all the same."""
NUMBER = re.compile(r"[+-]?[0-9]{1,16}(?:\.[0-9]{1,9})?")
FLAGS = {"true": True, "false": False}


def as_it_is_read(document: Document, pointer: str, value: Any) -> tuple[Any, list[Finding]]:
    """The value of a request in the words of the schema at *pointer*, and what was spelt otherwise."""
    told: list[Finding] = []
    return _read(document, document.schema(pointer), value, (), told), told


def _read(
    document: Document, schema: Mapping[str, Any], value: Any, place: tuple[str, ...], told: list[Finding]
) -> Any:
    if isinstance(value, dict) and "properties" in schema:
        return _object(document, schema["properties"], value, place, told)
    if isinstance(value, list) and "items" in schema:
        items = document.resolved(schema["items"])
        return [_read(document, items, one, (*place, str(at)), told) for at, one in enumerate(value)]
    if isinstance(value, str):
        return _plain(schema, value, place, told)
    return value


def _object(
    document: Document,
    properties: Mapping[str, Any],
    value: Mapping[str, Any],
    place: tuple[str, ...],
    told: list[Finding],
) -> dict[str, Any]:
    by_lower_case = {name.lower(): name for name in reversed(list(properties))}
    found: dict[str, Any] = {}
    for given, inner in value.items():
        name = given if given in properties else by_lower_case.get(given.lower(), given)
        if name != given and (name in value or name in found):
            name = given  # the name stands there already: which of the two counts, is for the schema to refuse
        if name != given:
            told.append(Finding("request", SPELLING, "/".join((*place, name)), name, mask_text(given)))
        own = document.resolved(properties[name]) if name in properties else {}
        found[name] = _read(document, own, inner, (*place, name), told)
    return found


def _plain(schema: Mapping[str, Any], text: str, place: tuple[str, ...], told: list[Finding]) -> Any:
    """A text where a boolean or a number is asked for, as that; any other is given back."""
    types = schema.get("type", ())
    types = {types} if isinstance(types, str) else set(types)
    choices = schema.get("enum", ())
    read: Any = text
    if "string" in types or text in choices:
        return text
    if "boolean" in types:
        read = FLAGS.get(text.strip().lower(), text)
    elif NUMBER.fullmatch(text.strip()) and (types & {"integer", "number"} or any(_is_number(one) for one in choices)):
        number = Decimal(text.strip())
        read = int(number) if number == number.to_integral_value() else number
    if read is not text:
        expected = "true or false" if isinstance(read, bool) else "a number"
        told.append(Finding("request", SPELLING, "/".join(place), expected, f"{expected} as text"))
    return read


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
