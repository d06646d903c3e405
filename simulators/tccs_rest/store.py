"""
Where the insurer's ledger is kept: policy terms, charges, quotes, payments and events, each row in a lane.

Charges, payments and events are numbered within their invoice, whose row is locked by whoever writes: no counter is
shared between invoices, so they do not wait for each other, and replicas on PostgreSQL agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import date
from typing import TypeVar

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world.store import Statement
from partnerlab.simulators.kit.world.table import ByNumber, LaneTx, Table
from partnerlab.simulators.tccs_rest.domain.errors import InvoiceUnknown
from partnerlab.simulators.tccs_rest.domain.events import Event
from partnerlab.simulators.tccs_rest.domain.payments import PostedPayment
from partnerlab.simulators.tccs_rest.domain.policies import Charge, Policy
from partnerlab.simulators.tccs_rest.domain.quotes import Quote
from partnerlab.simulators.tccs_rest.tables import CHARGES, EVENTS, PAYMENTS, POLICIES, QUOTES

__all__ = ["Books", "Counters", "OpenPolicy", "OpenQuote", "PolicyCharge"]

T = TypeVar("T")

# The clock takes the first of what falls due and asks again: the rest of a large world need not be read each time.
DUE_AT_ONCE = 100


@dataclass(slots=True)
class Counters:
    """How many charges, payments and events an invoice has."""

    charges: int = 0
    payments: int = 0
    events: int = 0


@dataclass(slots=True)
class OpenPolicy:
    """
    A policy term locked for writing.

    `revision` counts the changes of what is billed; it was uploaded up to `sent_revision`, and `refused` says why it
    was not taken.
    """

    policy: Policy
    counters: Counters = field(default_factory=Counters)
    revision: int = 0
    sent_revision: int = 0
    refused: str = ""


@dataclass(slots=True)
class OpenQuote:
    """A quote locked for writing."""

    quote: Quote
    counters: Counters = field(default_factory=Counters)


@dataclass(frozen=True, slots=True)
class PolicyCharge:
    """
    A charge with its policy term.

    `billed` says that its day has come, `late` that no late fee is to come of it (any more): what the clock has done.
    """

    invoice_number: str
    charge: Charge
    billed: bool
    late: bool = False


_POLICIES = Table(
    POLICIES,
    OpenPolicy,
    names={"policy.insured.name": "insured_name"},
    searched=("invoice_number", "insured_name", "address1", "address2", "city", "state", "zip"),
)
_QUOTES = Table(QUOTES, OpenQuote, names={"quote.insured.name": "insured_name"})
_CHARGES = Table(CHARGES, PolicyCharge)
NUMBER = ByNumber("invoice_number")
_PAYMENTS = Table(PAYMENTS, PostedPayment)
_EVENTS = Table(EVENTS, Event)

# An instalment is late where what was paid does not cover it and those that were due before it. Late fees are not
# counted: they are paid last.
_IS_LATE = (
    "due_on < :today AND EXISTS (SELECT 1 FROM tccs_policies p"
    " WHERE p.lane = tccs_charges.lane AND p.invoice_number = tccs_charges.invoice_number AND p.late_fee_cents > 0"
    " AND p.paid_cents < (SELECT sum(d.amount_cents) FROM tccs_charges d WHERE d.lane = tccs_charges.lane"
    " AND d.invoice_number = tccs_charges.invoice_number AND d.kind = 'instalment'"
    " AND d.due_on <= tccs_charges.due_on))"
)


_PAID = Statement(
    "UPDATE tccs_policies SET paid_cents = :paid_cents, payments = :payments, events = :events"
    " WHERE lane = :lane AND invoice_number = :invoice_number"
)
_OWED = Statement(
    "SELECT p.paid_cents, c.billed_on, c.amount_cents FROM tccs_policies p"
    " LEFT JOIN tccs_charges c ON c.lane = p.lane AND c.invoice_number = p.invoice_number"
    " WHERE p.lane = :lane AND p.invoice_number = :invoice_number"
)
_SENT = Statement(
    "UPDATE tccs_policies SET sent_revision = :revision, refused = :refused"
    " WHERE lane = :lane AND invoice_number = :invoice_number AND sent_revision < :revision"
)


class Books(LaneTx):
    """The books of one lane in one transaction."""

    __slots__ = ()

    # Policy terms

    def policy(self, invoice_number: str) -> Policy:
        """Raises `InvoiceUnknown`."""
        return _found(_POLICIES.get(self.tx, self.lane, invoice_number), invoice_number).policy

    def paid_and_charged(self, invoice_number: str) -> tuple[int, list[tuple[date, int]]]:
        """
        What was paid on a policy term, and the bill date and amount of each charge: all that a balance is made of.

        Raises `InvoiceUnknown`.
        """
        rows = self.tx.all(_OWED, (self.lane, invoice_number))
        if not rows:
            raise InvoiceUnknown(invoice_number)
        charged = [(date.fromisoformat(billed_on), amount) for _, billed_on, amount in rows if billed_on is not None]
        return rows[0][0], charged

    def policies(self, *, text: str, after: str, limit: int) -> list[Policy]:
        """Policy terms by invoice number, those after *after* with *text* in number, name or address."""
        found = _POLICIES.find(self.tx, self.lane, text=text, order="invoice_number", after=after, limit=limit)
        return [one.policy for one in found]

    def lock_policy(self, invoice_number: str) -> OpenPolicy:
        """A policy term for writing: who else wants it waits until this transaction ends. Raises `InvoiceUnknown`."""
        return _found(_POLICIES.lock(self.tx, self.lane, invoice_number), invoice_number)

    def add_policy(self, policy: Policy) -> bool:
        """Add a policy term; False where one of its number is there."""
        return _POLICIES.add(self.tx, self.lane, OpenPolicy(policy))

    def open_terms(
        self, opened: Iterable[OpenPolicy], charges: Iterable[PolicyCharge], events: Iterable[Event]
    ) -> None:
        """Write policy terms that begin, in place of what `add_policy` has put there for them."""
        _POLICIES.put_all(self.tx, self.lane, opened)
        _CHARGES.put_all(self.tx, self.lane, charges)
        _EVENTS.put_all(self.tx, self.lane, events)

    def save_policy(self, opened: OpenPolicy) -> None:
        """Write back a locked policy term."""
        _POLICIES.save(self.tx, self.lane, opened)

    def save_paid(self, opened: OpenPolicy) -> None:
        """Write back what money in or out changed of a locked policy term."""
        policy, counters = opened.policy, opened.counters
        row = (policy.paid_cents, counters.payments, counters.events, self.lane, policy.invoice_number)
        self.tx.run(_PAID, row)

    def unsent(self, *, limit: int) -> list[OpenPolicy]:
        """Policy terms that are new or changed since they were uploaded."""
        return _POLICIES.find(self.tx, self.lane, where="revision > sent_revision", order="invoice_number", limit=limit)

    def policy_sent(self, invoice_number: str, revision: int, refused: str) -> None:
        """Note up to which change a term was uploaded, and why it was not taken."""
        self.run(_SENT, invoice_number=invoice_number, revision=revision, refused=refused)

    # Charges

    def charges(self, invoice_number: str) -> list[Charge]:
        """The charges of a policy term in the order they were made."""
        found = _CHARGES.find(self.tx, self.lane, {"invoice_number": invoice_number}, order="number")
        return [one.charge for one in found]

    def add_charge(self, invoice_number: str, charge: Charge, *, billed: bool) -> None:
        """Append a charge to a locked policy term."""
        row = PolicyCharge(invoice_number, charge, billed, charge.kind == "late_fee")
        added = _CHARGES.add(self.tx, self.lane, row)
        assert added

    def unbilled(self, today: date) -> list[PolicyCharge]:
        """The first charges whose bill date has come and that were not yet billed."""
        return _CHARGES.find(
            self.tx,
            self.lane,
            {"billed": 0},
            where="billed_on <= :today",
            order=("billed_on", NUMBER, "number"),
            limit=DUE_AT_ONCE,
            today=today.isoformat(),
        )

    def late(self, today: date) -> list[PolicyCharge]:
        """The first instalments due before *today* that are not covered and had no late fee."""
        return _CHARGES.find(
            self.tx,
            self.lane,
            {"late": 0, "kind": "instalment"},
            where=_IS_LATE,
            order=("due_on", NUMBER, "number"),
            limit=DUE_AT_ONCE,
            today=today.isoformat(),
        )

    def mark_billed(self, invoice_number: str, number: int) -> bool:
        """Say of a locked term's charge that its day has come; False where somebody did already."""
        held = _found(_CHARGES.get(self.tx, self.lane, invoice_number, number), invoice_number)
        return not held.billed and _CHARGES.save(self.tx, self.lane, replace(held, billed=True))

    def mark_late(self, invoice_number: str, number: int) -> bool:
        """Say of a locked term's instalment that its late fee was charged; False where somebody did already."""
        held = _found(_CHARGES.get(self.tx, self.lane, invoice_number, number), invoice_number)
        return not held.late and _CHARGES.save(self.tx, self.lane, replace(held, late=True))

    # Quotes

    def quote(self, invoice_number: str) -> Quote:
        """Raises `InvoiceUnknown`."""
        return _found(_QUOTES.get(self.tx, self.lane, invoice_number), invoice_number).quote

    def quotes(self, *, after: str, limit: int) -> list[Quote]:
        """Quotes by number, those after *after*."""
        found = _QUOTES.find(self.tx, self.lane, order="invoice_number", after=after, limit=limit)
        return [one.quote for one in found]

    def lock_quote(self, invoice_number: str) -> OpenQuote:
        """A quote for writing: who else wants it waits until this transaction ends. Raises `InvoiceUnknown`."""
        return _found(_QUOTES.lock(self.tx, self.lane, invoice_number), invoice_number)

    def add_quote(self, quote: Quote) -> bool:
        """Add a quote; False where one of its number is there."""
        return _QUOTES.add(self.tx, self.lane, OpenQuote(quote))

    def save_quote(self, opened: OpenQuote) -> None:
        """Write back a locked quote."""
        _QUOTES.save(self.tx, self.lane, opened)

    # Payments and returns

    def payment_of_guid(self, payment_guid: str) -> PostedPayment | None:
        """The lane's payment of a PaymentGUID, whatever its invoice."""
        found = _PAYMENTS.find(self.tx, self.lane, {"payment_guid": payment_guid}, order="number")
        return found[0] if found else None

    def add_payment(self, posted: PostedPayment) -> bool:
        """Append a payment; False where another caller has just posted one of its PaymentGUID."""
        return _PAYMENTS.add(self.tx, self.lane, posted)

    def save_payment(self, posted: PostedPayment) -> None:
        """Write back a payment of a locked invoice."""
        _PAYMENTS.save(self.tx, self.lane, posted)

    def payments(
        self, search: Mapping[str, str | int] | None = None, *, limit: int | None = None, offset: int = 0
    ) -> list[PostedPayment]:
        """Payments in the order they were posted: those with what *search* says of their columns, or all."""
        return _PAYMENTS.find(
            self.tx,
            self.lane,
            search,
            order="number" if search and "invoice_number" in search else ("posted_at", NUMBER, "number"),
            limit=limit,
            offset=offset,
        )

    def payments_of(self, invoice_number: str, amount_cents: int) -> list[PostedPayment]:
        """An invoice's payments of an amount, in the order they were posted."""
        search: dict[str, str | int] = {"invoice_number": invoice_number, "amount_cents": amount_cents}
        return _PAYMENTS.find(self.tx, self.lane, search, order="number")

    def returned(self, *, limit: int, offset: int) -> list[PostedPayment]:
        """Payments that came back, in the order in which that was reported."""
        return _PAYMENTS.find(
            self.tx,
            self.lane,
            where="returned_at IS NOT NULL",
            order=("returned_at", NUMBER, "number"),
            limit=limit,
            offset=offset,
        )

    # Events

    def add_event(self, event: Event) -> None:
        """Append an event to a locked invoice."""
        added = _EVENTS.add(self.tx, self.lane, event)
        assert added

    def events(self, invoice_number: str) -> list[Event]:
        """What happened to an invoice, in order."""
        return _EVENTS.find(self.tx, self.lane, {"invoice_number": invoice_number}, order="number")


def _found(value: T | None, invoice_number: str) -> T:
    if value is None:
        raise InvoiceUnknown(invoice_number)
    return value
