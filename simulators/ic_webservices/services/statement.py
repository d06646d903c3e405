"""
What a bill says beside its amounts, for the page that shows it: whose it is, the fields that the partner's table marks
"Displayed on IC Template", each charge with its meters, and the message of the bill file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from partnerlab.contracts.files import Layout, Record, layouts, load_layout
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, Line

__all__ = ["Charge", "Meter", "Statement", "statement"]

MESSAGE = "autopay_message"  # the field's term in the tables


@dataclass(frozen=True, slots=True)
class Meter:
    """One meter's readings, as the bill file has them; None or "" where it has none."""

    number: str = ""
    previous_read_on: date | None = None
    previous_reading: str = ""
    read_on: date | None = None
    reading: str = ""

    @property
    def usage(self) -> str:
        """Reading less previous reading, where both are numbers."""
        try:
            return str(Decimal(self.reading) - Decimal(self.previous_reading))
        except InvalidOperation:
            return ""


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of the bill and its meters."""

    line: Line
    meters: tuple[Meter, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """The bill beside its amounts. `facts` are labels with an amount, a date or a text."""

    address: tuple[str, ...]
    facts: tuple[tuple[str, Decimal | date | str], ...]
    charges: tuple[Charge, ...]
    message: str


def statement(biller: Biller, customer: Customer, invoice: Invoice) -> Statement:
    """The statement of an invoice. For a partner without a field table there are no facts and no meters."""
    layout = load_layout(biller.partner) if biller.partner in layouts() else None
    place = ", ".join(part for part in (customer.city, f"{customer.state} {customer.zip}".strip()) if part)
    address = (customer.customer_name, customer.customer_name2, customer.address1, customer.address2, place)
    return Statement(
        tuple(line for line in address if line),
        () if layout is None else _facts(layout, invoice.fields),
        tuple(Charge(line, _meters(layout, line.fields)) for line in invoice.lines),
        "" if layout is None else _message(layout.record("IH"), invoice.fields),
    )


def _facts(layout: Layout, values: Mapping[str, str]) -> tuple[tuple[str, Decimal | date | str], ...]:
    """The displayed fields of the invoice that have no place of their own on the page."""
    found: list[tuple[str, Decimal | date | str]] = []
    for field in layout.record("IH").named:
        if field.displayed and (text := values.get(field.name)):
            value = Decimal(text) if field.kind == "amount" else _date(text) if field.kind == "date" else text
            found.append((field.description or field.name, text if value is None else value))
    return tuple(found)


def _message(record: Record, values: Mapping[str, str]) -> str:
    return next((values.get(field.name, "") for field in record.named if field.term == MESSAGE), "")


def _meters(layout: Layout | None, values: Mapping[str, str]) -> tuple[Meter, ...]:
    """The first five meters and those of the overflow fields, in order."""
    meters: dict[int, dict[str, str]] = {}
    for field in layout.record("ID").named if layout is not None else ():
        if field.many and field.name in values:
            for number, text in enumerate(values[field.name].split(";"), field.first_meter):
                if text:
                    meters.setdefault(number, {})[field.measure] = text
    return tuple(
        Meter(
            one.get("number", ""),
            _date(one.get("previous_read_on", "")),
            one.get("previous_reading", ""),
            _date(one.get("read_on", "")),
            one.get("reading", ""),
        )
        for _, one in sorted(meters.items())
    )


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
