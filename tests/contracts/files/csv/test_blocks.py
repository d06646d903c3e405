"""Rows of a CSV file read by blocks against the same rows read one by one: everything that comes out is the same."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerlab.contracts.files.csv import CsvRejected, CsvTable, load_table, read_csv, reader
from partnerlab.contracts.files.csv.blocks import columns_reader, rows_reader
from partnerlab.contracts.files.csv.in_c import block_reader
from partnerlab.contracts.files.csv.rows import judge_row
from partnerlab.contracts.files.csv.split import QuoteMisplaced, split
from partnerlab.generators.watersmart import generate_csv

pytestmark = pytest.mark.usefixtures("either_way")

TABLES = {
    "invoices": load_table("watersmart_invoices").for_biller(InvoiceTypeID="1"),
    "balances": load_table("watersmart_balances"),
}
CELLS = (
    "", " ", "1", " 12.50", "+5", "-0.01", "12,50", '"12"', '"a, b"', '"', 'x"', "$5.00", "1E5", "02/30/2026", "3/2/26",
    "2026-03-02", "\t7", "7\xa0", "Zoë", "0007", "x" * 40, "9" * 16 + ".00", "\u2028",
    '"03/02/2026"', '" 7 "', '"a""b"', '"a"b', "\u30007", "7\u200b", "1e5", "9" * 251,
)  # fmt: skip


def good_lines(kind: str) -> list[str]:
    stream = io.BytesIO()
    generate_csv(stream, kind, 40, as_of=date(2026, 3, 2))
    return stream.getvalue().decode().splitlines()


def broken_lines(kind: str, rng: Random) -> list[str]:
    lines = good_lines(kind)
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(lines))
        match rng.randrange(6):
            case 0:
                lines.insert(at, rng.choice(("", ",,,", lines[-1], '1,"open')))
            case 1:
                lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
            case 2:
                lines[at] += rng.choice((",", ",x", " "))
            case _:
                cells = lines[at].split(",")
                cells[rng.randrange(len(cells))] = rng.choice(CELLS)
                lines[at] = ",".join(cells)
    return lines


def one_by_one(table: CsvTable, lines: list[str]) -> list[Any]:
    """The rows as the plain reading has them, None where it refuses or notes anything."""
    rows: list[Any] = []
    for line in lines:
        try:
            cells = split(line)
        except QuoteMisplaced:
            cells = None
        if cells is None or len(cells) != len(table.columns):
            rows.append(None)
        else:
            row, problems, notes = judge_row(table, cells, 1)
            rows.append(None if problems or notes else row)
    return rows


@pytest.mark.parametrize("kind", TABLES)
def test_a_block_is_read_as_its_rows_are(kind: str) -> None:
    table, rng = TABLES[kind], Random(kind)
    read = rows_reader(table)
    plain = 0
    for _ in range(400):
        lines = broken_lines(kind, rng)
        at = rng.randrange(len(lines))
        for block in (lines, lines[at : at + 3], lines[at : at + 1]):
            found, expected = read(block), one_by_one(table, block)
            if found is None:
                continue
            plain += 1
            rows, numbers = found
            assert list(numbers) == ([row.InvoiceNumber for row in rows] if kind == "invoices" else [])
            assert rows == expected
            assert [list(map(repr, row)) for row in rows] == [list(map(repr, row)) for row in expected]
    assert plain > 300
    assert read(good_lines(kind)) is not None
    assert read([line.replace(",", ',"', 1) for line in good_lines(kind)]) is None


@given(st.lists(st.sampled_from(CELLS), min_size=5, max_size=5), st.integers(0, 2))
@settings(max_examples=300, deadline=None)
def test_no_block_holds_a_row_that_is_not_plain(cells: list[str], at: int) -> None:
    table = TABLES["balances"]
    lines = good_lines("balances")[:2]
    lines.insert(at, ",".join(cells))
    found = rows_reader(table)(lines)
    assert found is None or found[0] == one_by_one(table, lines)


def test_cells_with_spaces_around_them_are_read_by_whole_columns() -> None:
    lines = good_lines("invoices")
    padded = [line.replace(",", " , ") for line in lines]
    rows = rows_reader(TABLES["invoices"])(lines)
    assert rows is not None
    assert rows_reader(TABLES["invoices"])(padded) == rows


@pytest.mark.parametrize("kind", TABLES)
def test_plain_lines_are_read_by_the_compiled_module_alone(kind: str, either_way: str) -> None:
    read, by_columns = block_reader(TABLES[kind]), columns_reader(TABLES[kind])
    if either_way == "pure":
        assert read is None
        return
    assert read
    lines = good_lines(kind)[-5:]
    cells = lines[1].split(",")
    for name in (
        "Zoë", "a b", '"a, b"', ' " a, b "', '"Zoë, ë"', '" a "', " a ", "\ta", "水道", "é\xa0", "\u3000é", "x" * 300,
        "7\xa0",
    ):  # fmt: skip
        lines[1] = ",".join((cells[0], name, *cells[2:]))
        found, expected = read(lines), by_columns(lines)
        if not name.startswith(' "'):  # a quote behind a space opens no field
            assert found is not None, name
        assert found is None or (expected is not None and found == (expected[0], list(expected[1])))
    lines[1] = ",".join(cells)
    wrong: Any
    for wrong in (1, "", "\ud800", lines[0] + "\0", lines[0].replace(",", "\0", 1), lines[0] + ",", lines[0][:9]):
        assert read([*lines[1:], wrong]) is None
    for not_a_list in (tuple(lines), lines[0], None):
        with pytest.raises(TypeError):
            read(not_a_list)


@pytest.mark.parametrize("kind", TABLES)
def test_a_file_is_read_as_line_by_line(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table, rng = TABLES[kind], Random(kind)
    monkeypatch.setattr(reader, "BLOCK", 7)
    for _ in range(150):
        data = "\r\n".join(broken_lines(kind, rng)).encode(rng.choice(("utf-8", "utf-8", "utf-16")), "replace")
        by_block = list(outcome(data, table))
        with monkeypatch.context() as patched:
            patched.setattr(reader, "rows_reader", lambda _: lambda _: None)
            assert list(outcome(data, table)) == by_block


def outcome(data: bytes, table: CsvTable) -> Iterator[object]:
    aside: list[object] = []
    reading = read_csv(data, table, on_quarantine=aside.append)
    try:
        for line, row in reading:
            yield line, row, reading.text
        yield reading.report
    except CsvRejected as rejected:
        yield rejected.report
    yield aside
