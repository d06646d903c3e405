"""What a reading of a CSV file found: counts, quarantined rows with their problems, and what was tolerated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from partnerlab.contracts.files.problems import FileError, Note, Problem
from partnerlab.contracts.records import dataclass

__all__ = ["RECEIVED_RULES", "RULES", "CsvRejected", "CsvReport", "QuarantinedRow"]

# Each rule and its scope: the file as a whole, or one row.
RULES: Mapping[str, tuple[str, str]] = {
    "empty-file": ("file", "the file holds a row"),
    "wrong-encoding": ("file", "the file is UTF-8 or Windows-1252 text"),
    "wrong-columns": ("file", "the first row has as many columns as one of the tables"),
    "hopeless": ("file", "beyond 10,000 broken or blank rows at least as many others stand before them"),
    "too-few-columns": ("row", "a row has the columns of its table"),
    "too-many-columns": ("row", "a row has the columns of its table"),
    "required-empty": ("row", "a required cell is not empty"),
    "not-an-amount": ("row", "an amount has at most two decimals and can be read in one way [A-86]"),
    "not-a-date": ("row", "a date is MM/DD/YYYY and exists [A-86]"),
    "not-a-whole-number": ("row", "an id is 1 to 9 digits"),
    "not-a-flag": ("row", "a flag is 1, 0 or empty"),
    "not-a-number-of-its-own": ("row", "a spreadsheet did not turn an account or invoice number into an exponent"),
    "hidden-character": ("row", "an account or invoice number holds nothing that nobody sees [A-126]"),
    "number-too-long": ("row", "an account or invoice number has at most 250 characters [A-126]"),
    "wrong-biller-value": ("row", "a cell that Invoice Cloud provides holds this biller's value"),
    "unknown-value": ("row", "an AdjustmentTypeID is one that this biller uses [A-80]"),
    "stands-twice": ("row", "an InvoiceNumber stands once in a file [A-88]"),
    "open-quote": ("row", "a quoted field is closed in its own row, within 50 lines"),
    "misplaced-quote": ("row", "a quoted field is followed by a comma"),
    "control-character": ("row", "a row holds no control characters but tabs"),
    "not-text": ("row", "a row is UTF-8 or Windows-1252"),
    "row-too-long": ("row", "a row has at most 16,384 characters"),
}

# The rules of a file that Invoice Cloud sends: it is taken whole or not at all.
RECEIVED_RULES: Mapping[str, str] = {
    "empty-file": "the file holds a row",
    "wrong-encoding": "the file is UTF-8 text",
    "wrong-line-end": "a line ends with CR LF",
    "truncated-row": "the last line has its end",
    "other-content": "a name stands for one content",
    "too-few-columns": "a row has the columns of its table",
    "too-many-columns": "a row has the columns of its table",
    "control-character": "a row holds no control characters",
    "required-empty": "a required cell is not empty",
    "not-an-amount": "an amount is dollars, a point and two digits",
    "not-a-moment": "a date-time is MMDDYYYYHHMMSS and exists",
    "not-a-whole-number": "an id is 1 to 18 digits",
    "not-a-boolean": "a flag is True or False",
    "not-a-number-of-its-own": "a spreadsheet did not turn an account number into an exponent",
}


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that was not read: its text as it stood, from line `line` on, and what is wrong with it."""

    line: int
    problems: tuple[Problem, ...]
    text: str


@dataclass(frozen=True, slots=True)
class CsvReport:
    """
    What a reading found.

    `rows` counts all that are neither header nor empty, `good` those that were handed out. `quarantine` keeps the first
    thousand of the others. `rejection` says why the file as a whole cannot be used; `loaded` is 0 then.
    """

    table: str
    lines: int
    rows: int
    good: int
    quarantined: int
    quarantine: tuple[QuarantinedRow, ...]
    notes: tuple[Note, ...]
    rejection: Problem | None = None

    @property
    def accepted(self) -> bool:
        """Whether the good rows may be used."""
        return self.rejection is None

    @property
    def loaded(self) -> int:
        """How many rows may be used: none of a rejected file."""
        return self.good if self.accepted else 0

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The rejection, if any, then every problem of the kept quarantine."""
        first = () if self.rejection is None else (self.rejection,)
        return first + tuple(problem for entry in self.quarantine for problem in entry.problems)

    def __str__(self) -> str:
        counts = f"{self.rows:,} rows, {self.loaded:,} loaded, {self.quarantined:,} quarantined"
        return counts if self.rejection is None else f"rejected: {self.rejection}; {counts}"

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "layout": self.table,
            "accepted": self.accepted,
            "lines": self.lines,
            "rows": self.rows,
            "loaded": self.loaded,
            "quarantined": self.quarantined,
            "rejection": None if self.rejection is None else self.rejection.as_dict(),
            "quarantine": [
                {
                    "line": entry.line,
                    "problems": [problem.as_dict() for problem in entry.problems],
                    "rows": [entry.text],
                }
                for entry in self.quarantine
            ],
            "notes": [asdict(note) for note in self.notes],
        }


class CsvRejected(FileError):
    """The file as a whole cannot be used; nothing read from it may be kept."""

    def __init__(self, report: CsvReport) -> None:
        self.report = report
        super().__init__(str(report))
