"""What every change of the ledger is made of: a bill, money in and out, an event; and the views of what there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.inhance_soap.domain.accounts import Account
from partnerlab.simulators.inhance_soap.domain.billing import (
    Bill,
    Settlement,
    balances,
    check_bill,
    open_amount,
    settle,
    unsettle,
)
from partnerlab.simulators.inhance_soap.domain.errors import InvoiceTaken, PaymentDuplicate
from partnerlab.simulators.inhance_soap.domain.events import Cause, Event
from partnerlab.simulators.inhance_soap.domain.opened import OpenAccount, Standing
from partnerlab.simulators.inhance_soap.domain.payments import Payment, PostedPayment
from partnerlab.simulators.inhance_soap.store import Books, OpenItems

__all__ = [
    "AccountBalances",
    "AccountView",
    "ListedBill",
    "balances_from",
    "balances_of",
    "credit",
    "money_text",
    "post",
    "put_bill",
    "record",
    "take_back",
    "touch",
    "view",
]


class AccountBalances(NamedTuple):
    """What BalanceCheck tells of an account, in cents."""

    balance_cents: int
    future_cents: int
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """Everything the ledger holds of an account; `sent` are the numbers of the bills that an upload took along."""

    account: Account
    balances: AccountBalances
    bills: list[Bill]
    sent: frozenset[str]
    payments: list[PostedPayment]
    events: list[Event]


@dataclass(frozen=True, slots=True)
class ListedBill:
    """A bill in a list of all accounts': whether an upload took it along, and why Invoice Cloud refused it."""

    account_number: str
    bill: Bill
    sent: bool
    refused: str


def view(books: Books, account_number: str, today: date) -> AccountView:
    """An account with what belongs to it. Raises `AccountUnknown`."""
    return AccountView(
        books.account(account_number),
        balances_of(books, account_number, today),
        books.bills(account_number),
        frozenset(one.bill.invoice_number for one in books.account_bills(account_number) if one.is_sent),
        books.payments(account_number=account_number),
        books.events(account_number),
    )


def balances_of(books: Books, account_number: str, today: date, *, served: bool = False) -> AccountBalances:
    """What an account owes; *served* as in `Books.open_items`. Raises `AccountUnknown`."""
    return balances_from(books.open_items(account_number, served=served), today)


def balances_from(open_items: OpenItems, today: date) -> AccountBalances:
    """What an account owes by its credit and open items."""
    email, phone, credit_cents, items = open_items
    return AccountBalances(*balances(items, credit_cents, today), phone, email)


def record(books: Books, opened: OpenAccount | Standing, kind: str, detail: dict[str, Any], cause: Cause) -> None:
    """Append an event to a locked account."""
    opened.events += 1
    books.add_event(Event(opened.number, opened.events, kind, detail, cause.request_id, cause.at))


def touch(opened: OpenAccount | Standing) -> None:
    """Say that the balance of a locked account changed: on v1 the Balance job sends it."""
    if opened.integration == "v1":
        opened.revision += 1


def post(books: Books, account: Standing, payment: Payment, cause: Cause, *, unique: bool = False) -> PostedPayment:
    """
    Post a payment to a locked account: to the billed bills, the oldest due first, and what is left as credit.

    *account* stands as `Books.stand` gives it for the payment's reference; it is written back. Warm books come to the
    same rows at once (`payment_batch.posting`).

    Raises:
        PaymentDuplicate: its reference was posted before, and it must be *unique*.
    """
    first = account.first
    if first is not None and unique:
        raise PaymentDuplicate(payment.reference, first)
    account.payments += 1
    posted = PostedPayment(account.number, account.payments, payment, first, cause.request_id, cause.at)
    books.add_payment(posted)
    settlement = settle(account.bills, account.credit_cents + payment.amount_cents, cause.day)
    books.save_open(settlement.bills)
    account.credit_cents = settlement.credit_cents
    touch(account)
    detail = {
        "payment": posted.number,
        "reference": payment.reference,
        "amount": money_text(payment.amount_cents),
        "convenience_fee": money_text(payment.fee_cents),
        "applied": _shown(settlement),
        "credit": money_text(account.credit_cents),
        **({} if first is None else {"duplicate_of": first}),
    }
    record(books, account, "payment_posted", detail, cause)
    books.save_standing(account)
    return posted


def take_back(books: Books, opened: OpenAccount, posted: PostedPayment, cause: Cause, *, clerk: str) -> None:
    """Take a posted payment back from a locked account, as a clerk enters that it was returned."""
    settlement = unsettle(books.bills(opened.account.number), opened.account.credit_cents, posted.payment.amount_cents)
    books.save_open(settlement.bills)
    opened.account = replace(opened.account, credit_cents=settlement.credit_cents)
    books.save_payment(replace(posted, returned_at=cause.at))
    touch(opened)
    detail = {
        "payment": posted.number,
        "reference": posted.payment.reference,
        "amount": money_text(posted.payment.amount_cents),
        "reopened": {invoice: money_text(cents) for invoice, cents in settlement.applied},
        "clerk": clerk,
    }
    record(books, opened, "payment_returned", detail, cause)


def put_bill(books: Books, opened: OpenAccount, bill: Bill, cause: Cause, *, sent: bool = False) -> None:
    """
    Add a bill to a locked account, or replace the one of its number; *sent* says that Invoice Cloud has it.

    Raises `InvoiceTaken`, `ValueInvalid`.
    """
    check_bill(bill)
    number = opened.account.number
    today = cause.day
    held = books.bill(bill.invoice_number)
    if held is not None and held.account_number != number:
        raise InvoiceTaken(bill.invoice_number)
    bill, overpaid = open_amount(bill, None if held is None else held.bill)
    books.put_bill(number, bill, billed=bill.billed_on <= today, sent=sent)
    applied = credit(books, opened, overpaid, today)
    touch(opened)
    detail = {
        "invoice_number": bill.invoice_number,
        "amount": money_text(bill.amount_cents),
        "billed_on": bill.billed_on.isoformat(),
        "due_on": bill.due_on.isoformat(),
        "applied": applied,
    }
    record(books, opened, "bill_replaced" if held else "bill_added", detail, cause)


def credit(books: Books, opened: OpenAccount, cents: int, today: date) -> dict[str, str]:
    """Credit *cents* and settle; returns what each bill took."""
    credit_cents = opened.account.credit_cents + cents
    if credit_cents <= 0:
        return {}
    settlement = settle(books.open_bills(opened.account.number), credit_cents, today)
    books.save_open(settlement.bills)
    opened.account = replace(opened.account, credit_cents=settlement.credit_cents)
    return _shown(settlement)


def money_text(cents: int) -> str:
    """US dollars with two decimals."""
    if cents < 0:
        return "-" + money_text(-cents)
    return "%d.%02d" % (cents // 100, cents % 100)  # noqa: UP031 - in half of a format string's time, four times a payment


def _shown(settlement: Settlement) -> dict[str, str]:
    """What each bill took."""
    return {invoice: money_text(taken) for invoice, taken in settlement.applied}
