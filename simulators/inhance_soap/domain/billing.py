"""
Bills, and the arithmetic of what an account owes.

    Balance        what is open on the bills billed until today, less the account's credit; negative is a credit
    FutureBalance  Balance and what is open on bills dated after today

Money that comes in is credit until a billed bill takes it, the oldest due first. So a payment, a new bill and a bill
whose day has come are all the same step: settle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from partnerlab.contracts.numbers import number_key
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.inhance_soap.domain.text import read_line

__all__ = ["Bill", "Settlement", "balances", "check_bill", "open_amount", "settle", "unsettle"]


@dataclass(frozen=True, slots=True)
class Bill:
    """One invoice of an account; `open_cents` is what no payment has covered."""

    invoice_number: str
    billed_on: date
    due_on: date
    amount_cents: int
    open_cents: int


class Settlement(NamedTuple):
    """Bills that credit was applied to, how much each took in cents, and the credit left."""

    bills: tuple[Bill, ...]
    applied: tuple[tuple[str, int], ...]
    credit_cents: int


def balances(open_items: Iterable[tuple[date, int]], credit_cents: int, today: date) -> tuple[int, int]:
    """Balance and FutureBalance in cents, from the date and the open amount of each bill."""
    billed = future = 0
    for billed_on, open_cents in open_items:
        if billed_on <= today:
            billed += open_cents
        else:
            future += open_cents
    balance = billed - credit_cents
    return balance, balance + future


def settle(bills: Sequence[Bill], credit_cents: int, today: date) -> Settlement:
    """Apply credit to the bills billed until *today*, the oldest due first."""
    changed, applied = [], []
    if len(bills) > 1:
        bills = sorted(bills, key=_turn)
    for bill in bills:
        if credit_cents <= 0:
            break
        if bill.open_cents <= 0 or bill.billed_on > today:
            continue
        taken = min(bill.open_cents, credit_cents)
        credit_cents -= taken
        left = bill.open_cents - taken
        changed.append(Bill(bill.invoice_number, bill.billed_on, bill.due_on, bill.amount_cents, left))
        applied.append((bill.invoice_number, taken))
    return Settlement(tuple(changed), tuple(applied), credit_cents)


def unsettle(bills: Sequence[Bill], credit_cents: int, cents: int) -> Settlement:
    """Take back *cents* that were paid: from the credit first, then from what bills took, the newest due first."""
    taken = min(max(credit_cents, 0), cents)
    credit_cents -= taken
    cents -= taken
    changed, reopened = [], []
    for bill in sorted(bills, key=_turn, reverse=True):
        back = min(bill.amount_cents - bill.open_cents, cents)
        if back <= 0:
            continue
        cents -= back
        changed.append(replace(bill, open_cents=bill.open_cents + back))
        reopened.append((bill.invoice_number, back))
    return Settlement(tuple(changed), tuple(reopened), credit_cents - cents)


def _turn(bill: Bill) -> tuple[date, date, tuple[int, str, str]]:
    """The order in which money covers bills: of two of one day that with the lower number first [A-121]."""
    return bill.due_on, bill.billed_on, number_key(bill.invoice_number)


def check_bill(bill: Bill) -> None:
    """Raises `ValueInvalid` for a bill without a number, or with one that is no line of up to 50 characters."""
    read_line("invoice_number", bill.invoice_number, required=True, longest=50, number=True)


def open_amount(new: Bill, old: Bill | None = None) -> tuple[Bill, int]:
    """
    A bill as it enters the books, in place of the *old* one of its number [A-17]; what was paid on that stays paid.

    Returns the bill with what is then open, and the cents that become credit: what was paid beyond the new amount,
    and all of a negative bill.
    """
    paid = 0 if old is None else old.amount_cents - old.open_cents
    return replace(new, open_cents=max(new.amount_cents - paid, 0)), max(paid - new.amount_cents, 0)
