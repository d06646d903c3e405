"""Invoice Cloud's books and the data pump's, as the control API shows them: a row of JSON, or a list, to records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from partnerlab.auditing.lane_times import lane_times
from partnerlab.auditing.pages import Control, Row, paged
from partnerlab.auditing.records import (
    Attempt,
    Biller,
    Checkout,
    Delivery,
    Event,
    FileRow,
    Payment,
    Postback,
    Schedule,
)
from partnerlab.contracts.files.csv import load_table
from partnerlab.contracts.paths import at

__all__ = [
    "attempts_of",
    "biller_of",
    "checkout_of",
    "delivery_of",
    "event_of",
    "events_about",
    "payment_of",
    "postback_of",
    "rows_of",
    "schedules",
]


def biller_of(row: Row) -> Biller:
    """A biller."""
    postbacks = row["configuration"].get("Postbacks") or {}
    return Biller(
        row["guid"], row["partner"], row["name"], row["time_zone"], postbacks.get("Declined", True) is not False
    )


def payment_of(row: Row) -> Payment:
    """A payment."""
    return Payment(
        guid=row["payment_guid"],
        biller_guid=row["biller_guid"],
        account=row["account_number"],
        invoice=row["invoice_number"],
        amount=Decimal(row["amount"]),
        tender=row["tender"],
        donation=row["donation"],
        approved=row["approved"],
        offline=row["offline"],
        state=row["state"],
        reference=row["reference"],
        paid_at=datetime.fromisoformat(row["paid_at"]),
        recorded_at=datetime.fromisoformat(row["recorded_at"]),
    )


def event_of(row: Row) -> Event:
    """An event of the outbox."""
    body = row["event"]
    about = {"payment": body["id"], "ach_reject": body.get("ach_reject", {}).get("payment_guid", "")}
    return Event(
        seq=row["seq"],
        event_id=body["id"],
        kind=body["kind"],
        biller_guid=body["biller_guid"],
        account=body["account_number"],
        state=row["state"],
        problem=row["problem"] or "",
        payment_guid=about.get(body["kind"], ""),
    )


def events_about(control: Control, payment: Payment, account: str) -> Iterator[Row]:
    """
    The events that are about a payment, at one *account*: what waits is renamed when an account is conveyed, and what
    the data pump has is not [A-97].
    """
    given = {"biller_guid": payment.biller_guid, "payment_guid": payment.guid, "account_number": account}
    return paged(control, "/_sandbox/ic/events", "events", "seq", after=0, **given)


def postback_of(row: Row) -> Postback:
    """A postback."""
    fields, attempts = row["fields"], row["attempts"]
    return Postback(
        id=row["id"],
        payment_guid=row["payment_guid"],
        state=row["state"],
        amount=fields.get("PaymentAmount", ""),
        approved=fields.get("Approved", ""),
        attempts=len(attempts),
        reason=(attempts[-1]["reason"] or "") if attempts else "",
    )


def checkout_of(row: Row) -> Checkout:
    """A Cloud Payments page."""
    return Checkout(
        id=row["id"],
        biller_guid=row["biller_guid"],
        state=row["state"],
        payment_guids=tuple(row["payment_guids"]),
        posts_back=bool(row["request"].get("postback_url")),
    )


def schedules(control: Control, biller_guid: str, **only: str) -> Iterator[Schedule]:
    """A biller's scheduled payments and collections of AutoPay; *only* those of an `account_number`."""
    found = paged(control, "/_sandbox/ic/schedules", "schedules", "schedule_id", biller_guid=biller_guid, **only)
    for row in found:
        yield Schedule(
            id=row["schedule_id"],
            kind=row["kind"],
            biller_guid=biller_guid,
            account=row["account_number"],
            invoice=row["invoice_number"],
            amount=None if row["amount"] is None else Decimal(row["amount"]),
            state=row["state"],
            payment_guid=row["payment_guid"] or "",
        )


def rows_of(control: Control, biller: Biller, batch: Row, name: str, *, text: str = "") -> Iterator[FileRow]:
    """The rows of a file of a payment or rejects batch; only those with *text* in them."""
    pages: list[str] = []
    page: int | None = 0
    while page is not None:
        answer = control.get(at("/_sandbox/ic/exports/{}/files/{}", batch["report_id"], name), page=page)
        pages.append(answer["content"])
        page = answer["next"]
    kind, payments = batch["kind"], batch["kind"] == "payments"
    names = [column.name for column in load_table(f"watersmart_{kind}").columns]
    for line, written in enumerate("".join(pages).splitlines(), 1):
        if text not in written:
            continue
        row = dict(zip(names, written.split(","), strict=False))  # a comma stands between values only
        yield FileRow(
            biller_guid=biller.guid,
            kind=kind,
            file=name,
            line=line,
            report_id=batch["report_id"],
            key=row["PaymentGUID" if payments else "ReferenceNumber"],
            reference=row["PaymentReference" if payments else "ReferenceNumber"],
            account=row["AccountNumber"],
            amount=Decimal(row["PaymentAmount" if payments else "Amount"]),
            fetched=bool(batch["delivered_at"]),
        )


# --- the data pump -----------------------------------------------------------------------------------------------


def delivery_of(row: Row) -> Delivery:
    """A delivery."""
    return Delivery(
        event_id=row["event_id"],
        kind=row["kind"],
        biller_guid=row["biller_guid"],
        account=row["account_number"],
        state=row["state"],
        message=row["message"],
        attempts=row["attempts"],
    )


def attempts_of(row: Row) -> tuple[Attempt, ...]:
    """Every attempt of a delivery that is given whole, first to last."""
    at = lane_times(row)
    return tuple(
        Attempt(at[one["started_at"]], one["operation"], one["request"], one["outcome"] or "open", one["message"])
        for one in row["history"]
    )
