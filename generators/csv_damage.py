"""
Named ways to break a CSV file of WaterSmart, each paired in the catalogue with the error that a reader must give.

One row is damaged, or the file as a whole; everything else stays right.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping

from partnerlab.contracts.files.csv import CsvTable, load_table
from partnerlab.generators.damage import DamageUnknown

__all__ = ["CSV_DAMAGED", "csv_damages_of", "damage_csv"]

Cells = list[str]
Change = Callable[[Cells], None]

TABLES = {"invoices": load_table("watersmart_invoices"), "balances": load_table("watersmart_balances")}

# One cell of the damaged row: column and text. The text is written as it stands, quotes included.
CELLS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "invoices": {
        "csv-account-exponent": ("AccountNumber", "7.00701E+11"),
        "csv-account-empty": ("AccountNumber", ""),
        "csv-name-empty": ("CustomerName", "  "),
        "csv-due-date-empty": ("InvoiceDueDate", ""),
        "csv-total-empty": ("TotalAmountDue", ""),
        "csv-total-mills": ("TotalAmountDue", "125.505"),
        "csv-total-three-zeros": ("TotalAmountDue", "1.000"),
        "csv-total-decimal-comma": ("TotalAmountDue", '"125,50"'),
        "csv-total-exponent": ("TotalAmountDue", "1.25E+02"),
        "csv-total-word": ("TotalAmountDue", "#VALUE!"),
        "csv-total-no-break-space": ("TotalAmountDue", "1\u00a0234.56"),
        "csv-total-two-signs": ("TotalAmountDue", "-(5.00)"),
        "csv-past-due-word": ("PastDue", "none"),
        "csv-date-day-first": ("InvoiceDueDate", "13/08/2026"),
        "csv-date-serial": ("InvoiceDueDate", "46280"),
        "csv-date-narrow-column": ("InvoiceDueDate", "########"),
        "csv-date-impossible": ("InvoiceDate", "02/30/2026"),
        "csv-date-words": ("InvoiceDate", "Aug 25 2026"),
        "csv-number-exponent": ("InvoiceNumber", "1.00000E+06"),
        "csv-type-other": ("InvoiceTypeID", "2"),
        "csv-type-word": ("InvoiceTypeID", "one"),
        "csv-type-empty": ("InvoiceTypeID", ""),
        "csv-flag-word": ("BlockPaymentsCC", "TRUE"),
        "csv-flag-letter": ("BlockPaymentsEFT", "Y"),
        "csv-quote-open": ("CustomerName", '"Ann Ash'),
        "csv-quote-misplaced": ("CustomerName", '"Ann" Ash'),
        "csv-comma-unquoted": ("CustomerName", "Smith, Joseph A."),
        "csv-control-character": ("CustomerName", "Ann\0Ash"),
    },
    "balances": {
        "csv-account-exponent": ("AccountNumber", "7.00701E+11"),
        "csv-account-empty": ("AccountNumber", ""),
        "csv-adjustment-empty": ("AdjustmentAmount", ""),
        "csv-adjustment-mills": ("AdjustmentAmount", "-5.005"),
        "csv-adjustment-minus-sign": ("AdjustmentAmount", "\u221245.00"),
        "csv-adjustment-word": ("AdjustmentAmount", "credit"),
        "csv-adjustment-type-unknown": ("AdjustmentTypeID", "3"),
        "csv-adjustment-type-empty": ("AdjustmentTypeID", ""),
        "csv-quote-open": ("CustomerName", '"Ann Ash'),
        "csv-quote-misplaced": ("CustomerName", '"Ann" Ash'),
        "csv-comma-unquoted": ("CustomerName", "Smith, Joseph A."),
        "csv-control-character": ("CustomerName", "Ann\0Ash"),
    },
}


def _lacks_last(cells: Cells) -> None:
    del cells[-1]


def _has_one_more(cells: Cells) -> None:
    cells.append("x")


def _is_too_long(cells: Cells) -> None:
    cells[1] = "x" * 20_000


# The damaged row as a whole.
ROWS: Mapping[str, Change] = {
    "csv-column-missing": _lacks_last,
    "csv-column-extra": _has_one_more,
    "csv-row-too-long": _is_too_long,
}
# What is done to bytes: to the damaged line, or to the whole file.
LINES: Mapping[str, Callable[[bytes], bytes]] = {"csv-undecodable-byte": lambda line: line.replace(b",", b",\x81", 1)}
FILES: Mapping[str, Callable[[list[bytes]], bytes]] = {
    "csv-empty-file": lambda _: b"",
    "csv-blank-file": lambda _: b",,,\r\n\r\n",
    "csv-utf-16": lambda lines: b"".join(lines).decode().encode("utf-16"),
    "csv-other-columns": lambda lines: b"".join(b"x," + line for line in lines),
}
REPEATED = "csv-number-twice"

CSV_DAMAGED = frozenset({*CELLS["invoices"], *CELLS["balances"], *ROWS, *LINES, *FILES, REPEATED})


def csv_damages_of(kind: str) -> frozenset[str]:
    """The damages that can be done to a file of that kind, `invoices` or `balances`."""
    own = {REPEATED} if kind == "invoices" else set()
    return frozenset({*CELLS[kind], *ROWS, *LINES, *FILES, *own})


def damage_csv(data: bytes, name: str, kind: str, *, at: int = 2) -> bytes:
    """
    A well-formed file's bytes, with row *at* (counted from 1) or the whole file damaged.

    Args:
        name: As in the catalogue (`partnerlab catalogue damages`).
        kind: `invoices` or `balances`.
    Raises:
        DamageUnknown: No such damage of that kind of file, or the file has no row *at* to damage.
    """
    if kind not in TABLES or name not in csv_damages_of(kind):
        known = ", ".join(sorted(csv_damages_of(kind))) if kind in TABLES else "none"
        raise DamageUnknown(f"there is no damage {name!r} for a file of {kind}; there are {known}")
    lines = data.splitlines(keepends=True)
    if name in FILES:
        return FILES[name](lines)
    if not (2 if name == REPEATED else 1) <= at <= len(lines):
        raise DamageUnknown(f"{name}: there is no row {at} that it can be done to")
    lines[at - 1] = _damaged(lines, name, TABLES[kind], kind, at - 1)
    return b"".join(lines)


def _damaged(lines: list[bytes], name: str, table: CsvTable, kind: str, at: int) -> bytes:
    if name in LINES:
        return LINES[name](lines[at])
    cells = _cells(lines[at])
    if name in ROWS:
        ROWS[name](cells)
        return _line(cells)
    if name == REPEATED:
        column = next(column for column in table.columns if column.unique)
        cells[column.position - 1] = _cells(lines[at - 1])[column.position - 1]
        return _line(cells)
    column_name, text = CELLS[kind][name]
    place = table.column(column_name).position - 1
    head, tail = _line(cells[:place]), _line(cells[place + 1 :])
    parts = [
        part
        for part, there in ((head, place > 0), (text.encode() + b"\n", True), (tail, place + 1 < len(cells)))
        if there
    ]
    return b",".join(part.removesuffix(b"\n") for part in parts) + b"\n"


def _cells(line: bytes) -> Cells:
    return next(csv.reader([line.decode()]))


def _line(cells: Cells) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
