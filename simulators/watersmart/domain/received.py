"""What Invoice Cloud's files say: payments, rejects and changes, and files themselves as they come and go."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from partnerlab.contracts.records import dataclass

__all__ = ["ChangeRow", "ExchangedFile", "Payment", "PaymentState", "Reject", "number_before", "switched"]

_CONVEYED = re.compile(r"-?CV-[0-9]{8,14}\Z")
PaymentState = Literal["posted", "returned", "declined", "unmatched"]


@dataclass(frozen=True, slots=True)
class Payment:
    """
    One row of a payment/lockbox file, found by its PaymentGUID.

    `posted` and `returned` lowered the balance, the latter until the money came back; `declined` moved nothing;
    `unmatched` is of an account that WaterSmart does not have, and waits for a person.
    """

    payment_guid: str
    reference: str
    account_number: str
    invoice_number: str
    amount_cents: int
    fee_cents: int
    type_id: int
    type_words: str
    paid_at: datetime
    approved: bool
    offline: bool
    check_number: str
    biller_reference: str
    report_id: int
    file_number: int = 0
    state: PaymentState = "posted"


@dataclass(frozen=True, slots=True)
class Reject:
    """One row of an ACH rejects file; `applied` once the payment of its reference was taken back."""

    reference: str
    account_number: str
    amount_cents: int
    code: str
    returned_at: datetime
    file_number: int = 0
    applied: bool = False


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One row of a change log file."""

    account_number: str
    autopay_on_at: datetime | None
    autopay_off_at: datetime | None
    email: str
    email_changed_at: datetime | None
    phone: str
    phone_changed_at: datetime | None
    paperless_on_at: datetime | None
    paperless_off_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExchangedFile:
    """
    A file that was sent or taken. `state` is `waiting` (made, not known to have arrived), `sent` or `taken`.

    `digest` is the content's SHA-256; the content itself is kept of what is sent, so that it can be sent again.
    """

    number: int
    kind: str
    name: str
    state: str
    digest: str
    content: str
    row_count: int
    message: str
    at: datetime


def switched(on_at: datetime | None, off_at: datetime | None) -> bool | None:
    """
    What a switch is after a sign-up date and a cancel date: the later one counts, None where there is neither.

    Of two in one second the cancel counts: the file does not tell which came first.
    """
    if on_at is None and off_at is None:
        return None
    if on_at is None or off_at is None:
        return off_at is None
    return on_at > off_at


def number_before(account_number: str) -> str:
    """The number here of an account that Invoice Cloud passed to a new owner and marks so [A-4]."""
    return _CONVEYED.sub("", account_number)
