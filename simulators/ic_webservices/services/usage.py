"""How much went through a meter, bill by bill, from the meter fields of the bill files; and the chart drawn of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.services.statement import statement

__all__ = ["MOST_BARS", "Bar", "Usage", "usage_by_meter"]

MOST_BARS = 13
"""The bill and a year before it, where they are monthly."""
WIDTH, HEIGHT = 390, 100
"""Of the chart without its labels, in its own units."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bill's bar: `x`, `y`, `width` and `height` in the chart's units, and what it stands for."""

    read_on: date
    usage: Decimal
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        """Where its labels are centred."""
        return self.x + self.width // 2


@dataclass(frozen=True, slots=True)
class Usage:
    """A meter's usage, the oldest first."""

    points: tuple[tuple[date, Decimal], ...]

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The chart's bars: the highest is as high as the chart."""
        most, slot = max(usage for _, usage in self.points), WIDTH // MOST_BARS
        found = []
        for place, (day, usage) in enumerate(self.points):
            height = int(HEIGHT * usage / most) if most else 0
            found.append(Bar(day, usage, place * slot + 2, HEIGHT - height, slot - 4, max(height, 1)))
        return tuple(found)


def usage_by_meter(biller: Biller, customer: Customer, invoices: Iterable[Invoice]) -> Mapping[str, Usage]:
    """
    By meter number what each of the account's *invoices* says that went through it; of meters with two bills at least.

    A reading that is lower than the one before, as of a meter that was changed out, says nothing and is left out.
    """
    found: dict[str, dict[date, Decimal]] = {}
    for invoice in invoices:
        for charge in statement(biller, customer, invoice).charges:
            for meter in charge.meters:
                usage = Decimal(meter.usage) if meter.usage else Decimal(-1)
                if meter.number and usage >= 0:
                    found.setdefault(meter.number, {})[meter.read_on or invoice.invoice_date] = usage
    return {
        number: Usage(tuple(sorted(points.items())[-MOST_BARS:])) for number, points in found.items() if len(points) > 1
    }
