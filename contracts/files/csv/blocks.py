"""
Many rows of a CSV file read at once, column by column: each step is one call for a whole column, not for a cell.

It knows only rows of one line in which every cell is in its canonical form. Where one is not, all rows are left to
`compiled.row_reader`, one by one. A differential test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from itertools import repeat
from typing import Any

from partnerlab.contracts.files.csv.cells import EXPONENT
from partnerlab.contracts.files.csv.compiled import known_values
from partnerlab.contracts.files.csv.split import QuoteMisplaced, split
from partnerlab.contracts.files.csv.table import Column, CsvTable
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.first_use import pattern

__all__ = ["rows_reader"]

Read = Callable[[Sequence[str]], Sequence[Any]]
"""From the cells of a column to their values. Raises ValueError or KeyError where one is not plain."""

# Cells of a column, each with a line break behind it. Possessive, so that a long column keeps no place to go back to.
AMOUNTS = pattern(r"(?:[+-]?[0-9]{1,15}+(?:\.[0-9]{1,2}+)?+\n)*+")
SEPARATOR = "\x1f"  # stands in no line that is read, as no control character does but the tab
# White space that is no plain space.
BLANK = pattern("[\t\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")


@lru_cache(maxsize=64)
def rows_reader(table: CsvTable) -> Callable[[Sequence[str]], list[Row] | None]:
    """A function from lines, at least one, to their rows; None where a line is anything but plain."""
    width = len(table.columns)
    columns = [(at, _column(column)) for at, column in enumerate(table.columns) if not column.ignored]
    row = table.row

    def read(lines: Sequence[str]) -> list[Row] | None:
        try:
            text = _joined(lines)
        except QuoteMisplaced:
            return None
        cells = text.split(SEPARATOR)
        if len(cells) != len(lines) * width:
            return None
        # A line break begins every first cell but the first and stands in no other: so all rows have `width` columns.
        firsts = [cell[1:] for cell in cells[width::width] if cell[:1] == "\n"]
        if len(firsts) != len(lines) - 1:
            return None
        cells[width::width] = firsts
        if _padded(text):
            cells = list(map(str.strip, cells))
        try:
            values = [read_column(cells[at::width]) for at, read_column in columns]
        except (ValueError, KeyError):
            return None
        return list(map(tuple.__new__, repeat(row), zip(*values, strict=True)))

    return read


def _joined(lines: Sequence[str]) -> str:
    """Lines with separators between and behind their cells. Raises `QuoteMisplaced` where one is no whole row."""
    text = ",\n".join(lines)
    if '"' not in text:
        return text.replace(",", SEPARATOR)
    return f"{SEPARATOR}\n".join(_unquote(line) if '"' in line else line.replace(",", SEPARATOR) for line in lines)


def _unquote(line: str) -> str:
    cells = split(line)
    if cells is None:
        raise QuoteMisplaced(0)
    return SEPARATOR.join(cells)


def _padded(text: str) -> bool:
    """Whether a cell has white space around it."""
    edges = (f"{SEPARATOR} ", f" {SEPARATOR}", "\n ")
    if any(edge in text for edge in edges) or text[:1] == " " or text[-1:] == " ":
        return True
    return "\t" in text if text.isascii() else BLANK.search(text) is not None


def _column(column: Column) -> Read:
    read = _values(column)
    if column.constant:
        return partial(_only, frozenset((column.constant,)), read)
    if column.values:
        return partial(_only, frozenset(column.values), read)
    return read


def _values(column: Column) -> Read:
    if column.kind == "amount":
        return partial(_amounts, column.required)
    if column.kind in ("text", "account"):
        return partial(_texts, column.required, column.kind == "account")
    known = known_values(column.kind, required=column.required)
    return lambda texts: list(map(known.__getitem__, texts))


def _only(allowed: frozenset[str], read: Read, texts: Sequence[str]) -> Sequence[Any]:
    values = read(texts)
    if not {*map(str, {*values})} <= allowed:
        raise ValueError("")
    return values


def _texts(required: bool, account: bool, texts: Sequence[str]) -> Sequence[str]:
    if required and "" in texts:
        raise ValueError("")
    if account and any(mark in "".join(texts) for mark in "eE") and any(map(EXPONENT.fullmatch, texts)):
        raise ValueError("")
    return texts


def _amounts(required: bool, texts: Sequence[str]) -> Sequence[Decimal | None]:
    different = {*texts}
    if "" in different:
        if required:
            raise ValueError("")
        different.discard("")
    filled = [*different, ""]
    if AMOUNTS.fullmatch("\n".join(filled)) is None:
        raise ValueError("")
    filled.pop()
    values: dict[str, Decimal | None] = dict(zip(filled, map(Decimal, filled), strict=True))
    values[""] = None
    return list(map(values.__getitem__, texts))
