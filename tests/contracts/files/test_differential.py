"""
The compiled reader and writer of a row against the plain interpretation of the same table.

The compiled ones may give up on a good row (None); they may never take one that the plain reading refuses, and never
read or write anything else than it does.
"""

from __future__ import annotations

import io
from collections import Counter
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from partnerlab.contracts.files import Layout, Record, ValueRefused, load_layout
from partnerlab.contracts.files.columns import rows_checker
from partnerlab.contracts.files.compiled import row_parser, row_renderer, source_of
from partnerlab.contracts.files.fields import is_plain
from partnerlab.contracts.files.rendered import rows_renderer
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.files.rows import judge_row, render_row
from partnerlab.generators.bif import generate_bif
from partnerlab.generators.tccs_bif import generate_tccs_bif
from tests.contracts.files.odd import CELLS, GOOD_CELLS, GOOD_VALUES, LAYOUT, LAYOUTS, SHAPED, VALUES

RECORDS = [(layout, record) for layout in LAYOUTS for record in layout.records]
ROUNDS = 1_500


@pytest.mark.parametrize(("layout", "record"), RECORDS, ids=lambda value: getattr(value, "code", ""))
def test_reading_a_row(layout: Layout, record: Record) -> None:
    rng = Random(record.code)
    outcomes = Counter(_read(layout, record, rng) for _ in range(ROUNDS))
    assert min(outcomes["good"], outcomes["bad"]) > ROUNDS / 10, outcomes


def _read(layout: Layout, record: Record, rng: Random) -> str:
    # Mostly good cells, so that whole rows pass and single faults are found.
    odd = rng.choice((0, 1, 1, 3)) / len(record.fields)
    cells = []
    for field in record.fields:
        good = SHAPED if field.pattern and field.name == "InvoiceNumber" else GOOD_CELLS[field.kind]
        cells.append(rng.choice(CELLS) if rng.random() < odd else field.constant or good)
    if rng.random() < 0.05:
        cells = cells[: rng.randrange(len(cells))] + [""] * rng.randrange(30)
    line = "|".join(cells)
    quick = row_parser(record)(line)
    slow = judge_row(layout, record, line, 1)
    _check_columns(record, line, quick is not None)
    assert (slow.row is None) == bool(slow.problems)
    if slow.row is None:
        assert quick is None, line
        return "bad"
    if quick is not None:
        assert quick == slow.row
        assert list(map(type, quick)) == list(map(type, slow.row))
        assert list(map(str, quick)) == list(map(str, slow.row))
    return "good"


def _check_columns(record: Record, line: str, is_good: bool) -> None:
    """The check of whole columns passes no row that the compiled reader does not, alone or among good ones."""
    good = "|".join(
        field.constant or (SHAPED if field.pattern and field.name == "InvoiceNumber" else GOOD_CELLS[field.kind])
        for field in record.fields
    )
    names = tuple(field.name for field in record.named)
    check = rows_checker(record, names)
    for lines in ([line], [good, line], [line, good, line], [good, line, good]):
        if not is_good:
            assert check(lines) is None, line
        elif line.startswith(f"{record.code}|") and row_parser(record)(good) is not None:
            found = check(lines)
            assert found is not None, line
            of_line = dict(zip((field.name for field in record.fields), line.split("|"), strict=True))
            for name, cells in zip(names, found, strict=True):
                assert len(cells) == len(lines)
                assert cells[lines.index(line)] == of_line[name]


@pytest.mark.parametrize(("layout", "record"), RECORDS, ids=lambda value: getattr(value, "code", ""))
def test_writing_a_row(layout: Layout, record: Record) -> None:
    rng = Random(record.code)
    outcomes = Counter(_write(layout, record, rng) for _ in range(ROUNDS))
    assert min(outcomes["good"], outcomes["bad"]) > ROUNDS / 10, outcomes


def _check_rendered(record: Record, row: Row, line: str | None) -> None:
    """Whole columns become the lines that the compiled writer makes, or none: alone and among good rows."""
    good = record.row._make(
        GOOD_VALUES[field.kind]
        if field.required and not field.constant
        else record.make()[field.name]
        if not field.pattern
        else SHAPED
        for field in record.named
    )
    good_line = row_renderer(record)(good)
    for rows, lines in (([row], [line]), ([good, row], [good_line, line]), ([row, good, row], [line, good_line, line])):
        found = rows_renderer(record)(rows)
        assert found is None or found == lines
    if good_line is not None:
        assert rows_renderer(record)([good, good]) == [good_line, good_line]


def _write(layout: Layout, record: Record, rng: Random) -> str:
    odd = rng.choice((0, 1, 1, 3)) / len(record.fields)
    made = record.make()
    values = []
    for field in record.named:
        good = GOOD_VALUES[field.kind] if field.required and not field.constant else made[field.name]
        good = SHAPED if field.pattern and field.name == "InvoiceNumber" else good
        values.append(rng.choice(VALUES) if rng.random() < odd else good)
    row = record.row._make(values)
    quick = row_renderer(record)(row)
    _check_rendered(record, row, quick)
    try:
        line, replaced = render_row(layout, record, row, 1)
    except ValueRefused:
        assert quick is None, row
        return "bad"
    if quick is not None:
        assert quick == line
        assert not replaced
    return "good"


@pytest.mark.parametrize(("layout", "record"), RECORDS, ids=lambda value: getattr(value, "code", ""))
def test_the_quick_way_is_taken(layout: Layout, record: Record) -> None:
    """Else the two would agree by never meeting."""
    for text in ("", "x"):
        values = {}
        for field in record.named:
            if field.constant or field.many:
                continue
            if field.pattern and field.name == "InvoiceNumber":
                values[field.name] = SHAPED
            elif field.required:
                values[field.name] = GOOD_VALUES[field.kind]
            elif field.kind == "text":
                values[field.name] = text
        row = record.make(**values)
        line = row_renderer(record)(row)
        assert line is not None
        assert row_parser(record)(line) == row


def test_the_code_that_is_made_can_be_read() -> None:
    source = source_of(LAYOUT.record("CR"))
    assert source.startswith("def parse(line):\n    try:\n")
    assert "def render(row):" in source
    compile(source, "CR", "exec")


@pytest.mark.parametrize(("partner", "generate"), [("inhance_v2", generate_bif), ("tccs", generate_tccs_bif)])
def test_a_plain_row_is_read_and_written_by_the_compiled_functions(partner: str, generate: Any) -> None:
    """What they give up on is done rightly too, but several times slower."""
    layout, stream = load_layout(partner), io.BytesIO()
    generate(stream, 50, as_of=date(2026, 3, 2))
    for line in stream.getvalue().decode().splitlines():
        record = layout.record(line[:2])
        row = row_parser(record)(line)
        assert row is not None, line
        assert row_renderer(record)(row) == line


def test_what_is_plain() -> None:
    texts = [chr(code) for code in range(0x250)] + ["", "\u2028", "\ud800", "a" * 500 + "\x1f", "Zoë\t"]
    for text in texts:
        for whole in (text, f"a{text}b"):
            assert is_plain(whole, 0) == (whole.isprintable() and "|" not in whole), repr(whole)
            assert is_plain(f"{whole}|x|", 2) == is_plain(whole, 0)


ODD = ("1E+1", "-0", "1.234", "0.0000001", "1234567890123456", "1E+16", "NaN", "Infinity")


@pytest.mark.parametrize("odd", [*map(Decimal, ODD), True, 1, None, date(2026, 1, 2), ()])
@pytest.mark.parametrize("kind", ["number", "date", "text"])
def test_meters_among_others(kind: str, odd: Any) -> None:
    """Columns of several meters, most with one value or none, become what they become row by row, or nothing."""
    record = LAYOUT.record("ID")
    name = {"number": "CustomField11", "date": "CustomField10", "text": "CustomField30"}[kind]
    made = {"number": Decimal(7), "date": date(2026, 3, 2), "text": "M7"}[kind]
    for values in ((), (odd,), (made, odd), [odd], (made,) * 5, (made,) * 6, odd):
        rows = [record.make(Description="x", **({name: one} if one else {})) for one in ((), (made,), values)]
        lines = [row_renderer(record)(row) for row in rows]
        found = rows_renderer(record)(rows)
        assert found == lines or (found is None and (None in lines or odd in (Decimal("1E+1"), Decimal("-0"))))
