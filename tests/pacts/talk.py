"""One interaction of a pact: the production client's own request, and an answer of what it reads of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pact import Pact

from partnerlab.client.http.call import Call
from partnerlab.contracts.verification.pact.rules import Rules

__all__ = ["Talk", "Told", "add_talk", "add_told"]

SPECIFICATION = "V4"


@dataclass(frozen=True, slots=True)
class Talk:
    """
    *call* makes the client's call to a service at that origin. *request_rules* and *answer_rules* are the rules of the
    values, *answer* the body; *expect* raises where the client did not read what the answer says.
    """

    consumer: str
    provider: str
    description: str
    state: str
    requirements: tuple[str, ...]
    call: Callable[[str], Call[Any]]
    request_rules: Rules
    answer: str
    answer_rules: Rules
    expect: Callable[[Any], None]
    content_type: str = "text/xml"
    status: int = 200
    parameters: Mapping[str, str] = field(default_factory=dict)
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A message: *read* is the consumer's own reading of it."""

    consumer: str
    provider: str
    description: str
    state: str
    requirements: tuple[str, ...]
    content: Mapping[str, Any]
    rules: Rules
    read: Callable[[Any], Any]


def add_talk(pact: Pact, talk: Talk) -> Call[Any]:
    """Add the interaction to a pact; the call that it is about, to a service at `http://provider.example`."""
    call = talk.call("http://provider.example")
    request = call.request
    parts = urlsplit(request.url)
    made = pact.upon_receiving(talk.description).given(talk.state, dict(talk.parameters))
    for id in talk.requirements:
        made.add_external_reference("requirement", id, f"docs/reference/requirements.md#{id.lower()}")
    made.with_request(request.method, parts.path)
    for name, value in request.headers.items():
        if name.lower() in ("soapaction", "authorization", "accept"):
            made.with_header(name, value)
    if request.content:
        made.with_body(request.content.decode(), content_type=request.headers["Content-Type"])
    if talk.request_rules:
        made.with_matching_rules(json.dumps({"body": talk.request_rules}))
    made.will_respond_with(talk.status)
    made.with_body(talk.answer, content_type=talk.content_type)
    if talk.answer_rules:
        made.with_matching_rules(json.dumps({"body": talk.answer_rules}))
    return call


def add_told(pact: Pact, told: Told) -> None:
    """Add the message to a pact."""
    made = pact.upon_receiving(told.description, "Async").given(told.state)
    for id in told.requirements:
        made.add_external_reference("requirement", id, f"docs/reference/requirements.md#{id.lower()}")
    made.with_body(json.dumps(told.content), content_type="application/json")
    made.with_matching_rules(json.dumps({"body": told.rules}))
