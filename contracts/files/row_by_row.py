"""
Rows of a bill file taken one by one: into the invoice they belong to, a good one given, a broken one set aside.

What is wrong with a row or its place is said here, whatever way a file is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from partnerlab.contracts.files.compiled import row_parser
from partnerlab.contracts.files.groups import MAX_ROWS, InvoiceGroup, OpenGroup, place_problem
from partnerlab.contracts.files.in_c import invoice_reader
from partnerlab.contracts.files.invoices import invoices_checker
from partnerlab.contracts.files.layout import COLUMNS, Layout, with_columns
from partnerlab.contracts.files.lines import FOREIGN, Batch
from partnerlab.contracts.files.problems import Problem, shown
from partnerlab.contracts.files.rows import judge_row, number_refused
from partnerlab.contracts.files.tally import Tally

__all__ = ["MAX_BROKEN", "Hopeless", "RowByRow"]

PADDED = "an account or invoice number has spaces around it, which are dropped [A-95]"
MAX_BROKEN = 10_000
"""With more broken and blank rows than that, and more of them than of others, the rest of a file is not read."""


class Hopeless(Exception):
    """The rest of the file is not read: the tally's rejection says why."""


class RowByRow:
    """The open invoice of a file, and the layout it is read by, which its first row may change."""

    def __init__(self, layout: Layout, tally: Tally) -> None:
        self._tally = tally
        self._group = OpenGroup()
        self._take_layout(layout)

    @property
    def _stray(self) -> bool:
        """Whether rows wait that the next IH row may belong to."""
        return bool(self._group.rows) and not self._group.has_invoice

    def _read_rows(self, lines: list[str], first: int, batch: Batch) -> Iterator[InvoiceGroup]:
        """Rows one by one, the first of them on line *first*, into the open group or new ones."""
        parse_invoice, parse_customer, parse_detail = self._parsers
        total_at, key_at, other_at = self._total_at, self._key_at, self._other_at
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
                    raise self._given_up(batch, number)
                parse_invoice, parse_customer, parse_detail = self._parsers
                continue
            if tally.broken > MAX_BROKEN and 2 * tally.broken > number:
                tally.reject("hopeless", f"{tally.broken:,} of the first {number:,} rows are broken or blank", number)
                raise self._given_up(batch, number)
            if not line or line.isspace():
                continue
            if line.partition("|")[0] == "IH" and not self._stray:
                yield from self._close_group()
                group = self._group
            following = self._judge(group, line, number, flagged.get(number, ""), cut)
            if following is not group:
                yield from self._close_group()
                group = self._group = following

    def _given_up(self, batch: Batch, number: int) -> Hopeless:
        """The file is read up to a row, and nothing is noted of those behind it, which were decoded with it."""
        self._tally.lines = number
        self._tally.notes.take_back(FOREIGN, sum(other > number for other in batch.foreign))
        return Hopeless()

    def _take_layout(self, layout: Layout) -> None:
        self._layout = self._tally.layout = layout
        self._parsers = tuple(row_parser(layout.record(code)) for code in ("IH", "CR", "ID"))
        self._check_invoices = invoices_checker(layout)
        self._read_invoice = invoice_reader(layout)
        totals, fields = layout.totals, layout.record("IH").row._fields
        self._key_at, self._total_at = fields.index(totals.key), fields.index(totals.of)
        self._other_at = fields.index(totals.or_of) if totals.or_of else None
        self._account_at = layout.record("CR").row._fields.index("AccountNumber")

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
        self._judge_numbers(group)
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

    def _judge_numbers(self, group: OpenGroup) -> None:
        """Sets a group aside whose account or invoice number is none that is taken [A-126]."""
        key = self._layout.totals.key
        account = "" if group.customer is None else group.customer.AccountNumber
        for line, (code, name, number) in enumerate(
            (("IH", key, group.number), ("CR", "AccountNumber", account)), group.line
        ):
            if problem := number_refused(self._layout, code, name, number, line, group.number):
                group.hold_problem(problem)

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
