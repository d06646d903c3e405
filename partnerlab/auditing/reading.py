"""The records of a lane, read over the control API and the data pump's service, and from nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from partnerlab.auditing.invoice_cloud_books import (
    attempts_of,
    biller_of,
    checkout_of,
    delivery_of,
    event_of,
    payment_of,
    postback_of,
    rows_of,
    schedules,
)
from partnerlab.auditing.pages import Control, by_offset, paged
from partnerlab.auditing.partner_books import balances, downloads, marks, posted, rejects
from partnerlab.auditing.records import Attempt, Biller, Delivery, FileRow, LaneBooks
from partnerlab.contracts.paths import at
from partnerlab.partners import BY_FILE, PARTNERS

__all__ = ["Control", "read_attempts", "read_lane", "read_standing"]

PUMP_PAGE = 500
MOST_READINGS = 5


def read_lane(control: Control, lane: str, *, with_balances: bool = True) -> LaneBooks:
    """Everything that is compared; what accounts owe only *with_balances*. Raises what *control* raises."""
    billers = {row["guid"]: biller_of(row) for row in control.get("/_sandbox/ic/billers")["billers"]}
    rows, counted, first_export = _file_rows(control, billers)
    postings = tuple(posted(control))
    return LaneBooks(
        lane=lane,
        at=datetime.fromisoformat(control.get("/_sandbox/clock")["now"]),
        billers=billers,
        payments=tuple(payment_of(row) for row in paged(control, "/_sandbox/ic/payments", "payments", "reference")),
        events=tuple(event_of(row) for row in paged(control, "/_sandbox/ic/events", "events", "seq", after=0)),
        deliveries=tuple(_deliveries(control, lane)),
        postings=postings,
        downloaded=tuple(downloads(control)),
        rows=tuple(rows),
        counted=counted,
        postbacks=tuple(postback_of(row) for row in by_offset(control, "/_sandbox/ic/postbacks", "postbacks")),
        checkouts=tuple(
            checkout_of(row) for row in by_offset(control, "/_sandbox/ic/cloud-payments", "cloud_payments")
        ),
        schedules=tuple(one for guid in billers for one in schedules(control, guid)),
        balances=tuple(balances(control, billers)) if with_balances else (),
        rejects=rejects(control),
        marks=marks(control, billers),
        first_export=first_export,
    )


def read_standing(read: Callable[[], LaneBooks], doubtful: Callable[[LaneBooks], bool]) -> LaneBooks:
    """
    What *read* gives; *doubtful* books are read again until they stand still, at most `MOST_READINGS` times.

    The books are read one after the other. A payment that is delivered meanwhile can stand in one that was read late
    and be missing from one that was read early.
    """
    books = read()
    for _ in range(MOST_READINGS - 1):
        if not doubtful(books):
            break
        before, books = books, read()
        if replace(before, at=books.at) == books:
            break
    return books


def read_attempts(control: Control, lane: str, event_id: str) -> tuple[Attempt, ...]:
    """Every attempt of a delivery, first to last."""
    return attempts_of(control.get(at("/_pump/deliveries/{}:{}", lane, event_id)))


def _file_rows(
    control: Control, billers: Mapping[str, Biller]
) -> tuple[list[FileRow], dict[tuple[str, str], int], int]:
    """The rows of the payment and rejects files of billers whose partner is told by file; the number of the oldest."""
    rows: list[FileRow] = []
    counted: dict[tuple[str, str], int] = {}
    firsts: list[int] = []
    for biller in billers.values():
        oldest = control.get("/_sandbox/ic/exports", biller_guid=biller.guid, limit=1)["exports"]
        firsts += [batch["report_id"] for batch in oldest]
        if PARTNERS[biller.partner].how != BY_FILE:
            continue
        for batch in paged(control, "/_sandbox/ic/exports", "exports", "report_id", after=0, biller_guid=biller.guid):
            if batch["kind"] not in ("payments", "rejects"):
                continue
            for file in batch["files"]:
                counted[biller.partner, file["name"]] = file["rows"]
                rows += rows_of(control, biller, batch, file["name"])
    return rows, counted, min(firsts, default=1)


def _deliveries(control: Control, lane: str) -> Iterator[Delivery]:
    before: int | None = None
    while True:
        answer = control.get("/_pump/deliveries", lane=lane, before=before, limit=PUMP_PAGE)
        for row in answer["deliveries"]:
            yield delivery_of(row)
        before = answer["next"]
        if before is None:
            return
