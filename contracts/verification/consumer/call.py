"""One call of a consumer, as the journal has it, with the values that stood in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from lxml import etree

from partnerlab.contracts.masking import MASK
from partnerlab.contracts.verification.findings import Finding
from partnerlab.contracts.verification.lenient import SPELLING

__all__ = ["CONNECT", "Call", "Values"]

CONNECT = "CloudSSO"
"""What the opening of a page by a token is called here; the journal has method and path."""
LOST = frozenset({"reset", "empty", "truncated", "drop-before-commit", "commit-then-drop", "commit-then-timeout"})
"""Faults after which a caller cannot know whether the call was carried out."""


class Values:
    """Named values of a message, in order; names match without regard to case, an empty text is a value."""

    def __init__(self, pairs: Iterator[tuple[str, str]]) -> None:
        self._by_name: dict[str, list[str]] = {}
        for name, value in pairs:
            self._by_name.setdefault(name.lower(), []).append(value)

    def get(self, name: str) -> str | None:
        """The first value of that name, None where there is none."""
        return next(iter(self._by_name.get(name.lower(), ())), None)

    def all(self, name: str) -> list[str]:
        """Every value of that name."""
        return self._by_name.get(name.lower(), [])


@dataclass(frozen=True)
class Call:
    """
    One exchange of the journal.

    `place` counts the calls of the record from 1; `number` and `id` are the journal's. `operation` is the contract's
    name, or method and path where there is none. `origin` is where it went, of a call that Invoice Cloud made, else
    empty. `findings` is None where the door has no contract; `kind` and `reason`
    are the journal's word for how the call was taken. Secrets are masked.
    """

    place: int
    number: int
    id: str
    at: datetime
    door: str
    operation: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    request: str
    request_bytes: int
    status: int
    answer: str
    answer_type: str
    duration_ms: float
    faults: tuple[str, ...]
    findings: tuple[Finding, ...] | None
    outcome: str
    kind: str
    reason: str
    origin: str = ""

    @classmethod
    def read(cls, place: int, entry: Mapping[str, Any]) -> Call:
        """An entry of the control API's journal as a call."""
        findings = entry["findings"]
        path: str = entry["path"]
        return cls(
            place=place,
            number=entry["number"],
            id=entry["id"],
            at=datetime.fromisoformat(entry["at"]),
            door=entry["door"],
            operation=CONNECT if path.lower().endswith("/cloudsso/connect") else entry["operation"],
            method=entry["method"],
            path=path,
            query=entry["query"],
            headers=entry["headers"],
            request=entry["request"],
            request_bytes=entry["request_bytes"],
            status=entry["status"],
            answer=entry["answer"],
            answer_type=entry["answer_type"],
            duration_ms=entry["duration_ms"],
            faults=tuple(entry["faults"]),
            findings=None if findings is None else tuple(Finding(**one) for one in findings),
            outcome=entry["outcome"],
            kind=entry["meaning"]["kind"],
            reason=entry["meaning"]["reason"],
            origin=entry["base_url"] if entry["direction"] == "out" else "",
        )

    @cached_property
    def sent(self) -> Values:
        """What the caller sent, query and body together."""
        return Values(_pairs(self.request, self.headers.get("content-type", ""), self.query))

    @cached_property
    def got(self) -> Values:
        """What it was answered."""
        return Values(_pairs(self.answer, self.answer_type, ""))

    @cached_property
    def document(self) -> Any:
        """The request's JSON, None where it is none."""
        try:
            return json.loads(self.request)
        except (ValueError, RecursionError):
            return None

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What in the request breaks the contract. What is only spelt otherwise counts where the call was refused."""
        return tuple(
            one
            for one in self.findings or ()
            if one.side == "request" and (one.rule != SPELLING or self.kind == "refused")
        )

    @property
    def spelt_otherwise(self) -> tuple[Finding, ...]:
        """What in the request is spelt otherwise than in the contract, and was understood all the same."""
        found = (one for one in self.findings or () if one.side == "request" and one.rule == SPELLING)
        return () if self.kind == "refused" else tuple(found)

    @property
    def whole(self) -> bool:
        """Whether the journal has all of the request; masks count for what they stand for."""
        return MASK in self.request or len(self.request.encode()) >= self.request_bytes

    @property
    def unanswered(self) -> bool:
        """Whether the caller cannot know what became of the call."""
        return self.kind == "unanswered" or not LOST.isdisjoint(self.faults)

    @property
    def refused(self) -> bool:
        """Whether the service said no; where it failed itself, it said nothing."""
        return self.kind == "refused"

    @property
    def done(self) -> bool:
        """Whether the service did it, and the caller was told so."""
        return self.kind == "accepted" and not self.unanswered


def _pairs(text: str, content_type: str, query: str) -> Iterator[tuple[str, str]]:
    yield from parse_qsl(query, keep_blank_values=True)
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/x-www-form-urlencoded":
        yield from parse_qsl(text, keep_blank_values=True)
    elif "json" in media_type or text[:1] in "{[":
        try:
            yield from _json_leaves("", json.loads(text))
        except (ValueError, RecursionError):
            return
    elif "xml" in media_type or text[:1] == "<":
        yield from _xml_leaves(text)


def _json_leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _json_leaves(key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _json_leaves(name, inner)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is not None:
        yield name, str(value)


def _xml_leaves(text: str) -> Iterator[tuple[str, str]]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return
    for element in root.iter(etree.Element):
        if not len(element):
            yield etree.QName(element).localname, element.text or ""
