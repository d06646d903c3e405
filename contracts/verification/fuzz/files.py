"""
Bill files of one invoice with one damage each, made from a field table: every field in every way it can be wrong, and
rows that are missing, doubled, longer or cut.

What a damage breaks is the codec's word, which reads the file as a receiver has to: a change that breaks nothing is no
damage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from hypothesis import strategies as st

from partnerlab.contracts.files import Field, Layout, Problem, check

__all__ = ["Damaged", "damaged", "each_damage"]

ODD = ("", "abc", "-1", "1.005", "1,000.00", "13/45/2026", "2026-01-31", "x" * 300, "9" * 20, "NaN", "\t", "é\u202e")
ROWS = ("left out", "doubled", "one column more", "one column less", "cut off", "of an unknown type", "blank")


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file and what was done to it; `row` counts from 0, `column` too, -1 where the whole row was touched."""

    content: bytes
    described: str
    row: int
    column: int

    def problems(self, layout: Layout) -> tuple[Problem, ...]:
        """What it breaks, none where it is a file like any other."""
        report = check(self.content, layout)
        rejection = () if report.rejection is None else (report.rejection,)
        return (*rejection, *(one for group in report.quarantine for one in group.problems))


def each_damage(layout: Layout, invoice: str) -> Iterator[Damaged]:
    """Every odd value in every field, and everything that can happen to a row; of an invoice of that number."""
    rows = _rows(layout, invoice)
    for at, (record, cells) in enumerate(zip(layout.records, rows, strict=True)):
        for column, field in enumerate(record.fields):
            for odd in ODD:
                if odd != cells[column]:
                    yield _with(rows, at, column, odd, f"{record.code}.{field.name} ({field.spec_id}) {odd[:30]!r}")
        for what in ROWS:
            yield _with_row(rows, at, what, f"{record.code} row {what}")


def damaged(layout: Layout, invoice: str) -> st.SearchStrategy[Damaged]:
    """Files with any text in any field."""
    rows = _rows(layout, invoice)
    places = [(at, column) for at, cells in enumerate(rows) for column in range(len(cells))]
    text = st.text(st.characters(codec="utf-8", exclude_characters="|\r\n"), max_size=40)

    def made(drawn: tuple[tuple[int, int], str]) -> Damaged:
        (at, column), value = drawn
        field = layout.records[at].fields[column]
        said = f"{layout.records[at].code}.{field.name} ({field.spec_id}) {value[:30]!r}"
        return _with(rows, at, column, value, said)

    return st.tuples(st.sampled_from(places), text).map(made)


def _rows(layout: Layout, invoice: str) -> list[list[str]]:
    """A file that breaks nothing: the cells of FH, IH, CR and ID. Raises `ValueError` where the table asks for more."""
    values = {layout.totals.key: invoice, layout.totals.count: "1", layout.totals.sum: "1.37", layout.totals.of: "1.37"}
    rows = [[values.get(field.name) or _plain(field) for field in record.fields] for record in layout.records]
    if problems := Damaged(_written(rows), "nothing", 0, 0).problems(layout):
        raise ValueError(f"a plain file of this layout is broken: {problems[0]}")
    return rows


def _plain(field: Field) -> str:
    if field.constant or not field.required:
        return field.constant
    today = date(2026, 1, 31).strftime("%m/%d/%Y")
    guid = "00000000-0000-4000-8000-000000000000"
    return {"date": today, "amount": "1.37", "number": "1", "integer": "1", "flag": "1", "guid": guid}.get(
        field.kind, "Verify"
    )


def _with(rows: list[list[str]], at: int, column: int, value: str, described: str) -> Damaged:
    changed = [list(cells) for cells in rows]
    changed[at][column] = value
    return Damaged(_written(changed), described, at, column)


def _with_row(rows: list[list[str]], at: int, what: str, described: str) -> Damaged:
    changed = [list(cells) for cells in rows]
    cells = changed[at]
    if what == "left out":
        del changed[at]
    elif what == "doubled":
        changed.insert(at, cells)
    elif what == "one column more":
        cells.append("x")
    elif what == "one column less":
        cells.pop()
    elif what == "cut off":
        del cells[len(cells) // 2 :]
    elif what == "of an unknown type":
        cells[0] = "XX"
    else:
        cells[:] = [""]
    return Damaged(_written(changed), described, at, -1)


def _written(rows: list[list[str]]) -> bytes:
    return "".join("|".join(cells) + "\n" for cells in rows).encode()
