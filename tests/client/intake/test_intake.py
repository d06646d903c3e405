"""Intake: a bill file to invoices, none of them from a file that is rejected."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.intake import (
    RECORD_TYPES,
    Customer,
    FileChanged,
    Invoice,
    InvoiceLine,
    MeterReading,
    invoice_of,
    put_invoice,
    read_invoices,
    render_json,
    render_text,
)
from partnerlab.contracts.files import (
    FileRejected,
    InvoiceGroup,
    Layout,
    Quarantined,
    Row,
    layouts,
    load_layout,
    read_bif,
    write_bif,
)
from partnerlab.generators.tccs_bif import generate_tccs_bif
from tests.bill_files import change, file_of_lines

LAYOUT = load_layout("inhance_v2")


def group(number: int | str = 600001, *details: Row, **invoice: object) -> InvoiceGroup:
    return InvoiceGroup(
        LAYOUT.record("IH").make(
            **{
                "InvoiceFormatGuid": "88888888-8888-4888-8888-888888888888",
                "InvoiceNumber": str(number),
                "InvoiceDate": date(2026, 3, 2),
                "InvoiceDueDate": date(2026, 3, 23),
                "TotalAmountDue": Decimal("125.50"),
                "InvoiceTypeID": 1,
                **invoice,
            }
        ),
        LAYOUT.record("CR").make(AccountNumber="20000001", CustomerName="Ann Example", EmailAddress="ann@example.com"),
        details or (LAYOUT.record("ID").make(Description="Water", LineItemTotal=Decimal("125.50")),),
    )


def file_of(*groups: InvoiceGroup) -> bytes:
    header = LAYOUT.record("FH").make(
        BillerGuid="22222222-2222-4222-8222-222222222222", FileCreationDate=date(2026, 3, 2)
    )
    stream = io.BytesIO()
    write_bif(stream, LAYOUT, header, groups)
    return stream.getvalue()


THREE = file_of(group(600001), group(600002), group(600003))
BROKEN = THREE.replace(b"Ann Example", b"", 1)


def test_an_invoice_in_our_words() -> None:
    found = group(
        7,
        LAYOUT.record("ID").make(
            Description="Water",
            LineItemTotal=Decimal("45.03"),
            CustomField1=Decimal("10.00"),
            CustomField2="1 Main Street",
            CustomField3="Residential",
            CustomField4="WATER",
            CustomField5="12-34",
            CustomField6=Decimal("4.00"),
            CustomField10=(date(2026, 1, 25),),
            CustomField11=(Decimal(100),),
            CustomField20=(date(2026, 2, 25),),
            CustomField21=(Decimal(171),),
            CustomField22=Decimal(71),
            CustomField23=True,
            CustomField24=False,
            CustomField30=("M1",),
        ),
        Custom1=Decimal("130.00"),
        Custom2=date(2026, 2, 1),
        Custom3=date(2026, 5, 1),
        Custom4=Decimal("6.00"),
        Custom5=True,
        Custom6=Decimal("4.00"),
        Custom7="seven",
        Custom10="Jan,Feb",
        BalanceDue=Decimal("120.00"),
        Custom80="AutoPay",
    )
    assert invoice_of(found, LAYOUT) == Invoice(
        number="7",
        record_type="R",
        format_guid="88888888-8888-4888-8888-888888888888",
        invoice_type_id=1,
        invoiced_on=date(2026, 3, 2),
        due_on=date(2026, 3, 23),
        total_amount_due=Decimal("125.50"),
        customer=Customer("20000001", "Ann Example", email="ann@example.com"),
        lines=(
            InvoiceLine(
                description="Water",
                amount=Decimal("45.03"),
                previous_balance=Decimal("10.00"),
                service_address="1 Main Street",
                group="Residential",
                income_center="WATER",
                parcel_number="12-34",
                group_previous_balance=Decimal("4.00"),
                usage=Decimal(71),
                estimated=True,
                changed_out=False,
                meters=(MeterReading("M1", date(2026, 1, 25), Decimal(100), date(2026, 2, 25), Decimal(171)),),
            ),
        ),
        balance_due=Decimal("120.00"),
        allow_partial_payments=True,
        balance_forward=True,
        late_total=Decimal("130.00"),
        past_due=Decimal("4.00"),
        payments=Decimal("6.00"),
        deferred_from=date(2026, 2, 1),
        deferred_to=date(2026, 5, 1),
        draft_customer=True,
        chart_labels="Jan,Feb",
        autopay_message="AutoPay",
        custom_7="seven",
    )


def test_the_models_have_a_place_for_every_term_of_the_tables_and_no_other() -> None:
    for code, model in (("IH", Invoice), ("CR", Customer), ("ID", InvoiceLine)):
        terms = {field.term for name in layouts() for field in load_layout(name).record(code).fields if field.term}
        own = {field.name for field in dataclasses.fields(model)} - {"customer", "lines", "line", "meters"}
        assert own == terms
    measures = {field.measure for field in LAYOUT.record("ID").fields if field.many}
    assert measures == {field.name for field in dataclasses.fields(MeterReading)}


def test_a_policys_minimum_and_late_fee_are_on_its_invoice() -> None:
    layout, stream = load_layout("tccs"), io.BytesIO()
    generate_tccs_bif(stream, 50, as_of=date(2026, 3, 2), seed=7)
    rows = {group.invoice.InvoiceNumber: group.invoice for group in read_bif(stream.getvalue(), layout)}
    assert any(row.MinimumAmountDue for row in rows.values())
    with read_invoices(stream.getvalue(), layout) as file:
        for invoice in file:
            row = rows.pop(invoice.number)
            assert (invoice.minimum_amount_due, invoice.late_fee_amount, invoice.late_fee_on) == (
                row.MinimumAmountDue,
                row.LateFeeAmount,
                row.LateFeeDate,
            )
            assert invoice.late_fee_if_no_payments_only is False
    assert rows == {}


def test_meters_1_to_25_are_unfolded_from_the_overflow_fields() -> None:
    values = {
        "CustomField11": tuple(Decimal(n) for n in range(1, 6)),
        "CustomField21": tuple(Decimal(10 * n) for n in range(1, 6)),
        "CustomField30": tuple(f"M{n}" for n in range(1, 6)),
    }
    for at in range(4):
        numbers = range(6 + 5 * at, 11 + 5 * at)
        values[f"CustomField{50 + at}"] = tuple(Decimal(n) for n in numbers)
        values[f"CustomField{70 + at}"] = tuple(Decimal(10 * n) for n in numbers)
        values[f"CustomField{80 + at}"] = tuple(f"M{n}" for n in numbers)
    (line,) = invoice_of(group(1, LAYOUT.record("ID").make(**values)), LAYOUT).lines
    assert [meter.number for meter in line.meters] == [f"M{n}" for n in range(1, 26)]
    assert [meter.usage for meter in line.meters] == [Decimal(9 * n) for n in range(1, 26)]


def test_an_empty_place_is_no_meter_and_a_partial_one_is() -> None:
    row = LAYOUT.record("ID").make(
        CustomField10=(None, date(2026, 1, 1), None, None, None),
        CustomField30=("", "", "M3", "", ""),
        CustomField80=("", "M7", "", "", ""),
    )
    (line,) = invoice_of(group(1, row), LAYOUT).lines
    assert line.meters == (
        MeterReading(previous_read_on=date(2026, 1, 1)),
        MeterReading(number="M3"),
        MeterReading(number="M7"),
    )
    assert line.meters[0].usage is None
    late = LAYOUT.record("ID").make(CustomField10=(None, None, date(2026, 1, 1)), CustomField30=("M1", "", "M3"))
    (line,) = invoice_of(group(1, late), LAYOUT).lines
    assert [meter.number for meter in line.meters] == ["M1", "M3"], "in their order, whatever was measured of which"


@pytest.mark.parametrize("kind", ["path", "bytes", "file", "stream", "pipe", "chunks"])
def test_any_source_can_be_read_again_and_again(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bills.bif"
    path.write_bytes(THREE)

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError("a pipe does not go back")

    stream = io.BytesIO(b"skipped" + THREE)
    stream.seek(7)
    with path.open("rb") as opened:
        source = {
            "path": path,
            "bytes": THREE,
            "file": opened,
            "stream": stream,
            "pipe": Pipe(THREE),
            "chunks": (THREE[at : at + 10] for at in range(0, len(THREE), 10)),
        }[kind]
        with read_invoices(source, LAYOUT) as file:
            numbers = [invoice.number for invoice in file]
            assert numbers == ["600001", "600002", "600003"]
            assert [invoice.number for invoice in file] == numbers
            assert file.report.loaded == 3
            assert [invoice.line for invoice in file] == [2, 5, 8]


def test_a_broken_invoice_is_reported_and_the_others_come() -> None:
    seen: list[Quarantined] = []
    file = read_invoices(BROKEN, LAYOUT, on_quarantine=seen.append)
    assert [invoice.number for invoice in file] == ["600002", "600003"]
    assert [entry.invoice_number for entry in seen] == ["600001"]
    assert file.report.quarantine == tuple(seen)


@pytest.mark.parametrize(
    "source", [THREE.replace(b"|3|376.50", b"|4|376.50"), THREE.replace(b"|3|376.50", b"|3|376.51"), THREE[:-40], b""]
)
def test_a_rejected_file_gives_no_invoice_at_all(source: bytes) -> None:
    with pytest.raises(FileRejected) as rejected:
        read_invoices(iter([source]), LAYOUT)
    assert rejected.value.report.loaded == 0


def test_strict_mode_rejects_for_one_broken_invoice() -> None:
    with pytest.raises(FileRejected):
        read_invoices(BROKEN, LAYOUT, strict=True)


def test_another_billers_file_is_rejected() -> None:
    with pytest.raises(FileRejected, match="the value Invoice Cloud provided"):
        read_invoices(THREE, LAYOUT.for_biller(BillerGuid="99999999-9999-4999-8999-999999999999"))


def test_a_file_that_changes_under_the_reader_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "bills.bif"
    path.write_bytes(THREE)
    file = read_invoices(path, LAYOUT)
    path.write_bytes(file_of(group(1)))
    with pytest.raises(FileChanged):
        list(file)


def test_a_copy_is_given_back_when_the_file_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    made: list[tempfile.SpooledTemporaryFile[bytes]] = []

    class Recorded(tempfile.SpooledTemporaryFile):  # type: ignore[type-arg]
        def __init__(self, **options: int) -> None:
            super().__init__(**options)
            made.append(self)

    monkeypatch.setattr("tempfile.SpooledTemporaryFile", Recorded)
    with pytest.raises(FileRejected):
        read_invoices(iter([THREE, b"FH|"]), LAYOUT)
    assert [copy.closed for copy in made] == [True]


def test_an_error_of_the_source_comes_through() -> None:
    def cut() -> Iterator[bytes]:
        yield THREE
        raise OSError("cut")

    with pytest.raises(OSError, match="cut"):
        read_invoices(cut(), LAYOUT)


def test_record_types_r_and_n_replace_the_invoice_of_that_number() -> None:
    """[A-17]"""
    held: dict[str, Invoice] = {}
    first, second = (invoice_of(group(7, TotalAmountDue=Decimal(amount)), LAYOUT) for amount in ("1.00", "2.00"))
    assert put_invoice(first, held) == "created"
    assert put_invoice(second, held) == "replaced"
    assert put_invoice(dataclasses.replace(first, record_type="N"), held) == "replaced"
    assert held["7"].total_amount_due == Decimal("1.00")
    assert set(RECORD_TYPES) == {"R", "N"}
    with pytest.raises(RequestInvalid, match="RecordType: 'X'"):
        put_invoice(dataclasses.replace(first, record_type="X"), held)
    assert held["7"].record_type == "N"


def test_a_users_own_columns_do_no_harm() -> None:
    from partnerlab.contracts.files import parse_layout

    wide: Layout = parse_layout(
        {
            "extends": "inhance_v2",
            "name": "wide",
            "record": [{"code": "CR", "fields": [{"id": 68, "name": "Fax", "kind": "text", "term": "fax"}]}],
        }
    )
    customer = wide.record("CR").make(AccountNumber="1", CustomerName="A", Fax="555-0100")
    found = invoice_of(InvoiceGroup(group().invoice, customer, group().details), wide)
    assert found.customer == Customer("1", "A")


def test_the_report_for_people() -> None:
    text = render_text(read_invoices(BROKEN.replace(b"\n", b"\r\n"), LAYOUT).report, name="bills.bif")
    assert text.splitlines() == [
        "bills.bif: accepted. 3 invoices, total 376.50: 2 loaded, 1 quarantined.",
        "  line 3, CR.CustomerName (60): is required and empty (Harris inHance v2, field 60)",
        "  note: lines end with CRLF (first on line 1, 10 in all)",
    ]


def test_the_report_on_a_rejected_file_says_why_first() -> None:
    with pytest.raises(FileRejected) as rejected:
        read_invoices(BROKEN.replace(b"|3|376.50", b"|4|376.50"), LAYOUT)
    text = render_text(rejected.value.report)
    assert text.splitlines()[0].startswith("the file: rejected, nothing loaded.")
    assert "line 1, FH.InvoiceCount (5): says 4, but there are 3 IH rows" in text.splitlines()[1]


def test_a_long_report_is_cut_and_says_so() -> None:
    many = file_of(*(group(number) for number in range(1, 1_301))).replace(b"Ann Example", b"")
    text = render_text(read_invoices(many, LAYOUT).report, most=5)
    assert "  and 995 more problems" in text
    assert "1,000 problems of the first 1,000 broken invoices" in text
    one = read_invoices(BROKEN, LAYOUT).report
    assert ["more" in render_text(one, most=most) for most in (0, 1, 2)] == [True, False, False]


def test_the_report_for_programs() -> None:
    found = json.loads(render_json(read_invoices(BROKEN, LAYOUT).report))
    assert (found["accepted"], found["loaded"], found["quarantined"]) == (True, 2, 1)
    (entry,) = found["quarantine"]
    assert entry["problems"][0]["spec_id"] == 60
    assert entry["rows"] == BROKEN.decode().splitlines()[1:4]
    accented = BROKEN.replace(b"ann@example.com", "é@example.com".encode(), 1)
    assert "|é@example.com|" in render_json(read_invoices(accented, LAYOUT).report), "to be mended by a person"


def test_a_mended_quarantine_reads_again() -> None:
    (entry,) = read_invoices(BROKEN, LAYOUT).report.quarantine
    header = THREE.decode().splitlines()[0]
    data = change(file_of_lines([header, *entry.rows]), LAYOUT, 3, CustomerName="Ann Example")
    data = change(data, LAYOUT, 1, InvoiceCount="1", TotalInvoiceAmount="125.50")
    assert [invoice.number for invoice in read_invoices(data, LAYOUT)] == ["600001"]


def test_intake_and_the_codec_give_the_same_invoices() -> None:
    assert list(read_invoices(THREE, LAYOUT)) == [invoice_of(found, LAYOUT) for found in read_bif(THREE, LAYOUT)]
