"""The inHance v2 field table against the source's, copied out here a second time by hand and by row."""

from __future__ import annotations

import pytest

from partnerlab.contracts.files import Layout, load_layout

# Record, IC FileSpecID, IC field, required, Partner Field Description, and which of the two standing remarks it has.
SOURCE = (
    ("FH", 1, "RowType", True, "N/A - Always FH", ""),
    ("FH", 2, "BillerGuid", True, "N/A - Value provided by IC", ""),
    ("FH", 4, "FileCreationDate", True, "Current Date", ""),
    ("FH", 5, "InvoiceCount", True, "Count of invoices in file", ""),
    ("FH", 6, "TotalInvoiceAmount", True, "Total balance amount of all invoices in file", ""),
    ("IH", 7, "RowType", True, "N/A - Always IH", ""),
    ("IH", 8, "RecordType", True, "N/A - Always R", ""),
    ("IH", 9, "InvoiceFormatGuid", True, "N/A - Value provided by IC", ""),
    ("IH", 10, "InvoiceNumber", True, "Invoice number", ""),
    ("IH", 11, "InvoiceDate", True, "Invoice Date", ""),
    ("IH", 12, "InvoiceDueDate", True, "Due Date", "shown"),
    ("IH", 13, "TotalAmountDue", True, "Amount Due", "shown"),
    ("IH", 20, "AllowPartialPayments", False, "Always 1", ""),
    ("IH", 38, "Custom1", False, "Amount Due After Due Date", "shown"),
    ("IH", 39, "Custom2", False, "Def beg dt", ""),
    ("IH", 40, "Custom3", False, "def end dt", ""),
    ("IH", 41, "Custom4", False, "payments", ""),
    ("IH", 42, "Custom5", False, "is draft customer", ""),
    ("IH", 43, "Custom6", False, "past due balance as of due date", ""),
    ("IH", 44, "Custom7", False, "", ""),
    ("IH", 47, "Custom10", False, "Chart 1 X elements", ""),
    ("IH", 93, "BalanceDue", False, "Amount Due", ""),
    ("IH", 163, "Custom80", False, "AutoPay Message", ""),
    ("IH", 194, "BalanceForward", False, "Always 1", ""),
    ("IH", 252, "InvoiceTypeID", True, "N/A - Value provided by IC", ""),
    ("CR", 58, "RowType", True, "Always CR", ""),
    ("CR", 59, "AccountNumber", True, "Account Number", "shown"),
    ("CR", 60, "CustomerName", True, "Customer Name", "shown"),
    ("CR", 61, "Address1", False, "Address1", "shown"),
    ("CR", 62, "Address2", False, "Address2", "shown"),
    ("CR", 63, "City", False, "City", "shown"),
    ("CR", 64, "State", False, "State", "shown"),
    ("CR", 65, "Zip", False, "Zip", "shown"),
    ("CR", 66, "Phone", False, "Phone Number", ""),
    ("CR", 67, "EmailAddress", False, "Email Address", ""),
    ("CR", 69, "RegistrationValue", False, "Phone Number", ""),
    ("ID", 70, "RowType", True, "Always ID", ""),
    ("ID", 72, "Description", False, "", ""),
    ("ID", 79, "LineItemTotal", False, "", ""),
    ("ID", 83, "CustomField1", False, "Previous Balance", ""),
    ("ID", 84, "CustomField2", False, "Service Address", ""),
    ("ID", 85, "CustomField3", False, "group", ""),
    ("ID", 86, "CustomField4", False, "IC", ""),
    ("ID", 87, "CustomField5", False, "Parcel number for service location", ""),
    ("ID", 88, "CustomField6", False, "previous balance for group/income center", ""),
    ("ID", 92, "CustomField10", False, "Previous Read Date", "many"),
    ("ID", 93, "CustomField11", False, "Previous Reading", "many"),
    ("ID", 217, "CustomField20", False, "Current Read Date", "many"),
    ("ID", 218, "CustomField21", False, "Current Reading", "many"),
    ("ID", 219, "CustomField22", False, "Current Usage", ""),
    ("ID", 220, "CustomField23", False, "Estimated", ""),
    ("ID", 221, "CustomField24", False, "Changed Out", ""),
    ("ID", 227, "CustomField30", False, "Meter Number (if Single)", "many"),
    ("ID", 237, "CustomField40", False, "Previous Read Dates - Overflow", "many"),
    ("ID", 238, "CustomField41", False, "Previous Read Dates - Overflow", "many"),
    ("ID", 239, "CustomField42", False, "Previous Read Dates - Overflow", "many"),
    ("ID", 240, "CustomField43", False, "Previous Read Dates - Overflow", "many"),
    ("ID", 247, "CustomField50", False, "Previous Reading - Overflow", "many"),
    ("ID", 248, "CustomField51", False, "Previous Reading - Overflow", "many"),
    ("ID", 249, "CustomField52", False, "Previous Reading - Overflow", "many"),
    ("ID", 250, "CustomField53", False, "Previous Reading - Overflow", "many"),
    ("ID", 264, "CustomField60", False, "Current Read Date - Overflow", "many"),
    ("ID", 265, "CustomField61", False, "Current Read Date - Overflow", "many"),
    ("ID", 266, "CustomField62", False, "Current Read Date - Overflow", "many"),
    ("ID", 267, "CustomField63", False, "Current Read Date - Overflow", "many"),
    ("ID", 274, "CustomField70", False, "Current Reading - Overflow", "many"),
    ("ID", 275, "CustomField71", False, "Current Reading - Overflow", "many"),
    ("ID", 276, "CustomField72", False, "Current Reading - Overflow", "many"),
    ("ID", 277, "CustomField73", False, "Current Reading - Overflow", "many"),
    ("ID", 284, "CustomField80", False, "Meter Number - Overflow", "many"),
    ("ID", 285, "CustomField81", False, "Meter Number - Overflow", "many"),
    ("ID", 286, "CustomField82", False, "Meter Number - Overflow", "many"),
    ("ID", 287, "CustomField83", False, "Meter Number - Overflow", "many"),
)
# What the descriptions say must be there: "Always FH".
ALWAYS = {1: "FH", 7: "IH", 8: "R", 20: "1", 58: "CR", 70: "ID", 194: "1"}
PROVIDED = {2, 9, 252}


@pytest.fixture(scope="module")
def layout() -> Layout:
    return load_layout("inhance_v2")


def test_every_row_of_the_source_is_in_the_table_in_its_order(layout: Layout) -> None:
    """What a partner's true file has beside them shows in the reference page, which is compared with the table."""
    assert len(SOURCE) == 73
    found = [
        (
            record.code,
            field.spec_id,
            field.name,
            field.required,
            field.description,
            "shown" if field.displayed else "many" if field.many else "",
        )
        for record in layout.records
        for field in record.fields
    ]
    assert [row for row in found if row in SOURCE] == list(SOURCE)


def test_field_93_stands_twice(layout: Layout) -> None:
    assert layout.record("IH").field("BalanceDue").spec_id == layout.record("ID").field("CustomField11").spec_id == 93


def test_constants_are_those_of_the_descriptions(layout: Layout) -> None:
    fields = [field for record in layout.records for field in record.fields]
    assert {field.spec_id: field.constant for field in fields if field.constant} == ALWAYS
    assert {field.spec_id for field in fields if field.provided} == PROVIDED


@pytest.mark.parametrize(
    ("measure", "base", "overflow"),
    [
        ("previous_read_on", "CustomField10", 40),
        ("previous_reading", "CustomField11", 50),
        ("read_on", "CustomField20", 60),
        ("reading", "CustomField21", 70),
        ("number", "CustomField30", 80),
    ],
)
def test_meters_1_to_25_have_a_place_for_each_measure(layout: Layout, measure: str, base: str, overflow: int) -> None:
    record = layout.record("ID")
    assert record.field(base).measure == measure
    assert (record.field(base).first_meter, record.field(base).last_meter) == (1, 5)
    for offset, first in enumerate((6, 11, 16, 21)):
        field = record.field(f"CustomField{overflow + offset}")
        assert (field.measure, field.first_meter, field.last_meter) == (measure, first, first + 4)


def test_every_field_says_what_it_holds(layout: Layout) -> None:
    for record in layout.records:
        for field in record.named:
            assert field.name == "RowType" or bool(field.term) != bool(field.measure), field.name
