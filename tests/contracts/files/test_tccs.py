"""The TCCS field table against the source's, copied out here a second time by hand and by row."""

from __future__ import annotations

import io
import re
from datetime import date
from decimal import Decimal

import pytest

from partnerlab.contracts.data import read_toml
from partnerlab.contracts.files import InvoiceGroup, Layout, ValueRefused, check, load_layout, read_bif, write_bif
from partnerlab.contracts.tccs_rest import ContentInfoInvalid, format_of, parse_content_info

VIEW = "Reference Policy_Name view fields"
OUTSTANDING = (
    'String together "Total amount outstanding:" [sum of AROPEN] '
    "Being used to store the full Outstanding amount for policy term"
)
CONFIG = "Use Config File to get value assigned by IC"
# Record, IC FileSpecID, IC field, required, Partner Field Description.
SOURCE = (
    ("FH", 1, "RowType", True, "N/A - always FH"),
    ("FH", 2, "BillerGuid", True, CONFIG),
    ("FH", 4, "FileCreationDate", True, "Current date program run"),
    ("FH", 5, "InvoiceCount", True, "Total number of IH records to be sent"),
    (
        "FH",
        6,
        "TotalInvoiceAmount",
        True,
        "Sum of all TotalAmountDue fields in the IH records (Total Outstanding of all Policies in file)",
    ),
    ("IH", 7, "RowType", True, "N/A - always IH"),
    ("IH", 8, "RecordType", True, "Use Rewrite (N)"),
    ("IH", 9, "InvoiceFormatGuid", True, CONFIG),
    ("IH", 10, "InvoiceNumber", True, "Policy Number-Expiration Date of Policy Term"),
    (
        "IH",
        11,
        "InvoiceDate",
        True,
        "Newest Bill Date of Policy (If no records billed, use the Effective Date of the records)",
    ),
    (
        "IH",
        12,
        "InvoiceDueDate",
        True,
        "Oldest Due Date of Policy (If no records billed, use the Effective Date of the records)",
    ),
    ("IH", 13, "TotalAmountDue", True, "Total Outstanding amount of the Policy"),
    ("IH", 20, "AllowPartialPayments", False, "Always allow"),
    ("IH", 21, "MinimumAmountDue", False, "Current amount Billed on the Policy"),
    ("IH", 186, "LateFeeAmount", False, "Get string from TBLCOMPANYMASTER0 and parse"),
    ("IH", 187, "LateFeeDate", False, "Use InvoiceDueDate"),
    ("IH", 191, "ApplyLateFeeIfNoPaymentsOnly", False, "Set to no"),
    ("IH", 252, "InvoiceTypeID", True, CONFIG),
    ("CR", 58, "RowType", True, "N/A - always CR"),
    ("CR", 59, "AccountNumber", True, "Policy Number"),
    ("CR", 60, "CustomerName", True, VIEW),
    ("CR", 61, "Address1", False, VIEW),
    ("CR", 62, "Address2", False, VIEW),
    ("CR", 63, "City", False, VIEW),
    ("CR", 64, "State", False, VIEW),
    ("CR", 65, "Zip", False, VIEW),
    ("CR", 66, "Phone", False, VIEW),
    ("ID", 70, "RowType", True, "N/A - always ID"),
    (
        "ID",
        72,
        "Description",
        False,
        OUTSTANDING,
    ),
)
ALWAYS = {1: "FH", 7: "IH", 8: "N", 20: "1", 191: "0", 58: "CR", 70: "ID"}
PROVIDED = {2, 9, 252}


@pytest.fixture(scope="module")
def layout() -> Layout:
    return load_layout("tccs")


def file_of(layout: Layout, number: str) -> bytes:
    group = InvoiceGroup(
        layout.record("IH").make(
            InvoiceFormatGuid="88888888-8888-4888-8888-888888888888",
            InvoiceNumber=number,
            InvoiceDate=date(2026, 3, 2),
            InvoiceDueDate=date(2026, 3, 22),
            TotalAmountDue=Decimal("340.00"),
            MinimumAmountDue=Decimal("120.00"),
            InvoiceTypeID=1,
        ),
        layout.record("CR").make(AccountNumber="454100010", CustomerName="Ann Example"),
        (layout.record("ID").make(Description="Total amount outstanding: 340.00"),),
    )
    stream = io.BytesIO()
    header = layout.record("FH").make(
        BillerGuid="44444444-4444-4444-8444-444444444444", FileCreationDate=date(2026, 3, 2)
    )
    write_bif(stream, layout, header, [group])
    return stream.getvalue()


def test_every_row_of_the_source_is_in_the_table_in_its_order(layout: Layout) -> None:
    found = [
        (record.code, field.spec_id, field.name, field.required, field.description)
        for record in layout.records
        for field in record.fields
    ]
    assert len(SOURCE) == 29
    assert [row for row in found if row in SOURCE] == list(SOURCE)


def test_constants_are_those_of_the_descriptions(layout: Layout) -> None:
    fields = [field for record in layout.records for field in record.fields]
    assert {field.spec_id: field.constant for field in fields if field.constant} == ALWAYS
    assert {field.spec_id for field in fields if field.provided} == PROVIDED


def test_there_is_no_balance_due_and_no_email_address(layout: Layout) -> None:
    names = {field.name for record in layout.records for field in record.fields}
    assert not names & {"BalanceDue", "BalanceForward", "EmailAddress", "LineItemTotal"}


def test_every_field_says_what_it_holds(layout: Layout) -> None:
    for record in layout.records:
        for field in record.named:
            assert field.name == "RowType" or field.term, field.name


def test_terms_that_inhance_has_too_mean_the_same_fields(layout: Layout) -> None:
    inhance = {f.term: f.name for record in load_layout("inhance_v2").records for f in record.fields if f.term}
    for record in layout.records:
        for field in record.fields:
            assert inhance.get(field.term, field.name) == field.name


def test_an_invoice_number_is_of_the_shape_that_the_calls_can_carry(layout: Layout) -> None:
    grammar = read_toml("tccs_rest/content_info.toml")["field"]
    pattern = layout.record("IH").field("InvoiceNumber").pattern
    assert f"{grammar['number']['pattern']}-{grammar['expires_on']['pattern']}" in pattern


def test_an_invoice_number_is_loaded_where_the_calls_take_it_and_nowhere_else(layout: Layout) -> None:
    pattern = re.compile(layout.record("IH").field("InvoiceNumber").pattern)
    ends = [(month, day) for month in range(14) for day in (0, 1, 28, 29, 30, 31, 32)]
    years = (0, 1, 4, 99, 100, 400, 1800, 1900, 1996, 2000, 2023, 2024, 2026, 2028, 2100, 2400, 9996, 9999)
    numbers = [f"1-{month:02}/{day:02}/{year:04}" for month, day in ends for year in years]
    numbers += [f"1-02/29/{year:04}" for year in range(10_000)]
    numbers += [
        f"{policy}-03/01/2027" for policy in ("Q", "Q1", "q", "Q-1", "QQ", "-", "1-", "A.", "A B", "A" * 50, "A" * 51)
    ]
    for number in numbers:
        try:
            format = format_of("Pay_Input", number)
            parse_content_info(format, f"{number}|Ann|1.00" if format == "quote-deposit" else f"{number}|1.00:CC")
            sent = True
        except ContentInfoInvalid:
            sent = False
        assert (pattern.fullmatch(number) is not None) == sent, number


@pytest.mark.parametrize("number", ["454100010-06/16/2020", "306-12/11/2019", "HO-1 042.A-03/01/2027"])
def test_a_good_number_makes_the_round_trip_and_can_be_sent(layout: Layout, number: str) -> None:
    (group,) = read_bif(file_of(layout, number), layout, strict=True)
    assert group.invoice.InvoiceNumber == number
    assert parse_content_info("invoice-number", number).invoice_number == number


@pytest.mark.parametrize(
    "number",
    ["454100010", "454100010-6/16/2020", "454100010-02/30/2027", "Q-03/01/2027", "HO:1-03/01/2027", "A@B-03/01/2027"],
)
def test_a_number_that_could_not_be_sent_is_neither_written_nor_loaded(layout: Layout, number: str) -> None:
    with pytest.raises(ValueRefused, match="is not a policy number, a hyphen and an expiration date") as refused:
        file_of(layout, number)
    assert refused.value.problem.rule == "wrong-shape"
    good = file_of(layout, "306-12/11/2019")
    report = check(good.replace(b"306-12/11/2019", number.encode()), layout)
    assert [problem.rule for problem in report.problems] == ["wrong-shape"]
    assert report.problems[0].spec_id == 10
