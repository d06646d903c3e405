"""One row of a CSV file, judged cell by cell: what the compiled reader leaves to the plain interpretation."""

from __future__ import annotations

from typing import Any

from partnerlab.contracts.files.csv.cells import IN_KINDS
from partnerlab.contracts.files.csv.table import Column, CsvTable
from partnerlab.contracts.files.fields import CellInvalid
from partnerlab.contracts.files.problems import Problem, shown
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.one_line import number_problem

__all__ = ["judge_row", "problem_at"]


def judge_row(table: CsvTable, cells: list[str], number: int) -> tuple[Row | None, tuple[Problem, ...], list[str]]:
    """A row cell by cell: its values, all its problems and the kinds of its notes. None where there are problems."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    for column, cell in zip(table.columns, cells, strict=False):
        if column.ignored:
            continue
        text = cell.strip()
        try:
            value, note = _read_cell(column, text)
        except CellInvalid as error:
            problems.append(problem_at(table, error.rule, f"{shown(text)!r} {error.message}", number, column, text))
            continue
        values[column.name] = value
        if note:
            notes.append(note)
    broken = {problem.field for problem in problems}
    for column in table.columns:
        if column.required and values.get(column.name, "") in ("", None) and column.name not in broken:
            value = _default(table, column, values)
            if value is None:
                if not (column.defaults and set(column.defaults.split("-")) & broken):
                    problems.append(problem_at(table, "required-empty", "is required and empty", number, column, ""))
                continue
            if column.kind == "account" and (wrong := number_problem(value))[0]:
                problems.append(
                    problem_at(table, wrong[0], f"is made of other cells and {wrong[1]}", number, column, "")
                )
                continue
            values[column.name] = value
            notes.append("default-value")
    if problems:
        return None, tuple(sorted(problems, key=lambda problem: problem.column)), notes
    return table.row._make(values[name] for name in table.row._fields), (), notes


def _read_cell(column: Column, text: str) -> tuple[Any, str]:
    kind = IN_KINDS[column.kind]
    if not text:
        return kind.empty, ""
    value, note = kind.parse(text)
    if column.constant and str(value) != column.constant:
        raise CellInvalid("wrong-biller-value", f"is not {column.constant!r}, the value Invoice Cloud provided")
    if column.values and str(value) not in column.values:
        meanings = ", ".join(f"{key} ({meaning})" for key, meaning in column.values.items())
        raise CellInvalid("unknown-value", f"is none of {meanings}")
    return value, note


def _default(table: CsvTable, column: Column, values: dict[str, Any]) -> Any:
    """What an empty cell becomes: another column's value, or values joined by hyphens, dates as MMDDYYYY [A-10]."""
    if not column.defaults:
        return None
    names = column.defaults.split("-")
    for name in names:
        if values.get(name, "") in ("", None):
            values[name] = _default(table, table.column(name), values)
    parts = [values[name] for name in names]
    if None in parts:
        return None
    if len(parts) == 1:
        return parts[0]
    return "-".join(f"{part:%m%d%Y}" if hasattr(part, "strftime") else str(part) for part in parts)


def problem_at(table: CsvTable, rule: str, message: str, line: int, column: Column | None, text: object) -> Problem:
    """A problem of a row, or of one of its columns."""
    return Problem(
        rule,
        message,
        line,
        field=column.name if column else "",
        spec_id=column.id if column else 0,
        value=shown(text),
        source=table.source,
        column=column.position if column else 0,
    )
