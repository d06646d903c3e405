"""
What exports of earlier releases do not say of conveyed accounts; it is told from the times in them.

A payment that was made before its account was conveyed was told with the number that the account had then. A `CV-`
number with a bill of a later day was billed apart [A-125]. Revision 0006 does the same with a database.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from partnerlab.simulators.ic_webservices.domain.customers import CONVEYED_FORMAT, number_before
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["say_billed", "say_told"]

_CONVEYED = Statement("SELECT biller_guid, account_number FROM ic_customers WHERE lane = :lane AND conveyed = 1")
_BILLED = Statement(
    "UPDATE ic_customers SET billed_apart = 1 WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND EXISTS (SELECT 1 FROM ic_invoices WHERE ic_invoices.lane = :lane"
    " AND ic_invoices.biller_guid = :biller_guid AND ic_invoices.account_number = :account_number"
    " AND invoice_date > :day)"
)
_TOLD = Statement(
    "UPDATE ic_payments SET told_as = :before WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND paid_at < :at"
)


def say_billed(tx: Tx, lane: str) -> None:
    """Which former owners a bill file named since, of a lane just loaded."""
    for biller_guid, number, at in _conveyed(tx, lane):
        tx.run(_BILLED, lane=lane, biller_guid=biller_guid, account_number=number, day=at[:10])


def say_told(tx: Tx, lane: str) -> None:
    """Which payments a partner was told with the account's number of before."""
    for biller_guid, number, at in _conveyed(tx, lane):
        place = {"lane": lane, "biller_guid": biller_guid, "account_number": number}
        tx.run(_TOLD, **place, before=number_before(number), at=at)


def _conveyed(tx: Tx, lane: str) -> Iterator[tuple[str, str, str]]:
    """Biller, number and moment in UTC, empty where the number does not tell it, of each account that was conveyed."""
    for biller_guid, number in tx.all(_CONVEYED, lane=lane):
        try:
            at = datetime.strptime(number.rpartition("CV-")[2], CONVEYED_FORMAT).replace(tzinfo=UTC).isoformat()
        except ValueError:
            at = ""
        yield biller_guid, number, at
