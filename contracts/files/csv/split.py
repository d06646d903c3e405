"""
A CSV line to its cells.

A quote opens a field only at its beginning, and two quotes inside a quoted field are one [A-86]. A quoted field may
hold line breaks: `split` then says that the row is still open, and the caller comes back with the next line added.
"""

from __future__ import annotations

__all__ = ["QuoteMisplaced", "open_cell", "split"]


class QuoteMisplaced(ValueError):
    """Text follows the closing quote of a field; `cell` is the number of that field, from 1."""

    def __init__(self, cell: int) -> None:
        self.cell = cell
        super().__init__(f"cell {cell}")


def split(line: str) -> list[str] | None:
    """
    The cells of a row, or None where a quoted field is still open at its end.

    Raises:
        QuoteMisplaced: A quoted field is followed by anything but a comma.
    """
    if '"' not in line:
        return line.split(",")
    parts = line.split('"')
    if len(parts) == 3 and (not parts[0] or parts[0][-1] == ",") and (not parts[2] or parts[2][0] == ","):
        # The usual row: one quoted field, a name with a comma.
        return [*parts[0].split(",")[:-1], parts[1], *parts[2].split(",")[1:]]
    cells, is_open = _cells(line)
    return None if is_open else cells


def open_cell(line: str) -> int:
    """The number of the field, from 1, whose quote is not closed; 0 where there is none. Raises `QuoteMisplaced`."""
    cells, is_open = _cells(line)
    return len(cells) + 1 if is_open else 0


def _cells(line: str) -> tuple[list[str], bool]:
    """The cells that end in the line, and whether another one is open."""
    cells: list[str] = []
    at, end = 0, len(line)
    while True:
        if at < end and line[at] == '"':
            close = _closing(line, at + 1)
            if close < 0:
                return cells, True
            cells.append(line[at + 1 : close].replace('""', '"'))
            at = close + 1
            if at < end and line[at] != ",":
                raise QuoteMisplaced(len(cells))
        else:
            comma = line.find(",", at)
            comma = end if comma < 0 else comma
            cells.append(line[at:comma])
            at = comma
        if at >= end:
            return cells, False
        at += 1  # the comma; a row that ends with one has an empty last cell


def _closing(line: str, at: int) -> int:
    """Where the quote stands that closes a field begun before *at*; -1 where there is none."""
    while True:
        close = line.find('"', at)
        if close < 0 or line[close + 1 : close + 2] != '"':
            return close
        at = close + 2
