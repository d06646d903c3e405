"""Generated bill files of TCCS: valid, reproducible, right to the cent, the same whichever way they are written."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tracemalloc
from datetime import date
from decimal import Decimal

import pytest

from partnerlab.contracts.files import Layout, check, load_layout, parse_layout, read_bif, write_bif
from partnerlab.generators import bif_writer
from partnerlab.generators.policies import late_fee_cents
from partnerlab.generators.tccs_bif import BILLER_GUID, FORMAT_GUID, generate_tccs_bif, generate_tccs_groups
from tests.bill_files import cells_of, line_of
from tests.generators.conftest import AS_OF


@pytest.fixture(scope="module")
def layout() -> Layout:
    return load_layout("tccs")


def cents(text: str) -> int:
    return int(text.replace(".", ""))


@pytest.mark.parametrize("seed", [1, 5])
def test_the_quick_file_is_the_codecs_file(make_tccs_file, layout: Layout, seed: int) -> None:
    """Templates and codec are made from one table; this holds them together, byte for byte."""
    header = layout.record("FH").make(BillerGuid=BILLER_GUID, FileCreationDate=AS_OF)
    stream = io.BytesIO()
    write_bif(stream, layout, header, generate_tccs_groups(1_500, as_of=AS_OF, seed=seed))
    assert make_tccs_file(1_500, seed=seed) == stream.getvalue()


def test_a_file_is_valid_in_strict_mode_and_reads_back_typed(make_tccs_file, layout: Layout) -> None:
    mine = layout.for_biller(BillerGuid=BILLER_GUID, InvoiceFormatGuid=FORMAT_GUID, InvoiceTypeID="1")
    reading = read_bif(make_tccs_file(2_500), mine, strict=True)
    assert list(reading) == list(generate_tccs_groups(2_500, as_of=AS_OF))
    assert not reading.report.notes
    assert reading.report.invoices == 2_500


@pytest.mark.parametrize("invoices", [1, 1_000, 1_001, 20_000])
def test_count_and_total_are_right_to_the_cent_at_any_size(layout: Layout, invoices: int) -> None:
    """Added up here from the text, without the codec."""
    stream = io.BytesIO()
    made = generate_tccs_bif(stream, invoices, as_of=AS_OF)
    rows = stream.getvalue().decode().splitlines()
    header = cells_of(layout, rows[0])
    amounts = [cents(cells_of(layout, row)["TotalAmountDue"]) for row in rows if row.startswith("IH|")]
    assert (int(header["InvoiceCount"]), cents(header["TotalInvoiceAmount"])) == (len(amounts), sum(amounts))
    assert (made.invoices, made.rows, made.bytes) == (invoices, len(rows), len(stream.getvalue()))
    assert made.total_amount_due == Decimal(sum(amounts)).scaleb(-2)


def test_the_rules_of_the_source_hold_in_every_invoice(make_tccs_file, layout: Layout) -> None:
    fee = Decimal(late_fee_cents(1)).scaleb(-2)
    for group in read_bif(make_tccs_file(2_000), layout):
        invoice, customer = group.invoice, group.customer
        assert invoice.RecordType == "N"
        number, _, expires_on = invoice.InvoiceNumber.rpartition("-")
        assert number == customer.AccountNumber
        assert date(int(expires_on[6:]), int(expires_on[:2]), int(expires_on[3:5])) > AS_OF
        assert 0 <= invoice.MinimumAmountDue <= invoice.TotalAmountDue
        assert invoice.AllowPartialPayments is True
        assert invoice.ApplyLateFeeIfNoPaymentsOnly is False
        assert invoice.LateFeeDate == invoice.InvoiceDueDate
        assert invoice.LateFeeAmount == fee
        (detail,) = group.details
        assert detail.Description == f"Total amount outstanding: {invoice.TotalAmountDue}"


def test_values_of_the_biller_are_as_asked(layout: Layout) -> None:
    stream = io.BytesIO()
    guid, form = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
    generate_tccs_bif(stream, 5, as_of=AS_OF, biller_guid=guid, format_guid=form, invoice_type_id=7)
    mine = layout.for_biller(BillerGuid=guid, InvoiceFormatGuid=form, InvoiceTypeID="7")
    assert check(stream.getvalue(), mine, strict=True).loaded == 5


def test_filler_columns_of_a_users_own_layout_are_written_empty() -> None:
    own = parse_layout(
        {
            "extends": "tccs",
            "name": "own",
            "record": [{"code": "IH", "fields": [{"id": 15, "name": "F15", "kind": "filler"}]}],
        }
    )
    stream = io.BytesIO()
    generate_tccs_bif(stream, 20, as_of=AS_OF, layout=own)
    assert check(stream.getvalue(), own, strict=True).loaded == 20
    assert check(stream.getvalue(), load_layout("tccs")).loaded == 0


def test_progress_is_told_to_the_end() -> None:
    told: list[int] = []
    generate_tccs_bif(io.BytesIO(), 600, as_of=AS_OF, progress=told.append)
    assert told == [250, 500, 600]


def test_an_empty_file_has_a_header(layout: Layout) -> None:
    stream = io.BytesIO()
    assert generate_tccs_bif(stream, 0, as_of=AS_OF).total_amount_due == 0
    cells = {"FileCreationDate": "03/02/2026", "InvoiceCount": "0", "TotalInvoiceAmount": "0.00"}
    assert stream.getvalue() == f"{line_of(layout, 'FH', BillerGuid=BILLER_GUID, **cells)}\n".encode()


def test_another_process_writes_the_same_bytes(make_tccs_file) -> None:
    program = (
        "import hashlib, io\nfrom datetime import date\nfrom partnerlab.generators.tccs_bif import generate_tccs_bif\n"
        "stream = io.BytesIO()\ngenerate_tccs_bif(stream, 300, as_of=date(2026, 3, 2), seed=9)\n"
        "print(hashlib.sha256(stream.getvalue()).hexdigest())\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == hashlib.sha256(make_tccs_file(300, seed=9)).hexdigest()


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bif_writer, "SPOOL", 64_000)
    generate_tccs_bif(io.BytesIO(), 8_000, as_of=AS_OF)  # what is kept between runs
    tracemalloc.start()
    with (tmp_path / "bills.bif").open("wb") as stream:
        made = generate_tccs_bif(stream, 8_000, as_of=AS_OF)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_200_000 < made.bytes, "a block of bills and the spool"
