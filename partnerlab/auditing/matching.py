"""
Which posting in a partner's books is which payment.

A posting that names its payment (PaymentGUID, PaymentReference) is that payment's. One that names none, as TCCS's
version 1 makes them, is matched by what it credits and how much, so that each payment has at most one of them before
any has two. What a partner took back is shared among payments that the report of a return cannot tell apart (`twins`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from partnerlab.auditing.records import LaneBooks, Payment, Posting
from partnerlab.auditing.twins import share_returns
from partnerlab.auditing.ways import BY_CALL, WAYS, Way, why_not

__all__ = ["Matched", "match"]


@dataclass(frozen=True, slots=True)
class Matched:
    """The postings of each payment, by PaymentGUID, and those that are no payment's."""

    of: Mapping[str, Sequence[Posting]]
    orphans: Sequence[Posting]


def match(books: LaneBooks) -> Matched:
    """Match every posting that credits anything, or waits to."""
    found: defaultdict[str, list[Posting]] = defaultdict(list)
    orphans: list[Posting] = []
    for partner, way in WAYS.items():
        payments = [one for one in books.payments if books.billers[one.biller_guid].partner == partner]
        postings = [one for one in books.postings if one.partner == partner and one.state != "declined"]
        orphans += _match_partner(way, payments, postings, found)
        if way.returns == BY_CALL:
            share_returns(books, payments, found)
    return Matched(found, orphans)


def _match_partner(
    way: Way, payments: Sequence[Payment], postings: Iterable[Posting], found: defaultdict[str, list[Posting]]
) -> list[Posting]:
    by_key = {one.guid if way.key == "guid" else one.reference: one for one in payments}
    orphans, unnamed = [], []
    for posting in postings:
        if not posting.key:
            unnamed.append(posting)
        elif (payment := by_key.get(posting.key)) is not None:
            found[payment.guid].append(posting)
        else:
            orphans.append(posting)
    return orphans + (_match_unnamed(way, payments, unnamed, found) if unnamed else [])


def _match_unnamed(
    way: Way, payments: Sequence[Payment], unnamed: list[Posting], found: defaultdict[str, list[Posting]]
) -> list[Posting]:
    """The best fit first: same place and amount, that again a second time, same place, same amount."""
    due = [one for one in payments if not why_not(one, way)]
    left = unnamed
    for same_place, same_amount, first in ((1, 1, True), (1, 1, False), (1, 0, True), (0, 1, True)):
        still = []
        for posting in left:
            taker = next(
                (
                    one
                    for one in due
                    if (not same_place or _place(one, way) == posting.place)
                    and (not same_amount or one.amount == posting.amount)
                    and not (first and found.get(one.guid))
                ),
                None,
            )
            if taker is None:
                still.append(posting)
            else:
                found[taker.guid].append(posting)
        left = still
    return left


def _place(payment: Payment, way: Way) -> str:
    return payment.invoice if way.place == "invoice" else payment.account
