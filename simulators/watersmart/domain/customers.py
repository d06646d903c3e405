"""Customers, what they are billed, and each entry that changed what they owe."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from partnerlab.contracts.records import dataclass

__all__ = ["RENEW_USER", "Cause", "Customer", "Entry", "Invoice", "Who"]

RENEW_USER = "Renew User"
"""The note of the entry that this button makes."""

Who = Literal["customer", "staff"]
"""Who changes something: the customer on the preferences page, or the utility's staff on the dashboard."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something changed: the request or job, and the lane's time."""

    request_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Customer:
    """
    One account of the utility.

    `balance_cents` is what is owed, negative for a credit: the sum of the account's entries. `entries` counts them;
    `balance_waits` says that it changed by an entry of the utility's own, which no balance file has said yet;
    from `balance_again_at` on one says it once more, as Invoice Cloud may count a payment as not in the last [A-103].
    """

    account_number: str
    customer_name: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""
    email: str = ""
    paperless: bool = False
    autopay: bool = False
    block_cards: bool = False
    block_bank: bool = False
    display_account_number: str = ""
    balance_cents: int = 0
    entries: int = 0
    balance_waits: bool = False
    balance_again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """
    A bill: `amount_cents` are its charges, `total_cents` what the invoice file asks for and `past_due_cents` what was
    owed before, both as they are when the file is made. `file_number` is that file: None while the bill waits, 0 where
    both sides began with it.
    """

    invoice_number: str
    account_number: str
    invoiced_on: date
    due_on: date
    amount_cents: int
    total_cents: int
    past_due_cents: int
    file_number: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of an account and its cause. `amount_cents` is what it adds to the balance."""

    account_number: str
    number: int
    kind: str
    amount_cents: int
    detail: dict[str, Any]
    request_id: str
    at: datetime
