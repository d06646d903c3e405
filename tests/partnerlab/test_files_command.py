"""`partnerlab files`: each kind of file is checked and converted; what is quarantined can be corrected and loaded."""

from __future__ import annotations

import io
import json
import os
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from partnerlab.cli import main
from partnerlab.contracts.files import apart, check, checking, load_layout
from partnerlab.contracts.files.adjustments import load_adjustments, read_adjustments
from partnerlab.generators.bif import generate_bif
from partnerlab.generators.damage import damage
from partnerlab.generators.watersmart import generate_csv

BALANCES = "20000201,Brook,-4.20,2,\n20000202,Pond,1.000,1,\n20000203,Ferry,10.00,1,\n"


def typed(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["files", *map(str, words)])


def invoices(folder: Path, many: int = 5) -> Path:
    path = folder / "daily.CSV"
    with path.open("wb") as stream:
        generate_csv(stream, "invoices", many, as_of=date(2026, 3, 2))
    return path


def test_a_balance_file_is_checked_by_its_columns_and_says_what_its_types_do(tmp_path: Path) -> None:
    file, kept = tmp_path / "any.csv", tmp_path / "mend.csv"
    file.write_text(BALANCES)
    done = typed("check", file, "--quarantine", kept)
    assert done.exit_code == 1
    assert "accepted: 3 rows, 2 loaded, 1 quarantined" in done.stdout
    assert "not-an-amount: line 2, column 3, AdjustmentAmount (314)" in done.stdout
    assert "note: AdjustmentTypeID 1 sets the balance: 1 row" in done.stdout
    assert kept.read_text() == "20000202,Pond,1.000,1,\n"
    kept.write_text(kept.read_text().replace("1.000", "1.00"))
    assert typed("check", kept).exit_code == 0
    report = json.loads(typed("check", file, "--json").stdout)
    assert (report["layout"], report["rows"], report["loaded"]) == ("watersmart_balances", 3, 2)
    assert (report["problems"][0]["column"], report["problems"][0]["rule"]) == (3, "not-an-amount")


@pytest.mark.parametrize(
    ("kind", "was", "becomes", "words"),
    [
        ("payments", ",True,", ",Yes,", "line 1, column 13, Approved: 'Yes' is no boolean"),
        ("changes", "\r\n", "", "it has no end: the file is not whole"),
        ("rejects", ",R", ",X,R", "columns, not 11"),
    ],
)
def test_what_invoice_cloud_sends_is_checked_too(tmp_path: Path, kind: str, was: str, becomes: str, words: str) -> None:
    file = tmp_path / "any.csv"
    with file.open("wb") as stream:
        generate_csv(stream, kind, 60, as_of=date(2026, 3, 2))
    done = typed("check", file)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"accepted: {kind}: ")
    text = file.read_bytes().decode()
    head, _, tail = text.partition(was) if kind == "payments" else text.rpartition(was)
    file.write_bytes(f"{head}{becomes}{tail}".encode())
    broken = typed("check", file)
    assert (broken.exit_code, broken.stdout.startswith(f"rejected: {kind}\n")) == (1, True)
    assert words in broken.stdout
    (problem,) = json.loads(typed("check", file, "--json").stdout)["problems"]
    assert words in problem["message"]
    assert f"  {problem['rule']}: line {problem['line']}" in broken.stdout


def test_what_is_quarantined_of_a_bill_file_is_a_bill_file_when_it_is_corrected(tmp_path: Path) -> None:
    stream = io.BytesIO()
    generate_bif(stream, 8, as_of=date(2026, 3, 2))
    file, kept = tmp_path / "bills.bif", tmp_path / "mend.bif"
    file.write_bytes(damage(stream.getvalue(), "bad-amount"))
    assert typed("check", file, "--quarantine", kept).exit_code == 1
    report = check(kept, load_layout("inhance_v2"))
    assert (report.accepted, report.invoices, report.quarantined) == (True, 1, 1), "count and total fit"
    (problem,) = report.problems
    kept.write_bytes(kept.read_bytes().replace(problem.value.encode(), b"12.00"))
    assert typed("check", kept).exit_code == 0


def test_nothing_quarantined_is_no_file(tmp_path: Path) -> None:
    assert typed("check", invoices(tmp_path), "--quarantine", tmp_path / "none.csv").exit_code == 0
    assert not (tmp_path / "none.csv").exists()


def test_the_two_files_become_invoice_clouds_records(tmp_path: Path) -> None:
    out = tmp_path / "out.bif"
    assert typed("convert", invoices(tmp_path), "--out", out, "--created-on", "2026-03-02").exit_code == 0
    assert out.read_text().startswith("FH|66666666-6666-4666-8666-666666666666|03/02/2026|5|")
    assert typed("check", out, "--layout", "watersmart").exit_code == 0
    file, kept = tmp_path / "any.csv", tmp_path / "mend.csv"
    file.write_text(BALANCES)
    done = typed("convert", file, "--out", out, "--quarantine", kept)
    assert done.exit_code == 1
    rows = list(read_adjustments(out, load_adjustments("watersmart")))
    assert [row.AccountNumber for row in rows] == ["20000201", "20000203"]
    assert kept.read_text() == "20000202,Pond,1.000,1,\n"


@pytest.mark.parametrize("kind", ["bif", "invoices", "balances"])
def test_any_file_becomes_json(tmp_path: Path, kind: str) -> None:
    file, out = tmp_path / f"file.{'bif' if kind == 'bif' else 'csv'}", tmp_path / "out.jsonl"
    if kind == "bif":
        with file.open("wb") as stream:
            generate_bif(stream, 3, as_of=date(2026, 3, 2))
    else:
        file.write_bytes(BALANCES.encode() if kind == "balances" else invoices(tmp_path, 3).read_bytes())
    form = () if kind == "bif" else ("--as", "json")
    done = typed("convert", file, "--out", out, *form)
    assert done.exit_code == (1 if kind == "balances" else 0), done.output
    found = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len(found) == (2 if kind == "balances" else 3)
    assert found[0].keys() >= ({"effect", "amount"} if kind == "balances" else {"customer", "total_amount_due"})


def test_a_file_that_cannot_be_used_leaves_what_was_there(tmp_path: Path) -> None:
    file, out = tmp_path / "odd.csv", tmp_path / "out.bif"
    file.write_text("a,b,c\n")
    out.write_text("as before")
    assert typed("check", file).exit_code == 1
    for form in ("records", "json"):
        done = typed("convert", file, "--out", out, "--as", form)
        assert (done.exit_code, out.read_text()) == (1, "as before"), done.output
    assert typed("convert", invoices(tmp_path), "--out", out, "--layout", "none").exit_code == 2
    bills = tmp_path / "bills.bif"
    bills.write_text("FH|")
    assert typed("convert", bills, "--out", out, "--as", "records").exit_code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bills.bif", "daily.CSV", "odd.csv", "out.bif"]


def test_a_process_that_ends_while_it_checks_a_part_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bills.bif"
    with path.open("wb") as stream:
        generate_bif(stream, 20, as_of=date(2026, 3, 2))
    monkeypatch.setattr(checking, "LEAST", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert typed("check", path).exit_code == 0
    monkeypatch.setattr(apart, "START", "import sys; sys.exit(3)")
    result = typed("check", path)
    assert result.exit_code == 1
    assert "gave no answer (it ended with 3)" in result.output
