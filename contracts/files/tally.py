"""What a reading of a bill file has found so far: counts, sums, quarantine, notes, and why the file is rejected."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from partnerlab.contracts.files.invoices import Plain
from partnerlab.contracts.files.layout import Layout
from partnerlab.contracts.files.problems import Notes, Problem, Quarantined, Report
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.files.seen import InvoiceNumbers
from partnerlab.contracts.files.sums import Sums

__all__ = ["Tally"]

KEPT = 1_000  # quarantined groups that a report keeps


class Tally:
    """
    Counted by one reading; `report` is what it comes to.

    `lines` are those read, `broken` those of them that are broken or blank, `seen` the invoice numbers. The other
    values are as in `Report`.
    """

    def __init__(
        self, layout: Layout, *, strict: bool = False, on_quarantine: Callable[[Quarantined], None] | None = None
    ) -> None:
        self.layout, self.strict, self.on_quarantine = layout, strict, on_quarantine
        self.header: Row | None = None
        self.header_line = 0
        self.rejection: Problem | None = None
        self.lines = self.broken = self.good = self.given = self.quarantined = 0
        self.given_total = Decimal(0)
        self.sums = Sums(layout.totals)
        self.notes = Notes()
        self.kept: list[Quarantined] = []
        self.seen = InvoiceNumbers()

    def report(self) -> Report:
        """What was found."""
        return Report(
            layout=self.layout.name,
            header=self.header,
            lines=self.lines,
            invoices=self.sums.invoices,
            total_amount_due=self.sums.total,
            good=self.good,
            given=self.given,
            given_total=self.given_total,
            quarantined=self.quarantined,
            quarantine=tuple(self.kept),
            notes=self.notes.found(),
            rejection=self.rejection,
            strict=self.strict,
        )

    def take(self, plain: Plain) -> bool:
        """Takes good invoices into count and sums; False where one of their numbers stood in the file before."""
        if not self.seen.add_all(plain.numbers):
            return False
        count = len(plain.numbers)
        self.sums.invoices += count
        self.sums.total += plain.total
        self.sums.add_other(plain.other)
        self.good += count
        if self.rejection is None:
            self.given += count
            self.given_total += plain.total
        return True

    def count(self, amount: Decimal | None, number: int, invoice_number: str) -> None:
        """Takes an IH row into the count and the sum."""
        self.sums.invoices += 1
        if amount is not None:
            self.sums.total += amount
        else:
            of = self.layout.totals.of
            field = self.layout.record("IH").field(of)
            message = f"cannot be read, so the header's {self.layout.totals.sum} cannot be checked"
            self.reject("unreadable-total", message, number, "IH", "", of, field.spec_id, invoice_number)

    def set_aside(self, broken: Quarantined) -> None:
        """Keeps a broken group, the first thousand of them; a strict reading rejects the file for it."""
        self.quarantined += 1
        if len(self.kept) < KEPT:
            self.kept.append(broken)
        if self.on_quarantine is not None:
            self.on_quarantine(broken)
        if self.strict and self.rejection is None:
            self.rejection = broken.problems[0]

    def compare(self) -> None:
        """The header's count and total against what was read; of two that are wrong the first is said."""
        totals = self.layout.totals
        header = self.header
        if header is None:
            self.reject("empty-file", "holds no row")
            return
        if self.sums.is_other(header):
            message = f"{totals.sum} is the sum of {totals.or_of}, not of {totals.of}"
            self.notes.add("other-total", message, self.header_line)
        for wrong in self.sums.compare(header):
            spec_id = self.layout.record("FH").field(wrong.field).spec_id
            self.reject(wrong.rule, wrong.message, self.header_line, "FH", str(wrong.stated), wrong.field, spec_id)

    def reject_cut(self, number: int, code: str) -> None:
        """Rejects a file that ends within a broken row."""
        self.rejection = None  # the cut explains whatever else is wrong with this row
        self.reject("truncated-row", "the file stops in the middle of this row", number, code)

    def reject(
        self,
        rule: str,
        message: str,
        line: int = 0,
        record: str = "",
        value: str = "",
        field: str = "",
        spec_id: int = 0,
        invoice_number: str = "",
    ) -> None:
        """Rejects the file; the first reason stands."""
        if self.rejection is None:
            source = self.layout.source
            self.rejection = Problem(rule, message, line, record, field, spec_id, value, invoice_number, source)
