"""
A CSV table turned into Python, once: a function that reads the cells of a row.

It knows only the good case and returns None for anything else. `rows.judge_row` then reads the row cell by cell, says
what is wrong and notes what is unusual. Tests hold the two ways together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from partnerlab.contracts.files.cells import Parsed
from partnerlab.contracts.files.csv.cells import IN_KINDS
from partnerlab.contracts.files.csv.table import Column, CsvTable
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.one_line import LONGEST_NUMBER

__all__ = ["known_values", "row_cell", "row_reader"]


def _quietly(kind: str) -> Callable[[str], Any]:
    """A reader of the canonical form alone: raises ValueError for what would be noted."""
    read = IN_KINDS[kind].read

    def parse(text: str) -> Any:
        value, note = read(text.strip())
        if note:
            raise ValueError(text)
        return value

    return parse


def _account(text: str) -> str:
    text = text.strip()
    if not text.isdecimal() or len(text) > LONGEST_NUMBER:
        IN_KINDS["account"].read(text)
    return text


# How a cell `c` becomes a value: where it is required, and where it may be empty.
READ = {
    "text": ("{c}.strip()", "{c}.strip()"),
    "account": ("account({c})", "account({c})"),
    "amount": ("amounts[{c}]", "optional_amounts[{c}]"),
    "date": ("dates[{c}]", "optional_dates[{c}]"),
    "integer": ("integers[{c}]", "optional_integers[{c}]"),
    "flag": ("flags[{c}]", "flags[{c}]"),
}


_KNOWN: dict[str, dict[str, Any]] = {
    "amounts": Parsed(_quietly("amount")),
    "optional_amounts": Parsed(_quietly("amount"), {"": None}),
    "dates": Parsed(_quietly("date")),
    "optional_dates": Parsed(_quietly("date"), {"": None}),
    "integers": Parsed(_quietly("integer")),
    "optional_integers": Parsed(_quietly("integer"), {"": None}),
    "flags": Parsed(_quietly("flag"), {"": False}),
}


def known_values(kind: str, *, required: bool) -> dict[str, Any]:
    """The values of cells of a kind by their text, read when they are first looked up."""
    return _KNOWN[f"{kind}s" if required or kind == "flag" else f"optional_{kind}s"]


def row_cell(column: Column) -> Callable[[str], Any]:
    """What makes the value of a cell that is not empty; raises ValueError where it is not of its kind."""
    if column.kind == "text":
        return str.strip
    return _account if column.kind == "account" else known_values(column.kind, required=True).__getitem__


@lru_cache(maxsize=64)
def row_reader(table: CsvTable) -> Callable[[Sequence[str]], Row | None]:
    """A function from the cells of a row to its row; None where anything is wrong or unusual."""
    columns = table.columns
    cells = [f"c{at}" for at in range(len(columns))]
    lines = ["def read(cells):", "    try:", f"        {', '.join(cells)}, = cells"]
    values = []
    for cell, column in zip(cells, columns, strict=True):
        if column.ignored:
            continue
        lines.append(f"        {cell} = {READ[column.kind][0 if column.required else 1].format(c=cell)}")
        if column.required and column.kind in ("text", "account"):
            lines.append(f"        if not {cell}: return None")
        if column.constant:
            lines.append(f"        if str({cell}) != {column.constant!r}: return None")
        if column.values:
            lines.append(f"        if str({cell}) not in {set(column.values)!r}: return None")
        values.append(cell)
    lines += [
        f"        return new(Row, ({', '.join(values)},))",
        "    except (ValueError, KeyError):",
        "        return None",
    ]
    scope: dict[str, Any] = {"new": tuple.__new__, "Row": table.row, "account": _account, **_KNOWN}
    # The source is made of column numbers and the fragments above; text of the table enters by repr.
    exec(compile("\n".join(lines), "<csv table>", "exec"), scope)  # noqa: S102
    return scope["read"]  # type: ignore[no-any-return]
