"""
Books of warm accounts: those that are asked for and paid are remembered, and many payments are written at once.

A balance is then told from memory, and a payment costs its rules alone. `ledger` is the plain way beside it, taken by
every call that cannot go this one; what a payment comes to is the same on both (`payment_batch.posting`, `books.post`).

What a balance is told from is never changed, but replaced: it is read without a lock, by any thread. Everything else
happens within `Store.still`, and the store writes and forgets for everybody else (`kit/world/held_back`).

In a SQLite file a payment is appended to a log before it counts. A killed process left it there: posting what is in it
again, the plain way and in order, comes to the same, as the tables are as they were.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor

from partnerlab.simulators.inhance_soap.domain.errors import AccountUnknown, PaymentDuplicate
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.domain.opened import Standing
from partnerlab.simulators.inhance_soap.domain.payments import Payment, Receipt
from partnerlab.simulators.inhance_soap.services.books import AccountBalances, balances_from, post
from partnerlab.simulators.inhance_soap.services.payment_batch import PaymentBatch, Posting, posting, record_of
from partnerlab.simulators.inhance_soap.services.references import References
from partnerlab.simulators.inhance_soap.store import PAYMENT_ROWS, Books, OpenItems
from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.kit.world.held_back import Still, each_alone, is_of_the_database
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.redo_log import BatchNumbers, LogUnreadable, RedoLog
from partnerlab.simulators.kit.world.store import Row, Store, Tx

__all__ = ["WarmBooks", "warm_books"]

MOST_WAITING = 4_000
"""
Payments that are written together. Of an account that is paid often one row is written for all of them, and each page
once: so more cost less, and hold up the next for longer.
"""
MOST_BEHIND = 4 * MOST_WAITING
"""Payments that wait in a file while those before them are still being written; then whoever pays next waits, too."""
MOST_TOLD = 100
"""References of an account that are read when it is remembered; where it has more, each payment asks the table."""
MOST_ACCOUNTS = 10_000
"""Accounts that are remembered: 0.6 MB for each thousand that are asked for, 0.8 MB more where they are paid."""

_logger = logging.getLogger(__name__)

_LOGGED = ("lane", *PAYMENT_ROWS.columns)

Key = tuple[str, str]
"""Lane and account number."""


def warm_books(store: Store, days: Days) -> WarmBooks | None:
    """Warm books over *store*, or None where replicas share it, or other warm books are over it."""
    if not store.sqlite or any(isinstance(held, WarmBooks) for held in store.held_back):
        return None
    books = WarmBooks(store, days, None if store.in_memory else RedoLog(store.beside("redo")))
    store.held_back.append(books)
    return books


class WarmBooks:
    """The accounts of a store that are warm, and the payments to them that are not in its tables yet."""

    def __init__(self, store: Store, days: Days, log: RedoLog | None) -> None:
        self._store, self._days, self._log = store, days, log
        self._numbers = BatchNumbers() if log is None else log
        self._told: dict[Key, OpenItems] = {}
        self._standing: dict[Key, Standing] = {}
        self._first: dict[tuple[str, str, str], int] = {}
        """By lane, account and reference, of the payments that wait: the first of that reference."""
        self._references = References()
        self._untold: set[Key] = set()
        """Remembered accounts of which not all references are told there."""
        self._batch = PaymentBatch()
        self._handed: PaymentBatch | None = None
        """Payments that another thread writes, or was to write and could not; those of `_batch` came after them."""
        self._handed_first: dict[tuple[str, str, str], int] = {}
        """As `_first`, of the payments that were handed over."""
        self._writer = ThreadPoolExecutor(1, "payments") if log is not None else None
        self._writing: Future[None] | None = None

    def balances(self, lane: Lane, account_number: str) -> AccountBalances | None:
        """As `UtilityLedger.balances`, or None where that is to look itself. Raises `AccountUnknown`."""
        told = self._told.get((lane.name, account_number)) or self._look(lane, account_number)
        return None if told is None else balances_from(told, self._days.of(lane.now()))

    def post_payment(
        self, lane: Lane, cause: Cause, account_number: str, payment: Payment, *, unique: bool
    ) -> Receipt | None:
        """
        As `UtilityLedger.post_payment`, or None where that is to post it itself.

        Raises `AccountUnknown`, `PaymentDuplicate`, and what the database raises where payments wait that cannot be
        written: too many, or after a failure.
        """
        key = (lane.name, account_number)
        with self._store.still() as still:
            if still is None:
                return None
            if len(self._standing) >= MOST_ACCOUNTS:
                self._make_room()
            if self._numbers.number == 0:
                self._write()
            elif len(self._batch) >= MOST_WAITING and not self._may_go_on():
                self._hand_over()
            reference = payment.reference
            account = self._standing.get(key)
            hashed = hash((*key, reference))
            if account is None:
                account = self._stand(key, reference, still.tx)
            else:
                account.first = self._first_of(key, reference, still) if self._may_have(key, hashed) else None
            if account.integration != "v2":
                raise AccountUnknown(account_number)
            if account.first is not None and unique:
                raise PaymentDuplicate(reference, account.first)
            posted = posting(lane.name, account, payment, cause)
            if not self._logged(posted.payment):
                return None
            # From here on nothing may fail, nor a batch be written: the record is of this one.
            self._keep(key, account, posted)
            self._batch.note(lane.name, posted, account)
            first = account.first or account.payments
            self._first[*key, reference] = first
            self._references.tell(hashed)
            return Receipt(account.payments, account.first)

    # For the store.

    @property
    def waiting(self) -> bool:
        """Whether payments wait."""
        # In this order: they are handed over while this is asked.
        return len(self._batch) > 0 or self._handed is not None

    def write(self) -> None:
        """Write the payments that wait."""
        if self.waiting:
            self._write()

    def forget(self) -> None:
        """Remember no account any more."""
        self._told, self._standing = {}, {}
        self._untold.clear()
        if self._log is not None:
            self._log.number = 0  # what is written now may be lost with the machine: then the log must not count

    def settle(self, lock: threading.RLock) -> None:
        """Write the payments that wait now; in a file others pay meanwhile."""
        self.wait()
        with lock:
            if self._batch:
                self._hand_over()
        self.wait()
        with lock:
            self.finish()
            if self._handed is not None:
                self._write()

    def wait(self) -> None:
        """Wait until the other thread has written what was handed to it, or could not."""
        if (writing := self._writing) is not None:
            futures.wait((writing,))

    def finish(self) -> None:
        """With the lock, as `wait`; what could not be written waits on."""
        if self._writing is not None:
            written = self._writing.exception() is None  # a Ctrl-C ends this wait, and not that thread
            if not written and self._log is not None:
                with self._store.batch() as tx:
                    written = self._log.is_followed(tx)  # it was committed, and failed then
            self._writing = None
            if written:
                self._handed, self._handed_first = None, {}

    def resume(self) -> None:
        """Post what a killed process left in its log. Raises `LogUnreadable`."""
        if self._log is None:
            return
        with self._store.batch() as tx:
            left = [tuple(json.loads(record)) for record in self._log.left(tx)]
            if any(len(row) != len(_LOGGED) for row in left):
                raise LogUnreadable(self._log.path)
            _post_again(tx, left, self._days)
            if left:
                self._log.renumber(tx)
                _logger.warning("%d payments of a process that was killed are booked from its log", len(left))

    def close(self) -> None:
        """Write the payments that wait, and remove the log."""
        try:
            self.write()
            if self._log is not None:
                self._log.remove()
        finally:
            if self._writer is not None:
                self._writer.shutdown()

    def _hand_over(self) -> None:
        """
        Let another thread write the payments that wait; the next ones are made on what is remembered, and logged.

        In memory there is one connection, so this one does. Raises what the database raises where those before them
        could not be written.
        """
        self.finish()
        if self._log is None or self._log.number == 0 or self._writer is None or self._handed is not None:
            self._write()
            return
        self._batch.freeze()
        self._handed, self._handed_first = self._batch, self._first
        self._batch, self._first = PaymentBatch(), {}
        self._writing = self._writer.submit(self._write_handed, self._handed, self._log.follow())

    def _may_go_on(self) -> bool:
        """Whether more payments may wait: those before them are being written, by a disk that is busy, say."""
        writing = self._writing
        return writing is not None and not writing.done() and len(self._batch) < MOST_BEHIND

    def _write_handed(self, handed: PaymentBatch, following: int) -> None:
        """In the other thread: without the store's lock, but whoever begins a transaction waits for it."""
        assert self._log is not None
        with self._store.batch() as tx:
            handed.write(tx)
            self._log.renumber(tx, following)

    def _write(self) -> None:
        """Write all payments that wait, here. Raises what the database raises; then they wait on."""
        self.finish()
        batches = [self._batch] if self._handed is None else [self._handed, self._batch]
        try:
            number = self._write_by(lambda tx: _write_all(tx, batches))
        except Exception as error:
            if is_of_the_database(error):
                raise
            # Rows that the tables cannot take would hold up all others for ever.
            rows = [row for batch in batches for row in batch.rows]
            _logger.exception("%d payments cannot be written together", len(rows))
            number = self._write_by(lambda tx: _post_again(tx, rows, self._days))
            self._told, self._standing = {}, {}
        self._batch, self._first = PaymentBatch(), {}
        self._handed, self._handed_first = None, {}
        self._numbers.begin(number)

    def _write_by(self, write: Callable[[Tx], None]) -> int:
        """Write what waits, unless that is committed already; the number of the next batch, for `begin`."""
        with self._store.batch() as tx:
            if not self._numbers.is_renumbered(tx):
                write(tx)
            return self._numbers.renumber(tx)

    def _logged(self, payment: Row) -> bool:
        """
        Whether a payment is on the disk, where it has to be; else it is to be posted the plain way.

        Raises `sqlite3.OperationalError` where the database's file was taken away: its log would be nobody's.
        """
        if self._log is None:
            return True
        self._store.check_place()
        try:
            self._log.append(record_of(payment))
        except OSError:
            _logger.exception("%s: a payment could not be appended", self._log.path)
            self._write()  # begins a new batch: the record may be whole, and must not count
            return False
        return True

    def _look(self, lane: Lane, account_number: str) -> OpenItems | None:
        key = (lane.name, account_number)
        with self._store.still(wait=False) as still:
            if still is None:
                return None
            told = Books(still.tx, lane.name).open_items(account_number, served=True)
            if (known := self._standing.get(key)) is not None:
                told = _told(told, known)
            if len(self._told) >= MOST_ACCOUNTS:
                self._make_room()
            self._told[key] = told
            return told

    def _stand(self, key: Key, reference: str, tx: Tx) -> Standing:
        """An account that is not remembered, for a payment of that reference. Raises `AccountUnknown`."""
        books = Books(tx, key[0])
        account = books.stand(key[1], reference)
        if account.payments > MOST_TOLD:
            self._untold.add(key)
        elif account.payments:
            for told in books.references(key[1]):
                self._references.tell(hash((*key, told)))
        return account

    def _may_have(self, key: Key, hashed: int) -> bool:
        """Whether a remembered account may have a payment of that reference, by its hash."""
        return self._references.may_have(hashed) or key in self._untold

    def _first_of(self, key: Key, reference: str, still: Still) -> int | None:
        """The number of the first payment of a reference."""
        whole = (*key, reference)
        waiting = self._first.get(whole) or self._handed_first.get(whole)
        return waiting or Books(still.tx, key[0]).first_payment(key[1], reference)

    def _keep(self, key: Key, account: Standing, posted: Posting) -> None:
        """Remember an account as it stands after a payment."""
        account.payments += 1
        account.events += 1
        account.credit_cents = posted.credit_cents
        if posted.bills:
            changed = {bill.invoice_number: bill for bill in posted.bills}
            bills = [changed.get(bill.invoice_number, bill) for bill in account.bills]
            account.bills = [bill for bill in bills if bill.open_cents > 0]
        self._standing[key] = account
        if (told := self._told.get(key)) is not None:
            self._told[key] = _told(told, account)

    def _make_room(self) -> None:
        self.write()
        self.forget()


def _post_again(tx: Tx, rows: Iterable[Row], days: Days) -> None:
    """Post payments, each with its lane, the plain way; one that cannot be written is left out and logged."""

    def book(row: Row) -> None:
        lane, *cells = row
        posted, books = PAYMENT_ROWS.load(tuple(cells)), Books(tx, lane)
        account = books.stand(posted.account_number, posted.payment.reference)
        post(books, account, posted.payment, Cause(posted.request_id, posted.posted_at, days.of(posted.posted_at)))

    def left_out(row: Row) -> None:
        payment = dict(zip(_LOGGED, row, strict=True))
        _logger.exception("a payment was answered and cannot be booked: %s", json.dumps(payment))

    each_alone(tx, rows, book, left_out)


def _told(told: OpenItems, account: Standing) -> OpenItems:
    """What is told of an account as it stands."""
    return told[0], told[1], account.credit_cents, [(bill.billed_on, bill.open_cents) for bill in account.bills]


def _write_all(tx: Tx, batches: Iterable[PaymentBatch]) -> None:
    for batch in batches:
        batch.write(tx)
