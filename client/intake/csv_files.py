"""
CSV files of invoices and of balances, as plain values and as Invoice Cloud's own records. WaterSmart sends both.

    table = recognise_csv(data)                               # which of the two it is, by its columns
    for invoice in (reading := read_csv_invoices(data)): ...
    reading.report                                            # counts, quarantined rows, notes
    convert(data, stream, biller_guid=..., format_guid=..., created_on=...)

A bad row is quarantined and the others are used: unlike a bill file, a CSV file has no count or total to compare.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from os import PathLike
from typing import IO, Any, Generic, TypeVar

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.intake.models import Customer, Invoice, InvoiceLine
from partnerlab.contracts.files import InvoiceGroup, Row, load_layout, write_bif
from partnerlab.contracts.files.adjustments import load_adjustments, write_adjustments
from partnerlab.contracts.files.csv import (
    CsvReading,
    CsvReport,
    CsvTable,
    QuarantinedRow,
    load_table,
    read_csv,
    table_of,
)

__all__ = ["Adjustment", "CsvValues", "convert", "read_csv_adjustments", "read_csv_invoices", "recognise_csv"]

INVOICES, BALANCES = "watersmart_invoices", "watersmart_balances"
SPOOL = 8 << 20
INVOICE_TYPE_ID = "1"  # "IC IM must setup Invoice Type ID =1 for WaterSmart integrations"

FileBytes = bytes | str | PathLike[str]
"""A file's bytes, or its path."""
OnQuarantine = Callable[[QuarantinedRow], None] | None
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One row of the balance file: `effect` is `set` (the balance becomes the amount) or `add` [A-80]."""

    account_number: str
    amount: Decimal
    effect: str
    line: int = 0


class CsvValues(Generic[T]):
    """A file's good rows as values: iterate once, then ask its `report`."""

    def __init__(self, reading: CsvReading, value_of: Callable[[Row, int], T]) -> None:
        self._reading, self._value_of = reading, value_of

    def __iter__(self) -> Iterator[T]:
        for line, row in self._reading:
            yield self._value_of(row, line)

    @property
    def report(self) -> CsvReport:
        """What was found. Raises `ReadingUnfinished` before the end of the file."""
        return self._reading.report


def recognise_csv(data: FileBytes, *, invoice_type_id: str = INVOICE_TYPE_ID) -> CsvTable | None:
    """Whether it is a file of invoices or of balances, by its columns and not its name; None where it is neither."""
    return table_of(data, (_invoices(invoice_type_id), load_table(BALANCES)))


def read_csv_invoices(
    data: FileBytes,
    *,
    format_guid: str = "",
    invoice_type_id: str = INVOICE_TYPE_ID,
    on_quarantine: OnQuarantine = None,
) -> CsvValues[Invoice]:
    """
    The invoices of a CSV file, one line each: its amount.

    Raises (while iterating):
        CsvRejected: The file as a whole cannot be used.
    """
    reading = read_csv(data, _invoices(invoice_type_id), on_quarantine=on_quarantine)
    return CsvValues(reading, lambda row, line: _invoice(row, line, format_guid))


def read_csv_adjustments(
    data: FileBytes, *, meanings: Mapping[str, str] | None = None, on_quarantine: OnQuarantine = None
) -> CsvValues[Adjustment]:
    """
    The adjustments of a CSV file of balances.

    Args:
        meanings: What the biller's AdjustmentTypeIDs mean, `set` or `add`; [A-80] where none is given.
    Raises (while iterating):
        CsvRejected: The file as a whole cannot be used.
    """
    table = load_table(BALANCES)
    if meanings is not None:
        table = table.with_values("AdjustmentTypeID", meanings)
    effects = table.column("AdjustmentTypeID").values
    reading = read_csv(data, table, on_quarantine=on_quarantine)
    return CsvValues(
        reading,
        lambda row, line: Adjustment(row.AccountNumber, row.AdjustmentAmount, effects[str(row.AdjustmentTypeID)], line),
    )


def convert(
    data: FileBytes,
    stream: IO[bytes],
    *,
    biller_guid: str,
    format_guid: str,
    created_on: date,
    on_quarantine: OnQuarantine = None,
) -> CsvReport:
    """
    Write either file as Invoice Cloud's own records: FH, IH, CR, ID for invoices, AH and AD for adjustments.

    Quarantined rows are left out and stand in the report that comes back.

    Raises:
        RequestInvalid: The file has the columns of neither.
        CsvRejected: The file as a whole cannot be used; nothing was written.
        ValueRefused: A value is not what the records allow; nothing was written.
    """
    table = recognise_csv(data)
    if table is None:
        raise RequestInvalid(
            "FileContent", "", "has neither the 16 columns of an invoice file nor the 5 of a balance file"
        )
    reading = read_csv(data, table, on_quarantine=on_quarantine)
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as whole:
        _convert(reading, table, whole, biller_guid=biller_guid, format_guid=format_guid, created_on=created_on)
        whole.seek(0)
        shutil.copyfileobj(whole, stream, 1 << 18)
    return reading.report


def _convert(
    reading: CsvReading, table: CsvTable, whole: IO[bytes], *, biller_guid: str, format_guid: str, created_on: date
) -> None:
    if table.name == BALANCES:
        file = load_adjustments("watersmart")
        write_adjustments(
            whole, file, biller_guid, created_on, (file.adjustment.make(**row._asdict()) for _, row in reading)
        )
    else:
        layout = load_layout("watersmart")
        header = layout.record("FH").make(BillerGuid=biller_guid, FileCreationDate=created_on)
        write_bif(whole, layout, header, _groups(reading, format_guid))


def _invoices(invoice_type_id: str) -> CsvTable:
    return load_table(INVOICES).for_biller(InvoiceTypeID=invoice_type_id)


def _groups(reading: CsvReading, format_guid: str) -> Iterator[InvoiceGroup]:
    layout = load_layout("watersmart")
    invoice, customer, detail = (layout.record(code) for code in ("IH", "CR", "ID"))
    invoice_names = {field.name for field in invoice.named}
    customer_names = {field.name for field in customer.named}
    for line, row in reading:
        cells: dict[str, Any] = row._asdict()
        yield InvoiceGroup(
            invoice.make(
                InvoiceFormatGuid=format_guid, **{name: cells[name] for name in cells if name in invoice_names}
            ),
            customer.make(**{name: cells[name] for name in cells if name in customer_names}),
            (detail.make(),),
            line,
        )


def _invoice(row: Row, line: int, format_guid: str) -> Invoice:
    terms = {column.term: row[column.name] for column in load_table(INVOICES).columns}
    known = {field.name for field in fields(Customer)}
    return Invoice(
        record_type="N",
        format_guid=format_guid,
        customer=Customer(**{name: terms[name] for name in terms if name in known}),
        lines=(InvoiceLine(amount=terms["total_amount_due"]),),
        line=line,
        **{name: terms[name] for name in terms if name not in known},
    )
