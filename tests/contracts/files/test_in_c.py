"""
The compiled module against pure Python: the same groups, problems, notes, positions and sums of any bytes whatever.

What it does to memory: `test_in_c_memory.py`.
"""

from __future__ import annotations

import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerlab.contracts.files import (
    FileRejected,
    InvoiceGroup,
    Layout,
    Quarantined,
    check,
    in_c,
    load_layout,
    read_bif,
    with_columns,
)
from partnerlab.contracts.files.fields import MAX_ROW, parse_cell
from partnerlab.contracts.files.groups import MAX_ROWS
from partnerlab.contracts.files.row import Row
from partnerlab.generators.damage import damage, damages_of
from tests.contracts.files.broken import LAYOUTS, broken_files, good_file
from tests.contracts.files.odd import CELLS, OTHERS

pytestmark = pytest.mark.usefixtures("module")


def outcome(data: bytes, layout: Layout, *, strict: bool = False, piece: int = 1 << 17) -> tuple[Any, ...]:
    """All that a caller can see of a reading, the kinds of the values too."""
    aside: list[Quarantined] = []
    chunks = [data[at : at + piece] for at in range(0, len(data), piece)]
    reading = read_bif(chunks, layout, strict=strict, on_quarantine=aside.append)
    groups: list[InvoiceGroup] = []
    try:
        groups.extend(reading)
        report = reading.report
    except FileRejected as rejected:
        report = rejected.report
    return [(one.line, *map(seen, (one.invoice, one.customer, *one.details))) for one in groups], report, aside


def seen(row: Row) -> tuple[Any, ...]:
    return type(row), tuple(row), repr(row), hash(row), gc.is_tracked(row)


def assert_same(
    data: bytes, layout: Layout, *, strict: bool = False, piece: int = 1 << 17, counted: bool = True
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PARTNERLAB_PURE", "1")
        assert in_c.invoice_reader(layout) is None
        pure = outcome(data, layout, strict=strict, piece=piece)
        report = check(data, layout, strict=strict) if counted else None
        patched.setenv("PARTNERLAB_PURE", "0")
        assert in_c.invoice_reader(layout) is not None
        assert outcome(data, layout, strict=strict, piece=piece) == pure
        assert report is None or check(data, layout, strict=strict) == report


@cache
def small_file(name: str) -> bytes:
    """Its header and two of its invoices: the second shows where the first ends."""
    lines = good_file(name).split(b"\n")
    starts = [at for at, line in enumerate(lines) if line.startswith(b"IH|")]
    return b"\n".join((lines[0], *lines[starts[0] : starts[2]], b""))


def layouts_of(name: str) -> list[Layout]:
    layout = load_layout(name)
    biller = {"InvoiceFormatGuid": "88888888-8888-4888-8888-88888888888A"} if name == "inhance_v2" else {}
    return [layout, layout.for_biller(**biller), with_columns(layout, "by_file_spec_id")]


@pytest.mark.parametrize("name", LAYOUTS)
def test_good_files_are_read_by_it_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data, layout = good_file(name), load_layout(name)
    assert_same(data, layout)
    read = in_c.invoice_reader(layout)
    assert read
    at, invoices = data.index(b"\nIH|") + 1, 0
    while (found := read(data, at)) is not None:
        (invoice, _, details), at = found
        assert details
        assert invoice.RowType == "IH"
        invoices += 1
    assert invoices == 29  # that no other invoice follows the last one makes its end unknown


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("strict", [False, True])
def test_named_damages(name: str, strict: bool) -> None:
    for one in sorted(damages_of(name)):
        assert_same(damage(good_file(name), one, at=5, layout=load_layout(name)), load_layout(name), strict=strict)


@pytest.mark.parametrize("name", LAYOUTS)
def test_broken_files(name: str) -> None:
    for at, data in enumerate(broken_files(name, Random(f"{name} in C"), 150)):
        assert_same(data, load_layout(name), strict=at % 5 == 4, piece=(1 << 17, 3_000, 200)[at % 3])


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_byte_is_another(name: str) -> None:
    data, rng = small_file(name), Random(name)
    layouts = layouts_of(name)
    for at in range(data.index(b"\nIH|") + 1, len(data)):
        byte = rng.choice((*b"|\n\r;.-/0 \t\x00\x7f\x80\xc3\xff", rng.randrange(256)))
        assert_same(data[:at] + bytes([byte]) + data[at + 1 :], layouts[at % 2], counted=at % 8 == 0)
        if at % 4 == 0:
            assert_same(data[:at] + data[at + 1 :], layouts[0], counted=False)


@pytest.mark.parametrize("name", [*LAYOUTS, "odd"])
def test_each_cell_is_another(name: str) -> None:
    """Of every column each cell that a rule could take for another, and cells at the ends of what is allowed."""
    layout, columns = (OTHERS, "inhance_v2") if name == "odd" else (load_layout(name), name)
    lines = [line.decode().split("|") for line in small_file(columns).split(b"\n")[:-1]]
    if name == "odd":
        lines = [_widened(cells) for cells in lines]
    edges = (
        "9" * 15 + ".99",
        "9" * 16 + ".99",
        "1." + "9" * 6,
        "1." + "9" * 7,
        "-1",
        "-",
        ".5",
        "1.",
        "x" * 64,
        "x" * 65,
    )
    cells = [cell for cell in (*CELLS, *edges) if "|" not in cell]
    assert_same(_joined(lines), layout)
    rng = Random(name)
    for row in range(1, min(4, len(lines))):
        for at in range(len(lines[row])):
            for cell in rng.sample(cells, 9):
                changed = [*lines[row]]
                changed[at] = cell
                assert_same(_joined([*lines[:row], changed, *lines[row + 1 :]]), layout, counted=False)


def _joined(lines: list[list[str]]) -> bytes:
    return "\n".join((*map("|".join, lines), "")).encode("utf-8", "surrogatepass")


def _widened(cells: list[str]) -> list[str]:
    more = {"IH": ["", ""], "CR": ["1.5", "", "1", "3", "", "1.00", "abc", "tx"], "ID": [""]}
    return [*cells, *more.get(cells[0], [])]


pieces = st.sampled_from(
    [
        b"IH|",
        b"CR|",
        b"ID|",
        b"FH|",
        b"|",
        b"\n",
        b"\r\n",
        b"",
        b"1.00",
        b"03/02/2026",
        b";",
        b"\xc3\xab",
        b"\xff",
        b"\x00",
    ]
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_rows_put_together_anew(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(LAYOUTS))
    lines = small_file(name).split(b"\n")[:-1]
    rows = st.one_of(st.sampled_from(lines[1:]), st.lists(pieces, max_size=6).map(b"".join), st.binary(max_size=12))
    drawn = data.draw(st.lists(rows, max_size=14))
    end = data.draw(st.sampled_from([b"\n", b"\r\n"]))
    assert_same(end.join((lines[0], *drawn)) + data.draw(st.sampled_from([b"", end])), load_layout(name), piece=700)


def test_what_it_remembers_is_of_its_own_column(layout: Layout) -> None:
    """Equal texts of different kinds, and the same column of two layouts, give each its own value."""
    rows = {code: layout.record(code) for code in ("IH", "CR", "ID")}
    good = small_file("inhance_v2")
    assert_same(good.replace(b"|1|", b"|0|"), layout)
    assert_same(good, layout.for_biller(InvoiceTypeID="2"))
    assert_same(good, layout)
    assert {len(record.named) for record in rows.values()} == {20, 11, 37}


def test_a_name_of_another_script_is_read_by_it(layout: Layout) -> None:
    lines = small_file("inhance_v2").decode().split("\n")
    lines[2] = "|".join((*lines[2].split("|")[:2], "Zoë Ōmura 水道", *lines[2].split("|")[3:]))
    data = "\n".join(lines).encode()
    assert_same(data, layout)
    read = in_c.invoice_reader(layout)
    assert read
    found = read(data, data.index(b"IH|"))
    assert found
    assert found[0][1].CustomerName == "Zoë Ōmura 水道"


@pytest.mark.parametrize("name", ["Ann", "水"])
def test_rows_and_invoices_as_long_as_they_may_be(name: str, layout: Layout) -> None:
    lines = small_file("inhance_v2").decode().split("\n")
    cells = lines[2].split("|")
    rest = len(lines[2]) - len(cells[2])
    for length in (MAX_ROW - 1, MAX_ROW, MAX_ROW + 1):
        cells[2] = (name * MAX_ROW)[: length - rest]
        assert_same("\n".join((*lines[:2], "|".join(cells), *lines[3:])).encode(), layout)
    following = next(at for at in range(2, len(lines)) if lines[at].startswith("IH|"))
    for count in (MAX_ROWS - 1, MAX_ROWS, MAX_ROWS + 1):
        rows = [*lines[:3], *["ID" + "|" * 36] * (count - 2), *lines[following:]]  # all of them in one block
        assert_same("\n".join(rows).encode(), layout, counted=False)


@pytest.mark.parametrize("cell", [b"x", b"\xc3\xab", b"\xe9", b"\x81", b"\x00", b"\x7f", b"\t", b" "])
def test_a_column_without_a_value_is_text_all_the_same(cell: bytes, layout: Layout) -> None:
    padded = with_columns(layout, "by_file_spec_id")
    header, *rows = good_file("inhance_v2", padded).split(b"\n")[:9]
    for at, row in enumerate(rows):
        columns = padded.record(row[:2].decode()).fields
        filler = next((place for place, field in enumerate(columns) if field.kind == "filler"), None)
        if filler is not None:
            cells = row.split(b"|")
            cells[filler] = cell
            changed = [*rows[:at], b"|".join(cells), *rows[at + 1 :], b"IH|", b""]
            assert_same(b"\n".join((header, *changed)), padded)


@pytest.mark.parametrize("name", LAYOUTS)
def test_nothing_is_noted_of_rows_behind_the_last_one_read(name: str) -> None:
    """The plain way decodes a block whole, and told of Windows-1252 in rows that were not read; the other did not."""
    header, *rows = small_file(name).replace(b"\n", b"\xe9\n").split(b"\n")
    data = b"\n".join((header.replace(b"FH|", b"FH|\x01"), *rows))
    assert_same(data, load_layout(name))
    report = check(data, load_layout(name))
    assert [(note.kind, note.line, note.count) for note in report.notes] == [("windows-1252", 1, 1)]
    assert report.lines == 1


def test_nor_of_rows_behind_too_many_broken_ones(layout: Layout) -> None:
    """Both ways told of the rest of the block in which they gave up."""
    data = small_file("inhance_v2") + b"\xe9\n" * 10_100
    assert_same(data, layout)
    report = check(data, layout)
    assert report.rejection
    assert report.rejection.rule == "hopeless"
    assert report.notes[0].count == report.lines - report.notes[0].line + 1


def test_threads_read_files_of_their_own(layout: Layout) -> None:
    files = [good_file("inhance_v2"), good_file("inhance_v2").replace(b".", b"1.")]
    expected = [outcome(data, layout) for data in files]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda at: outcome(files[at % 2], layout) == expected[at % 2], range(40)))
    finally:
        sys.setswitchinterval(interval)
    assert found == [True] * 40


def test_what_python_raises_is_not_hidden(module: Any, layout: Layout) -> None:
    """A wrong value is left to the plain way; anything else that happens in a conversion is passed on."""

    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    for make, expected in ((interrupted, KeyboardInterrupt), (None, TypeError)):
        column = (in_c.MADE, False, False, 0, 0, 0, 0, None, make, None)
        read = module.Reader(((Row, 1, (column,)),) * 3, b"x", b"", 100, 100)
        with pytest.raises(expected):
            read(b"x\nx\nx\nx\n", 0)


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("LineItemTotal", ("0.00", "-0.01", "9" * 15 + ".99", "-" + "9" * 15 + ".99", "")),
        ("CustomField22", ("0", "-1", "9" * 15, "1.5", "-1.123456", "9" * 15 + ".999999", "")),
        ("CustomField21", ("5", "1;2;3;4;5", ";;;;1", "1.5;;-3;;", "")),
        ("CustomField10", ("03/02/2026", "03/02/2026;;;;01/01/0001", "")),
        ("CustomField30", ("A", " ", "x" * 64, "x" * 65, "a;b;c;d;e", "ë;;;;", "")),
    ],
)
def test_what_is_right_is_not_left_to_python(name: str, cells: tuple[str, ...], layout: Layout) -> None:
    read = in_c.invoice_reader(layout)
    assert read
    header, *rows = small_file("inhance_v2").decode().split("\n")
    fields = layout.record("ID").fields
    at = next(place for place, field in enumerate(fields) if field.name == name)
    for cell in cells:
        columns = rows[2].split("|")
        columns[at] = cell
        data = "\n".join((header, *rows[:2], "|".join(columns), *rows[3:])).encode()
        found = read(data, len(header) + 1)
        assert found, cell
        assert found[0][2][0][name] == parse_cell(fields[at], cell)


def test_a_place_outside_is_refused(layout: Layout) -> None:
    read = in_c.invoice_reader(layout)
    assert read
    for at in (-1, 4, 2**80, -(2**80)):
        with pytest.raises((IndexError, OverflowError)):
            read(b"IH|", at)
    for wrong in (("IH|", 0), (b"IH|",), (b"IH|", "0"), (bytearray(b"IH|"), 0), (b"IH|", 0, 0)):
        with pytest.raises(TypeError):
            read(*wrong)
    assert read(b"IH|", 3) is None
    assert read(b"", 0) is None


GOOD = (in_c.TEXT, False, False, 0, 0, 0, 0, "", None, None)


@pytest.mark.parametrize(
    "record",
    [
        (Row, 1, ()),
        (Row, 2, (GOOD,)),
        (Row, 0, (GOOD,)),
        (Row, -1, (GOOD,)),
        (Row, 2, (GOOD, GOOD)),
        (str, 1, (GOOD,)),
        (1, 1, (GOOD,)),
        (Row, 1, (GOOD[:5],)),
        (Row, 1, [GOOD]),
        (Row, 1, ((9, *GOOD[1:]),)),
        (Row, 1, ((-1, *GOOD[1:]),)),
        (Row, 1, ((*GOOD[:6], 1, *GOOD[7:]),)),
        (Row, 1, ((*GOOD[:6], -1, *GOOD[7:]),)),
        (Row, 1, ("text",)),
        None,
    ],
)
def test_a_table_that_is_none_is_refused(module: Any, record: Any) -> None:
    module.Reader(((Row, 1, (GOOD,)),) * 3, b"x", b"", 100, 100)
    for at in range(3):
        records = [(Row, 1, (GOOD,))] * 3
        records[at] = record
        with pytest.raises((TypeError, ValueError, SystemError)):
            module.Reader(tuple(records), b"x", b"", 100, 100)
