"""
Reading a CSV file of a partner: typed rows as a stream, in constant memory.

    reading = read_csv("invoices.csv", load_table("watersmart_invoices"))
    for line, row in reading: row.AccountNumber, row.TotalAmountDue
    reading.report                                      # counts, quarantined rows, notes

A bad row is quarantined, by the line on which it begins as an editor counts, and the rest is read. The
file as a whole is rejected only where it is empty, is no text, or no row has the columns of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from partnerlab.contracts.files.csv.blocks import rows_reader
from partnerlab.contracts.files.csv.cells import NOTES
from partnerlab.contracts.files.csv.compiled import row_reader
from partnerlab.contracts.files.csv.recognise import BLANK, cells_of, is_header
from partnerlab.contracts.files.csv.report import CsvRejected, CsvReport, QuarantinedRow
from partnerlab.contracts.files.csv.rows import judge_row, problem_at
from partnerlab.contracts.files.csv.split import QuoteMisplaced, open_cell, split
from partnerlab.contracts.files.csv.table import Column, CsvTable
from partnerlab.contracts.files.fields import MAX_ROW
from partnerlab.contracts.files.lines import FOREIGN, NotText, Source, read_lines
from partnerlab.contracts.files.problems import Notes, Problem, shown
from partnerlab.contracts.files.reader import ReadingUnfinished
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.files.row_by_row import MAX_BROKEN
from partnerlab.contracts.files.seen import InvoiceNumbers

__all__ = ["CsvReading", "check_csv", "read_csv"]

KEPT = 1_000  # quarantined rows that a report keeps
BLOCK = 256  # lines that are read at once: few enough to stay in the processor's cache
MOST_LINES = 50  # that a row of quoted line breaks may have
FLAGS = {
    "control-character": "holds a control character",
    "not-text": "is neither UTF-8 nor Windows-1252",
    "row-too-long": f"has more than {MAX_ROW:,} characters",
}


def read_csv(
    source: Source,
    table: CsvTable,
    *,
    on_quarantine: Callable[[QuarantinedRow], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> CsvReading:
    """
    A reading of a CSV file: iterate over it once for `(line, row)`, then ask its `report`.

    Args:
        source: A path, bytes, a binary stream, or an iterable of chunks of bytes.
        table: `load_table("watersmart_invoices")`, or that `.for_biller(InvoiceTypeID="1")`.
        on_quarantine: Is given every bad row, also those beyond the thousand that the report keeps.
        progress: Is told the bytes read so far, once for each block.
    Raises (at the end of the iteration):
        CsvRejected: The file as a whole cannot be used.
    """
    return CsvReading(source, table, on_quarantine=on_quarantine, progress=progress)


def check_csv(
    source: Source, table: CsvTable, *, on_quarantine: Callable[[QuarantinedRow], None] | None = None
) -> CsvReport:
    """The report on a file, rejected or not; the file is read once, to its end."""
    reading = read_csv(source, table, on_quarantine=on_quarantine)
    try:
        for _ in reading:
            pass
    except CsvRejected as rejected:
        return rejected.report
    return reading.report


class _Hopeless(Exception):
    """So much of the file is broken that the rest is not read; `line` is where reading stopped."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


class CsvReading:
    """One pass over one file. See `read_csv`."""

    def __init__(
        self,
        source: Source,
        table: CsvTable,
        *,
        on_quarantine: Callable[[QuarantinedRow], None] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._source, self._table = source, table
        self._on_quarantine, self._progress = on_quarantine, progress
        self._report: CsvReport | None = None
        self._begun = False
        self._notes = Notes()
        self._lines = self._rows = self._good = self._quarantined = 0
        self._broken = 0  # lines that are blank or in quarantine
        self._foreign: list[int] = []  # lines of the block in Windows-1252
        self._kept: list[QuarantinedRow] = []
        self._fitting = 0  # rows that have the table's number of columns
        self.text = ""
        """The text of the row that was handed out last, as it stands in the file."""
        self._at_begin = True  # before the first line that is not blank
        self._seen = InvoiceNumbers()
        self._read_row = row_reader(table)
        unique = [column.name for column in table.columns if column.unique]
        self._unique = table.row._fields.index(unique[0]) if unique else -1

    @property
    def report(self) -> CsvReport:
        """What was found. Raises `ReadingUnfinished` before the end of the file."""
        if self._report is None:
            raise ReadingUnfinished("the file was not read to its end")
        return self._report

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        if self._begun:
            raise ReadingUnfinished("a reading goes over its file once: call read_csv again")
        self._begun = True
        return self._read()

    def _read(self) -> Iterator[tuple[int, Row]]:
        rejection: Problem | None = None
        try:
            yield from self._read_rows()
        except NotText as error:
            rejection = self._problem("wrong-encoding", f"{error}; save it as UTF-8")
        except _Hopeless as error:
            self._lines = error.line
            self._notes.take_back(FOREIGN, sum(number > error.line for number in self._foreign))
            rejection = self._problem("hopeless", str(error), error.line)
        finally:
            self._seen.close()
        if rejection is None and not self._rows:
            rejection = self._problem("empty-file", "holds no row")
        elif rejection is None and not self._fitting:
            count = len(self._table.columns)
            rejection = self._problem("wrong-columns", f"no row has the {count} columns of the table")
        self._report = CsvReport(
            table=self._table.name,
            lines=self._lines,
            rows=self._rows,
            good=self._good,
            quarantined=self._quarantined,
            quarantine=tuple(self._kept),
            notes=self._notes.found(),
            rejection=rejection,
        )
        if rejection is not None:
            raise CsvRejected(self._report)

    def _read_rows(self) -> Iterator[tuple[int, Row]]:
        read_all = rows_reader(self._table)
        opened: list[str] = []  # the lines of a row whose quoted field is still open
        for batch in read_lines(self._source, self._notes, self._progress):
            self._lines = batch.first - 1 + len(batch.lines)
            self._foreign = batch.foreign
            for start in range(0, len(batch.lines), BLOCK):
                lines, first = batch.lines[start : start + BLOCK], batch.first + start
                flagged = batch.flagged and not batch.flagged.keys().isdisjoint(range(first, first + len(lines)))
                if not (self._at_begin or opened or flagged or self._hopeless(first)):
                    block = read_all(lines)
                    if block is not None and self._take_all(*block):
                        for self.text, found in zip(lines, enumerate(block[0], first), strict=True):
                            yield found
                        continue
                yield from self._read_lines(lines, first, batch.flagged, opened)
        if opened:
            yield from self._give_up(opened, self._lines + 1)

    def _take_all(self, rows: list[Row], numbers: Sequence[str]) -> bool:
        """Counts rows that all read well; False where one of their numbers stood in the file before [A-88]."""
        if numbers and not self._seen.add_all(numbers):
            return False
        self._rows += len(rows)
        self._good += len(rows)
        self._fitting += len(rows)
        return True

    def _hopeless(self, number: int) -> bool:
        return self._broken > MAX_BROKEN and 2 * self._broken >= number

    def _read_lines(
        self, lines: list[str], first: int, flagged: dict[int, str], opened: list[str]
    ) -> Iterator[tuple[int, Row]]:
        """Lines one by one, the first of them of this number."""
        read = self._read_row
        for number, line in enumerate(lines, first):
            if self._at_begin and line.strip(BLANK):
                self._at_begin = False
                if is_header(self._table, line):
                    self._notes.add("header-line", NOTES["header-line"], number)
                    continue
            if self._hopeless(number):
                raise _Hopeless(number, f"{self._broken:,} of the first {number:,} lines are broken or blank")
            if not opened and not flagged and '"' not in line and (row := read(line.split(","))) is not None:
                self._fitting += 1
                if (found := self._taken(number, row, line)) is not None:
                    yield found
                continue
            yield from self._take(opened, line, number, flagged.get(number, ""))

    def _take(self, opened: list[str], line: str, number: int, flag: str) -> Iterator[tuple[int, Row]]:
        """A line that is not simply a good row: quoted, part of a longer row, or wrong."""
        if opened and (flag or self._begins_a_row(line)):
            yield from self._give_up(opened, number)
        if flag:
            self._rows += 1
            self._set_aside(number, line, (self._problem(flag, FLAGS[flag], number, text=line),))
            return
        if not opened and not line.strip(BLANK):
            self._broken += 1
            if line:
                self._notes.add("empty-rows", NOTES["empty-rows"], number)
            return
        opened.append(line)
        if len(opened) > MOST_LINES:
            yield from self._give_up(opened, number + 1)
            return
        if len(opened) > 1 and '"' not in line and sum(map(len, opened)) <= MAX_ROW:
            return  # it cannot close the field
        text = "\n".join(opened)
        start = number - len(opened) + 1
        try:
            cells = split(text)
        except QuoteMisplaced as error:
            if len(opened) > 1:
                yield from self._give_up(opened, number + 1)
            else:
                opened.clear()
                self._rows += 1
                self._fitting += 1
                column = self._table.columns[min(error.cell, len(self._table.columns)) - 1]
                message = "has text behind the closing quote of a field"
                self._set_aside(start, text, (self._problem("misplaced-quote", message, start, column, text),))
            return
        if cells is None:
            if len(text) > MAX_ROW:
                yield from self._give_up(opened, number + 1)
            return
        opened.clear()
        row = self._read_row(cells)
        if row is None:
            found = self._judged(cells, text, start)
        else:
            self._fitting += 1
            found = self._taken(start, row, text)
        if found is not None:
            yield found

    def _give_up(self, opened: list[str], following: int) -> Iterator[tuple[int, Row]]:
        """Quarantine the first of the opened lines alone, and read the others, which end before *following*, anew."""
        first, *rest = opened
        start = following - len(opened)
        opened.clear()
        self._rows += 1
        self._fitting += 1  # as far as one can tell
        message = "opens a quoted field that is not closed in its row"
        column = self._table.columns[min(open_cell(first), len(self._table.columns)) - 1]
        self._set_aside(start, first, (self._problem("open-quote", message, start, column, first),))
        again: list[str] = []
        for number, line in enumerate(rest, start + 1):
            yield from self._take(again, line, number, "")
        if again:
            yield from self._give_up(again, following)

    def _judged(self, cells: list[str], text: str, number: int) -> tuple[int, Row] | None:
        """The row of these cells, or None where it went to quarantine."""
        self._rows += 1
        columns = self._table.columns
        trailing = len(cells) == len(columns) + 1 and not cells[-1].strip()
        if len(cells) != len(columns) and not trailing:
            few = len(cells) < len(columns)
            rule = "too-few-columns" if few else "too-many-columns"
            message = f"has {len(cells)} columns where the table has {len(columns)}"
            message += "" if few else "; a comma inside a value needs quotes around it"
            self._set_aside(number, text, (self._problem(rule, message, number, text=text),))
            return None
        self._fitting += not trailing
        row, problems, notes = judge_row(self._table, cells, number)
        if trailing and problems:
            message = f"has {len(cells)} columns where the table has {len(columns)}"
            problems = (self._problem("too-many-columns", message, number, text=text), *problems)
        if row is None:
            self._set_aside(number, text, problems)
            return None
        for note in (*notes, "trailing-comma") if trailing else notes:
            self._notes.add(note, NOTES[note], number)
        self._rows -= 1
        self._fitting += trailing
        return self._taken(number, row, text)

    def _taken(self, number: int, row: Row, text: str) -> tuple[int, Row] | None:
        """A row that reads well, unless its number stood in the file before [A-88]."""
        self._rows += 1
        if self._unique >= 0 and not self._seen.add(value := tuple.__getitem__(row, self._unique)):
            column = next(column for column in self._table.columns if column.unique)
            problem = self._problem(
                "stands-twice", f"{shown(value)!r} stood in this file before", number, column, value
            )
            self._set_aside(number, text, (problem,))
            return None
        self._good += 1
        self.text = text
        return number, row

    def _begins_a_row(self, line: str) -> bool:
        """Whether a line has the columns of a whole row for itself."""
        cells = cells_of(line)
        return cells is not None and len(cells) == len(self._table.columns) and bool(cells[0].strip())

    def _set_aside(self, number: int, text: str, problems: tuple[Problem, ...]) -> None:
        self._quarantined += 1
        self._broken += text.count("\n") + 1
        entry = QuarantinedRow(number, problems, text)
        if len(self._kept) < KEPT:
            self._kept.append(entry)
        if self._on_quarantine is not None:
            self._on_quarantine(entry)

    def _problem(self, rule: str, message: str, line: int = 0, column: Column | None = None, text: str = "") -> Problem:
        return problem_at(self._table, rule, message, line, column, text)
