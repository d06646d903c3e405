"""Writing: canonical bytes, a computed header, and no value that the table does not allow."""

from __future__ import annotations

import copy
import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.contracts.files import InvoiceGroup, Layout, Row, ValueRefused, check, read_bif, write_bif, writer
from tests.bill_files import line_of

pytestmark = pytest.mark.usefixtures("either_way")

HEADER_CELLS = {"BillerGuid": "22222222-2222-4222-8222-222222222222", "FileCreationDate": "03/02/2026"}


def write(layout: Layout, header: Row, *groups: InvoiceGroup) -> bytes:
    stream = io.BytesIO()
    write_bif(stream, layout, header, groups)
    return stream.getvalue()


def test_the_bytes_of_a_file(layout: Layout, header: Row, make_group) -> None:
    group = make_group(
        600001,
        invoice={"TotalAmountDue": Decimal("-5"), "Custom5": False, "Custom80": "Zoë"},
        details=[{"CustomField10": (date(2026, 1, 2), None), "CustomField22": Decimal("1E+3")}],
    )
    lines = write(layout, header, group).decode().split("\n")
    assert lines == [
        line_of(layout, "FH", **HEADER_CELLS, InvoiceCount="1", TotalInvoiceAmount="-5.00"),
        line_of(
            layout,
            "IH",
            InvoiceFormatGuid="88888888-8888-4888-8888-888888888888",
            InvoiceNumber="600001",
            InvoiceDate="03/02/2026",
            InvoiceDueDate="03/23/2026",
            TotalAmountDue="-5.00",
            Custom5="0",
            Custom80="Zoë",
            InvoiceTypeID="1",
        ),
        line_of(layout, "CR", AccountNumber="20000001", CustomerName="Ann Example"),
        line_of(
            layout,
            "ID",
            Description="Water",
            LineItemTotal="125.50",
            CustomField10="01/02/2026;",
            CustomField22="1000",
        ),
        "",
    ]
    assert lines[2].startswith("CR|20000001|Ann Example|")


def test_the_header_is_computed_and_what_was_given_stays(layout: Layout, header: Row, make_group) -> None:
    groups = [make_group(1), make_group(2, invoice={"TotalAmountDue": Decimal("0.01")})]
    given = header._replace(InvoiceCount=99, TotalInvoiceAmount=Decimal("9.99"))
    before = copy.deepcopy((given, groups))
    stream = io.BytesIO()
    written = write_bif(stream, layout, given, groups)
    first = line_of(layout, "FH", **HEADER_CELLS, InvoiceCount="2", TotalInvoiceAmount="125.51")
    assert stream.getvalue().startswith(f"{first}\n".encode())
    assert (written.invoices, written.rows, written.bytes) == (2, 7, len(stream.getvalue()))
    assert written.total_amount_due == Decimal("125.51")
    assert (given, groups) == before


def test_any_iterable_and_any_stream_will_do(layout: Layout, header: Row, make_group) -> None:
    class Pipe(io.RawIOBase):
        """Can only be written to."""

        def __init__(self) -> None:
            self.parts: list[bytes] = []

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.parts.append(bytes(data))
            return len(data)

    pipe = Pipe()
    progress: list[int] = []
    write_bif(pipe, layout, header, (make_group(number) for number in range(1, 2_001)), progress=progress.append)  # type: ignore[arg-type]
    assert check(b"".join(pipe.parts), layout).loaded == 2_000
    assert progress[-1] == 2_000
    assert len(progress) > 2


def test_a_file_without_invoices_is_a_header(layout: Layout, header: Row) -> None:
    data = write(layout, header)
    first = line_of(layout, "FH", **HEADER_CELLS, InvoiceCount="0", TotalInvoiceAmount="0.00")
    assert data == f"{first}\n".encode()
    assert check(data, layout).accepted


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a|b", "a b"),
        ("a\nb", "a b"),
        ("a\r\nb", "a  b"),
        ("a\x00b", "a b"),
        ("a\x85b", "a b"),
        ("a\u2028b", "a b"),
        ("a\tb", "a\tb"),
        ("a\xa0b", "a\xa0b"),
        ("日本", "日本"),
    ],
)
def test_what_a_file_cannot_hold_becomes_a_space_and_is_told(
    layout: Layout, header: Row, make_group, text: str, written: str
) -> None:
    stream = io.BytesIO()
    result = write_bif(stream, layout, header, [make_group(customer={"Address1": text})])
    (group,) = read_bif(stream.getvalue(), layout)
    assert group.customer.Address1 == written
    assert result.replaced == (text != written)
    for problem in result.replacements:
        assert (problem.rule, problem.line, problem.field, problem.invoice_number) == (
            "replaced-character", 3, "Address1", "600001",
        )  # fmt: skip


def test_a_semicolon_in_a_meter_number_becomes_a_space(layout: Layout, header: Row, make_group) -> None:
    stream = io.BytesIO()
    result = write_bif(stream, layout, header, [make_group(details=[{"CustomField30": ("a;b", "c")}])])
    (group,) = read_bif(stream.getvalue(), layout)
    assert group.details[0].CustomField30 == ("a b", "c")
    assert result.replaced == 1


REFUSED: list[tuple[str, str, Any, str]] = [
    ("invoice", "InvoiceNumber", "", "required-empty"),
    ("invoice", "InvoiceNumber", "  ", "required-empty"),
    ("invoice", "InvoiceNumber", "|", "required-empty"),
    ("invoice", "InvoiceNumber", 600001, "not-of-its-type"),
    ("invoice", "InvoiceNumber", None, "not-of-its-type"),
    ("invoice", "InvoiceDate", None, "required-empty"),
    ("invoice", "InvoiceDate", "03/02/2026", "not-a-date"),
    ("invoice", "InvoiceDate", datetime(2026, 3, 2), "not-a-date"),
    ("invoice", "TotalAmountDue", None, "required-empty"),
    ("invoice", "TotalAmountDue", 125, "not-an-amount"),
    ("invoice", "TotalAmountDue", 125.5, "not-an-amount"),
    ("invoice", "TotalAmountDue", "125.50", "not-an-amount"),
    ("invoice", "TotalAmountDue", Decimal("1.005"), "not-an-amount"),
    ("invoice", "TotalAmountDue", Decimal("NaN"), "not-an-amount"),
    ("invoice", "TotalAmountDue", Decimal("Infinity"), "not-an-amount"),
    ("invoice", "TotalAmountDue", Decimal("1E+20"), "not-an-amount"),
    ("invoice", "TotalAmountDue", Decimal("1234567890123456.00"), "not-an-amount"),
    ("invoice", "InvoiceFormatGuid", "", "required-empty"),
    ("invoice", "InvoiceFormatGuid", "x", "not-a-guid"),
    ("invoice", "InvoiceTypeID", True, "not-a-whole-number"),
    ("invoice", "InvoiceTypeID", -1, "not-a-whole-number"),
    ("invoice", "InvoiceTypeID", 10**9, "not-a-whole-number"),
    ("invoice", "RecordType", "N", "wrong-constant"),
    ("invoice", "RowType", "ID", "wrong-constant"),
    ("invoice", "AllowPartialPayments", False, "wrong-constant"),
    ("invoice", "Custom5", 1, "not-a-flag"),
    ("invoice", "Custom5", "1", "not-a-flag"),
    ("customer", "CustomerName", "\n", "required-empty"),
    ("customer", "City", None, "not-of-its-type"),
    ("customer", "City", "\ud800", "not-of-its-type"),
    ("details", "Description", "x" * 20_000, "row-too-long"),
    ("details", "CustomField22", 3, "not-a-number"),
    ("details", "CustomField22", Decimal("0.0000001"), "not-a-number"),
    ("details", "CustomField22", Decimal("1E+16"), "not-a-number"),
    ("details", "CustomField11", (Decimal(1),) * 6, "too-many-values"),
    ("details", "CustomField11", [Decimal(1)], "not-of-its-type"),
    ("details", "CustomField11", None, "not-of-its-type"),
    ("details", "CustomField11", (None,), "not-of-its-type"),
    ("details", "CustomField11", (1,), "not-a-number"),
    ("details", "CustomField11", (Decimal("0.0000001"),), "not-a-number"),
    ("details", "CustomField11", (Decimal(1), Decimal("1E+16")), "not-a-number"),
    ("details", "CustomField11", (Decimal("NaN"),), "not-a-number"),
    ("details", "CustomField30", ("",), "not-of-its-type"),
    ("details", "CustomField30", ("1", None), "not-of-its-type"),
    ("details", "CustomField10", ("03/02/2026",), "not-a-date"),
]


@pytest.mark.parametrize(("part", "field", "value", "rule"), REFUSED)
def test_a_value_that_the_table_does_not_allow_is_refused(
    layout: Layout, header: Row, make_group, part: str, field: str, value: Any, rule: str
) -> None:
    bad = make_group(600002, **{part: [{field: value}] if part == "details" else {field: value}})
    stream = io.BytesIO()
    with pytest.raises(ValueRefused) as refused:
        write_bif(stream, layout, header, [make_group(600001), bad])
    problem = refused.value.problem
    assert problem.rule == rule
    assert problem.line == {"invoice": 5, "customer": 6, "details": 7}[part]
    assert rule == "row-too-long" or problem.field == field
    assert stream.getvalue() == b"", "nothing is written where something is refused"


def test_a_row_of_the_wrong_shape_is_refused(layout: Layout, header: Row, make_group) -> None:
    group = make_group()
    for wrong in (group.invoice[:-1], (*group.invoice, "x"), group.customer):
        with pytest.raises(ValueRefused):
            write(layout, header, InvoiceGroup(wrong, group.customer, group.details))


def test_what_a_reader_would_not_take_is_not_written(layout: Layout, header: Row, make_group) -> None:
    group = make_group()
    for rule, groups in {
        "duplicate-invoice": [group, group],
        "missing-detail": [make_group(details=())],
        "too-many-details": [make_group(details=[{}] * 999)],
    }.items():
        with pytest.raises(ValueRefused) as refused:
            write(layout, header, *groups)
        assert refused.value.problem.rule == rule
    assert check(write(layout, header, make_group(details=[{}] * 998)), layout).loaded == 1


def test_a_header_value_is_judged_like_any_other(layout: Layout, header: Row, make_group) -> None:
    with pytest.raises(ValueRefused, match=r"line 1, FH.BillerGuid \(2\): 'me' is not a GUID"):
        write(layout, header._replace(BillerGuid="me"), make_group())


def test_another_billers_invoice_is_not_written(layout: Layout, header: Row, make_group) -> None:
    mine = layout.for_biller(InvoiceTypeID="2")
    with pytest.raises(ValueRefused) as refused:
        write(mine, header, make_group())
    assert refused.value.problem.rule == "wrong-biller-value"


def test_a_record_makes_no_field_that_it_lacks(layout: Layout) -> None:
    with pytest.raises(TypeError, match="IH has no field AccountNumber"):
        layout.record("IH").make(AccountNumber="1")


@pytest.mark.parametrize("odd", [{}, {"Custom7": "a|b"}, {"TotalAmountDue": Decimal(5)}, {"InvoiceNumber": "A-1"}])
def test_invoices_are_written_together_as_one_by_one(
    layout: Layout, header: Row, make_group, odd: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = [make_group(700_000 + at, invoice=odd if at == 300 else {}) for at in range(600)]
    done: list[int] = []
    stream, again = io.BytesIO(), io.BytesIO()
    written = write_bif(stream, layout, header, groups, progress=done.append)
    assert done == [200, 400, 600]
    monkeypatch.setattr(writer, "groups_renderer", lambda _: lambda *_: None)
    assert write_bif(again, layout, header, iter(groups)) == written
    assert again.getvalue() == stream.getvalue()
    assert check(stream.getvalue(), layout).good == 600
    with pytest.raises(ValueRefused) as refused:
        write_bif(stream, layout, header, [*groups, groups[7]])
    assert (refused.value.problem.rule, refused.value.problem.line) == ("duplicate-invoice", 1802)
