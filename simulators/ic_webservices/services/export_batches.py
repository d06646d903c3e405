"""
Files for a partner, in batches: each payment, change and return stands in exactly one batch of its kind.

A batch is made in one transaction that locks its biller: it takes a number, picks what no batch has, writes the files'
bytes and marks what it took. So a process that is killed leaves a whole batch or none, and a batch that is asked for
again comes byte for byte. What is picked is known item by item and never by a date: a payment that commits late or a
clock that is set back loses nothing [A-89].
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import field, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.customers import Change
from partnerlab.simulators.ic_webservices.domain.errors import NotFound, ValueRefused
from partnerlab.simulators.ic_webservices.domain.exports import (
    KINDS,
    Batch,
    BatchFile,
    file_stamp,
    part_of,
)
from partnerlab.simulators.ic_webservices.services.ledger import biller_of
from partnerlab.simulators.ic_webservices.services.support import ACH_REJECTS, refuse_unsupported
from partnerlab.simulators.ic_webservices.store import (
    BATCH_FILES,
    BATCHES,
    CHANGES,
    PAYMENTS,
    next_number,
)
from partnerlab.simulators.kit.world.lanes import Lane, in_world
from partnerlab.simulators.kit.world.searching import literally
from partnerlab.simulators.kit.world.store import Statement, Store, Tx

if TYPE_CHECKING:
    from partnerlab.contracts.files.csv import CsvTable
    from partnerlab.contracts.files.row import Row

__all__ = ["ExportBatches"]

PAGE = 1_000  # rows that are read and written at once
NAMES_TRIED = 100_000

_NOT_TAKEN = (
    " AND NOT EXISTS (SELECT 1 FROM ic_exported WHERE ic_exported.lane = :lane AND ic_exported.kind = :kind"
    " AND ic_exported.item = {item})"
)
_PAYMENTS = {
    kind: Statement(
        f"SELECT {', '.join(PAYMENTS.columns)} FROM ic_payments"
        f" WHERE lane = :lane AND biller_guid = :biller_guid AND donation <> 'inline' AND {condition}"
        f"{_NOT_TAKEN.format(item='payment_guid')} AND {order} > :after ORDER BY {order} LIMIT {PAGE}"
    )
    # A payment's reference counts up in the transaction that keeps it; returns follow the moment they came back.
    for kind, condition, order in (
        ("payments", "approved = 1", "reference"),
        ("rejects", "state = 'returned'", "reference"),
    )
}
_CHANGES = Statement(
    f"SELECT {', '.join(CHANGES.columns)} FROM ic_changes WHERE lane = :lane AND biller_guid = :biller_guid"
    f"{_NOT_TAKEN.format(item='CAST(seq AS TEXT)')} ORDER BY seq"
)
_FILES = Statement(
    f"SELECT {', '.join(BATCH_FILES.columns)} FROM ic_export_files"
    " WHERE lane = :lane AND report_id = :report_id ORDER BY name"
)
_TAKE = Statement("INSERT INTO ic_exported (lane, kind, item, report_id) VALUES (:lane, :kind, :item, :report_id)")
_ADD_CHUNK = Statement(
    "INSERT INTO ic_export_chunks (lane, report_id, part, seq, content)"
    " VALUES (:lane, :report_id, :part, :seq, :content)"
)
_HAS_TEXT = (
    "EXISTS (SELECT 1 FROM ic_export_chunks c WHERE c.lane = ic_export_batches.lane"
    " AND c.report_id = ic_export_batches.report_id AND c.content LIKE :content ESCAPE '!')"
)
_CHUNK = Statement(
    "SELECT content FROM ic_export_chunks WHERE lane = :lane AND report_id = :report_id AND part = :part AND seq = :seq"
)


@dataclass(slots=True)
class _File:
    """A file while it is written, a page at a time."""

    table: CsvTable
    part: str
    rows: int = 0
    pages: int = 0
    waiting: list[Row] = field(default_factory=list)


class ExportBatches:
    """Batches of every lane."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def create(self, lane: Lane, biller_guid: str, kind: str, *, split: bool = False) -> Batch | None:
        """
        The next batch of a kind, or None where nothing waits.

        Args:
            kind: `payments`, `changes` or `rejects`.
            split: A file each for Amex, other cards and banks; payments only.
        Raises:
            NotFound: The biller.
            ValueRefused: There is no such kind, or it cannot be split.
            NotSupported: The biller's integration takes no ACH rejects.
        """
        if kind not in KINDS:
            raise ValueRefused("kind", kind, f"is one of {', '.join(KINDS)}")
        if split and kind != "payments":
            raise ValueRefused("split", "true", f"is for payments; {kind} are one file")
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            if kind == "rejects":
                refuse_unsupported(biller, ACH_REJECTS)
            return _Making(tx, lane, biller, kind, split=split).batch()

    def find(
        self,
        lane: Lane,
        biller_guid: str,
        *,
        kind: str = "",
        waiting: bool = False,
        text: str = "",
        after: int = 0,
        limit: int = 100,
        newest_first: bool = False,
    ) -> list[Batch]:
        """
        A biller's batches in order, beyond the number *after*. Raises `NotFound`.

        *waiting* leaves those that are not delivered yet, *text* those that have it in a file.
        """
        with self.store.read() as tx:
            biller = biller_of(tx, lane, biller_guid)
            search = {"biller_guid": biller.guid} | ({"kind": kind} if kind else {})
            search |= {"delivered_at": ""} if waiting else {}
            return BATCHES.find(
                tx,
                lane.name,
                search,
                order="report_id",
                where=_HAS_TEXT if text else "",
                after=after or "",
                limit=limit,
                last_first=newest_first,
                content=f"%{literally(text)}%",
            )

    def delivered(self, lane: Lane, biller_guid: str, report_id: int) -> Batch:
        """
        Note that a batch's files are safe with whoever fetched them; the first time counts.

        Raises `NotFound` where the biller has no such batch, `LaneReplaced` where *lane* is no longer the one that the
        files came from.
        """
        with in_world(lane), self.store.write() as tx:
            batch = BATCHES.get(tx, lane.name, report_id)
            if batch is None or batch.biller_guid != biller_guid.lower():
                raise NotFound("export", str(report_id))
            if not batch.delivered_at:
                batch = replace(batch, delivered_at=lane.now().astimezone(UTC).isoformat())
                BATCHES.put(tx, lane.name, batch)
            return batch

    def get(self, lane: Lane, report_id: int) -> tuple[Batch, list[BatchFile]]:
        """A batch with its files. Raises `NotFound`."""
        with self.store.read() as tx:
            batch = BATCHES.get(tx, lane.name, report_id)
            if batch is None:
                raise NotFound("export", str(report_id))
            return batch, _files(tx, lane, report_id)

    def page(self, lane: Lane, report_id: int, name: str, page: int) -> str | None:
        """
        A page of a file's text, counted from 0: the same whenever it is asked for, None beyond the last.

        Raises `NotFound`.
        """
        with self.store.read() as tx:
            file = next((file for file in _files(tx, lane, report_id) if file.name == name), None)
            if file is None:
                raise NotFound("export file", name[:80])
            row = tx.one(_CHUNK, lane=lane.name, report_id=report_id, part=file.part, seq=page)
            return None if row is None else str(row[0])


def _files(tx: Tx, lane: Lane, report_id: int) -> list[BatchFile]:
    return [BATCH_FILES.load(row) for row in tx.all(_FILES, lane=lane.name, report_id=report_id)]


class _Making:
    """One batch while it is made, within its transaction."""

    def __init__(self, tx: Tx, lane: Lane, biller: Biller, kind: str, *, split: bool) -> None:
        # At the first batch: the file formats are slow to import.
        with importing:
            from partnerlab.simulators.ic_webservices.services.export_rows import ExportRows

        self.tx, self.lane, self.biller, self.kind = tx, lane, biller, kind
        self.made = ExportRows(tx, lane, biller, kind)
        self.table, self.zone = self.made.table, self.made.zone
        self.split = split
        self.files: dict[str, _File] = {}
        self.report_id = 0
        self.warnings: list[dict[str, object]] = []

    def batch(self) -> Batch | None:
        rows = self._change_rows() if self.kind == "changes" else self._payment_rows()
        count = 0
        for item, part, row in rows:
            count += row is not None
            self.tx.run(_TAKE, lane=self.lane.name, kind=self.kind, item=item, report_id=self.report_id)
            if row is not None:
                self._add(part, row)
        for file in self.files.values():
            self._write(file)
        if not count:
            return None
        batch = Batch(
            report_id=self.report_id,
            biller_guid=self.biller.guid,
            kind=self.kind,
            created_at=self.lane.now().astimezone(UTC).isoformat(),
            row_count=count,
            warnings=json.dumps(self.warnings, ensure_ascii=False),
        )
        BATCHES.put(self.tx, self.lane.name, batch)
        self._name_files()
        return batch

    def _payment_rows(self) -> Iterator[tuple[str, str, Row]]:
        after = ""
        while True:
            found = self.tx.all(
                _PAYMENTS[self.kind],
                lane=self.lane.name,
                biller_guid=self.biller.guid,
                kind=self.kind,
                after=after,
            )
            for payment in map(PAYMENTS.load, found):
                self._number()
                after = payment.reference
                pays = self.kind == "payments"
                row = self.made.payment(payment, self.report_id) if pays else self.made.reject(payment)
                yield payment.payment_guid, part_of(payment) if self.split else "", row
            if len(found) < PAGE:
                return

    def _change_rows(self) -> Iterator[tuple[str, str, Row | None]]:
        """One row an account, with the moment of the last change of each kind; the others only count as taken."""
        found = self.tx.all(_CHANGES, lane=self.lane.name, biller_guid=self.biller.guid, kind=self.kind)
        accounts: dict[str, list[Change]] = {}
        for change in map(CHANGES.load, found):
            accounts.setdefault(change.account_number, []).append(change)
        for account, changes in accounts.items():
            self._number()
            row = self.made.change(account, changes)
            for place, change in enumerate(changes):
                yield str(change.seq), "", None if place else row

    def _number(self) -> None:
        """Take the batch's number with its first row: a batch of nothing has none."""
        if not self.report_id:
            self.report_id = next_number(self.tx, self.lane.name, "export")

    def _add(self, part: str, row: Row) -> None:
        file = self.files.setdefault(part, _File(self.table, part))
        file.waiting.append(row)
        if len(file.waiting) >= PAGE:
            self._write(file)

    def _write(self, file: _File) -> None:
        if not file.waiting:
            return
        with importing:
            from partnerlab.contracts.files.csv import write_csv

        page = io.BytesIO()
        written = write_csv(page, file.table, file.waiting)
        self.warnings += [
            {"part": file.part, "row": file.rows + one.line, "column": one.column, "field": one.field, "rule": one.rule}
            for one in written.warnings[: PAGE - len(self.warnings)]
        ]
        self.tx.run(
            _ADD_CHUNK,
            lane=self.lane.name,
            report_id=self.report_id,
            part=file.part,
            seq=file.pages,
            content=page.getvalue().decode(),
        )
        file.rows += written.rows
        file.pages += 1
        file.waiting.clear()

    def _name_files(self) -> None:
        """Names with the next second that no file of the biller has had [A-89]."""
        moment = self.lane.now().astimezone(UTC).replace(microsecond=0)
        for second in range(NAMES_TRIED):
            stamp = file_stamp((moment + timedelta(seconds=second)).astimezone(self.zone))
            names = {part: f"{self._prefix(part)}{stamp}.csv" for part in self.files}
            if not any(BATCH_FILES.get(self.tx, self.lane.name, self.biller.guid, name) for name in names.values()):
                break
        for part, file in self.files.items():
            named = BatchFile(self.biller.guid, names[part], self.report_id, part, file.rows)
            BATCH_FILES.put(self.tx, self.lane.name, named)

    def _prefix(self, part: str) -> str:
        return self.table.split[part] if part else self.table.file_name
