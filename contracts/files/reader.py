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
from dataclasses import replace

from partnerlab.contracts.files.compiled import row_parser
from partnerlab.contracts.files.groups import MAX_ROWS, InvoiceGroup, OpenGroup, place_problem
from partnerlab.contracts.files.invoices import Window, invoices_checker, windows
from partnerlab.contracts.files.layout import COLUMNS, Layout, with_columns
from partnerlab.contracts.files.lines import Batch, NotText, Source, read_lines
from partnerlab.contracts.files.problems import FileRejected, Problem, Quarantined, Report, shown
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.files.rows import judge_row
from partnerlab.contracts.files.tally import Tally

__all__ = ["MAX_BROKEN", "Reading", "ReadingUnfinished", "read_bif"]

PADDED = "an account or invoice number has spaces around it, which are dropped [A-95]"
MAX_BROKEN = 10_000
"""With more broken and blank rows than that, and more of them than of others, the rest of a file is not read."""


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


class _Stop(Exception):
    """The rest of the file is not read: the report says why."""


class Reading:
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
        self._tally = Tally(layout, strict=strict, on_quarantine=on_quarantine)
        self._group = OpenGroup()
        self._take_layout(layout)

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
        except _Stop:
            pass
        finally:
            self._tally.seen.close()

    def _read(self) -> Iterator[InvoiceGroup]:
        """The file window by window: invoices that are whole and good at once, anything else row by row."""
        for batch in read_lines(self._source, self._tally.notes, self._progress):
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
        yield from self._close_group()

    @property
    def _stray(self) -> bool:
        """Whether rows wait that the next IH row may belong to."""
        return bool(self._group.rows) and not self._group.has_invoice

    def _read_invoices(self, window: Window, batch: Batch) -> Iterator[InvoiceGroup]:
        """The invoices of a window, each at once where it is good."""
        parse_invoice, parse_customer, parse_detail = self._parsers
        totals, fields = self._layout.totals, self._layout.record("IH").row._fields
        account_at = self._layout.record("CR").row._fields.index("AccountNumber")
        total_at, key_at = fields.index(totals.of), fields.index(totals.key)
        other_at = fields.index(totals.or_of) if totals.or_of else None
        at = tuple.__getitem__
        tally, lines = self._tally, window.lines
        sums, seen = tally.sums, tally.seen
        stray = False
        for start, end in zip(window.starts, [*window.starts[1:], len(lines)], strict=True):
            if (
                2 < end - start <= MAX_ROWS
                and (invoice := parse_invoice(lines[start])) is not None
                and (customer := parse_customer(lines[start + 1])) is not None
                and all(details := tuple(map(parse_detail, lines[start + 2 : end])))
                and (number := at(invoice, key_at)) == number.strip(" ")
                and (account := at(customer, account_at)) == account.strip(" ")
                and not stray
                and seen.add(number)
            ):
                total = at(invoice, total_at)
                sums.invoices += 1
                sums.total += total
                if other_at is not None:
                    sums.add_other(at(invoice, other_at))
                tally.good += 1
                if tally.rejection is None:
                    tally.given += 1
                    tally.given_total += total
                    yield InvoiceGroup(invoice, customer, details, window.first + start)  # type: ignore[arg-type]
            else:
                yield from self._read_rows(lines[start:end], window.first + start, batch)
                stray = self._stray
                if not stray:
                    yield from self._close_group()

    def _read_rows(self, lines: list[str], first: int, batch: Batch) -> Iterator[InvoiceGroup]:
        """Rows one by one, the first of them on line *first*, into the open group or new ones."""
        parse_invoice, parse_customer, parse_detail = self._parsers
        totals, fields = self._layout.totals, self._layout.record("IH").row._fields
        total_at, key_at = fields.index(totals.of), fields.index(totals.key)
        other_at = fields.index(totals.or_of) if totals.or_of else None
        at = tuple.__getitem__
        tally, group, flagged = self._tally, self._group, batch.flagged
        sums = tally.sums
        for number, line in enumerate(lines, first):
            code = line[:3]
            # The fast way: a good row in its place. Anything else falls through to `_judge`.
            if flagged and number in flagged:
                pass
            elif code == "ID|":
                if group.takes_detail and len(group.rows) < MAX_ROWS and (row := parse_detail(line)) is not None:
                    group.details.append(row)
                    group.rows.append(line)
                    group.has_detail = True
                    continue
            elif code == "CR|":
                if group.takes_customer and (row := parse_customer(line)) is not None:
                    group.customer = row
                    group.rows.append(line)
                    group.has_customer = group.takes_detail = True
                    group.takes_customer = False
                    continue
            elif (
                code == "IH|"
                and tally.header is not None
                and not self._stray
                and (row := parse_invoice(line)) is not None
            ):
                yield from self._close_group()
                group = self._group = OpenGroup(number)
                group.invoice = row
                group.number = at(row, key_at)
                group.rows.append(line)
                group.has_invoice = group.takes_customer = True
                sums.invoices += 1
                sums.total += at(row, total_at)
                if other_at is not None:
                    sums.add_other(at(row, other_at))
                continue
            elif not line or line.isspace():
                tally.notes.add("blank-lines", "blank lines are passed over", number)
                tally.broken += 1
                if tally.broken <= MAX_BROKEN:
                    continue
            cut = batch.cut and number == tally.lines
            if tally.header is None:
                if not self._open(line, number, flagged.get(number, ""), cut):
                    tally.lines = number
                    raise _Stop
                parse_invoice, parse_customer, parse_detail = self._parsers
                continue
            if tally.broken > MAX_BROKEN and 2 * tally.broken > number:
                tally.reject("hopeless", f"{tally.broken:,} of the first {number:,} rows are broken or blank", number)
                tally.lines = number
                raise _Stop
            if not line or line.isspace():
                continue
            if line.partition("|")[0] == "IH" and not self._stray:
                yield from self._close_group()
                group = self._group
            following = self._judge(group, line, number, flagged.get(number, ""), cut)
            if following is not group:
                yield from self._close_group()
                group = self._group = following

    def _take_layout(self, layout: Layout) -> None:
        self._layout = self._tally.layout = layout
        self._parsers = tuple(row_parser(layout.record(code)) for code in ("IH", "CR", "ID"))
        self._check_invoices = invoices_checker(layout)

    def _tell_columns(self, line: str, number: int) -> None:
        """Whether the columns stand as declared or by id, from how many FH has and which are blank [A-77]."""
        cells = line.split("|")
        given = self._layout
        (other,) = (columns for columns in COLUMNS if columns != given.columns)
        found = with_columns(given, other)
        fields = found.record("FH").fields
        if len(given.record("FH").fields) == len(cells) or len(fields) != len(cells):
            return
        if not any(cell for field, cell in zip(fields, cells, strict=True) if field.kind == "filler"):
            self._take_layout(found)
            self._tally.notes.add(
                "columns", f"the columns stand {other.replace('_', ' ')}, not {given.columns}", number
            )

    def _open(self, line: str, number: int, flag: str, cut: bool) -> bool:
        """The first row: the header, or the end of the matter (False)."""
        code = line.partition("|")[0]
        if flag:
            self._tally.rejection = place_problem(self._layout, flag, line, number, code, "")
        elif code != "FH":
            message = f"the first row is {shown(line)!r}, not the file header FH"
            self._tally.reject("missing-header", message, number, value=shown(line))
        else:
            self._tell_columns(line, number)
            judged = judge_row(self._layout, self._layout.record("FH"), line, number)
            self._tally.header, self._tally.header_line = judged.row, number
            if judged.problems:
                self._tally.rejection = judged.problems[0]
                if cut:
                    self._tally.reject_cut(number, "FH")
        return self._tally.header is not None

    def _judge(self, group: OpenGroup, line: str, number: int, flag: str, cut: bool) -> OpenGroup:
        """Puts a row that is broken or out of place into the group it belongs to: *group*, or a new one."""
        layout = self._layout
        code = line.partition("|")[0]
        if code == "FH":
            self._tally.reject("second-header", "the file header stands a second time", number, "FH", shown(line))
            self._tally.broken += 1
            return group
        judged = None
        problems: tuple[Problem, ...] = ()
        if code in ("IH", "CR", "ID"):
            judged = judge_row(layout, layout.record(code), line, number, group.number if code != "IH" else "")
            problems = judged.problems
            for kind, text in judged.notes:
                self._tally.notes.add(kind, text, number)
        if code == "CR" and group.stray:
            self._tally.set_aside(group.let_go_stray())
        group, misplaced = group.place(code, number)
        rule = flag or ("unknown-row-type" if judged is None else "")
        if rule:
            problems = (place_problem(layout, rule, line, number, code, group.number),)
        if judged is not None and code == "IH":
            group.number = str(judged.values.get(layout.totals.key, ""))
            problems = tuple(replace(problem, invoice_number=group.number) for problem in problems)
            self._tally.count(judged.values.get(layout.totals.of), number, group.number)
            self._tally.sums.add_other(judged.values.get(layout.totals.or_of))
            group.invoice = judged.row
        elif judged is not None and code == "CR":
            group.customer = judged.row
        elif judged is not None and judged.row is not None and len(group.rows) < MAX_ROWS:
            group.details.append(judged.row)
        if misplaced:
            problems = (place_problem(layout, misplaced, line, number, code, group.number), *problems)
        if len(group.rows) == MAX_ROWS and not any(known.rule == "too-many-details" for known in group.problems):
            problems = (*problems, place_problem(layout, "too-many-details", line, number, code, group.number))
        if cut and problems:
            self._tally.reject_cut(number, code)
        group.takes_customer = group.has_invoice and not group.has_customer and not group.has_detail
        group.takes_detail = group.has_invoice and group.has_customer
        group.hold(line, problems)
        self._tally.broken += bool(problems)
        return group

    def _close_group(self) -> Iterator[InvoiceGroup]:
        """The end of the open group: given where it is good, else set aside."""
        group, self._group = self._group, OpenGroup()
        if not group.rows:
            return
        group.finish(self._layout)
        self._unpad(group)
        if group.number and not self._tally.seen.add(group.number):
            key = self._layout.totals.key
            group.hold_problem(
                Problem(
                    "duplicate-invoice",
                    f"{shown(group.number)!r} stands in this file already",
                    group.line,
                    "IH",
                    key,
                    self._layout.record("IH").field(key).spec_id,
                    shown(group.number),
                    group.number,
                    self._layout.source,
                )
            )
        if group.problems:
            self._tally.set_aside(group.quarantined())
            return
        self._tally.good += 1
        if self._tally.rejection is None:
            done = group.closed()
            self._tally.given += 1
            self._tally.given_total += done.invoice[self._layout.totals.of]
            yield done

    def _unpad(self, group: OpenGroup) -> None:
        """
        Drops the spaces around invoice and account number, as a fixed-width column of a database leaves them.

        Else one account would be two: who pays and who is asked again could not be told [A-95].
        """
        key = self._layout.totals.key
        if group.number != (number := group.number.strip(" ")) and group.invoice is not None:
            group.number, group.invoice = number, group.invoice._replace(**{key: number})
            self._tally.notes.add("padded-number", PADDED, group.line)
        if group.customer is not None:
            account = group.customer.AccountNumber
            if account != (trimmed := account.strip(" ")):
                group.customer = group.customer._replace(AccountNumber=trimmed)
                self._tally.notes.add("padded-number", PADDED, group.line)
