"""What a person looks up and decides about one delivery."""

from __future__ import annotations

import json
from dataclasses import dataclass

from partnerlab.client.datapump.engine import Engine
from partnerlab.client.datapump.events import DEFAULT_LANE, Payment, parse_event
from partnerlab.client.datapump.routes import Router
from partnerlab.client.datapump.states import State, after
from partnerlab.client.datapump.store import DeliveryStore, Move
from partnerlab.client.datapump.tables import Attempt, Delivery, Note
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.rtdr import ENQUIRIES, Owed
from partnerlab.client.settings import BillerDirectory

__all__ = ["DeliveryNotFound", "Record", "decide", "find", "owed", "record"]


class DeliveryNotFound(LookupError):
    """No delivery of that id."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"there is no delivery {id}")


@dataclass(frozen=True, slots=True)
class Record:
    """A delivery with its history: every attempt and every note, first to last."""

    delivery: Delivery
    attempts: tuple[Attempt, ...]
    notes: tuple[Note, ...]


def find(store: DeliveryStore, id: str) -> Delivery:
    """By `lane:event id`, or by event id alone in the default lane. Raises `DeliveryNotFound`."""
    lane, _, event_id = id.rpartition(":")
    found = store.by_id(lane or DEFAULT_LANE, event_id)
    if found is None:
        raise DeliveryNotFound(id)
    return found


def record(store: DeliveryStore, id: str) -> Record:
    """A delivery with its history. Raises `DeliveryNotFound`."""
    found = find(store, id)
    return Record(found, tuple(store.attempts(found.number)), tuple(store.notes(found.number)))


def owed(delivery: Delivery, billers: BillerDirectory, router: Router) -> Owed:
    """What the partner says now of a payment's account. Raises `RequestInvalid`, and what the call raises."""
    event = parse_event(json.loads(delivery.event))
    biller = billers(event.lane, event.biller_guid)
    enquire = ENQUIRIES.get(biller.partner)
    if not isinstance(event, Payment) or enquire is None:
        rule = f"is {event.kind} for {biller.partner}: there is no balance to check"
        raise RequestInvalid("id", delivery.id, rule)
    enquiry = enquire(biller, event.account_number, event.invoice_number)
    return enquiry.read(router.transport_for(event, biller).send(enquiry.request))


def decide(store: DeliveryStore, engine: Engine, id: str, verb: str, reason: str, by: str) -> Record:
    """
    Carry out a person's *verb* (a word of `states`) and note who said it and why.

    Raises `TransitionRefused`, `DeliveryNotFound`, `RequestInvalid` without a reason.
    """
    if not reason.strip():
        raise RequestInvalid("reason", reason, "must say why")
    while True:
        found = find(store, id)
        target = after(found.id, found.state, verb)
        # A waiting delivery goes on with its run; all others that are to be sent begin a new one.
        anew = target is State.ACCEPTED and found.state is not State.WAITING
        with store.database.begin() as tx:
            if not store.move(tx, [Move(found, target, found.message, requeue=anew)]):
                continue  # it moved on meanwhile: look again
            store.note(tx, found, by=by, verb=verb, reason=reason, target=target)
            # It is next in its line itself, or what stands behind it now is.
            engine.ring(tx, [found.account])
        return record(store, found.id)
