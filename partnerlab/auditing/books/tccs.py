"""
The books of TCCS, which credits invoices.

Version 1 of its service is told no PaymentGUID, so which posting is a payment's is seen by what stands beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from partnerlab.auditing.books.refusals import refused
from partnerlab.auditing.invoice_cloud_books import delivery_of, event_of, events_about, payment_of
from partnerlab.auditing.matching import match
from partnerlab.auditing.pages import Asking, Control, Row, by_next, by_offset, paged
from partnerlab.auditing.records import (
    Biller,
    LaneBooks,
    MissingBill,
    Payment,
    Place,
    Posting,
    before_conveyance,
    why_not,
)
from partnerlab.contracts.paths import at
from partnerlab.partners import PARTNERS

__all__ = ["missing", "naming", "near", "owed", "policy_posting", "posted"]

MOST_UNSENT = 1_000
TCCS = PARTNERS["tccs"]


def posted(control: Control) -> Iterator[Posting]:
    """Every payment and deposit."""
    return _postings(control)


def naming(control: Control, payment: Payment) -> Iterator[Posting]:
    """The postings with the payment's PaymentGUID."""
    return _postings(control, payment_guid=payment.guid)


def owed(control: Control) -> Iterator[tuple[str, Decimal, bool]]:
    """What policy terms owe; a change waits for the next upload."""
    unsent = set(control.get("/_sandbox/tccs/unsent", limit=MOST_UNSENT)["invoice_numbers"])
    for row in by_next(control, "/_sandbox/tccs/policies", "policies"):
        yield row["invoice_number"], Decimal(row["record_bal"]), row["invoice_number"] in unsent


def missing(control: Control, places: Sequence[Place]) -> Iterator[tuple[Place, MissingBill]]:
    """The terms themselves."""
    for place in places:
        if place.number not in place.held:
            term = control.get(at("/_sandbox/tccs/policies/{}", place.number))
            sent = ("", "") if place.waits else ("an upload", refused(term["events"], place.number))
            yield place, MissingBill(place.number, Decimal(term["record_bal"]), *sent)


def policy_posting(row: Row) -> Posting:
    """A payment or deposit."""
    invoice = row["invoice_number"]
    return Posting(
        partner="tccs",
        place=invoice,
        invoice=invoice,
        key=row["payment_guid"] or "",
        amount=Decimal(row["amount"]),
        at=row["posted_at"],
        number=f"payment {row['number']} of invoice {invoice}",
        returned=row["returned_at"] is not None,
        returned_at=row["returned_at"] or "",
        type=row["type"],
        request_id=row["request_id"],
    )


def near(control: Asking, books: LaneBooks, payment: Payment) -> LaneBooks:
    """The books of one payment, with whatever decides which posting, and which return, is the payment's."""
    unnamed = _with_unnamed(control, books, payment)
    others = [one for one in unnamed.payments if one.guid != payment.guid and one.state == "returned"]
    return _with_returns(control, unnamed, others)


def _with_unnamed(control: Control, books: LaneBooks, payment: Payment) -> LaneBooks:
    """
    *books* with whatever decides which posting without a name is the payment's, as `matching` goes about it.

    Most are decided by what stands at the payment's invoice. Where nothing there is its own, a posting of the same
    amount that no payment at its own invoice takes may be: then all invoices count at which such a posting, or
    another payment that might take it, is left over.
    """
    around = _at_invoices(control, books, {payment.invoice})
    if match(around).of.get(payment.guid) or why_not(payment, TCCS):
        return around
    amount = str(payment.amount)
    unnamed = Counter(one.place for one in _postings(control, amount=amount) if not one.key)
    if not unnamed:
        return around
    payments = _payments(control, books.billers, amount=amount)
    due = Counter(one.invoice for one in payments if not why_not(one, TCCS))
    left_over = {place for place in {*unnamed, *due} if unnamed[place] < due[place] or not due[place]}
    return _at_invoices(control, books, {payment.invoice, *left_over})


def _at_invoices(control: Control, books: LaneBooks, invoices: set[str]) -> LaneBooks:
    """
    *books* with the payments and postings at those *invoices*.

    Where all postings there have names and stand, none of them is in question.
    """
    here = [one for place in sorted(invoices - {""}) for one in _postings(control, invoice_number=place)]
    if all(one.key and not one.returned for one in here):
        return books
    payments = {
        one.guid: one for place in invoices - {""} for one in _payments(control, books.billers, invoice_number=place)
    } | {one.guid: one for one in books.payments}
    elsewhere = (one for guid in payments for one in _postings(control, payment_guid=guid))
    postings = {(one.place, one.number): one for one in (*here, *elsewhere)}
    return replace(
        books,
        payments=tuple(sorted(payments.values(), key=lambda one: one.reference)),
        postings=tuple(sorted(postings.values(), key=lambda one: (one.at, one.place))),
    )


def _with_returns(control: Asking, books: LaneBooks, others: Sequence[Payment]) -> LaneBooks:
    """*books* with what was reported of the *others* that came back, as `twins` goes about it."""
    events = [
        event
        for one in others
        for account in sorted({one.account, before_conveyance(one.account)})
        for row in events_about(control, one, account)
        if (event := event_of(row)).kind == "ach_reject"
    ]
    rows = [control.maybe(at("/_pump/deliveries/{}:{}", books.lane, one.event_id)) for one in events]
    deliveries = (delivery_of(row) for row in rows if row is not None)
    return replace(books, events=(*books.events, *events), deliveries=(*books.deliveries, *deliveries))


def _postings(control: Control, **only: str) -> Iterator[Posting]:
    return map(policy_posting, by_offset(control, "/_sandbox/tccs/payments", "payments", **only))


def _payments(control: Control, billers: Mapping[str, Biller], **only: str) -> Iterator[Payment]:
    for biller in billers.values():
        if biller.partner == TCCS.id:
            given = {"biller_guid": biller.guid, **only}
            yield from map(payment_of, paged(control, "/_sandbox/ic/payments", "payments", "reference", **given))
