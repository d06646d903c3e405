"""
Payments that the Payment job of v1 downloads: each PaymentGUID once, to wait for a person or to be posted at once.

A run's payments and its mark are one transaction, so a job that is killed has either all of them or none, and begins
again where it stopped. Source: "Harris inHance v1 Integration Details", Payments.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

from partnerlab.simulators.inhance_soap.domain.downloads import (
    DELETED,
    IC_CLERK,
    LIVE,
    PENDING,
    POSTED,
    ROUTES,
    Download,
    Route,
)
from partnerlab.simulators.inhance_soap.domain.errors import (
    AccountUnknown,
    PaymentSettled,
    PaymentUnknown,
    ValueInvalid,
)
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.domain.payments import Payment
from partnerlab.simulators.inhance_soap.services.books import post, touch
from partnerlab.simulators.inhance_soap.store import Books
from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store

__all__ = ["Downloads"]

ROUTE, MARK = "payments route", "payments mark"


class Downloads:
    """Downloaded payments of every lane."""

    def __init__(self, store: Store, days: Days) -> None:
        self._store, self._days = store, days

    def route(self, lane: Lane) -> Route:
        """What happens to a payment that is downloaded: the biller's choice, `pending` until it makes one."""
        with self._store.read() as tx:
            return _route(Books(tx, lane.name))

    def choose(self, lane: Lane, route: str) -> None:
        """Choose the route for what is downloaded from now on. Raises `ValueInvalid`."""
        if route not in ROUTES:
            raise ValueInvalid("payments", route, f"is neither {' nor '.join(ROUTES)}")
        with self._store.write() as tx:
            Books(tx, lane.name).put_value(ROUTE, route)

    def mark(self, lane: Lane) -> str:
        """Where the next download begins; empty before the first."""
        with self._store.read() as tx:
            return Books(tx, lane.name).value(MARK)

    def newest(self, lane: Lane) -> str:
        """The newest reference that was downloaded; empty where none was."""
        with self._store.read() as tx:
            return Books(tx, lane.name).newest_download()

    def unknown(self, lane: Lane, payment_guids: Collection[str]) -> list[str]:
        """The payments among these that were not downloaded."""
        with self._store.read() as tx:
            books = Books(tx, lane.name)
            return [guid for guid in payment_guids if books.download(guid) is None]

    def take(self, lane: Lane, cause: Cause, payments: Iterable[Download], mark: str) -> int:
        """
        Enter the payments whose PaymentGUID is new and keep the mark, all in one transaction; how many were new.

        On the live route IC Clerk posts them; one whose account is not in the books waits for a person all the same.
        """
        new = 0
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            books.value(MARK, lock=True)  # a second run waits for the first
            live = _route(books) == LIVE
            # By account, so that nobody else who locks several waits in a circle.
            for payment in sorted(payments, key=lambda payment: payment.account_number):
                if not books.add_download(payment):
                    continue
                new += 1
                if live:
                    self._post(books, payment, cause, IC_CLERK, quietly=True)
                else:
                    _touch(books, payment.account_number)
            books.put_value(MARK, mark)
        return new

    def pending(self, lane: Lane, *, limit: int | None) -> list[Download]:
        """View Pending Payments: what waits for a person, in the order it came."""
        with self._store.read() as tx:
            return Books(tx, lane.name).downloads(PENDING, limit=limit)

    def all(self, lane: Lane, *, payment_guid: str | None = None, after: str, limit: int) -> list[Download]:
        """Every download by PaymentGUID, beyond *after*, or the only one of a PaymentGUID."""
        with self._store.read() as tx:
            return Books(tx, lane.name).downloaded(payment_guid=payment_guid, after=after, limit=limit)

    def post(self, lane: Lane, cause: Cause, payment_guid: str, clerk: str) -> Download:
        """
        Post a pending payment by hand.

        Raises `PaymentUnknown`, `PaymentSettled`, `AccountUnknown`.
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            return self._post(books, _waiting(books, payment_guid), cause, clerk)

    def delete(self, lane: Lane, cause: Cause, payment_guid: str, clerk: str, reason: str) -> Download:
        """Delete a pending payment by hand: the money stays at Invoice Cloud's door. Raises as `post`."""
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            payment = _waiting(books, payment_guid)
            payment = replace(payment, state=DELETED, clerk=clerk, decided_at=cause.at, note=reason)
            books.save_download(payment)
            _touch(books, payment.account_number)
            return payment

    def open_transactions(self, lane: Lane, clerk: str, day: date | None = None) -> tuple[date, list[Download]]:
        """The Open Transactions report of a clerk: what was posted on a day of the utility's, today's if none."""
        day = day or self._days.of(lane.now())
        with self._store.read() as tx:
            posted = Books(tx, lane.name).downloads(POSTED, clerk=clerk)
        return day, [one for one in posted if one.decided_at and self._days.of(one.decided_at) == day]

    @staticmethod
    def _post(books: Books, payment: Download, cause: Cause, clerk: str, *, quietly: bool = False) -> Download:
        try:
            account = books.stand(payment.account_number, payment.reference)
        except AccountUnknown as error:
            if not quietly:
                raise
            payment = replace(payment, note=str(error))
            books.save_download(payment)
            return payment
        entered = Payment(
            reference=payment.reference,
            document_number=payment.invoice_number,
            type=payment.type,
            amount_cents=payment.amount_cents,
            fee_cents=payment.fee_cents,
            paid_at=payment.paid_at,
        )
        post(books, account, entered, cause)
        payment = replace(payment, state=POSTED, clerk=clerk, decided_at=cause.at, note="")
        books.save_download(payment)
        return payment


def _route(books: Books) -> Route:
    return LIVE if books.value(ROUTE) == LIVE else "pending"


def _waiting(books: Books, payment_guid: str) -> Download:
    payment = books.download(payment_guid.replace("\0", ""), lock=True)
    if payment is None:
        raise PaymentUnknown(payment_guid)
    if payment.state != PENDING:
        raise PaymentSettled(payment_guid, payment.state)
    return payment


def _touch(books: Books, account_number: str) -> None:
    """What waits counts as paid, so it changes the balance that is sent."""
    try:
        opened = books.lock(account_number)
    except AccountUnknown:
        return
    touch(opened)
    books.save(opened)
