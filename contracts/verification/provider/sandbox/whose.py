"""Whose lane a drawn request would change: none but the run's own, and those that the run makes, may be."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from partnerlab.contracts.verification.provider.sandbox.box import LANES, lane_names

if TYPE_CHECKING:
    from partnerlab.contracts.verification.fuzz.rest import RestRequest
    from partnerlab.contracts.verification.provider.exchange import Answered

__all__ = ["Whose"]

_DELIVERY = re.compile(r"(/deliveries/)([^/?]+)(/.*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(slots=True)
class Whose:
    """The run's `own` lane, the lanes of `others`, and those that requests of the run `named`."""

    own: str
    others: set[str]
    named: set[str] = field(default_factory=set)

    def aimed(self, request: RestRequest) -> RestRequest | None:
        """The request as it may be sent: what it would do to another's delivery it does in the run's own lane."""
        if request.method == "GET":
            return request
        names = _lanes(request)
        if not names.isdisjoint(self.others):
            return None
        self.named |= names
        if found := _DELIVERY.fullmatch(request.path):
            id = f"{self.own}:{unquote(found[2]).rpartition(':')[2]}"
            return replace(request, path=f"{found[1]}{quote(id, safe='')}{found[3]}")
        if request.operation == "submitEvent" and _in_a_lane(event := _members(request.body)):
            return replace(request, body=json.dumps({**event, "lane": self.own}).encode())
        return request

    def told(self, request: RestRequest, answer: Answered) -> None:
        """Lanes that others made meanwhile are theirs."""
        if request.operation == "listLanes":
            self.others |= lane_names(answer) - self.named - {self.own}

    def to_drop(self, there: set[str]) -> set[str]:
        """Which of the lanes that are there came of the run."""
        return there & (self.named | {self.own}) - self.others


def _lanes(request: RestRequest) -> set[str]:
    """The lanes that a request names in its path, makes or replaces."""
    if not request.path.startswith(LANES):
        return set()
    name = unquote(request.path.removeprefix(LANES).removeprefix("/").partition("/")[0].partition("?")[0])
    members = _members(request.body)
    made = members.get("to") if request.operation == "forkLane" else members.get("name")
    return {one for one in (name, made) if isinstance(one, str) and one}


def _in_a_lane(event: Mapping[str, Any]) -> bool:
    lane = event.get("lane", "default")
    return bool(event) and isinstance(lane, str) and _NAME.fullmatch(lane) is not None


def _members(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
