"""Which table a CSV file has, and whether its rows are those of another: what is known of it without judging a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from itertools import islice

from partnerlab.contracts.files.csv.split import QuoteMisplaced, split
from partnerlab.contracts.files.csv.table import CsvTable
from partnerlab.contracts.files.lines import NotText, Source, read_lines
from partnerlab.contracts.files.problems import Notes

__all__ = ["BLANK", "cells_of", "is_header", "rows_digest", "table_of"]

LOOKED_AT = 100  # rows that decide which table a file has
BLANK = ", \t\xa0"


def table_of(source: Source, tables: Iterable[CsvTable]) -> CsvTable | None:
    """
    Whose columns a file has: the table that most of its first hundred rows fit, or None.

    The name of a file says nothing. A stream is read from; hand over bytes or a path where it is needed again.
    """
    by_count = {len(table.columns): table for table in tables}
    found: Counter[int] = Counter()
    try:
        lines = (line for batch in read_lines(source, Notes()) for line in batch.lines)
        for line in islice((line for line in lines if line.strip(BLANK)), LOOKED_AT):
            cells = cells_of(line)
            if cells is not None:
                found[len(cells) - 1 if cells[-1] == "" and len(cells) not in by_count else len(cells)] += 1
    except NotText:
        return None
    for count, _ in found.most_common():
        if count in by_count:
            return by_count[count]
    return None


def rows_digest(source: Source, table: CsvTable) -> str:
    """
    What identifies the rows of a file, in their order: two files are the same if this is [A-87].

    Encoding, byte order mark, line ends, blank lines, rows of commas only, a header line and spaces around cells make
    no difference, a cell that the table ignores does. Raises `NotText`.
    """
    digest = sha256()
    first = True
    for batch in read_lines(source, Notes()):
        lines = [line for line in batch.lines if line.strip(BLANK)]
        if first and lines:
            first = False
            if is_header(table, lines[0]):
                del lines[0]
        for line in lines:
            digest.update(_unpadded(line).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def is_header(table: CsvTable, line: str) -> bool:
    """Whether a file's first line is a header line [A-11]."""
    cells = cells_of(line)
    first = cells[0] if cells else ""
    return bool(table.header) and "".join(first.split()).lower() == table.header.lower()


def _unpadded(line: str) -> str:
    return ",".join(map(str.strip, line.split(","))) + "\n"


def cells_of(line: str) -> list[str] | None:
    """The cells of a line for itself, or None where it is no whole row."""
    try:
        return split(line)
    except QuoteMisplaced:
        return None
