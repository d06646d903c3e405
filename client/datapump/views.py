"""Deliveries as JSON: what the service answers and the command line prints. No secret comes through."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from partnerlab.client.datapump.decisions import Record
from partnerlab.client.datapump.queries import when
from partnerlab.client.datapump.tables import Delivery
from partnerlab.client.rtdr import Owed
from partnerlab.contracts.masking import mask_text

__all__ = ["render_balance", "render_delivery", "render_record"]

# Names by which a person finds the thing again; masked they would be of no use.
_PLAIN = frozenset({"id", "lane", "kind", "biller_guid", "account_number", "payment_guid"})


def render_delivery(delivery: Delivery) -> dict[str, Any]:
    """A delivery without its history; `next_attempt_at` is null unless it waits for one."""
    return {
        "id": delivery.id,
        "number": delivery.number,
        "lane": delivery.lane,
        "event_id": delivery.event_id,
        "kind": delivery.kind,
        "biller_guid": delivery.biller_guid,
        "account_number": delivery.account_number,
        "state": delivery.state.value,
        "message": mask_text(delivery.message),
        "attempts": delivery.attempts,
        "next_attempt_at": _time(when(delivery.retry_at)),
        "accepted_at": _time(when(delivery.accepted_at)),
        "updated_at": _time(when(delivery.updated_at)),
    }


def render_record(record: Record) -> dict[str, Any]:
    """A delivery with the event it carries, its attempts and its notes."""
    return {
        **render_delivery(record.delivery),
        "event": _masked(json.loads(record.delivery.event)),
        "history": [
            {
                "attempt": attempt.attempt,
                "operation": attempt.operation,
                "request": mask_text(attempt.request),
                "repeatable": bool(attempt.idempotent),
                "started_at": _time(when(attempt.started_at)),
                "ended_at": _time(when(attempt.ended_at)),
                "outcome": attempt.outcome,
                "message": mask_text(attempt.message),
            }
            for attempt in record.attempts
        ],
        "notes": [
            {
                "at": _time(when(note.at)),
                "by": note.by,
                "verb": note.verb,
                "reason": mask_text(note.reason),
                "from": note.source,
                "to": note.target,
            }
            for note in record.notes
        ],
    }


def render_balance(owed: Owed) -> dict[str, Any]:
    """What the partner says an account owes; US dollars."""
    return {"balance": f"{owed.balance:.2f}", "future_balance": f"{owed.future_balance:.2f}"}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")


def _masked(value: Any, name: str = "") -> Any:
    match value:
        case dict():
            return {key: _masked(inner, key) for key, inner in value.items()}
        case str() if name not in _PLAIN:
            return mask_text(value)
        case _:
            return value
