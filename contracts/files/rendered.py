"""
Many rows of one type to lines at once, column by column; the cells pass the checks that a reader has for them.

Only good rows pass: where a value is not plain, all rows are left to `compiled.row_renderer`, one by one. A
differential test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from itertools import accumulate, chain
from typing import Any

from partnerlab.contracts.files.cells import NAMES, many_date_texts
from partnerlab.contracts.files.columns import check_numbers, column_checks
from partnerlab.contracts.files.compiled import KEPT, overflow
from partnerlab.contracts.files.fields import MAX_ROW, SEPARATOR, Field, is_plain
from partnerlab.contracts.files.groups import MAX_ROWS
from partnerlab.contracts.files.layout import Layout, Record
from partnerlab.contracts.files.lines_in_c import WriteGroups, groups_writer
from partnerlab.contracts.files.row import Row

__all__ = ["groups_renderer", "rows_renderer"]

Render = Callable[[Sequence[Any]], Sequence[str]]
"""From the values of a column to its cells. Raises ValueError, TypeError or KeyError where one is not of its kind."""

FLAGS = {False: "0", True: "1", None: ""}
_NONE = type(None)


def groups_renderer(layout: Layout) -> WriteGroups:
    """
    A function from the IH rows, CR rows and ID rows of invoices, at least one, to the bytes of their lines.

    By the compiled module where it is there. None where a row is not plain, or an invoice has no ID row or too many.
    """
    return groups_writer(layout) or _groups_renderer(layout)


def _groups_renderer(layout: Layout) -> WriteGroups:
    render_invoices, render_customers, render_details = (
        rows_renderer(layout.record(code)) for code in ("IH", "CR", "ID")
    )

    def render(invoices: Sequence[Row], customers: Sequence[Row], details_of: Sequence[Sequence[Row]]) -> bytes | None:
        counts = [*map(len, details_of)]
        if not 0 < min(counts) <= max(counts) <= MAX_ROWS - 2:
            return None
        heads = render_invoices(invoices)
        middles = render_customers(customers)
        lines = render_details([*chain.from_iterable(details_of)])
        if heads is None or middles is None or lines is None:
            return None
        for at, head, customer in zip(accumulate(counts, initial=0), heads, middles, strict=False):
            lines[at] = f"{head}\n{customer}\n{lines[at]}"
        lines.append("")
        return "\n".join(lines).encode()

    return render


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
        good = is_plain("".join(lines), (len(record.fields) - 1) * len(lines)) and max(map(len, lines)) <= MAX_ROW
        return lines if good else None

    return render


def _renderer(record: Record, fields: Sequence[Field], tail: int) -> Callable[[Sequence[Sequence[Any]]], list[str]]:
    """For these columns, with *tail* empty ones behind them."""
    names = [field.name for field in record.named]
    columns: list[tuple[int, Render]] = [
        (-1, _as_it_is) if field.kind == "filler" else (names.index(field.name), _render(field)) for field in fields
    ]
    checks = column_checks(fields, rendered=True)
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
    if not field.many:
        return KINDS[field.kind]
    if field.kind == "date":
        return partial(_of_type, (tuple,), many_date_texts(field.values).__getitem__)
    return partial(_of_meters, field.kind, field.values)


def _of_type(kinds: tuple[type, ...], render: Callable[[Any], str], values: Sequence[Any]) -> Sequence[str]:
    """The cells of values that are all of these types."""
    if not {*map(type, values)} <= {*kinds}:
        raise TypeError(kinds)
    return list(map(render, values))


def _decimals(values: Sequence[Any]) -> Sequence[str]:
    """The cells of decimals, None being an empty one; what is left to check is how many digits they have."""
    kinds = {*map(type, values)}
    if kinds == {Decimal}:
        return list(map(Decimal.to_eng_string, values))
    if kinds <= {Decimal, _NONE}:
        return ["" if value is None else Decimal.to_eng_string(value) for value in values]
    raise TypeError(kinds)


def _of_meters(kind: str, most: int, values: Sequence[Any]) -> Sequence[str]:
    """The cells of tuples of values."""
    if {*map(type, values)} != {tuple}:
        raise TypeError(kind)
    flat = [*chain.from_iterable(values)]
    if len(flat) > len(values) - values.count(()):  # of more than one meter
        render = NAMES[f"{kind}_many_text"]
        return [render(value, most) if value else "" for value in values]
    filled = KINDS[kind](flat)
    if "" in filled or (kind == "text" and SEPARATOR in "".join(filled)):
        raise ValueError(kind)
    if kind == "number":
        check_numbers(filled)
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
    "amount": _decimals,
    "number": _decimals,
    "integer": partial(_of_type, (int, _NONE), NAMES["optional_integer_texts"].__getitem__),
    "flag": partial(_of_type, (bool, _NONE), FLAGS.__getitem__),
}
