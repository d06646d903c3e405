"""
Files on their way to Invoice Cloud: made once, in one transaction with the rows that they take, and sent until it is
certain that they arrived.

A file that was made is kept byte for byte until then, so one that is sent again is recognised by its content there
[A-87]. While one waits, no other of its kind is made. A balance that moved meanwhile goes out behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

from partnerlab.contracts.numbers import number_key
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.watersmart.domain.customers import Customer, Invoice
from partnerlab.simulators.watersmart.domain.money import to_decimal
from partnerlab.simulators.watersmart.domain.received import ExchangedFile, number_before
from partnerlab.simulators.watersmart.store import CUSTOMERS, FILES, INVOICES, PAYMENTS, Books

__all__ = ["BALANCES", "INVOICES_KIND", "BalanceRow", "InvoiceRow", "Outgoing", "last_told"]

INVOICES_KIND, BALANCES = "invoices", "balances"
MOST_ROWS = 50_000
SAID_AGAIN = timedelta(days=4)
"""
How long after a payment its account's balance is said again: a balance of three days later has the payment in it for
certain [A-118], and a day may pass until Invoice Cloud knows that it was fetched.
"""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A line of the invoice file."""

    customer: Customer
    invoice: Invoice


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """A line of the balance file: the account and what it owes now, but for bills that have not gone out."""

    customer: Customer
    owed_cents: int


class Outgoing:
    """Files that go out, in every lane."""

    def __init__(self, store: Store, days: Days, *, balance_forward: bool) -> None:
        self._store, self._days, self._balance_forward = store, days, balance_forward

    def next_invoices(self, lane: Lane, render: Callable[[Sequence[InvoiceRow]], bytes]) -> ExchangedFile | None:
        """The invoice file to send: the one that waits, or a new one of what is billed; None where nothing is."""
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            if (waiting := _waiting(books, INVOICES_KIND)) is not None:
                return waiting
            rows = self._invoices(books)
            if not rows:
                return None
            file = self._made(books, lane, INVOICES_KIND, render(rows), len(rows))
            for row in rows:
                INVOICES.put(tx, lane.name, replace(row.invoice, file_number=file.number))
            return file

    def next_balances(self, lane: Lane, render: Callable[[Sequence[BalanceRow]], bytes]) -> ExchangedFile | None:
        """
        The balance file to send: of accounts whose balance an entry of the utility's own changed or is said again, and
        of which no bill is in a file that may not have arrived. None where there is no such account. One waits, too,
        while a person has not found the account of a former owner's payment: it would be asked for again [A-124].

        Rows that are those of the last file would be taken for that one [A-87], so every account goes with them; where
        the last one had every account too, one goes in a file of its own behind the others. The row of an only account
        stands twice then: what is set twice is set [A-120].
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            if (waiting := _waiting(books, BALANCES)) is not None:
                return waiting
            last = _last_sent(books)
            for chosen in _to_say(books, lane):
                content = render([BalanceRow(customer, owed) for customer, owed in chosen])
                if content.decode() != last:
                    return self._made(books, lane, BALANCES, content, len(chosen))
            return None

    def arrived(self, lane: Lane, number: int, message: str) -> None:
        """
        Note that a file arrived, with Invoice Cloud's words.

        A balance waits no more once a file said it. An account of which the file says something else than is owed by
        now, because it had to be sent again, goes into the next one: what was paid meanwhile would be asked for again.
        A bill that carries the balance forward says it, too. An account of which a file of Invoice Cloud's brought a
        payment, or took one back, is said again `SAID_AGAIN` after that.
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            file = FILES.lock(tx, lane.name, number)
            if file is None:
                return
            FILES.put(tx, lane.name, replace(file, state="sent", message=message[:2_000]))
            if file.kind == INVOICES_KIND and self._balance_forward:
                books.let_moved_wait(number)
            for account_number, stated in _stated(file):
                customer = books.lock(account_number)
                moved = to_decimal(customer.balance_cents - books.unsent(account_number)) != stated
                brought = books.last_brought(account_number)
                again_at = brought + SAID_AGAIN if brought and brought + SAID_AGAIN > file.at else None
                CUSTOMERS.put(tx, lane.name, replace(customer, balance_waits=moved, balance_again_at=again_at))

    def files(self, lane: Lane, *, after: int, limit: int) -> list[ExchangedFile]:
        """Files that were sent and taken, by number."""
        with self._store.read() as tx:
            return FILES.find(tx, lane.name, order="number", after=after, limit=limit)

    def _invoices(self, books: Books) -> list[InvoiceRow]:
        """
        What waits, each with its total as of now: what was paid since it was billed is not asked for again.

        Of several bills of one account the last carries what those before it ask for.
        """
        waiting = books.waiting_invoices(MOST_ROWS)
        later: dict[str, int] = {}
        rows = []
        for invoice in sorted(waiting, key=lambda one: (one.invoiced_on, number_key(one.invoice_number)), reverse=True):
            customer = books.lock(invoice.account_number)
            owed = customer.balance_cents - later.get(invoice.account_number, 0)
            later[invoice.account_number] = later.get(invoice.account_number, 0) + invoice.amount_cents
            before = owed - invoice.amount_cents
            total = owed if self._balance_forward else invoice.amount_cents
            rows.append(InvoiceRow(customer, replace(invoice, total_cents=total, past_due_cents=max(before, 0))))
        return rows[::-1]

    def _made(self, books: Books, lane: Lane, kind: str, content: bytes, rows: int) -> ExchangedFile:
        number, now = books.next_number("file"), lane.now()
        file = ExchangedFile(
            number=number,
            kind=kind,
            name=f"watersmart_{kind}_{self._days.of(now):%Y%m%d}_{number:06}.csv",
            state="waiting",
            digest=sha256(content).hexdigest(),
            content=content.decode(),
            row_count=rows,
            message="",
            at=now,
        )
        FILES.put(books.tx, lane.name, file)
        return file


def _stated(file: ExchangedFile) -> Iterator[tuple[str, Decimal]]:
    """The accounts of a balance file and what it says that they owe."""
    import csv  # a sandbox starts without it

    if file.kind == BALANCES:
        for account_number, _, amount, *_ in csv.reader(file.content.splitlines()):
            yield account_number, Decimal(amount)


def last_told(books: Books, account_number: str) -> int:
    """The number of the last balance file that says what an account owes; 0 where there is none."""
    files = FILES.find(books.tx, books.lane, {"kind": BALANCES}, order="number", last_first=True)
    return next((one.number for one in files if account_number in dict(_stated(one))), 0)


def _to_say(books: Books, lane: Lane) -> Iterator[list[tuple[Customer, int]]]:
    """The accounts of the next balance file, in each way in which it may be made; the first is preferred."""
    unmatched = PAYMENTS.find(books.tx, books.lane, {"state": "unmatched"}, order="payment_guid")
    undecided = {number_before(one.account_number) for one in unmatched}

    def sayable(*, every: bool = False) -> list[tuple[Customer, int]]:
        found = books.balances_to_say(lane.now(), MOST_ROWS, every=every)
        return [one for one in found if one[0].account_number not in undecided]

    if found := sayable():
        yield found
        yield sayable(every=True)
        yield found[:-1] or [*found, *found]


def _last_sent(books: Books) -> str:
    """What the last balance file said, empty where none was sent."""
    search = {"kind": BALANCES, "state": "sent"}
    found = FILES.find(books.tx, books.lane, search, order="number", limit=1, last_first=True)
    return found[0].content if found else ""


def _waiting(books: Books, kind: str) -> ExchangedFile | None:
    found = FILES.find(books.tx, books.lane, {"kind": kind, "state": "waiting"}, order="number", limit=1)
    return found[0] if found else None
