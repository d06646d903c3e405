"""Invoices: what a bill file brought, what is still due on it, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from decimal import Decimal

from partnerlab.contracts.numbers import number_key
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.errors import PaymentRefused
from partnerlab.simulators.ic_webservices.domain.money import amount

__all__ = [
    "CLOSED",
    "OPEN",
    "PAID",
    "STATUSES",
    "Invoice",
    "Line",
    "Taken",
    "age",
    "credited",
    "debited",
    "emptied",
    "filed",
    "held",
    "is_expired",
    "least_cents",
    "may_choose",
    "may_enter",
    "may_pay",
    "may_pay_on",
    "notify_dates",
    "owed_cents",
    "proposed_cents",
    "stated",
    "told",
    "unseen",
    "waits_for_notice",
    "with_balance",
]

OPEN, PAID, CLOSED = "open", "paid", "closed"
STATUSES: Mapping[str, Mapping[str, str]] = {
    OPEN: {"nothing due": PAID, "something due": OPEN, "carried forward": CLOSED},
    PAID: {"nothing due": PAID, "something due": OPEN, "carried forward": CLOSED},
    CLOSED: {"nothing due": PAID, "something due": OPEN},
}
"""
Status and what happens to status. An open invoice, or one with a credit, is closed when a later bill carries that
forward.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice: an ID record of the bill file. `fields` are its other fields by name, as text."""

    description: str
    total: Decimal | None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """
    Payments that stand, in cents, by whether a file has them in its amounts [A-85].

    Of those since the partner's word before, `seen_cents` are in it for certain and `perhaps_cents` may be. Whenever
    they were taken, `missing_cents` are not in it for certain, and `doubted_cents` count as not in it. What came back
    and is in it as paid lowers `missing_cents`, to below zero where that is more. `returns_seen` says that money came
    back, and that the file has in it all of that which the partner knows of.
    """

    perhaps_cents: int = 0
    seen_cents: int = 0
    missing_cents: int = 0
    doubted_cents: int = 0
    returns_seen: bool = False


@dataclass(frozen=True, slots=True)
class Invoice:
    """
    One invoice of a biller.

    `total_amount_due_cents` is everything owed, `balance_due_cents` what of it is due now [A-75]; a payment lowers
    both. `fields` are the header's other fields by name, as text. `version` counts its changes. `asked_at` and
    `asked_problem` tell of the last time the partner was asked for the balance.

    `content` identifies what the last bill file said of it; `filed_due_cents` and `filed_total_cents` are the amounts
    in that file, `filed_after` the reference of the last payment taken before it. `stated_after` is the same for the
    last time that the partner stated the amounts in any way. `held_cents` is what its last file asks for and a payer is
    not, as it may have been paid just before [A-85].

    `late_fee_cents` is charged when the day `late_fee_on` is over and something is due, with `late_fee_if_unpaid` only
    where no payment was made; `late_fee_charged_for` is the latest such day that was charged, or that is in amounts
    which the partner stated later. `image_asked_at` and `image_problem` tell of the last time that the partner was
    asked for the bill as a PDF.

    `notify_on` is the next of the notification dates on which payers are told of the bill, `notified_on` the latest for
    which they were.

    After the day `payment_expires_on` payers cannot pay it and are told `payment_expiration_message`.
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
    notified_on: date | None = None
    notify_on: date | None = None
    invoice_type_id: str = ""
    invoice_format_guid: str = ""
    status: str = OPEN
    version: int = 1
    upload_id: str = ""
    asked_at: str = ""
    asked_problem: str = ""
    content: str = ""
    filed_due_cents: int = 0
    filed_total_cents: int = 0
    held_cents: int = 0
    filed_after: str = ""
    stated_after: str = ""
    late_fee_cents: int = 0
    late_fee_if_unpaid: bool = False
    late_fee_on: date | None = None
    late_fee_charged_for: date | None = None
    image_asked_at: str = ""
    image_problem: str = ""
    payment_expires_on: date | None = None
    payment_expiration_message: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    lines: Sequence[Line] = ()


def age(invoice: Invoice) -> tuple[date, tuple[int, str, str]]:
    """What to sort invoices by, the oldest first; of two of one day the one with the lower number [A-121]."""
    return invoice.invoice_date, number_key(invoice.invoice_number)


def with_balance(invoice: Invoice, balance_due_cents: int, total_amount_due_cents: int | None = None) -> Invoice:
    """
    The invoice with another balance, its status following.

    Without a total, everything owed moves by as much as what is due, and is never less than it.
    """
    if total_amount_due_cents is None:
        moved = invoice.total_amount_due_cents + balance_due_cents - invoice.balance_due_cents
        total_amount_due_cents = max(balance_due_cents, moved)
    happened = "something due" if balance_due_cents > 0 else "nothing due"
    return replace(
        invoice,
        balance_due_cents=balance_due_cents,
        total_amount_due_cents=total_amount_due_cents,
        status=STATUSES[invoice.status][happened],
        version=invoice.version + 1,
    )


def stated(invoice: Invoice, balance_due_cents: int, total_amount_due_cents: int | None = None) -> Invoice:
    """
    `with_balance` for an answer of the partner, which lowers the minimum to what is due where it was more [A-75].

    An answer without a total leaves everything owed as it was, but for what the partner asks less than before: a payer
    is never asked for more than the answer.
    """
    if total_amount_due_cents is None:
        less = max(invoice.balance_due_cents - balance_due_cents, 0)
        total_amount_due_cents = invoice.total_amount_due_cents - less
    minimum = min(invoice.minimum_amount_due_cents, max(balance_due_cents, 0))
    invoice = with_balance(invoice, balance_due_cents, total_amount_due_cents)
    return replace(invoice, minimum_amount_due_cents=minimum, held_cents=0)


def filed(existing: Invoice | None, given: Invoice, taken: Taken, last_payment: str) -> Invoice | None:
    """
    The invoice after a bill file *given* it, or None where that changes nothing [A-85].

    The same content as in the last file changes nothing. Other content is the partner's word when the file was made:
    what was *taken* is owed no more, but for what the lower amounts show already.

    Args:
        existing: The invoice of that number before; None where there is none.
        given: As in the file, its `content` set.
        taken: Payments of it that stand; of a new one those of the bills that it carries forward.
        last_payment: Reference of the newest payment of the lane.
    """
    if existing is not None and existing.content and existing.content == given.content:
        return None
    before = given if existing is None else existing
    due = unseen(given.balance_due_cents, before.filed_due_cents, taken)
    total = max(due, unseen(given.total_amount_due_cents, before.filed_total_cents, taken))
    return replace(
        waits_for_notice(given, None if existing is None else existing.notified_on),
        late_fee_charged_for=None if existing is None else existing.late_fee_charged_for,
        balance_due_cents=due,
        total_amount_due_cents=total,
        filed_due_cents=given.balance_due_cents,
        filed_total_cents=given.total_amount_due_cents,
        held_cents=held(given.balance_due_cents, due, taken),
        filed_after=last_payment,
        stated_after=last_payment,
        status=OPEN if due > 0 else PAID,
        version=existing.version + 1 if existing else 1,
    )


def told(invoice: Invoice) -> Invoice:
    """
    The invoice where what it asks for is the partner's last word on it, which a file compares its own with.

    So it is where a balance of the account lowers it, and where the partner orders its balance by SetInvoiceBalance, as
    WaterSmart does for "Renew User": a file that says something else afterwards is no old word [A-85].
    """
    return replace(
        invoice,
        filed_due_cents=invoice.balance_due_cents,
        filed_total_cents=invoice.total_amount_due_cents,
        filed_after=invoice.stated_after,
    )


def notify_dates(invoice: Invoice) -> dict[int, date]:
    """First, second and third day on which payers are told of the bill, those of them that it has, by their number."""
    days = (
        invoice.first_notify_requested_date,
        invoice.second_notify_requested_date,
        invoice.third_notify_requested_date,
    )
    return {number: day for number, day in enumerate(days, 1) if day is not None}


def waits_for_notice(invoice: Invoice, notified_on: date | None) -> Invoice:
    """The invoice after payers were told of it for the dates up to *notified_on*."""
    left = [day for day in notify_dates(invoice).values() if notified_on is None or day > notified_on]
    return replace(invoice, notified_on=notified_on, notify_on=min(left, default=None))


def unseen(given_cents: int, before_cents: int, taken: Taken) -> int:
    """
    The amount *given* less what was taken, but for the part of it by which it fell since *before* [A-85].

    What the partner knew (`seen_cents`) has lowered *before*. What it does not have is taken off whole: that which is
    certain (`missing_cents`) may leave a credit, the rest makes none.
    """
    shown = min(max(before_cents - taken.seen_cents - given_cents, 0), taken.perhaps_cents)
    owed = given_cents - taken.missing_cents
    return max(owed - (taken.perhaps_cents - shown) - taken.doubted_cents, min(owed, 0))


def held(given_cents: int, due_cents: int, taken: Taken) -> int:
    """What of the amount *given* is not *due* although the partner may know of what was taken: see `unseen`."""
    return max(given_cents - taken.missing_cents - due_cents, 0)


def owed_cents(invoice: Invoice) -> int:
    """The most that may be paid on an invoice: what is due or, where greater, everything owed [A-75]; 0 if closed."""
    if invoice.status == CLOSED:
        return 0
    return max(invoice.balance_due_cents, invoice.total_amount_due_cents, 0)


def least_cents(invoice: Invoice) -> int:
    """The least that may be paid: the minimum where one is still due, else a cent; all of it without part payments."""
    due, owed = max(invoice.balance_due_cents, 0), owed_cents(invoice)
    if not invoice.allow_partial_payments:
        return due or owed
    return min(max(min(invoice.minimum_amount_due_cents, due), 1), owed)


def may_choose(invoice: Invoice) -> bool:
    """Whether there is an amount to choose: part of it, or everything owed where less is due now."""
    return invoice.allow_partial_payments or least_cents(invoice) != owed_cents(invoice)


def proposed_cents(invoice: Invoice) -> int:
    """What a page proposes to pay: what is due, or everything owed where nothing is due now."""
    return invoice.balance_due_cents if invoice.balance_due_cents > 0 else owed_cents(invoice)


def may_pay(invoice: Invoice, amount_cents: int) -> None:
    """
    Check a payment of an invoice against the invoice's own rules. Raises `PaymentRefused`.

    Nothing is paid on a closed invoice or where nothing is owed. With AllowPartialPayments any amount from the minimum
    up to everything owed; without it just what is due or, where greater, everything owed. Source: assumed [A-75].
    """
    may_enter(invoice, amount_cents)
    owed, least = owed_cents(invoice), least_cents(invoice)
    where = f"Invoice {invoice.invoice_number}"
    if not invoice.allow_partial_payments and amount_cents not in (least, owed):
        whole = amount(least) if least == owed else f"{amount(least)} due or the {amount(owed)} owed"
        raise PaymentRefused("partial_not_allowed", f"{where}: only the whole {whole} can be paid.")
    if amount_cents < least:
        raise PaymentRefused("under_minimum", f"{where}: at least {amount(least)} must be paid.")


def is_expired(invoice: Invoice, day: date) -> bool:
    """Whether payers cannot pay the invoice on *day* any more: its PaymentExpirationDate is over."""
    return invoice.payment_expires_on is not None and day > invoice.payment_expires_on


def may_pay_on(invoice: Invoice, day: date) -> None:
    """Check that payers can pay the invoice on *day*, in the biller's zone. Raises `PaymentRefused`."""
    if is_expired(invoice, day):
        told = invoice.payment_expiration_message or f"it could be paid until {invoice.payment_expires_on}"
        raise PaymentRefused("payment_expired", f"Invoice {invoice.invoice_number}: {told}.".replace("..", "."))


def may_enter(invoice: Invoice, amount_cents: int) -> None:
    """
    Check what a clerk took for an invoice: any part of what is owed (assumed [A-101]). Raises `PaymentRefused`.
    """
    due, owed = invoice.balance_due_cents, owed_cents(invoice)
    where = f"Invoice {invoice.invoice_number}"
    if invoice.status == CLOSED:
        raise PaymentRefused("invoice_closed", f"{where} is closed: a later bill carries its balance forward.")
    if owed <= 0:
        raise PaymentRefused("nothing_due", f"{where}: nothing is due.")
    if amount_cents > owed:
        word = "due" if owed == due else "owed"
        raise PaymentRefused("over_balance", f"{where}: {amount(amount_cents)} is more than the {amount(owed)} {word}.")


def debited(invoice: Invoice, amount_cents: int) -> Invoice:
    """The invoice after a payment: less is due, and less is owed."""
    return with_balance(
        invoice, invoice.balance_due_cents - amount_cents, invoice.total_amount_due_cents - amount_cents
    )


def credited(invoice: Invoice, amount_cents: int) -> Invoice:
    """The invoice after a payment of it was returned."""
    return with_balance(
        invoice, invoice.balance_due_cents + amount_cents, invoice.total_amount_due_cents + amount_cents
    )


def emptied(invoice: Invoice) -> Invoice:
    """A closed invoice without its amounts, and the partner's last word on it without them: another bill has them."""
    return replace(
        invoice,
        balance_due_cents=0,
        total_amount_due_cents=0,
        minimum_amount_due_cents=0,
        filed_due_cents=0,
        filed_total_cents=0,
        held_cents=0,
    )
