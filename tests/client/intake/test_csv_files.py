"""WaterSmart's files: what they say as plain values, and as Invoice Cloud's own records."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.intake import (
    Adjustment,
    convert,
    invoice_of,
    read_csv_adjustments,
    read_csv_invoices,
    recognise_csv,
)
from partnerlab.contracts.files import load_layout, read_bif
from partnerlab.contracts.files.adjustments import load_adjustments, read_adjustments
from partnerlab.contracts.files.csv import CsvRejected, CsvReport
from partnerlab.generators.watersmart import generate_csv

BILLER, FORMAT = "66666666-6666-4666-8666-666666666666", "88888888-8888-4888-8888-888888888888"
ROW = (
    b'00700801,"Smith, Joseph A.",1 Mill Lane,,Springfield,MA,01103,'
    b'08/25/2026,09/15/2026,"$1,250.00",10.00,,1,1,0,0070-0801\n'
)


def converted(data: bytes) -> tuple[bytes, CsvReport]:
    stream = io.BytesIO()
    report = convert(data, stream, biller_guid=BILLER, format_guid=FORMAT, created_on=date(2026, 9, 1))
    return stream.getvalue(), report


def test_an_invoice_row_says_everything_that_the_source_lists() -> None:
    reading = read_csv_invoices(ROW, format_guid=FORMAT)
    [invoice] = reading
    assert (invoice.number, invoice.invoiced_on, invoice.due_on) == (
        "00700801-08252026",
        date(2026, 8, 25),
        date(2026, 9, 15),
    )
    assert (invoice.total_amount_due, invoice.past_due) == (Decimal("1250.00"), Decimal("10.00"))
    assert (invoice.record_type, invoice.format_guid, invoice.invoice_type_id) == ("N", FORMAT, 1)
    customer = invoice.customer
    assert (customer.account_number, customer.name, customer.zip) == ("00700801", "Smith, Joseph A.", "01103")
    assert (customer.block_cards, customer.block_bank, customer.display_account_number) == (True, False, "0070-0801")
    assert reading.report.loaded == 1


def test_an_adjustment_sets_or_adds_as_the_biller_says() -> None:
    data = b"1,x,15.00,1,\n2,x,-5.00,2,\n3,x,1.00,9,\n"
    reading = read_csv_adjustments(data)
    assert list(reading) == [Adjustment("1", Decimal("15.00"), "set", 1), Adjustment("2", Decimal("-5.00"), "add", 2)]
    assert reading.report.quarantined == 1
    assert [a.effect for a in read_csv_adjustments(data, meanings={"9": "add"})] == ["add"]


def test_a_converted_invoice_file_reads_back_as_the_same_invoices() -> None:
    data = io.BytesIO()
    generate_csv(data, "invoices", 50, as_of=date(2026, 3, 2))
    records, report = converted(data.getvalue())
    layout = load_layout("watersmart").for_biller(BillerGuid=BILLER, InvoiceFormatGuid=FORMAT, InvoiceTypeID="1")
    back = [invoice_of(group, layout) for group in read_bif(records, layout)]
    straight = list(read_csv_invoices(data.getvalue(), format_guid=FORMAT))
    assert report.loaded == len(back) == 50
    for ours, theirs in zip(back, straight, strict=True):
        assert (ours.number, ours.customer, ours.total_amount_due, ours.past_due, ours.due_on) == (
            theirs.number,
            theirs.customer,
            theirs.total_amount_due,
            theirs.past_due,
            theirs.due_on,
        )


def test_converted_adjustments_read_back() -> None:
    records, report = converted(b"1,x,15.00,1,\n2,x,-5.00,2,\n3,x,1.005,2,\n")
    rows = list(read_adjustments(records, load_adjustments("watersmart")))
    assert [(row.AccountNumber, row.AdjustmentAmount, row.AdjustmentTypeID) for row in rows] == [
        ("1", Decimal("15.00"), 1),
        ("2", Decimal("-5.00"), 2),
    ]
    assert report.quarantined == 1


def test_the_columns_tell_the_two_files_apart() -> None:
    found = [recognise_csv(data) for data in (ROW, b"1,x,15.00,1,\n", b"1,2,3\n")]
    assert [table and table.name for table in found] == ["watersmart_invoices", "watersmart_balances", None]


def test_a_file_that_is_neither_is_refused_and_nothing_is_written() -> None:
    with pytest.raises(RequestInvalid, match="neither the 16 columns"):
        converted(b"1,2,3\n")
    with pytest.raises(CsvRejected, match="no row has the 16 columns"):
        list(read_csv_invoices(b"1,2,3\n"))
