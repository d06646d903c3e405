"""
The five CSV files as WaterSmart writes and reads them, by the columns of the contract and by nothing of the client's.

Source: WaterSmart Technical Design, File Mapping. Commas stand between values only, so a line is split at them; moments
are MMDDYYYYHHMMSS in the biller's zone.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from partnerlab.contracts.files.csv import Column, CsvTable, load_table
from partnerlab.simulators.watersmart.domain.errors import FileRefused
from partnerlab.simulators.watersmart.domain.money import to_decimal
from partnerlab.simulators.watersmart.domain.received import ChangeRow, Payment, Reject
from partnerlab.simulators.watersmart.services.outgoing import BalanceRow, InvoiceRow

__all__ = ["read_changes", "read_payments", "read_rejects", "render_balances", "render_invoices"]

SET = "1"
"""AdjustmentTypeID of a row that says what the balance is [A-80]."""
INVOICE_TYPE = "1"

_AMOUNT = re.compile(r"-?[0-9]{1,12}\.[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{14}")
_INTEGER = re.compile(r"[0-9]{1,18}")


# --- written --------------------------------------------------------------------------------------------------


def render_invoices(rows: Sequence[InvoiceRow]) -> bytes:
    """The invoice file, 16 columns, a row for each invoice."""
    return _render("watersmart_invoices", (_invoice_cells(row) for row in rows))


def render_balances(rows: Sequence[BalanceRow]) -> bytes:
    """The balance file, 5 columns, a row for each account."""
    return _render("watersmart_balances", (_balance_cells(row) for row in rows))


def _invoice_cells(row: InvoiceRow) -> dict[str, str]:
    customer, invoice = row.customer, row.invoice
    return {
        "AccountNumber": customer.account_number,
        "CustomerName": customer.customer_name or customer.account_number,
        "Address1": customer.address1,
        "Address2": customer.address2,
        "City": customer.city,
        "State": customer.state,
        "Zip": customer.zip,
        "InvoiceNumber": invoice.invoice_number,
        "InvoiceDate": _day(invoice.invoiced_on),
        "InvoiceDueDate": _day(invoice.due_on),
        "TotalAmountDue": _amount(invoice.total_cents),
        "PastDue": _amount(invoice.past_due_cents),
        "InvoiceTypeID": INVOICE_TYPE,
        "BlockPaymentsCC": "1" if customer.block_cards else "0",
        "BlockPaymentsEFT": "1" if customer.block_bank else "0",
        "DisplayAccountNumber": customer.display_account_number,
    }


def _balance_cells(row: BalanceRow) -> dict[str, str]:
    customer = row.customer
    return {
        "AccountNumber": customer.account_number,
        "CustomerName": customer.customer_name,
        "AdjustmentAmount": _amount(customer.balance_cents),
        "AdjustmentTypeID": SET,
        "PastDue": _amount(max(customer.balance_cents, 0)),
    }


def _render(table_name: str, rows: Iterable[Mapping[str, str]]) -> bytes:
    names = [column.name for column in load_table(table_name).columns]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerows([row[name] for name in names] for row in rows)
    return stream.getvalue().encode()


def _day(day: date) -> str:
    return f"{day.month:02}/{day.day:02}/{day.year:04}"


def _amount(cents: int) -> str:
    return f"{to_decimal(cents):.2f}"


# --- read -----------------------------------------------------------------------------------------------------


def read_payments(name: str, content: bytes, zone: ZoneInfo) -> list[Payment]:
    """The rows of a payment/lockbox file. Raises `FileRefused`, which names line and column."""
    return [
        Payment(
            payment_guid=row["payment_guid"],
            reference=row["reference"],
            account_number=row["account_number"],
            invoice_number=row["invoice_number"],
            amount_cents=row["amount"] or 0,
            fee_cents=row["convenience_fee"] or 0,
            type_id=row["payment_type_id"],
            type_words=row["payment_type"],
            paid_at=row["paid_at"],
            approved=row["approved"],
            offline=row["offline"],
            check_number=row["check_number"],
            biller_reference=row["biller_reference"],
            report_id=row["report_id"],
        )
        for row in _rows(name, content, load_table("watersmart_payments"), zone, _PAYMENT_NEEDS)
    ]


def read_rejects(name: str, content: bytes, zone: ZoneInfo) -> list[Reject]:
    """The rows of an ACH rejects file. Raises `FileRefused`."""
    return [
        Reject(row["reference"], row["account_number"], row["amount"], row["code"], row["returned_at"])
        for row in _rows(name, content, load_table("watersmart_rejects"), zone, _REJECT_NEEDS)
    ]


def read_changes(name: str, content: bytes, zone: ZoneInfo) -> list[ChangeRow]:
    """The rows of a change log file. Raises `FileRefused`."""
    return [
        ChangeRow(
            account_number=row["account_number"],
            autopay_on_at=row["autopay_on_at"],
            autopay_off_at=row["autopay_off_at"],
            email=row["email_address"],
            email_changed_at=row["email_changed_at"],
            phone=row["phone"],
            phone_changed_at=row["phone_changed_at"],
            paperless_on_at=row["paperless_on_at"],
            paperless_off_at=row["paperless_off_at"],
        )
        for row in _rows(name, content, load_table("watersmart_changes"), zone, frozenset({"account_number"}))
    ]


_PAYMENT_NEEDS = frozenset(
    {"payment_guid", "reference", "account_number", "amount", "payment_type_id", "paid_at", "approved", "report_id"}
)
_REJECT_NEEDS = frozenset({"reference", "account_number", "amount", "returned_at"})


def _rows(
    name: str, content: bytes, table: CsvTable, zone: ZoneInfo, needs: frozenset[str]
) -> Iterator[dict[str, Any]]:
    """Each line as values by term; empty cells are None, empty texts ""."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileRefused(name, f"is not UTF-8 at byte {error.start}") from None
    lines = text.split("\r\n")
    if lines.pop():
        raise FileRefused(name, f"line {len(lines) + 1} has no end: the file is not whole")
    for number, line in enumerate(lines, 1):
        if not line.isprintable():
            raise FileRefused(name, f"line {number} holds a control character")
        cells = line.split(",")
        if len(cells) != len(table.columns):
            raise FileRefused(name, f"line {number} has {len(cells)} columns, not {len(table.columns)}")
        row = {}
        for column, cell in zip(table.columns, cells, strict=True):
            row[column.term] = _value(name, number, column, cell, zone)
            if column.term in needs and row[column.term] in (None, ""):
                _refuse(name, number, column, "is empty")
        yield row


def _value(name: str, number: int, column: Column, cell: str, zone: ZoneInfo) -> Any:
    read = _KINDS.get(column.kind)
    if read is None:
        return cell.strip()  # a leading space makes a formula harmless
    if not cell:
        return False if column.kind == "boolean" else None
    try:
        return read(cell, zone)
    except ValueError:
        _refuse(name, number, column, f"{cell[:40]!r} is no {column.kind}")


def _refuse(name: str, number: int, column: Column, rule: str) -> NoReturn:
    raise FileRefused(name, f"line {number}, column {column.position}, {column.name}: {rule}")


def _cents(text: str, _: ZoneInfo) -> int:
    if not _AMOUNT.fullmatch(text):
        raise ValueError(text)
    return int(Decimal(text).scaleb(2))


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """An hour that comes twice in autumn is the first."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    return datetime.strptime(text, "%m%d%Y%H%M%S").replace(tzinfo=zone)


def _integer(text: str, _: ZoneInfo) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _boolean(text: str, _: ZoneInfo) -> bool:
    if text not in ("True", "False"):
        raise ValueError(text)
    return text == "True"


_KINDS: Mapping[str, Callable[[str, ZoneInfo], Any]] = {
    "amount": _cents,
    "moment": _moment,
    "integer": _integer,
    "boolean": _boolean,
}
