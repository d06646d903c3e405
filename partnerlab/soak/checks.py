"""What must hold in a soak: every day while there is trouble, and everything once it is over."""

from __future__ import annotations

from collections.abc import Iterator

from partnerlab.auditing import LaneBooks, audit, reconcile
from partnerlab.auditing.judging import DOUBLED, LOST, ON_ITS_WAY, UNKNOWN, WRONG_ACCOUNT, WRONG_AMOUNT

__all__ = ["at_rest", "in_trouble", "under_way"]

NEVER = (DOUBLED, WRONG_AMOUNT, WRONG_ACCOUNT)
MAY_BE = ("payment", "off_by_finding", "postback_missing")
"""Differences that follow from what a person has yet to decide."""

HOLDS = ("donation",)
"""What may differ for good: the partner never hears of a donation."""


def in_trouble(books: LaneBooks) -> Iterator[str]:
    """What may not be even while calls fail and processes die: money lost for good, doubled, or asked for again."""
    settled = {one.event_id for one in books.deliveries if one.state == "dead"}
    about = {one.payment_guid: one.event_id for one in books.events if one.kind == "payment"}
    returns = {one.payment_guid: one.event_id for one in books.events if one.kind == "ach_reject"}
    for one in audit(books).findings:
        event = (about if one.kind == "payment" else returns).get(one.payment.guid, "")
        if one.verdict in NEVER or (one.verdict == LOST and event not in settled):
            yield f"{one.kind} {one.payment.reference}: {one.verdict}: {one.detail}"
    for other in reconcile(books).findings:
        if other.kind not in MAY_BE:
            yield f"{other.kind}: {other.subject}: {other.detail}"


def under_way(books: LaneBooks) -> bool:
    """Whether something is still on its way, or waits for a person."""
    return any(one.verdict in (ON_ITS_WAY, UNKNOWN, LOST) for one in audit(books).judged) or any(
        payment.state == "accepted" for payment in books.payments
    )


def at_rest(books: LaneBooks) -> Iterator[str]:
    """What is wrong once everything has been delivered: nothing may be, and every account must agree to the cent."""
    for one in audit(books).judged:
        if one.finding or one.verdict == ON_ITS_WAY:
            yield f"{one.kind} {one.payment.reference}: {one.verdict}: {one.detail}"
    for other in reconcile(books).differences:
        if other.finding or not any(known in other.detail for known in HOLDS):
            yield f"{other.kind}: {other.subject}: {other.detail}"
