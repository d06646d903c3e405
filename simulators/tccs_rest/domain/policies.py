"""
Policy terms and their charges, and the arithmetic of what is owed.

    outstanding   every charge of the term, less what was paid                         (`Total Balance`)
    billed due    the charges billed until today, less what was paid, but not below 0  (`Record bal`)

Only three sums decide: money has no place of its own, so a payment and its return are exact opposites, and a payment of
more than is billed lowers the next instalment. What is paid beyond everything is a credit, and then both balances are
that credit, below zero [A-45].
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field
from datetime import date
from typing import Literal

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.tccs_rest.domain.numbers import policy_number

__all__ = ["Balances", "Charge", "Insured", "OpenCharge", "Policy", "balances", "bill_dates", "is_late", "open_charges"]


@dataclass(frozen=True, slots=True)
class Insured:
    """Who a policy or quote is for, and where bills go."""

    name: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """
    One term of a policy, which is one invoice.

    `late_fee_cents` is charged for each instalment that is open after its due date, none where it is 0; `paid_cents` is
    what was paid, less what came back.
    """

    invoice_number: str
    effective_on: date
    expires_on: date
    insured: Insured = field(default_factory=Insured)
    late_fee_cents: int = 0
    paperless: bool = False
    recurring: bool = False
    paid_cents: int = 0

    @property
    def number(self) -> str:
        """The policy's number, which its terms share."""
        return policy_number(self.invoice_number)


@dataclass(frozen=True, slots=True)
class Charge:
    """An instalment of the premium, or a late fee; `number` counts within the term."""

    number: int
    kind: Literal["instalment", "late_fee"]
    billed_on: date
    due_on: date
    amount_cents: int


@dataclass(frozen=True, slots=True)
class OpenCharge:
    """A charge and what no payment has covered of it."""

    charge: Charge
    open_cents: int
    billed: bool


@dataclass(frozen=True, slots=True)
class Balances:
    """`Record bal` and `Total Balance`, in cents."""

    billed_due_cents: int
    outstanding_cents: int


def balances(charges: Iterable[tuple[date, int]], paid_cents: int, today: date) -> Balances:
    """What is owed, from the bill date and the amount of each charge."""
    billed = total = 0
    for billed_on, amount_cents in charges:
        total += amount_cents
        if billed_on <= today:
            billed += amount_cents
    outstanding = total - paid_cents
    return Balances(outstanding if outstanding < 0 else max(billed - paid_cents, 0), outstanding)


def open_charges(charges: Iterable[Charge], paid_cents: int, today: date) -> list[OpenCharge]:
    """
    The charges in the order in which money covers them, and what is left open on each.

    First the billed instalments, the oldest due first; then late fees, so that an unpaid one makes no instalment late;
    then the instalments to come.
    """
    found = []
    for charge in sorted(charges, key=lambda one: _turn(one, today)):
        covered = min(max(paid_cents, 0), charge.amount_cents)
        paid_cents -= covered
        found.append(OpenCharge(charge, charge.amount_cents - covered, charge.billed_on <= today))
    return found


def is_late(instalment: Charge, charges: Iterable[Charge], paid_cents: int, today: date) -> bool:
    """
    Whether an instalment is open after its due date: what was paid does not cover it and those due before it.

    Late fees are not counted, as they are paid last. Source: "TCCS Technical Design", field mapping 191,
    ApplyLateFeeIfNoPaymentsOnly: no, so a payment in part saves nothing; once for each instalment, assumed [A-45].
    """
    due_cents = sum(one.amount_cents for one in charges if one.kind == "instalment" and one.due_on <= instalment.due_on)
    return instalment.due_on < today and paid_cents < due_cents


def bill_dates(policy: Policy, charges: Sequence[OpenCharge]) -> tuple[date, date]:
    """
    Bill date and due date of the term.

    Source: "TCCS Technical Design", field mapping: InvoiceDate is the newest bill date, InvoiceDueDate the oldest due
    date (of what is still open, where anything is), and either is the effective date where nothing is billed.
    """
    billed = [one for one in charges if one.billed]
    due = [one for one in billed if one.open_cents] or billed
    return (
        max((one.charge.billed_on for one in billed), default=policy.effective_on),
        min((one.charge.due_on for one in due), default=policy.effective_on),
    )


def _turn(charge: Charge, today: date) -> tuple[bool, bool, date, date, int]:
    return charge.billed_on > today, charge.kind == "late_fee", charge.due_on, charge.billed_on, charge.number
