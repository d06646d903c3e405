"""The records of a lane, read over the control API and the data pump's service, and from nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from partnerlab.auditing.pages import Control, Row, by_offset, paged
from partnerlab.auditing.partner_books import balances, downloads, marks, posted, rejects
from partnerlab.auditing.records import (
    Attempt,
    Biller,
    Checkout,
    Delivery,
    Event,
    FileRow,
    LaneBooks,
    Payment,
    Postback,
    Schedule,
)
from partnerlab.auditing.ways import BY_FILE, WAYS
from partnerlab.contracts.files.csv import load_table

__all__ = ["Control", "read_attempts", "read_lane", "read_standing"]

PUMP_PAGE = 500
MOST_READINGS = 5


def read_lane(control: Control, lane: str) -> LaneBooks:
    """Everything that is compared. Raises what *control* raises."""
    billers = {row["guid"]: _biller(row) for row in control.get("/_sandbox/ic/billers")["billers"]}
    rows, counted, first_export = _file_rows(control, billers)
    postings = tuple(posted(control))
    return LaneBooks(
        lane=lane,
        at=datetime.fromisoformat(control.get("/_sandbox/clock")["now"]),
        billers=billers,
        payments=tuple(_payment(row) for row in paged(control, "/_sandbox/ic/payments", "payments", "reference")),
        events=tuple(_event(row) for row in paged(control, "/_sandbox/ic/events", "events", "seq", after=0)),
        deliveries=tuple(_deliveries(control, lane)),
        postings=postings,
        downloaded=tuple(downloads(control)),
        rows=tuple(rows),
        counted=counted,
        postbacks=tuple(_postback(row) for row in by_offset(control, "/_sandbox/ic/postbacks", "postbacks")),
        checkouts=tuple(_checkout(row) for row in by_offset(control, "/_sandbox/ic/cloud-payments", "cloud_payments")),
        schedules=tuple(_schedules(control, billers)),
        balances=tuple(balances(control, billers)),
        rejects=rejects(control),
        marks=marks(control, billers),
        first_export=first_export,
    )


def read_standing(control: Control, lane: str, doubtful: Callable[[LaneBooks], bool]) -> LaneBooks:
    """
    As `read_lane`; *doubtful* books are read again until they stand still, at most `MOST_READINGS` times.

    The books are read one after the other, so that a payment which is delivered meanwhile can stand in one that was
    read late and be missing from one that was read early.
    """
    books = read_lane(control, lane)
    for _ in range(MOST_READINGS - 1):
        if not doubtful(books):
            break
        before, books = books, read_lane(control, lane)
        if replace(before, at=books.at) == books:
            break
    return books


def read_attempts(control: Control, lane: str, event_id: str) -> tuple[Attempt, ...]:
    """Every attempt of a delivery, first to last."""
    history = control.get(f"/_pump/deliveries/{lane}:{event_id}")["history"]
    return tuple(
        Attempt(row["started_at"], row["operation"], row["request"], row["outcome"] or "open", row["message"])
        for row in history
    )


# --- Invoice Cloud ---------------------------------------------------------------------------------------------


def _biller(row: Row) -> Biller:
    postbacks = row["configuration"].get("Postbacks") or {}
    return Biller(
        row["guid"], row["partner"], row["name"], row["time_zone"], postbacks.get("Declined", True) is not False
    )


def _payment(row: Row) -> Payment:
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
    )


def _event(row: Row) -> Event:
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


def _postback(row: Row) -> Postback:
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


def _checkout(row: Row) -> Checkout:
    return Checkout(
        id=row["id"],
        biller_guid=row["biller_guid"],
        state=row["state"],
        payment_guids=tuple(row["payment_guids"]),
        posts_back=bool(row["request"].get("postback_url")),
    )


def _schedules(control: Control, billers: Mapping[str, Biller]) -> Iterator[Schedule]:
    for guid in billers:
        for row in paged(control, "/_sandbox/ic/schedules", "schedules", "schedule_id", biller_guid=guid):
            yield Schedule(
                id=row["schedule_id"],
                kind=row["kind"],
                biller_guid=guid,
                account=row["account_number"],
                invoice=row["invoice_number"],
                amount=None if row["amount"] is None else Decimal(row["amount"]),
                state=row["state"],
                payment_guid=row["payment_guid"] or "",
            )


def _file_rows(control: Control, billers: Mapping[str, Biller]) -> tuple[list[FileRow], dict[str, int], int]:
    """The rows of the payment and rejects files of billers whose partner is told by file; the number of the oldest."""
    rows: list[FileRow] = []
    counted: dict[str, int] = {}
    firsts: list[int] = []
    for biller in billers.values():
        oldest = control.get("/_sandbox/ic/exports", biller_guid=biller.guid, limit=1)["exports"]
        firsts += [batch["report_id"] for batch in oldest]
        if WAYS[biller.partner].how != BY_FILE:
            continue
        for batch in paged(control, "/_sandbox/ic/exports", "exports", "report_id", after=0, biller_guid=biller.guid):
            if batch["kind"] not in ("payments", "rejects"):
                continue
            for file in batch["files"]:
                counted[file["name"]] = file["rows"]
                rows += _rows_of(control, biller, batch, file["name"])
    return rows, counted, min(firsts, default=1)


def _rows_of(control: Control, biller: Biller, batch: Row, name: str) -> Iterator[FileRow]:
    pages: list[str] = []
    page: int | None = 0
    while page is not None:
        answer = control.get(f"/_sandbox/ic/exports/{batch['report_id']}/files/{name}", page=page)
        pages.append(answer["content"])
        page = answer["next"]
    kind, payments = batch["kind"], batch["kind"] == "payments"
    names = [column.name for column in load_table(f"watersmart_{kind}").columns]
    for line, text in enumerate("".join(pages).splitlines(), 1):
        row = dict(zip(names, text.split(","), strict=False))  # a comma stands between values only
        yield FileRow(
            biller_guid=biller.guid,
            kind=kind,
            file=name,
            line=line,
            report_id=batch["report_id"],
            key=row["PaymentGUID" if payments else "ReferenceNumber"],
            account=row["AccountNumber"],
            amount=Decimal(row["PaymentAmount" if payments else "Amount"]),
            fetched=bool(batch["delivered_at"]),
        )


# --- the data pump -----------------------------------------------------------------------------------------------


def _deliveries(control: Control, lane: str) -> Iterator[Delivery]:
    before: int | None = None
    while True:
        answer = control.get("/_pump/deliveries", lane=lane, before=before, limit=PUMP_PAGE)
        for row in answer["deliveries"]:
            yield Delivery(
                event_id=row["event_id"],
                kind=row["kind"],
                biller_guid=row["biller_guid"],
                account=row["account_number"],
                state=row["state"],
                message=row["message"],
                attempts=row["attempts"],
            )
        before = answer["next"]
        if before is None:
            return
