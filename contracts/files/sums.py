"""What a header states of its file, as the file itself has it: how many invoices, and the sum of their amounts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from decimal import Decimal

from partnerlab.contracts.files.layout import Totals
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.records import dataclass

__all__ = ["Sums", "Untrue"]


@dataclass(frozen=True, slots=True)
class Untrue:
    """A value of FH that the file does not bear out: its field, the rule, what it says, and what is so."""

    field: str
    rule: str
    stated: int | Decimal
    message: str


@dataclass(slots=True)
class Sums:
    """The IH rows read so far: their count and the sums of `of` and `or_of`; None where no such sum can be stated."""

    totals: Totals
    invoices: int = 0
    total: Decimal = Decimal(0)
    other: Decimal | None = field(init=False)

    def __post_init__(self) -> None:
        self.other = Decimal(0) if self.totals.or_of else None

    def add_other(self, amount: Decimal | None) -> None:
        """Add to the other sum; where one amount is missing there is no such sum."""
        if self.other is not None:
            self.other = None if amount is None else self.other + amount

    def is_other(self, header: Row) -> bool:
        """Whether a header states the sum of `or_of` in place of that of `of`."""
        stated = header[self.totals.sum]
        return bool(stated != self.total and stated == self.other)

    def compare(self, header: Row) -> Iterator[Untrue]:
        """What a header states wrongly. A wrong count explains a wrong total, and comes first."""
        totals = self.totals
        count, total = header[totals.count], header[totals.sum]
        if count != self.invoices:
            message = f"says {count:,}, but there are {self.invoices:,} IH rows"
            yield Untrue(totals.count, "wrong-invoice-count", count, message)
        if total != self.total and not self.is_other(header):
            message = f"says {total:,}, but {totals.of} sums to {self.total:,}"
            yield Untrue(totals.sum, "wrong-total", total, message)
