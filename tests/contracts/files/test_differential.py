"""
The compiled reader and writer of a row against the plain interpretation of the same table.

The compiled ones may give up on a good row (None); they may never take one that the plain reading refuses, and never
read or write anything else than it does.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.files import Layout, Record, ValueRefused, load_layout, parse_layout
from contracts.files.compiled import row_parser, row_renderer, source_of
from contracts.files.rows import judge_row, render_row

LAYOUT = load_layout("inhance_v2")
OTHERS = parse_layout(
    {
        "extends": "inhance_v2",
        "name": "odd",
        "record": [
            {
                "code": "IH",
                "fields": [{"id": 14, "name": "F", "kind": "filler"}, {"id": 999, "name": "F", "kind": "filler"}],
            },
            {
                "code": "CR",
                "fields": [
                    {"id": 300, "name": "A", "kind": "number", "required": True},
                    {"id": 301, "name": "B", "kind": "guid"},
                    {"id": 302, "name": "C", "kind": "flag", "required": True},
                    {"id": 303, "name": "D", "kind": "integer"},
                    {"id": 304, "name": "E", "kind": "text", "constant": "{x}'\""},
                    {"id": 305, "name": "M", "kind": "amount", "constant": "1.00", "required": True},
                ],
            },
            {"code": "ID", "fields": [{"id": 400, "name": "Filler", "kind": "filler"}]},
        ],
    }
)
LAYOUTS = (
    LAYOUT,
    LAYOUT.for_biller(InvoiceFormatGuid="88888888-8888-4888-8888-88888888888A", InvoiceTypeID="1"),
    OTHERS,
)
RECORDS = [(layout, record) for layout in LAYOUTS for record in layout.records]

CELLS = (
    "", " ", "R", "N", "1", "0", "2", "12", "007", "-3", "12.5", "12.50", "-0.01", "12,50", "1,200.00", "1E2", "NaN", "abc",
    "03/02/2026", "02/30/2026", "3/2/2026", "03/02/2026;", "03/02/2026;;;;03/03/2026", ";", ";;;;", ";;;;;", "1;2;3;4;5",
    "1;2;x", "a;b", "88888888-8888-4888-8888-88888888888a", "88888888-8888-4888-8888-88888888888A", "Zoë", "\t", "٣", "²",
    "12345678901234567.00", "9999999999", "{x}'\"", "1.00", "\u2028",
)  # fmt: skip
VALUES = (
    None, "", " ", "R", "N", "text", "a|b", "a\nb", "a;b", "\ud800", "x\x85", "\t", "12.50", True, False, 0, 1, -1, 10**9, 1.5,
    Decimal("12.50"), Decimal("12.5"), Decimal(12), Decimal("1E+3"), Decimal("1E-9"), Decimal("NaN"), Decimal("-0.00"),
    Decimal("123456789012345.00"), Decimal("1234567890123456.00"), Decimal("-123456789012345.00"), Decimal("sNaN"),
    date(2026, 3, 2), date(1, 1, 1), datetime(2026, 3, 2, tzinfo=UTC), (), (None,), ("",), ("a", "b"), ("a;b",), ("a", None),
    ("",) * 2, (None,) * 5, (None,) * 6, (date(2026, 3, 2), None), (Decimal(1), None, Decimal("2.5")), (1,), [], ["a"],
    "88888888-8888-4888-8888-88888888888a", "{x}'\"", object,
)  # fmt: skip


@pytest.mark.parametrize(("layout", "record"), RECORDS, ids=lambda value: getattr(value, "code", ""))
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_reading_a_row(layout: Layout, record: Record, data: st.DataObject) -> None:
    # Mostly good cells, so that whole rows pass and single faults are found.
    cells = []
    for field in record.fields:
        good = {
            "text": "text", "date": "03/02/2026", "amount": "12.50", "number": "12", "integer": "1", "flag": "1",
            "guid": "88888888-8888-4888-8888-88888888888a", "filler": "",
        }[field.kind]  # fmt: skip
        cells.append(data.draw(st.sampled_from((field.constant or good,) * len(CELLS) * 4 + CELLS)))
    if data.draw(st.integers(0, 9)) == 0:
        cells = cells[: data.draw(st.integers(0, len(cells)))] + [""] * data.draw(st.integers(0, 30))
    line = "|".join(cells)
    quick = row_parser(record)(line)
    slow = judge_row(layout, record, line, 1)
    assert (slow.row is None) == bool(slow.problems)
    if slow.row is None:
        assert quick is None
    elif quick is not None:
        assert quick == slow.row
        assert list(map(type, quick)) == list(map(type, slow.row))
        assert list(map(str, quick)) == list(map(str, slow.row))


@pytest.mark.parametrize(("layout", "record"), RECORDS, ids=lambda value: getattr(value, "code", ""))
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_writing_a_row(layout: Layout, record: Record, data: st.DataObject) -> None:
    values = []
    for field in record.named:
        good = judge_row(layout, record, "|".join(["x"] * len(record.fields)), 1).values.get(field.name)
        if field.constant:
            good = record.make()[field.name]
        elif field.required:
            good = {
                "date": date(2026, 3, 2),
                "amount": Decimal("12.50"),
                "number": Decimal(12),
                "integer": 1,
                "flag": True,
            }.get(field.kind, "88888888-8888-4888-8888-88888888888a")
        values.append(data.draw(st.sampled_from((good,) * len(VALUES) * 4 + VALUES)))
    row = record.row._make(values)
    quick = row_renderer(record)(row)
    try:
        line, replaced = render_row(layout, record, row, 1)
    except ValueRefused:
        assert quick is None
        return
    if quick is not None:
        assert quick == line
        assert not replaced


@pytest.mark.parametrize(("layout", "record"), RECORDS, ids=lambda value: getattr(value, "code", ""))
def test_the_quick_way_is_taken(layout: Layout, record: Record) -> None:
    """Else the two would agree by never meeting."""
    taken: Counter[bool] = Counter()
    for text in ("", "x"):
        values = {}
        for field in record.named:
            if field.required and not field.constant:
                values[field.name] = {
                    "date": date(2026, 3, 2), "amount": Decimal("1.00"), "number": Decimal(1), "integer": 1, "flag": True,
                    "guid": "88888888-8888-4888-8888-88888888888a",
                }.get(field.kind, "x")  # fmt: skip
            elif field.kind == "text" and not field.constant and not field.many:
                values[field.name] = text
        row = record.make(**values)
        line = row_renderer(record)(row)
        assert line is not None
        assert row_parser(record)(line) == row
        taken[True] += 1
    assert taken == {True: 2}


def test_the_code_that_is_made_can_be_read() -> None:
    source = source_of(LAYOUT.record("CR"))
    assert source.startswith("def parse(line):\n    try:\n")
    assert "def render(row):" in source
    compile(source, "CR", "exec")
