"""An invoice group, and how rows are put together to one: IH, then CR, then ID once or more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from partnerlab.contracts.files.layout import Layout
from partnerlab.contracts.files.problems import RULES, Problem, Quarantined, shown
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.records import dataclass

__all__ = ["MAX_ROWS", "InvoiceGroup", "OpenGroup", "place_problem"]

MAX_ROWS = 1_000  # of one invoice
MAX_PROBLEMS = 100  # that are kept of one invoice


@dataclass(slots=True)
class InvoiceGroup:
    """One invoice: its IH row, its CR row, its ID rows, and the line the IH row stood on (0: from no file)."""

    invoice: Row
    customer: Row
    details: tuple[Row, ...]
    line: int = field(default=0, compare=False)


class OpenGroup:
    """
    The group that rows are being added to.

    A CR row that stands before its IH row stays with it where the IH row follows; where that IH row turns out to
    have a CR row of its own, the stray one is let go as a group of its own.
    """

    __slots__ = (
        "customer", "details", "has_customer", "has_detail", "has_invoice", "has_unknown", "invoice", "line",
        "number", "problems", "rows", "stray", "takes_customer", "takes_detail",
    )  # fmt: skip

    def __init__(self, line: int = 0) -> None:
        self.line = line
        self.number = ""
        self.invoice: Row | None = None
        self.customer: Row | None = None
        self.details: list[Row] = []
        self.rows: list[str] = []
        self.problems: list[Problem] = []
        self.stray = 0  # rows at the beginning that came before the IH row
        self.has_invoice = self.has_customer = self.has_detail = self.has_unknown = False
        self.takes_customer = self.takes_detail = False  # whether a good row of that type is in its place

    def place(self, code: str, line: int) -> tuple[OpenGroup, str]:
        """
        The group that a row on *line* belongs to, this one or a new one, and the rule its place breaks, or "".

        The row is taken note of, not yet held.
        """
        if code == "IH":
            return self._place_invoice(line), ""
        if code == "CR":
            return self._place_customer(line)
        group = self if self.rows else OpenGroup(line)
        if code != "ID":
            group.has_unknown = True
            return group, ""
        group.has_detail = True
        return group, "" if self.rows else "detail-outside-invoice"

    def _place_invoice(self, line: int) -> OpenGroup:
        group = self
        if self.rows and self.has_customer and not (self.has_invoice or self.has_detail or self.has_unknown):
            self.stray = len(self.rows)
        else:
            group = OpenGroup(line)
        group.has_invoice = True
        return group

    def _place_customer(self, line: int) -> tuple[OpenGroup, str]:
        if self.has_invoice and not self.has_customer:
            self.has_customer = True
            return self, "detail-before-customer" if self.has_detail else ""
        if self.has_invoice and not self.has_detail:
            return self, "second-customer"
        group = self if self.rows and not self.has_invoice and not self.has_detail else OpenGroup(line)
        group.has_customer = True
        return group, "customer-before-invoice"

    def let_go_stray(self) -> Quarantined:
        """Parts with the rows that stood before this group's IH row: it is whole without them."""
        count = self.stray
        stray = Quarantined(self.line, "", tuple(self.problems[:count]), tuple(self.rows[:count]))
        del self.problems[:count], self.rows[:count]
        self.line += count
        self.stray = 0
        self.has_customer = False
        return stray

    def hold(self, line: str, problems: Iterable[Problem]) -> None:
        """Keeps a row as it stood, the first thousand of them, and its problems, the first hundred."""
        if len(self.rows) < MAX_ROWS:
            self.rows.append(line)
        self.problems += list(problems)[: MAX_PROBLEMS - len(self.problems)]

    def hold_problem(self, problem: Problem) -> None:
        """Keeps a problem of the group as a whole, always."""
        self.problems.append(problem)

    def finish(self, layout: Layout) -> None:
        """Adds the problems that show only at the end of a group."""
        if not self.has_invoice or self.has_unknown:
            return  # an unknown row may be the very one that is missing
        for there, rule, message in (
            (self.has_customer, "missing-customer", "has no CR row"),
            (self.has_detail, "missing-detail", "has no ID row"),
        ):
            if not there:
                self.hold_problem(
                    Problem(rule, message, self.line, "IH", invoice_number=self.number, source=layout.source)
                )

    def quarantined(self) -> Quarantined:
        """The group as it is set aside."""
        return Quarantined(self.line, self.number, tuple(self.problems), tuple(self.rows))

    def closed(self) -> InvoiceGroup:
        """The group as it is handed on. Only for one without problems."""
        assert self.invoice is not None
        assert self.customer is not None
        return InvoiceGroup(self.invoice, self.customer, tuple(self.details), self.line)


def place_problem(layout: Layout, rule: str, line: str, number: int, code: str, invoice_number: str) -> Problem:
    """A problem of a whole row: it cannot be read, is of no known type, or is out of place."""
    text = shown(line)
    message = {
        "unknown-row-type": f"row type {code!r} is not FH, IH, CR or ID",
        "customer-before-invoice": "stands before its IH row",
        "detail-outside-invoice": "belongs to no invoice",
        "detail-before-customer": "follows an ID row of the same invoice",
        "second-customer": "the invoice has a CR row already",
        "too-many-details": f"the invoice has more than {MAX_ROWS:,} rows",
    }.get(rule) or f"{text!r} breaks the rule: {RULES[rule][1]}"
    known = code if code in ("FH", "IH", "CR", "ID") else ""
    return Problem(rule, message, number, known, value=text, invoice_number=invoice_number, source=layout.source)
