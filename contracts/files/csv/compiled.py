"""
A CSV table turned into Python, once: a function that reads the cells of a row, and one that writes a row's line.

Both know only the good case and return None for anything else. `rows.judge_row` then reads the row cell by cell, says
what is wrong and notes what is unusual; `writer.py` renders it cell by cell, with a warning for each change. Tests hold
the two ways together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from partnerlab.contracts.files.compiled import Parsed, Rendered
from partnerlab.contracts.files.csv.cells import IN_KINDS
from partnerlab.contracts.files.csv.render import TEXTS, render_boolean, render_day, render_integer
from partnerlab.contracts.files.csv.table import CsvTable
from partnerlab.contracts.files.row import Row

__all__ = ["row_reader", "row_writer"]

# What a line of plain cells does not hold: a quote, a formula's first character, or a space at either end of a cell.
UNUSUAL = ('"', ",=", ",+", ",-", ",@", ", ", " ,")


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
    if not text.isdecimal():
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
    scope: dict[str, Any] = {
        "new": tuple.__new__,
        "Row": table.row,
        "account": _account,
        "amounts": Parsed(_quietly("amount")),
        "optional_amounts": Parsed(_quietly("amount"), {"": None}),
        "dates": Parsed(_quietly("date")),
        "optional_dates": Parsed(_quietly("date"), {"": None}),
        "integers": Parsed(_quietly("integer")),
        "optional_integers": Parsed(_quietly("integer"), {"": None}),
        "flags": {"": False, "0": False, "1": True},
    }
    # The source is made of column numbers and the fragments above; text of the table enters by repr.
    exec(compile("\n".join(lines), "<csv table>", "exec"), scope)  # noqa: S102
    return scope["read"]  # type: ignore[no-any-return]


def _moment(value: Any) -> str:
    if value.__class__ is not datetime or value.tzinfo is None:
        raise ValueError(value)
    return days[value.toordinal()] + _MINUTES[value.hour * 60 + value.minute] + _SECONDS[value.second]


def _amount(value: Any) -> str:
    text = str(value)
    if value.__class__ is not Decimal or text[-3:-2] != ".":
        raise ValueError(value)
    return text


_MINUTES = [f"{hour:02}{minute:02}" for hour in range(24) for minute in range(60)]
_SECONDS = [f"{second:02}" for second in range(60)]
days = Rendered(lambda ordinal: render_day(date.fromordinal(ordinal)))

# How a value `v` becomes a cell; a value that is not simply of its kind raises or fails the check of the whole line.
WRITE = {
    "text": "{v}",
    "account": "{v}",
    "phone": "{v}",
    "amount": "amount({v})",
    "moment": "moment({v})",
    "integer": "integer({v})",
    "boolean": "boolean({v})",
}


@lru_cache(maxsize=64)
def row_writer(table: CsvTable) -> Callable[[Row], str | None]:
    """A function from a row to its line with the line end; None where a value has to be changed or is refused."""
    values = [f"v{at}" for at in range(len(table.columns))]
    cells, checks = [], []
    for value, column in zip(values, table.columns, strict=True):
        text = WRITE[column.kind].format(v=value)
        cells.append(f"{{'' if {value} is None else {text}}}")
        if column.kind in TEXTS:
            checks.append(f"{value}.__class__ is not str and {value} is not None")
        if column.most:
            checks.append(f"{value} is not None and len({value}) > {column.most}")
    lines = [
        "def write(row):",
        "    try:",
        f"        {', '.join(values)}, = row",
        f"        if {' or '.join(checks)}: return None",
        f'        line = f"{",".join(cells)}"',
        "    except (ValueError, TypeError, KeyError):",
        "        return None",
        f"    if line.count(',') != {len(values) - 1} or not line.isprintable(): return None",
        f"    if {' or '.join(f'{text!r} in line' for text in UNUSUAL)}: return None",
        "    if line[:1] in '=+-@ ' or line[-1:] == ' ': return None",
        "    return line + '\\r\\n'",
    ]
    scope: dict[str, Any] = {
        "amount": _amount,
        "moment": _moment,
        "integer": render_integer,
        "boolean": render_boolean,
    }
    # The source is made of column numbers and the fragments above; text of the table enters by repr.
    exec(compile("\n".join(lines), "<csv table>", "exec"), scope)  # noqa: S102
    return scope["write"]  # type: ignore[no-any-return]
