"""
Where the insurer's ledger is kept: policy terms, charges, quotes, payments, returns and events, each row in a lane.

Charges, payments and events are numbered within their invoice, whose row is locked by whoever writes: no counter is
shared between invoices, so they do not wait for each other, and replicas on PostgreSQL agree.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from partnerlab.simulators.kit.world.store import Row, Statement, Tx
from partnerlab.simulators.tccs_rest.domain.errors import InvoiceUnknown
from partnerlab.simulators.tccs_rest.domain.events import Cause, Event
from partnerlab.simulators.tccs_rest.domain.payments import Payment, PostedPayment, Return
from partnerlab.simulators.tccs_rest.domain.policies import Charge, Insured, Policy
from partnerlab.simulators.tccs_rest.domain.quotes import Quote
from partnerlab.simulators.tccs_rest.store import statements as sql

__all__ = ["Counters", "OpenPolicy", "OpenQuote", "Rows"]

_to_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(slots=True)
class Counters:
    """How many charges, payments and events an invoice has."""

    charges: int = 0
    payments: int = 0
    events: int = 0


@dataclass(slots=True)
class OpenPolicy:
    """A policy term locked for writing."""

    policy: Policy
    counters: Counters


@dataclass(slots=True)
class OpenQuote:
    """A quote locked for writing."""

    quote: Quote
    counters: Counters


class Rows:
    """The rows of one lane in one transaction."""

    __slots__ = ("_lane", "_tx")

    def __init__(self, tx: Tx, lane: str) -> None:
        self._tx = tx
        self._lane = lane

    # Policy terms

    def standing(self, invoice_number: str) -> tuple[int, list[tuple[date, int]]]:
        """
        What was paid on a policy term, and the bill date and amount of each charge.

        Raises:
            InvoiceUnknown: there is no such term.
        """
        rows = self._tx.all(sql.STANDING, lane=self._lane, invoice_number=invoice_number)
        if not rows:
            raise InvoiceUnknown(invoice_number)
        return rows[0][0], [(date.fromisoformat(row[1]), row[2]) for row in rows if row[1] is not None]

    def policy(self, invoice_number: str) -> Policy:
        """Raises `InvoiceUnknown`."""
        return _policy(self._found(sql.POLICY, invoice_number))

    def policies(self, *, after: str, limit: int) -> list[Policy]:
        """Policy terms by invoice number, those after *after*."""
        return [_policy(row) for row in self._tx.all(sql.POLICIES_FROM, lane=self._lane, after=after, limit=limit)]

    def lock_policy(self, invoice_number: str) -> OpenPolicy:
        """A policy term for writing: who else wants it waits until this transaction ends. Raises `InvoiceUnknown`."""
        row = self._found(sql.LOCK_POLICY, invoice_number)
        return OpenPolicy(_policy(row), Counters(*row[-3:]))

    def add_policy(self, policy: Policy) -> bool:
        """Add a policy term; False where one of its number is there."""
        return self._tx.run(sql.ADD_POLICY, lane=self._lane, **_policy_values(policy, Counters())) > 0

    def save_policy(self, opened: OpenPolicy) -> None:
        """Write back a locked policy term."""
        self._save(sql.SAVE_POLICY, _policy_values(opened.policy, opened.counters))

    # Charges

    def charges(self, invoice_number: str) -> list[Charge]:
        """The charges of a policy term in the order they were made."""
        return [_charge(row) for row in self._tx.all(sql.CHARGES_OF, lane=self._lane, invoice_number=invoice_number)]

    def add_charge(self, invoice_number: str, charge: Charge, *, billed: bool, late: bool = False) -> None:
        """Append a charge; *billed* says that its day has come, *late* that no late fee is to come of it."""
        self._tx.run(
            sql.ADD_CHARGE,
            lane=self._lane,
            invoice_number=invoice_number,
            number=charge.number,
            kind=charge.kind,
            billed_on=charge.billed_on.isoformat(),
            due_on=charge.due_on.isoformat(),
            amount_cents=charge.amount_cents,
            billed=int(billed),
            late=int(late or charge.kind == "late_fee"),
        )

    def unbilled(self, today: date) -> list[tuple[str, Charge]]:
        """The first charges whose bill date has come and that were not yet billed, with their invoice numbers."""
        return [
            (row[0], _charge(row[1:])) for row in self._tx.all(sql.UNBILLED, lane=self._lane, today=today.isoformat())
        ]

    def late(self, today: date) -> list[tuple[str, Charge]]:
        """The first instalments due before *today* that are not covered and had no late fee, with invoice numbers."""
        return [(row[0], _charge(row[1:])) for row in self._tx.all(sql.LATE, lane=self._lane, today=today.isoformat())]

    def mark_billed(self, invoice_number: str, number: int) -> bool:
        """Say that a charge's day has come; False where somebody did already."""
        return self._tx.run(sql.BILLED, lane=self._lane, invoice_number=invoice_number, number=number) > 0

    def mark_late(self, invoice_number: str, number: int) -> bool:
        """Say that an instalment's late fee was charged; False where somebody did already."""
        return self._tx.run(sql.CHARGED_LATE, lane=self._lane, invoice_number=invoice_number, number=number) > 0

    # Quotes

    def quote(self, invoice_number: str) -> Quote:
        """Raises `InvoiceUnknown`."""
        return _quote(self._found(sql.QUOTE, invoice_number))

    def quotes(self, *, after: str, limit: int) -> list[Quote]:
        """Quotes by number, those after *after*."""
        return [_quote(row) for row in self._tx.all(sql.QUOTES_FROM, lane=self._lane, after=after, limit=limit)]

    def lock_quote(self, invoice_number: str) -> OpenQuote:
        """A quote for writing: who else wants it waits until this transaction ends. Raises `InvoiceUnknown`."""
        row = self._found(sql.LOCK_QUOTE, invoice_number)
        return OpenQuote(_quote(row), Counters(*row[-3:]))

    def add_quote(self, quote: Quote) -> bool:
        """Add a quote; False where one of its number is there."""
        return self._tx.run(sql.ADD_QUOTE, lane=self._lane, **_quote_values(quote, Counters())) > 0

    def save_quote(self, opened: OpenQuote) -> None:
        """Write back a locked quote."""
        self._save(sql.SAVE_QUOTE, _quote_values(opened.quote, opened.counters))

    # Payments and returns

    def payment_of_guid(self, payment_guid: str) -> PostedPayment | None:
        """The lane's payment of a PaymentGUID, whatever its invoice."""
        row = self._tx.one(sql.PAYMENT_OF_GUID, lane=self._lane, payment_guid=payment_guid)
        return None if row is None else _payment(row)

    def add_payment(self, posted: PostedPayment) -> bool:
        """Append a payment; False where another caller has just posted one of its PaymentGUID."""
        payment = posted.payment
        count = self._tx.run(
            sql.ADD_PAYMENT,
            lane=self._lane,
            invoice_number=payment.invoice_number,
            number=posted.number,
            amount_cents=payment.amount_cents,
            type=payment.type,
            insured_name=payment.insured_name,
            payment_guid=payment.payment_guid,
            request_id=posted.request_id,
            posted_at=_iso(posted.posted_at),
        )
        return count > 0

    def payments(self, *, invoice_number: str | None = None, limit: int = 1000, offset: int = 0) -> list[PostedPayment]:
        """Payments in the order they were posted: every one of an invoice, or a page of the lane's."""
        if invoice_number is None:
            rows = self._tx.all(sql.ALL_PAYMENTS, lane=self._lane, limit=limit, offset=offset)
        else:
            rows = self._tx.all(sql.INVOICES_PAYMENTS, lane=self._lane, invoice_number=invoice_number)
        return [_payment(row) for row in rows]

    def payments_of(self, invoice_number: str, amount_cents: int) -> list[PostedPayment]:
        """An invoice's payments of an amount, in the order they were posted."""
        rows = self._tx.all(
            sql.PAYMENTS_OF_AMOUNT, lane=self._lane, invoice_number=invoice_number, amount_cents=amount_cents
        )
        return [_payment(row) for row in rows]

    def add_return(self, invoice_number: str, payment: int, reported_on: date, cause: Cause) -> None:
        """Note that a payment came back."""
        self._tx.run(
            sql.ADD_RETURN,
            lane=self._lane,
            invoice_number=invoice_number,
            payment=payment,
            reported_on=reported_on.isoformat(),
            request_id=cause.request_id,
            returned_at=_iso(cause.at),
        )

    def returns(self, *, limit: int, offset: int) -> list[Return]:
        """Returns in the order they were reported."""
        rows = self._tx.all(sql.ALL_RETURNS, lane=self._lane, limit=limit, offset=offset)
        return [_return(row) for row in rows]

    # Events

    def add_event(self, invoice_number: str, number: int, kind: str, detail: dict[str, Any], cause: Cause) -> None:
        """Append an event."""
        self._tx.run(
            sql.ADD_EVENT,
            lane=self._lane,
            invoice_number=invoice_number,
            number=number,
            kind=kind,
            detail=_to_json(detail),
            request_id=cause.request_id,
            at=_iso(cause.at),
        )

    def events(self, invoice_number: str) -> list[Event]:
        """What happened to an invoice, in order."""
        rows = self._tx.all(sql.EVENTS_OF, lane=self._lane, invoice_number=invoice_number)
        return [Event(row[0], row[1], json.loads(row[2]), row[3], datetime.fromisoformat(row[4])) for row in rows]

    def _found(self, statement: Statement, invoice_number: str) -> Row:
        row = self._tx.one(statement, lane=self._lane, invoice_number=invoice_number)
        if row is None:
            raise InvoiceUnknown(invoice_number)
        return row

    def _save(self, statement: Statement, values: dict[str, Any]) -> None:
        self._tx.run(statement, in_lane=self._lane, of_invoice=values.pop("invoice_number"), **values)


def _iso(at: datetime) -> str:
    # One width for all, so that text sorts as time does.
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _charge(row: Row) -> Charge:
    return Charge(row[0], row[1], date.fromisoformat(row[2]), date.fromisoformat(row[3]), row[4])


def _insured_values(insured: Insured) -> dict[str, str]:
    return {
        "insured_name": insured.name,
        "address1": insured.address1,
        "address2": insured.address2,
        "city": insured.city,
        "state": insured.state,
        "zip": insured.zip,
        "phone": insured.phone,
    }


def _counter_values(counters: Counters) -> dict[str, int]:
    return {"charges": counters.charges, "payments": counters.payments, "events": counters.events}


def _policy(row: Row) -> Policy:
    number, effective_on, expires_on = row[:3]
    return Policy(
        number,
        date.fromisoformat(effective_on),
        date.fromisoformat(expires_on),
        Insured(*row[3:10]),
        late_fee_cents=row[10],
        paperless=bool(row[11]),
        recurring=bool(row[12]),
        paid_cents=row[13],
    )


def _policy_values(policy: Policy, counters: Counters) -> dict[str, Any]:
    return {
        "invoice_number": policy.invoice_number,
        "effective_on": policy.effective_on.isoformat(),
        "expires_on": policy.expires_on.isoformat(),
        **_insured_values(policy.insured),
        "late_fee_cents": policy.late_fee_cents,
        "paperless": int(policy.paperless),
        "recurring": int(policy.recurring),
        "paid_cents": policy.paid_cents,
        **_counter_values(counters),
    }


def _quote(row: Row) -> Quote:
    return Quote(
        row[0],
        Insured(*row[1:8]),
        deposit_cents=row[8],
        premium_cents=row[9],
        instalments=row[10],
        late_fee_cents=row[11],
        paid_cents=row[12],
        bound_on=None if row[13] is None else date.fromisoformat(row[13]),
    )


def _quote_values(quote: Quote, counters: Counters) -> dict[str, Any]:
    return {
        "invoice_number": quote.invoice_number,
        **_insured_values(quote.insured),
        "deposit_cents": quote.deposit_cents,
        "premium_cents": quote.premium_cents,
        "instalments": quote.instalments,
        "late_fee_cents": quote.late_fee_cents,
        "paid_cents": quote.paid_cents,
        "bound_on": None if quote.bound_on is None else quote.bound_on.isoformat(),
        **_counter_values(counters),
    }


def _payment(row: Row) -> PostedPayment:
    return PostedPayment(
        row[1],
        Payment(row[0], row[2], row[3], row[4], row[5]),
        row[6],
        datetime.fromisoformat(row[7]),
        None if row[8] is None else datetime.fromisoformat(row[8]),
        None if row[9] is None else date.fromisoformat(row[9]),
    )


def _return(row: Row) -> Return:
    number, payment, cents, guid, reported_on, request_id, at = row
    return Return(number, payment, cents, guid, date.fromisoformat(reported_on), request_id, datetime.fromisoformat(at))
