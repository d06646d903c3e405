"""
The records of a lane that decide what became of one payment, read without reading the lane.

A judgement of these books says of the payment what one of the whole lane's books says: a test compares them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from partnerlab.auditing.invoice_cloud_books import (
    attempts_of,
    biller_of,
    delivery_of,
    event_of,
    payment_of,
    postback_of,
    rows_of,
    schedules,
)
from partnerlab.auditing.matching import match
from partnerlab.auditing.pages import Control, Row, by_next, by_offset, paged
from partnerlab.auditing.partner_books import (
    downloads,
    marks,
    policy_posting,
    rejects,
    utility_posting,
    water_posting,
)
from partnerlab.auditing.records import Biller, FileRow, LaneBooks, Payment, Posting, before_conveyance, why_not
from partnerlab.contracts.paths import at
from partnerlab.partners import BY_DOWNLOAD, BY_FILE, PARTNERS

__all__ = ["Asking", "PaymentUnknown", "read_payment"]

BATCHES = 20
"""So many batches are looked at for the newest that has a row."""


class Asking(Control, Protocol):
    """A control API that can be asked for what may not be there. `partnerlab.console.api.Api` is one."""

    def maybe(self, path: str, **query: Any) -> Any:
        """As `get`; None where there is no such thing."""


class PaymentUnknown(Exception):
    """Invoice Cloud has no payment of that PaymentGUID in the lane."""

    def __init__(self, guid: str) -> None:
        super().__init__(f"There is no payment {guid!r} in this lane.")


def read_payment(control: Asking, lane: str, guid: str) -> LaneBooks:
    """What concerns the payment of a PaymentGUID. Raises `PaymentUnknown` and what *control* raises."""
    row = control.maybe(at("/_sandbox/ic/payments/{}", guid))
    if row is None:
        raise PaymentUnknown(guid)
    payment = payment_of(row)
    billers = {row["guid"]: biller_of(row) for row in control.get("/_sandbox/ic/billers")["billers"]}
    biller = billers[payment.biller_guid]
    partner = PARTNERS[biller.partner]
    accounts = sorted({payment.account, before_conveyance(payment.account)})
    events = [event_of(row) for account in accounts for row in _events(control, payment, account)]
    events.sort(key=lambda one: one.seq)
    delivered = {
        event.event_id: row
        for event in events
        if (row := control.maybe(at("/_pump/deliveries/{}:{}", lane, event.event_id))) is not None
    }
    postings = tuple(_postings(control, biller.partner, payment))
    books = LaneBooks(
        lane=lane,
        at=datetime.fromisoformat(control.get("/_sandbox/clock")["now"]),
        billers=billers,
        payments=(payment,),
        events=tuple(events),
        deliveries=tuple(delivery_of(row) for row in delivered.values()),
        postings=postings,
        downloaded=tuple(downloads(control, payment_guid=guid)) if partner.how == BY_DOWNLOAD else (),
        rows=tuple(_rows(control, biller, payment)) if partner.how == BY_FILE else (),
        counted={},
        postbacks=tuple(map(postback_of, by_offset(control, "/_sandbox/ic/postbacks", "postbacks", **_named(payment)))),
        checkouts=(),
        schedules=tuple(
            one
            for account in accounts
            for one in schedules(control, biller.guid, account_number=account)
            if one.payment_guid == guid
        ),
        balances=(),
        rejects=rejects(control, reference=payment.reference) if partner.returns == BY_FILE else {},
        marks=marks(control, billers) if partner.how == BY_DOWNLOAD else {},
        attempts={event_id: attempts_of(row) for event_id, row in delivered.items()},
    )
    if biller.partner != "tccs":
        return books
    near = _with_unnamed(control, books, payment)
    return _with_returns(control, near, [one for one in near.payments if one.guid != guid and one.state == "returned"])


def _named(payment: Payment) -> dict[str, str]:
    return {"biller_guid": payment.biller_guid, "payment_guid": payment.guid}


def _events(control: Control, payment: Payment, account: str) -> Iterator[Row]:
    """What waits is renamed when an account is conveyed, and what the data pump has is not [A-97]."""
    given = {**_named(payment), "account_number": account}
    return paged(control, "/_sandbox/ic/events", "events", "seq", after=0, **given)


def _postings(control: Control, partner: str, payment: Payment) -> Iterator[Posting]:
    """What names the payment in the partner's books, whatever it credits."""
    if partner == "tccs":
        yield from _of_tccs(control, payment_guid=payment.guid)
    elif partner == "watersmart":
        named = by_next(control, "/_sandbox/watersmart/payments", "payments", payment_guid=payment.guid)
        yield from map(water_posting, named)
    elif partner in ("inhance_v1", "inhance_v2"):
        for row in by_offset(control, "/_sandbox/inhance/payments", "payments", reference=payment.reference):
            account = control.get("/_sandbox/inhance/accounts", account_number=row["account_number"])["accounts"]
            yield utility_posting(row, account[0]["integration"] if account else "v2")
    else:
        raise NotImplementedError(f"the audit does not know where payments of {partner} stand")


# --- files ---------------------------------------------------------------------------------------------------------


def _rows(control: Control, biller: Biller, payment: Payment) -> Iterator[FileRow]:
    """The payment's rows in payment and rejects files; where no payment file has it, all of the newest."""
    found = list(_rows_with(control, biller, "payments", payment.guid))
    yield from found or _newest(control, biller)
    yield from _rows_with(control, biller, "rejects", payment.reference)


def _rows_with(control: Control, biller: Biller, kind: str, key: str) -> Iterator[FileRow]:
    given = {"biller_guid": biller.guid, "kind": kind, "text": key}
    for batch in paged(control, "/_sandbox/ic/exports", "exports", "report_id", after=0, **given):
        for file in batch["files"]:
            yield from (row for row in rows_of(control, biller, batch, file["name"], text=key) if row.key == key)


def _newest(control: Control, biller: Biller) -> Sequence[FileRow]:
    """The rows of the newest batch of payments that has any: references count up, so it has the highest."""
    given = {"biller_guid": biller.guid, "kind": "payments", "newest": "true", "limit": BATCHES}
    for batch in control.get("/_sandbox/ic/exports", **given)["exports"]:
        rows = [row for file in batch["files"] for row in rows_of(control, biller, batch, file["name"])]
        if rows:
            return rows
    return ()


# --- TCCS, version 1: payments without a name ----------------------------------------------------------------------


def _with_unnamed(control: Control, books: LaneBooks, payment: Payment) -> LaneBooks:
    """
    The same with whatever decides which posting without a name is the payment's, as `matching` goes about it.

    Most are decided by what stands at the payment's invoice. Where nothing there is its own, a posting of the same
    amount that no payment at its own invoice takes may be: then all invoices count at which such a posting, or
    another payment that might take it, is left over.
    """
    near = _at_invoices(control, books, {payment.invoice})
    if match(near).of.get(payment.guid) or why_not(payment, PARTNERS["tccs"]):
        return near
    amount = str(payment.amount)
    unnamed = Counter(one.place for one in _of_tccs(control, amount=amount) if not one.key)
    if not unnamed:
        return near
    payments = _payments_of_tccs(control, books.billers, amount=amount)
    due = Counter(one.invoice for one in payments if not why_not(one, PARTNERS["tccs"]))
    left_over = {place for place in {*unnamed, *due} if unnamed[place] < due[place] or not due[place]}
    return _at_invoices(control, books, {payment.invoice, *left_over})


def _at_invoices(control: Control, books: LaneBooks, invoices: set[str]) -> LaneBooks:
    """
    The same with the payments and postings at those *invoices*.

    Where all postings there have names and stand, none of them is in question.
    """
    here = [one for place in sorted(invoices - {""}) for one in _of_tccs(control, invoice_number=place)]
    if all(one.key and not one.returned for one in here):
        return books
    payments = {
        one.guid: one
        for place in invoices - {""}
        for one in _payments_of_tccs(control, books.billers, invoice_number=place)
    } | {one.guid: one for one in books.payments}
    elsewhere = (one for guid in payments for one in _of_tccs(control, payment_guid=guid))
    postings = {(one.place, one.number): one for one in (*here, *elsewhere)}
    return replace(
        books,
        payments=tuple(sorted(payments.values(), key=lambda one: one.reference)),
        postings=tuple(sorted(postings.values(), key=lambda one: (one.at, one.place))),
    )


def _with_returns(control: Asking, books: LaneBooks, others: Sequence[Payment]) -> LaneBooks:
    """The same with what was reported of the *others* that came back, as `twins` goes about it."""
    events = [
        event
        for one in others
        for account in sorted({one.account, before_conveyance(one.account)})
        for row in _events(control, one, account)
        if (event := event_of(row)).kind == "ach_reject"
    ]
    rows = [control.maybe(at("/_pump/deliveries/{}:{}", books.lane, one.event_id)) for one in events]
    deliveries = (delivery_of(row) for row in rows if row is not None)
    return replace(books, events=(*books.events, *events), deliveries=(*books.deliveries, *deliveries))


def _of_tccs(control: Control, **only: str) -> Iterator[Posting]:
    return map(policy_posting, by_offset(control, "/_sandbox/tccs/payments", "payments", **only))


def _payments_of_tccs(control: Control, billers: Mapping[str, Biller], **only: str) -> Iterator[Payment]:
    for biller in billers.values():
        if biller.partner == "tccs":
            given = {"biller_guid": biller.guid, **only}
            yield from map(payment_of, paged(control, "/_sandbox/ic/payments", "payments", "reference", **given))
