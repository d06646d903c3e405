"""Scenarios 19, 21 and 22 of `tests/samples/watersmart/cases.toml`; 20 is test_export_breaks.py and durability."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.simulators.ic_webservices.harness import RETURNS, SETTLES, WATERSMART, Harness, advance, freeze

OWN = {"biller_guid": WATERSMART}
NAMES = ('=HYPERLINK("x","y")', "@SUM(A1)", "+Plus Plumbing", "-Dash Deli")


def pay(harness: Harness, amount: str, account: str = "20000202", **order: Any) -> str:
    answer = harness.pay(account_number=account, amount=amount, **OWN, **order)
    assert answer.status == 201, answer
    return str(answer.json["payment_guid"])


def export(harness: Harness, kind: str = "payments") -> tuple[dict[str, Any], str]:
    """The next batch and its one file's text; nothing where nothing waits."""
    made = harness.control("POST", "exports", {"kind": kind, **OWN}).json["export"]
    if made is None:
        return {}, ""
    (file,) = made["files"]
    return made, harness.get(f"exports/{made['report_id']}/files/{file['name']}")["content"]


def rows(text: str) -> list[list[str]]:
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert [line.split(",") for line in text.splitlines()] == found, "a CSV reader and a plain split read it alike"
    return found


def test_19_a_payment_that_commits_late_is_in_the_next_file(harness: Harness) -> None:
    """What has been exported is known payment by payment: the stamp of a late one lies before the first export."""
    freeze(harness, "2026-06-11T20:00:00+00:00")
    third = pay(harness, "12.00", tender="ach", bank_account=SETTLES, donation="standalone")
    freeze(harness, "2026-06-16T20:59:59+00:00")
    second = pay(harness, "11.00", donation="standalone")
    freeze(harness, "2026-06-16T21:00:00+00:00")
    first_file = rows(export(harness)[1])
    freeze(harness, "2026-06-16T20:59:58+00:00")  # stamped before the export, kept after it
    late = pay(harness, "10.00", donation="standalone")
    freeze(harness, "2026-06-17T21:00:00+00:00")
    next_file = rows(export(harness)[1])
    assert [cells[4] for cells in first_file] == [third, second], "a payment goes out when it is taken [A-94]"
    assert [(cells[4], cells[5]) for cells in next_file] == [(late, "06162026165958")]
    assert export(harness) == ({}, "")
    ledger = [Decimal(one["amount"]) for one in harness.get("payments", **OWN)["payments"]]
    assert sum(Decimal(cells[8]) for cells in first_file + next_file) == sum(ledger)


def test_21_the_guard_against_formulas_spares_numbers(harness: Harness) -> None:
    freeze(harness, "2026-06-16T14:00:00+00:00")
    table = io.StringIO()
    writer = csv.writer(table)
    for at, name in enumerate(NAMES):
        account = f"7021000{at}"
        writer.writerow([account, name, *[""] * 5, "06/01/2026", "06/30/2026", "30.00", "0.00", "", "1", "0", "0", ""])
    sent = harness.send("uploads", table.getvalue().encode(), file_name="a.csv", **OWN)
    assert sent.json["accepted"] == 4
    for at in range(4):
        number = RETURNS if at == 3 else SETTLES
        pay(harness, "30.00", f"7021000{at}", tender="ach", bank_account=number)
    entry = {"account_number": "20000202", "amount": "10.00", **OWN}
    for reference in ("=1+1", "Drawer 2, left"):
        assert harness.control("POST", "clerk/payments", {**entry, "biller_reference": reference}).status == 201
    made, text = export(harness)
    payments = rows(text)
    assert {len(cells) for cells in payments} == {18}
    told = {(warning["row"], warning["field"]) for warning in made["warnings"]}
    columns = ("CustomerName", 3), ("BillerReference", 13)
    for row, cells in enumerate(payments, 1):
        assert all(not re.match(r"[=+\-@\t\r]", cells[at]) or (row, name) in told for name, at in columns)
        assert re.fullmatch(r"[0-9]+\.[0-9]{2}", cells[8])
        assert re.fullmatch(r"[0-9]{14}", cells[5])
        assert cells[2].isdecimal()
        assert not re.search(r"[\"\r\n]", "".join(cells))
    assert (payments[0][3], payments[4][13], payments[5][13]) == (" =HYPERLINK(xy)", " =1+1", "Drawer 2 left")
    advance(harness, timedelta(days=10))
    (reject,) = rows(export(harness, "rejects")[1])
    assert (len(reject), reject[2], reject[3], reject[6]) == (11, "70210003", " -Dash Deli", "30.00")
    harness.control("POST", "customers/70210003/paperless", {"enrolled": True, **OWN})
    harness.control("POST", "customers/70210003/phone", {"phone": "+15551234567", **OWN})
    (change,) = rows(export(harness, "changes")[1])
    assert (len(change), change[0], change[5]) == (9, "70210003", "+15551234567")


def test_22_no_two_files_have_one_name(harness: Harness) -> None:
    dates, names = [], []
    for paid_at, exported_at in (("05:30", "05:40"), ("06:30", "06:40"), ("07:00", "07:00"), ("07:00", "07:00")):
        freeze(harness, f"2026-11-01T{paid_at}:00+00:00")
        pay(harness, "1.00", donation="standalone")
        freeze(harness, f"2026-11-01T{exported_at}:00+00:00")
        made, text = export(harness)
        (cells,) = rows(text)
        dates.append(cells[5])
        names.append(made["files"][0]["name"])
    assert len({*names}) == 4
    assert all(re.fullmatch(r"ICPayments_[0-9]{14}\.csv", name) for name in names)
    assert dates[:2] == ["11012026013000", "11012026013000"]
    harness.lane_name = "again"
    taken = []
    for paid_at in ("05:30", "06:30"):
        freeze(harness, f"2026-11-01T{paid_at}:00+00:00")
        taken.append(pay(harness, "1.00", donation="standalone"))
    assert [cells[4] for cells in rows(export(harness)[1])] == taken, "as they happened, not as their local text sorts"
