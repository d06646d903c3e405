"""Reading: what is yielded, what is set aside, what rejects a file, and where it says it is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from partnerlab.contracts.files import (
    RULES,
    FileRejected,
    Layout,
    LayoutInvalid,
    Quarantined,
    Reading,
    ReadingUnfinished,
    check,
    read_bif,
)
from tests.bill_files import change, file_of_lines, line_of


def numbers(reading: Reading) -> list[str]:
    return [group.invoice.InvoiceNumber for group in reading]


def test_a_good_file_is_typed_rows_and_a_report(make_file, layout: Layout) -> None:
    reading = read_bif(make_file(), layout)
    group = next(iter(reading))
    assert group.invoice.TotalAmountDue == Decimal("125.50")
    assert group.invoice["InvoiceNumber"] == "600001"
    assert group.invoice.AllowPartialPayments is True
    assert group.invoice.Custom2 is None
    assert group.customer.Address1 == ""
    assert group.details[0].CustomField11 == ()
    assert group.line == 2
    report = check(make_file(), layout)
    assert (report.invoices, report.loaded, report.quarantined, report.lines) == (3, 3, 0, 10)
    assert report.total_amount_due == Decimal("376.50")
    assert report.header is not None
    assert report.header.InvoiceCount == 3
    assert report.accepted
    assert not report.problems
    assert not report.notes


def test_a_row_has_no_field_that_its_table_lacks(make_file, layout: Layout) -> None:
    (group, *_) = read_bif(make_file(), layout)
    with pytest.raises(KeyError):
        group.invoice["AccountNumber"]


@pytest.mark.parametrize("kind", ["path", "text path", "bytes", "bytearray", "stream", "chunks", "single bytes"])
def test_every_kind_of_source_reads_alike(make_file, layout: Layout, tmp_path: Path, kind: str) -> None:
    data = make_file()
    path = tmp_path / "bills.bif"
    path.write_bytes(data)
    source = {
        "path": path,
        "text path": str(path),
        "bytes": data,
        "bytearray": bytearray(data),
        "stream": io.BytesIO(data),
        "chunks": [data[:50], b"", data[50:]],
        "single bytes": (data[at : at + 1] for at in range(len(data))),
    }[kind]
    assert check(source, layout) == check(data, layout)


def test_a_text_stream_is_refused(make_file, layout: Layout) -> None:
    with pytest.raises(TypeError, match="binary mode"):
        check(io.StringIO(make_file().decode()), layout)  # type: ignore[arg-type]


def test_a_problem_names_line_field_value_rule_and_source(make_file, layout: Layout) -> None:
    data = change(make_file(), layout, 4, LineItemTotal="12,00")
    report = check(data, layout)
    (entry,) = report.quarantine
    (problem,) = entry.problems
    assert str(problem) == (
        "line 4, ID.LineItemTotal (79): '12,00' is not an amount with two decimals (Harris inHance v2, field 79)"
    )
    assert (problem.line, problem.record, problem.field, problem.spec_id) == (4, "ID", "LineItemTotal", 79)
    assert (problem.value, problem.rule, problem.invoice_number) == ("12,00", "not-an-amount", "600001")
    assert (entry.line, entry.invoice_number) == (2, "600001")
    assert [row[:2] for row in entry.rows] == ["IH", "CR", "ID"]
    assert (report.loaded, report.quarantined, report.invoices) == (2, 1, 3)


def test_every_problem_of_a_row_is_told_at_once(make_file, layout: Layout) -> None:
    wrong = {"InvoiceDate": "3/2/2026", "InvoiceDueDate": "23/03/2026", "AllowPartialPayments": "yes"}
    data = change(make_file(), layout, 2, **wrong)
    (entry,) = check(data, layout).quarantine
    assert [problem.field for problem in entry.problems] == list(wrong)


@pytest.mark.parametrize("code", ["FH", "IH", "CR", "ID"])
def test_a_file_that_stops_in_the_middle_of_a_row_says_so_and_nothing_else(
    make_file, layout: Layout, code: str
) -> None:
    rows = make_file().splitlines(keepends=True)
    number = next(number for number, row in enumerate(rows) if row.startswith(code.encode()))
    report = check(b"".join(rows[:number]) + rows[number][: len(rows[number]) // 2], layout)
    assert report.rejection is not None
    assert (report.rejection.rule, report.rejection.line, report.rejection.record) == (
        "truncated-row",
        number + 1,
        code,
    )


def test_a_broken_invoice_costs_itself_alone(make_file, layout: Layout) -> None:
    data = make_file().replace(b"600002", b"", 1)
    reading = read_bif(data, layout)
    assert numbers(reading) == ["600001", "600003"]
    assert reading.report.problems[0].rule == "required-empty"


def test_an_unreadable_total_rejects_the_file(make_file, layout: Layout) -> None:
    """Without it the sum cannot be checked, and the sum is how a truncated file shows."""
    report = check(change(make_file(), layout, 2, TotalAmountDue="12,00"), layout)
    assert [problem.rule for problem in report.problems] == ["unreadable-total", "not-an-amount"]
    assert report.loaded == 0


def test_a_readable_total_of_a_broken_invoice_counts(make_file, layout: Layout) -> None:
    report = check(make_file().replace(b"Ann Example", b"", 1), layout)
    assert report.accepted
    assert report.total_amount_due == Decimal("376.50")


def test_strict_mode_rejects_for_one_broken_invoice_and_tells_all(make_file, layout: Layout) -> None:
    data = make_file().replace(b"Ann Example", b"")
    reading = read_bif(data, layout, strict=True)
    with pytest.raises(FileRejected) as rejected:
        list(reading)
    report = rejected.value.report
    assert (report.strict, report.loaded, report.quarantined) == (True, 0, 3)
    assert rejected.value.problem.rule == "required-empty"
    assert len(report.problems) == 3
    assert reading.report == report


def test_no_group_is_yielded_once_the_file_is_lost(make_file, layout: Layout) -> None:
    reading = read_bif(make_file().replace(b"Ann Example", b"", 1), layout, strict=True)
    with pytest.raises(FileRejected):
        pytest.fail(str(next(iter(reading))))


def test_a_wrong_total_is_known_only_at_the_end(make_file, layout: Layout) -> None:
    groups = iter(read_bif(make_file().replace(b"376.50", b"376.51"), layout))
    assert [next(groups).invoice.InvoiceNumber for _ in range(3)] == ["600001", "600002", "600003"]
    with pytest.raises(FileRejected, match=r"line 1, FH.TotalInvoiceAmount \(6\): says 376.51, but TotalAmountDue"):
        next(groups)


def test_a_report_is_refused_before_the_end(make_file, layout: Layout) -> None:
    reading = read_bif(make_file(), layout)
    for _ in reading:
        with pytest.raises(ReadingUnfinished):
            _ = reading.report
        break
    with pytest.raises(ReadingUnfinished):
        _ = reading.report
    with pytest.raises(ReadingUnfinished):
        iter(reading)


@pytest.mark.parametrize(
    ("change", "kind", "count"),
    [
        (lambda data: b"\xef\xbb\xbf" + data, "bom", 1),
        (lambda data: data.replace(b"\n", b"\r\n"), "crlf", 10),
        (lambda data: data.replace(b"Ann Example", "Zoë Example".encode("cp1252")), "windows-1252", 3),
        (lambda data: data.replace(b"\nIH|", b"\n\n  \nIH|", 2), "blank-lines", 4),
        (lambda data: data.removesuffix(b"\n"), "no-final-line-end", 1),
        (lambda data: data.replace(b"|600001|", b"|600001  |").replace(b"CR|", b"CR| "), "padded-number", 4),
    ],
)
def test_what_is_tolerated_is_noted(make_file, layout: Layout, change, kind: str, count: int) -> None:
    reading = read_bif(change(make_file()), layout)
    assert numbers(reading) == ["600001", "600002", "600003"]
    assert [(note.kind, note.count) for note in reading.report.notes] == [(kind, count)]
    assert reading.report.accepted
    assert not reading.report.problems


def test_a_padded_number_is_the_same_number(make_file, make_group, layout: Layout) -> None:
    """A CHAR column leaves blanks: one account must not be two (gillianlui/Rebmah#15)."""
    data = make_file(
        [
            make_group(1, customer={"AccountNumber": "10000101   "}),
            make_group(2, customer={"AccountNumber": "10000101"}),
        ]
    )
    assert {group.customer.AccountNumber for group in read_bif(data, layout)} == {"10000101"}
    groups = [make_group(number, invoice={"InvoiceNumber": f"70000{number}"}) for number in (1, 2)]
    data = make_file(groups).replace(b"|700002|", b"|700001 |")
    assert [problem.rule for problem in check(data, layout).problems] == ["duplicate-invoice"]


def test_windows_1252_is_told_by_the_row(make_file, make_group, layout: Layout) -> None:
    """Some exporters write both encodings into one file: each row is read for itself."""
    data = make_file([make_group(1, customer={"CustomerName": "Zoë"}), make_group(2)])
    data = data.replace(b"Ann Example", "Café".encode("cp1252"))
    assert [group.customer.CustomerName for group in read_bif(data, layout)] == ["Zoë", "Café"]


def test_an_end_of_file_mark_is_passed_over(make_file, layout: Layout) -> None:
    assert check(make_file() + b"\x1a", layout).accepted


@pytest.mark.parametrize("source", [b"", b"\n", b"\xef\xbb\xbf", b"  \r\n\r\n"])
def test_an_empty_file_is_rejected(layout: Layout, source: bytes) -> None:
    report = check(source, layout)
    assert report.rejection is not None
    assert report.rejection.rule == "empty-file"


def test_something_else_altogether_is_rejected_at_its_first_row(layout: Layout) -> None:
    report = check(b"%PDF-1.7\nstream\n" * 1000, layout)
    assert report.rejection is not None
    assert report.rejection.rule == "missing-header"
    assert len(report.problems) == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_other_encodings_are_named(make_file, layout: Layout, encoding: str) -> None:
    data = (b"\xfe\xff" if encoding == "utf-16-be" else b"") + make_file().decode().encode(encoding)
    report = check(data, layout)
    assert report.rejection is not None
    assert report.rejection.rule == "wrong-encoding"


def test_a_stray_customer_row_costs_no_other_invoice(make_file, layout: Layout) -> None:
    """A CR row left over between two whole invoices is neither the one's nor the other's."""
    lines = make_file().decode().splitlines()
    stray = line_of(layout, "CR", AccountNumber="9", CustomerName="Stray")
    data = file_of_lines([*lines[:4], stray, *lines[4:]])
    reading = read_bif(data, layout)
    assert numbers(reading) == ["600001", "600002", "600003"]
    (entry,) = reading.report.quarantine
    assert (entry.line, entry.rows, [problem.rule for problem in entry.problems]) == (
        5, (stray,), ["customer-before-invoice"],
    )  # fmt: skip


def test_a_swapped_customer_row_is_one_broken_invoice(make_file, layout: Layout) -> None:
    lines = make_file().splitlines(keepends=True)
    lines[4], lines[5] = lines[5], lines[4]
    report = check(b"".join(lines), layout)
    (entry,) = report.quarantine
    assert (entry.line, entry.invoice_number, len(entry.rows)) == (5, "600002", 3)
    assert [problem.rule for problem in entry.problems] == ["customer-before-invoice"]
    assert report.loaded == 2


def test_stray_customer_rows_that_stand_together_are_one_group(make_file, layout: Layout) -> None:
    lines = make_file().decode().splitlines()
    strays = [line_of(layout, "CR", AccountNumber=str(number), CustomerName="Stray") for number in range(2)]
    report = check(file_of_lines([*lines[:4], *strays, *lines[4:]]), layout)
    assert [(entry.line, entry.rows) for entry in report.quarantine] == [(5, tuple(strays))]
    assert report.loaded == 3


def test_stray_rows_before_the_first_invoice_are_quarantined(make_file, layout: Layout) -> None:
    header, *lines = make_file().decode().splitlines()
    data = file_of_lines([header, "ZZ|1", line_of(layout, "ID"), *lines])
    report = check(data, layout)
    assert report.accepted
    assert report.loaded == 3
    (entry,) = report.quarantine
    assert [problem.rule for problem in entry.problems] == ["unknown-row-type"]
    assert len(entry.rows) == 2


def test_the_duplicate_is_set_aside_and_the_first_loads(make_file, layout: Layout) -> None:
    reading = read_bif(make_file().replace(b"600003", b"600001"), layout)
    assert numbers(reading) == ["600001", "600002"]
    (problem,) = reading.report.problems
    assert (
        str(problem)
        == "line 8, IH.InvoiceNumber (10): '600001' stands in this file already (Harris inHance v2, field 10)"
    )


def test_a_duplicate_of_a_broken_invoice_is_set_aside_too(make_file, layout: Layout) -> None:
    """Which of the two is meant cannot be told."""
    data = make_file().replace(b"Ann Example", b"", 1).replace(b"600002", b"600001")
    assert [problem.rule for problem in check(data, layout).problems] == ["required-empty", "duplicate-invoice"]


def test_a_row_without_an_end_is_let_go_and_named(make_file, layout: Layout) -> None:
    data = make_file().replace(b"|Ann Example|", b"|" + b"x" * 3_000_000 + b"|", 1)
    report = check(data, layout)
    assert [problem.rule for problem in report.problems] == ["row-too-long"]
    assert report.loaded == 2
    assert max(len(row) for row in report.quarantine[0].rows) == 16_384


def test_a_row_may_have_16384_characters_and_no_more(make_group, make_file, layout: Layout) -> None:
    short = len(make_file([make_group(details=[{"Description": ""}])]).splitlines()[-1])
    longest = make_file([make_group(details=[{"Description": "é" * (16_384 - short)}])])
    assert check(longest, layout).loaded == 1
    assert check(longest.replace("é".encode(), "éé".encode(), 1), layout).problems[0].rule == "row-too-long"


def test_a_header_of_another_biller_rejects_the_file(make_file, layout: Layout) -> None:
    mine = layout.for_biller(BillerGuid="99999999-9999-4999-8999-999999999999")
    report = check(make_file(), mine)
    assert report.rejection is not None
    assert report.rejection.rule == "wrong-biller-value"
    assert report.lines == 1


def test_a_guid_matches_without_regard_to_case(make_file, layout: Layout) -> None:
    mine = layout.for_biller(InvoiceFormatGuid="8888888A-8888-4888-8888-888888888888")
    data = make_file().replace(b"88888888-8888-4888-8888", b"8888888a-8888-4888-8888")
    assert check(data, mine).loaded == 3


def test_only_provided_fields_belong_to_a_biller(layout: Layout) -> None:
    with pytest.raises(LayoutInvalid, match="InvoiceNumber: is not provided by Invoice Cloud"):
        layout.for_biller(InvoiceNumber="1")
    with pytest.raises(LayoutInvalid, match="is not a GUID"):
        layout.for_biller(BillerGuid="1")


def test_progress_counts_bytes(make_file, layout: Layout) -> None:
    seen: list[int] = []
    check([make_file()[:100], make_file()[100:]], layout, progress=seen.append)
    assert seen == [100, len(make_file())]


def test_every_quarantined_invoice_reaches_the_listener(make_file, make_group, layout: Layout) -> None:
    groups = (make_group(number) for number in range(1, 1_202))
    data = make_file(groups).replace(b"Ann Example", b"")
    seen: list[Quarantined] = []
    report = check(data, layout, on_quarantine=seen.append)
    assert len(seen) == report.quarantined == 1_201
    assert list(report.quarantine) == seen[:1_000]


def test_a_card_number_in_a_value_is_masked(make_file, layout: Layout) -> None:
    data = change(make_file(), layout, 2, InvoiceDate="4111111111111111")
    (problem,) = check(data, layout).problems
    assert "4111111111111111" not in str(problem) + problem.value
    assert "1111" in problem.value


def test_a_report_as_json_values(make_file, layout: Layout) -> None:
    import json

    report = check(make_file().replace(b"Ann Example", b"", 1), layout)
    found = json.loads(json.dumps(report.as_dict()))
    assert found["loaded"] == 2
    assert found["quarantine"][0]["problems"][0]["rule"] == "required-empty"
    assert found["quarantine"][0]["rows"][0].startswith("IH|R|")


def test_the_source_is_read_in_blocks(make_file, layout: Layout) -> None:
    """A reader that asked for the whole file at once would ask this stream for it."""

    class Stream:
        def __init__(self) -> None:
            self.stream = io.BytesIO(make_file())

        def read(self, size: int) -> bytes:
            assert 0 < size <= 1 << 20
            return self.stream.read(min(size, 7))

    assert check(Stream(), layout).loaded == 3  # type: ignore[arg-type]


def test_an_error_of_the_source_is_not_swallowed(make_file, layout: Layout) -> None:
    def chunks() -> Iterator[bytes]:
        yield make_file()
        raise OSError("the line was cut")

    with pytest.raises(OSError, match="cut"):
        check(chunks(), layout)


def test_every_rule_says_what_it_wants() -> None:
    for scope, text in RULES.values():
        assert scope in ("file", "invoice")
        assert text
