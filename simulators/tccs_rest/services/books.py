"""What every change of the ledger is made of: a charge, money in or out, an event; and the views of what there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.tccs_rest.domain.events import Cause, Event
from partnerlab.simulators.tccs_rest.domain.money import to_text
from partnerlab.simulators.tccs_rest.domain.payments import PostedPayment
from partnerlab.simulators.tccs_rest.domain.policies import Balances, Charge, OpenCharge, Policy, balances, open_charges
from partnerlab.simulators.tccs_rest.domain.quotes import Quote, becomes
from partnerlab.simulators.tccs_rest.store import Books, OpenPolicy, OpenQuote

__all__ = [
    "PolicyView",
    "QuoteView",
    "add_charge",
    "charge_detail",
    "move",
    "owed",
    "record",
    "touch",
    "view_policy",
    "view_quote",
]


@dataclass(frozen=True, slots=True)
class PolicyView:
    """Everything the ledger holds of a policy term; the charges in the order in which money covers them."""

    policy: Policy
    balances: Balances
    charges: list[OpenCharge]
    payments: list[PostedPayment]
    events: list[Event]


@dataclass(frozen=True, slots=True)
class QuoteView:
    """Everything the ledger holds of a quote."""

    quote: Quote
    payments: list[PostedPayment]
    events: list[Event]


def view_policy(books: Books, invoice_number: str, today: date) -> PolicyView:
    """A policy term with what belongs to it. Raises `InvoiceUnknown`."""
    policy, charges = books.policy(invoice_number), books.charges(invoice_number)
    return PolicyView(
        policy,
        owed(charges, policy, today),
        open_charges(charges, policy.paid_cents, today),
        books.payments({"invoice_number": invoice_number}),
        books.events(invoice_number),
    )


def view_quote(books: Books, invoice_number: str) -> QuoteView:
    """A quote with what belongs to it. Raises `InvoiceUnknown`."""
    quote = books.quote(invoice_number)
    return QuoteView(quote, books.payments({"invoice_number": invoice_number}), books.events(invoice_number))


def owed(charges: Iterable[Charge], policy: Policy, today: date) -> Balances:
    """What is owed on a policy term with these charges."""
    return balances(((one.billed_on, one.amount_cents) for one in charges), policy.paid_cents, today)


def add_charge(books: Books, opened: OpenPolicy, charge: Charge, kind: str, cause: Cause, **detail: Any) -> None:
    """Charge a locked policy term; the charge's number is given here. *kind* is that of the event."""
    opened.counters.charges += 1
    charge = replace(charge, number=opened.counters.charges)
    books.add_charge(opened.policy.invoice_number, charge, billed=charge.billed_on <= cause.day)
    touch(opened)
    record(books, opened, kind, {**charge_detail(charge), **detail}, cause)


def touch(opened: OpenPolicy) -> None:
    """Say that what is billed on a locked policy term changed: the next upload has it."""
    opened.revision += 1


def move(
    books: Books, opened: OpenPolicy | OpenQuote, cents: int, kind: str, detail: dict[str, Any], cause: Cause
) -> None:
    """
    Add to what was paid on a locked invoice (less than nothing for a return) and write it back.

    What is paid on a bound quote is paid on the policy it became.
    """
    if isinstance(opened, OpenPolicy):
        opened.policy = replace(opened.policy, paid_cents=opened.policy.paid_cents + cents)
        record(books, opened, kind, detail, cause)
        books.save_paid(opened)
        return
    quote = opened.quote = replace(opened.quote, paid_cents=opened.quote.paid_cents + cents)
    record(books, opened, kind, detail, cause)
    books.save_quote(opened)
    if quote.bound_on is not None:
        bound = books.lock_policy(becomes(quote.invoice_number))
        move(books, bound, cents, kind, {**detail, "quote": quote.invoice_number}, cause)


def record(books: Books, opened: OpenPolicy | OpenQuote, kind: str, detail: dict[str, Any], cause: Cause) -> None:
    """Append an event to a locked invoice; whoever calls writes the invoice back, and with it the count."""
    opened.counters.events += 1
    number = opened.policy.invoice_number if isinstance(opened, OpenPolicy) else opened.quote.invoice_number
    books.add_event(Event(number, opened.counters.events, kind, detail, cause.request_id, cause.at))


def charge_detail(charge: Charge) -> dict[str, Any]:
    """A charge as events have it."""
    return {
        "charge": charge.number,
        "amount": to_text(charge.amount_cents),
        "billed_on": charge.billed_on.isoformat(),
        "due_on": charge.due_on.isoformat(),
    }
