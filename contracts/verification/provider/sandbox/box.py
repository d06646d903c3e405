"""A sandbox as checks see it: two OpenAPI documents, and a lane in which everything is tried."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from partnerlab.contracts.data import control_apis, read_bytes, read_yaml
from partnerlab.contracts.paths import at
from partnerlab.contracts.verification.findings import Verdict
from partnerlab.contracts.verification.fuzz.rest import RestRequest
from partnerlab.contracts.verification.grading import Failed, Problem, Suite
from partnerlab.contracts.verification.provider.exchange import Answered, Asked
from partnerlab.contracts.verification.provider.line import Line, Reply
from partnerlab.contracts.verification.provider.probe import Probe
from partnerlab.contracts.verification.rest import verdict

__all__ = [
    "OPERATIONS",
    "SUITE",
    "UNTRIED",
    "Box",
    "Interface",
    "Target",
    "lane_names",
    "operations_of",
    "pumps_document",
]

LANES = "/_sandbox/lanes"
NAMES_TRIED = 100
UNTRIED = ("listen", "prune")
"""An answer without an end, and what drops the lanes of others."""


@dataclass(frozen=True, slots=True)
class Target:
    """
    A sandbox by its origin. Everything is tried in a lane that the run makes: `lane`, with a number behind it where
    there is one of that name. `token` is what a sandbox asks for that others reach. `fuzz` is how many seconds of
    random requests there are, drawn from `fuzz_seed`.
    """

    url: str
    fuzz: float
    lane: str = "verify"
    token: str = ""
    fuzz_seed: int = 1


@dataclass(frozen=True, slots=True)
class Interface:
    """A service by its OpenAPI document, and the path below which it stands."""

    document: Mapping[str, Any]
    base: str
    check: Verdict


SUITE: Suite[Box] = Suite("sandbox", ("OWN-",))


class Box(Probe):
    """The sandbox behind a line."""

    def __init__(self, line: Line, target: Target) -> None:
        super().__init__(line)
        self.target = target
        self.lane = target.lane

    @cached_property
    def control(self) -> Interface:
        """The control API, by the document that the sandbox gives: it has those of all its simulators."""
        document = dict(self.get("/_sandbox/openapi.json", "default").answer.members)
        return Interface(document, "", verdict(json.dumps(document).encode()))

    @cached_property
    def pump(self) -> Interface:
        """The data pump's service."""
        document = pumps_document()
        return Interface(document, "/_pump", verdict(json.dumps(document).encode()))

    def get(self, path: str, lane: str) -> Reply:
        """GET a path in a lane."""
        return self.line.ask(Asked(path, "GET", f"{self.target.url}{path}", self.headers(lane)))

    def send(self, interface: Interface, request: RestRequest) -> Reply:
        """Send a drawn request."""
        typed = {"content-type": request.content_type} if request.content_type else {}
        url = f"{self.target.url}{interface.base}{request.path}"
        return self.line.ask(Asked(request.operation, request.method, url, {**self.headers(), **typed}, request.body))

    def headers(self, lane: str = "") -> dict[str, str]:
        """The lane's and the token's; a lane of another name for what must not make it."""
        token = {"authorization": f"Bearer {self.target.token}"} if self.target.token else {}
        return {"x-sandbox-lane": lane or self.lane, **token}

    def lanes(self) -> set[str]:
        """The names of its lanes; the run's own is not made by asking."""
        return lane_names(self.get(LANES, "default").answer)

    def make_lane(self) -> None:
        """Make a lane for the run, which is `lane` from now on. Raises `Failed` where the sandbox makes none."""
        for number in range(1, NAMES_TRIED + 1):
            self.lane = self.target.lane if number == 1 else f"{self.target.lane}-{number}"
            body = json.dumps({"name": self.lane}).encode()
            headers = {**self.headers("default"), "content-type": "application/json"}
            reply = self.line.ask(Asked("createLane", "POST", f"{self.target.url}{LANES}", headers, body))
            if reply.answer.status != 409:
                break
        if reply.answer.status != 201:
            raise Failed([Problem("a lane for the run", "status 201", str(reply.answer.status), reply.number)])

    def drop(self, lane: str) -> None:
        """Drop a lane."""
        url = self.target.url + at(LANES + "/{}", lane)
        self.line.ask(Asked("dropLane", "DELETE", url, self.headers("default")))


def lane_names(answer: Answered) -> set[str]:
    """The names in a list of lanes."""
    found = answer.members.get("lanes")
    return {str(row.get("name")) for row in found or () if isinstance(row, dict)}


def operations_of(document: Mapping[str, Any], wanted: Callable[[str, str], bool]) -> dict[str, Any]:
    """The document with those operations only whose method, in lower case, and operationId are *wanted*."""
    paths = {
        path: {
            name: member
            for name, member in item.items()
            if not (isinstance(member, dict) and "operationId" in member) or wanted(name, member["operationId"])
        }
        for path, item in document["paths"].items()
    }
    kept = {
        path: item
        for path, item in paths.items()
        if any("operationId" in one for one in item.values() if isinstance(one, dict))
    }
    return {**document, "paths": kept}


@cache
def pumps_document() -> Mapping[str, Any]:
    """The pump's document with the event's schema in it, which is a file of its own."""
    event = json.loads(read_bytes("datapump/event.schema.json"))
    text = json.dumps(read_yaml("datapump/openapi.yaml"))
    document: dict[str, Any] = json.loads(text.replace('"event.schema.json', '"#/components/schemas/AnEvent'))
    document["components"]["schemas"]["AnEvent"] = json.loads(
        json.dumps(event).replace('"#/', '"#/components/schemas/AnEvent/')
    )
    return document


def _operations() -> list[str]:
    documents = [read_yaml(f"{part}/control.yaml") for part in control_apis()]
    items = [item for one in (*documents, pumps_document()) for item in one["paths"].values()]
    members = [member for item in items for member in item.values() if isinstance(member, dict)]
    return sorted({one["operationId"] for one in members if "operationId" in one} - set(UNTRIED))


OPERATIONS = _operations()
