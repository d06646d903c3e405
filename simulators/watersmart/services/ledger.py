"""The books: customers, what they are billed and what else the utility enters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Literal

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store, Tx
from partnerlab.simulators.watersmart.domain.customers import Cause, Customer, Entry, Invoice
from partnerlab.simulators.watersmart.domain.errors import InvoiceTaken, ValueInvalid
from partnerlab.simulators.watersmart.domain.money import check_cents, to_decimal
from partnerlab.simulators.watersmart.domain.received import Payment, Reject
from partnerlab.simulators.watersmart.domain.users import Link, User
from partnerlab.simulators.watersmart.store import CUSTOMERS, INVOICES, LINKS, NUMBER, PAYMENTS, REJECTS, USERS, Books

__all__ = ["DUE_AFTER", "BooksView", "CustomerLedger", "CustomerView", "Opening"]

DUE_AFTER = timedelta(days=20)


@dataclass(frozen=True, slots=True)
class CustomerView:
    """Everything the books hold of an account."""

    customer: Customer
    invoices: list[Invoice]
    payments: list[Payment]
    entries: list[Entry]
    usernames: list[str]


@dataclass(frozen=True, slots=True)
class BooksView:
    """
    The books of a lane in sums: `sums` is by kind of entry, cents and number; `apart` are accounts whose balance is not
    the sum of their entries, which there never are; `unmatched` counts payments and rejects that wait for a person.
    """

    customers: int
    balance_cents: int
    sums: dict[str, tuple[int, int]]
    apart: list[str]
    unmatched: int


@dataclass(frozen=True, slots=True)
class Opening:
    """A customer that a lane begins with; `known` says that Invoice Cloud begins with it too."""

    customer: Customer
    invoices: tuple[Invoice, ...]
    settled_cents: int
    known: bool
    user: User | None


class CustomerLedger:
    """The books of every lane."""

    def __init__(self, store: Store, days: Days, *, balance_forward: bool) -> None:
        self._store, self._days, self._balance_forward = store, days, balance_forward

    def customers(self, lane: Lane, *, text: str = "", after: str, limit: int) -> list[Customer]:
        """Customers by account number, those after *after* with *text* in number, name or address."""
        with self._store.read() as tx:
            return CUSTOMERS.find(tx, lane.name, text=text, order="account_number", after=after, limit=limit)

    def view(self, lane: Lane, account_number: str) -> CustomerView:
        """Raises `CustomerUnknown`."""
        with self._store.read() as tx:
            return _view(Books(tx, lane.name), account_number)

    def put(
        self, lane: Lane, cause: Cause, account_number: str, change: Callable[[Customer], Customer]
    ) -> tuple[CustomerView, bool]:
        """Change a customer, or make one; True where it is new."""
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            new = CUSTOMERS.add(tx, lane.name, Customer(account_number))
            before = books.lock(account_number)
            after = change(before)
            detail = {
                name: getattr(after, name)
                for name in Customer.__slots__
                if name != "account_number" and getattr(after, name) != getattr(before, name)
            }
            books.record(after, "opened" if new else "changed", 0, detail, cause)
            return _view(books, account_number), new

    def bill(
        self,
        lane: Lane,
        cause: Cause,
        account_number: str,
        cents: int,
        *,
        invoiced_on: date | None = None,
        due_on: date | None = None,
        invoice_number: str = "",
    ) -> CustomerView:
        """
        Bill an account, today and due `DUE_AFTER` later where not given: the next invoice file has it.

        Its number is the account's and a count where none is given. Raises `CustomerUnknown`, `InvoiceTaken`,
        `ValueInvalid`.
        """
        invoiced_on = invoiced_on or self._days.of(lane.now())
        due_on = due_on or invoiced_on + DUE_AFTER
        if due_on < invoiced_on:
            raise ValueInvalid("due_on", due_on, f"is before {invoiced_on}, the invoice's date")
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            customer = books.lock(account_number)
            before = customer.balance_cents
            number = invoice_number or _free_number(books, account_number)
            owed = check_cents("amount", before + cents)
            total = owed if self._balance_forward else cents
            invoice = Invoice(number, account_number, invoiced_on, due_on, cents, total, max(before, 0))
            if not INVOICES.add(tx, lane.name, invoice):
                raise InvoiceTaken(number)
            books.record(customer, "billed", cents, {"invoice_number": number, "total": _text(total)}, cause)
            return _view(books, account_number)

    def enter(
        self,
        lane: Lane,
        cause: Cause,
        account_number: str,
        kind: Literal["counter_payment", "adjusted"],
        cents: int,
        note: str = "",
    ) -> CustomerView:
        """
        What the utility enters itself: a payment at its counter (above zero, lowers the balance) or an adjustment (what
        it adds). The account's balance goes out in the next balance file. Raises `CustomerUnknown`, `ValueInvalid`.
        """
        if cents == 0 or (kind == "counter_payment" and cents < 0):
            raise ValueInvalid("amount", to_decimal(cents), "must be above zero" if cents else "is zero")
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            customer = replace(books.lock(account_number), balance_waits=True)
            change = -cents if kind == "counter_payment" else cents
            check_cents("amount", customer.balance_cents + change)
            books.record(customer, kind, change, {"note": note} if note else {}, cause)
            return _view(books, account_number)

    def books(self, lane: Lane) -> BooksView:
        """The books of a lane in sums."""
        with self._store.read() as tx:
            books = Books(tx, lane.name)
            customers, balance = books.total()
            waiting = len(PAYMENTS.find(tx, lane.name, {"state": "unmatched"}, order="payment_guid"))
            waiting += len(REJECTS.find(tx, lane.name, {"applied": 0}, order="reference"))
            return BooksView(customers, balance, books.sums(), books.apart(), waiting)

    def payments(self, lane: Lane, *, payment_guid: str | None = None, after: str, limit: int) -> list[Payment]:
        """Payments that Invoice Cloud's files brought, by PaymentReference; or the only one of a PaymentGUID."""
        search = {} if payment_guid is None else {"payment_guid": payment_guid}
        with self._store.read() as tx:
            return PAYMENTS.find(tx, lane.name, search, order="reference", after=after, limit=limit)

    def rejects(self, lane: Lane, *, reference: str | None = None, after: str, limit: int) -> list[Reject]:
        """Rejects that Invoice Cloud's files brought, by ReferenceNumber; or the only one of a number."""
        search = {} if reference is None else {"reference": reference}
        with self._store.read() as tx:
            return REJECTS.find(tx, lane.name, search, order="reference", after=after, limit=limit)

    def seed(self, tx: Tx, lane: Lane, openings: Iterable[Opening], cause: Cause) -> None:
        """Write the customers that a new lane begins with."""
        books = Books(tx, lane.name)
        for opening in openings:
            customer = opening.customer
            for invoice in opening.invoices:
                INVOICES.put(tx, lane.name, replace(invoice, file_number=0 if opening.known else None))
                detail = {"invoice_number": invoice.invoice_number}
                customer = books.record(customer, "billed", invoice.amount_cents, detail, cause)
            if opening.settled_cents or not opening.invoices:
                customer = books.record(customer, "adjusted", -opening.settled_cents, {"note": "paid before"}, cause)
            if opening.user is not None:
                USERS.put(tx, lane.name, opening.user)
                position = books.next_number("link")
                LINKS.put(tx, lane.name, Link(opening.user.username, customer.account_number, position))


def _free_number(books: Books, account_number: str) -> str:
    """The account's number and the next count that no invoice has."""
    while True:
        number = f"{account_number}-{books.next_number(f'invoice {account_number}'):04}"
        if INVOICES.get(books.tx, books.lane, number) is None:
            return number


def _view(books: Books, account_number: str) -> CustomerView:
    search = {"account_number": account_number}
    return CustomerView(
        books.customer(account_number),
        INVOICES.find(books.tx, books.lane, search, order=("invoiced_on", NUMBER)),
        PAYMENTS.find(books.tx, books.lane, search, order=("paid_at", "reference")),
        books.entries(account_number),
        [link.username for link in books.links(account_number=account_number)],
    )


def _text(cents: int) -> Any:
    return f"{to_decimal(cents):.2f}"
