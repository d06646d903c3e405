"""
The bills that AutoPay collects, as they fall due: open bills of customers whose AutoPay is on, on their collection day.

They are found by a rule over invoices and enrolments, and have no row of their own before they are collected: the
schedule that is then written, whose id follows from the invoice, is what makes it happen once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from partnerlab.simulators.ic_webservices.domain.billers import time_zone
from partnerlab.simulators.ic_webservices.domain.partners import PARTNERS
from partnerlab.simulators.ic_webservices.domain.schedules import autopay_id, collected_on, runs_at
from partnerlab.simulators.ic_webservices.store import BILLERS, INVOICES, SCHEDULES
from partnerlab.simulators.kit.world.jobs import RowState, RuleSource, Taken
from partnerlab.simulators.kit.world.store import Row, Statement, Tx
from partnerlab.simulators.kit.world.table import utc_text

__all__ = ["Collections"]

Key = tuple[str | int, ...]

LATEST = datetime(2199, 12, 31, tzinfo=UTC)

_TERMS = ", ".join(f"'{name}'" for name, partner in sorted(PARTNERS.items()) if partner.bills_terms)
_BILLS = (
    "SELECT i.biller_guid, i.invoice_number, a.enrolled_at"
    " FROM ic_autopays a"
    " JOIN ic_billers b ON b.lane = a.lane AND b.guid = a.biller_guid"
    " JOIN ic_customers c ON c.lane = a.lane AND c.biller_guid = a.biller_guid"
    "  AND c.account_number = a.account_number AND c.autopay = 1"
    " JOIN ic_invoices i ON i.lane = a.lane AND i.biller_guid = a.biller_guid"
    "  AND i.account_number = a.account_number AND i.status = 'open' AND i.balance_due_cents > 0"
    " WHERE a.lane = :lane AND COALESCE(i.autopay_collection_date, i.invoice_due_date) <= :day"
    " AND NOT EXISTS (SELECT 1 FROM ic_balance_questions q WHERE q.lane = i.lane AND q.biller_guid = i.biller_guid"
    "  AND q.invoice_number = i.invoice_number AND q.state = 'waiting')"
    f" AND (b.partner IN ({_TERMS}) OR NOT EXISTS (SELECT 1 FROM ic_schedules s WHERE s.lane = i.lane"
    "  AND s.biller_guid = i.biller_guid AND s.account_number = i.account_number"
    "  AND s.invoice_number = i.invoice_number AND s.kind = 'autopay'))"
)
_DUE = Statement(
    f"{_BILLS} ORDER BY COALESCE(i.autopay_collection_date, i.invoice_due_date), i.biller_guid, i.invoice_number"
)
_ONE = Statement(f"{_BILLS} AND i.biller_guid = :biller_guid AND i.invoice_number = :invoice_number")
_LANES = Statement("SELECT DISTINCT lane FROM ic_autopays")


class Collections(RuleSource):
    """A source of due work; a key is a biller's guid and an invoice number."""

    name = "ic_collections"

    def due(self, tx: Tx, lane: str, until: str, limit: int) -> list[tuple[str, Key]]:
        """The bills that are collected at or before *until*, the first of them first."""
        end = datetime.fromisoformat(until)
        found = [one for row in tx.all(_DUE, lane=lane, day=_last_day(end)) if (one := _moment(tx, lane, row))]
        return sorted((utc_text(at), key) for at, key in found if at <= end)[:limit]

    def next(self, tx: Tx, real: str) -> list[tuple[str, str]]:
        """By lane, when the first bill is collected."""
        firsts = ((lane, self.due(tx, lane, utc_text(LATEST), 1)) for (lane,) in tx.all(_LANES))
        return [(lane, found[0][0]) for lane, found in firsts if found]

    def claim(self, tx: Tx, lane: str, key: Key, claim: str, *, now: str, real: str, until: str) -> Taken | None:
        """Take a bill that is to be collected by *now*; whoever collects one holds its biller's lock."""
        guid, number = key
        end = datetime.fromisoformat(now)
        row = tx.one(_ONE, lane=lane, day=_last_day(end), biller_guid=guid, invoice_number=number)
        found = row and _moment(tx, lane, row)
        return Taken(lane, key, 1, claim) if found and found[0] <= end else None

    def row_state(self, tx: Tx, lane: str, key: Key) -> RowState | None:
        """The schedule of a bill that was collected."""
        invoice, biller = INVOICES.get(tx, lane, *key), BILLERS.get(tx, lane, key[0])
        if invoice is None or biller is None:
            return None
        collected = SCHEDULES.get(tx, lane, autopay_id(invoice, biller.partner))
        return None if collected is None else RowState(collected.state, collected.runs_at, "")


def _last_day(until: datetime) -> str:
    # A day of any zone begins at most fourteen hours before it does in UTC.
    return (until.astimezone(UTC) + timedelta(hours=14)).date().isoformat()


def _moment(tx: Tx, lane: str, row: Row) -> tuple[datetime, Key] | None:
    """When a bill is collected; None where it was, or where that was before the customer enrolled."""
    guid, number, enrolled_at = row
    biller, invoice = BILLERS.get(tx, lane, guid), INVOICES.get(tx, lane, guid, number)
    assert biller is not None
    assert invoice is not None
    if SCHEDULES.get(tx, lane, autopay_id(invoice, biller.partner)) is not None:
        return None
    at = runs_at(collected_on(invoice), time_zone(biller.time_zone))
    return (at, (guid, number)) if datetime.fromisoformat(enrolled_at) < at else None
