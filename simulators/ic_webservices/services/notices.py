"""
Messages whose time comes: notices of bills on their notification dates, and the reminders that payers asked for.

A bill with something due is told of once for each of its dates, and once for all that are over when it comes. The day
up to which that was done stands on the invoice, also where a file brings it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from partnerlab.simulators.ic_webservices.domain.billers import time_zone
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.invoices import OPEN, notify_dates, waits_for_notice
from partnerlab.simulators.ic_webservices.domain.mailbox import Message, bill_notices, notifies_at, reminder
from partnerlab.simulators.ic_webservices.services.invoice_days import LOOK_EVERY, InvoiceDays, lock_biller
from partnerlab.simulators.ic_webservices.services.ledger import biller_of, customer_of, invoice_of
from partnerlab.simulators.ic_webservices.services.mailbox import put_messages
from partnerlab.simulators.ic_webservices.store import INVOICES, NOTICE_WAITS, REMINDER_QUEUE, REMINDERS
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.jobs import Runner, Taken, Work, WorkOutcome
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["Notices"]

MOST_AT_ONCE = 500
"""Bills that are told of in one transaction."""

_PHONES = Statement(
    "SELECT DISTINCT u.text_phone FROM ic_user_accounts a JOIN ic_users u ON u.lane = a.lane"
    " AND u.biller_guid = a.biller_guid AND u.username = a.username"
    " WHERE a.lane = :lane AND a.biller_guid = :biller_guid AND a.account_number = :account_number"
    " AND u.text_phone <> '' ORDER BY u.text_phone"
)


class Notices:
    """Notices and reminders of every lane."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self._days = InvoiceDays("ic_notices", "notify_on", NOTICE_WAITS, notifies_at)
        self._notices = runner.add(
            Work(self._days, "payers are told of bills", within=self._notify, first=lock_biller, look_every=LOOK_EVERY)
        )
        self._reminders = runner.add(Work(REMINDER_QUEUE, "a reminder is sent", within=self._remind, first=lock_biller))

    def due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        """What is told at or before *until*, for the lane's timeline."""
        yield from self.runner.due(self._notices, lane, until)
        yield from self.runner.due(self._reminders, lane, until)

    def _notify(self, tx: Tx, lane: Lane, taken: Taken) -> WorkOutcome:
        biller = biller_of(tx, lane, str(taken.key[0]))
        today = lane.now().astimezone(time_zone(biller.time_zone)).date()
        messages: list[Message] = []
        numbers = [*self._days.numbers(tx, lane.name, taken.key, MOST_AT_ONCE)]
        for number in numbers:
            invoice = invoice_of(tx, lane, biller, number)
            customer = customer_of(tx, lane, biller, invoice.account_number)
            ordinal, day = max(
                ((number, day) for number, day in notify_dates(invoice).items() if day <= today),
                key=lambda found: (found[1], found[0]),
            )
            INVOICES.put(tx, lane.name, waits_for_notice(invoice, day))
            messages += bill_notices(biller, customer, invoice, _phones(tx, lane, customer), ordinal=ordinal)
        put_messages(tx, lane, messages)
        bills = f"{len(numbers)} bill{'' if len(numbers) == 1 else 's'}"
        return WorkOutcome("told", f"payers were told of {bills}: {_many(len(messages))}")

    def _remind(self, tx: Tx, lane: Lane, taken: Taken) -> WorkOutcome:
        asked = REMINDERS.get(tx, lane.name, *taken.key)
        assert asked is not None
        biller = biller_of(tx, lane, asked.biller_guid)
        invoice = invoice_of(tx, lane, biller, asked.invoice_number)
        if invoice.status != OPEN or invoice.balance_due_cents <= 0:
            return WorkOutcome("skipped", f"reminder of bill {asked.invoice_number}: nothing is due any more")
        customer = customer_of(tx, lane, biller, invoice.account_number)
        put_messages(tx, lane, [reminder(biller, customer, invoice, asked.email_address)])
        return WorkOutcome("reminded", f"reminder of bill {asked.invoice_number}: {_many(1)}")


def _phones(tx: Tx, lane: Lane, customer: Customer) -> list[str]:
    of = {"biller_guid": customer.biller_guid, "account_number": customer.account_number}
    return [str(phone) for (phone,) in tx.all(_PHONES, lane=lane.name, **of)]


def _many(messages: int) -> str:
    return f"{messages} message{'' if messages == 1 else 's'}"
