"""
A recorded body for a reader: indented, and beside each of its elements what the contract says of it and what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from lxml import etree

from partnerlab.console.contract_rows import ContractRow, row_of
from partnerlab.contracts.doors import doors

__all__ = ["Body", "Element", "shown"]

MOST_ELEMENTS = 500
MOST_DEPTH = 40
KEPT_BYTES = 64 * 1024
"""Of a longer body the journal has only the beginning."""


@dataclass(frozen=True, slots=True)
class Element:
    """One name and value of a body, `depth` levels in; `row` is the contract's word on it."""

    name: str
    value: str
    depth: int
    row: ContractRow | None = None
    findings: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Body:
    """A body: its text indented, its elements where it can be taken apart, findings that fit none of them."""

    kind: str
    text: str
    elements: list[Element]
    bytes: int
    whole: bool
    findings: list[Mapping[str, Any]]


def shown(entry: Mapping[str, Any], side: str) -> Body:
    """The request or response of a journal entry."""
    text: str = entry["request" if side == "request" else "answer"]
    length: int = entry["request_bytes" if side == "request" else "answer_bytes"]
    content_type = entry["headers"].get("content-type", "") if side == "request" else entry["answer_type"]
    kind, pretty, parts = _taken_apart(text, content_type)
    findings = [finding for finding in entry["findings"] or () if finding["side"] == side]
    contract = doors().get(entry["door"], "")
    elements: list[Element] = []
    placed: list[int] = []
    for path, value in parts:
        row = row_of(contract, entry["operation"], side, tuple(path)) if contract else None
        mine = [(at, one) for at, one in enumerate(findings) if _is_of(one["where"], path)]
        placed += [at for at, _ in mine]
        elements.append(Element(path[-1], value, len(path) - 1, row, [one for _, one in mine]))
    rest = [one for at, one in enumerate(findings) if at not in placed]
    return Body(kind, pretty, elements, length, length <= KEPT_BYTES and bool(text) == bool(length), rest)


def _is_of(where: str, path: list[str]) -> bool:
    """Whether a finding's place is an element's: the same names at the end, without regard to positions."""
    names = [part.partition("[")[0] for part in where.partition(",")[0].replace(".", "/").split("/") if part]
    return bool(names) and names[-len(path) :] == path[-len(names) :] and names[-1] == path[-1]


def _taken_apart(text: str, content_type: str) -> tuple[str, str, list[tuple[list[str], str]]]:
    """Kind, indented text, and each element's path and value."""
    start = text.lstrip()[:1]
    try:
        if start == "<" and "html" not in content_type:
            root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
            etree.indent(root)
            return "XML", etree.tostring(root, encoding="unicode"), list(_xml(root))
        if start in ("{", "["):
            value = json.loads(text)
            return "JSON", json.dumps(value, indent=2, ensure_ascii=False), list(_json(value, []))
    except (etree.XMLSyntaxError, ValueError, RecursionError):
        return "not well-formed", text, []
    if content_type.startswith("application/x-www-form-urlencoded") and text:
        pairs = parse_qsl(text, keep_blank_values=True)[:MOST_ELEMENTS]
        lines = "\n".join(f"{name} = {value}" for name, value in pairs)
        return "form", lines, [([name], value) for name, value in pairs]
    return ("text" if text else "empty"), text, []


def _xml(root: etree._Element) -> Iterator[tuple[list[str], str]]:
    """The elements below the SOAP body, else below the root."""
    body = next((one for one in root if _local(one) == "Body"), None)
    waiting = [(one, [_local(one)]) for one in (body if body is not None else [root])]
    count = 0
    while waiting and count < MOST_ELEMENTS:
        one, path = waiting.pop(0)
        count += 1
        yield path, (one.text or "").strip() if not len(one) else ""
        if len(path) < MOST_DEPTH:
            waiting[:0] = [(child, [*path, _local(child)]) for child in one if isinstance(child.tag, str)]


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _json(value: Any, path: list[str]) -> Iterator[tuple[list[str], str]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for count, (name, one) in enumerate(members):
        here = [*path, str(name)]
        if count == MOST_ELEMENTS or len(here) > MOST_DEPTH:
            return
        if isinstance(one, dict | list):
            yield here, "" if one else json.dumps(one)
            yield from _json(one, here)
        else:
            yield here, one if isinstance(one, str) else json.dumps(one)
