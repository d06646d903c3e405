"""The files of `tests/samples/watersmart` through the whole upload: ledger, report and quarantine."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.store import BILLERS
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.ic_webservices.harness import WATERSMART, WATERSMART_KEY, Harness

SAMPLES = Path(__file__).resolve().parents[3] / "samples" / "watersmart"
ALL = {case["id"]: case for case in tomllib.loads((SAMPLES / "cases.toml").read_text("utf-8"))["case"]}
CASES = [case for case in ALL.values() if case["kind"] in ("invoice_csv", "adjustment_csv")]
OWN = {"biller_guid": WATERSMART}


@pytest.fixture(scope="module")
def world() -> Iterator[Harness]:
    """One world for all: no two cases have an account in common."""
    store = Store("sqlite://")
    harness = Harness(store, Lanes(store))
    yield harness
    harness.close()
    store.close()


def send(world: Harness, name: str, content: bytes) -> dict[str, Any]:
    told = world.upload(content, name, biller=WATERSMART, key=WATERSMART_KEY)
    found: dict[str, Any] = world.get(f"uploads/{told['UploadID']}")
    return found


def owed(world: Harness, account: str) -> Decimal:
    found = world.get("invoices", account_number=account, **OWN)["invoices"]
    return sum((Decimal(one["balance_due"]) for one in found if one["status"] != "closed"), Decimal(0))


def invoice(world: Harness, row: dict[str, Any]) -> dict[str, Any]:
    """What the ledger says of the account's one invoice, by the keys of cases.toml."""
    (found,) = world.get("invoices", account_number=row["account"], **OWN)["invoices"]
    customer = world.get(f"customers/{row['account']}", **OWN)
    said = {
        "number": found["invoice_number"],
        "account": found["account_number"],
        "amount": found["total_amount_due"],
        "balance": found["balance_due"],
        "due": found["invoice_due_date"],
        "invoice_date": found["invoice_date"],
        "name": customer["customer_name"],
        "zip": customer["zip"],
        "block_cards": customer["block_payments_cc"],
        "block_bank": customer["block_payments_eft"],
    }
    return {key: said[key] for key in row.keys() & said.keys()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_what_is_right_is_in_the_ledger_and_the_rest_in_quarantine(world: Harness, case: dict[str, Any]) -> None:
    name = case["file"].replace("/", "_")
    if "before" in case:
        assert send(world, "before.csv", (SAMPLES / case["before"]).read_bytes())["state"] == "loaded"
    upload = send(world, name, (SAMPLES / case["file"]).read_bytes())
    assert upload["state"] == "loaded"
    assert upload["kind"] == ("csv_invoices" if case["kind"] == "invoice_csv" else "csv_balances")
    problems = world.get(f"uploads/{upload['upload_id']}/problems")["problems"]
    found = {(one["line"], one["column_number"]) for one in problems}
    lines = {line for line, _ in found}
    either = {row["line"]: row for row in case.get("either", ())}

    for row in case.get("bad", ()):
        assert row["line"] in lines
        assert row.get("any_column") or (row["line"], row["column"]) in found
        assert row.get("any_column") or row["field"] in [one["field"] for one in problems]
    assert lines <= {row["line"] for row in case.get("bad", ())} | either.keys()
    assert upload["rejected"] == len(lines)
    text = world.get(f"uploads/{upload['upload_id']}/quarantine")["content"]
    assert bool(text) == bool(lines)

    loaded_either = [row for line, row in either.items() if line not in lines]
    if case["kind"] == "invoice_csv":
        for row in [*case.get("invoices", ()), *loaded_either]:
            assert invoice(world, row) == {key: row[key] for key in row.keys() - {"line", "column", "field"}}
        for row in case.get("never", ()):
            every = world.get("invoices", account_number=row["account"], **OWN)["invoices"]
            assert [one for one in every if one["total_amount_due"] == row.get("amount", one["total_amount_due"])] == [
                one for one in every if "due" in row and one["invoice_due_date"] != row["due"]
            ]
        return
    done = world.get(f"uploads/{upload['upload_id']}/adjustments")["adjustments"]
    applied = [{"account": one["account_number"], "amount": one["amount"], "type": one["type_id"]} for one in done]
    assert [row for row in case.get("adjustments", ()) if row not in applied] == []
    assert len(applied) == len(case.get("adjustments", ())) + len(loaded_either) == upload["accepted"]
    for row in [*case.get("balances", ()), *(row for row in loaded_either if "balance" in row)]:
        assert owed(world, row["account"]) == Decimal(row["balance"])
    for row in case.get("never", ()):
        assert owed(world, row["account"]) != Decimal(row["balance"])


def test_the_same_content_under_another_name(world: Harness) -> None:
    """Case 28."""
    case = ALL["28_same_content_under_another_name"]
    content = (SAMPLES / case["file"]).read_bytes()
    send(world, "before.csv", (SAMPLES / case["before"]).read_bytes())
    first = send(world, "adjust_0901.csv", content)
    assert (first["state"], owed(world, "70270001")) == ("loaded", Decimal("85.00"))
    again = send(world, "adjust_0902.csv", content)
    assert (again["state"], again["repeats"], again["accepted"]) == ("repeated", first["upload_id"], 0)
    assert "adjust_0901.csv" in again["message"]
    assert owed(world, "70270001") == Decimal("85.00")
    other = send(world, "adjust_0901.csv", content.replace(b"-15.00", b"-10.00"))
    assert (other["state"], other["repeats"]) == ("loaded", "")
    assert owed(world, "70270001") == Decimal(case["balances"][0]["balance"])
    for name in ("empty.csv", "empty2.csv"):
        empty = send(world, name, b"")
        assert (empty["state"], empty["repeats"]) == ("rejected", "")
        assert "holds no row" in empty["message"]


def test_the_same_content_of_another_biller_is_another_file(world: Harness) -> None:
    """Case 28: known by content and per biller."""
    other = "99999999-9999-4999-8999-999999999999"
    lane = world.lane.name  # seeded now, where this is the first test
    with world.store.write() as tx:
        (standing,) = BILLERS.find(tx, lane, {"guid": WATERSMART}, order="guid")
        BILLERS.put(tx, lane, replace(standing, guid=other, api_key="other-key"))
    case = ALL["28_same_content_under_another_name"]
    for name in (case["before"], case["file"]):
        sent = world.send("uploads", (SAMPLES / name).read_bytes(), file_name="a.csv", biller_guid=other)
        assert (sent.status, sent.json["state"], sent.json["accepted"]) == (201, "loaded", 1)
