"""
Where the utility's ledger is kept: accounts, bills, payments and events, each row in a lane.

Payments and events are numbered within their account, whose row is locked by whoever writes: no counter is shared
between accounts, so they do not wait for each other, and replicas on PostgreSQL agree.

Statements by hand are those of the balance answer and of a posted payment, which the benchmarks measure, and those that
change one column where it still has its old value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from partnerlab.simulators.inhance_soap.domain.accounts import Account
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.errors import AccountUnknown, InvoiceTaken
from partnerlab.simulators.inhance_soap.domain.events import Event
from partnerlab.simulators.inhance_soap.domain.payments import PostedPayment
from partnerlab.simulators.inhance_soap.tables import ACCOUNTS, BILLS, EVENTS, PAYMENTS
from partnerlab.simulators.kit.world.store import Statement
from partnerlab.simulators.kit.world.table import LaneTx, Table

__all__ = ["AccountBill", "Books", "OpenAccount"]


@dataclass(slots=True)
class OpenAccount:
    """An account locked for writing, and how many payments and events it has."""

    account: Account
    payments: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True)
class AccountBill:
    """A bill with its account; `billed` says that its day has come."""

    account_number: str
    bill: Bill
    billed: bool


_ACCOUNTS = Table(ACCOUNTS, OpenAccount, names={"account.number": "account_number"})
_BILLS = Table(BILLS, AccountBill)
_PAYMENTS = Table(PAYMENTS, PostedPayment)
_EVENTS = Table(EVENTS, Event)

_OPEN_ITEMS = Statement(
    sa.select(ACCOUNTS.c.email, ACCOUNTS.c.phone, ACCOUNTS.c.credit_cents, BILLS.c.billed_on, BILLS.c.open_cents)
    .select_from(
        ACCOUNTS.outerjoin(
            BILLS,
            (BILLS.c.lane == ACCOUNTS.c.lane)
            & (BILLS.c.account_number == ACCOUNTS.c.account_number)
            & sa.text("inhance_bills.open_cents > 0"),
        )
    )
    .where(ACCOUNTS.c.lane == sa.bindparam("lane"), ACCOUNTS.c.account_number == sa.bindparam("account_number"))
)
_FIRST_OF_REFERENCE = Statement(
    "SELECT min(number) FROM inhance_payments"
    " WHERE lane = :lane AND account_number = :account_number AND reference = :reference"
)
_OPEN_LEFT = Statement(
    "UPDATE inhance_bills SET open_cents = :open_cents WHERE lane = :lane AND invoice_number = :invoice_number"
)
_BILLED = Statement(
    "UPDATE inhance_bills SET billed = 1 WHERE lane = :lane AND invoice_number = :invoice_number AND billed = 0"
)


class Books(LaneTx):
    """The books of one lane in one transaction."""

    __slots__ = ()

    def open_items(self, account_number: str) -> tuple[str | None, str | None, int, list[tuple[date, int]]]:
        """E-mail, phone, credit and open items of an account. Raises `AccountUnknown`."""
        rows = self.all(_OPEN_ITEMS, account_number=account_number)
        if not rows:
            raise AccountUnknown(account_number)
        email, phone, credit, _, _ = rows[0]
        return email, phone, credit, [(date.fromisoformat(row[3]), row[4]) for row in rows if row[3] is not None]

    def account(self, account_number: str) -> Account:
        """Raises `AccountUnknown`."""
        found = _ACCOUNTS.get(self.tx, self.lane, account_number)
        if found is None:
            raise AccountUnknown(account_number)
        return found.account

    def accounts(self, *, after: str, limit: int) -> list[Account]:
        """Accounts by number, those after *after*."""
        found = _ACCOUNTS.find(self.tx, self.lane, order="account_number", after=after, limit=limit)
        return [one.account for one in found]

    def lock(self, account_number: str, *, create: bool = False) -> OpenAccount:
        """
        An account for writing: whoever else wants it waits until this transaction ends.

        Raises:
            AccountUnknown: there is none, and *create* is off.
        """
        if create:
            _ACCOUNTS.add(self.tx, self.lane, OpenAccount(Account(account_number)))
        opened = _ACCOUNTS.lock(self.tx, self.lane, account_number)
        if opened is None:
            raise AccountUnknown(account_number)
        return opened

    def save(self, opened: OpenAccount) -> None:
        """Write back a locked account."""
        _ACCOUNTS.save(self.tx, self.lane, opened)

    def bills(self, account_number: str) -> list[Bill]:
        """Every bill of an account, the oldest due first."""
        return self._bills({"account_number": account_number}, order=("due_on", "invoice_number"))

    def open_bills(self, account_number: str) -> list[Bill]:
        """The bills of an account that are not paid in full, in the order of their index."""
        return self._bills({"account_number": account_number}, order=("open_cents",), where="open_cents > 0")

    def bill(self, invoice_number: str) -> AccountBill | None:
        """An invoice with the account it belongs to."""
        return _BILLS.get(self.tx, self.lane, invoice_number)

    def put_bill(self, account_number: str, bill: Bill, *, billed: bool) -> None:
        """
        Add a bill or replace the one of its number; *billed* says that its day has come.

        Raises:
            InvoiceTaken: another account has a bill of that number.
        """
        row = AccountBill(account_number, bill, billed)
        if not _BILLS.add(self.tx, self.lane, row):
            held = _BILLS.lock(self.tx, self.lane, bill.invoice_number)
            if held is None or held.account_number != account_number:
                raise InvoiceTaken(bill.invoice_number)
            _BILLS.save(self.tx, self.lane, row)

    def save_open(self, bills: Iterable[Bill]) -> None:
        """Write back what is open on bills."""
        for bill in bills:
            self.run(_OPEN_LEFT, invoice_number=bill.invoice_number, open_cents=bill.open_cents)

    def unbilled(self, today: date) -> list[AccountBill]:
        """Bills whose day has come and that were not yet billed."""
        order = ("billed_on", "invoice_number")
        return _BILLS.find(
            self.tx, self.lane, {"billed": 0}, order=order, where="billed_on <= :today", today=today.isoformat()
        )

    def mark_billed(self, invoice_number: str) -> bool:
        """Say that a bill's day has come; False where somebody did already."""
        return self.run(_BILLED, invoice_number=invoice_number) > 0

    def first_of_reference(self, account_number: str, reference: str) -> int | None:
        """Number of the account's first payment of a reference."""
        row = self.one(_FIRST_OF_REFERENCE, account_number=account_number, reference=reference)
        return None if row is None else row[0]

    def add_payment(self, posted: PostedPayment) -> None:
        """Append a payment; its number is new, because the account is locked."""
        added = _PAYMENTS.add(self.tx, self.lane, posted)
        assert added

    def payments(
        self,
        *,
        account_number: str | None = None,
        duplicates_only: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[PostedPayment]:
        """Payments in the order they were posted: those of an account, or all."""
        return _PAYMENTS.find(
            self.tx,
            self.lane,
            {} if account_number is None else {"account_number": account_number},
            order=("posted_at", "account_number", "number") if account_number is None else "number",
            where="duplicate_of IS NOT NULL" if duplicates_only else "",
            limit=limit,
            offset=offset,
        )

    def add_event(self, event: Event) -> None:
        """Append an event; its number is new, because the account is locked."""
        added = _EVENTS.add(self.tx, self.lane, event)
        assert added

    def events(self, account_number: str) -> list[Event]:
        """What happened to an account, in order."""
        return _EVENTS.find(self.tx, self.lane, {"account_number": account_number}, order="number")

    def _bills(self, equal: dict[str, str | int], *, order: tuple[str, ...], where: str = "") -> list[Bill]:
        return [one.bill for one in _BILLS.find(self.tx, self.lane, equal, order=order, where=where)]
