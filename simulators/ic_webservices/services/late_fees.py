"""
Late fees, as they fall due: of open bills with something due when the day of their file's LateFeeDate is over.

They are found by a rule over invoices, and all of a biller's day are charged in one transaction. The day that stands on
an invoice when its fee is charged is what makes that happen once, also where a file brings the invoice again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from partnerlab.simulators.ic_webservices.domain.billers import time_zone
from partnerlab.simulators.ic_webservices.domain.late_fees import charged, charges_at
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.services.ledger import biller_of, invoice_of
from partnerlab.simulators.ic_webservices.store import BILLERS, INVOICES, LATE_FEE_WAITS
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.jobs import RowState, Runner, Taken, Work, WorkOutcome
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Store, Tx
from partnerlab.simulators.kit.world.table import utc_text

__all__ = ["LateFees"]

Key = tuple[str | int, ...]
TOLD = 5
"""Invoices that the timeline names, of those that are charged together."""

_WAITS = (
    f"FROM ic_invoices WHERE lane = :lane AND biller_guid = :biller_guid AND {LATE_FEE_WAITS}"  # noqa: S608 - our own
    " AND (late_fee_if_unpaid = 0 OR NOT EXISTS (SELECT 1 FROM ic_payments p WHERE p.lane = ic_invoices.lane"
    "  AND p.biller_guid = ic_invoices.biller_guid AND p.account_number = ic_invoices.account_number"
    "  AND p.invoice_number = ic_invoices.invoice_number AND p.approved = 1 AND p.donation = 'none'"
    "  AND p.state <> 'returned'))"
)
_DAYS = Statement(f"SELECT DISTINCT late_fee_on {_WAITS} AND late_fee_on < :day ORDER BY late_fee_on")
_FIRST = Statement(f"SELECT late_fee_on {_WAITS} ORDER BY late_fee_on LIMIT 1")
_OF_DAY = Statement(f"SELECT invoice_number {_WAITS} AND late_fee_on = :day ORDER BY invoice_number")
_BILLERS = Statement(
    "SELECT lane, guid FROM ic_billers WHERE EXISTS (SELECT 1 FROM ic_invoices"  # noqa: S608 - our own condition
    " WHERE ic_invoices.lane = ic_billers.lane"
    f" AND biller_guid = guid AND {LATE_FEE_WAITS})"
)
_OF_LANE = Statement("SELECT guid FROM ic_billers WHERE lane = :lane")


class LateFees:
    """Late fees of every lane: a source of due work, whose key is a biller's guid and a LateFeeDate."""

    name = "ic_late_fees"
    waiting = "waiting"

    def __init__(self, store: Store, runner: Runner) -> None:
        self.store, self.runner = store, runner
        self._work = runner.add(Work(self, "late fees are charged", within=self._charge, first=_lock_biller))

    def due_in(self, lane: Lane, until: datetime) -> Iterator[Due]:
        """What is charged at or before *until*, for the lane's timeline."""
        yield from self.runner.due(self._work, lane, until)

    def _charge(self, tx: Tx, lane: Lane, taken: Taken) -> WorkOutcome:
        guid, day = map(str, taken.key)
        biller = biller_of(tx, lane, guid)
        told = []
        numbers = [number for (number,) in tx.all(_OF_DAY, lane=lane.name, biller_guid=guid, day=day)]
        for number in numbers:
            invoice = charged(invoice_of(tx, lane, biller, number))
            INVOICES.put(tx, lane.name, invoice)
            told.append(f"{number}: {amount(invoice.late_fee_cents)}, now due {amount(invoice.balance_due_cents)}")
        more = f", and {len(told) - TOLD} more" if len(told) > TOLD else ""
        many = f"{len(told)} late fee{'' if len(told) == 1 else 's'} charged"
        return WorkOutcome("charged", f"{many} ({'; '.join(told[:TOLD])}{more})")

    # --- the source ---

    def due(self, tx: Tx, lane: str, until: str, limit: int) -> list[tuple[str, Key]]:
        """Billers and days whose fees are charged at or before *until*, the first of them first."""
        end = datetime.fromisoformat(until)
        # A day of any zone ends at most fourteen hours before it does in UTC.
        day = (end.astimezone(UTC) + timedelta(hours=14)).date().isoformat()
        found: list[tuple[str, Key]] = []
        for (guid,) in tx.all(_OF_LANE, lane=lane):
            for (on,) in tx.all(_DAYS, lane=lane, biller_guid=guid, day=day):
                if (at := _moment(tx, lane, guid, on)) <= end:
                    found.append((utc_text(at), (guid, on)))
        return sorted(found)[:limit]

    def next(self, tx: Tx, real: str) -> list[tuple[str, str]]:
        """By lane, when the first fees are charged."""
        firsts: dict[str, str] = {}
        for lane, guid in tx.all(_BILLERS):
            row = tx.one(_FIRST, lane=lane, biller_guid=guid)
            if row is not None:
                at = utc_text(_moment(tx, lane, guid, str(row[0])))
                firsts[lane] = min(at, firsts.get(lane, at))
        return list(firsts.items())

    def held_until(self, tx: Tx, real: str) -> str | None:
        """No claim outlives its transaction."""
        return None

    def claim(self, tx: Tx, lane: str, key: Key, claim: str, *, now: str, real: str, until: str) -> Taken | None:
        """Take a day whose fees are to be charged by *now*; whoever charges them holds the biller's lock."""
        guid, day = map(str, key)
        waits = tx.one(_OF_DAY, lane=lane, biller_guid=guid, day=day) is not None
        late = waits and _moment(tx, lane, guid, day) <= datetime.fromisoformat(now)
        return Taken(lane, key, 1, claim) if late else None

    def claim_any(self, tx: Tx, lane: str, key: Key, claim: str, *, real: str, until: str) -> Taken | None:
        """Nothing is charged out of turn."""
        return None

    def finish(self, tx: Tx, taken: Taken, state: str | None, due: str | None) -> bool:
        """The invoices say it."""
        return True

    def row_state(self, tx: Tx, lane: str, key: Key) -> RowState | None:
        """A day has no row of its own."""
        return None

    def disown(self, tx: Tx, mine: str) -> None:
        """There is nothing to disown."""


def _moment(tx: Tx, lane: str, guid: str, day: str) -> datetime:
    biller = BILLERS.get(tx, lane, guid)
    assert biller is not None
    return charges_at(date.fromisoformat(day), time_zone(biller.time_zone))


def _lock_biller(tx: Tx, lane: Lane, key: Key) -> None:
    biller_of(tx, lane, str(key[0]), lock=True)
