"""
Invoices as plain values, whatever file they came from.

The names are the terms of the field tables (`term` and `measure` in `contracts/files/*.toml`); a value is None, an
empty text or an empty tuple where the file has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

__all__ = ["Customer", "Invoice", "InvoiceLine", "MeterReading"]


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One meter over one billing period; readings are in the meter's own unit."""

    number: str = ""
    previous_read_on: date | None = None
    previous_reading: Decimal | None = None
    read_on: date | None = None
    reading: Decimal | None = None

    @property
    def usage(self) -> Decimal | None:
        """Reading less previous reading, where both are known; negative where a meter was changed or ran over."""
        if self.reading is None or self.previous_reading is None:
            return None
        return self.reading - self.previous_reading


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """
    One charge.

    `income_center` and `group` are the partner's own codes; `group_previous_balance` is the part of the previous
    balance that belongs to them; `usage` is the partner's figure for all meters together. `estimated` and
    `changed_out` are the partner's text where it is neither yes nor no.
    """

    description: str = ""
    amount: Decimal | None = None
    previous_balance: Decimal | None = None
    service_address: str = ""
    group: str = ""
    income_center: str = ""
    parcel_number: str = ""
    group_previous_balance: Decimal | None = None
    usage: Decimal | None = None
    estimated: bool | str | None = None
    changed_out: bool | str | None = None
    meters: tuple[MeterReading, ...] = ()


@dataclass(frozen=True, slots=True)
class Customer:
    """
    Who is billed.

    `block_cards` and `block_bank` say that payments by card or from a bank account are not taken; None where the file
    does not say. `display_account_number` is what the payer is shown in place of the number, where it has a value.
    """

    account_number: str
    name: str
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""
    email: str = ""
    registration_value: str = ""
    block_cards: bool | None = None
    block_bank: bool | None = None
    display_account_number: str = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    """
    One bill.

    `late_total` is the amount due after the due date, `past_due` the part of the previous balance still open on it,
    `deferred_from` and `deferred_to` the days of a payment arrangement; `custom_7` has no meaning in the source.
    `minimum_amount_due` is the least that is taken, for TCCS what is billed. The late fee falls due on `late_fee_on`;
    `late_fee_if_no_payments_only` says that a payment before that day spares it. `line` is where it stood in its file.
    """

    number: str
    record_type: str
    format_guid: str
    invoice_type_id: int
    invoiced_on: date
    due_on: date
    total_amount_due: Decimal
    customer: Customer
    lines: tuple[InvoiceLine, ...]
    balance_due: Decimal | None = None
    allow_partial_payments: bool | None = None
    balance_forward: bool | None = None
    minimum_amount_due: Decimal | None = None
    late_fee_amount: Decimal | None = None
    late_fee_on: date | None = None
    late_fee_if_no_payments_only: bool | None = None
    late_total: Decimal | None = None
    past_due: Decimal | None = None
    payments: Decimal | None = None
    deferred_from: date | None = None
    deferred_to: date | None = None
    draft_customer: bool | str | None = None
    chart_labels: str = ""
    autopay_message: str = ""
    custom_7: str = ""
    line: int = 0
