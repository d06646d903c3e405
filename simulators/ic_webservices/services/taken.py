"""
What was taken of an account that a bill file may not have in its amounts yet [A-85, A-117, A-118].

Payments of a bill may stand under another number of the account than the bill itself does, as it was conveyed and a
file gave the bill to the new owner since: *numbers* are those of an account's owners [A-128].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from itertools import product
from typing import NamedTuple

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, Taken
from partnerlab.simulators.ic_webservices.domain.payments import RETURNED
from partnerlab.simulators.ic_webservices.services.conveyed import bill_in_doubt
from partnerlab.simulators.ic_webservices.services.questions import RTDR_URL
from partnerlab.simulators.ic_webservices.services.unsettled import Unsettled
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["OLDEST_FILE", "may_hold_money_taken", "taken_by_file", "taken_since_file", "with_not_fetched"]

OLDEST_FILE = timedelta(days=3)
"""How long a file of a partner may be on its way, retries included: assumed [A-118]."""
_NEVER = "9999"

_OF_ACCOUNT = (
    " FROM ic_payments WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND approved = 1 AND donation = 'none'"
)
_MADE = f"{_OF_ACCOUNT} AND invoice_number = :invoice_number"
# A batch that is not there any more was fetched before all others: only such are pruned.
_FETCHED_AT, _REJECT_FETCHED_AT = (
    "(SELECT min(CASE WHEN b.report_id IS NULL THEN '' WHEN b.delivered_at <> '' THEN b.delivered_at END)"
    " FROM ic_exported AS e LEFT JOIN ic_export_batches AS b ON b.lane = e.lane AND b.report_id = e.report_id"
    f" WHERE e.lane = :lane AND e.kind = '{kind}' AND e.item = payment_guid)"
    for kind in ("payments", "rejects")
)
_TAKEN = Statement(
    "SELECT payment_guid, amount_cents, CASE WHEN reference > :after OR paid_at > :recently THEN 1 ELSE 0 END,"
    f" CASE WHEN state = 'returned' THEN 1 ELSE 0 END{_MADE}"
)
_TAKEN_BY_FILE = Statement(
    "SELECT sum(CASE WHEN fetched_at > :seen AND reference > :after THEN amount_cents ELSE 0 END),"
    " sum(CASE WHEN fetched_at <= :seen AND reference > :after THEN amount_cents ELSE 0 END),"
    " sum(CASE WHEN fetched_at IS NULL THEN amount_cents ELSE 0 END)"
    f" FROM (SELECT amount_cents, reference, {_FETCHED_AT} AS fetched_at{_MADE} AND state <> 'returned') AS known"
)
# Money that the partner does not know of, less what it does not know to have gone back; when it last heard of such.
_NOT_FETCHED = Statement(
    "SELECT sum(CASE WHEN state <> 'returned' AND fetched_at IS NULL THEN amount_cents"
    " WHEN state = 'returned' AND fetched_at IS NOT NULL AND reject_fetched_at IS NULL THEN -amount_cents ELSE 0 END),"
    f" max(reject_fetched_at) FROM (SELECT amount_cents, state, {_FETCHED_AT} AS fetched_at,"
    f" {_REJECT_FETCHED_AT} AS reject_fetched_at{_OF_ACCOUNT}) AS known"
)
_LAST_PAID = Statement(f"SELECT max(paid_at){_OF_ACCOUNT} AND state <> 'returned'")


class SinceFile(NamedTuple):
    """
    What moved on an invoice since its last file.

    Attributes:
        taken: Payments which the next file may have in its amounts or not.
        moved: Whether there are any, or one that came back, or one without a certain outcome.
        first_doubted: Reference of the first payment without a certain outcome; empty where there is none.
    """

    taken: Taken
    moved: bool
    first_doubted: str


def taken_since_file(
    tx: Tx, lane: Lane, biller: Biller, numbers: Sequence[str], invoice: Invoice, unsettled: Unsettled
) -> SinceFile:
    """
    Payments of an invoice since its last file. Those without a certain outcome count as not in the next one.

    Where the partner can be asked, all of the last `OLDEST_FILE` count: two files may be on their way.
    """
    place = {"lane": lane.name, "biller_guid": biller.guid, "invoice_number": invoice.invoice_number}
    recently = _oldest_file_at(lane) if biller.settings.get(RTDR_URL) else _NEVER
    rows = [
        row
        for number in numbers
        for row in tx.all(_TAKEN, **place, account_number=number, after=invoice.filed_after, recently=recently)
    ]
    if not rows:
        return SinceFile(Taken(), False, "")
    made = {guid for guid, *_ in rows}
    doubt = bill_in_doubt(tx, lane, biller, invoice, unsettled)
    doubted = {one.payment_guid: one.reference for one in doubt.payments if one.payment_guid in made}
    stands = [(guid, cents, late) for guid, cents, late, returned in rows if not returned]
    perhaps = sum(cents for guid, cents, late in stands if late and guid not in doubted)
    unknown = sum(cents for guid, cents, _ in stands if guid in doubted)
    moved = len(stands) < len(rows) or perhaps + unknown > 0 or bool(doubt.problem)
    return SinceFile(Taken(perhaps, doubted_cents=unknown), moved, min(doubted.values(), default=""))


def taken_by_file(tx: Tx, lane: Lane, biller: Biller, numbers: Sequence[str], *invoices: Invoice) -> Taken:
    """
    Payments of invoices since their last file, where the partner fetches payments by file.

    The partner knows what it fetched. Its own file is never older than `OLDEST_FILE`, so it has in it what was fetched
    longer ago (assumed [A-118]).
    """
    sums = [0, 0, 0]
    for invoice, number in product(invoices, numbers):
        row = tx.one(
            _TAKEN_BY_FILE,
            lane=lane.name,
            biller_guid=biller.guid,
            account_number=number,
            invoice_number=invoice.invoice_number,
            after=invoice.filed_after,
            seen=_oldest_file_at(lane),
        )
        sums = [before + int(cents or 0) for before, cents in zip(sums, row or sums, strict=True)]
    return Taken(sums[0], sums[1], sums[2])


def with_not_fetched(tx: Tx, lane: Lane, biller: Biller, owners: Sequence[str], taken: Taken) -> Taken:
    """
    *taken*, with the payments of all *owners* of an account that no fetched file has: they are in no balance yet.

    A payment that came back is taken off where it was fetched and its reject was not: the partner takes it for paid.
    Rejects are seen where the last one was fetched before any file was made that may come now [A-118].
    """
    place = {"lane": lane.name, "biller_guid": biller.guid}
    rows = [row for one in owners for row in tx.all(_NOT_FETCHED, **place, account_number=one)]
    last = max((at for _, at in rows if at is not None), default=None)
    seen = last is not None and last <= _oldest_file_at(lane)
    return replace(taken, missing_cents=sum(int(cents or 0) for cents, _ in rows), returns_seen=seen)


def may_hold_money_taken(tx: Tx, lane: Lane, biller: Biller, numbers: Sequence[str], unsettled: Unsettled) -> bool:
    """
    Whether a new bill with the account's balance may be older than a payment, or than its outcome.

    Former owners may have paid just before the account was conveyed.
    """
    if not biller.settings.get(RTDR_URL):
        return False
    place = {"lane": lane.name, "biller_guid": biller.guid}
    found = (tx.one(_LAST_PAID, **place, account_number=number) for number in numbers)
    last = max((row[0] for row in found if row and row[0]), default="")
    if not last or last > _oldest_file_at(lane):
        return bool(last)
    doubts = [unsettled.doubt(tx, lane, biller.guid, number) for number in numbers]
    return any(one.problem or any(paid.state != RETURNED for paid in one.payments) for one in doubts)


def _oldest_file_at(lane: Lane) -> str:
    """When the oldest file was made that may come now."""
    return (lane.now() - OLDEST_FILE).astimezone(UTC).isoformat()
