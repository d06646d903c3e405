"""How the books of each partner are read, over the control API and from nowhere else: a row a partner."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from partnerlab.auditing.books import inhance, tccs, watersmart
from partnerlab.auditing.pages import Asking, Control
from partnerlab.auditing.records import Downloaded, LaneBooks, MissingBill, Payment, Place, Posting

__all__ = ["BOOKS", "Books"]


def _nothing_more(_: Asking, books: LaneBooks, __: Payment) -> LaneBooks:
    return books


@dataclass(frozen=True, slots=True)
class Books:
    """
    How a partner's books are read.

    Attributes:
        posted: Every payment in them. Partners with one ledger have one function, which is called once.
        naming: The payments in them that name a payment of Invoice Cloud, whatever they credit.
        owed: What each account owes, or each invoice where that is what the partner credits: its number, the amount,
            and whether the partner has not told its last change.
        missing: The bills at these places that Invoice Cloud does not have, each with its place.
        account: Where an account stands whose number Invoice Cloud may mark, and under which name it lists its bills;
            None where the partner credits invoices.
        near: The books of one payment, with what else decides which posting is its own.
        downloads: Every payment that the partner downloaded, whatever became of it; *only* those of a `payment_guid`.
        downloaded_until: Up to when the partner has asked for payments, by the biller's wall clock; empty for never.
        rejects: The rejects in its books by reference, and whether each took a payment back; *only* of a `reference`.
    """

    posted: Callable[[Control], Iterator[Posting]]
    naming: Callable[[Control, Payment], Iterator[Posting]]
    owed: Callable[[Control], Iterator[tuple[str, Decimal, bool]]]
    missing: Callable[[Control, Sequence[Place]], Iterator[tuple[Place, MissingBill]]]
    account: tuple[str, str] | None = None
    near: Callable[[Asking, LaneBooks, Payment], LaneBooks] = _nothing_more
    downloads: Callable[..., Iterator[Downloaded]] | None = None
    downloaded_until: Callable[[Control], str] | None = None
    rejects: Callable[..., dict[str, bool]] | None = None


BOOKS: Mapping[str, Books] = {
    "inhance_v2": Books(
        posted=inhance.posted,
        naming=inhance.naming,
        owed=partial(inhance.owed, "v2"),
        missing=inhance.missing,
        account=inhance.ACCOUNT,
    ),
    "inhance_v1": Books(
        posted=inhance.posted,
        naming=inhance.naming,
        owed=partial(inhance.owed, "v1"),
        missing=inhance.missing,
        account=inhance.ACCOUNT,
        downloads=inhance.downloads,
        downloaded_until=inhance.downloaded_until,
    ),
    "tccs": Books(posted=tccs.posted, naming=tccs.naming, owed=tccs.owed, missing=tccs.missing, near=tccs.near),
    "watersmart": Books(
        posted=watersmart.posted,
        naming=watersmart.naming,
        owed=watersmart.owed,
        missing=watersmart.missing,
        account=watersmart.ACCOUNT,
        rejects=watersmart.rejects,
    ),
}
"""By the partners' ids (`partnerlab.partners`)."""
