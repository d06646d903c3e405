"""
Which posting in a partner's books is which payment.

A posting that names its payment (PaymentGUID, PaymentReference) is that payment's. TCCS's version 1 makes some that
name none: they are matched by what they credit and how much, each payment getting one before any gets two. What a
partner took back is shared among payments that the report of a return cannot tell apart (`twins`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from partnerlab.auditing.records import LaneBooks, Payment, Posting, why_not
from partnerlab.auditing.twins import share_returns
from partnerlab.partners import BY_CALL, PARTNERS, Partner

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
    for partner in PARTNERS.values():
        payments = [one for one in books.payments if books.billers[one.biller_guid].partner == partner.id]
        postings = [one for one in books.postings if one.partner == partner.id and one.state != "declined"]
        orphans += _match_partner(partner, payments, postings, found)
        if partner.returns == BY_CALL:
            share_returns(books, payments, found)
    return Matched(found, orphans)


def _match_partner(
    partner: Partner, payments: Sequence[Payment], postings: Iterable[Posting], found: defaultdict[str, list[Posting]]
) -> list[Posting]:
    by_key = {one.guid if partner.key == "guid" else one.reference: one for one in payments}
    orphans, unnamed = [], []
    for posting in postings:
        if not posting.key:
            unnamed.append(posting)
        elif (payment := by_key.get(posting.key)) is not None:
            found[payment.guid].append(posting)
        else:
            orphans.append(posting)
    return orphans + (_match_unnamed(partner, payments, unnamed, found) if unnamed else [])


def _match_unnamed(
    partner: Partner, payments: Sequence[Payment], unnamed: list[Posting], found: defaultdict[str, list[Posting]]
) -> list[Posting]:
    """The best fit first: same place and amount, that again a second time, same place, same amount."""
    due = [one for one in payments if not why_not(one, partner)]
    left = unnamed
    for same_place, same_amount, first in ((1, 1, True), (1, 1, False), (1, 0, True), (0, 1, True)):
        still = []
        for posting in left:
            taker = next(
                (
                    one
                    for one in due
                    if (not same_place or _place(one, partner) == posting.place)
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


def _place(payment: Payment, partner: Partner) -> str:
    return payment.invoice if partner.place == "invoice" else payment.account
