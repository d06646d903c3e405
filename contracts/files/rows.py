"""One row, judged column by column: what the compiled reader and writer leave to the plain interpretation."""

from __future__ import annotations

from typing import Any

from partnerlab.contracts.files.fields import MAX_ROW, CellInvalid, Field, clean, read_cell, render_cell
from partnerlab.contracts.files.layout import Layout, Record
from partnerlab.contracts.files.problems import Problem, ValueRefused, shown
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.one_line import number_problem
from partnerlab.contracts.records import dataclass

__all__ = ["Judged", "judge_row", "number_refused", "render_row"]


@dataclass(frozen=True, slots=True)
class Judged:
    """
    A row as far as it can be read.

    `row` is None where there are problems; `values` are those that were readable; `notes` are a kind and a text for
    each cell in which something was tolerated.
    """

    row: Row | None
    values: dict[str, Any]
    problems: tuple[Problem, ...]
    notes: tuple[tuple[str, str], ...] = ()


def judge_row(layout: Layout, record: Record, line: str, number: int, invoice_number: str = "") -> Judged:
    """Every cell of a row read for itself, with all the problems there are."""
    cells = line.split("|")
    fields = record.fields
    if len(cells) != len(fields):
        few = len(cells) < len(fields)
        return Judged(
            None,
            {},
            (
                Problem(
                    "too-few-columns" if few else "too-many-columns",
                    f"has {len(cells)} columns where the table has {len(fields)}"
                    + ("" if few else "; a | inside a value reads as two columns"),
                    number,
                    record.code,
                    value=shown(line),
                    invoice_number=invoice_number,
                    source=layout.source,
                ),
            ),
        )
    values: dict[str, Any] = {}
    problems = []
    notes = []
    for field, cell in zip(fields, cells, strict=True):
        if field.kind == "filler":
            continue
        try:
            values[field.name], note = read_cell(field, cell)
            if note:
                notes.append((f"{record.code}.{field.name}", f"{record.code}.{field.name}: {shown(cell)!r} {note}"))
        except CellInvalid as error:
            problems.append(_problem(layout, record, field, error, cell, number, invoice_number))
    row = None if problems else record.row._make(values[field.name] for field in record.named)
    return Judged(row, values, tuple(problems), tuple(notes))


def render_row(
    layout: Layout, record: Record, row: Row, number: int, invoice_number: str = ""
) -> tuple[str, tuple[Problem, ...]]:
    """
    The line of a row, and a problem for each value in which characters were replaced by spaces.

    Raises:
        ValueRefused: A value is not what the table allows, or the row is too long.
    """
    if len(row) != len(record.named):
        message = f"has {len(row)} values where the table has {len(record.named)}"
        rule = "too-few-columns" if len(row) < len(record.named) else "too-many-columns"
        raise ValueRefused(
            Problem(rule, message, number, record.code, invoice_number=invoice_number, source=layout.source)
        )
    cells = []
    replaced = []
    values = dict(zip((field.name for field in record.named), row, strict=True))
    for field in record.fields:
        if field.kind == "filler":
            cells.append("")
            continue
        value = values[field.name]
        try:
            text = render_cell(field, value)
            cell = clean(text)
            if cell != text and field.required and cell.isspace():
                raise CellInvalid("required-empty", "is required and holds nothing that a file can hold")
        except CellInvalid as error:
            raise ValueRefused(_problem(layout, record, field, error, value, number, invoice_number)) from None
        if cell != text or (field.many and field.kind == "text" and text != ";".join(value)):
            found = CellInvalid("replaced-character", "holds what a file cannot: written with a space in its place")
            replaced.append(_problem(layout, record, field, found, value, number, invoice_number))
        cells.append(cell)
    line = "|".join(cells)
    if len(line) > MAX_ROW:
        message = f"has {len(line):,} characters; {MAX_ROW:,} are allowed"
        raise ValueRefused(
            Problem("row-too-long", message, number, record.code, invoice_number=invoice_number, source=layout.source)
        )
    return line, tuple(replaced)


def number_refused(layout: Layout, code: str, name: str, text: str, number: int, invoice_number: str) -> Problem | None:
    """What is wrong with an account or invoice number: what nobody sees makes it look like another's [A-126]."""
    rule, wrong = number_problem(text)
    if not rule:
        return None
    record = layout.record(code)
    error = CellInvalid(rule, wrong)
    escaped = text.encode("unicode_escape").decode()
    return _problem(layout, record, record.field(name), error, escaped, number, invoice_number)


def _problem(
    layout: Layout, record: Record, field: Field, error: CellInvalid, value: object, number: int, invoice_number: str
) -> Problem:
    text = shown(value)
    return Problem(
        error.rule,
        f"{text!r} {error.message}" if value not in ("", None) else error.message,
        number,
        record.code,
        field.name,
        field.spec_id,
        text,
        invoice_number,
        layout.source,
        padded_id=field.padded_id,
    )
