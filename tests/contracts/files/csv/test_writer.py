"""The three files that Invoice Cloud sends: every line splits at commas, and what was changed is told."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerlab.contracts.files import ValueRefused
from partnerlab.contracts.files.csv import WRITTEN_RULES, Column, CsvTable, CsvWritten, load_table, write_csv
from partnerlab.contracts.files.csv.columns import block_writer
from partnerlab.contracts.files.csv.writer import _Sink
from partnerlab.contracts.files.row import Row

pytestmark = pytest.mark.usefixtures("either_way")

PAYMENTS, CHANGES, REJECTS = (load_table(f"watersmart_{kind}") for kind in ("payments", "changes", "rejects"))
NEW_YORK = ZoneInfo("America/New_York")
PAID_AT = datetime(2026, 9, 15, 14, 5, 9, tzinfo=NEW_YORK)


def written(table: CsvTable, **values: object) -> tuple[list[str], CsvWritten]:
    stream = io.BytesIO()
    result = write_csv(stream, table, [table.make(**values)])
    text = stream.getvalue().decode()
    assert text.endswith("\r\n")
    assert result.bytes == len(stream.getvalue())
    return text[:-2].split(","), result


def test_a_payment_has_the_eighteen_columns_of_the_source_in_order() -> None:
    cells, result = written(
        PAYMENTS,
        InvoiceNumber="700101",
        AccountNumber="00700801",
        CustomerName="Smith, Joseph A.",
        PaymentDate=PAID_AT,
        PaymentTypeID=1,
        PaymentAmount=Decimal("40.00"),
        ConvenienceFee=Decimal("0.00"),
        PaymentReference="IC0000000001",
        Approved=True,
        Offline=False,
        WSReportID=7,
    )
    assert cells == [
        "700101", "", "00700801", "Smith Joseph A.", "", "09152026140509", "1", "", "40.00", "0.00", "IC0000000001", "",
        "True", "", "False", "", "7", "",
    ]  # fmt: skip
    assert [(warning.rule, warning.field, warning.line) for warning in result.warnings] == [
        ("characters-removed", "CustomerName", 1)
    ]


@pytest.mark.parametrize(("table", "columns"), [(PAYMENTS, 18), (CHANGES, 9), (REJECTS, 11)])
def test_each_file_has_the_sources_number_of_columns(table: CsvTable, columns: int) -> None:
    cells, _ = written(table)
    assert cells == [""] * columns


def test_a_moment_is_the_billers_wall_clock_on_both_sides_of_a_change_of_the_clock() -> None:
    for fold in (0, 1):
        cells, _ = written(REJECTS, TransactionDate=datetime(2026, 11, 1, 1, 30, fold=fold, tzinfo=NEW_YORK))
        assert cells[0] == "11012026013000"


def test_what_would_be_somebody_elses_when_cut_is_left_out_and_told() -> None:
    cells, result = written(
        CHANGES, AccountNumber="1" * 31, EmailAddress="a" * 95 + "@x.com", PhoneNumber="+1 413 555 0100 ext 7"
    )
    assert (cells[0], cells[3], cells[5]) == ("", "", "")
    assert [(warning.rule, warning.column) for warning in result.warnings] == [
        ("left-out", 1), ("left-out", 4), ("left-out", 6)
    ]  # fmt: skip
    cells, result = written(CHANGES, AccountNumber="1" * 30, EmailAddress="a" * 94 + "@x.com", PhoneNumber="1" * 15)
    assert (len(cells[0]), len(cells[3]), len(cells[5])) == (30, 100, 15)
    assert not result.warnings


def test_the_moment_of_a_change_is_left_out_with_its_value() -> None:
    """Else a receiver would take the address away that it has; an empty one that fits was taken away by its owner."""
    moments = {"EmailAddressChangeDate": PAID_AT, "PhoneNumberChangeDate": PAID_AT, "PaperlessSignUpDate": PAID_AT}
    at = "09152026140509"
    for values, shown in (
        ({"EmailAddress": "a" * 95 + "@x.com", "PhoneNumber": "1" * 16}, ["", "", "", ""]),
        ({"EmailAddress": "a,b@x.com", "PhoneNumber": '555"0100'}, ["ab@x.com", at, "5550100", at]),
        ({"EmailAddress": "a@x.com", "PhoneNumber": ""}, ["a@x.com", at, "", at]),
        ({"EmailAddress": None, "PhoneNumber": "5"}, ["", at, "5", at]),
    ):
        cells, result = written(CHANGES, AccountNumber="1", **moments, **values)
        assert (cells[3:7], cells[7]) == (shown, at)
        assert ("left-out" in {warning.rule for warning in result.warnings}) == (shown[1] == shown[3] == "")


@pytest.mark.parametrize("name", ['=HYPERLINK("x";"y")', "@SUM(A1)", "+Plus Plumbing", "-Dash Deli", "\t=1+1"])
def test_a_text_that_a_spreadsheet_would_run_is_made_harmless_and_told(name: str) -> None:
    cells, result = written(PAYMENTS, CustomerName=name)
    assert cells[3].startswith(" ")
    assert "formula" in {warning.rule for warning in result.warnings}


def test_where_a_column_has_no_room_for_a_space_the_formula_stays_and_is_told() -> None:
    cells, result = written(CHANGES, EmailAddress="=" + "a" * 93 + "@x.com")
    assert cells[3].startswith("=")
    assert [warning.rule for warning in result.warnings] == ["formula-kept"]


def test_numbers_dates_and_phones_stay_bare() -> None:
    cells, result = written(REJECTS, Amount=Decimal("-12.00"), TransactionDate=PAID_AT)
    assert cells[6] == "-12.00"
    phone, told = written(CHANGES, PhoneNumber="+15551234567")
    assert phone[5] == "+15551234567"
    assert not result.warnings
    assert not told.warnings


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("PaymentAmount", Decimal("1.005")),
        ("PaymentAmount", 1.5),
        ("PaymentDate", datetime(2026, 9, 15)),
        ("PaymentTypeID", True),
        ("PaymentTypeID", -1),
        ("Approved", "True"),
        ("CustomerName", 5),
        ("CustomerName", "half of a character: \ud800"),
        ("AccountNumber", "\udfff,"),
    ],
)
def test_a_value_that_is_not_of_its_kind_is_refused_with_its_place(column: str, value: object) -> None:
    with pytest.raises(ValueRefused, match=f"line 1, column {PAYMENTS.column(column).position}, {column}"):
        written(PAYMENTS, **{column: value})


def test_a_column_that_the_table_lacks_is_refused() -> None:
    with pytest.raises(TypeError, match="watersmart_payments has no column Nothing"):
        PAYMENTS.make(Nothing=1)


TEXT = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(name=TEXT, reference=TEXT, amount=st.decimals(-999, 999, places=2), phone=TEXT)
@settings(max_examples=150, deadline=None)
def test_every_line_splits_alike_with_a_csv_reader_and_at_commas(
    name: str | None, reference: str | None, amount: Decimal, phone: str | None
) -> None:
    row = PAYMENTS.make(CustomerName=name, BillerReference=reference, PaymentAmount=amount, PaymentDate=PAID_AT)
    stream = io.BytesIO()
    result = write_csv(stream, PAYMENTS, [row])
    line = stream.getvalue().decode().removesuffix("\r\n")
    assert line.split(",") == next(csv.reader([line])) == _Sink(PAYMENTS).line(row, 1).split(",")
    assert len(line.split(",")) == 18
    assert {warning.rule for warning in result.warnings} <= WRITTEN_RULES.keys()
    for at in (3, 13):
        assert line.split(",")[at][:1] not in {*"=+-@\t\r"} - {""}


@given(
    st.fixed_dictionaries(
        {
            "AccountNumber": TEXT,
            "EmailAddress": TEXT,
            "PhoneNumber": TEXT,
            "PaperlessSignUpDate": st.none() | st.just(PAID_AT),
        }
    )
)
@settings(max_examples=150, deadline=None)
def test_whole_columns_and_single_cells_are_written_alike(values: dict[str, object]) -> None:
    row, plain_row = CHANGES.make(**values), CHANGES.make(AccountNumber="70010001", PaperlessSignUpDate=PAID_AT)
    judged: list[int] = []
    sink, alone = _Sink(CHANGES), _Sink(CHANGES)

    def judge(column: Column, value: object, at: int) -> str:
        judged.append(at)
        return sink.cell(column, value, at + 1)

    lines = block_writer(CHANGES)([plain_row, row, plain_row], judge)
    assert lines == ["70010001,,,,,,,09152026140509,", alone.line(row, 2), "70010001,,,,,,,09152026140509,"]
    assert sink.warnings == alone.warnings
    assert {*judged} <= {1}


class Reference(str):
    """A text with a type of its own."""


TEXTS = st.sampled_from(
    [None, "", "7", "a b", "a, b", 'a "b"', " a", "a ", "=a", "+1 555", "-a", "@a", "a-b", "a=b", "Zoë", "\xa0a",
     "a\x1fb", "\x1f", "a\nb", "\u2028", "x" * 200, Reference("a"), Reference("-a"), 5]
)  # fmt: skip
AMOUNTS = st.sampled_from(
    [None, *map(Decimal, ("1.00", "-1.00", "-0.00", "1", "1.5", "1.000", "1.005", "1E+2", "0E-7", "NaN", "-Infinity")),
     Decimal(10) ** 30, 1, 1.5, True]
)  # fmt: skip
MOMENTS = st.sampled_from([None, PAID_AT, PAID_AT.replace(day=16), PAID_AT.replace(tzinfo=None), PAID_AT.date()])
VALUES = {
    "text": TEXTS,
    "account": TEXTS,
    "phone": TEXTS,
    "amount": AMOUNTS,
    "moment": MOMENTS,
    "integer": st.sampled_from([None, 0, 7, 12, -1, True, "7"]),
    "boolean": st.sampled_from([None, True, False, 1, 0]),
}


@st.composite
def blocks(draw: st.DrawFn) -> tuple[CsvTable, list[Row]]:
    """Rows of which most columns have one value, some a few, and here and there another."""
    table = draw(st.sampled_from([PAYMENTS, CHANGES, REJECTS]))
    count = draw(st.integers(1, 5))
    columns = []
    for column in table.columns:
        values = [draw(VALUES[column.kind])] * count
        if draw(st.booleans()):
            values[draw(st.integers(0, count - 1))] = draw(VALUES[column.kind])
        columns.append(values)
    return table, [table.row._make(row) for row in zip(*columns, strict=True)]


@given(blocks())
@settings(max_examples=400, deadline=None)
def test_a_block_is_written_as_its_rows_one_by_one(block: tuple[CsvTable, list[Row]]) -> None:
    table, rows = block
    alone, lines, refused = _Sink(table), [], ""
    try:
        for number, row in enumerate(rows, 1):
            lines.append(alone.line(row, number))
    except ValueRefused as error:
        refused = str(error)
    stream = io.BytesIO()
    if refused:
        with pytest.raises(ValueRefused) as error:
            write_csv(stream, table, rows)
        assert str(error.value) == refused
    else:
        assert list(write_csv(stream, table, rows).warnings) == alone.warnings
    assert stream.getvalue().decode() == "".join(f"{line}\r\n" for line in lines)


def test_what_stands_before_a_refused_row_is_written() -> None:
    stream = io.BytesIO()
    rows = [PAYMENTS.make(AccountNumber="1"), PAYMENTS.make(AccountNumber="2"), PAYMENTS.make(PaymentAmount=1)]
    with pytest.raises(ValueRefused, match="line 3"):
        write_csv(stream, PAYMENTS, rows)
    assert stream.getvalue().count(b"\r\n") == 2
