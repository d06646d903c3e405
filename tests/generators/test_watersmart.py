"""WaterSmart's files: related to one another, the same for the same seed, and each damage with exactly its error."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from partnerlab.client.exports import FileRefused, read_changes, read_payments, read_rejects
from partnerlab.contracts.catalogue import damages
from partnerlab.contracts.files.csv import RECEIVED_RULES, RULES, CsvReport, check_csv, load_table, read_csv
from partnerlab.contracts.files.problems import shown
from partnerlab.generators.csv_damage import CELLS, CSV_DAMAGED, SENT, SENT_ROWS, TAKEN, csv_damages_of, damage_csv
from partnerlab.generators.damage import DamageUnknown
from partnerlab.generators.people import Person
from partnerlab.generators.watersmart import KINDS, Bill, generate_csv, payments

AS_OF = date(2026, 3, 2)
ZONE = ZoneInfo("America/New_York")
TABLES = {
    "invoices": load_table("watersmart_invoices").for_biller(InvoiceTypeID="1"),
    "balances": load_table("watersmart_balances"),
}
CSV = {name: row for name, row in damages().items() if row.format == "csv"}
READERS = {"payments": read_payments, "changes": read_changes, "rejects": read_rejects}
CASES = [(kind, name) for kind in TAKEN for name in sorted(csv_damages_of(kind))]
SENT_CASES = [(kind, name) for kind in SENT for name in sorted(csv_damages_of(kind))]
# Rules that are about a row before it is cut into columns.
WHOLE_ROW = ("too-many-columns", "control-character")
# Where a damage is found that is not in the damaged row 3; 0 is the file as a whole.
PLACES = {"sent-empty-file": 0, "sent-byte-order-mark": 1, "sent-utf-16": 1, "sent-line-feeds": 1, "sent-cut": 5}


def made(kind: str, invoices: int = 200, **options: int) -> bytes:
    stream = io.BytesIO()
    generate_csv(stream, kind, invoices, as_of=AS_OF, **options)
    return stream.getvalue()


def columns(kind: str) -> list[dict[str, str]]:
    names = [column.name for column in load_table(f"watersmart_{kind}").columns]
    rows = csv.reader(io.StringIO(made(kind).decode(), newline=""))
    return [dict(zip(names, row, strict=True)) for row in rows]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(kind: str) -> None:
    assert made(kind, seed=7) == made(kind, seed=7) != made(kind, seed=8)


@pytest.mark.parametrize("kind", TABLES)
def test_what_goes_in_is_read_without_a_problem_or_a_note(kind: str) -> None:
    report = check_csv(made(kind), TABLES[kind])
    assert (report.loaded, report.quarantined, report.notes) == (200, 0, ())


def test_payments_pay_generated_invoices_in_full() -> None:
    invoices = {row.InvoiceNumber: row for _, row in read_csv(made("invoices"), TABLES["invoices"])}
    paid = columns("payments")
    assert 100 < len(paid) < 200
    assert len({row["PaymentGUID"] for row in paid}) == len(paid)
    for row in paid:
        bill = invoices[row["InvoiceNumber"]]
        assert (row["AccountNumber"], Decimal(row["PaymentAmount"])) == (bill.AccountNumber, bill.TotalAmountDue)


def test_a_balance_is_set_to_what_was_billed_or_a_little_is_taken_off() -> None:
    billed = {row["AccountNumber"]: row["TotalAmountDue"] for row in columns("invoices")}
    of = {type_id: [row for row in columns("balances") if row["AdjustmentTypeID"] == type_id] for type_id in "12"}
    assert len(of["1"]) > 3 * len(of["2"]) > 0
    assert all(row["AdjustmentAmount"] == billed[row["AccountNumber"]] for row in of["1"])
    assert all(-20 <= Decimal(row["AdjustmentAmount"]) < 0 for row in of["2"])


@pytest.mark.parametrize(("cents", "pays"), [(-1, False), (0, False), (1, True)])
def test_nobody_pays_where_nothing_is_due(cents: int, pays: bool) -> None:
    customer = Person("Ann Ash", "1 Main Street", "", "Barre", "VT", "05641", "+18025550100", "ann@example.com")
    due = [Bill(f"{1_000 + number}", "20000201", customer, AS_OF, AS_OF, cents, 0) for number in range(200)]
    assert bool([*payments(due, 1)]) is pays


def test_rejects_return_generated_bank_payments() -> None:
    paid = {row["PaymentReference"]: row for row in columns("payments")}
    returned = columns("rejects")
    assert returned
    for row in returned:
        payment = paid[row["ReferenceNumber"]]
        assert payment["PaymentTypeID"] == "2"
        assert (row["Amount"], row["AccountNumber"]) == (payment["PaymentAmount"], payment["AccountNumber"])


def test_changes_and_balances_belong_to_generated_customers() -> None:
    accounts = {row["AccountNumber"] for row in columns("invoices")}
    changed = columns("changes")
    assert changed
    assert {row["AccountNumber"] for row in changed} <= accounts
    assert {row["AccountNumber"] for row in columns("balances")} == accounts
    dates = [name for name in changed[0] if name.endswith("Date")]
    assert len(dates) == 6
    assert all(sum(bool(row[name]) for name in dates) == 1 for row in changed)
    assert all(any(row[name] for row in changed) for name in dates), "each thing is changed by somebody"


def test_what_can_be_done_is_what_the_catalogue_lists() -> None:
    assert set(CSV) == CSV_DAMAGED
    assert all(len(csv_damages_of(kind)) >= 15 for kind in KINDS)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_damage_causes_its_error_at_its_place_and_changes_nothing_else(kind: str, name: str) -> None:
    whole, row = made(kind, 5), CSV[name]
    report = check_csv(damage_csv(whole, name, kind, at=3), TABLES[kind])
    if row.scope == "file":
        assert report.rejection is not None
        assert (report.rejection.rule, report.loaded) == (row.error, 0)
        return
    assert report.accepted
    assert [(entry.line, *{problem.rule for problem in entry.problems}) for entry in report.quarantine] == [
        (3, row.error)
    ]
    assert report.loaded == 4
    problem = report.problems[0]
    assert str(problem).startswith("line 3")
    if name in CELLS[kind] and row.error not in WHOLE_ROW:
        column = TABLES[kind].column(CELLS[kind][name][0])
        assert (problem.column, problem.field) == (column.position, column.name)


@pytest.mark.parametrize(("kind", "name"), SENT_CASES)
def test_a_damaged_file_of_invoice_cloud_is_refused_by_rule_line_column_and_field(kind: str, name: str) -> None:
    whole, table = b"".join(made(kind, 300).splitlines(keepends=True)[:5]), load_table(f"watersmart_{kind}")
    assert len(READERS[kind]("whole.csv", whole, ZONE)) == 5
    damaged = damage_csv(whole, name, kind, at=3)
    with pytest.raises(FileRefused) as refused:
        READERS[kind]("damaged.csv", damaged, ZONE)
    problem = refused.value.problem
    assert (problem.rule, problem.line) == (CSV[name].error, PLACES.get(name, 3))
    assert (f"line {problem.line}" in str(refused.value)) == (name != "sent-empty-file")
    field = CELLS[kind].get(name, ("", ""))[0]
    if problem.rule in WHOLE_ROW:
        assert (problem.column, problem.field) == (0, "")
    elif field:
        column = table.column(field)
        assert (problem.column, problem.field, problem.value) == (column.position, field, shown(CELLS[kind][name][1]))
    if field or name in SENT_ROWS:
        before, after = (data.splitlines(keepends=True) for data in (whole, damaged))
        assert [at for at, (was, now) in enumerate(zip(before, after, strict=True), 1) if was != now] == [3]
        assert after[2].endswith(b"\r\n")


def test_every_rule_of_a_reader_has_its_damage() -> None:
    of = {scope: {row.error for name, row in CSV.items() if name.startswith(scope)} for scope in ("csv-", "sent-")}
    assert of["csv-"] == RULES.keys() - {"hopeless"}, "which takes ten thousand rows"
    assert of["sent-"] == RECEIVED_RULES.keys() - {"other-content"}, "which takes two files"


@pytest.mark.parametrize("name", sorted(name for name, row in CSV.items() if row.scope == "row"))
def test_a_quarantined_row_can_be_corrected_and_loaded_again(name: str) -> None:
    kind = "invoices" if name in csv_damages_of("invoices") else "balances"
    whole = made(kind, 5)
    report: CsvReport = check_csv(damage_csv(whole, name, kind, at=3), TABLES[kind])
    [entry] = report.quarantine
    assert entry.line == 3
    assert check_csv(whole.splitlines(keepends=True)[entry.line - 1], TABLES[kind]).loaded == 1


@pytest.mark.parametrize(
    ("name", "kind", "at"),
    [
        ("nothing", "invoices", 2),
        ("csv-empty-file", "payments", 2),
        ("csv-number-twice", "invoices", 1),
        ("csv-number-twice", "balances", 2),
        ("sent-cut", "invoices", 2),
        ("sent-cut", "statements", 2),
        ("csv-column-extra", "invoices", 0),
        ("csv-column-extra", "invoices", 6),
    ],
)
def test_a_damage_that_cannot_be_done_is_refused(name: str, kind: str, at: int) -> None:
    with pytest.raises(DamageUnknown):
        damage_csv(made("invoices", 5), name, kind, at=at)
