"""
Reads Invoice Cloud's three files as their receiver does: `read_payments` reads what `write_payments` wrote.

Commas stand between values only, so a line is split at them; moments are MMDDYYYYHHMMSS in the biller's zone. A file is
read whole or not at all: the first thing that is not as the source says is named by rule, line, column and field. In
the change log an account number may be empty: Invoice Cloud leaves out one that its column cannot hold [A-90].

Source: WaterSmart Technical Design, File Mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from partnerlab.client.exports.models import ExportedChange, ExportedPayment, ExportedReject
from partnerlab.contracts.files.csv import Column, CsvTable, load_table
from partnerlab.contracts.files.csv.cells import EXPONENT
from partnerlab.contracts.files.problems import Problem, shown
from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.one_line import line_problem, number_problem

__all__ = ["FileRefused", "FilesRefused", "read_changes", "read_payments", "read_rejects"]

_AMOUNT = pattern(r"-?[0-9]{1,12}\.[0-9]{2}")
_MOMENT = pattern(r"[0-9]{14}")
_INTEGER = pattern(r"[0-9]{1,18}")
_PAYMENT_NEEDS = frozenset(
    {"payment_guid", "reference", "account_number", "amount", "payment_type_id", "paid_at", "approved", "report_id"}
)
_REJECT_NEEDS = frozenset({"reference", "account_number", "amount", "returned_at"})


class FileRefused(ValueError):
    """
    A received file that cannot be taken: nothing of it was, and it stays where it is until a person looks.

    `problem` has the rule (`contracts.files.csv.RECEIVED_RULES`), the line, the column and its field.
    """

    def __init__(self, name: str, problem: Problem) -> None:
        self.name, self.problem = name, problem
        super().__init__(f"{name}: {problem if problem.line else problem.message}")


class FilesRefused(ValueError):
    """A run met files that cannot be taken, `refused`; all others were."""

    def __init__(self, refused: Sequence[FileRefused]) -> None:
        self.refused = tuple(refused)
        super().__init__(f"{len(refused)} of Invoice Cloud's files: {'; '.join(map(str, refused))}")


def read_payments(name: str, content: bytes, zone: ZoneInfo) -> list[ExportedPayment]:
    """The rows of a payment/lockbox file. Raises `FileRefused`."""
    return [ExportedPayment(**row) for row in _Reading(name, "watersmart_payments", zone, _PAYMENT_NEEDS).rows(content)]


def read_rejects(name: str, content: bytes, zone: ZoneInfo) -> list[ExportedReject]:
    """The rows of an ACH rejects file. Raises `FileRefused`."""
    return [ExportedReject(**row) for row in _Reading(name, "watersmart_rejects", zone, _REJECT_NEEDS).rows(content)]


def read_changes(name: str, content: bytes, zone: ZoneInfo) -> list[ExportedChange]:
    """The rows of a change log file. Raises `FileRefused`."""
    return [ExportedChange(**row) for row in _Reading(name, "watersmart_changes", zone, ()).rows(content)]


class _Reading:
    """One file while it is read; *needs* are the terms of the cells that may not be empty."""

    def __init__(self, name: str, table_name: str, zone: ZoneInfo, needs: Collection[str]) -> None:
        self.name, self.zone, self.needs = name, zone, needs
        self.table: CsvTable = load_table(table_name)

    def rows(self, content: bytes) -> Iterator[dict[str, Any]]:
        """Each line as values by term; an empty cell is the kind's empty value."""
        columns = self.table.columns
        for number, line in enumerate(self._lines(content), 1):
            if line_problem(line):
                raise self._refused("control-character", "it holds a control character", number)
            cells = line.split(",")
            if len(cells) != len(columns):
                rule = "too-few-columns" if len(cells) < len(columns) else "too-many-columns"
                raise self._refused(rule, f"{len(cells)} columns, not {len(columns)}", number)
            if not line.strip(", "):
                raise self._refused("required-empty", "is empty", number, columns[0])
            yield {column.term: self._value(number, column, cell) for column, cell in zip(columns, cells, strict=True)}

    def _lines(self, content: bytes) -> list[str]:
        """The lines of a whole file, without their ends."""
        if not content:
            raise self._refused("empty-file", "it holds nothing", 0)
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            number = content.count(b"\n", 0, error.start) + 1
            raise self._refused("wrong-encoding", "it is not UTF-8", number) from None
        if text.startswith("\ufeff"):
            raise self._refused("control-character", "it begins with a byte order mark", 1)
        if "\n" in text and "\r" not in text:
            raise self._refused("wrong-line-end", "it ends with LF, not CR LF", 1)
        lines = text.split("\r\n")
        if lines.pop():
            raise self._refused("truncated-row", "it has no end: the file is not whole", len(lines) + 1)
        return lines

    def _value(self, number: int, column: Column, cell: str) -> Any:
        if column.term in self.needs and not cell.strip():
            raise self._refused("required-empty", "is empty", number, column, cell)
        if column.kind == "account":
            if EXPONENT.fullmatch(cell):
                message = f"{shown(cell)!r} is what a spreadsheet makes of a long number"
                raise self._refused("not-a-number-of-its-own", message, number, column, cell)
            rule, wrong = number_problem(cell)
            if rule:
                raise self._refused(rule, f"{shown(cell)!r} {wrong}", number, column, cell)
        if column.kind not in _KINDS:
            return cell.strip()  # a leading space makes a formula harmless
        kind = _KINDS[column.kind]
        if not cell:
            return kind.empty
        try:
            return kind.read(cell, self.zone)
        except ValueError:
            message = f"{shown(cell)!r} is no {column.kind}"
            raise self._refused(kind.rule, message, number, column, cell) from None

    def _refused(
        self, rule: str, message: str, number: int, column: Column | None = None, cell: str = ""
    ) -> FileRefused:
        field, position = (column.name, column.position) if column else ("", 0)
        problem = Problem(
            rule, message, number, field=field, value=shown(cell), source=self.table.source, column=position
        )
        return FileRefused(self.name, problem)


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


class _Kind(NamedTuple):
    """How a cell is read, the rule that is broken where it cannot be, and what an empty one is."""

    read: Callable[[str, ZoneInfo], Any]
    rule: str
    empty: Any


_KINDS: Mapping[str, _Kind] = {
    "amount": _Kind(_amount, "not-an-amount", Decimal("0.00")),
    "moment": _Kind(_moment, "not-a-moment", None),
    "integer": _Kind(_integer, "not-a-whole-number", None),
    "boolean": _Kind(_boolean, "not-a-boolean", False),
}
