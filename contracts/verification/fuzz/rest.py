"""
What an operation's request may be, drawn from its OpenAPI document by Schemathesis: about half of what it draws is what
the schema says, and half is not.

Only its drawing is used. The requests go the run's own way, with its rate, budget, keys and evidence, and the checks
say what an answer may be.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from hypothesis import strategies as st

from partnerlab.contracts.data import read_yaml
from partnerlab.contracts.first_use import importing

__all__ = ["ORIGIN", "RestRequest", "only", "request_of", "requests", "requests_of"]

ORIGIN = "http://service.example"


@dataclass(frozen=True, slots=True)
class RestRequest:
    """A request as data, without its credential; `valid` says that the schema would take it."""

    operation: str
    method: str
    path: str
    content_type: str
    body: bytes
    valid: bool

    @property
    def described(self) -> str:
        """What it is, for a reader."""
        return f"{self.operation}, {'as the schema says' if self.valid else 'not as the schema says'}"


@cache
def requests(contract: str) -> Mapping[str, st.SearchStrategy[RestRequest]]:
    """The requests of each operation of a contract, a path below `contracts/`, by operationId."""

    return requests_of(read_yaml(contract))


def requests_of(document: Mapping[str, Any]) -> Mapping[str, st.SearchStrategy[RestRequest]]:
    """The requests of each operation of an OpenAPI document, by operationId."""
    with importing:
        import schemathesis
        from schemathesis.generation import GenerationMode

        from partnerlab.contracts.verification.strategies import content_info_formats

    for name, texts in content_info_formats().items():
        schemathesis.openapi.format(name, texts)
    schema = schemathesis.openapi.from_dict(dict(document))
    found = {}
    for result in schema.get_all_operations():
        operation = cast("Any", result).ok()
        name = operation.definition.raw["operationId"]
        drawn = [
            operation.as_strategy(generation_mode=mode).map(
                partial(request_of, operation=name, valid=mode is GenerationMode.POSITIVE)
            )
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        ]
        found[name] = st.one_of(drawn)
    return found


def only(contract: str, operations: Collection[str]) -> st.SearchStrategy[RestRequest]:
    """The requests of some of its operations. Raises `KeyError` where there is no such one."""
    known = requests(contract)
    return st.one_of([known[name] for name in sorted(operations)])


def request_of(case: Any, operation: str, *, valid: bool) -> RestRequest:
    """A case that Schemathesis drew, as data."""
    sent = case.as_transport_kwargs(base_url=ORIGIN)
    parts = urlsplit(sent["url"])
    headers = {key.lower(): str(value) for key, value in (sent.get("headers") or {}).items()}
    query = urlencode(sent.get("params") or {}, doseq=True) or parts.query
    path = parts.path + (f"?{query}" if query else "")
    return RestRequest(operation, sent["method"], path, headers.get("content-type", ""), _body(sent), valid)


def _body(sent: Mapping[str, Any]) -> bytes:
    if "json" in sent:
        return json.dumps(sent["json"]).encode()
    data = sent.get("data")
    if isinstance(data, Mapping):
        return urlencode(data, doseq=True, errors="replace").encode()
    return data if isinstance(data, bytes) else str(data or "").encode()
