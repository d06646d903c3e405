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
from decimal import Decimal

from partnerlab.contracts.files.compiled import row_parser
from partnerlab.contracts.files.groups import MAX_ROWS, InvoiceGroup, OpenGroup, place_problem
from partnerlab.contracts.files.layout import COLUMNS, Layout, with_columns
from partnerlab.contracts.files.lines import NotText, Source, read_lines
from partnerlab.contracts.files.problems import FileRejected, Notes, Problem, Quarantined, Report, shown
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.files.rows import judge_row
from partnerlab.contracts.files.seen import InvoiceNumbers
from partnerlab.contracts.files.sums import Sums

__all__ = ["Reading", "ReadingUnfinished", "check", "read_bif"]

KEPT = 1_000  # quarantined groups that a report keeps
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


def check(
    source: Source,
    layout: Layout,
    *,
    strict: bool = False,
    on_quarantine: Callable[[Quarantined], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """The report on a file, rejected or not; the file is read once, to its end."""
    reading = read_bif(source, layout, strict=strict, on_quarantine=on_quarantine, progress=progress)
    try:
        for _ in reading:
            pass
    except FileRejected as rejected:
        return rejected.report
    return reading.report


class Reading:
    """One pass over one file. See `read_bif`."""

    def __init__(
        self,
        source: Source,
        layout: Layout,
        *,
        strict: bool = False,
        on_quarantine: Callable[[Quarantined], None] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._source, self._layout, self._strict = source, layout, strict
        self._on_quarantine, self._progress = on_quarantine, progress
        self._report: Report | None = None
        self._begun = False
        self._notes = Notes()
        self._header: Row | None = None
        self._header_line = 0
        self._rejection: Problem | None = None
        self._lines = self._good = self._quarantined = self._broken = 0
        self._sums = Sums(layout.totals)
        self._kept: list[Quarantined] = []
        self._seen = InvoiceNumbers()

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

    def _groups(self) -> Iterator[InvoiceGroup]:
        try:
            yield from self._read()
        except NotText as error:
            self._reject("wrong-encoding", f"{error}; save it as UTF-8")
        finally:
            self._seen.close()
        self._report = Report(
            layout=self._layout.name,
            header=self._header,
            lines=self._lines,
            invoices=self._sums.invoices,
            total_amount_due=self._sums.total,
            good=self._good,
            quarantined=self._quarantined,
            quarantine=tuple(self._kept),
            notes=self._notes.found(),
            rejection=self._rejection,
            strict=self._strict,
        )
        if self._rejection is not None:
            raise FileRejected(self._report)

    def _read(self) -> Iterator[InvoiceGroup]:
        totals = self._layout.totals
        parse_invoice, parse_customer, parse_detail = self._parsers()
        fields = self._layout.record("IH").row._fields
        total_at, key_at = fields.index(totals.of), fields.index(totals.key)
        other_at = fields.index(totals.or_of) if totals.or_of else None
        at = tuple.__getitem__
        sums = self._sums
        group = OpenGroup()
        for batch in read_lines(self._source, self._notes, self._progress):
            number = batch.first - 1
            self._lines = number + len(batch.lines)
            flagged = batch.flagged
            for line in batch.lines:
                number += 1
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
                    and self._header is not None
                    and (group.has_invoice or not group.rows)
                    and (row := parse_invoice(line)) is not None
                ):
                    if (done := self._close(group)) is not None:
                        yield done
                    group = OpenGroup(number)
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
                    self._notes.add("blank-lines", "blank lines are passed over", number)
                    self._broken += 1
                    if self._broken <= MAX_BROKEN:
                        continue
                cut = batch.cut and number == self._lines
                if self._header is None:
                    if not self._open(line, number, flagged.get(number, ""), cut):
                        self._lines = number
                        return
                    parse_invoice, parse_customer, parse_detail = self._parsers()
                    continue
                if self._broken > MAX_BROKEN and 2 * self._broken > number:
                    self._reject(
                        "hopeless", f"{self._broken:,} of the first {number:,} rows are broken or blank", number
                    )
                    self._lines = number
                    return
                if not line or line.isspace():
                    continue
                following = self._judge(group, line, number, flagged.get(number, ""), cut)
                if following is not group:
                    if (done := self._close(group)) is not None:
                        yield done
                    group = following
        if (done := self._close(group)) is not None:
            yield done
        self._compare()

    def _parsers(self) -> tuple[Callable[[str], Row | None], ...]:
        return tuple(row_parser(self._layout.record(code)) for code in ("IH", "CR", "ID"))

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
            self._layout = found
            self._notes.add("columns", f"the columns stand {other.replace('_', ' ')}, not {given.columns}", number)

    def _open(self, line: str, number: int, flag: str, cut: bool) -> bool:
        """The first row: the header, or the end of the matter (False)."""
        code = line.partition("|")[0]
        if flag:
            self._rejection = place_problem(self._layout, flag, line, number, code, "")
        elif code != "FH":
            message = f"the first row is {shown(line)!r}, not the file header FH"
            self._reject("missing-header", message, number, value=shown(line))
        else:
            self._tell_columns(line, number)
            judged = judge_row(self._layout, self._layout.record("FH"), line, number)
            self._header, self._header_line = judged.row, number
            if judged.problems:
                self._rejection = judged.problems[0]
                if cut:
                    self._reject_cut(number, "FH")
        return self._header is not None

    def _judge(self, group: OpenGroup, line: str, number: int, flag: str, cut: bool) -> OpenGroup:
        """Puts a row that is broken or out of place into the group it belongs to: *group*, or a new one."""
        layout = self._layout
        code = line.partition("|")[0]
        if code == "FH":
            self._reject("second-header", "the file header stands a second time", number, "FH", shown(line))
            self._broken += 1
            return group
        judged = None
        problems: tuple[Problem, ...] = ()
        if code in ("IH", "CR", "ID"):
            judged = judge_row(layout, layout.record(code), line, number, group.number if code != "IH" else "")
            problems = judged.problems
            for kind, text in judged.notes:
                self._notes.add(kind, text, number)
        if code == "CR" and group.stray:
            self._set_aside(group.let_go_stray())
        group, misplaced = group.place(code, number)
        rule = flag or ("unknown-row-type" if judged is None else "")
        if rule:
            problems = (place_problem(layout, rule, line, number, code, group.number),)
        if judged is not None and code == "IH":
            group.number = str(judged.values.get(layout.totals.key, ""))
            problems = tuple(replace(problem, invoice_number=group.number) for problem in problems)
            self._count(judged.values.get(layout.totals.of), number, group.number)
            self._sums.add_other(judged.values.get(layout.totals.or_of))
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
            self._reject_cut(number, code)
        group.takes_customer = group.has_invoice and not group.has_customer and not group.has_detail
        group.takes_detail = group.has_invoice and group.has_customer
        group.hold(line, problems)
        self._broken += bool(problems)
        return group

    def _count(self, amount: Decimal | None, number: int, invoice_number: str) -> None:
        """Takes an IH row into the count and the sum."""
        self._sums.invoices += 1
        if amount is not None:
            self._sums.total += amount
        else:
            of = self._layout.totals.of
            field = self._layout.record("IH").field(of)
            message = f"cannot be read, so the header's {self._layout.totals.sum} cannot be checked"
            self._reject("unreadable-total", message, number, "IH", "", of, field.spec_id, invoice_number)

    def _close(self, group: OpenGroup) -> InvoiceGroup | None:
        """The end of a group: yielded where it is good, else set aside."""
        if not group.rows:
            return None
        group.finish(self._layout)
        self._unpad(group)
        if group.number and not self._seen.add(group.number):
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
            self._set_aside(group.quarantined())
            return None
        self._good += 1
        return group.closed() if self._rejection is None else None

    def _unpad(self, group: OpenGroup) -> None:
        """
        Drops the spaces around invoice and account number, as a fixed-width column of a database leaves them.

        Else one account would be two: who pays and who is asked again could not be told [A-95].
        """
        key = self._layout.totals.key
        if group.number != (number := group.number.strip(" ")) and group.invoice is not None:
            group.number, group.invoice = number, group.invoice._replace(**{key: number})
            self._notes.add("padded-number", PADDED, group.line)
        if group.customer is not None:
            account = group.customer.AccountNumber
            if account != (trimmed := account.strip(" ")):
                group.customer = group.customer._replace(AccountNumber=trimmed)
                self._notes.add("padded-number", PADDED, group.line)

    def _set_aside(self, broken: Quarantined) -> None:
        self._quarantined += 1
        if len(self._kept) < KEPT:
            self._kept.append(broken)
        if self._on_quarantine is not None:
            self._on_quarantine(broken)
        if self._strict and self._rejection is None:
            self._rejection = broken.problems[0]

    def _compare(self) -> None:
        """The header's count and total against what was read; of two that are wrong the first is said."""
        totals = self._layout.totals
        header = self._header
        if header is None:
            self._reject("empty-file", "holds no row")
            return
        if self._sums.is_other(header):
            message = f"{totals.sum} is the sum of {totals.or_of}, not of {totals.of}"
            self._notes.add("other-total", message, self._header_line)
        for wrong in self._sums.compare(header):
            spec_id = self._layout.record("FH").field(wrong.field).spec_id
            self._reject(wrong.rule, wrong.message, self._header_line, "FH", str(wrong.stated), wrong.field, spec_id)

    def _reject_cut(self, number: int, code: str) -> None:
        self._rejection = None  # the cut explains whatever else is wrong with this row
        self._reject("truncated-row", "the file stops in the middle of this row", number, code)

    def _reject(
        self,
        rule: str,
        message: str,
        line: int = 0,
        record: str = "",
        value: str = "",
        field: str = "",
        spec_id: int = 0,
        invoice_number: str = "",
    ) -> None:
        """Rejects the file; the first reason stands."""
        if self._rejection is None:
            source = self._layout.source
            self._rejection = Problem(rule, message, line, record, field, spec_id, value, invoice_number, source)
