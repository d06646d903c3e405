"""What jobs take from the books and bring into them, as plain values. Amounts are US dollars with two decimals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal

from partnerlab.contracts.records import dataclass

__all__ = ["AccountChange", "BalanceRow", "BalanceToSend", "Bill", "BillLine", "BillRun", "InvoiceRow"]


@dataclass(frozen=True, slots=True)
class BalanceToSend:
    """
    What an account owes, for the invoice that asks for it.

    `revision` is the books' own: it says which state of the account is sent.
    """

    account_number: str
    invoice_number: str
    balance: Decimal
    revision: int


@dataclass(frozen=True, slots=True)
class AccountChange:
    """
    One thing that a payer changed.

    `kind` is `autopay` or `paperless`, whose `value` is `on` or `off`, or `email` or `phone`, whose value is the
    address or number that stands now. `changed_at` is the biller's local time.
    """

    account_number: str
    kind: str
    value: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class BillLine:
    """One charge of a bill; without an amount where the partner's file has none."""

    description: str
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """
    A bill as the books have it: names are the terms of the field tables, None is an empty column.

    `revision` is the books' own: it says which state of the bill is sent.
    """

    number: str
    account_number: str
    name: str
    invoiced_on: date
    due_on: date
    total_amount_due: Decimal
    lines: tuple[BillLine, ...]
    revision: int = 0
    balance_due: Decimal | None = None
    minimum_amount_due: Decimal | None = None
    past_due: Decimal | None = None
    payments: Decimal | None = None
    draft_customer: bool | None = None
    late_fee_amount: Decimal | None = None
    late_fee_on: date | None = None
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""
    email: str = ""
    registration_value: str = ""


@dataclass(frozen=True, slots=True)
class BillRun:
    """
    Bills to be sent together, with what Invoice Cloud gave the biller for its files.

    `layout` names the partner's field table (`inhance_v1`); `file_name` ends with `.bif`.
    """

    layout: str
    file_name: str
    biller_guid: str
    format_guid: str
    invoice_type_id: int
    created_on: date
    bills: Sequence[Bill] = field(repr=False)


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One row of WaterSmart's invoice file; the names are the terms of its table."""

    account_number: str
    name: str
    number: str
    invoiced_on: date
    due_on: date
    total_amount_due: Decimal
    past_due: Decimal = Decimal("0.00")
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    block_cards: bool = False
    block_bank: bool = False
    display_account_number: str = ""


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One row of WaterSmart's balance file: what the account owes now; the names are the terms of its table."""

    account_number: str
    amount: Decimal
    customer_name: str = ""
    past_due: Decimal = Decimal("0.00")
