"""
Rows of a bill file as text, by the names of a field table.

A test names only the cells it is about, so that a new field of a table breaks no other test.
"""

from __future__ import annotations

from collections.abc import Iterable

from partnerlab.contracts.files import Layout

__all__ = ["cells_of", "change", "file_of_lines", "line_of"]


def line_of(layout: Layout, code: str, **cells: str) -> str:
    """One row: these cells, the table's constants, and nothing in the other columns."""
    row = {field.name: field.constant for field in layout.record(code).fields}
    assert cells.keys() <= row.keys(), cells.keys() - row.keys()
    return "|".join((row | cells).values())


def file_of_lines(lines: Iterable[str]) -> bytes:
    """The rows as a file."""
    return "".join(f"{line}\n" for line in lines).encode()


def cells_of(layout: Layout, line: str) -> dict[str, str]:
    """The cells of a row by name; fillers of one name keep the last."""
    fields = layout.record(line[:2]).fields
    return dict(zip((field.name for field in fields), line.split("|"), strict=True))


def change(data: bytes, layout: Layout, line: int, **cells: str) -> bytes:
    """The file with other cells on one line, counted from 1."""
    lines = data.decode().split("\n")
    was = lines[line - 1].split("|")
    names = [field.name for field in layout.record(was[0]).fields]
    for name, text in cells.items():
        was[names.index(name)] = text
    lines[line - 1] = "|".join(was)
    return "\n".join(lines).encode()
