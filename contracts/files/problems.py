"""
What can be wrong with a file, and how it is said.

    FileError
      FileRejected      the file as a whole cannot be used        .report
      ValueRefused      a value that the table does not allow     .problem   (writing; nothing was written)
      PartLost          a process that checked a part of the file died
      LayoutInvalid     the table itself breaks a rule            (see layout.py)

Every problem names its place and its rule: `line 14, IH.TotalAmountDue (13): '12,00' is not an amount with two
decimals (Harris inHance v2, field 13)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from partnerlab.contracts.masking import mask_text
from partnerlab.contracts.records import dataclass

if TYPE_CHECKING:
    from partnerlab.contracts.files.row import Row

__all__ = ["RULES", "FileError", "FileRejected", "Note", "PartLost", "Problem", "Quarantined", "Report", "ValueRefused"]

SHOWN = 60  # characters of a value that a problem keeps

# Each rule and the scope it has where it is broken outside the file header, in which everything is of scope `file`.
RULES: Mapping[str, tuple[str, str]] = {
    "empty-file": ("file", "the file holds no row"),
    "wrong-encoding": ("file", "the file is UTF-8 or Windows-1252 text"),
    "hopeless": ("file", "beyond 10,000 broken or blank rows at least as many others stand before them"),
    "missing-header": ("file", "the first row is the file header, FH"),
    "second-header": ("file", "the file header stands once"),
    "wrong-invoice-count": ("file", "InvoiceCount is the number of IH rows [A-16]"),
    "wrong-total": ("file", "TotalInvoiceAmount is the sum of TotalAmountDue [A-16]"),
    "unreadable-total": ("file", "the sum can be checked: every IH row's TotalAmountDue is readable"),
    "truncated-row": ("file", "the file does not stop in the middle of a row"),
    "unknown-row-type": ("invoice", "a row is FH, IH, CR or ID"),
    "customer-before-invoice": ("invoice", "a CR row follows its IH row"),
    "detail-outside-invoice": ("invoice", "an ID row belongs to an invoice"),
    "detail-before-customer": ("invoice", "an ID row follows the CR row of its invoice"),
    "missing-customer": ("invoice", "an invoice has a CR row"),
    "second-customer": ("invoice", "an invoice has one CR row"),
    "missing-detail": ("invoice", "an invoice has at least one ID row"),
    "too-many-details": ("invoice", "an invoice has at most 1,000 rows"),
    "duplicate-invoice": ("invoice", "an InvoiceNumber stands once in a file"),
    "too-few-columns": ("invoice", "a row has the columns of its table"),
    "too-many-columns": ("invoice", "a row has the columns of its table"),
    "required-empty": ("invoice", "a required field is not empty"),
    "wrong-constant": ("invoice", "a constant field holds its constant"),
    "wrong-shape": ("invoice", "a field of a given shape has it"),
    "wrong-biller-value": ("invoice", "a field that Invoice Cloud provides holds this biller's value"),
    "not-a-date": ("invoice", "a date is MM/DD/YYYY and exists [A-15]"),
    "not-an-amount": ("invoice", "an amount has two decimals and no thousands separator [A-15]"),
    "not-a-number": ("invoice", "a reading or usage is digits with an optional decimal point"),
    "not-a-whole-number": ("invoice", "a count or id is 1 to 9 digits"),
    "not-a-flag": ("invoice", "a flag is 1 or 0"),
    "not-a-guid": ("invoice", "a GUID is 8-4-4-4-12 hexadecimal digits"),
    "too-many-values": ("invoice", "a field of several meters holds at most its number of values"),
    "hidden-character": ("invoice", "an account or invoice number holds nothing that nobody sees [A-126]"),
    "number-too-long": ("invoice", "an account or invoice number has at most 250 characters [A-126]"),
    "control-character": ("invoice", "a row holds no control characters but tabs"),
    "not-text": ("invoice", "a row is UTF-8 or Windows-1252"),
    "row-too-long": ("invoice", "a row has at most 16,384 characters"),
    # Only a writer can break these two.
    "not-of-its-type": ("invoice", "a value has the type of its field"),
    "replaced-character": ("invoice", "a delimiter, line break or control character is written as a space"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One broken rule and its place.

    `line` counts from 1 (0: the file as a whole); `record` is the row type; `field` and `spec_id` are empty and 0
    where the rule is about a whole row; `value` is what stood there, cut to 60 characters, card numbers masked.
    `column` is the position in a CSV file, counted from 1. `padded_id` is a second number of the field, if it has one.
    """

    rule: str
    message: str
    line: int = 0
    record: str = ""
    field: str = ""
    spec_id: int = 0
    value: str = ""
    invoice_number: str = ""
    source: str = ""
    column: int = 0
    padded_id: int = 0

    def __str__(self) -> str:
        number = f"{self.spec_id}/{self.padded_id}" if self.padded_id else str(self.spec_id)
        name = f"{self.record}.{self.field} ({number})" if self.record and self.field else self.record
        if self.column:
            name = f"column {self.column}, {self.field}" + (f" ({number})" if self.spec_id else "")
        place = ", ".join(part for part in (f"line {self.line}" if self.line else "the file", name) if part)
        source = f"{self.source}, field {number}" if self.spec_id else self.source
        return f"{place}: {self.message}" + (f" ({source})" if source else "")

    def as_dict(self) -> dict[str, Any]:
        """Its fields as JSON values, with the whole sentence as `text`."""
        return {**asdict(self), "text": str(self)}


def shown(value: object) -> str:
    """A value as a problem may keep it: at most 60 characters, card numbers masked."""
    text = mask_text(value if isinstance(value, str) else repr(value))
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


@dataclass(slots=True)
class Note:
    """Something tolerated: `kind`, the line it was first seen on, and how often it was."""

    kind: str
    message: str
    line: int
    count: int = 1

    def __str__(self) -> str:
        return f"{self.message} (first on line {self.line}, {self.count:,} in all)"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One broken invoice: its rows as they stood in the file, from line `line` on, and what is wrong with them."""

    line: int
    invoice_number: str
    problems: tuple[Problem, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """
    What a reading found.

    `invoices` counts IH rows, good and broken alike, and `total_amount_due` sums them: both are what the header
    states. `quarantined` counts broken groups; a stray row outside any invoice is a group of its own, so
    `good + quarantined` can exceed `invoices`. `given` are the good ones up to where the file was known to be rejected,
    which a loop gets, and `given_total` sums them. `quarantine` keeps the first thousand of them. `rejection` is the
    reason the whole file cannot be used, and then `loaded` is 0.
    """

    layout: str
    header: Row | None
    lines: int
    invoices: int
    total_amount_due: Decimal
    good: int
    given: int
    given_total: Decimal
    quarantined: int
    quarantine: tuple[Quarantined, ...]
    notes: tuple[Note, ...]
    rejection: Problem | None = None
    strict: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the good invoices may be used."""
        return self.rejection is None

    @property
    def loaded(self) -> int:
        """How many invoices may be used: none of a rejected file."""
        return self.good if self.accepted else 0

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The rejection, if any, then every problem of the kept quarantine."""
        first = () if self.rejection is None else (self.rejection,)
        rest = tuple(problem for entry in self.quarantine for problem in entry.problems)
        return first + tuple(problem for problem in rest if problem not in first)

    def __str__(self) -> str:
        counts = f"{self.invoices:,} invoices, {self.loaded:,} loaded, {self.quarantined:,} quarantined"
        return counts if self.rejection is None else f"rejected: {self.rejection}; {counts}"

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values: amounts and dates as text."""
        return {
            "layout": self.layout,
            "accepted": self.accepted,
            "strict": self.strict,
            "lines": self.lines,
            "invoices": self.invoices,
            "total_amount_due": str(self.total_amount_due),
            "loaded": self.loaded,
            "quarantined": self.quarantined,
            "rejection": None if self.rejection is None else self.rejection.as_dict(),
            "quarantine": [
                {
                    "line": entry.line,
                    "invoice_number": entry.invoice_number,
                    "problems": [problem.as_dict() for problem in entry.problems],
                    "rows": list(entry.rows),
                }
                for entry in self.quarantine
            ],
            "notes": [asdict(note) for note in self.notes],
        }


class FileError(Exception):
    """Base of what the file codec raises."""


class FileRejected(FileError):
    """The file as a whole cannot be used; nothing read from it may be kept."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(str(report))

    @property
    def problem(self) -> Problem:
        """Why."""
        assert self.report.rejection is not None
        return self.report.rejection


class PartLost(FileError):
    """A process that checked a part of a file ended before it said anything; nothing is known of the file."""


class ValueRefused(FileError):
    """A value that the table does not allow. Nothing was written."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


@dataclass(slots=True)
class Notes:
    """The notes of one reading, by kind."""

    _found: dict[str, Note] = field(default_factory=dict)

    def add(self, kind: str, message: str, line: int, count: int = 1) -> None:
        """Counts what was tolerated; the first place is kept."""
        note = self._found.get(kind)
        if note is None:
            self._found[kind] = Note(kind, message, line, count)
        else:
            note.count += count

    def take_back(self, kind: str, count: int) -> None:
        """Forget the last *count* places of a kind."""
        note = self._found.get(kind)
        if note is not None:
            note.count -= count
            if note.count == 0:
                del self._found[kind]

    def found(self) -> tuple[Note, ...]:
        """The notes so far, in the order of the lines that they were first made for."""
        return tuple(sorted(self._found.values(), key=lambda note: note.line))
