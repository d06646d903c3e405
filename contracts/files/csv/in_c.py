"""
Rows of a CSV file written and read by the compiled modules, where they were built.

Each is told here what a table means: it has no rule of its own. A cell that is not plain is judged by Python, and rows
that are not plain are read by it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Context, Decimal
from functools import lru_cache, partial
from typing import Any

from partnerlab.contracts.files import in_c
from partnerlab.contracts.files import lines_in_c as lines
from partnerlab.contracts.files.cells import Parsed
from partnerlab.contracts.files.csv.cells import IN_KINDS, MAX_DIGITS
from partnerlab.contracts.files.csv.compiled import row_cell
from partnerlab.contracts.files.csv.render import MARKS, REMOVED_BYTES, TEXTS
from partnerlab.contracts.files.csv.table import Column, CsvTable
from partnerlab.contracts.files.fields import CONTROLS
from partnerlab.contracts.files.lines import REFUSED
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.one_line import LONGEST_NUMBER

__all__ = ["block_reader", "block_writer"]

BOOLEANS = {False: "False", True: "True"}

Judge = Callable[[int, Any, int], str]
"""The number of a column, counted from 0, a value that is not None, and the place of its row to the cell."""
WriteBlock = Callable[[Sequence[Any], Judge], bytes | None]
"""From a tuple of rows to the bytes of their lines; None where one of them is no tuple of the table's columns."""


ReadBlock = Callable[[Sequence[str]], tuple[list[Row], Sequence[str]] | None]
"""From a list of lines to their rows and the values that stand once in a file; None where a line is not plain."""


def block_writer(table: CsvTable) -> WriteBlock | None:
    """A function that writes rows of this table; None where the module is not there or switched off."""
    found = lines.lines_module()
    return None if found is None else _writer(found, table)


@lru_cache(maxsize=64)
def _writer(found: Any, table: CsvTable) -> WriteBlock:
    columns = tuple(_written(column, place) for place, column in enumerate(table.columns))
    record = len(columns), columns
    refused = CONTROLS + REMOVED_BYTES
    writer: WriteBlock = found.Writer((record,), b",", b"\r\n", refused, MARKS, b" ", sys.maxsize, 0)
    return writer


def _written(column: Column, place: int) -> lines.Column:
    if column.kind in TEXTS:
        return lines.column(lines.TEXT, str, place, digits=(0, 0, column.most))
    if column.kind == "amount":
        return lines.column(lines.DECIMAL, Decimal, place, digits=(1_000, 2, 2))
    if column.kind == "integer":
        return lines.column(lines.INTEGER, int, place, digits=(18, 0, 0))
    if column.kind == "moment":
        return lines.column(lines.MOMENT, datetime, place)
    return lines.column(lines.MADE, bool, place, make=BOOLEANS.__getitem__)


def block_reader(table: CsvTable) -> ReadBlock | None:
    """A function that reads lines of this table; None where the module is not there or switched off."""
    found = in_c.module(in_c.INVOICES)
    return None if found is None else _reader(found, table)


@lru_cache(maxsize=64)
def _reader(found: Any, table: CsvTable) -> ReadBlock:
    names = table.row._fields
    unique = [name for name in names if table.column(name).unique]
    columns = tuple(
        _read(column, names.index(column.name)) if not column.ignored else SKIPPED for column in table.columns
    )
    record = table.row, len(names), columns
    reader: ReadBlock = found.LineReader(record, REFUSED + b'"', names.index(unique[0]) if unique else -1)
    return reader


SKIPPED: in_c.Column = (in_c.FILLER, False, False, 0, 0, 0, 0, None, None, None)


def _read(column: Column, place: int) -> in_c.Column:
    kind, digits = in_c.MADE, (0, 0, 0)
    make = row_cell(column)
    if column.constant or column.values:
        make = Parsed(partial(_allowed, column, make)).__getitem__
    elif column.kind == "amount":
        kind, digits, make = in_c.DECIMAL, (MAX_DIGITS, 0, 2), Context(prec=20).create_decimal
    elif column.kind == "account":
        kind, digits = in_c.NUMBER, (0, 0, LONGEST_NUMBER)
    elif column.kind == "text":
        kind = in_c.TEXT
    return kind, column.required, False, *digits, place, IN_KINDS[column.kind].empty, make, None


def _allowed(column: Column, make: Callable[[str], Any], text: str) -> Any:
    """The value of a text of a column that has few. Raises `ValueError` where it is none of them."""
    value = make(text)
    if (column.constant and str(value) != column.constant) or (column.values and str(value) not in column.values):
        raise ValueError(text)
    return value
