"""Reading a CSV file: quarantine by line, defaults, what decides the table, and what a hostile file may cost."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerlab.contracts.files.csv import (
    NOTES,
    RULES,
    Column,
    CsvRejected,
    CsvReport,
    check_csv,
    load_table,
    read_csv,
    table_of,
)
from partnerlab.contracts.files.csv.compiled import row_reader
from partnerlab.contracts.files.csv.rows import judge_row
from partnerlab.contracts.files.reader import ReadingUnfinished
from partnerlab.generators.watersmart import generate_csv

pytestmark = pytest.mark.usefixtures("either_way")

INVOICES = load_table("watersmart_invoices").for_biller(InvoiceTypeID="1")
BALANCES = load_table("watersmart_balances")


def invoice(**cells: str) -> str:
    """A line of the invoice file; every cell can be given by its column's name."""
    values = {
        "AccountNumber": "70010001",
        "CustomerName": "Ann Ash",
        "Address1": "1 Mill Lane",
        "City": "Springfield",
        "State": "MA",
        "Zip": "01103",
        "InvoiceDate": "08/25/2026",
        "InvoiceDueDate": "09/15/2026",
        "TotalAmountDue": "40.00",
        "PastDue": "0.00",
        "InvoiceNumber": "700101",
        "InvoiceTypeID": "1",
        **cells,
    }
    return ",".join(values.get(column.name, "") for column in INVOICES.columns)


def check(*lines: str) -> CsvReport:
    return check_csv("\n".join(lines).encode() + b"\n", INVOICES)


@pytest.mark.parametrize("number", ["7001\u200b0001", "7001\u00a00001", "9" * 251, "A" * 251])
@pytest.mark.parametrize("column", ["AccountNumber", "InvoiceNumber"])
def test_a_number_is_what_it_looks_like_and_of_a_length_that_every_door_takes(column: str, number: str) -> None:
    report = check(invoice(), invoice(**{"InvoiceNumber": "2", column: number}))
    assert report.good == 1
    ((problem,),) = (row.problems for row in report.quarantine)
    assert problem.rule == ("number-too-long" if len(number) > 250 else "hidden-character")
    assert (problem.line, problem.field) == (2, column)
    assert check(invoice(**{column: "9" * 250})).good == 1


@pytest.mark.parametrize("number", ["7001\u200b0001", "7001\t0001", "\u3000", "9" * 251, "A" * 251])
@pytest.mark.parametrize("column", ["AccountNumber", "InvoiceNumber"])
def test_so_it_is_behind_many_good_rows(column: str, number: str) -> None:
    """Rows behind the first few hundred are read together: these were taken with a number that nobody can see."""
    many = 700
    lines = [invoice(InvoiceNumber=str(at)) for at in range(1, many)]
    lines[400] = invoice(**{"InvoiceNumber": "401", column: number})
    report = check(*lines)
    alone = check(lines[400])
    assert report.good == many - 2 + alone.good
    assert [entry.problems[0].rule for entry in report.quarantine] == [
        entry.problems[0].rule for entry in alone.quarantine
    ]
    assert all(entry.line == 401 for entry in report.quarantine)


def test_a_number_that_is_made_of_others_is_not_too_long_either() -> None:
    assert check(invoice(InvoiceNumber="", AccountNumber="9" * 241)).good == 1
    ((problem,),) = (row.problems for row in check(invoice(InvoiceNumber="", AccountNumber="9" * 242)).quarantine)
    assert (problem.rule, problem.field) == ("number-too-long", "InvoiceNumber")


def test_an_empty_number_is_account_and_invoice_date() -> None:
    [(_, row)] = read_csv(invoice(InvoiceNumber="").encode(), INVOICES)
    assert row.InvoiceNumber == "70010001-08252026"


def test_a_missing_invoice_date_is_the_due_date_and_stands_in_the_number() -> None:
    [(_, row)] = read_csv(invoice(InvoiceNumber="", InvoiceDate="").encode(), INVOICES)
    assert (row.InvoiceDate, row.InvoiceNumber) == (date(2026, 9, 15), "70010001-09152026")


def test_without_any_date_the_row_is_quarantined_for_the_date_that_is_required() -> None:
    report = check(invoice(InvoiceNumber="", InvoiceDate="", InvoiceDueDate=""), invoice())
    [entry] = report.quarantine
    assert "InvoiceDueDate" in {problem.field for problem in entry.problems}
    assert report.loaded == 1


@pytest.mark.parametrize("column", [column.name for column in INVOICES.columns if column.required])
def test_a_required_cell_is_required_or_has_its_default(column: str) -> None:
    report = check(invoice(**{column: "  "}))
    if INVOICES.column(column).defaults:
        assert report.loaded == 1
        assert [note.kind for note in report.notes] == ["default-value"]
    else:
        assert [(problem.rule, problem.field) for problem in report.problems] == [("required-empty", column)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("125", "125"),
        ("125.5", "125.5"),
        ("-15.00", "-15.00"),
        ("+15.00", "15.00"),
        ('"1,250.00"', "1250.00"),
        ("$125.00", "125.00"),
        ('"$1,250.00"', "1250.00"),
        ("(45.00)", "-45.00"),
        ("45.00-", "-45.00"),
        ('"$(1,045.00)"', "-1045.00"),
        ("-$5.00", "-5.00"),
    ],
)
def test_an_amount_that_can_be_read_in_one_way_is(text: str, value: str) -> None:
    [(_, row)] = read_csv(invoice(TotalAmountDue=text).encode(), INVOICES)
    assert row.TotalAmountDue == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["1.000", "1e3", "1.5E2", "125.505", '"1.234,56"', '"125,50"', '"1,25.00"', "-(5.00)", "(5.00", "5.00)", "--5",
     "-5.00-", "($-5.00-)", "NaN", "Infinity", "1_000", "١٢", "0x10", "9" * 16, "-", "$", "."],
)  # fmt: skip
def test_an_amount_that_nobody_can_know_is_quarantined(text: str) -> None:
    report = check(invoice(TotalAmountDue=text), invoice(InvoiceNumber="2"))
    assert [(problem.rule, problem.field, problem.line) for problem in report.problems] == [
        ("not-an-amount", "TotalAmountDue", 1)
    ]
    assert report.loaded == 1


@pytest.mark.parametrize(
    ("text", "day", "note"),
    [
        ("9/5/2026", date(2026, 9, 5), ""),
        ("09/05/26", date(2026, 9, 5), "two-digit-year"),
        ("2026-09-05", date(2026, 9, 5), "iso-date"),
        ("09/05/2026 00:00:00", date(2026, 9, 5), "time-behind-date"),
        ("09/05/2026 12:00 AM", date(2026, 9, 5), "time-behind-date"),
    ],
)
def test_a_date_is_read_with_the_month_first(text: str, day: date, note: str) -> None:
    reading = read_csv(invoice(InvoiceDueDate=text).encode(), INVOICES)
    [(_, row)] = reading
    assert row.InvoiceDueDate == day
    assert note in {"", *(found.kind for found in reading.report.notes)}


def test_every_problem_of_a_row_is_told_with_line_column_field_and_rule() -> None:
    report = check(invoice(), invoice(InvoiceNumber="x2", TotalAmountDue="abc", Zip="1", BlockPaymentsCC="Y"))
    amount, flag = map(str, report.problems)
    said = "line 2, column 10, TotalAmountDue (13): 'abc' is not an amount with at most two decimals"
    assert amount == f"{said} (WaterSmart, Invoice File, field 13)"
    said = "line 2, column 14, BlockPaymentsCC (356): 'Y' is not a flag, 1 or 0"
    assert flag == f"{said} (WaterSmart, Invoice File, field 356)"
    assert {problem.rule for problem in report.problems} <= RULES.keys()


def test_a_quoted_field_may_hold_commas_quotes_and_line_breaks() -> None:
    name = '"Smith, ""Joe""\nat the mill"'
    reading = read_csv(
        f"{invoice(CustomerName=name)}\n{invoice(InvoiceNumber='2', TotalAmountDue='x')}".encode(), INVOICES
    )
    [(line, row)] = reading
    assert (line, row.CustomerName) == (1, 'Smith, "Joe"\nat the mill')
    assert [entry.line for entry in reading.report.quarantine] == [3]


def test_a_line_of_a_quoted_field_that_has_the_columns_of_a_row_is_no_row() -> None:
    """Its first cell is empty, where a row has its account."""
    second = invoice(InvoiceNumber="2", CustomerName='"Ann\n,Ash"')
    assert second.splitlines()[1].count(",") == len(INVOICES.columns) - 1
    reading = read_csv(f"{invoice()}\n{second}\n".encode(), INVOICES)
    assert [row.CustomerName for _, row in reading] == ["Ann Ash", "Ann\n,Ash"]


def test_an_open_quote_costs_its_own_row_and_no_other() -> None:
    for opened in ('"Ann Ash', '"Ann\n Ash', '"'):
        lines = [
            invoice(InvoiceNumber="1"),
            invoice(InvoiceNumber="2", CustomerName=opened),
            invoice(InvoiceNumber="3"),
        ]
        reading = read_csv("\n".join(lines).encode(), INVOICES)
        assert [row.InvoiceNumber for _, row in reading] == ["1", "3"]
        assert reading.report.quarantine[0].line == 2
        assert reading.report.quarantine[0].problems[0].rule == "open-quote"


@pytest.mark.parametrize("column", INVOICES.columns, ids=lambda column: column.name)
@pytest.mark.parametrize("before", ["Ann", '"Smith, Joe"', '"Ann ""A"", Bob"'])
def test_an_open_quote_is_told_at_the_cell_it_opens(column: Column, before: str) -> None:
    cells = invoice().split(",")
    if column.position > 2:  # else it would close the open one
        cells[1] = before
    cells[column.position - 1] = '"open'
    (problem,) = check_csv(f"{invoice()}\n{','.join(cells)}\n".encode(), INVOICES).problems
    assert (problem.rule, problem.line, problem.column) == ("open-quote", 2, column.position)


def test_an_open_quote_in_the_last_row_is_told_at_its_line() -> None:
    report = check(invoice(), invoice(InvoiceNumber="2", CustomerName='"Ann'))
    assert [(problem.rule, problem.line, problem.column) for problem in report.problems] == [("open-quote", 2, 2)]


def test_text_behind_a_closing_quote_is_quarantined() -> None:
    report = check(invoice(CustomerName='"Ann" Ash'))
    assert [(problem.rule, problem.field) for problem in report.problems] == [("misplaced-quote", "CustomerName")]


def test_a_second_row_of_a_number_is_quarantined_and_the_first_stays() -> None:
    reading = read_csv(f"{invoice()}\n{invoice(TotalAmountDue='25.00')}".encode(), INVOICES)
    assert [row.TotalAmountDue for _, row in reading] == [Decimal("40.00")]
    assert [(p.rule, p.line, p.column) for p in reading.report.problems] == [("stands-twice", 2, 12)]


def test_what_stands_in_an_ignored_column_is_never_judged() -> None:
    [(_, row)] = read_csv(b'70010001,"Smith, J",-5.00,2,not an amount\n', BALANCES)
    assert tuple(row) == ("70010001", Decimal("-5.00"), 2)


def test_a_biller_may_have_adjustment_types_of_its_own() -> None:
    table = BALANCES.with_values("AdjustmentTypeID", {"7": "add"})
    assert check_csv(b"1,,5.00,7,\n", table).loaded == 1
    [problem] = check_csv(b"1,,5.00,1,\n", table).problems
    assert (problem.rule, problem.message) == ("unknown-value", "'1' is none of 7 (add)")


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "empty-file"),
        (b"\r\n,,,,\r\n", "empty-file"),
        (b"\xff\xfea\x00", "wrong-encoding"),
        (b"a,b\nc,d\n", "wrong-columns"),
        (b"AccountNumber,x\n", "empty-file"),
    ],
)
def test_a_file_that_cannot_be_used_is_rejected_with_the_reason(data: bytes, rule: str) -> None:
    reading = read_csv(data, INVOICES)
    with pytest.raises(CsvRejected) as rejected:
        list(reading)
    assert rejected.value.report.rejection is not None
    assert rejected.value.report.rejection.rule == rule
    assert RULES[rule][0] == "file"
    assert rejected.value.report.loaded == 0


def test_a_header_line_is_recognised_by_its_first_cell_and_only_at_the_top() -> None:
    header = ",".join(column.name for column in INVOICES.columns)
    for first in (header, header.replace("AccountNumber", '"Account Number"'), header.upper()):
        report = check(first, invoice())
        assert (report.loaded, [note.kind for note in report.notes]) == (1, ["header-line"])
    assert check(invoice(), header).quarantined == 1


def test_the_columns_decide_whose_file_it_is() -> None:
    assert table_of(invoice().encode(), [BALANCES, INVOICES]) is INVOICES
    assert table_of(b"1,2,3,1,5\n", [BALANCES, INVOICES]) is BALANCES
    assert table_of(b"1,Smith, J,3,1,5\n" + b"1,2,3,1,5\n" * 2, [BALANCES, INVOICES]) is BALANCES
    assert table_of(b"1,2,3\n", [BALANCES, INVOICES]) is None
    assert table_of(b"", [BALANCES, INVOICES]) is None


def test_a_report_is_asked_for_when_the_file_was_read() -> None:
    reading = read_csv(invoice().encode(), INVOICES)
    with pytest.raises(ReadingUnfinished):
        _ = reading.report
    list(reading)
    with pytest.raises(ReadingUnfinished):
        iter(reading)
    assert reading.report.as_dict()["loaded"] == 1


def test_the_thousand_first_bad_rows_are_kept_and_all_are_handed_on() -> None:
    seen: list[int] = []
    report = check_csv(b"x,y\n" * 1_200 + invoice().encode(), INVOICES, on_quarantine=lambda row: seen.append(row.line))
    assert (report.quarantined, len(report.quarantine), len(seen)) == (1_200, 1_000, 1_200)


@pytest.mark.parametrize("line", [b'",\n', b'"\n', b",\n", b"x,y\n", b'1,"open\n', b'a"b,"c"d\n'])
def test_a_file_of_nothing_but_broken_rows_is_given_up(line: bytes) -> None:
    report = check_csv(line * 400_000, INVOICES)
    assert report.rejection is not None
    assert report.rejection.rule == "hopeless"
    assert report.lines < 30_000
    assert report.loaded == 0


def test_nothing_is_noted_of_rows_behind_the_last_one_read() -> None:
    report = check_csv(b"\xe9\n" * 40_000, INVOICES)
    assert report.rejection
    assert report.rejection.rule == "hopeless"
    assert [(note.kind, note.line, note.count) for note in report.notes] == [("windows-1252", 1, report.lines)]


def test_many_broken_rows_among_more_good_ones_are_only_set_aside() -> None:
    good = b"".join(f"{invoice(InvoiceNumber=str(at))}\n".encode() for at in range(10_500))
    report = check_csv(good + b"x,y\n" * 10_300, INVOICES)
    assert (report.accepted, report.loaded, report.quarantined) == (True, 10_500, 10_300)


def test_a_quoted_field_of_too_many_lines_costs_its_own_row() -> None:
    lines = [invoice(), '1,"' + "\n".join("x" for _ in range(60)) + '"', invoice(InvoiceNumber="2")]
    report = check(*lines)
    assert report.quarantine[0].problems[0].rule == "open-quote"
    assert report.loaded == 2


CELLS = st.text(st.sampled_from('0123456789.,-/ "$()eYx\né'), max_size=8)


@given(st.lists(CELLS, min_size=1, max_size=20))
@settings(max_examples=150, deadline=None)
def test_whatever_stands_in_it_a_file_is_counted_to_its_end(cells: list[str]) -> None:
    data = f"{invoice()}\n{','.join(cells)}\n{invoice(InvoiceNumber='2')}\n".encode()
    reading = read_csv(data, INVOICES)
    loaded = [row.InvoiceNumber for _, row in reading]
    assert loaded[0] == "700101"
    assert loaded[-1] == "2"
    assert reading.report.rows == len(loaded) + reading.report.quarantined
    assert {note.kind for note in reading.report.notes} <= NOTES.keys() | {"bom", "crlf", "windows-1252", "blank-lines"}


@given(st.dictionaries(st.sampled_from([column.name for column in INVOICES.columns]), CELLS, max_size=4))
@settings(max_examples=200, deadline=None)
def test_the_compiled_reader_and_the_plain_one_agree(cells: dict[str, str]) -> None:
    row = [
        cells.get(name, value)
        for name, value in zip([c.name for c in INVOICES.columns], invoice().split(","), strict=True)
    ]
    fast = row_reader(INVOICES)(row)
    plain, problems, notes = judge_row(INVOICES, row, 1)
    assert fast is None or (fast, (), []) == (plain, problems, notes)
    assert (plain is None) == bool(problems)


@pytest.mark.parametrize("kind", ["invoices", "balances"])
def test_a_plain_row_is_read_by_the_compiled_reader(kind: str) -> None:
    """With nothing where nothing must be, and nothing due: the slow way is right too, but several times slower."""
    table, stream = load_table(f"watersmart_{kind}"), io.BytesIO()
    generate_csv(stream, kind, 200, as_of=date(2026, 3, 2))
    read = row_reader(table.for_biller(InvoiceTypeID="1") if kind == "invoices" else table)
    rows = [line.split(",") for line in stream.getvalue().decode().splitlines() if '"' not in line]
    zero = [cell if cell.count(".") != 1 else "0.00" for cell in rows[0]]
    assert len(rows) > 100
    assert all(read(row) is not None for row in [*rows, zero])


def test_memory_does_not_grow_with_the_file_nor_with_a_quote_that_never_closes() -> None:
    def chunks(first: bytes) -> Iterator[bytes]:
        yield first
        block = b"".join(
            f"{invoice(InvoiceNumber='').replace('70010001', str(70_000_000 + at))}\n".encode() for at in range(500)
        )
        for at in range(4):
            yield block.replace(b"700", b"%03d" % (100 + at))

    for first in (b"", b'1,"never closed,' + b"x" * 9_000 + b"\n"):
        tracemalloc.start()
        report = check_csv(chunks(first), INVOICES)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert report.good == 2_000
        assert peak < 4 << 20
