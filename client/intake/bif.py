"""
A bill file to invoices: checked whole first, then handed out.

    with read_invoices("bills.bif", load_layout("inhance_v2").for_biller(BillerGuid=...)) as file:
        for invoice in file: ...
    print(render_text(file.report))

The header's count and total are known to be right before the first invoice comes, so a rejected file's invoices
cannot be used by accident. That costs a second reading of the file. Where one pass and a transaction are at hand, use
`partnerlab.contracts.files.read_bif` and `invoices_of`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, fields
from functools import cache
from io import IOBase
from os import PathLike
from types import TracebackType
from typing import IO, Any, Literal

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.intake.models import Customer, Invoice, InvoiceLine, MeterReading
from partnerlab.contracts.files import (
    FileRejected,
    InvoiceGroup,
    Layout,
    Quarantined,
    Record,
    Report,
    Row,
    Source,
    check,
    read_bif,
)
from partnerlab.contracts.files.lines import blocks

__all__ = ["RECORD_TYPES", "FileChanged", "InvoiceFile", "invoice_of", "put_invoice", "read_invoices"]

SPOOL = 8 << 20

RECORD_TYPES = {"R": "replace", "N": "replace"}
"""What a record type does to the invoice of that number, if there is one [A-17]."""


def read_invoices(
    source: Source,
    layout: Layout,
    *,
    strict: bool = False,
    on_quarantine: Callable[[Quarantined], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> InvoiceFile:
    """
    The invoices of a bill file, after the whole file was checked.

    Args:
        source: A path, bytes, a binary stream, or an iterable of chunks. A stream that cannot go back is copied to a
            temporary file, in memory up to 8 MB.
        layout: The partner's; `.for_biller(...)` of it also rejects another biller's file.
        strict: Reject the file for one broken invoice.
        on_quarantine: Is given each broken invoice during the check.
        progress: Is told the bytes checked so far.
    Raises:
        FileRejected: The file as a whole cannot be used; `.report` says why.
    """
    file = InvoiceFile(source, layout, strict=strict)
    try:
        report = check(file.rewound(), layout, strict=strict, on_quarantine=on_quarantine, progress=progress)
        if not report.accepted:
            raise FileRejected(report)
        file.report = report
    except BaseException:
        file.close()
        raise
    return file


class FileChanged(RuntimeError):
    """The file changed between its check and its reading; nothing read from it may be kept."""


class InvoiceFile:
    """A checked file: iterate over it for its good invoices, as often as you like. `report` tells of the others."""

    report: Report

    def __init__(self, source: Source, layout: Layout, *, strict: bool) -> None:
        self._layout, self._strict = layout, strict
        self._spool: IO[bytes] | None = None
        self._source = source
        self._start = 0
        if isinstance(source, (str, PathLike, bytes, bytearray, memoryview)):
            return
        if isinstance(source, IOBase) and source.seekable():
            self._start = source.tell()
            return
        self._spool = self._source = tempfile.SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115 - see close
        try:
            for block in blocks(source):
                self._spool.write(block)
        except BaseException:
            self._spool.close()
            raise

    def rewound(self) -> Source:
        """The source, at its beginning."""
        if hasattr(self._source, "seek"):
            self._source.seek(self._start)
        return self._source

    def __iter__(self) -> Iterator[Invoice]:
        reading = read_bif(self.rewound(), self._layout, strict=self._strict)
        for group in reading:
            yield invoice_of(group, self._layout)
        if reading.report != self.report:
            raise FileChanged("the file is not the one that was checked: it changed while it was read")

    def close(self) -> None:
        """Gives back the temporary file, if there is one."""
        if self._spool is not None:
            self._spool.close()

    def __enter__(self) -> InvoiceFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def invoice_of(group: InvoiceGroup, layout: Layout) -> Invoice:
    """The invoice of a group of rows."""
    customer = Customer(**_by_term(layout.record("CR"), Customer, group.customer))
    lines = tuple(_line(layout.record("ID"), row) for row in group.details)
    values = _by_term(layout.record("IH"), Invoice, group.invoice)
    return Invoice(**values, customer=customer, lines=lines, line=group.line)


def put_invoice(invoice: Invoice, held: MutableMapping[str, Invoice]) -> Literal["created", "replaced"]:
    """
    Puts an invoice among those of its biller, by number, and says whether one was there.

    Raises:
        RequestInvalid: A record type that is not in `RECORD_TYPES`.
    """
    if invoice.record_type not in RECORD_TYPES:
        raise RequestInvalid("RecordType", invoice.record_type, f"is none of {', '.join(RECORD_TYPES)}")
    outcome: Literal["created", "replaced"] = "replaced" if invoice.number in held else "created"
    held[invoice.number] = invoice
    return outcome


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where the values of a row stand: terms with their places, and measures with the places of their fields."""

    terms: tuple[tuple[str, int], ...]
    measures: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]


@cache
def _plan(record: Record, model: type) -> _Plan:
    known = {field.name for field in fields(model)}
    terms = []
    measures: dict[str, list[tuple[int, int]]] = {}
    for at, field in enumerate(record.named):
        if field.many:
            measures.setdefault(field.measure, []).append((at, field.first_meter))
        elif field.term in known:  # a user's own columns may have terms of their own: those stay with the rows
            terms.append((field.term, at))
    return _Plan(tuple(terms), tuple((measure, tuple(places)) for measure, places in measures.items()))


def _by_term(record: Record, model: type, row: Row) -> dict[str, Any]:
    at = tuple.__getitem__
    return {term: at(row, place) for term, place in _plan(record, model).terms}


def _line(record: Record, row: Row) -> InvoiceLine:
    """An ID row with its meters unfolded: the first five of each measure and those of the overflow fields."""
    meters: dict[int, dict[str, Any]] = {}
    for measure, places in _plan(record, InvoiceLine).measures:
        for place, first in places:
            for number, value in enumerate(tuple.__getitem__(row, place), first):
                if value is not None and value != "":
                    meters.setdefault(number, {})[measure] = value
    readings = tuple(MeterReading(**values) for _, values in sorted(meters.items()))
    return InvoiceLine(**_by_term(record, InvoiceLine, row), meters=readings)
