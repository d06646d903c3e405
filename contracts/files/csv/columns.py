"""
A block of rows to lines, column by column: what is plain is checked and turned into text by whole columns.

A cell that is not plain (a comma to be removed, a text to be cut, a value of another kind) is handed to `writer.py`,
which judges it for itself. Tests hold the two ways together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import repeat
from operator import is_
from typing import Any

from partnerlab.contracts.files.compiled import Rendered
from partnerlab.contracts.files.csv.render import render_day
from partnerlab.contracts.files.csv.table import Column, CsvTable
from partnerlab.contracts.files.fields import is_printable
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.first_use import pattern

__all__ = ["block_writer"]

Cells = tuple[Sequence[str], Sequence[int]]
"""A column's cells, and the places of those that are not plain."""
Judge = Callable[[Column, Any, int], str]
"""A column, a value that is not None, and the place of its row to the cell; raises `ValueRefused`."""

MARKS = "=+-@ "
PLAIN_AMOUNT = pattern(r"-?[0-9]+\.[0-9]{2}")
# Cells of a column, each with a line break behind it. Possessive, so that a long column keeps no place to go back to.
AMOUNTS = pattern(r"(?:(?:-?[0-9]++\.[0-9]{2})?+\n)*+")
# What no plain cell begins or ends with, each behind a single character that is found much faster.
HEADS = (("=", ",="), ("+", ",+"), ("-", ",-"), ("@", ",@"), (" ", ", "), (" ", " ,"))
_NONE = type(None)


def block_writer(table: CsvTable) -> Callable[[Sequence[Row], Judge], list[str]]:
    """A function from rows to their lines without line ends; cells that are not plain are judged in their order."""
    columns = table.columns
    writers = [WRITERS[column.kind] for column in columns]

    def write(rows: Sequence[Row], judge: Judge) -> list[str]:
        values = list(zip(*rows, strict=True))
        cells: list[Any] = []
        others: list[tuple[int, int]] = []
        for number, (column, one) in enumerate(zip(columns, values, strict=True)):
            first = one[0]
            if first is one[-1] and all(map(is_, one, repeat(first))):  # as Approved, or the number of the batch
                made, wrong = writers[number](column, one[:1])
                made, wrong = [*made] * len(one), range(len(one)) if wrong else ()
            else:
                made, wrong = writers[number](column, one)
            if wrong:
                made = list(made)
                others += [(at, number) for at in wrong]
            cells.append(made)
        for at, number in sorted(others):
            cells[number][at] = judge(columns[number], values[number][at], at)
        return list(map(",".join, zip(*cells, strict=True)))

    return write


def _texts(column: Column, values: Sequence[Any]) -> Cells:
    values, wrong = _of_kind(values, str, "")
    if wrong:
        return values, wrong
    joined = ",".join(values)
    if (
        joined.count(",") == len(values) - 1
        and '"' not in joined
        and not any(mark in joined and head in joined for mark, head in HEADS)
        and joined[:1] not in {*MARKS}
        and joined[-1:] != " "
        and is_printable(joined)
        and not (column.most and max(map(len, values)) > column.most)
    ):
        return values, ()
    most = column.most or len(joined)
    return values, [
        at
        for at, text in enumerate(values)
        if text
        and (
            "," in text
            or text[0] in MARKS
            or text[-1] == " "
            or not text.isprintable()
            or '"' in text
            or len(text) > most
        )
    ]


def _amounts(_: Column, values: Sequence[Any]) -> Cells:
    cells, wrong = _rendered(values, Decimal, str)
    if wrong:
        return cells, wrong
    if AMOUNTS.fullmatch("\n".join((*cells, ""))):
        return cells, ()
    return cells, [at for at, cell in enumerate(cells) if cell and not PLAIN_AMOUNT.fullmatch(cell)]


def _moments(_: Column, values: Sequence[Any]) -> Cells:
    if {*map(type, values)} != {datetime}:
        wrong = [at for at, one in enumerate(values) if one is not None and not _is_moment(one)]
        if wrong:
            return [""] * len(values), wrong
        return ["" if one is None else _moment(one) for one in values], ()
    if None in {one.tzinfo for one in values}:
        return [""] * len(values), [at for at, one in enumerate(values) if one.tzinfo is None]
    return [_days[one.toordinal()] + _MINUTES[one.hour * 60 + one.minute] + _SECONDS[one.second] for one in values], ()


def _integers(_: Column, values: Sequence[Any]) -> Cells:
    cells, wrong = _rendered(values, int, str)
    if wrong or "-" not in "".join(cells):
        return cells, wrong
    return cells, [at for at, cell in enumerate(cells) if cell[:1] == "-"]


def _booleans(_: Column, values: Sequence[Any]) -> Cells:
    return _rendered(values, bool, _BOOLEANS.__getitem__)


def _rendered(values: Sequence[Any], kind: type, render: Callable[[Any], str]) -> Cells:
    """The cells of values that are all of a kind, None being an empty one."""
    kinds = {*map(type, values)}
    if kinds == {kind}:
        return list(map(render, values)), ()
    if kinds <= {kind, _NONE}:
        return ["" if one is None else render(one) for one in values], ()
    return [""] * len(values), [at for at, one in enumerate(values) if type(one) not in (kind, _NONE)]


def _of_kind(values: Sequence[Any], kind: type, empty: str) -> tuple[Sequence[Any], Sequence[int]]:
    """The values with *empty* for None, or the places of those of another kind."""
    kinds = {*map(type, values)}
    if kinds == {kind}:
        return values, ()
    if kinds == {_NONE}:
        return (empty,) * len(values), ()
    if kinds <= {kind, _NONE}:
        return [empty if one is None else one for one in values], ()
    return (empty,) * len(values), [at for at, one in enumerate(values) if type(one) not in (kind, _NONE)]


def _is_moment(value: Any) -> bool:
    return type(value) is datetime and value.tzinfo is not None


def _moment(value: datetime) -> str:
    return _days[value.toordinal()] + _MINUTES[value.hour * 60 + value.minute] + _SECONDS[value.second]


_days = Rendered(lambda ordinal: render_day(date.fromordinal(ordinal)))
_MINUTES = [f"{hour:02}{minute:02}" for hour in range(24) for minute in range(60)]
_SECONDS = [f"{second:02}" for second in range(60)]
_BOOLEANS = {False: "False", True: "True"}

WRITERS: Mapping[str, Callable[[Column, Sequence[Any]], Cells]] = {
    "text": _texts,
    "account": _texts,
    "phone": _texts,
    "amount": _amounts,
    "moment": _moments,
    "integer": _integers,
    "boolean": _booleans,
}
