"""What no source gives the form of, and what no money hangs on, is taken and noted rather than quarantined."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest

from partnerlab.contracts.files import Layout, LayoutInvalid, check, parse_layout, read_bif, write_bif
from tests.bill_files import change

HIDDEN = "tolerant is a flag or a date"


@pytest.mark.parametrize("text", ["02/25/26", "2/25/2026", "2026-02-25"])
def test_a_date_of_the_bill_itself_is_one_date(layout: Layout, make_file, text: str) -> None:
    (group, *_) = read_bif(change(make_file(), layout, 2, Custom2=text), layout)
    assert group.invoice.Custom2 == date(2026, 2, 25)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("CustomField23", "Y", True),
        ("CustomField23", "N", False),
        ("CustomField24", "True", True),
        ("CustomField24", " false ", False),
        ("CustomField23", "E", "E"),
        ("CustomField23", "A", "A"),
        ("CustomField20", "02/25/26", (date(2026, 2, 25),)),
        ("CustomField20", "2/5/2026", (date(2026, 2, 5),)),
        ("CustomField10", "2026-01-25;;01/26/26;;", (date(2026, 1, 25), None, date(2026, 1, 26), None, None)),
    ],
)
def test_another_form_is_taken_noted_and_written_back(
    layout: Layout, make_file, field: str, text: str, value: object
) -> None:
    data = change(make_file(), layout, 4, **{field: text})
    reading = read_bif(data, layout, strict=True)
    groups = list(reading)
    assert groups[0].details[0][field] == value
    (note,) = reading.report.notes
    assert (note.kind, note.line) == (f"ID.{field}", 4)
    assert f"ID.{field}: {text!r} " in str(note)
    stream = io.BytesIO()
    assert reading.report.header is not None
    write_bif(stream, layout, reading.report.header, groups)
    assert list(read_bif(stream.getvalue(), layout)) == groups


@pytest.mark.parametrize("text", ["02/30/26", "13/01/2026", "20260225", "yesterday", "2/5/126", "1;2;3;4;5;6"])
def test_what_is_no_date_in_any_form_is_quarantined(layout: Layout, make_file, text: str) -> None:
    report = check(change(make_file(), layout, 4, CustomField20=text), layout)
    assert [problem.field for problem in report.problems] == ["CustomField20"]
    assert report.loaded == 2


@pytest.mark.parametrize(
    ("line", "field", "text"),
    [(2, "InvoiceDate", "03/02/26"), (2, "AllowPartialPayments", "Y"), (4, "LineItemTotal", "12.5")],
)
def test_dates_flags_and_amounts_of_the_bill_itself_stay_strict(
    layout: Layout, make_file, line: int, field: str, text: str
) -> None:
    assert check(change(make_file(), layout, line, **{field: text}), layout).problems[0].field == field


def test_only_what_is_optional_may_be_tolerant() -> None:
    for code, field in (
        ("IH", {"id": 11, "name": "InvoiceDate", "kind": "date", "required": True, "tolerant": True}),
        ("IH", {"id": 20, "name": "AllowPartialPayments", "kind": "flag", "constant": "1", "tolerant": True}),
        ("IH", {"id": 93, "name": "BalanceDue", "kind": "amount", "tolerant": True}),
    ):
        with pytest.raises(LayoutInvalid, match=HIDDEN):
            parse_layout({"extends": "inhance_v2", "name": "own", "record": [{"code": code, "fields": [field]}]})


@pytest.mark.parametrize(
    ("text", "noted"), [("1", False), ("1;2", True), ("1;2;3;4", True), ("1;2;3;4;5", False), ("1;;;;", False)]
)
def test_fewer_than_five_values_are_noted(layout: Layout, make_file, text: str, noted: bool) -> None:
    """One value stands where the flag for multiple meters is off; with it there are five."""
    reading = read_bif(change(make_file(), layout, 4, CustomField11=text), layout, strict=True)
    first, *_ = reading
    assert first.details[0].CustomField11 == tuple(Decimal(part) if part else None for part in text.split(";"))
    assert [note.kind for note in reading.report.notes] == (["ID.CustomField11"] if noted else [])


def test_a_header_that_sums_the_balances_is_taken_and_noted(layout: Layout, make_file, make_group) -> None:
    groups = [
        make_group(number, invoice={"TotalAmountDue": Decimal("10.00"), "BalanceDue": Decimal("4.00")})
        for number in range(3)
    ]
    data = make_file(groups)
    report = check(change(data, layout, 1, TotalInvoiceAmount="12.00"), layout)
    assert (report.loaded, report.total_amount_due) == (3, Decimal("30.00"))
    (note,) = report.notes
    assert (note.kind, note.message) == (
        "other-total",
        "TotalInvoiceAmount is the sum of BalanceDue, not of TotalAmountDue",
    )
    for wrong in ("12.01", "0.00"):
        assert check(change(data, layout, 1, TotalInvoiceAmount=wrong), layout).rejection is not None
    without = change(change(data, layout, 1, TotalInvoiceAmount="8.00"), layout, 2, BalanceDue="")
    assert check(without, layout).rejection is not None, "one is missing: the sum says nothing"
    broken = change(change(data, layout, 1, TotalInvoiceAmount="12.00"), layout, 3, CustomerName="")
    assert check(broken, layout).loaded == 2, "a quarantined invoice counts"
    unread = change(change(data, layout, 1, TotalInvoiceAmount="12.00"), layout, 2, InvoiceDate="soon")
    assert check(unread, layout).loaded == 2, "so does one whose own row is broken"
