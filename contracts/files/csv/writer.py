"""
Writing a CSV file as Invoice Cloud does: no header line, no quotes, CRLF, UTF-8.

    written = write_csv(stream, load_table("watersmart_payments"), rows)
    written.warnings         # what was cut, left out or made harmless, by row and column
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import IO, Any

from partnerlab.contracts.files.csv.columns import bytes_writer
from partnerlab.contracts.files.csv.render import FORMULA, OUT_KINDS, PHONE, TEXTS, cleaned
from partnerlab.contracts.files.csv.table import Column, CsvTable
from partnerlab.contracts.files.problems import Problem, ValueRefused, shown
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.records import dataclass

__all__ = ["WRITTEN_RULES", "CsvWritten", "write_csv"]

KEPT = 1_000
BLOCK = 512  # rows that are written at once: few enough to stay in the processor's cache

WRITTEN_RULES: Mapping[str, str] = {
    "cut": "a text longer than its column is cut",
    "left-out": "an account, phone or e-mail longer than its column is left out [A-90]",
    "characters-removed": "commas, quotes and line breaks are removed from a value",
    "formula": "a text that a spreadsheet would run gets a leading space [A-90]",
    "formula-kept": "a text that a spreadsheet would run stands as it is: there is no room for a space [A-90]",
}


_Dated = tuple[tuple[str, int, Column], ...]


@dataclass(frozen=True, slots=True)
class CsvWritten:
    """What was written. `changed` counts the warnings; `warnings` keeps the first thousand, `line` is the row."""

    rows: int
    bytes: int
    changed: int
    warnings: tuple[Problem, ...]


def write_csv(stream: IO[bytes], table: CsvTable, rows: Iterable[Row]) -> CsvWritten:
    """
    Write the rows, made by `table.make(...)`; None is an empty cell.

    Amounts are `Decimal`, moments aware datetimes in the biller's zone, flags `bool`.

    Raises:
        ValueRefused: A value is not of its column's kind; what was written before it stays written.
    """
    sink, write = _Sink(table), bytes_writer(table)
    size = count = 0
    rows = iter(rows)

    def judge(column: Column, value: Any, at: int) -> str:
        return sink.cell(column, value, count + at + 1)

    while block := list(islice(rows, BLOCK)):
        block = _undated(sink.dated, block)
        try:
            data = write(block, judge)
        except ValueRefused:
            for number, row in enumerate(block, count + 1):  # up to the row that is refused
                stream.write(f"{sink.line(row, number)}\r\n".encode())
            raise
        size += stream.write(data)
        count += len(block)
    return CsvWritten(count, size, sink.changed, tuple(sink.warnings))


def _dated(table: CsvTable) -> _Dated:
    """The columns that date another one: their names, and that one's place and column."""
    places = {column.name: at for at, column in enumerate(table.columns)}
    return tuple(
        (column.name, places[column.dates], table.column(column.dates)) for column in table.columns if column.dates
    )


def _undated(dated: _Dated, rows: list[Row]) -> list[Row]:
    """The rows without the moments of values that are left out: a change to nothing would take away what stands."""
    values = list(zip(*rows, strict=True)) if dated else []
    for name, place, column in dated:
        if not _all_fit(column, values[place]):
            rows = [
                row._replace(**{name: None}) if isinstance(one, str) and _is_left_out(column, cleaned(one)) else row
                for row, one in zip(rows, values[place], strict=True)
            ]
    return rows


def _all_fit(column: Column, values: Sequence[Any]) -> bool:
    """Whether all values fit as they are, by a look at all of them at once."""
    try:
        return not column.most or max(map(len, filter(None, values)), default=0) <= column.most
    except TypeError:  # one is no text
        return False


def _is_left_out(column: Column, text: str) -> bool:
    """Whether a text is longer than its column, and would be somebody else's when cut."""
    return column.whole and 0 < column.most < len(text)


class _Sink:
    def __init__(self, table: CsvTable) -> None:
        self.table = table
        self.dated = _dated(table)
        self.changed = 0
        self.warnings: list[Problem] = []

    def line(self, row: Row, number: int) -> str:
        """A line cell by cell, without its end."""
        pairs = zip(self.table.columns, _undated(self.dated, [row])[0], strict=True)
        return ",".join("" if value is None else self.cell(column, value, number) for column, value in pairs)

    def cell(self, column: Column, value: Any, number: int) -> str:
        """A value as its column can hold it. Raises `ValueRefused`."""
        try:
            text = OUT_KINDS[column.kind](value)
        except ValueError as error:
            raise ValueRefused(self._problem("not-of-its-type", str(error), number, column, value)) from None
        return self._fitted(column, value, text, number) if column.kind in TEXTS else text

    def _fitted(self, column: Column, value: str, text: str, number: int) -> str:
        """A text as its column can hold it, with a warning for each change [A-90]."""
        if text != value.strip():
            self._warn("characters-removed", number, column, value)
        if _is_left_out(column, text):
            self._warn("left-out", number, column, value)
            return ""
        if column.most and len(text) > column.most:
            self._warn("cut", number, column, value)
            text = text[: column.most].rstrip()
        if FORMULA.match(text) and not (column.kind == "phone" and PHONE.fullmatch(text)):
            if column.most and len(text) >= column.most:
                self._warn("formula-kept", number, column, value)
            else:
                self._warn("formula", number, column, value)
                text = " " + text
        return text

    def _warn(self, rule: str, number: int, column: Column, value: object) -> None:
        self.changed += 1
        if len(self.warnings) < KEPT:
            self.warnings.append(self._problem(rule, WRITTEN_RULES[rule], number, column, value))

    def _problem(self, rule: str, message: str, number: int, column: Column, value: object) -> Problem:
        return Problem(
            rule,
            message,
            number,
            field=column.name,
            value=shown(value),
            source=self.table.source,
            column=column.position,
        )
