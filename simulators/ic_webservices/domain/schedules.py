"""Payments for later: those a payer sets for a day, and those that AutoPay makes when a bill falls due."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.errors import PaymentRefused, ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, owed_cents
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.partners import partner_of
from partnerlab.simulators.ic_webservices.domain.payments import Payment

__all__ = [
    "AUTOPAY",
    "ONCE",
    "STATES",
    "AutoPay",
    "Schedule",
    "autopay_id",
    "cancelled",
    "check_day",
    "check_not_twice",
    "collected_on",
    "paid",
    "runs_at",
    "skipped",
]

ONCE, AUTOPAY = "once", "autopay"
SCHEDULED, PAID, DECLINED, FAILED, SKIPPED, CANCELLED = (
    "scheduled",
    "paid",
    "declined",
    "failed",
    "skipped",
    "cancelled",
)
STATES: Mapping[str, frozenset[str]] = {
    SCHEDULED: frozenset((PAID, DECLINED, FAILED, SKIPPED, CANCELLED)),
    PAID: frozenset(),
    DECLINED: frozenset(),
    FAILED: frozenset(),
    SKIPPED: frozenset(),
    CANCELLED: frozenset(),
}
"""A scheduled payment's state and what it may become. It runs once: what was declined is not tried again [A-60]."""

RUN_TIME = time(7, 0)
"""Local time of the biller at which scheduled payments and AutoPay run: assumed [A-60]."""
LATEST = timedelta(days=366)
"""How far ahead a payment may be scheduled: assumed [A-60]."""

_NAMESPACE = uuid.UUID("b7a1c9f2-5d3e-5c1b-8a7f-2f60c9a0e1d4")


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    One payment for later. `kind` is `once` or `autopay`; its id becomes the payment's GUID, so it is made once only.

    `amount_cents` is 0 for AutoPay, which pays what is due; `runs_on` is the day in the biller's zone, `runs_at` the
    moment (ISO 8601 in UTC); `outcome` tells what became of it in words; `payment_guid` is empty where there is none.
    """

    schedule_id: str
    biller_guid: str
    username: str
    account_number: str
    invoice_number: str
    kind: str
    amount_cents: int
    method_id: str
    runs_on: date
    runs_at: str
    created_at: str
    state: str = SCHEDULED
    outcome: str = ""
    payment_guid: str = ""


@dataclass(frozen=True, slots=True)
class AutoPay:
    """With which user's method an account is paid. It counts only while the customer's AutoPay is on."""

    biller_guid: str
    account_number: str
    username: str
    method_id: str
    enrolled_at: str


def runs_at(day: date, zone: ZoneInfo) -> datetime:
    """When what is set for that day of the biller's zone runs, in UTC."""
    return datetime.combine(day, RUN_TIME, tzinfo=zone).astimezone(UTC)


def collected_on(invoice: Invoice) -> date:
    """The day AutoPay collects an invoice: AutoPayCollectionDate, else the due date."""
    return invoice.autopay_collection_date or invoice.invoice_due_date


def autopay_id(invoice: Invoice, partner: str) -> str:
    """
    The id of AutoPay's collection of an invoice, whatever its dates: it is collected once, also after a new file.

    Where an invoice is a policy term it is collected once for each bill date: a new one is a new instalment [A-119].
    """
    name = f"{invoice.biller_guid}|{invoice.account_number}|{invoice.invoice_number}"
    if partner_of(partner).bills_terms:
        name += f"|{invoice.invoice_date.isoformat()}"
    return str(uuid.uuid5(_NAMESPACE, name))


def check_day(day: date, now: datetime, zone: ZoneInfo) -> datetime:
    """When a payment set for *day* runs. Raises `ValueRefused` where that is past or too far ahead."""
    try:
        at = runs_at(day, zone)
    except OverflowError:
        raise ValueRefused("day", day, "is no day of this calendar") from None
    if at <= now:
        raise ValueRefused("day", day, f"must be a later day: payments run at {RUN_TIME:%I:%M %p}")
    if at > now + LATEST:
        raise ValueRefused("day", day, f"must be within {LATEST.days} days")
    return at


def check_not_twice(invoice: Invoice, amount_cents: int, scheduled_cents: int) -> None:
    """Check that what is scheduled for an invoice does not exceed what is owed. Raises `PaymentRefused`."""
    owed = owed_cents(invoice)
    if scheduled_cents and amount_cents + scheduled_cents > owed:
        word = "due" if owed == invoice.balance_due_cents else "owed"
        raise PaymentRefused(
            "scheduled_already",
            f"Invoice {invoice.invoice_number}: {amount(scheduled_cents)} of the {amount(owed)} {word} is scheduled"
            " already.",
        )


def paid(schedule: Schedule, payment: Payment) -> Schedule:
    """The schedule after its payment, taken or not."""
    state = PAID if payment.approved else payment.state
    return _become(schedule, state, payment.message, payment.payment_guid)


def skipped(schedule: Schedule, reason: str) -> Schedule:
    """The schedule after its time came and nothing was paid."""
    return _become(schedule, SKIPPED, reason)


def cancelled(schedule: Schedule) -> Schedule:
    """The schedule after the payer cancelled it. Raises `PaymentRefused` where it has run."""
    if schedule.state != SCHEDULED:
        raise PaymentRefused("not_scheduled", "This payment is not waiting any more.")
    return _become(schedule, CANCELLED, "Cancelled by the payer")


def _become(schedule: Schedule, state: str, outcome: str, payment_guid: str = "") -> Schedule:
    if state not in STATES[schedule.state]:
        raise ValueError(f"schedule {schedule.schedule_id}: {schedule.state} does not become {state}")
    return replace(schedule, state=state, outcome=outcome, payment_guid=payment_guid)
