"""
Many rows of one type to lines at once, column by column; the cells pass the checks that a reader has for them.

Only good rows pass: where a value is not plain, all rows are left to `compiled.row_renderer`, one by one. A
differential test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from itertools import chain
from typing import Any

from partnerlab.contracts.files.columns import column_checks
from partnerlab.contracts.files.compiled import KEPT, NAMES, overflow
from partnerlab.contracts.files.fields import MAX_ROW, SEPARATOR, Field, is_printable
from partnerlab.contracts.files.layout import Record
from partnerlab.contracts.files.row import Row

__all__ = ["rows_renderer"]

Render = Callable[[Sequence[Any]], Sequence[str]]
"""From the values of a column to its cells. Raises ValueError, TypeError or KeyError where one is not of its kind."""

FLAGS = {False: "0", True: "1"}
_NONE = type(None)


@lru_cache(maxsize=KEPT)
def rows_renderer(record: Record) -> Callable[[Sequence[Row]], list[str] | None]:
    """A function from rows, at least one, to their lines; None where a row is not plain."""
    tail = overflow(record.fields)
    whole = _renderer(record, record.fields, 0)
    short = _renderer(record, record.fields[:-tail], tail) if tail else whole
    places = [record.named.index(field) for field in record.fields[len(record.fields) - tail :]]
    width = len(record.named)

    def render(rows: Sequence[Row]) -> list[str] | None:
        try:
            values = list(zip(*rows, strict=True))
            if len(values) != width:
                return None
            is_short = all(values[at].count(()) == len(rows) for at in places)
            lines = (short if is_short else whole)(values)
        except (ValueError, TypeError, AttributeError, KeyError):
            return None
        text = "".join(lines)
        bars = (len(record.fields) - 1) * len(lines)
        good = is_printable(text) and text.count("|") == bars and max(map(len, lines)) <= MAX_ROW
        return lines if good else None

    return render


def _renderer(record: Record, fields: Sequence[Field], tail: int) -> Callable[[Sequence[Sequence[Any]]], list[str]]:
    """For these columns, with *tail* empty ones behind them."""
    names = [field.name for field in record.named]
    columns: list[tuple[int, Render]] = [
        (-1, _as_it_is) if field.kind == "filler" else (names.index(field.name), _render(field)) for field in fields
    ]
    checks = column_checks(fields)
    end = "|" * (tail - 1)  # behind the bar that joins it

    def render(values: Sequence[Sequence[Any]]) -> list[str]:
        count = len(values[0])
        blank = [""] * count
        cells = [blank if at < 0 else column(values[at]) for at, column in columns]
        for check, places in checks:
            check(list(chain.from_iterable([cells[at] for at in places])))
        if tail:
            cells.append([end] * count)
        return list(map("|".join, zip(*cells, strict=True)))

    return render


def _render(field: Field) -> Render:
    if field.many:
        return partial(_of_meters, field.kind, field.values)
    return KINDS[field.kind]


def _of_type(kind: type, render: Callable[[Any], str], values: Sequence[Any]) -> Sequence[str]:
    """The cells of values that are all of a type, None being an empty one."""
    kinds = {*map(type, values)}
    if kinds == {kind}:
        return list(map(render, values))
    if kinds <= {kind, _NONE}:
        return ["" if value is None else render(value) for value in values]
    raise TypeError(kinds)


def _of_meters(kind: str, most: int, values: Sequence[Any]) -> Sequence[str]:
    """The cells of tuples of values."""
    if {*map(type, values)} != {tuple}:
        raise TypeError(kind)
    if max(map(len, values)) > 1:
        render = NAMES[f"{kind}_many_text"]
        return [render(value, most) if value else "" for value in values]
    filled = KINDS[kind]([value[0] for value in values if value])
    if "" in filled or (kind == "text" and SEPARATOR in "".join(filled)):
        raise ValueError(kind)
    if len(filled) == len(values):
        return filled
    cells = iter(filled)
    return [next(cells) if value else "" for value in values]


def _as_it_is(values: Sequence[Any]) -> Sequence[str]:
    return values  # what is no text cannot be joined


KINDS: dict[str, Render] = {
    "text": _as_it_is,
    "guid": _as_it_is,
    "date": lambda values: list(map(NAMES["optional_date_texts"].__getitem__, values)),
    "amount": partial(_of_type, Decimal, str),
    "number": partial(_of_type, Decimal, str),
    "integer": partial(_of_type, int, str),
    "flag": partial(_of_type, bool, FLAGS.__getitem__),
}
