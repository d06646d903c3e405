"""
Whole invoices at once: where they begin in a batch of rows, and whether all of some are good, without their values.

A window of invoices in which anything is not plain is left to the reader, which goes through it row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from operator import sub

from partnerlab.contracts.files.columns import rows_checker
from partnerlab.contracts.files.groups import MAX_ROWS
from partnerlab.contracts.files.layout import Layout
from partnerlab.contracts.files.lines import Batch
from partnerlab.contracts.one_line import LONGEST_NUMBER
from partnerlab.contracts.records import dataclass

__all__ = ["Plain", "Window", "invoices_checker", "windows"]

MOST = 256  # invoices of a window: what they are split into should stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Window:
    """
    Some rows of a batch, the first of them on line `first`.

    `starts` are the places of the IH rows where the window is nothing but invoices, each followed by another in the
    batch, so that all its rows are known. It is empty where they are not, or where a row cannot be read.
    """

    lines: list[str]
    first: int
    starts: Sequence[int]


@dataclass(frozen=True, slots=True)
class Plain:
    """What good invoices come to: their numbers, and the sums of the two amounts; None where there is no such sum."""

    numbers: list[str]
    total: Decimal
    other: Decimal | None


def windows(batch: Batch) -> Iterator[Window]:
    """The rows of a batch, cut before IH rows where there are any."""
    lines, first = batch.lines, batch.first
    starts = [at for at, line in enumerate(lines) if "IH|" <= line < "IH}"]  # begins with IH|, in half the time
    if not starts:
        yield Window(lines, first, ())
        return
    if starts[0]:
        yield Window(lines[: starts[0]], first, ())
    last = len(starts) - 1
    for begin in range(0, last, MOST):
        end = min(begin + MOST, last)
        here, following = starts[begin], starts[end]
        flagged = batch.flagged and not batch.flagged.keys().isdisjoint(range(first + here, first + following))
        inside = () if flagged else [at - here for at in starts[begin:end]]
        yield Window(lines[here:following], first + here, inside)
    yield Window(lines[starts[-1] :], first + starts[-1], ())


def invoices_checker(layout: Layout) -> Callable[[Window], Plain | None]:
    """A function from a window to what its invoices come to; None where one of them is not plain."""
    totals = layout.totals
    check_invoices = rows_checker(layout.record("IH"), (totals.key, totals.of, totals.or_of or totals.of))
    check_customers = rows_checker(layout.record("CR"), ("AccountNumber",))
    check_details = rows_checker(layout.record("ID"), ())

    def check(window: Window) -> Plain | None:
        lines, starts = window.lines, window.starts
        ends = [*starts[1:], len(lines)]
        sizes = list(map(sub, ends, starts))
        if min(sizes) < 3 or max(sizes) > MAX_ROWS:
            return None
        details: list[str] = []
        for start, end in zip(starts, ends, strict=True):
            details += lines[start + 2 : end]
        if check_details(details) is None:
            return None
        customers = check_customers([lines[at + 1] for at in starts])
        invoices = check_invoices([lines[at] for at in starts])
        if customers is None or invoices is None or _odd(customers[0]) or _odd(invoices[0]):
            return None
        numbers, amounts, others = invoices
        total = _sum(amounts)
        return None if total is None else Plain(numbers, total, _sum(others))

    return check


def _odd(numbers: Sequence[str]) -> bool:
    """Whether spaces stand around one of them [A-95], something in it that nobody sees, or it is too long [A-126]."""
    joined = "\n".join(("", *numbers, ""))
    return (
        "\n " in joined
        or " \n" in joined
        or not (joined.isascii() or "".join(numbers).isprintable())
        or max(map(len, numbers)) > LONGEST_NUMBER
    )


def _sum(amounts: Sequence[str]) -> Decimal | None:
    """The sum of amounts with two decimals each; None where one is missing."""
    if "" in amounts:
        return None
    return Decimal(sum(map(int, "\n".join(amounts).replace(".", "").split("\n")))).scaleb(-2)
