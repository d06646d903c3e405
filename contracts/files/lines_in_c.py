"""
Rows to the bytes of their lines by a compiled module, `_lines.c`, where it was built.

The module is told here what a table means: it has no rule of its own. What is not plain it leaves to Python, so what is
refused, replaced or told is said in one place, and the same with and without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from partnerlab.contracts.files.cells import NAMES, Rendered, many_date_texts
from partnerlab.contracts.files.compiled import KEPT
from partnerlab.contracts.files.fields import CONTROLS_AND_BAR, DIGITS, MAX_ROW, Field, render_cell
from partnerlab.contracts.files.groups import MAX_ROWS
from partnerlab.contracts.files.in_c import module
from partnerlab.contracts.files.layout import Layout, Record

__all__ = ["FLAGS", "Column", "Kind", "column", "groups_writer", "lines_module"]

FILLER, TEXT, DECIMAL, INTEGER, MOMENT, MADE = range(6)
TYPES: dict[str, type] = {
    "text": str, "guid": str, "date": date, "amount": Decimal, "number": Decimal, "integer": int, "flag": bool,
}  # fmt: skip
FLAGS = {False: "0", True: "1"}

Kind = int
Column = tuple[Kind, bool, bool, bool, int, int, int, int, type, Callable[[Any], Any] | None, Callable[..., str] | None]
"""
What the module is told of a column.

Its kind, whether it is required, of several meters, and empty for None; digits before and least and most behind the
point, or the most characters of a text; its place in the row, the exact type of a value; what makes one value a text,
or says that a text has its shape; what makes those of several meters a text.
"""

WriteGroups = Callable[[Sequence[Any], Sequence[Any], Sequence[Any]], bytes | None]
"""From tuples of IH rows, CR rows and the ID rows of each to the bytes of their lines; None where one is not plain."""


def lines_module() -> Any:
    """The module, if it is there and not switched off."""
    return module("_lines")


def groups_writer(layout: Layout) -> WriteGroups | None:
    """A function that writes whole invoices of this layout; None where the module is not there or switched off."""
    found = lines_module()
    return None if found is None else _made(found, layout)


@lru_cache(maxsize=KEPT)
def _made(found: Any, layout: Layout) -> WriteGroups:
    records = tuple(_told(layout.record(code)) for code in ("IH", "CR", "ID"))
    writer: WriteGroups = found.Writer(records, b"|", b"\n", CONTROLS_AND_BAR, b"", b"", MAX_ROW, MAX_ROWS - 2)
    return writer


def _told(record: Record) -> tuple[int, tuple[Column, ...]]:
    places = {field.name: at for at, field in enumerate(record.named)}
    columns = (
        column(FILLER) if field.kind == "filler" else _column(field, places[field.name]) for field in record.fields
    )
    return len(places), tuple(columns)


def column(
    kind: Kind,
    of: type = str,
    place: int = 0,
    *,
    required: bool = False,
    many: bool = False,
    none: bool = True,
    digits: tuple[int, int, int] = (0, 0, 0),
    make: Callable[[Any], Any] | None = None,
    several: Callable[..., str] | None = None,
) -> Column:
    """A column as the module takes it."""
    return kind, required, many, none, *digits, place, of, make, several


def _column(field: Field, place: int) -> Column:
    told = partial(column, of=TYPES[field.kind], place=place, required=field.required, none=field.empty is None)
    if field.many:
        if field.kind == "date":
            return told(MADE, many=True, several=many_date_texts(field.values).__getitem__)
        several = partial(NAMES[f"{field.kind}_many_text"], most=field.values)
        kind, digits = (DECIMAL, DIGITS[field.kind]) if field.kind in DIGITS else (TEXT, (0, 0, 0))
        return told(kind, many=True, digits=digits, several=several)
    if field.pattern and field.kind == "text" and not field.constant:
        return told(TEXT, make=re.compile(field.pattern).fullmatch)
    if field.pattern:
        return told(MADE, make=partial(render_cell, field))
    if field.constant or field.kind == "guid":
        return told(MADE, make=Rendered(partial(render_cell, field)).__getitem__)
    if field.kind in DIGITS:
        return told(DECIMAL, digits=DIGITS[field.kind])
    if field.kind == "integer":
        return told(INTEGER, digits=(9, 0, 0))
    if field.kind == "text":
        return told(TEXT)
    return told(MADE, make=FLAGS.__getitem__ if field.kind == "flag" else NAMES["optional_date_texts"].__getitem__)
