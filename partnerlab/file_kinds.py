"""What a file of a partner is, what reading it finds, and what it keeps out as a file that can be corrected."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from partnerlab.atomic_files import whole
from partnerlab.client.exports import read_changes, read_payments, read_rejects
from partnerlab.client.intake import (
    Adjustment,
    CsvValues,
    Invoice,
    InvoiceFile,
    convert,
    read_csv_adjustments,
    read_csv_invoices,
    read_invoices,
    recognise_csv,
)
from partnerlab.contracts.files import Layout, Quarantined, Report, check
from partnerlab.contracts.files.csv import CsvRejected, CsvReport, QuarantinedRow, load_table, read_csv, table_of
from partnerlab.contracts.files.rows import render_row

__all__ = [
    "Kept",
    "check_bif",
    "check_csv_file",
    "exported_kind",
    "is_csv",
    "read_export",
    "write_json",
    "write_records",
]

SPOOL = 8 << 20
MEANINGS = {"set": "sets the balance", "add": "is added to the balance"}
Progress = Callable[[int], None] | None


def is_csv(path: Path) -> bool:
    """Whether a file is one of WaterSmart's by its name; which of the two its columns say."""
    return path.suffix.lower() == ".csv"


class Kept:
    """The rows that a reading keeps out, until it is known what stands above them."""

    def __init__(self) -> None:
        self.count = 0
        self._rows: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115 - see close

    def add(self, broken: Quarantined | QuarantinedRow) -> None:
        """Keep a broken invoice or row as it stands in its file."""
        self.count += 1
        rows = broken.rows if isinstance(broken, Quarantined) else (broken.text,)
        self._rows.write("".join(f"{row}\n" for row in rows).encode("utf-8", "replace"))

    def write(self, path: Path, head: str = "") -> None:
        """Write them to a file, below *head*; where there are none, no file is written."""
        if self.count:
            self._rows.seek(0)
            with whole(path) as stream:
                stream.write(head.encode())
                shutil.copyfileobj(self._rows, stream, 1 << 18)

    def close(self) -> None:
        """Give the temporary file back."""
        self._rows.close()

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_bif(path: Path, layout: Layout, *, strict: bool, progress: Progress, quarantine: Path | None) -> Report:
    """
    The report on a bill file. What is in quarantine is written to *quarantine* as a bill file of its own.

    Its header has the count and total that the good invoices leave over: corrected to what the partner meant, the file
    can be uploaded as it is.
    """
    with Kept() as kept:
        report = check(path, layout, strict=strict, progress=progress, on_quarantine=kept.add)
        if quarantine is not None:
            kept.write(quarantine, _header(layout, report))
    return report


def _header(layout: Layout, report: Report) -> str:
    header = report.header
    if header is None:
        return ""
    totals = layout.totals
    count, sum_ = getattr(header, totals.count), getattr(header, totals.sum)
    left = header._replace(**{totals.count: max(count - report.given, 0), totals.sum: sum_ - report.given_total})
    line, _ = render_row(layout, layout.record("FH"), left, 1)
    return f"{line}\n"


def check_csv_file(
    path: Path, *, progress: Progress = None, quarantine: Path | None = None
) -> tuple[CsvReport, list[str]]:
    """The report on one of WaterSmart's two files, and what its AdjustmentTypeIDs do, in words [A-80]."""
    table = recognise_csv(path)
    types: Counter[str] = Counter()
    adjusts = table is not None and table.name == "watersmart_balances"
    with Kept() as kept:
        reading = read_csv(path, table or load_table("watersmart_invoices"), on_quarantine=kept.add, progress=progress)
        try:
            for _, row in reading:
                if adjusts:
                    types[str(row.AdjustmentTypeID)] += 1
            report = reading.report
        except CsvRejected as rejected:
            report = rejected.report
        if quarantine is not None:
            kept.write(quarantine)
    meanings = table.column("AdjustmentTypeID").values if table is not None and adjusts else {}
    words = [
        f"AdjustmentTypeID {id} {MEANINGS[meanings[id]]}: {many:,} row{'' if many == 1 else 's'}"
        for id, many in sorted(types.items())
    ]
    return report, words


EXPORTS: Mapping[str, Callable[[str, bytes, ZoneInfo], Sequence[object]]] = {
    "payments": read_payments,
    "changes": read_changes,
    "rejects": read_rejects,
}


def exported_kind(path: Path) -> str:
    """Which of the files that Invoice Cloud sends a .csv is, by its columns; empty where it is none."""
    if not is_csv(path) or recognise_csv(path) is not None:
        return ""
    found = table_of(path, (load_table(f"watersmart_{kind}") for kind in EXPORTS))
    return "" if found is None else found.name.removeprefix("watersmart_")


def read_export(path: Path, kind: str) -> int:
    """How many rows a file has that Invoice Cloud sent. Raises `FileRefused`."""
    return len(EXPORTS[kind](path.name, path.read_bytes(), ZoneInfo("UTC")))


def write_records(
    path: Path, out: Path, kept: Kept, *, biller_guid: str, format_guid: str, created_on: date
) -> CsvReport:
    """
    Write one of WaterSmart's files as Invoice Cloud's own records.

    Raises `RequestInvalid`, `CsvRejected` and `ValueRefused` as `convert` does; *out* is written whole or not at all.
    """
    with whole(out) as stream:
        return convert(
            path,
            stream,
            biller_guid=biller_guid,
            format_guid=format_guid,
            created_on=created_on,
            on_quarantine=kept.add,
        )


def write_json(path: Path, out: Path, layout: Layout, kept: Kept) -> Report | CsvReport:
    """
    Write the invoices or adjustments of a file as JSON, one a line: the plain values of `client.intake`.

    Raises `FileRejected`, `CsvRejected`; *out* is written whole or not at all.
    """
    with whole(out) as stream:
        values: InvoiceFile | CsvValues[Invoice] | CsvValues[Adjustment]
        if not is_csv(path):
            values = read_invoices(path, layout, on_quarantine=kept.add)
        elif (table := recognise_csv(path)) is not None and table.name == "watersmart_balances":
            values = read_csv_adjustments(path, on_quarantine=kept.add)
        else:
            values = read_csv_invoices(path, on_quarantine=kept.add)
        for value in values:
            line = json.dumps(asdict(value), ensure_ascii=False, default=str)
            stream.write(f"{line}\n".encode())
        return values.report
