"""
The records of a lane that decide what became of one payment, read without reading the lane.

A judgement of these books says of the payment what one of the whole lane's books says: a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from partnerlab.auditing.books import BOOKS
from partnerlab.auditing.invoice_cloud_books import (
    attempts_of,
    biller_of,
    delivery_of,
    event_of,
    events_about,
    payment_of,
    postback_of,
    rows_of,
    schedules,
)
from partnerlab.auditing.pages import Asking, Control, by_offset, paged
from partnerlab.auditing.partner_books import (
    marks,
)
from partnerlab.auditing.records import Biller, FileRow, LaneBooks, Payment, before_conveyance
from partnerlab.contracts.paths import at
from partnerlab.partners import BY_FILE, PARTNERS

__all__ = ["PaymentUnknown", "read_payment"]

BATCHES = 20
"""So many batches are looked at for the newest that has a row."""


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
    accounts = sorted({payment.account, before_conveyance(payment.account)})
    events = [event_of(row) for account in accounts for row in events_about(control, payment, account)]
    events.sort(key=lambda one: one.seq)
    delivered = {
        event.event_id: row
        for event in events
        if (row := control.maybe(at("/_pump/deliveries/{}:{}", lane, event.event_id))) is not None
    }
    at_partner = BOOKS[biller.partner]
    books = LaneBooks(
        lane=lane,
        at=datetime.fromisoformat(control.get("/_sandbox/clock")["now"]),
        billers=billers,
        payments=(payment,),
        events=tuple(events),
        deliveries=tuple(delivery_of(row) for row in delivered.values()),
        postings=tuple(at_partner.naming(control, payment)),
        downloaded=() if at_partner.downloads is None else tuple(at_partner.downloads(control, payment_guid=guid)),
        rows=tuple(_rows(control, biller, payment)) if PARTNERS[biller.partner].how == BY_FILE else (),
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
        rejects={} if at_partner.rejects is None else at_partner.rejects(control, reference=payment.reference),
        marks={} if at_partner.downloads is None else marks(control, billers),
        attempts={event_id: attempts_of(row) for event_id, row in delivered.items()},
    )
    return at_partner.near(control, books, payment)


def _named(payment: Payment) -> dict[str, str]:
    return {"biller_guid": payment.biller_guid, "payment_guid": payment.guid}


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
