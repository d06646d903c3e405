"""
A field table turned into Python, once: a function that reads a row, and one that writes a row.

The functions know only the good case. They return None for a row or value that is not right, and the plain
interpretation (`fields.py`) says what is wrong with it. `source_of` shows the code that is made.

For `IH` of three columns the reader made is

    def parse(line):
        try:
            c0, c1, c2 = line.split("|")
            if c0 != "IH" or not c2: return None
            return new(Row, (c0, dates[c1], amounts[c2]))
        except ValueError:
            return None
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from partnerlab.contracts.files.cells import NAMES, many_dates
from partnerlab.contracts.files.fields import MAX_ROW, SEPARATOR, Field
from partnerlab.contracts.files.layout import Record
from partnerlab.contracts.files.row import Row

__all__ = [
    "KEPT",
    "overflow",
    "patterns",
    "row_parser",
    "row_renderer",
    "source_of",
]

KEPT = 256  # functions: a biller has an invoice header of its own

# How a cell `c` becomes a value, for a required field, an optional one, and one of several meters.
PARSE = {
    "text": (
        "{c}",
        "{c}",
        f"none if not {{c}} else ({{c}},) if {SEPARATOR!r} not in {{c}} else many_texts({{c}}, {{most}})",
    ),
    "date": ("dates[{c}]", "optional_dates[{c}]", "many_dates_{most}[{c}]"),
    "amount": ("amounts[{c}]", "amounts[{c}]", ""),
    "number": (
        "number({c})",
        "number({c}) if {c} else None",
        (
            "none if not {c} else (decimal({c}),) if {c}.isdecimal() and {c}.isascii() and len({c}) < 16"
            " else many_numbers({c}, {most})"
        ),
    ),
    "integer": ("integers[{c}]", "optional_integers[{c}]", ""),
    "flag": ("flags[{c}]", "optional_flags[{c}]", ""),
    "guid": ("guids[{c}]", "optional_guids[{c}]", ""),
}

# How a value `c` becomes the text of a cell.
RENDER = {
    "text": ("{c}", "{c}", "'' if {c} is none else text_many_text({c}, {most})"),
    "date": ("date_texts[{c}]", "optional_date_texts[{c}]", "'' if {c} is none else date_many_text({c}, {most})"),
    "amount": ("amount_text({c})", "'' if {c} is None else amount_text({c})", ""),
    "number": (
        "number_text({c})",
        "'' if {c} is None else number_text({c})",
        "'' if {c} is none else number_many_text({c}, {most})",
    ),
    "integer": ("integer_text({c})", "'' if {c} is None else integer_text({c})", ""),
    "flag": ("flag_text({c})", "'' if {c} is None else flag_text({c})", ""),
    "guid": ("guid_text({c})", "guid_text({c})", ""),
}


@lru_cache(maxsize=KEPT)
def row_parser(record: Record) -> Callable[[str], Row | None]:
    """A function from a line, its row type already known, to its row; None where anything is wrong with it."""
    dates = {f"many_dates_{field.values}": many_dates(field.values) for field in record.fields if field.kind == "date"}
    names = {**NAMES, **patterns(record.fields), **dates, "Row": record.row}
    made = _execute(_parser_source(record), names)
    return made["parse"]  # type: ignore[no-any-return]


@lru_cache(maxsize=KEPT)
def row_renderer(record: Record) -> Callable[[Row], str | None]:
    """A function from a row to its line; None where a value is not right or holds what a file cannot hold."""
    made = _execute(_renderer_source(record), {**NAMES, **patterns(record.fields)})
    return made["render"]  # type: ignore[no-any-return]


def source_of(record: Record) -> str:
    """The Python that is made of a record's table."""
    return _parser_source(record) + "\n\n" + _renderer_source(record)


def patterns(fields: Iterable[Field]) -> dict[str, Any]:
    """The check of each field that has a shape, by a name of its column."""
    return {f"matches_{field.spec_id}": re.compile(field.pattern).fullmatch for field in fields if field.pattern}


def _execute(source: str, names: dict[str, Any]) -> dict[str, Any]:
    # The source is made of column numbers, the fragments above and field names that the layout has checked to be
    # identifiers; text of the table enters by repr. exec of it is what makes a row cost one function call.
    scope = dict(names)
    exec(compile(source, "<field table>", "exec"), scope)  # noqa: S102
    return scope


def _parser_source(record: Record) -> str:
    fields = record.fields
    tail = overflow(fields)
    head = len(fields) - tail
    lines = ["def parse(line):", "    try:"]
    if tail:
        # Few customers have more than five meters: a row that ends in empty overflow columns is cut before the split.
        lines += [f"        if line.endswith({'|' * tail!r}):"]
        lines += ["    " + line for line in _parse_body(record, fields[:head], f"line[:-{tail}]")]
    lines += _parse_body(record, fields, "line")
    lines += ["    except (ValueError, KeyError):", "        return None"]
    return "\n".join(lines) + "\n"


def _parse_body(record: Record, fields: Sequence[Field], line: str) -> list[str]:
    """For a line of these columns; the other fields of the record have no value."""
    cells = [f"c{at}" for at in range(len(fields))]
    checks: list[str] = []
    values = dict.fromkeys((field.name for field in record.named), "none")
    for cell, field in zip(cells, fields, strict=True):
        if field.kind == "filler":
            continue
        check = _parse_check(cell, field)
        if check:
            checks.append(check)
        forms = PARSE[field.kind]
        form = forms[2] if field.many else forms[0] if field.required else forms[1]
        values[field.name] = form.format(c=cell, most=field.values)
    body = [f"        {', '.join(cells)}, = {line}.split('|')"]
    if checks:
        body.append(f"        if {' or '.join(checks)}: return None")
    return [*body, f"        return new(Row, ({', '.join(values.values())},))"]


def _parse_check(cell: str, field: Field) -> str:
    """The condition under which a cell is wrong and its conversion would not show it."""
    if field.constant:
        wrong = f"{cell} != {field.constant!r}"
        if field.provided and field.kind == "guid":
            wrong += f" and {cell}.lower() != {field.constant.lower()!r}"
        return f"({wrong})" if field.required else f"({cell} and {wrong})"
    blank = ""
    if field.required and field.kind in ("text", "amount"):
        blank = f"not {cell} or {cell}.isspace()" if field.kind == "text" else f"not {cell}"
    if field.pattern:
        unshaped = f"{cell} and not matches_{field.spec_id}({cell})"
        return f"{blank} or {unshaped}" if blank else unshaped
    return blank


def overflow(fields: Sequence[Field]) -> int:
    """How many columns at the end hold values only for further meters."""
    count = 0
    for field in reversed(fields):
        if field.first_meter <= 1 or field.required:
            break
        count += 1
    return count


def _renderer_source(record: Record) -> str:
    fields = record.fields
    cells = {field.name: f"c{at}" for at, field in enumerate(record.named)}
    checks, texts = [], []
    for field in fields:
        if field.kind == "filler":
            texts.append("''")
            continue
        cell = cells[field.name]
        forms = RENDER[field.kind]
        form = forms[2] if field.many else forms[0] if field.required else forms[1]
        text = form.format(c=cell, most=field.values)
        texts.append(text)
        if field.constant:
            wrong = f"({text}) != {field.constant!r}"
            checks.append(wrong if field.required else f"({cell} is not None and {cell} != '' and {wrong})")
        elif field.required and field.kind in ("text", "guid"):
            checks.append(f"not {cell} or {cell}.isspace()")
        if field.pattern:
            checks.append(f"({cell} and not matches_{field.spec_id}({cell}))")
    lines = ["def render(row):", "    try:", f"        {', '.join(cells.values())}, = row"]
    if checks:
        lines.append(f"        if {' or '.join(checks)}: return None")
    joined = f"        line = '|'.join(({', '.join(texts)},))"
    tail = overflow(fields)
    if tail:
        lines += [
            f"        if {' is '.join(cells[field.name] for field in fields[-tail:])} is none:",
            f"            line = '|'.join(({', '.join(texts[:-tail])},)) + {'|' * tail!r}",
            "        else:",
            f"    {joined}",
        ]
    else:
        lines.append(joined)
    lines += [
        "    except (ValueError, TypeError, AttributeError):",
        "        return None",
        f"    if line.isprintable() and line.count('|') == {len(fields) - 1} and len(line) <= {MAX_ROW}:",
        "        return line",
        "    return None",
    ]
    return "\n".join(lines) + "\n"
