"""
Named ways to break one of WaterSmart's five CSV files, each paired in the catalogue with the error of a reader.

One row is damaged, or the file as a whole; everything else stays right. Of the two files that Invoice Cloud takes the
other rows are loaded; the three that it sends are taken whole or not at all.
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
ChangeLine = Callable[[bytes, CsvTable], bytes]

TAKEN = ("invoices", "balances")
SENT = ("payments", "changes", "rejects")
TABLES = {kind: load_table(f"watersmart_{kind}") for kind in (*TAKEN, *SENT)}

# One cell of the damaged row: column and text. The text is written as it stands, quotes included.
CELLS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "invoices": {
        "csv-account-exponent": ("AccountNumber", "7.00701E+11"),
        "csv-account-hidden": ("AccountNumber", "1000\u200b0101"),
        "csv-account-too-long": ("AccountNumber", "1" * 251),
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
    "payments": {
        "sent-account-empty": ("AccountNumber", ""),
        "sent-account-exponent": ("AccountNumber", "7.00701E+11"),
        "sent-payment-guid-empty": ("PaymentGUID", ""),
        "sent-payment-date-empty": ("PaymentDate", ""),
        "sent-payment-date-iso": ("PaymentDate", "2026-03-03 14:05:09"),
        "sent-payment-date-without-zero": ("PaymentDate", "3032026140509"),
        "sent-payment-date-day-first": ("PaymentDate", "31032026140509"),
        "sent-payment-date-exponent": ("PaymentDate", "3.03203E+12"),
        "sent-payment-type-word": ("PaymentTypeID", "CC"),
        "sent-amount-empty": ("PaymentAmount", ""),
        "sent-amount-one-decimal": ("PaymentAmount", "125.5"),
        "sent-amount-mills": ("PaymentAmount", "125.505"),
        "sent-amount-word": ("PaymentAmount", "#VALUE!"),
        "sent-fee-currency-sign": ("ConvenienceFee", "$2.50"),
        "sent-reference-empty": ("PaymentReference", "  "),
        "sent-approved-empty": ("Approved", ""),
        "sent-approved-digit": ("Approved", "1"),
        "sent-offline-upper-case": ("Offline", "TRUE"),
        "sent-batch-empty": ("WSReportID", ""),
        "sent-batch-word": ("WSReportID", "seven"),
        "sent-comma-in-name": ("CustomerName", "Smith, Joseph A."),
        "sent-control-character": ("CustomerName", "Ann\tAsh"),
    },
    "changes": {
        "sent-account-exponent": ("AccountNumber", "7.00701E+11"),
        "sent-autopay-date-word": ("AutoPaySignUpDate", "yes"),
        "sent-email-date-serial": ("EmailAddressChangeDate", "46084.58"),
        "sent-paperless-date-iso": ("PaperlessCancelDate", "2026-03-03"),
        "sent-comma-in-email": ("EmailAddress", "ann@example.com,bob@example.com"),
        "sent-control-character": ("EmailAddress", "ann\t@example.com"),
    },
    "rejects": {
        "sent-account-empty": ("AccountNumber", ""),
        "sent-account-exponent": ("AccountNumber", "7.00701E+11"),
        "sent-reject-date-empty": ("RejectDate", ""),
        "sent-reject-date-impossible": ("RejectDate", "02302026120000"),
        "sent-transaction-date-short": ("TransactionDate", "03032026"),
        "sent-amount-empty": ("Amount", ""),
        "sent-amount-one-decimal": ("Amount", "125.5"),
        "sent-amount-mills": ("Amount", "125.505"),
        "sent-amount-word": ("Amount", "#VALUE!"),
        "sent-reference-empty": ("ReferenceNumber", "  "),
        "sent-comma-in-name": ("CustomerName", "Smith, Joseph A."),
        "sent-control-character": ("CustomerName", "Ann\tAsh"),
    },
}


def _lacks_last(cells: Cells) -> None:
    del cells[-1]


def _has_one_more(cells: Cells) -> None:
    cells.append("x")


def _is_too_long(cells: Cells) -> None:
    cells[1] = "x" * 20_000


# The damaged row as a whole, of a file that Invoice Cloud takes ...
ROWS: Mapping[str, Change] = {
    "csv-column-missing": _lacks_last,
    "csv-column-extra": _has_one_more,
    "csv-row-too-long": _is_too_long,
}
# What is done to bytes: to the damaged line, or to the whole file.
LINES: Mapping[str, ChangeLine] = {"csv-undecodable-byte": lambda line, _: line.replace(b",", b",\x81", 1)}
FILES: Mapping[str, Callable[[list[bytes]], bytes]] = {
    "csv-empty-file": lambda _: b"",
    "csv-blank-file": lambda _: b",,,\r\n\r\n",
    "csv-utf-16": lambda lines: b"".join(lines).decode().encode("utf-16"),
    "csv-other-columns": lambda lines: b"".join(b"x," + line for line in lines),
}
REPEATED = "csv-number-twice"
# ... and of one that it sends.
SENT_ROWS: Mapping[str, Change] = {"sent-column-missing": _lacks_last, "sent-column-extra": _has_one_more}
SENT_LINES: Mapping[str, ChangeLine] = {
    "sent-not-utf-8": lambda line, _: line.replace(b",", b",\xe9", 1),
    "sent-blank-line": lambda line, _: b"\r\n" + line,
    "sent-header-line": lambda line, table: _names(table) + b"\r\n" + line,
    "sent-line-feed-in-row": lambda line, _: line.replace(b",", b"\n,", 1),
}
SENT_FILES: Mapping[str, Callable[[list[bytes]], bytes]] = {
    "sent-empty-file": lambda _: b"",
    "sent-byte-order-mark": lambda lines: b"\xef\xbb\xbf" + b"".join(lines),
    "sent-utf-16": lambda lines: b"".join(lines).decode().encode("utf-16"),
    "sent-line-feeds": lambda lines: b"".join(lines).replace(b"\r\n", b"\n"),
    "sent-cut": lambda lines: b"".join(lines)[:-20],
}
ROWS_OF = {kind: ROWS if kind in TAKEN else SENT_ROWS for kind in TABLES}
LINES_OF = {kind: LINES if kind in TAKEN else SENT_LINES for kind in TABLES}
FILES_OF = {kind: FILES if kind in TAKEN else SENT_FILES for kind in TABLES}


def csv_damages_of(kind: str) -> frozenset[str]:
    """The damages that can be done to a file of that kind, one of `generators.watersmart.KINDS`."""
    own = {REPEATED} if kind == "invoices" else set()
    return frozenset({*CELLS[kind], *ROWS_OF[kind], *LINES_OF[kind], *FILES_OF[kind], *own})


CSV_DAMAGED = frozenset(name for kind in TABLES for name in csv_damages_of(kind))
"""Every damage that can be done here; the catalogue says what each must cause."""


def damage_csv(data: bytes, name: str, kind: str, *, at: int = 2) -> bytes:
    """
    A well-formed file's bytes, with row *at* (counted from 1) or the whole file damaged.

    Args:
        name: As in the catalogue (`partnerlab catalogue damages`).
        kind: `invoices`, `balances`, `payments`, `changes` or `rejects`.
    Raises:
        DamageUnknown: No such damage of that kind of file, or the file has no row *at* to damage.
    """
    if kind not in TABLES or name not in csv_damages_of(kind):
        known = ", ".join(sorted(csv_damages_of(kind))) if kind in TABLES else "none"
        raise DamageUnknown(f"there is no damage {name!r} for a file of {kind}; there are {known}")
    lines = data.splitlines(keepends=True)
    if name in FILES_OF[kind]:
        return FILES_OF[kind][name](lines)
    if not (2 if name == REPEATED else 1) <= at <= len(lines):
        raise DamageUnknown(f"{name}: there is no row {at} that it can be done to")
    lines[at - 1] = _damaged(lines, name, TABLES[kind], kind, at - 1)
    return b"".join(lines)


def _damaged(lines: list[bytes], name: str, table: CsvTable, kind: str, at: int) -> bytes:
    if name in LINES_OF[kind]:
        return LINES_OF[kind][name](lines[at], table)
    end = b"\r\n" if lines[at].endswith(b"\r\n") else b"\n"
    cells = _cells(lines[at])
    if name in ROWS_OF[kind]:
        ROWS_OF[kind][name](cells)
        return _line(cells) + end
    if name == REPEATED:
        column = next(column for column in table.columns if column.unique)
        cells[column.position - 1] = _cells(lines[at - 1])[column.position - 1]
        return _line(cells) + end
    column_name, text = CELLS[kind][name]
    place = table.column(column_name).position - 1
    parts = [_line([cell]) if cell else b"" for cell in cells]
    parts[place] = text.encode()
    return b",".join(parts) + end


def _names(table: CsvTable) -> bytes:
    return ",".join(column.name for column in table.columns).encode()


def _cells(line: bytes) -> Cells:
    return next(csv.reader([line.decode()]))


def _line(cells: Cells) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue().encode()
