"""
Reading Invoice Cloud's three files back, as who receives them does: `write_payments` and `read_payments` are opposites.

Commas stand between values only, so a line is split at them; moments are MMDDYYYYHHMMSS in the biller's zone. A file is
read whole or not at all: what is not as the source says is named by line and column.

Source: WaterSmart Technical Design, File Mapping.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from partnerlab.client.exports.models import ExportedChange, ExportedPayment, ExportedReject
from partnerlab.contracts.files.csv import Column, CsvTable, load_table

__all__ = ["FileRefused", "read_changes", "read_payments", "read_rejects"]

_AMOUNT = re.compile(r"-?[0-9]{1,12}\.[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{14}")
_INTEGER = re.compile(r"[0-9]{1,18}")
_PAYMENT_NEEDS = frozenset(
    {"payment_guid", "reference", "account_number", "amount", "payment_type_id", "paid_at", "approved", "report_id"}
)
_REJECT_NEEDS = frozenset({"reference", "account_number", "amount", "returned_at"})


class FileRefused(ValueError):
    """A received file that cannot be taken: nothing of it was, and it stays where it is until a person looks."""

    def __init__(self, name: str, rule: str) -> None:
        self.name, self.rule = name, rule
        super().__init__(f"{name}: {rule}")


def read_payments(name: str, content: bytes, zone: ZoneInfo) -> list[ExportedPayment]:
    """The rows of a payment/lockbox file. Raises `FileRefused`, which names line and column."""
    return [ExportedPayment(**row) for row in _rows(name, content, "watersmart_payments", zone, _PAYMENT_NEEDS)]


def read_rejects(name: str, content: bytes, zone: ZoneInfo) -> list[ExportedReject]:
    """The rows of an ACH rejects file. Raises `FileRefused`."""
    return [ExportedReject(**row) for row in _rows(name, content, "watersmart_rejects", zone, _REJECT_NEEDS)]


def read_changes(name: str, content: bytes, zone: ZoneInfo) -> list[ExportedChange]:
    """The rows of a change log file. Raises `FileRefused`."""
    return [ExportedChange(**row) for row in _rows(name, content, "watersmart_changes", zone, {"account_number"})]


def _rows(
    name: str, content: bytes, table_name: str, zone: ZoneInfo, needs: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Each line as values by term; an empty cell is the kind's empty value."""
    table: CsvTable = load_table(table_name)
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
            if column.term in needs and not cell.strip():
                _refuse(name, number, column, "is empty")
            row[column.term] = _value(name, number, column, cell, zone)
        yield row


def _value(name: str, number: int, column: Column, cell: str, zone: ZoneInfo) -> Any:
    if column.kind not in _KINDS:
        return cell.strip()  # a leading space makes a formula harmless
    read, empty = _KINDS[column.kind]
    if not cell:
        return empty
    try:
        return read(cell, zone)
    except ValueError:
        _refuse(name, number, column, f"{cell[:40]!r} is no {column.kind}")


def _refuse(name: str, number: int, column: Column, rule: str) -> NoReturn:
    raise FileRefused(name, f"line {number}, column {column.position}, {column.name}: {rule}")


def _amount(text: str, _: ZoneInfo) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


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


_KINDS: Mapping[str, tuple[Callable[[str, ZoneInfo], Any], Any]] = {
    "amount": (_amount, Decimal("0.00")),
    "moment": (_moment, None),
    "integer": (_integer, None),
    "boolean": (_boolean, False),
}
