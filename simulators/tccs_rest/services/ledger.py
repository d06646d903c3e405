"""
The one ledger behind the seven calls: what is owed, payments, deposits, returns and switches.

Each change is one transaction: lock the invoice, apply the rules of `domain`, write it back, and append an event that
names the cause. Any number of threads or replicas may use one store: what a policy term's balances are made of is
remembered between calls only where nobody else writes (`kit/world/remembered`). A quote is locked before the policy it
became, never after.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.remembered import Remembered
from partnerlab.simulators.kit.world.store import Store, Tx
from partnerlab.simulators.tccs_rest.domain.errors import InvoiceTaken, PaymentConflict, QuoteHasNone, ReturnUnmatched
from partnerlab.simulators.tccs_rest.domain.events import Cause
from partnerlab.simulators.tccs_rest.domain.money import to_text
from partnerlab.simulators.tccs_rest.domain.numbers import is_quote
from partnerlab.simulators.tccs_rest.domain.payments import Payment, PostedPayment, difference, payment_returned
from partnerlab.simulators.tccs_rest.domain.policies import Balances, Policy, balances
from partnerlab.simulators.tccs_rest.domain.quotes import bind, deposit_due, is_complete
from partnerlab.simulators.tccs_rest.services.books import PolicyView, add_charge, move, record, view_policy
from partnerlab.simulators.tccs_rest.store import Books, OpenPolicy, OpenQuote

__all__ = ["PolicyLedger"]

Owed = tuple[int, list[tuple[date, int]]]
"""What was paid on a policy term, and the bill date and amount of each charge."""


class PolicyLedger:
    """The insurer's books in one store. Without *warm* every balance is read from the tables."""

    def __init__(self, store: Store, days: Days, *, warm: bool = True) -> None:
        self._store, self._days = store, days
        self._owed: Remembered[tuple[str, str], Owed] = Remembered(store, on=warm)

    def balances(self, lane: Lane, invoice_number: str) -> Balances:
        """What is owed now on a policy term, or on a quote's deposit. Raises `InvoiceUnknown`."""
        if is_quote(invoice_number):
            with self._store.read() as tx:
                return deposit_due(Books(tx, lane.name).quote(invoice_number))
        key = (lane.name, invoice_number)
        paid_cents, charged = self._owed.get(key) or self._owed.look(key, _owed(key)) or self._read(_owed(key))
        return balances(charged, paid_cents, self._days.of(lane.now()))

    def _read(self, read: Callable[[Tx], Owed]) -> Owed:
        with self._store.read() as tx:
            return read(tx)

    def policy(self, lane: Lane, invoice_number: str) -> PolicyView:
        """A policy term with its charges, payments and events. Raises `InvoiceUnknown`, `QuoteHasNone`."""
        with self._store.read() as tx:
            books = Books(tx, lane.name)
            if is_quote(invoice_number):
                raise QuoteHasNone(books.quote(invoice_number).invoice_number, "bill")
            return view_policy(books, invoice_number, self._days.of(lane.now()))

    def post_payment(self, lane: Lane, cause: Cause, payment: Payment) -> tuple[PostedPayment, bool]:
        """
        Post a payment, or a quote's deposit; False where its PaymentGUID was posted before, and nothing was changed.

        Without a PaymentGUID every call posts, as TCCS did before it had one (INT-6870). A deposit that completes what
        a quote asks for binds it; a later one is a payment on its policy.

        Raises:
            InvoiceUnknown: there is no such policy term or quote.
            PaymentConflict: the PaymentGUID is another payment's.
            InvoiceTaken: the deposit is complete, and the policy that the quote becomes is there already.
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            opened = _lock(books, payment.invoice_number)
            former = None if payment.payment_guid is None else books.payment_of_guid(payment.payment_guid)
            if former is None:
                opened.counters.payments += 1
                posted = PostedPayment(opened.counters.payments, payment, cause.request_id, cause.at)
                if books.add_payment(posted):
                    _credit(books, opened, posted, cause)
                    return posted, True
                # Only another invoice's payment of that PaymentGUID can have come between: this invoice is locked.
                former = books.payment_of_guid(payment.payment_guid or "")
                assert former is not None
            if other := difference(payment, former.payment):
                raise PaymentConflict(payment.payment_guid or "", other)
            return former, False

    def report_return(
        self, lane: Lane, cause: Cause, invoice_number: str, on: date, amount_cents: int
    ) -> PostedPayment:
        """
        Take back the payment of that transaction date and amount: what is owed is as it was before it.

        Raises:
            InvoiceUnknown: there is no such policy term or quote.
            ReturnUnmatched: no payment fits that was not returned yet.
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            opened = _lock(books, invoice_number)
            posted = payment_returned(books.payments_of(invoice_number, amount_cents), on, self._days.of)
            if posted is None or posted.returned_at is not None:
                raise ReturnUnmatched(invoice_number, on, amount_cents, returned=posted is not None)
            back = replace(posted, returned_at=cause.at, reported_on=on, return_request_id=cause.request_id)
            books.save_payment(back)
            detail = {
                "payment": posted.number,
                "payment_guid": posted.payment.payment_guid,
                "amount": to_text(amount_cents),
                "reported_on": on.isoformat(),
            }
            move(books, opened, -amount_cents, "payment_returned", detail, cause)
            return posted

    def set_paperless(self, lane: Lane, cause: Cause, invoice_number: str, *, on: bool) -> None:
        """Switch paperless billing of a policy term. Raises `InvoiceUnknown`, `QuoteHasNone`."""
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            opened = _lock_policy(books, invoice_number, "paperless billing")
            _switch(books, opened, replace(opened.policy, paperless=on), "paperless_switched", cause, on=on)

    def set_recurring(self, lane: Lane, cause: Cause, invoice_number: str, *, on: bool) -> None:
        """Switch the recurring flag, which is AutoPay, of a policy term. Raises `InvoiceUnknown`, `QuoteHasNone`."""
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            opened = _lock_policy(books, invoice_number, "recurring payments")
            _switch(books, opened, replace(opened.policy, recurring=on), "recurring_switched", cause, on=on)


def _owed(key: tuple[str, str]) -> Callable[[Tx], Owed]:
    """Reads what the balances of a lane's policy term are made of; raises `InvoiceUnknown`."""
    lane, invoice_number = key
    return lambda tx: Books(tx, lane).paid_and_charged(invoice_number)


def _lock(books: Books, invoice_number: str) -> OpenPolicy | OpenQuote:
    return books.lock_quote(invoice_number) if is_quote(invoice_number) else books.lock_policy(invoice_number)


def _lock_policy(books: Books, invoice_number: str, what: str) -> OpenPolicy:
    opened = _lock(books, invoice_number)
    if isinstance(opened, OpenQuote):
        raise QuoteHasNone(invoice_number, what)
    return opened


def _switch(books: Books, opened: OpenPolicy, policy: Policy, kind: str, cause: Cause, *, on: bool) -> None:
    opened.policy = policy
    record(books, opened, kind, {"on": on}, cause)
    books.save_policy(opened)


def _credit(books: Books, opened: OpenPolicy | OpenQuote, posted: PostedPayment, cause: Cause) -> None:
    """Credit a payment that was just posted, and bind the quote whose deposit it completes."""
    payment = posted.payment
    detail = {
        "payment": posted.number,
        "payment_guid": payment.payment_guid,
        "amount": to_text(payment.amount_cents),
        **({"type": payment.type} if payment.type else {}),
        **({"insured_name": payment.insured_name} if payment.insured_name else {}),
    }
    move(books, opened, payment.amount_cents, "payment_posted", detail, cause)
    if isinstance(opened, OpenQuote) and is_complete(opened.quote):
        _bind(books, opened, cause)


def _bind(books: Books, opened: OpenQuote, cause: Cause) -> None:
    """Make the policy term of a quote whose deposit is complete, with everything paid on the quote."""
    today = cause.day
    policy, charges = bind(opened.quote, today)
    if not books.add_policy(policy):
        raise InvoiceTaken(policy.invoice_number)
    opened.quote = replace(opened.quote, bound_on=today)
    record(books, opened, "quote_bound", {"invoice_number": policy.invoice_number}, cause)
    books.save_quote(opened)
    bound = books.lock_policy(policy.invoice_number)
    record(books, bound, "policy_opened", {"quote": opened.quote.invoice_number}, cause)
    for charge in charges:
        add_charge(books, bound, charge, "instalment_added", cause)
    books.save_policy(bound)
