"""
WaterSmart's file exchange: collect Invoice Cloud's files, send the invoice file, send the balance file.

Each is a function over two ports: the utility's own books, and a way to Invoice Cloud (`client.jobs.ways`: a folder,
SFTP, the web service). A run that broke off begins again where it was: a file that is not known to have arrived is sent
again, byte for byte, and what was taken before is recognised by the books.

Source: WaterSmart Technical Design, File Mapping.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from partnerlab.client.exports import FileRefused, FilesRefused, read_changes, read_payments, read_rejects
from partnerlab.client.jobs.models import BalanceRow, InvoiceRow
from partnerlab.client.jobs.ports import FileBooks, FileSource, FileTarget, FileToSend, ReceivedFileBooks
from partnerlab.contracts.files.csv import load_table

__all__ = ["EXPORT_KINDS", "balance_file", "collect_exports", "invoice_file", "send_balance_file", "send_invoice_file"]

EXPORT_KINDS = ("payments", "rejects", "changes")
"""What is collected, payments before the rejects of them."""
INVOICE_TYPE_ID = "1"
SET = "1"
"""AdjustmentTypeID of a row that says what the balance is [A-80]."""


def send_invoice_file(books: FileBooks, way: FileTarget) -> str:
    """
    One run: sends the file that waits, then one of what was billed; says what Invoice Cloud said.

    Raises what *way* raises where it is not certain that a file arrived; the same bytes go out again next time.
    """
    return _send(lambda: books.invoice_file_to_send(invoice_file), books, way, "nothing was billed")


def send_balance_file(books: FileBooks, way: FileTarget) -> str:
    """One run, as `send_invoice_file`, for balances that the utility's own entries changed [A-103]."""
    return _send(lambda: books.balance_file_to_send(balance_file), books, way, "no balance changed")


def collect_exports(books: ReceivedFileBooks, way: FileSource, zone: ZoneInfo) -> str:
    """
    One run: takes the files that wait there, and tells the way of each batch that is safe in the books.

    A file that is refused stays there until somebody looks, and what is behind it of its kind with it; the other kinds
    are taken. *zone* is the biller's. Raises `FilesRefused` at the end, and what *way* raises.
    """
    said: list[str] = []
    refused: list[FileRefused] = []
    for kind in EXPORT_KINDS:
        for batch in way.waiting(kind):
            try:
                for name, content in batch.files:
                    said.append(f"{name}: {_take(books, kind, name, content, zone)}")
            except FileRefused as error:
                refused.append(error)
                break
            way.taken(batch)
    if refused:
        raise FilesRefused(refused)
    return "; ".join(said) or "Invoice Cloud has nothing new"


def invoice_file(rows: Sequence[InvoiceRow]) -> bytes:
    """The invoice file, 16 columns, a row for each invoice."""
    return _rendered("watersmart_invoices", rows, invoice_type_id=INVOICE_TYPE_ID)


def balance_file(rows: Sequence[BalanceRow]) -> bytes:
    """The adjustment/daily balance file, 5 columns, a row for each account."""
    return _rendered("watersmart_balances", rows, type_id=SET)


def _send(next_file: Callable[[], FileToSend | None], books: FileBooks, way: FileTarget, nothing: str) -> str:
    said: list[str] = []
    before: FileToSend | None = None
    while (file := next_file()) is not None and file != before:
        before = file
        words = way.send(file.name, file.content)
        books.file_arrived(file, words)
        said.append(f"{file.name}, {file.rows:,} {'row' if file.rows == 1 else 'rows'}: {words}")
    return "; ".join(said) or nothing


def _take(books: ReceivedFileBooks, kind: str, name: str, content: bytes, zone: ZoneInfo) -> str:
    match kind:
        case "payments":
            return books.take_payment_file(name, content, read_payments(name, content, zone))
        case "rejects":
            return books.take_reject_file(name, content, read_rejects(name, content, zone))
    return books.take_change_file(name, content, read_changes(name, content, zone))


def _rendered(table_name: str, rows: Iterable[Any], **constants: str) -> bytes:
    """The rows by the columns of the table; a term is a field of the row's, or one of the *constants*."""
    terms = [column.term for column in load_table(table_name).columns]
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows(
        [constants[term] if term in constants else _cell(getattr(row, term)) for term in terms] for row in rows
    )
    return stream.getvalue().encode()


def _cell(value: str | date | Decimal | bool) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date):
        return f"{value.month:02}/{value.day:02}/{value.year:04}"
    return " ".join(value.split())
