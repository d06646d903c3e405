"""
Books of warm accounts: those that are asked for and paid are remembered, and many payments are written at once.

A balance is then told from memory, and a payment costs its rules alone. `ledger` is the plain way beside it, taken by
every call that cannot go this one; a payment is made by the same `books.post` on both.

What is remembered is never changed, but replaced: a balance is read without a lock, by any thread. Everything else
happens within `Store.still`, and the store writes and forgets for everybody else (`kit/world/held_back`).
"""

from __future__ import annotations

from collections.abc import Iterable

from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.errors import AccountUnknown
from partnerlab.simulators.inhance_soap.domain.events import Cause, Event
from partnerlab.simulators.inhance_soap.domain.opened import Standing
from partnerlab.simulators.inhance_soap.domain.payments import Payment, PostedPayment
from partnerlab.simulators.inhance_soap.payment_batch import PaymentBatch
from partnerlab.simulators.inhance_soap.services.books import AccountBalances, balances_from, post
from partnerlab.simulators.inhance_soap.store import Books, OpenItems
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store

__all__ = ["WarmBooks", "warm_books"]

MOST_WAITING = 1_000
"""Payments that are written together: more would hold up the next for longer."""
MOST_ACCOUNTS = 10_000
"""Accounts that are remembered: about 10 MB."""

Key = tuple[str, str]
"""Lane and account number."""


def warm_books(store: Store) -> WarmBooks | None:
    """Warm books over *store*, or None where others may write in it, or other warm books are over it."""
    if not store.in_memory or store.held_back is not None:
        return None
    store.held_back = books = WarmBooks(store)
    return books


class WarmBooks:
    """The accounts of a store that are warm, and the payments to them that are not written yet."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._told: dict[Key, OpenItems] = {}
        self._standing: dict[Key, Standing] = {}
        self._first: dict[tuple[str, str, str], int] = {}
        """By lane, account and reference, of the payments that wait: the first of that reference."""
        self._batch = PaymentBatch()

    def balances(self, lane: Lane, account_number: str) -> AccountBalances | None:
        """As `UtilityLedger.balances`, or None where that is to look itself. Raises `AccountUnknown`."""
        told = self._told.get((lane.name, account_number)) or self._look(lane, account_number)
        if told is None:
            return None
        return balances_from(told, lane.now().date())

    def post_payment(
        self, lane: Lane, cause: Cause, account_number: str, payment: Payment, *, unique: bool
    ) -> PostedPayment | None:
        """
        As `UtilityLedger.post_payment`, or None where that is to post it itself.

        Raises `AccountUnknown`, `PaymentDuplicate`, and what the database raises where payments that wait are too many
        and cannot be written.
        """
        key = (lane.name, account_number)
        with self._store.still() as tx:
            if tx is None:
                return None
            if len(self._batch) >= MOST_WAITING:
                self.write()
            books, reference = Books(tx, lane.name), payment.reference
            known = self._standing.get(key)
            if known is None:
                account = books.stand(account_number, reference)
            else:
                first = self._first.get((*key, reference)) or books.first_payment(account_number, reference)
                account = _again(known, first)
            if account.integration != "v2":
                raise AccountUnknown(account_number)
            noted = _Noted()
            posted = post(noted, account, payment, cause, unique=unique)
            self._keep(key, account, noted)
            self._batch.note(lane.name, noted.payment, noted.bills, noted.event, account)
            self._first[*key, reference] = posted.duplicate_of or posted.number
            return posted

    # For the store.

    @property
    def waiting(self) -> bool:
        """Whether payments wait."""
        return len(self._batch) > 0

    def write(self) -> None:
        """Write the payments that wait."""
        if not self.waiting:
            return
        with self._store.batch() as tx:
            self._batch.write(tx)
        self._batch, self._first = PaymentBatch(), {}

    def forget(self) -> None:
        """Remember no account any more."""
        self._told, self._standing = {}, {}

    def _look(self, lane: Lane, account_number: str) -> OpenItems | None:
        key = (lane.name, account_number)
        with self._store.still(wait=False) as tx:
            if tx is None:
                return None
            told = Books(tx, lane.name).open_items(account_number, served=True)
            if (known := self._standing.get(key)) is not None:
                told = _told(told, known)
            self._room(self._told)
            self._told[key] = told
            return told

    def _keep(self, key: Key, account: Standing, noted: _Noted) -> None:
        """Remember an account as it stands after a payment."""
        changed = {bill.invoice_number: bill for bill in noted.bills}
        account.bills = [
            bill for bill in (changed.get(each.invoice_number, each) for each in account.bills) if bill.open_cents > 0
        ]
        self._room(self._standing)
        self._standing[key] = account
        if (told := self._told.get(key)) is not None:
            self._told[key] = _told(told, account)

    def _room(self, remembered: dict[Key, OpenItems] | dict[Key, Standing]) -> None:
        if len(remembered) >= MOST_ACCOUNTS:
            self.write()
            self.forget()


class _Noted:
    """What one payment changes, as `books.post` writes it."""

    __slots__ = ("bills", "event", "payment")

    payment: PostedPayment
    event: Event
    bills: list[Bill]

    def add_payment(self, posted: PostedPayment) -> None:
        self.payment = posted

    def save_open(self, bills: Iterable[Bill]) -> None:
        self.bills = list(bills)

    def add_event(self, event: Event) -> None:
        self.event = event

    def save_standing(self, standing: Standing) -> None:
        """It is `account` itself that is remembered."""


def _again(known: Standing, first: int | None) -> Standing:
    """A remembered account for the next payment, to be changed."""
    one = known
    return Standing(
        one.number, one.integration, one.credit_cents, one.payments, one.events, one.revision, first, one.bills
    )


def _told(told: OpenItems, account: Standing) -> OpenItems:
    """What is told of an account as it stands."""
    return told[0], told[1], account.credit_cents, [(bill.billed_on, bill.open_cents) for bill in account.bills]
