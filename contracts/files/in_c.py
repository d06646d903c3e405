"""
Whole good invoices read by a compiled module, `_invoices.c`, where it was built; else by the functions of `compiled`.

Rows of a CSV file are read by it too (`csv/in_c.py`), and `lines_in_c.py` has the module that writes.

The module is told here what a field table means: it has no rule of its own. It leaves all that is not plain to Python,
so what is wrong with a file is said in one place, and the same with and without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Context
from functools import cache, lru_cache, partial
from importlib import import_module
from typing import Any

from partnerlab.contracts.files.cells import NAMES, Parsed, many_dates
from partnerlab.contracts.files.compiled import KEPT
from partnerlab.contracts.files.fields import DIGITS, MAX_ROW, Field, parse_cell
from partnerlab.contracts.files.groups import MAX_ROWS
from partnerlab.contracts.files.layout import Layout, Record
from partnerlab.contracts.files.lines import REFUSED
from partnerlab.contracts.files.row import Row

__all__ = ["invoice_reader", "module", "way"]

INTERFACE = 2
"""What the modules say of themselves; one that was built from other sources is not used."""
FILLER, TEXT, DECIMAL, MADE, NUMBER = range(5)
INVOICES = "_invoices"

Column = tuple[int, bool, bool, int, int, int, int, Any, Callable[[str], Any] | None, Callable[[str], Any] | None]
"""
What the module is told of a column, in this order.

Its kind; whether it is required; whether it has a value for each meter; digits before the point, and the least and the
most behind it, or the most characters of a NUMBER; its place in the row; the value of an empty cell; what makes a value
from text; what makes several.
"""

ReadInvoice = Callable[[bytes, int], tuple[tuple[Row, Row, tuple[Row, ...]], int] | None]
"""
The rows of the invoice that begins at a place, and the place of the one that follows.

None where one of its rows is not plain, where none follows, or where no invoice begins.
"""


def way() -> str:
    """How bill files are read in this process, in words."""
    return "bill files are read by the compiled module" if module(INVOICES) else "bill files are read in pure Python"


def invoice_reader(layout: Layout) -> ReadInvoice | None:
    """A function that reads whole invoices of this layout; None where the module is not there or switched off."""
    found = module(INVOICES)
    return None if found is None else _made(found, layout)


def module(name: str) -> Any:
    """A compiled module, if it is there. `PARTNERLAB_PURE=1` switches all of them off."""
    return None if os.environ.get("PARTNERLAB_PURE", "0") not in ("", "0") else _built(name)


@lru_cache(maxsize=KEPT)
def _made(module: Any, layout: Layout) -> ReadInvoice:
    records = tuple(_told(layout.record(code)) for code in ("IH", "CR", "ID"))
    reader: ReadInvoice = module.Reader(records, b"IH|", REFUSED, MAX_ROW, MAX_ROWS)
    return reader


@cache
def _built(name: str) -> Any:
    try:
        found = import_module(f"partnerlab.contracts.files.{name}")
    except ImportError:
        return None
    return found if found.INTERFACE == INTERFACE else None


def _told(record: Record) -> tuple[type[Row], int, tuple[Column, ...]]:
    """A record's table, as the module takes it."""
    places = {field.name: at for at, field in enumerate(record.named)}
    columns = tuple(
        (FILLER, False, False, 0, 0, 0, 0, None, None, None)
        if field.kind == "filler"
        else _column(field, places[field.name])
        for field in record.fields
    )
    return record.row, len(places), columns


def _column(field: Field, place: int) -> Column:
    kind, digits = TEXT, (0, 0, 0)
    make: Callable[[str], Any] | None = None
    if field.constant:
        kind, make = MADE, Parsed(partial(parse_cell, field)).__getitem__
    elif field.pattern:
        kind, make = MADE, partial(parse_cell, field)
    elif field.kind in DIGITS:
        kind, digits, make = DECIMAL, DIGITS[field.kind], Context(prec=40).create_decimal
    elif field.kind != "text":
        kind = MADE
        make = (many_dates(field.values) if field.many else NAMES[f"optional_{field.kind}s"]).__getitem__
    several = partial(NAMES[f"many_{field.kind}s"], most=field.values) if field.many else None
    return kind, field.required, field.many, *digits, place, field.empty, make, several
