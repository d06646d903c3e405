"""
What stands in each of the three files, as plain values.

The names are the terms of the tables (`contracts/files/csv/watersmart_*.toml`). Moments are aware; they are written in
the biller's zone. An empty text or None is an empty cell.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from partnerlab.contracts.records import dataclass

__all__ = ["ExportedChange", "ExportedPayment", "ExportedReject"]


@dataclass(frozen=True, slots=True)
class ExportedPayment:
    """
    One row of the payment/lockbox file.

    `payment_type_id` is 1 for a card and PayPal, 2 for a bank account; `payment_type` says it in words, as in `Visa`.
    An `offline` payment lowers a balance and moved no money through Invoice Cloud. `report_id` numbers the batch.
    """

    account_number: str
    payment_guid: str
    paid_at: datetime
    payment_type_id: int
    payment_type: str
    amount: Decimal
    report_id: int
    invoice_number: str = ""
    invoice_guid: str = ""
    customer_name: str = ""
    convenience_fee: Decimal = Decimal("0.00")
    reference: str = ""
    message: str = ""
    approved: bool = True
    biller_reference: str = ""
    offline: bool = False
    location_reference: str = ""
    check_number: str = ""


@dataclass(frozen=True, slots=True)
class ExportedChange:
    """One row of the change log: the current addresses of an account, and when each thing was changed last."""

    account_number: str
    autopay_on_at: datetime | None = None
    autopay_off_at: datetime | None = None
    email_address: str = ""
    email_changed_at: datetime | None = None
    phone: str = ""
    phone_changed_at: datetime | None = None
    paperless_on_at: datetime | None = None
    paperless_off_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExportedReject:
    """One row of the ACH rejects file: a bank payment that came back, with the bank's `code`, as in `R01`."""

    paid_at: datetime
    returned_at: datetime
    account_number: str
    amount: Decimal
    code: str
    customer_name: str = ""
    invoice_number: str = ""
    invoice_type: str = ""
    auth_order_number: str = ""
    reference: str = ""
    biller_reference: str = ""
