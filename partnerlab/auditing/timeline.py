"""A payment's story: what happened to it on every side, in order, as lines of time, place and text."""

from __future__ import annotations

from collections.abc import Sequence

from partnerlab.auditing.records import Delivery, Event, FileRow, LaneBooks, Payment, Posting
from partnerlab.partners import Partner

__all__ = ["timeline"]

Line = tuple[str, str, str]
"""When (ISO 8601 on the lane's clock, empty where the record has no time), where, what."""


def timeline(
    books: LaneBooks,
    kind: str,
    payment: Payment,
    partner: Partner,
    events: Sequence[Event],
    deliveries: Sequence[Delivery],
    rows: Sequence[FileRow],
    posted: Sequence[Posting],
) -> tuple[Line, ...]:
    """From the payer to the partner's books."""
    lines = [_taken(payment)] if kind == "payment" else [("", "Invoice Cloud", f"{payment.reference} came back")]
    lines += [_made_by(one.kind, one.id) for one in books.schedules if one.payment_guid == payment.guid]
    lines += [("", "outbox", f"event {one.seq} {one.state}{_why(one.problem)}") for one in events]
    for delivery in deliveries:
        attempts = books.attempts.get(delivery.event_id, ())
        for one in attempts:
            why = one.message.removeprefix(f"{one.operation}: ")
            lines.append((one.at, "data pump", f"{one.operation}: {one.outcome}{_why(why)}"))
        many = f"{delivery.attempts} attempt{'' if delivery.attempts == 1 else 's'}"
        state = delivery.state.replace("_", " ")
        told = bool(attempts) and attempts[-1].message == delivery.message
        lines.append(("", "data pump", f"delivery {state} after {many}{'' if told else _why(delivery.message)}"))
    lines += [("", "file", f"{one.file}, line {one.line}{'' if one.fetched else ', not fetched'}") for one in rows]
    lines += [
        (one.at, partner.name, f"{one.amount} {one.state}, {one.number}{', taken back' if one.returned else ''}")
        for one in posted
    ]
    if kind == "payment":
        lines += [
            ("", "postback", f"{one.state.replace('_', ' ')} after {one.attempts}{_why(one.reason)}")
            for one in books.postbacks
            if one.payment_guid == payment.guid
        ]
    return tuple(lines)


def _taken(payment: Payment) -> Line:
    invoice = f", invoice {payment.invoice}" if payment.invoice else ""
    donation = f", {payment.donation} donation" if payment.donation != "none" else ""
    what = f"{payment.amount} by {payment.tender.replace('_', ' ')}{donation}, account {payment.account}{invoice}"
    return payment.paid_at.isoformat(), "Invoice Cloud", f"{payment.reference}: {what}, {payment.state}"


def _made_by(kind: str, id: str) -> Line:
    return "", "Invoice Cloud", f"by {'AutoPay' if kind == 'autopay' else 'a scheduled payment'} ({id})"


def _why(text: str) -> str:
    return f": {text}" if text else ""
