"""
Late fees, as they fall due: of open bills with something due when the day of their file's LateFeeDate is over.

They are found by a rule over invoices, and all of a biller's day are charged in one transaction. The day that stands on
an invoice when its fee is charged is what makes that happen once, also where a file brings the invoice again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from partnerlab.simulators.ic_webservices.domain.late_fees import charged, charges_at
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.services.invoice_days import LOOK_EVERY, InvoiceDays, lock_biller
from partnerlab.simulators.ic_webservices.services.ledger import biller_of, invoice_of
from partnerlab.simulators.ic_webservices.store import INVOICES, LATE_FEE_WAITS
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.jobs import Runner, Taken, Work, WorkOutcome
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Tx

__all__ = ["LateFees"]

TOLD = 5
"""Invoices that the timeline names, of those that are charged together."""
MOST = 1_000_000_000

_UNPAID = (
    "(late_fee_if_unpaid = 0 OR NOT EXISTS (SELECT 1 FROM ic_payments p WHERE p.lane = ic_invoices.lane"
    "  AND p.biller_guid = ic_invoices.biller_guid AND p.account_number = ic_invoices.account_number"
    "  AND p.invoice_number = ic_invoices.invoice_number AND p.approved = 1 AND p.donation = 'none'"
    "  AND p.state <> 'returned'))"
)


class LateFees:
    """Late fees of every lane."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self._days = InvoiceDays("ic_late_fees", "late_fee_on", LATE_FEE_WAITS, charges_at, besides=_UNPAID)
        self._work = runner.add(
            Work(self._days, "late fees are charged", within=self._charge, first=lock_biller, look_every=LOOK_EVERY)
        )

    def due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        """What is charged at or before *until*, for the lane's timeline."""
        yield from self.runner.due(self._work, lane, until)

    def _charge(self, tx: Tx, lane: Lane, taken: Taken) -> WorkOutcome:
        biller = biller_of(tx, lane, str(taken.key[0]))
        told = []
        for number in [*self._days.numbers(tx, lane.name, taken.key, MOST)]:
            invoice = charged(invoice_of(tx, lane, biller, number))
            INVOICES.put(tx, lane.name, invoice)
            told.append(f"{number}: {amount(invoice.late_fee_cents)}, now due {amount(invoice.balance_due_cents)}")
        more = f", and {len(told) - TOLD} more" if len(told) > TOLD else ""
        many = f"{len(told)} late fee{'' if len(told) == 1 else 's'} charged"
        return WorkOutcome("charged", f"{many} ({'; '.join(told[:TOLD])}{more})")
