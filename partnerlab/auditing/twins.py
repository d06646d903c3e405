"""
Which of several payments that no report of a return can tell apart came back.

A report to TCCS names invoice, day and amount, so of payments that have all three in common it takes back any one: as
many as were reported, whichever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from partnerlab.auditing.records import LaneBooks, Payment, Posting

__all__ = ["share_returns"]

Postings = Mapping[str, list[Posting]]
"""By PaymentGUID."""

SURE, PERHAPS = 1, 2
REPORTED = {"delivered": SURE, "unknown": PERHAPS, "not_understood": PERHAPS, "sending": PERHAPS, "": PERHAPS}
"""Whether the partner was told of a return, by its delivery's state, empty where that was pruned; else it was not."""


def share_returns(books: LaneBooks, payments: Sequence[Payment], found: Postings) -> None:
    """Give what was taken back to the payments whose return was reported, and what stands to their twins."""
    alike: defaultdict[object, list[Payment]] = defaultdict(list)
    for one in payments:
        if any(_is_plain(one, posting) for posting in found.get(one.guid, ())):
            day = one.paid_at.astimezone(ZoneInfo(books.billers[one.biller_guid].time_zone)).date()
            alike[one.invoice, one.amount, day].append(one)
    groups = [
        twins
        for twins in alike.values()
        if len(twins) > 1 and any(posting.returned for twin in twins for posting in found[twin.guid])
    ]
    if groups:
        reported = _reported(books)
        for twins in groups:
            _share(twins, reported, found)


def _reported(books: LaneBooks) -> Mapping[str, int]:
    """The payments whose return the partner was told of, for sure or perhaps."""
    states = {one.event_id: one.state for one in books.deliveries}
    return {
        one.payment_guid: told
        for one in books.events
        if (one.kind, one.state) == ("ach_reject", "accepted")
        and (told := REPORTED.get(states.get(one.event_id, ""))) is not None
    }


def _share(twins: Sequence[Payment], reported: Mapping[str, int], found: Postings) -> None:
    """Whose return is sure comes first; what nobody's return accounts for is given away first."""

    def needs(one: Payment) -> int:
        return reported.get(one.guid, 0) if one.state == "returned" else 0

    for one in sorted((twin for twin in twins if needs(twin)), key=needs):
        if any(posting.returned for posting in found[one.guid]):
            continue
        standing = next(at for at, posting in enumerate(found[one.guid]) if _is_plain(one, posting))
        for other in sorted(twins, key=lambda twin: needs(twin) or 3, reverse=True):
            back = [
                at for at, posting in enumerate(found[other.guid]) if posting.returned and _is_plain(other, posting)
            ]
            if back and (len(back) > 1 or not needs(other) or needs(other) > needs(one)):
                mine, theirs = found[one.guid], found[other.guid]
                mine[standing], theirs[back[-1]] = theirs[back[-1]], mine[standing]
                break


def _is_plain(payment: Payment, posting: Posting) -> bool:
    """Whether a report of the payment's return fits the posting: no card's, and as it was taken."""
    return posting.type != "CC" and (posting.place, posting.amount) == (payment.invoice, payment.amount)
