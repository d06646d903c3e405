"""What Invoice Cloud's web services answer. Amounts are US dollars with two decimals; unset dates are `None`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

__all__ = ["CustomerChange", "CustomerView", "ExportedPayment", "InvoiceView", "UploadProblem", "UploadReceipt"]


@dataclass(frozen=True, slots=True)
class UploadProblem:
    """One thing wrong in an uploaded bill file: where, in which field, and why (assumed [A-18])."""

    line: int
    invoice_number: str
    field: str
    file_spec_id: int
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class UploadReceipt:
    """What became of an uploaded bill file. A file may be taken in although some of its invoices were rejected."""

    upload_id: str
    invoices_accepted: int
    invoices_rejected: int
    problems: tuple[UploadProblem, ...]


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice as Invoice Cloud shows it."""

    invoice_number: str
    invoice_date: date | None
    invoice_due_date: date | None
    autopay_collection_date: date | None
    total_amount_due: Decimal
    balance_due: Decimal
    minimum_amount_due: Decimal
    allow_partial_payments: bool
    first_notify_requested_date: date | None
    second_notify_requested_date: date | None
    third_notify_requested_date: date | None


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer's record as Invoice Cloud shows it. `paper_invoices` false means paperless."""

    customer_id: str
    account_number: str
    customer_name: str
    address1: str
    address2: str
    city: str
    state: str
    zip: str
    phone: str
    email_address: str
    autopay: bool
    paper_invoices: bool
    registered: bool
    registration_date: datetime | None
    login_name: str


@dataclass(frozen=True, slots=True)
class ExportedPayment:
    """
    A payment as Invoice Cloud hands it over. Money that counts is `payment_amount`; `convenience_fee` is beside it.

    `payment_date` is the biller's local time; `payment_type_id` is 1 for a card and 2 for ACH. Source: WaterSmart
    Technical Design, Payment/Lockbox File.
    """

    invoice_number: str
    invoice_guid: str
    account_number: str
    customer_name: str
    payment_guid: str
    payment_date: datetime
    payment_type_id: int
    payment_type_desc: str
    payment_amount: Decimal
    convenience_fee: Decimal
    payment_reference: str
    payment_message: str
    approved: bool
    biller_reference: str
    offline: bool
    location_reference: str
    ws_report_id: int
    check_number: str


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """
    What payers changed on an account: a date that is set says so, in the biller's local time.

    `email_address` and `phone_number` are those that stand now. Source: WaterSmart Technical Design, Change Log File.
    """

    account_number: str
    autopay_sign_up_date: datetime | None
    autopay_cancel_date: datetime | None
    email_address: str
    email_address_change_date: datetime | None
    phone_number: str
    phone_number_change_date: datetime | None
    paperless_sign_up_date: datetime | None
    paperless_cancel_date: datetime | None
