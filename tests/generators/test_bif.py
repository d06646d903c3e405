"""Generated bill files: valid, reproducible, and the same whichever way they are written."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

from partnerlab.contracts.files import Layout, check, parse_layout, read_bif, write_bif
from partnerlab.generators.bif import BILLER_GUID, FORMAT_GUID, generate_bif, generate_groups
from tests.generators.conftest import AS_OF

MEASURES = {"10": "40", "11": "50", "20": "60", "21": "70", "30": "80"}


@pytest.mark.parametrize("meters", [1, 2, 5, 6, 25, (1, 1), (1, 25)], ids=str)
def test_the_quick_file_is_the_codecs_file(make_file, layout: Layout, meters: int | tuple[int, int]) -> None:
    """Templates and codec are made from one table; this holds them together, byte for byte."""
    header = layout.record("FH").make(BillerGuid=BILLER_GUID, FileCreationDate=AS_OF)
    stream = io.BytesIO()
    write_bif(stream, layout, header, generate_groups(300, as_of=AS_OF, seed=5, meters=meters))
    assert make_file(300, seed=5, meters=meters) == stream.getvalue()


@pytest.mark.parametrize("meters", [1, (1, 25)], ids=str)
def test_a_file_is_valid_in_strict_mode_and_reads_back_typed(make_file, layout: Layout, meters) -> None:
    mine = layout.for_biller(BillerGuid=BILLER_GUID, InvoiceFormatGuid=FORMAT_GUID, InvoiceTypeID="1")
    data = make_file(2_500, meters=meters)
    reading = read_bif(data, mine, strict=True)
    assert list(reading) == list(generate_groups(2_500, as_of=AS_OF, meters=meters))
    assert not reading.report.notes
    assert reading.report.invoices == 2_500


def test_the_figures_of_a_file_agree(make_file, layout: Layout) -> None:
    for group in read_bif(make_file(500, meters=(1, 25)), layout):
        invoice, details = group.invoice, group.details
        charges = sum(row.LineItemTotal for row in details)
        previous = details[0].CustomField1
        assert invoice.TotalAmountDue == invoice.BalanceDue == previous - invoice.Custom4 + charges
        assert invoice.Custom6 == previous - invoice.Custom4
        assert sum(row.CustomField6 for row in details) == previous
        assert invoice.Custom1 > invoice.TotalAmountDue
        assert invoice.Custom5 == (invoice.Custom80 != "")
        assert invoice.InvoiceDate == AS_OF < invoice.InvoiceDueDate
        assert len(invoice.Custom10.split(",")) == 13
        for row in details:
            before = sum(filter(None, row.CustomField11)), *(row[f"CustomField5{n}"] for n in range(4))
            after = sum(filter(None, row.CustomField21)), *(row[f"CustomField7{n}"] for n in range(4))
            used = sum((sum(filter(None, v)) if isinstance(v, tuple) else v) for v in after)
            used -= sum((sum(filter(None, v)) if isinstance(v, tuple) else v) for v in before)
            assert used == (row.CustomField22 or 0)


def test_many_meters_flow_over_five_at_a_time(make_file, layout: Layout) -> None:
    seen = set()
    for group in read_bif(make_file(400, meters=(1, 25)), layout):
        for row in group.details:
            for base, first in MEASURES.items():
                cells = [row[f"CustomField{base}"], *(row[f"CustomField{int(first) + n}"] for n in range(4))]
                values = [value for cell in cells for value in cell]
                meters = [value for value in values if value not in (None, "")]
                assert values[: len(meters)] == meters, "meters stand without a gap"
                assert all(len(cell) in (0, 5) for cell in cells), "five values to a field"
                assert [bool(cell) for cell in cells] == sorted((bool(cell) for cell in cells), reverse=True)
                seen.add(len(meters))
    assert seen == set(range(26))


def test_one_meter_is_one_value(make_file, layout: Layout) -> None:
    lengths = {len(row.CustomField11) for group in read_bif(make_file(200), layout) for row in group.details}
    assert lengths == {0, 1}


def test_values_of_the_biller_are_as_asked(layout: Layout) -> None:
    stream = io.BytesIO()
    guid, form = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
    made = generate_bif(
        stream,
        3,
        as_of=date(2025, 12, 31),
        biller_guid=guid,
        format_guid=form,
        invoice_type_id=7,
        first_invoice=800_000,
    )
    mine = layout.for_biller(BillerGuid=guid, InvoiceFormatGuid=form, InvoiceTypeID="7")
    reading = read_bif(stream.getvalue(), mine, strict=True)
    assert [group.invoice.InvoiceNumber for group in reading] == ["800000", "800001", "800002"]
    header = reading.report.header
    assert header is not None
    assert header.FileCreationDate == date(2025, 12, 31)
    assert (made.invoices, made.rows, made.bytes) == (3, reading.report.lines, len(stream.getvalue()))
    assert made.total_amount_due == reading.report.total_amount_due == header.TotalInvoiceAmount


def test_an_empty_file_is_a_header(make_file, layout: Layout) -> None:
    assert make_file(0).count(b"\n") == 1
    report = check(make_file(0), layout)
    assert report.accepted
    assert (report.header["InvoiceCount"], report.header["TotalInvoiceAmount"]) == (0, Decimal(0))


def test_a_layout_with_filler_columns_is_filled_by_its_own_table(make_file) -> None:
    wide = parse_layout(
        {
            "extends": "inhance_v2",
            "name": "wide",
            "record": [{"code": "ID", "fields": [{"id": 71, "name": "F", "kind": "filler"}]}],
        }
    )
    report = check(make_file(50, layout=wide, meters=(1, 7)), wide, strict=True)
    assert report.loaded == 50


def test_progress_ends_at_the_whole() -> None:
    seen: list[int] = []
    generate_bif(io.BytesIO(), 645, as_of=AS_OF, progress=seen.append)
    assert seen == [250, 500, 645]


def test_the_same_seed_gives_the_same_bytes_and_other_arguments_others(make_file) -> None:
    first = make_file(200, seed=11)
    assert make_file(200, seed=11) == first
    others = [
        make_file(200, seed=12),
        make_file(201, seed=11),
        make_file(200, seed=11, as_of=date(2026, 3, 3)),
        make_file(200, seed=11, meters=2),
    ]
    assert len({first, *others}) == 5


@pytest.mark.parametrize("hash_seed", ["0", "1", "random"])
def test_the_bytes_do_not_depend_on_the_process(make_file, hash_seed: str) -> None:
    code = (
        "import hashlib, io\nfrom datetime import date\nfrom partnerlab.generators.bif import generate_bif\n"
        "stream = io.BytesIO()\ngenerate_bif(stream, 300, seed=21, as_of=date(2026, 3, 2), meters=(1, 25))\n"
        "print(hashlib.sha256(stream.getvalue()).hexdigest())"
    )
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo"}
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == hashlib.sha256(make_file(300, seed=21, meters=(1, 25))).hexdigest()


def test_amounts_are_exact(layout: Layout, make_file) -> None:
    report = check(make_file(1_000), layout)
    assert report.total_amount_due == sum(
        (group.invoice.TotalAmountDue for group in generate_groups(1_000, as_of=AS_OF)), Decimal(0)
    )
