"""What happened, as the data pump takes it: the bodies of `contracts/datapump/event.schema.json`, but for the lane."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import Payment

__all__ = [
    "ACCEPTED",
    "DISMISSED",
    "REFUSED",
    "WAITING",
    "Entry",
    "Event",
    "ach_reject_event",
    "email_event",
    "enrolment_event",
    "payment_event",
]


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `fields` are those of its kind; the rest of the body is made of the others."""

    id: str
    kind: str
    biller_guid: str
    account_number: str
    occurred_at: datetime
    fields: dict[str, Any]

    def body(self) -> dict[str, Any]:
        """The event as JSON values, without `lane`."""
        return {
            "id": self.id,
            "kind": self.kind,
            "biller_guid": self.biller_guid,
            "account_number": self.account_number,
            "occurred_at": self.occurred_at.isoformat(),
            **self.fields,
        }


WAITING, ACCEPTED, REFUSED, DISMISSED = "waiting", "accepted", "refused", "dismissed"


@dataclass(frozen=True, slots=True)
class Entry:
    """
    An event as it stands in the outbox: `event` is its body.

    It is `waiting` until the data pump has it (`accepted`) or says that it never takes it (`refused`), which a person
    settles: offered again, or `dismissed` with a reason. `accepted_at` and `next_at` are real time, `occurred_at` is
    the lane's.
    """

    seq: int
    event_id: str
    kind: str
    biller_guid: str
    account_number: str
    event: Mapping[str, Any]
    cause: str
    occurred_at: str
    next_at: str
    state: str = WAITING
    attempts: int = 0
    accepted_at: str | None = None
    problem: str | None = None


def payment_event(payment: Payment, zone: ZoneInfo, *, now: datetime) -> Event:
    """An approved payment; the event's id is the PaymentGUID, `paid_at` is in the biller's *zone*."""
    return Event(
        payment.payment_guid,
        "payment",
        payment.biller_guid,
        payment.account_number,
        now,
        {
            "payment": {
                "invoice_number": payment.invoice_number,
                "amount": f"{amount(payment.amount_cents)}",
                "service_fee": f"{amount(payment.service_fee_cents)}",
                "tender": payment.tender,
                "reference": payment.reference,
                "donation": payment.donation,
                "payer_name": payment.payer_name,
                "paid_at": datetime.fromisoformat(payment.paid_at).astimezone(zone).isoformat(),
            }
        },
    )


def enrolment_event(
    id: str, kind: str, biller_guid: str, account_number: str, *, enrolled: bool, invoice_number: str, now: datetime
) -> Event:
    """Paperless or AutoPay (*kind*) was switched; *invoice_number* is the account's latest, empty where it has none."""
    fields = {"enrolled": enrolled, "invoice_number": invoice_number}
    return Event(id, kind, biller_guid, account_number, now, fields)


def email_event(id: str, biller_guid: str, account_number: str, *, email_address: str, now: datetime) -> Event:
    """The e-mail address was changed."""
    return Event(id, "email", biller_guid, account_number, now, {"email_address": email_address})


def ach_reject_event(id: str, payment: Payment, zone: ZoneInfo, *, now: datetime) -> Event:
    """A bank payment came back; `paid_on` is the day it was paid in the biller's *zone*."""
    return Event(
        id,
        "ach_reject",
        payment.biller_guid,
        payment.account_number,
        now,
        {
            "ach_reject": {
                "payment_guid": payment.payment_guid,
                "invoice_number": payment.invoice_number,
                "amount": f"{amount(payment.amount_cents)}",
                "paid_on": datetime.fromisoformat(payment.paid_at).astimezone(zone).date().isoformat(),
                "code": payment.return_code,
                "donation": payment.donation,
            }
        },
    )
