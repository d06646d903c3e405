"""
A block of rows to lines, column by column: what is plain is checked and turned into text by whole columns.

A cell that is not plain (a comma to be removed, a text to be cut, a value of another kind) is handed to `writer.py`,
which judges it for itself. Tests hold the two ways together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import repeat
from operator import is_
from typing import Any

from partnerlab.contracts.files.cells import Rendered
from partnerlab.contracts.files.csv import in_c
from partnerlab.contracts.files.csv.render import MARKS as MARK_BYTES
from partnerlab.contracts.files.csv.render import render_day
from partnerlab.contracts.files.csv.table import Column, CsvTable
from partnerlab.contracts.files.fields import CONTROLS
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.first_use import pattern

__all__ = ["block_writer", "bytes_writer"]

Cells = tuple[Sequence[str], Sequence[int]]
"""A column's cells, and the places of those that are not plain."""
Judge = Callable[[Column, Any, int], str]
"""A column, a value that is not None, and the place of its row to the cell; raises `ValueRefused`."""

MARKS = MARK_BYTES.decode()
PLAIN_AMOUNT = pattern(r"-?[0-9]+\.[0-9]{2}")
# Cells of a column, each with a line break behind it. Possessive, so that a long column keeps no place to go back to.
AMOUNTS = pattern(r"(?:(?:-?[0-9]++\.[0-9][0-9])?+\n)*+")
SEPARATOR = "\x1f"  # between the cells of a column; a control character, which no plain cell holds
# What no plain cell begins or ends with, each behind a single character that is found much faster.
EDGES = [*((mark, SEPARATOR + mark) for mark in MARKS), (" ", " " + SEPARATOR)]
_NONE = type(None)


def bytes_writer(table: CsvTable) -> Callable[[Sequence[Row], Judge], bytes]:
    """A function from rows to the bytes of their lines: by the compiled module where it is there, else by columns."""
    columns, write, write_in_c = table.columns, block_writer(table), in_c.block_writer(table)

    def write_bytes(rows: Sequence[Row], judge: Judge) -> bytes:
        if write_in_c is not None:
            found = write_in_c(tuple(rows), lambda number, value, at: judge(columns[number], value, at))
            if found is not None:
                return found
        return ("\r\n".join(write(rows, judge)) + "\r\n").encode()

    return write_bytes


def block_writer(table: CsvTable) -> Callable[[Sequence[Row], Judge], list[str]]:
    """A function from rows to their lines without line ends; cells that are not plain are judged in their order."""
    columns = table.columns
    writers = [WRITERS[column.kind] for column in columns]

    def write(rows: Sequence[Row], judge: Judge) -> list[str]:
        values = list(zip(*rows, strict=True))
        texts: list[Iterable[str]] = []
        others: list[tuple[int, int, list[str]]] = []
        same: list[str] = []  # the cells of neighbouring columns that have one value each: one text for all rows
        for number, (column, one) in enumerate(zip(columns, values, strict=True)):
            first = one[0]
            is_same = first is one[-1] and all(map(is_, one, repeat(first)))  # as Approved, or the number of the batch
            made, wrong = writers[number](column, one[:1] if is_same else one)
            if is_same and not wrong:
                same.append(made[0])
                continue
            if same:
                texts.append(repeat(",".join(same)))
                same = []
            if wrong:
                made = [*made] * len(one) if is_same else list(made)
                others += [(at, number, made) for at in (range(len(one)) if is_same else wrong)]
            texts.append(made)
        for at, number, made in sorted(others):
            made[at] = judge(columns[number], values[number][at], at)
        if same:
            texts.append(repeat(",".join(same), len(rows)))
        return list(map(",".join, zip(*texts)))  # noqa: B905 - what is the same for all rows has no end

    return write


def _texts(column: Column, values: Sequence[Any]) -> Cells:
    try:
        joined = SEPARATOR.join(values)
    except TypeError:  # None, or no text
        values, wrong = _of_kind(values, str, "")
        if wrong:
            return values, wrong
        joined = SEPARATOR.join(values)
    most = column.most
    if most and max(map(len, values)) > most:
        return values, _not_plain(values, most)
    if "," not in joined:
        return values, () if _are_plain(values, joined) else _not_plain(values, most)
    wrong = [at for at, text in enumerate(values) if "," in text]  # as some names have
    rest = list(values)
    for at in wrong:
        rest[at] = ""
    return values, wrong if _are_plain(rest, SEPARATOR.join(rest)) else _not_plain(values, most)


def _are_plain(texts: Sequence[str], joined: str) -> bool:
    """Whether texts without a comma stand as they are; *joined* has them with separators between them."""
    if '"' in joined or joined[:1] in {*MARKS} or joined[-1:] == " ":
        return False
    if any(mark in joined and edge in joined for mark, edge in EDGES):
        return False
    if not joined.isascii():
        return "".join(texts).isprintable()
    data = joined.encode()
    return len(data) - len(data.translate(None, CONTROLS)) == len(texts) - 1  # the separators


def _not_plain(texts: Sequence[str], most: int) -> list[int]:
    return [
        at
        for at, text in enumerate(texts)
        if text
        and (
            "," in text
            or text[0] in MARKS
            or text[-1] == " "
            or not text.isprintable()
            or '"' in text
            or (most and len(text) > most)
        )
    ]


def _amounts(_: Column, values: Sequence[Any]) -> Cells:
    cells, wrong = _rendered(values, Decimal, Decimal.to_eng_string)
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
    days = {*map(datetime.toordinal, values)}
    if len(days) > 1:
        return list(map(_moment, values)), ()
    day = _days[days.pop()]  # as in an export of a day
    return [f"{day}{_MINUTES[one.hour * 60 + one.minute]}{_SECONDS[one.second]}" for one in values], ()


def _integers(_: Column, values: Sequence[Any]) -> Cells:
    cells, wrong = _rendered(values, int, _whole.__getitem__)
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
    return f"{_days[value.toordinal()]}{_MINUTES[value.hour * 60 + value.minute]}{_SECONDS[value.second]}"


_whole = Rendered(str)
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
