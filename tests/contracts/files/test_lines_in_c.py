"""
Rows written by the compiled module against pure Python: the same bytes, refusals and warnings of any values whatever.

The tests of a CSV file's writer, in `csv/`, run both ways. What it does to memory: `test_in_c_memory.py`.
"""

from __future__ import annotations

import io
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from partnerlab.contracts.files import (
    InvoiceGroup,
    Layout,
    Record,
    Row,
    ValueRefused,
    lines_in_c,
    load_layout,
    write_bif,
)
from partnerlab.contracts.files.csv import CsvTable, in_c, load_table, write_csv
from partnerlab.contracts.files.fields import MAX_ROW
from partnerlab.contracts.files.groups import MAX_ROWS
from partnerlab.contracts.files.lines_in_c import column
from partnerlab.contracts.files.rendered import groups_renderer
from partnerlab.contracts.files.rows import render_row
from partnerlab.generators.bif import generate_groups
from tests.contracts.files.odd import GOOD_VALUES, LAYOUTS, SHAPED, VALUES

pytestmark = pytest.mark.usefixtures("modules")

BILLER = "22222222-2222-4222-8222-222222222222"
MORE = (
    "Ann", "水道", "Zoë Ōmura", "a\u200cb", "\xa0", "\u3000", "x\x7f", "x" * MAX_ROW, "|", "é" * 9_000, ("M1",),
    ("a;b",), ("\n",), (Decimal(7),), (Decimal("1E+1"),), (date(2026, 3, 2),), (date(2026, 3, 2),) * 5, (1,), ((),),
    10**9 - 1, 10**20, -(10**20), Decimal("0E-2"), Decimal("9" * 15), Decimal("-0"),
)  # fmt: skip


def outcome(layout: Layout, groups: list[InvoiceGroup]) -> Any:
    """All that a caller can see of the writing."""
    stream = io.BytesIO()
    header = layout.record("FH").make(BillerGuid=BILLER, FileCreationDate=date(2026, 3, 2))
    try:
        return write_bif(stream, layout, header, groups), stream.getvalue()
    except (ValueRefused, TypeError, ValueError) as error:
        return type(error), str(error), stream.getvalue()


def assert_same(layout: Layout, groups: list[InvoiceGroup]) -> Any:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PARTNERLAB_PURE", "1")
        assert lines_in_c.groups_writer(layout) is None
        pure = outcome(layout, groups)
        patched.setenv("PARTNERLAB_PURE", "0")
        assert lines_in_c.groups_writer(layout) is not None
        assert outcome(layout, groups) == pure
    return pure


def good_row(record: Record) -> list[Any]:
    made = record.make()
    return [
        SHAPED if field.pattern and field.name == "InvoiceNumber"
        else "t" if field.pattern and field.required
        else GOOD_VALUES[field.kind] if field.required and not field.constant
        else made[field.name]
        for field in record.named
    ]  # fmt: skip


def group(layout: Layout, rng: Random, odd: float) -> InvoiceGroup:
    """An invoice with a share of odd values in it."""
    rows = []
    for code in ("IH", "CR", "ID", "ID"):
        record = layout.record(code)
        values = [rng.choice((*VALUES, *MORE)) if rng.random() < odd else value for value in good_row(record)]
        rows.append(record.row._make(values))
    return InvoiceGroup(rows[0], rows[1], tuple(rows[2 : rng.randrange(3, 5)]))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_odd_values(layout: Layout) -> None:
    rng = Random(layout.name)
    written = 0
    for _ in range(250):
        found = assert_same(layout, [group(layout, rng, rng.choice((0, 0.01, 0.03)))])
        written += len(found) == 2
    assert 50 < written < 240


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_each_column_has_each_value(layout: Layout) -> None:
    """What the module writes, Python writes in the same way, replacing nothing; what is good it writes itself."""
    write = groups_renderer(layout)
    rows = {code: layout.record(code).row._make(good_row(layout.record(code))) for code in ("IH", "CR", "ID")}
    assert write((rows["IH"],), (rows["CR"],), ((rows["ID"],),)) is not None
    for at, code in enumerate(("IH", "CR", "ID")):
        record = layout.record(code)
        for place in range(len(record.named)):
            for value in (*VALUES, *MORE):
                values = [*rows[code]]
                values[place] = value
                changed = rows | {code: record.row._make(values)}
                data = write((changed["IH"],), (changed["CR"],), ((changed["ID"],),))
                if data is not None:
                    line, replaced = render_row(layout, record, changed[code], 1)
                    assert data.decode().split("\n")[at] == line
                    assert not replaced


@pytest.mark.parametrize("meters", [1, (1, 3), 25])
def test_generated_invoices_are_written_by_it_alone(meters: Any) -> None:
    layout = load_layout("inhance_v2")
    groups = list(generate_groups(150, as_of=date(2026, 3, 2), meters=meters))
    write = lines_in_c.groups_writer(layout)
    assert write
    data = write(*(tuple(getattr(one, name) for one in groups) for name in ("invoice", "customer", "details")))
    assert data
    written, whole = assert_same(layout, groups)
    assert whole.partition(b"\n")[2] == data
    assert written.rows == data.count(b"\n") + 1


def test_what_is_right_is_not_left_to_python() -> None:
    layout = load_layout("inhance_v2")
    write = groups_renderer(layout)
    (one,) = generate_groups(1, as_of=date(2026, 3, 2))
    for name, values in {
        "LineItemTotal": (Decimal("-0.01"), Decimal("9" * 15 + ".99")),
        "CustomField22": (None, Decimal("-1.5"), Decimal("1.123456")),
        "CustomField21": ((), (Decimal(5),), (Decimal(1), None, Decimal("2.5"), None, None)),
        "CustomField10": ((date(2026, 3, 2),), (date(2026, 3, 2), None, None, None, date(1, 1, 1))),
        "CustomField30": (("M1",), ("a", "", "b", "", ""), ("ë",)),
        "Description": ("水道", "a" * 5_000, "Zoë"),
    }.items():
        for value in values:
            row = one.details[0]._replace(**{name: value})
            data = write((one.invoice,), (one.customer,), ((row,),))
            assert data is not None, (name, value)
            assert data.decode().split("\n")[2] == render_row(layout, layout.record("ID"), row, 1)[0]


@pytest.mark.parametrize("text", ["a", "é", "水"])
def test_rows_and_invoices_as_long_as_they_may_be(text: str) -> None:
    layout = load_layout("inhance_v2")
    (one,) = generate_groups(1, as_of=date(2026, 3, 2))
    length = len(render_row(layout, layout.record("CR"), one.customer._replace(CustomerName="x"), 1)[0]) - 1
    for more in (-1, 0, 1):
        named = one.customer._replace(CustomerName=text * (MAX_ROW - length + more))
        assert_same(layout, [replace(one, customer=named)])
    for count in (0, 1, MAX_ROWS - 2, MAX_ROWS - 1):
        assert_same(layout, [replace(one, details=one.details[:1] * count)])


def test_rows_of_the_wrong_shape() -> None:
    layout = load_layout("inhance_v2")
    one, two = generate_groups(2, as_of=date(2026, 3, 2))
    narrow, wide = Row(one.invoice[:-1]), Row((*one.invoice, ""))
    for changed in (
        replace(one, invoice=one.customer), replace(one, customer=one.invoice), replace(one, invoice=narrow),
        replace(one, invoice=wide), replace(one, details=[*one.details]), replace(one, details=(*one.details, wide)),
        replace(one, details=()), replace(two, invoice=two.invoice._replace(InvoiceNumber=one.invoice.InvoiceNumber)),
    ):  # fmt: skip
        assert_same(layout, [one, changed])
        assert_same(layout, [changed])


class Amount(Decimal):
    """An amount with a type of its own."""


@pytest.mark.parametrize("name", ["payments", "changes", "rejects"])
def test_a_csv_file_of_any_values(name: str) -> None:
    table, rng = load_table(f"watersmart_{name}"), Random(name)
    zoned = datetime(2026, 3, 2, 4, 5, 6, tzinfo=UTC)
    values = (
        *VALUES, *MORE, zoned, zoned.replace(year=7), zoned.replace(tzinfo=None), Amount("1.00"), 10**18, 10**18 - 1,
        'a "b"', "a, b", "=a", "+1 555", "-a", "@a", "a ", " a", "é ", "\u2028", Decimal(10) ** 30, Decimal("1.00"),
    )  # fmt: skip
    good = {"amount": Decimal("1.00"), "moment": zoned, "integer": 7, "boolean": True}
    for at in range(400):
        odd = (0.0, 0.02, 0.2)[at % 3]
        rows = [
            table.row._make(
                rng.choice(values) if rng.random() < odd else good.get(one.kind, "text") for one in table.columns
            )
            for _ in range(rng.randrange(1, 4))
        ]
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("PARTNERLAB_PURE", "1")
            assert in_c.block_writer(table) is None
            pure = csv_outcome(table, rows)
            patched.setenv("PARTNERLAB_PURE", "0")
            assert csv_outcome(table, rows) == pure


def csv_outcome(table: CsvTable, rows: list[Row]) -> Any:
    stream = io.BytesIO()
    try:
        return write_csv(stream, table, rows), stream.getvalue()
    except ValueRefused as error:
        return str(error), stream.getvalue()


def test_only_what_is_not_plain_is_judged() -> None:
    table = load_table("watersmart_payments")
    write = in_c.block_writer(table)
    assert write
    asked: list[Any] = []
    rows = tuple(table.make(AccountNumber=str(at), CustomerName=name) for at, name in enumerate(("a", "b,c", "d", "-")))
    data = write(rows, lambda *about: asked.append(about) or "j")
    assert data is not None
    assert data.count(b"\r\n") == 4
    assert asked == [(3, "b,c", 1), (3, "-", 3)]
    assert write((), lambda *_: "") == b""
    assert write((*rows, table.row._make([None] * 18)[:-1]), lambda *about: asked.append(about) or "") is None
    assert write((*rows, [None] * 18), lambda *about: asked.append(about) or "") is None
    assert len(asked) == 2  # nobody was asked: else it would be told twice


def test_what_python_raises_is_not_hidden(modules: dict[str, Any]) -> None:
    def interrupted(_: Any) -> str:
        raise KeyboardInterrupt

    def without(_: Any) -> str:
        raise AttributeError

    writer = modules["_lines"].Writer
    table = load_table("watersmart_payments")
    write = in_c.block_writer(table)
    assert write
    row = (table.make(CustomerName="a,b"),)
    for make, expected in ((interrupted, KeyboardInterrupt), (lambda _: memoryview(b"")[0], IndexError)):
        told = column(lines_in_c.MADE, str, make=make)
        with pytest.raises(expected):
            writer(((1, (told,)),), b"|", b"\n", b"", b"", b"", 100, 0)((("x",),))
        with pytest.raises(expected):
            write(row, lambda *_, make=make: make(""))
    with pytest.raises(TypeError):
        write(row, lambda *_: 1)
    for make in (None, lambda _: 1, without, lambda _: {}[1], lambda _: int("x")):  # no value of its kind
        told = column(lines_in_c.MADE, str, make=make)
        assert writer(((1, (told,)),), b"|", b"\n", b"", b"", b"", 100, 0)((("x",),)) is None


def test_threads_write_files_of_their_own() -> None:
    layout = load_layout("inhance_v2")
    files = [list(generate_groups(40, as_of=date(2026, 3, 2), seed=seed, meters=(1, 3))) for seed in (1, 2)]
    expected = [outcome(layout, groups) for groups in files]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda at: outcome(layout, files[at % 2]) == expected[at % 2], range(40)))
    finally:
        sys.setswitchinterval(interval)
    assert found == [True] * 40


GOOD = column(lines_in_c.TEXT)


@pytest.mark.parametrize(
    "record",
    [
        (1, [GOOD]), (1, (GOOD[:5],)), (1, ("text",)), (0, (GOOD,)), (-1, (GOOD,)), None, (1,), "xx",
        (1, ((9, *GOOD[1:]),)), (1, ((-1, *GOOD[1:]),)), (1, (column(lines_in_c.TEXT, place=1),)),
        (1, (column(lines_in_c.TEXT, place=-1),)), (1, (column(lines_in_c.TEXT, int),)),
        (1, (column(lines_in_c.INTEGER),)), (1, (column(lines_in_c.MOMENT, date),)),
    ],
)  # fmt: skip
def test_a_table_that_is_none_is_refused(modules: dict[str, Any], record: Any) -> None:
    writer = modules["_lines"].Writer
    rest = (b"|", b"\n", b"", b"", b"", 100, 0)
    write = writer(((1, (GOOD,)),) * 2, *rest)
    assert write((("a",),), (("b",),)) == b"a\nb\n"
    for given in ((), ((("a",),),), ((("a",),), ()), ([("a",)], [("b",)]), ((("a",),),) * 4):
        with pytest.raises(TypeError):
            write(*given)
    for at in range(2):
        records = [(1, (GOOD,))] * 2
        records[at] = record
        with pytest.raises((TypeError, ValueError, SystemError)):
            writer(tuple(records), *rest)
    with pytest.raises(ValueError, match="has a record"):
        writer((), *rest)
