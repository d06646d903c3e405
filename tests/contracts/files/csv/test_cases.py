"""Files as spreadsheets, exports and clerks really leave them: each row is read right or quarantined, never guessed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from partnerlab.contracts.files.csv import load_table, read_csv, table_of
from partnerlab.contracts.files.row import Row

pytestmark = pytest.mark.usefixtures("either_way")

SAMPLES = Path(__file__).resolve().parents[3] / "samples" / "watersmart"
ALL = tomllib.loads((SAMPLES / "cases.toml").read_text("utf-8"))["case"]
CASES = [case for case in ALL if case["kind"] in ("invoice_csv", "adjustment_csv")]
TABLES = {
    "invoice_csv": load_table("watersmart_invoices").for_biller(InvoiceTypeID="1"),
    "adjustment_csv": load_table("watersmart_balances"),
}
# What the file says of an invoice, by the key of cases.toml.
INVOICE = {
    "account": lambda row: row.AccountNumber,
    "amount": lambda row: str(row.TotalAmountDue),
    "due": lambda row: row.InvoiceDueDate.isoformat(),
    "invoice_date": lambda row: row.InvoiceDate.isoformat(),
    "name": lambda row: row.CustomerName,
    "number": lambda row: row.InvoiceNumber,
    "zip": lambda row: row.Zip,
    "block_cards": lambda row: row.BlockPaymentsCC,
    "block_bank": lambda row: row.BlockPaymentsEFT,
}
ADJUSTMENT = {
    "account": lambda row: row.AccountNumber,
    "amount": lambda row: str(row.AdjustmentAmount),
    "type": lambda row: str(row.AdjustmentTypeID),
}


def said(row: Row, case: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    terms = INVOICE if case["kind"] == "invoice_csv" else ADJUSTMENT
    return {key: terms[key](row) for key in keys & terms.keys()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_row_is_read_right_or_quarantined(case: dict[str, Any]) -> None:
    data = (SAMPLES / case["file"]).read_bytes()
    table = TABLES[case["kind"]]
    assert table_of(data, TABLES.values()) is table
    reading = read_csv(data, table)
    rows = dict(reading)
    report = reading.report
    found = {entry.line: {problem.column for problem in entry.problems} for entry in report.quarantine}

    bad = {row["line"]: row for row in case.get("bad", ())}
    either = {row["line"]: row for row in case.get("either", ())}
    assert bad.keys() <= found.keys() <= bad.keys() | either.keys()
    for line, row in bad.items():
        assert row.get("any_column") or row["column"] in found[line], report.quarantine
    for line, row in either.items():
        assert (line in rows) != (line in found), "a row is loaded or quarantined"
        if line in rows:
            assert said(rows[line], case, {*row}).items() <= row.items()

    expected = [*case.get("invoices", ()), *case.get("adjustments", ())]
    sure = [row for line, row in rows.items() if line not in either]
    assert [said(row, case, {*wanted}) for row, wanted in zip(sure, expected, strict=True)] == [
        {key: value for key, value in wanted.items() if key != "balance"} for wanted in expected
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_nothing_is_lost(case: dict[str, Any]) -> None:
    reading = read_csv((SAMPLES / case["file"]).read_bytes(), TABLES[case["kind"]])
    loaded = sum(1 for _ in reading)
    assert (reading.report.good, reading.report.rows) == (loaded, loaded + reading.report.quarantined)
