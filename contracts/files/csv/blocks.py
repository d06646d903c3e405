"""
Many rows of a CSV file read at once, column by column: each step is one call for a whole column, not for a cell.

It knows only rows of one line in which every cell is in its canonical form. Where one is not, all rows are left to
`compiled.row_reader`, one by one. A differential test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from functools import lru_cache, partial
from itertools import repeat
from typing import Any

from partnerlab.contracts.files.csv.cells import EXPONENT
from partnerlab.contracts.files.csv.compiled import known_values
from partnerlab.contracts.files.csv.in_c import block_reader
from partnerlab.contracts.files.csv.split import QuoteMisplaced, split
from partnerlab.contracts.files.csv.table import Column, CsvTable
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.one_line import LONGEST_NUMBER

__all__ = ["columns_reader", "rows_reader"]

Block = tuple[list[Row], Sequence[str]]
"""Rows, and their values that stand once in a file, if the table has such a column."""
Read = Callable[[Sequence[str]], Sequence[Any]]
"""From the cells of a column to their values. Raises ValueError or KeyError where one is not plain."""

# Cells of a column, each with a line break behind it. Possessive, so that a long column keeps no place to go back to.
AMOUNTS = pattern(r"(?:(?:[+-]?[0-9]{1,15}+(?:\.[0-9]{1,2}+)?+)?+\n)*+")
EXACTLY = Context(prec=20)  # its method takes less time than the class
SEPARATOR = "\x1f"  # stands in no line that is read, as no control character does but the tab


def rows_reader(table: CsvTable) -> Callable[[list[str]], Block | None]:
    """
    A function from lines, at least one, to their rows; None where a line is anything but plain.

    By the compiled module where it is there; what that leaves is read by columns.
    """
    by_columns, in_c = columns_reader(table), block_reader(table)
    return by_columns if in_c is None else lambda lines: in_c(lines) or by_columns(lines)


@lru_cache(maxsize=64)
def columns_reader(table: CsvTable) -> Callable[[Sequence[str]], Block | None]:
    """The same in pure Python."""
    width = len(table.columns)
    columns = [(at, _column(column)) for at, column in enumerate(table.columns) if not column.ignored]
    unique = [name for name in table.row._fields if table.column(name).unique]
    row, unique_at = table.row, table.row._fields.index(unique[0]) if unique else -1

    def read(lines: Sequence[str]) -> Block | None:
        try:
            cells = _cells(lines)
            # A line break is a cell of its own behind each row but the last: so all rows have `width` columns.
            if len(cells) != len(lines) * (width + 1) - 1 or cells[width :: width + 1] != ["\n"] * (len(lines) - 1):
                return None
            values = [read_column(cells[at :: width + 1]) for at, read_column in columns]
        except (ValueError, KeyError):
            return None
        rows = list(map(tuple.__new__, repeat(row), zip(*values, strict=True)))
        return rows, values[unique_at] if unique else ()

    return read


def _cells(lines: Sequence[str]) -> list[str]:
    """The cells of lines, with a line break between two lines. Raises `QuoteMisplaced` where one is no whole row."""
    text = ",\n,".join(lines)
    if '"' not in text:
        return text.split(",")
    return f"{SEPARATOR}\n{SEPARATOR}".join(map(_unquoted, lines)).split(SEPARATOR)


def _unquoted(line: str) -> str:
    if '"' not in line:
        return line.replace(",", SEPARATOR)
    cells = split(line)
    if cells is None:
        raise QuoteMisplaced(0)
    return SEPARATOR.join(cells)


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
    joined = "".join(texts)
    if " " in joined or "\t" in joined or not joined.isascii():
        texts = list(map(str.strip, texts))  # what has no white space around it is the same text
    if required and "" in texts:
        raise ValueError("")
    if account and not _are_numbers(texts):
        raise ValueError("")
    return texts


def _are_numbers(texts: Sequence[str]) -> bool:
    """Whether all may name somebody, as `cells.read_account` has it."""
    joined = "".join(texts)
    if not joined.isprintable() or max(map(len, texts)) > LONGEST_NUMBER:
        return False
    return not (any(mark in joined for mark in "eE") and any(map(EXPONENT.fullmatch, texts)))


def _amounts(required: bool, texts: Sequence[str]) -> Sequence[Decimal | None]:
    joined = "\n".join((*texts, ""))
    if " " in joined:
        texts = list(map(str.strip, texts))
        joined = "\n".join((*texts, ""))
    has_empty = "" in texts
    if has_empty and required:
        raise ValueError("")
    if AMOUNTS.fullmatch(joined) is None:
        raise ValueError("")
    if has_empty:
        return [Decimal(text) if text else None for text in texts]
    return list(map(EXACTLY.create_decimal, texts))
