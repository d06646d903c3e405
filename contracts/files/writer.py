"""
Writing a bill file: the header's count and total are computed from the invoices.

The header comes first and is known last, so the rows go to a temporary file (in memory up to 8 MB) and are copied
behind the header when all are written. The memory needed does not grow with the file, any iterable will do, and a
refused value leaves the stream untouched.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import chain, islice
from typing import IO

from partnerlab.contracts.files.compiled import row_renderer
from partnerlab.contracts.files.groups import MAX_ROWS, InvoiceGroup
from partnerlab.contracts.files.layout import Layout
from partnerlab.contracts.files.problems import Problem, ValueRefused, shown
from partnerlab.contracts.files.rendered import groups_renderer
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.files.rows import number_refused, render_row
from partnerlab.contracts.files.seen import InvoiceNumbers
from partnerlab.contracts.one_line import LONGEST_NUMBER
from partnerlab.contracts.records import dataclass

__all__ = ["Written", "write_bif"]

SPOOL = 8 << 20
BLOCK = 200
"""Invoices that are written at once: texts of under 128 KB; larger ones are memory that the system clears each time."""
KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Written:
    """
    What was written: invoices, rows, bytes, the total.

    `replaced` counts the values in which characters that a file cannot hold became spaces; `replacements` keeps the
    first thousand of them as problems.
    """

    invoices: int
    rows: int
    bytes: int
    total_amount_due: Decimal
    replaced: int
    replacements: tuple[Problem, ...]


def write_bif(
    stream: IO[bytes],
    layout: Layout,
    header: Row,
    groups: Iterable[InvoiceGroup],
    *,
    progress: Callable[[int], None] | None = None,
) -> Written:
    """
    Writes a bill file in its canonical form: UTF-8, LF, dates MM/DD/YYYY, amounts with two decimals.

    Args:
        stream: A binary stream; nothing is written to it before every value has been accepted.
        header: The FH row; its count and total are replaced by those of *groups*.
        groups: Any iterable, gone through once; nothing in it is changed.
        progress: Is told the invoices done so far, about every two hundred.
    Raises:
        ValueRefused: A value is not what the table allows, an invoice number stands twice, it or an account number
            holds what nobody sees [A-126], or an invoice has no ID row or more than 1,000 rows.
    """
    sink = _Sink(layout)
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as spool:
        try:
            size = sink.write_groups(groups, spool, progress)
        finally:
            sink.seen.close()
        totals = layout.totals
        first = header._replace(**{totals.count: sink.invoices, totals.sum: sink.total})
        line = (sink.render("FH", first, 1, "") + "\n").encode()
        stream.write(line)
        spool.seek(0)
        shutil.copyfileobj(spool, stream, 1 << 18)
    return Written(sink.invoices, sink.rows + 1, size + len(line), sink.total, sink.replaced, tuple(sink.replacements))


class _Sink:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.invoices = self.rows = self.replaced = 0
        self.total = Decimal(0)
        self.replacements: list[Problem] = []
        self.seen = InvoiceNumbers()
        fields = layout.record("IH").row._fields
        self.total_at, self.key_at = fields.index(layout.totals.of), fields.index(layout.totals.key)
        self.account_at = layout.record("CR").row._fields.index("AccountNumber")
        self.render_groups = groups_renderer(layout)

    def write_groups(
        self, groups: Iterable[InvoiceGroup], spool: IO[bytes], progress: Callable[[int], None] | None
    ) -> int:
        groups = iter(groups)
        size = 0
        while block := list(islice(groups, BLOCK)):
            data = self._at_once(block)
            size += spool.write(self._one_by_one(block) if data is None else data)
            if progress is not None:
                progress(self.invoices)
        if progress is not None and not self.invoices:
            progress(0)
        return size

    def _at_once(self, groups: Sequence[InvoiceGroup]) -> bytes | None:
        """The lines of groups that are all plain, else None: then nothing was counted."""
        invoices = tuple([group.invoice for group in groups])
        customers = tuple([group.customer for group in groups])
        details_of = tuple([group.details for group in groups])
        data = self.render_groups(invoices, customers, details_of)
        if data is None:
            return None
        numbers = [tuple.__getitem__(row, self.key_at) for row in invoices]
        accounts = [tuple.__getitem__(row, self.account_at) for row in customers]
        if (
            not "".join(chain(numbers, accounts)).isprintable()
            or max(map(len, chain(numbers, accounts))) > LONGEST_NUMBER
        ):
            return None
        if not self.seen.add_all(numbers):
            return None
        self.total = sum([tuple.__getitem__(row, self.total_at) for row in invoices], self.total)
        self.invoices += len(groups)
        self.rows += 2 * len(groups) + sum(map(len, details_of))
        return data

    def _one_by_one(self, groups: Sequence[InvoiceGroup]) -> bytes:
        """The lines of groups, row by row."""
        layout, seen = self.layout, self.seen
        render_invoice = row_renderer(layout.record("IH"))
        render_customer = row_renderer(layout.record("CR"))
        render_detail = row_renderer(layout.record("ID"))
        at = tuple.__getitem__
        width = len(layout.record("IH").named)
        lines: list[str] = []
        for group in groups:
            invoice = group.invoice
            first = self.rows + 2  # the header is line 1
            line = render_invoice(invoice)
            number = str(at(invoice, self.key_at)) if len(invoice) == width else ""
            lines.append(line if line is not None else self.render("IH", invoice, first, number))
            if problem := number_refused(layout, "IH", layout.totals.key, number, first, number):
                raise ValueRefused(problem)
            if not seen.add(number):
                raise self._refused("duplicate-invoice", f"{shown(number)!r} was written already", first, number)
            line = render_customer(group.customer)
            lines.append(line if line is not None else self.render("CR", group.customer, first + 1, number))
            account = str(at(group.customer, self.account_at))
            if problem := number_refused(layout, "CR", "AccountNumber", account, first + 1, number):
                raise ValueRefused(problem)
            if not group.details:
                raise self._refused("missing-detail", "has no ID row", first, number)
            if len(group.details) + 2 > MAX_ROWS:
                raise self._refused("too-many-details", f"has more than {MAX_ROWS:,} rows", first, number)
            for offset, row in enumerate(group.details, first + 2):
                line = render_detail(row)
                lines.append(line if line is not None else self.render("ID", row, offset, number))
            self.rows += 2 + len(group.details)
            self.invoices += 1
            self.total += at(invoice, self.total_at)
        lines.append("")
        return "\n".join(lines).encode()

    def render(self, code: str, row: Row, number: int, invoice_number: str) -> str:
        """A line the straightforward way: what the compiled writer would not take is judged here."""
        line, replaced = render_row(self.layout, self.layout.record(code), row, number, invoice_number)
        self.replaced += len(replaced)
        self.replacements += replaced[: KEPT - len(self.replacements)]
        return line

    def _refused(self, rule: str, message: str, line: int, number: str) -> ValueRefused:
        return ValueRefused(Problem(rule, message, line, "IH", invoice_number=number, source=self.layout.source))
