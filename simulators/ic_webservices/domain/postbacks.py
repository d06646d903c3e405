"""
Postbacks: what Invoice Cloud tells the address in PostBackURL about each payment, and how often it tries.

Source: the eighteen fields are those that public integrations declare and read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import BANK_TENDERS, Payment

__all__ = [
    "FIELDS",
    "MOST_ATTEMPTS",
    "STATES",
    "Attempt",
    "PayerAddress",
    "Postback",
    "next_attempt_at",
    "payment_date",
    "postback_fields",
]

FIELDS = (
    "BillerGUID",
    "PaymentDate",
    "InvoiceNumber",
    "Approved",
    "CustomerName",
    "CustomerAddress",
    "CustomerCity",
    "CustomerState",
    "CustomerZip",
    "PaymentGUID",
    "PaymentAmount",
    "PaymentDescription",
    "PaymentTypeID",
    "CardType",
    "PaymentMessage",
    "BillerReference",
    "ConvenienceFee",
    "RemoteIP",
)
CARD_TYPE_ID, BANK_TYPE_ID = "1", "2"

WAITING, DELIVERED, GAVE_UP = "waiting", "delivered", "gave_up"
STATES: Mapping[str, frozenset[str]] = {
    WAITING: frozenset((DELIVERED, GAVE_UP)),
    DELIVERED: frozenset((DELIVERED,)),
    GAVE_UP: frozenset((DELIVERED, GAVE_UP)),
}
"""A postback's state and what an attempt may make of it; one that is sent again by hand keeps what it had reached."""

MOST_ATTEMPTS = 10
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
"""Ten attempts: at once, then after 10 s, doubled each time up to an hour, on the lane's clock. Assumed [A-67]."""


@dataclass(frozen=True, slots=True)
class PayerAddress:
    """Name and address of the customer, as the postback tells them."""

    name: str = ""
    address: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""


@dataclass(frozen=True, slots=True)
class Postback:
    """
    One postback: `body` is the form as it is sent, the same at each attempt.

    `created_at`, `next_at` and `delivered_at` (empty until then) are ISO 8601 in UTC on the lane's clock.
    """

    postback_id: str
    payment_guid: str
    biller_guid: str
    url: str
    body: str
    state: str
    attempts: int
    created_at: str
    next_at: str
    delivered_at: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: `at` on the lane's clock; `status` 0 where no answer came; `reason` empty where it was taken."""

    postback_id: str
    number: int
    at: str
    status: int
    reason: str
    took_ms: int


def next_attempt_at(attempts: int, now: datetime) -> datetime | None:
    """When to try again after that many attempts; None where it was the last."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return now + min(FIRST_PAUSE * (1 << attempts - 1), LONGEST_PAUSE)


def payment_date(paid_at: str, zone: ZoneInfo) -> str:
    """
    `11/21/2026 8:04:09 AM` in the biller's *zone*.

    Source: assumed [A-66]: as .NET writes a DateTime, since `True` and `False` are how it writes a Boolean.
    """
    local = datetime.fromisoformat(paid_at).astimezone(zone)
    hour = local.hour % 12 or 12
    return f"{local.month}/{local.day}/{local.year} {hour}:{local:%M:%S} {'AM' if local.hour < 12 else 'PM'}"


def postback_fields(
    payment: Payment, payer: PayerAddress, zone: ZoneInfo, *, biller_reference: str, remote_ip: str
) -> dict[str, str]:
    """
    The form of one payment, approved or not [A-21], in the order of `FIELDS`.

    PaymentAmount is what goes to the biller, without the fee; ConvenienceFee is the fee. PaymentTypeID is 1 for cards
    and PayPal, 2 for bank payments (assumed [A-66]).
    """
    bank = payment.tender in BANK_TENDERS
    instrument = "Bank account" if bank else payment.brand or "Card"
    return {
        "BillerGUID": payment.biller_guid,
        "PaymentDate": payment_date(payment.paid_at, zone),
        "InvoiceNumber": payment.invoice_number,
        "Approved": str(payment.approved),
        "CustomerName": payer.name,
        "CustomerAddress": payer.address,
        "CustomerCity": payer.city,
        "CustomerState": payer.state,
        "CustomerZip": payer.zip,
        "PaymentGUID": payment.payment_guid,
        "PaymentAmount": str(amount(payment.amount_cents)),
        "PaymentDescription": f"{instrument} ending in {payment.last_four}" if payment.last_four else instrument,
        "PaymentTypeID": BANK_TYPE_ID if bank else CARD_TYPE_ID,
        "CardType": "" if bank else payment.brand,
        "PaymentMessage": payment.message,
        "BillerReference": biller_reference,
        "ConvenienceFee": str(amount(payment.service_fee_cents)),
        "RemoteIP": remote_ip,
    }
