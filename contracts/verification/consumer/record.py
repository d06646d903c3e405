"""What a lane's journal has of one role: read piece by piece, and asked by the checks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from partnerlab.contracts.paths import at
from partnerlab.contracts.verification.consumer.call import Call
from partnerlab.contracts.verification.consumer.control import Control, Refused
from partnerlab.contracts.verification.grading.checks import NotExercised
from partnerlab.contracts.verification.grading.model import Exchange, Problem

if TYPE_CHECKING:
    from partnerlab.contracts.verification.consumer.postbacks import Tried

__all__ = ["Reader", "Record", "evidence", "problem", "repeated"]

PAGE = 1_000
POSTBACK = "postback"
TIMES = 50
"""So many problems of one kind are kept: more say nothing new."""


class Record:
    """
    The calls of a role in the order they came, and what else a check may ask.

    `billers` are the lane's; `of_others` are calls that name another partner's. `posted_back` are the postbacks that
    Invoice Cloud sent the partner of itself, `postbacks` those that the run sent, by kind, None where it sent none.
    `looked_at` are the places of the calls that the check under way asked for, in order.
    """

    def __init__(self, partner: str, billers: Sequence[Mapping[str, Any]] = ()) -> None:
        self.partner, self.billers = partner, billers
        self.calls: list[Call] = []
        self.of_others: list[Call] = []
        self.posted_back: list[Call] = []
        self.looked_at: dict[int, None] = {}
        self.postbacks: Mapping[str, Tried] | None = None

    @property
    def biller(self) -> Mapping[str, Any]:
        """The partner's biller, empty where the lane has none."""
        return next((one for one in self.billers if one["partner"] == self.partner), {})

    def of(self, operations: Collection[str]) -> list[Call]:
        """The calls of these operations."""
        found = [one for one in self.calls if one.operation in operations]
        self.look_at(found)
        return found

    def some(self, operations: Collection[str]) -> list[Call]:
        """The calls of these operations, as `of` has them. Raises `NotExercised` where there is none."""
        found = self.of(operations)
        if not found:
            raise NotExercised(f"no call of {' or '.join(operations)} was seen")
        return found

    def look_at(self, calls: Collection[Call]) -> None:
        """Keep these as what a check looked at."""
        self.looked_at.update(dict.fromkeys(one.place for one in calls))


class Reader:
    """
    Reads a lane's journal on from where it stopped into a record.

    *concerns* says of an entry, which has no headers and bodies yet, whether it is the role's; *caller* keeps the calls
    of those whose User-Agent holds it. Calls that name another partner's biller are left out, and
    those that the sandbox made to itself: its data pump's, its requests for balances.
    """

    def __init__(
        self,
        control: Control,
        record: Record,
        concerns: Callable[[Mapping[str, Any]], bool],
        caller: str = "",
    ) -> None:
        self._control, self._record, self._concerns, self._caller = control, record, concerns, caller
        self._since = 0

    def read(self) -> list[Call]:
        """What came since the last time, added to the record. Raises as `Control`."""
        added: list[Call] = []
        while True:
            page = self._control.get("/_sandbox/journal", since=self._since, direction="in", limit=PAGE)["entries"]
            for entry in page:
                self._since = entry["number"]
                if self._concerns(entry):
                    call = Call.read(
                        len(self._record.calls) + 1, self._control.get(at("/_sandbox/journal/{}", entry["id"]))
                    )
                    if self._is_ours(call):
                        self._record.calls.append(call)
                        added.append(call)
                    elif not self._is_of_ours(call):
                        self._record.of_others.append(call)
            if len(page) < PAGE:
                return added

    def finish(self) -> None:
        """
        Drop what the sandbox itself turns out to have called, which is noted only after the call, and read what Invoice
        Cloud posted back.
        """
        outward: list[Mapping[str, Any]] = []
        while True:
            since = outward[-1]["number"] if outward else 0
            page = self._control.get("/_sandbox/journal", since=since, direction="out", limit=PAGE)["entries"]
            outward += page
            if len(page) < PAGE:
                break
        own = {entry["peer"] for entry in outward}
        kept = [call for call in self._record.calls if call.id not in own]
        self._record.calls[:] = [replace(call, place=place) for place, call in enumerate(kept, 1)]
        for entry in outward:
            if entry["door"] == POSTBACK:
                place = len(self._record.calls) + len(self._record.posted_back) + 1
                call = Call.read(place, self._control.get(at("/_sandbox/journal/{}", entry["id"])))
                if self._is_of_ours(call):
                    self._record.posted_back.append(call)

    def _is_ours(self, call: Call) -> bool:
        if self._caller and self._caller.lower() not in call.headers.get("user-agent", "").lower():
            return False
        return self._is_of_ours(call)

    def _is_of_ours(self, call: Call) -> bool:
        """Whether a call names no other partner's biller."""
        named = (call.sent.get("BillerGUID") or "").lower()
        others = {
            one["guid"].lower() for one in self._record.billers if one["partner"] != self._record.biller.get("partner")
        }
        return not self._record.biller or named not in others


def problem(call: Call, where: str, expected: str, received: str) -> Problem:
    """What is wrong with a call; the journal's id leads there too."""
    return Problem(f"{call.operation}, {where} (journal {call.id})", expected, received, call.place)


def repeated(control: Control, call: Call) -> str:
    """A call as a curl command; empty where the journal has only a part of it."""
    try:
        found: str = control.get(at("/_sandbox/journal/{}/as/curl", call.id))["text"]
    except Refused:
        return ""
    return found


def evidence(control: Control, call: Call) -> Exchange:
    """A call as a report shows it."""
    target = f"{call.path}?{call.query}" if call.query else call.path
    return Exchange(
        number=call.place,
        label=call.operation,
        method=call.method,
        url=f"{call.origin or control.url}{target}",
        request_headers=dict(call.headers) if call.origin else {**call.headers, "x-sandbox-lane": control.lane},
        request_body=call.request,
        status=call.status,
        response_headers={"content-type": call.answer_type, "x-sandbox-request": call.id},
        response_body=call.answer,
        error=f"the fault {', '.join(call.faults)} struck it" if call.unanswered else "",
        elapsed_ms=round(call.duration_ms),
        curl="",
    )
