"""
Reading a bill file: a header, then invoice groups, as a stream.

    for group in read_bif("bills.bif", load_layout("inhance_v2")):
        group.invoice.InvoiceNumber, group.invoice.TotalAmountDue, group.customer.AccountNumber, group.details

The header's count and total can only be compared at the end, so **groups are provisional until the loop has ended
without `FileRejected`**: do the work in one transaction, or `check` the file first. A loop that is left early proves
nothing, and its `report` refuses to answer.

A broken group is not yielded: it is quarantined, with its rows and every problem in it. Its IH row still counts, and
its TotalAmountDue is still summed; where that amount cannot be read the sum cannot be checked, and the file is
rejected (`unreadable-total`). Once a file is known to be rejected no more groups are yielded, but the rest is read,
so the report is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from partnerlab.contracts.files.groups import MAX_ROWS, InvoiceGroup
from partnerlab.contracts.files.invoices import Window, windows
from partnerlab.contracts.files.layout import Layout
from partnerlab.contracts.files.lines import Batch, Lines, NotText, Source
from partnerlab.contracts.files.problems import FileRejected, Quarantined, Report
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.files.row_by_row import Hopeless, RowByRow
from partnerlab.contracts.files.tally import Tally
from partnerlab.contracts.one_line import LONGEST_NUMBER

__all__ = ["Reading", "ReadingUnfinished", "read_bif"]


class ReadingUnfinished(RuntimeError):
    """The report was asked for before the file was read to its end, or the file was read twice."""


def read_bif(
    source: Source,
    layout: Layout,
    *,
    strict: bool = False,
    on_quarantine: Callable[[Quarantined], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Reading:
    """
    A reading of a bill file: iterate over it once for its groups, then ask its `report`.

    Args:
        source: A path, bytes, a binary stream, or an iterable of chunks of bytes.
        layout: `load_layout("inhance_v2")`, or that `.for_biller(...)` so that another biller's file is rejected.
        strict: Reject the file for one broken group.
        on_quarantine: Is given every broken group, also those beyond the thousand that the report keeps.
        progress: Is told the bytes read so far, once for each block.
    Raises (while iterating):
        FileRejected: The file as a whole cannot be used; what was yielded before must not be kept.
    """
    return Reading(source, layout, strict=strict, on_quarantine=on_quarantine, progress=progress)


class Reading(RowByRow):
    """One pass over one file. See `read_bif`. Without *values* good invoices are counted and not handed out."""

    def __init__(
        self,
        source: Source,
        layout: Layout,
        *,
        strict: bool = False,
        on_quarantine: Callable[[Quarantined], None] | None = None,
        progress: Callable[[int], None] | None = None,
        values: bool = True,
    ) -> None:
        self._source, self._progress, self._values = source, progress, values
        self._report: Report | None = None
        self._begun = self._complete = False
        super().__init__(layout, Tally(layout, strict=strict, on_quarantine=on_quarantine))

    @property
    def report(self) -> Report:
        """What was found. Raises `ReadingUnfinished` before the end of the file."""
        if self._report is None:
            raise ReadingUnfinished("the file was not read to its end: nothing is known of its count and total")
        return self._report

    def __iter__(self) -> Iterator[InvoiceGroup]:
        if self._begun:
            raise ReadingUnfinished("a reading goes over its file once: call read_bif again")
        self._begun = True
        return self._groups()

    def tally(self, header: Row | None = None) -> Tally:
        """
        What the file, or a part of it, comes to, not compared with its header.

        Args:
            header: Where a part of a file is read that begins with an invoice: any row, in the place of its header.
        """
        self._tally.header = header
        for _ in self._counted():
            pass
        return self._tally

    def _groups(self) -> Iterator[InvoiceGroup]:
        yield from self._counted()
        if self._complete:
            self._tally.compare()
        self._report = self._tally.report()
        if self._report.rejection is not None:
            raise FileRejected(self._report)

    def _counted(self) -> Iterator[InvoiceGroup]:
        try:
            yield from self._read()
            self._complete = True
        except NotText as error:
            self._tally.reject("wrong-encoding", f"{error}; save it as UTF-8")
        except Hopeless:
            pass
        finally:
            self._tally.seen.close()

    def _read(self) -> Iterator[InvoiceGroup]:
        """The file block by block: invoices that are whole and good at once, anything else row by row."""
        lines = Lines(self._tally.notes)
        for data in lines.blocks(self._source, self._progress):
            if self._read_invoice is None:
                yield from self._read_batch(lines.batch(data, cut=lines.cut))
            else:
                yield from self._read_block(data, lines)
        yield from self._close_group()

    def _read_block(self, data: bytes, lines: Lines) -> Iterator[InvoiceGroup]:
        """The rows of a block by the compiled module, and what it leaves up to the next invoice row by row."""
        tally, values, at = self._tally, self._values, 0
        while at < len(data):
            if tally.header is not None and not self._stray and data.startswith(b"IH|", at):
                yield from self._close_group()
                read = self._read_invoice
                assert read is not None
                while (found := read(data, at)) is not None:
                    (invoice, customer, details), end = found
                    if not self._take(invoice, customer):
                        break
                    at = end
                    if values and tally.rejection is None:
                        yield InvoiceGroup(invoice, customer, details, lines.next)
                    lines.next += 2 + len(details)
            end = data.find(b"\nIH|", at) + 1 or len(data)
            batch = lines.batch(data[at:end], cut=lines.cut and end == len(data))
            tally.lines = lines.next - 1
            yield from self._read_rows(batch.lines, batch.first, batch)
            at = end

    def _read_batch(self, batch: Batch) -> Iterator[InvoiceGroup]:
        """The rows of a block in pure Python, window by window."""
        self._tally.lines = batch.first - 1 + len(batch.lines)
        for window in windows(batch):
            if not window.starts or self._tally.header is None or self._stray:
                yield from self._read_rows(window.lines, window.first, batch)
                continue
            yield from self._close_group()
            if self._values:
                yield from self._read_invoices(window, batch)
            elif (plain := self._check_invoices(window)) is None or not self._tally.take(plain):
                yield from self._read_rows(window.lines, window.first, batch)

    def _read_invoices(self, window: Window, batch: Batch) -> Iterator[InvoiceGroup]:
        """The invoices of a window, each at once where it is good."""
        parse_invoice, parse_customer, parse_detail = self._parsers
        tally, lines = self._tally, window.lines
        stray = False
        for start, end in zip(window.starts, [*window.starts[1:], len(lines)], strict=True):
            if (
                2 < end - start <= MAX_ROWS
                and not stray
                and (invoice := parse_invoice(lines[start])) is not None
                and (customer := parse_customer(lines[start + 1])) is not None
                and all(details := tuple(map(parse_detail, lines[start + 2 : end])))
                and self._take(invoice, customer)
            ):
                if tally.rejection is None:
                    yield InvoiceGroup(invoice, customer, details, window.first + start)  # type: ignore[arg-type]
            else:
                yield from self._read_rows(lines[start:end], window.first + start, batch)
                stray = self._stray
                if not stray:
                    yield from self._close_group()

    def _take(self, invoice: Row, customer: Row) -> bool:
        """Takes a good invoice into count and sums; False where a number of it is not plain or stood before."""
        number, account = _value(invoice, self._key_at), _value(customer, self._account_at)
        unpadded = number == number.strip(" ") and account == account.strip(" ")
        visible = number.isprintable() and account.isprintable()
        short = len(number) <= LONGEST_NUMBER and len(account) <= LONGEST_NUMBER
        if not (unpadded and visible and short and self._tally.seen.add(number)):
            return False
        tally, total = self._tally, _value(invoice, self._total_at)
        sums = tally.sums
        sums.invoices += 1
        sums.total += total
        if self._other_at is not None:
            sums.add_other(_value(invoice, self._other_at))
        tally.good += 1
        if tally.rejection is None:
            tally.given += 1
            tally.given_total += total
        return True


_value = tuple.__getitem__
