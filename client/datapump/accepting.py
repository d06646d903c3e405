"""What becomes of an event that is handed in: accepted, a duplicate, or in conflict with what its id said before."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from partnerlab.client.datapump.events import Event, parse_event, render_event
from partnerlab.client.datapump.gate import LaneClosed, LaneGate
from partnerlab.client.datapump.pruning import digest
from partnerlab.client.datapump.store import DeliveryStore, Handed
from partnerlab.client.datapump.writing import Known, Writing
from partnerlab.client.errors import ClientError
from partnerlab.client.inhance.rules import plain_account_number

__all__ = ["EventConflict", "Receipt", "accept"]


class EventConflict(ClientError):
    """An event of this id was accepted before, and said something else."""

    def __init__(self, id: str, fields: Sequence[str]) -> None:
        self.id, self.fields = id, tuple(fields)
        super().__init__(
            f"event {id} was accepted before with other content: {', '.join(fields) or 'it is over and was pruned'}; an"
            " event never changes, so a new one needs an id of its own"
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an event: `status` is `accepted`, or `duplicate` where it had been accepted before."""

    id: str
    status: str


def accept(
    store: DeliveryStore, writing: Writing, gate: LaneGate, event: Event, still: Callable[[], bool] | None = None
) -> Receipt:
    """
    Write an event down and queue it, in one transaction.

    *still* is asked while nobody can reset the lane: whether the event is there still. Raises `EventConflict` where its
    id was used for something else, `LaneClosed` where its lane takes nothing now, or was reset since it was read.
    """
    document = render_event(event)
    handed = Handed(
        event.lane,
        event.id,
        event.kind,
        event.biller_guid,
        event.account_number,
        json.dumps(document, ensure_ascii=False, sort_keys=True),
    )
    if not gate.enter(event.lane):
        raise LaneClosed(event.lane)
    try:
        writing.accept(handed, still)
    except Known:
        return _known_receipt(store, event.lane, event.id, document)
    finally:
        gate.leave(event.lane)
    return Receipt(f"{event.lane}:{event.id}", "accepted")


def _known_receipt(store: DeliveryStore, lane: str, event_id: str, document: dict[str, Any]) -> Receipt:
    """The receipt of an event that was accepted before. Raises `EventConflict` where it said something else."""
    id = f"{lane}:{event_id}"
    if (known := store.by_id(lane, event_id)) is not None:
        # As it would be written today: a field that came into use since is no difference.
        before = render_event(parse_event(json.loads(known.event)))
        if before != document:
            raise EventConflict(id, _differences(before, document))
    elif (pruned := store.pruned(lane, event_id)) is not None and pruned[1] != digest(document):
        raise EventConflict(id, _conveyed_since(document, pruned[1]))
    return Receipt(id, "duplicate")


def _conveyed_since(document: dict[str, Any], pruned: str) -> Sequence[str]:
    """
    The field in which an event differs from one of which a digest is left: its account was conveyed since [A-97].

    Empty where it differs in anything else: a digest does not say in what.
    """
    number = plain_account_number(document["account_number"])
    return ("account_number",) if digest({**document, "account_number": number}) == pruned else ()


def _differences(before: dict[str, Any], now: dict[str, Any], path: str = "") -> list[str]:
    """Names of the fields in which two documents differ."""
    found: list[str] = []
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            found += _differences(old, new, f"{path}{name}.")
        elif old != new:
            found.append(path + name)
    return found
