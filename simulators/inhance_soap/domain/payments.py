"""A payment as MakePaymentExtended posts it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.inhance_soap.domain.errors import ValueInvalid
from partnerlab.simulators.inhance_soap.domain.money import read_cents
from partnerlab.simulators.inhance_soap.domain.text import read_line

__all__ = ["Payment", "PostedPayment", "Receipt", "read_payment"]

_YEARS = range(1900, 9000)
LONGEST = 255
"""Characters of a text parameter (assumed [A-26])."""


@dataclass(frozen=True, slots=True)
class Payment:
    """
    A payment to be posted: the reference is Invoice Cloud's.

    `amount_cents` is credited to the account; `fee_cents` is Invoice Cloud's convenience fee, kept for the record and
    credited to nobody.
    """

    reference: str
    document_number: str
    type: str
    amount_cents: int
    fee_cents: int
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class PostedPayment:
    """
    A payment as posted; `number` counts within the account, `duplicate_of` is the first of the same reference.

    `returned_at` is when a person entered that it came back.
    """

    account_number: str
    number: int
    payment: Payment
    duplicate_of: int | None
    request_id: str
    posted_at: datetime
    returned_at: datetime | None = None


class Receipt(NamedTuple):
    """What a payment was posted as: its number within the account, and that of the first of the same reference."""

    number: int
    duplicate_of: int | None


def read_payment(
    *,
    reference: str | None,
    document_number: str | None,
    type: str | None,
    amount: Decimal,
    fee: Decimal,
    paid_at: datetime,
    zone: ZoneInfo,
) -> Payment:
    """
    A payment from the values on the wire.

    A *paid_at* without an offset is the wall clock of the utility's *zone*; it is kept as UTC.

    Raises:
        ValueInvalid: no reference, no date, an amount that is not positive, a negative fee.
    """
    amount_cents = read_cents("PaymentAmount", amount)
    if amount_cents <= 0:
        raise ValueInvalid("PaymentAmount", amount, "is not more than zero")
    fee_cents = read_cents("ConvenienceFee", fee)
    if fee_cents < 0:
        raise ValueInvalid("ConvenienceFee", fee, "is negative")
    if paid_at.year not in _YEARS:  # a date that is not sent arrives as the year 1
        raise ValueInvalid("PaymentDate", paid_at.isoformat(), "is missing or out of bounds")
    return Payment(
        reference=read_line("PaymentReference", reference, required=True, longest=LONGEST, number=True),
        document_number=read_line("DocumentNumber", document_number, longest=LONGEST, number=True),
        type=read_line("PaymentTypeDesc", type, longest=LONGEST, number=True),
        amount_cents=amount_cents,
        fee_cents=fee_cents,
        paid_at=(paid_at if paid_at.tzinfo else paid_at.replace(tzinfo=zone)).astimezone(UTC),
    )
