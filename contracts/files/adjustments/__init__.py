"""
Invoice Cloud's own adjustment file: a header AH, then one record an adjustment, pipe-delimited as a bill file is.

    write_adjustments(stream, load_adjustments("watersmart"), biller_guid, on, rows)
    for row in read_adjustments(source, load_adjustments("watersmart")): row.AccountNumber, row.AdjustmentAmount
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import IO

from partnerlab.contracts.data import read_toml
from partnerlab.contracts.files.layout import Layout, Record, Totals
from partnerlab.contracts.files.layout_toml import parse_record
from partnerlab.contracts.files.lines import NotText, Source, read_lines
from partnerlab.contracts.files.problems import FileError, Notes, Problem, shown
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.files.rows import judge_row, render_row

__all__ = ["AdjustmentFile", "AdjustmentsRejected", "load_adjustments", "read_adjustments", "write_adjustments"]

SPOOL = 8 << 20


class AdjustmentsRejected(FileError):
    """The file cannot be used; nothing read from it may be kept. `problem` says why and where."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


@dataclass(frozen=True)
class AdjustmentFile:
    """The records of a partner's adjustment file. `source` stands in error texts."""

    name: str
    source: str
    header: Record
    adjustment: Record

    @property
    def layout(self) -> Layout:
        """The two records as a layout, for what works on layouts."""
        return Layout(self.name, self.name, self.source, (self.header, self.adjustment), Totals("", "", "", ""))


@cache
def load_adjustments(name: str) -> AdjustmentFile:
    """The records of that partner. Raises `FileNotFoundError` where there are none."""
    document = read_toml(f"files/adjustments/{name}.toml")
    header, adjustment = (parse_record(name, row["code"], row) for row in document["record"])
    return AdjustmentFile(name, "WaterSmart, Adjustment/Daily Balance File", header, adjustment)


def write_adjustments(
    stream: IO[bytes], file: AdjustmentFile, biller_guid: str, created_on: date, rows: Iterable[Row]
) -> int:
    """
    Write a file of adjustments (rows of `file.adjustment.make(...)`); how many there were.

    The header's count and total are computed; nothing is written to *stream* before every row was accepted.

    Raises:
        ValueRefused: A value is not what the table allows.
    """
    count, total = 0, Decimal("0.00")
    layout = file.layout
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as spool:
        for count, row in enumerate(rows, 1):
            line, _ = render_row(layout, file.adjustment, row, count + 1)
            spool.write(f"{line}\n".encode())
            total += row.AdjustmentAmount
        header = file.header.make(
            BillerGuid=biller_guid, FileCreationDate=created_on, AdjustmentCount=count, TotalAdjustmentAmount=total
        )
        line, _ = render_row(layout, file.header, header, 1)
        stream.write(f"{line}\n".encode())
        spool.seek(0)
        shutil.copyfileobj(spool, stream, 1 << 18)
    return count


def read_adjustments(source: Source, file: AdjustmentFile) -> Iterator[Row]:
    """
    The adjustments of a file, provisional until the iteration has ended: count and total are compared last.

    Raises (while iterating):
        AdjustmentsRejected: A row is not what the table says, or the header's count or total is not that of the rows.
    """
    header: Row | None = None
    count, total = 0, Decimal("0.00")
    layout, number = file.layout, 0
    try:
        for batch in read_lines(source, Notes()):
            for number, line in enumerate(batch.lines, batch.first):
                if not line.strip():
                    continue
                record = file.adjustment if header is not None else file.header
                if number in batch.flagged:
                    raise AdjustmentsRejected(
                        Problem(batch.flagged[number], "cannot be read", number, record.code, value=shown(line))
                    )
                judged = judge_row(layout, record, line, number)
                if judged.row is None:
                    raise AdjustmentsRejected(judged.problems[0])
                if header is None:
                    header = judged.row
                    continue
                count += 1
                total += judged.row.AdjustmentAmount
                yield judged.row
    except NotText as error:
        raise AdjustmentsRejected(Problem("wrong-encoding", str(error))) from None
    if header is None:
        raise AdjustmentsRejected(Problem("missing-header", "the first row is the file header, AH"))
    if (header.AdjustmentCount, header.TotalAdjustmentAmount) != (count, total):
        said = f"{header.AdjustmentCount} adjustments of {header.TotalAdjustmentAmount}"
        rule = "wrong-total" if header.AdjustmentCount == count else "wrong-count"
        raise AdjustmentsRejected(Problem(rule, f"says {said}, the rows are {count} of {total}", 1, "AH"))
