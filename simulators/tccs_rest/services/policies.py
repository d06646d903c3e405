"""
What the insurer's own people and its clock do: open policies and quotes, bill instalments, charge late fees.

Nobody calls this from outside but the control routes and the lane's clock. Transactions are as in `ledger`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store, Tx
from partnerlab.simulators.tccs_rest.domain.errors import InvoiceTaken, InvoiceUnknown
from partnerlab.simulators.tccs_rest.domain.events import Cause, Event
from partnerlab.simulators.tccs_rest.domain.money import to_text
from partnerlab.simulators.tccs_rest.domain.numbers import term_of
from partnerlab.simulators.tccs_rest.domain.payments import PostedPayment
from partnerlab.simulators.tccs_rest.domain.policies import Balances, Charge, Policy, is_late
from partnerlab.simulators.tccs_rest.domain.quotes import Quote, becomes, check_quote, quote_of
from partnerlab.simulators.tccs_rest.services.books import (
    PolicyView,
    QuoteView,
    add_charge,
    charge_detail,
    owed,
    record,
    touch,
    view_policy,
    view_quote,
)
from partnerlab.simulators.tccs_rest.store import Books, Counters, OpenPolicy, PolicyCharge

__all__ = ["PolicyService"]


class PolicyService:
    """The insurer's desk over one store."""

    def __init__(self, store: Store, days: Days) -> None:
        self._store, self._days = store, days

    # Policy terms

    def policies(
        self, lane: Lane, *, text: str = "", after: str = "", limit: int = 100
    ) -> list[tuple[Policy, Balances]]:
        """Policy terms by invoice number with what is owed on them; *text* is in number, name or address."""
        today = self._days.of(lane.now())
        with self._store.read() as tx:
            books = Books(tx, lane.name)
            found = books.policies(text=text, after=after, limit=limit)
            return [(policy, owed(books.charges(policy.invoice_number), policy, today)) for policy in found]

    def unsent(self, lane: Lane, *, limit: int) -> list[str]:
        """The invoice numbers of terms that the next upload will have."""
        with self._store.read() as tx:
            return [opened.policy.invoice_number for opened in Books(tx, lane.name).unsent(limit=limit)]

    def policy(self, lane: Lane, invoice_number: str) -> PolicyView:
        """A policy term with what belongs to it. Raises `InvoiceUnknown`."""
        with self._store.read() as tx:
            return view_policy(Books(tx, lane.name), invoice_number, self._days.of(lane.now()))

    def put_policy(
        self, lane: Lane, cause: Cause, invoice_number: str, change: Callable[[Policy], Policy]
    ) -> tuple[PolicyView, bool]:
        """
        Change a policy term, or open one; True where it is new.

        Raises:
            InvoiceTaken: the quote that becomes this term is there.
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            effective_on, expires_on = term_of(invoice_number)
            is_new = books.add_policy(Policy(invoice_number, effective_on, expires_on))
            if is_new and _is_there(books.quote, quote_of(invoice_number)):
                raise InvoiceTaken(quote_of(invoice_number))
            opened = books.lock_policy(invoice_number)
            before, opened.policy = opened.policy, change(opened.policy)
            detail = _changes(before, opened.policy)
            if detail and opened.revision:
                touch(opened)
            if detail or is_new:
                record(books, opened, "policy_opened" if is_new else "policy_changed", detail, cause)
            books.save_policy(opened)
            return view_policy(books, invoice_number, self._days.of(lane.now())), is_new

    def load(self, lane: Lane, cause: Cause, terms: Iterable[tuple[Policy, Sequence[Charge]]]) -> int:
        """
        Open policy terms with the charges that are open on them, all or nothing; returns how many.

        Raises:
            InvoiceTaken: one is there already, or the quote that becomes it: the books know better than a file.
        """
        count = 0
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            # In the order of their numbers, so that two loads never wait for each other.
            for policy, charges in sorted(terms, key=lambda term: term[0].invoice_number):
                if _is_there(books.quote, quote_of(policy.invoice_number)):
                    raise InvoiceTaken(quote_of(policy.invoice_number))
                if not books.add_policy(policy):
                    raise InvoiceTaken(policy.invoice_number)
                _open_terms(books, [(policy, charges)], cause)
                count += 1
        return count

    def add_instalments(self, lane: Lane, cause: Cause, invoice_number: str, charges: Iterable[Charge]) -> PolicyView:
        """Add instalments to a policy term; their numbers are given here. Raises `InvoiceUnknown`."""
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            opened = books.lock_policy(invoice_number)
            for charge in charges:
                add_charge(books, opened, charge, "instalment_added", cause)
            books.save_policy(opened)
            return view_policy(books, invoice_number, self._days.of(lane.now()))

    # Quotes

    def quotes(self, lane: Lane, *, after: str = "", limit: int = 100) -> list[Quote]:
        """Quotes by number."""
        with self._store.read() as tx:
            return Books(tx, lane.name).quotes(after=after, limit=limit)

    def quote(self, lane: Lane, invoice_number: str) -> QuoteView:
        """A quote with what belongs to it. Raises `InvoiceUnknown`."""
        with self._store.read() as tx:
            return view_quote(Books(tx, lane.name), invoice_number)

    def add_quote(self, lane: Lane, cause: Cause, quote: Quote) -> QuoteView:
        """
        Open a quote.

        Raises:
            InvoiceTaken: it is there, or the policy it would become is.
            ValueInvalid: its sums do not fit.
        """
        check_quote(quote)
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            if _is_there(books.policy, becomes(quote.invoice_number)):
                raise InvoiceTaken(becomes(quote.invoice_number))
            if not books.add_quote(quote):
                raise InvoiceTaken(quote.invoice_number)
            _open_quote(books, quote, cause)
            return view_quote(books, quote.invoice_number)

    # Money in and out

    def payments(
        self, lane: Lane, search: Mapping[str, str | int] | None = None, *, limit: int = 1000, offset: int = 0
    ) -> list[PostedPayment]:
        """Payments in the order they were posted: those with what *search* says of their columns, or all."""
        with self._store.read() as tx:
            return Books(tx, lane.name).payments(search, limit=limit, offset=offset)

    def returns(self, lane: Lane, *, limit: int = 1000, offset: int = 0) -> list[PostedPayment]:
        """Payments that came back, in the order in which that was reported."""
        with self._store.read() as tx:
            return Books(tx, lane.name).returned(limit=limit, offset=offset)

    # What the clock does

    def unbilled(self, lane: Lane, until: datetime) -> list[PolicyCharge]:
        """The first instalments whose bill date comes at or before *until* and that are not billed."""
        with self._store.read() as tx:
            return Books(tx, lane.name).unbilled(self._days.of(until))

    def late(self, lane: Lane, until: datetime) -> list[PolicyCharge]:
        """The first instalments that are open after their due date at *until* and had no late fee yet."""
        with self._store.read() as tx:
            return Books(tx, lane.name).late(self._days.of(until))

    def bill(self, lane: Lane, cause: Cause, invoice_number: str, charge: Charge) -> str:
        """An instalment's bill date has come. Returns what happened."""
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            opened = books.lock_policy(invoice_number)
            if not books.mark_billed(invoice_number, charge.number):
                return f"instalment {charge.number} of {invoice_number} was billed already"
            touch(opened)
            record(books, opened, "instalment_billed", charge_detail(charge), cause)
            books.save_policy(opened)
            now = owed(books.charges(invoice_number), opened.policy, cause.day)
        return f"{to_text(charge.amount_cents)} is billed on {invoice_number}: Record bal {_balance(now)}"

    def charge_late_fee(self, lane: Lane, cause: Cause, invoice_number: str, charge: Charge) -> str:
        """An instalment is open after its due date: its late fee is charged, once. Returns what happened."""
        today = cause.day
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            opened = books.lock_policy(invoice_number)
            fee_cents, paid_cents = opened.policy.late_fee_cents, opened.policy.paid_cents
            if not is_late(charge, books.charges(invoice_number), paid_cents, today) or not fee_cents:
                return f"instalment {charge.number} of {invoice_number} is not late any more"
            if not books.mark_late(invoice_number, charge.number):
                return f"the late fee of instalment {charge.number} of {invoice_number} was charged already"
            late_fee = Charge(0, "late_fee", today, today, fee_cents)
            add_charge(books, opened, late_fee, "late_fee_charged", cause, instalment=charge.number)
            books.save_policy(opened)
            now = owed(books.charges(invoice_number), opened.policy, today)
        return f"a late fee of {to_text(fee_cents)} is charged on {invoice_number}: Record bal {_balance(now)}"

    def seed(
        self,
        tx: Tx,
        lane: Lane,
        terms: Iterable[tuple[Policy, Sequence[Charge]]],
        quotes: Iterable[Quote],
        cause: Cause,
    ) -> None:
        """Write what a new lane begins with."""
        books = Books(tx, lane.name)
        _open_terms(books, terms, cause, seed=True)
        for quote in quotes:
            books.add_quote(quote)
            _open_quote(books, quote, cause, seed=True)


def _open_terms(books: Books, terms: Iterable[tuple[Policy, Sequence[Charge]]], cause: Cause, **more: Any) -> None:
    """Open terms with their charges. What was due before today has had its late fee, or needs none."""
    today = cause.day
    opened, charged, events = [], [], []
    for policy, charges in terms:
        number = policy.invoice_number
        # Invoice Cloud has it so: its first revision is sent.
        opened.append(OpenPolicy(policy, Counters(charges=len(charges), events=1), revision=1, sent_revision=1))
        for charge in charges:
            late = charge.due_on < today or charge.kind == "late_fee"
            charged.append(PolicyCharge(number, charge, charge.billed_on <= today, late))
        detail = {"insured_name": policy.insured.name, **more}
        events.append(Event(number, 1, "policy_opened", detail, cause.request_id, cause.at))
    books.open_terms(opened, charged, events)


def _open_quote(books: Books, quote: Quote, cause: Cause, **more: Any) -> None:
    opened = books.lock_quote(quote.invoice_number)
    detail = {
        "insured_name": quote.insured.name,
        "deposit": to_text(quote.deposit_cents),
        "premium": to_text(quote.premium_cents),
        "instalments": quote.instalments,
    }
    record(books, opened, "quote_opened", detail | more, cause)
    books.save_quote(opened)


def _is_there(find: Callable[[str], object], invoice_number: str) -> bool:
    try:
        find(invoice_number)
    except InvoiceUnknown:
        return False
    return True


def _changes(before: Policy, after: Policy) -> dict[str, Any]:
    """What a change of a policy term changed, in the names of the control API."""

    def named(policy: Policy) -> dict[str, Any]:
        insured = asdict(policy.insured)
        return {
            "insured_name": insured.pop("name"),
            **insured,
            "late_fee": to_text(policy.late_fee_cents),
            "paperless": policy.paperless,
            "recurring": policy.recurring,
        }

    old = named(before)
    return {name: value for name, value in named(after).items() if value != old[name]}


def _balance(balances: Balances) -> str:
    return to_text(balances.billed_due_cents)
