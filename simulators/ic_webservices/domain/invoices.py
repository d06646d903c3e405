"""Invoices: what a bill file brought, what is still due on it, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from partnerlab.simulators.ic_webservices.domain.errors import PaymentRefused
from partnerlab.simulators.ic_webservices.domain.money import amount

__all__ = ["STATUSES", "Invoice", "Line", "credited", "debited", "may_pay", "with_balance"]

OPEN, PAID, CLOSED = "open", "paid", "closed"
STATUSES: Mapping[str, Mapping[str, str]] = {
    OPEN: {"nothing due": PAID, "something due": OPEN, "carried forward": CLOSED},
    PAID: {"nothing due": PAID, "something due": OPEN},
    CLOSED: {"nothing due": PAID, "something due": OPEN},
}
"""Status and what happens to status. An open invoice is closed when a later bill carries its balance forward."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice: an ID record of the bill file. `fields` are its other fields by name, as text."""

    description: str
    total: Decimal | None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Invoice:
    """
    One invoice of a biller.

    `fields` are the header's other fields by name, as text. `version` counts its changes. `asked_at` and
    `asked_problem` tell of the last time the partner was asked for the balance.
    """

    biller_guid: str
    invoice_number: str
    account_number: str
    invoice_date: date
    invoice_due_date: date
    total_amount_due_cents: int
    balance_due_cents: int
    minimum_amount_due_cents: int = 0
    allow_partial_payments: bool = False
    balance_forward: bool = False
    autopay_collection_date: date | None = None
    first_notify_requested_date: date | None = None
    second_notify_requested_date: date | None = None
    third_notify_requested_date: date | None = None
    invoice_type_id: str = ""
    invoice_format_guid: str = ""
    status: str = OPEN
    version: int = 1
    upload_id: str = ""
    asked_at: str = ""
    asked_problem: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    lines: Sequence[Line] = ()


def with_balance(invoice: Invoice, balance_due_cents: int, total_amount_due_cents: int | None = None) -> Invoice:
    """The invoice with another balance (and total, where given), its status following."""
    happened = "something due" if balance_due_cents > 0 else "nothing due"
    return replace(
        invoice,
        balance_due_cents=balance_due_cents,
        total_amount_due_cents=(
            invoice.total_amount_due_cents if total_amount_due_cents is None else total_amount_due_cents
        ),
        status=STATUSES[invoice.status][happened],
        version=invoice.version + 1,
    )


def may_pay(invoice: Invoice, amount_cents: int) -> None:
    """
    Check a payment of an invoice against the invoice's own rules. Raises `PaymentRefused`.

    Nothing is paid on a closed invoice or where nothing is due; never more than BalanceDue; less only with
    AllowPartialPayments, and then not less than MinimumAmountDue. Source: assumed [A-37]: the sources name
    the fields only.
    """
    due, minimum = invoice.balance_due_cents, invoice.minimum_amount_due_cents
    where = f"Invoice {invoice.invoice_number}"
    if invoice.status == CLOSED:
        raise PaymentRefused("invoice_closed", f"{where} is closed: a later bill carries its balance forward.")
    if due <= 0:
        raise PaymentRefused("nothing_due", f"{where}: nothing is due.")
    if amount_cents > due:
        raise PaymentRefused("over_balance", f"{where}: {amount(amount_cents)} is more than the {amount(due)} due.")
    if amount_cents < due and not invoice.allow_partial_payments:
        raise PaymentRefused("partial_not_allowed", f"{where}: only the whole {amount(due)} can be paid.")
    if amount_cents < min(due, minimum):
        raise PaymentRefused("under_minimum", f"{where}: at least {amount(min(due, minimum))} must be paid.")


def debited(invoice: Invoice, amount_cents: int) -> Invoice:
    """The invoice after a payment."""
    return with_balance(invoice, invoice.balance_due_cents - amount_cents)


def credited(invoice: Invoice, amount_cents: int) -> Invoice:
    """The invoice after a payment of it was returned; a closed one stays closed, its balance went forward."""
    after = with_balance(invoice, invoice.balance_due_cents + amount_cents)
    return replace(after, status=CLOSED) if invoice.status == CLOSED else after
