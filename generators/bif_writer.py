"""
What every partner's bill file needs to be written: rows as a stream, a header whose totals come last, texts of values.

A partner's own module (`bif.py` for inHance, `tccs_bif.py`) has its bills and makes its rows of them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import IO, TypeVar

from partnerlab.contracts.files import Layout
from partnerlab.contracts.files.templates import Page

__all__ = ["FORMAT_GUID", "INVOICE_TYPE_ID", "Dates", "Generated", "amount_of", "date_text", "money_text", "write_rows"]

FORMAT_GUID = "88888888-8888-4888-8888-888888888888"
INVOICE_TYPE_ID = 1

SPOOL = 8 << 20
BLOCK = 250
"""Bills that are encoded together: texts of under 128 KB; larger ones are memory that the system clears each time."""

Bill = TypeVar("Bill")
Render = Callable[[Iterable[Bill]], tuple[int, int]]
"""Puts the rows of bills on a page and returns how many bills there were and their total in cents."""


@dataclass(frozen=True, slots=True)
class Generated:
    """What was generated: invoices, rows, bytes, the header's total."""

    invoices: int
    rows: int
    bytes: int
    total_amount_due: Decimal


def write_rows(
    stream: IO[bytes],
    layout: Layout,
    bills: Iterator[Bill],
    page: Page,
    render: Render[Bill],
    *,
    biller_guid: str,
    as_of: date,
    progress: Callable[[int], None] | None = None,
) -> Generated:
    """
    Writes a file's header, with the count and the total of what *render* puts on *page* of *bills*, and its rows.

    The rows wait in a temporary file until the total is known; the memory needed does not grow with the file.
    """
    rows = size = total = done = 0
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as spool:
        while True:
            count, cents = render(islice(bills, BLOCK))
            if not count:
                break
            total += cents
            done += count
            data, made = page.take()
            rows += made
            size += spool.write(data)
            if progress is not None:
                progress(done)
        totals = layout.totals
        kinds = {"BillerGuid": "text", "FileCreationDate": "text", totals.count: "integer", totals.sum: "text"}
        page.template(layout.record("FH"), kinds)(biller_guid, date_text(as_of), done, money_text(total))
        line, _ = page.take()
        stream.write(line)
        spool.seek(0)
        shutil.copyfileobj(spool, stream, 1 << 18)
    return Generated(done, rows + 1, size + len(line), amount_of(total))


def date_text(day: date) -> str:
    """MM/DD/YYYY."""
    return f"{day.month:02}/{day.day:02}/{day.year:04}"


def money_text(cents: int) -> str:
    """Dollars with two decimals."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def amount_of(cents: int) -> Decimal:
    """Cents as dollars."""
    return Decimal(cents).scaleb(-2)


class Dates(dict[date, str]):
    """Texts of dates, each made once: a run has few."""

    def __missing__(self, day: date) -> str:
        self[day] = text = date_text(day)
        return text
