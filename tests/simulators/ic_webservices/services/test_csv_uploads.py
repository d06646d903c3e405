"""WaterSmart's files at Invoice Cloud: what a balance means, the same file again, and what waits for a person."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.services.export_batches import ExportBatches
from partnerlab.simulators.ic_webservices.tables.old import PRUNES
from partnerlab.simulators.kit.world.pruning import Pruner
from tests.simulators.ic_webservices.harness import (
    RETURNS,
    UTILITY,
    WATERSMART,
    WATERSMART_KEY,
    Harness,
    advance,
    freeze,
)
from tests.simulators.ic_webservices.water_files import BROOK, OWN, POND, fetched, owed, pay, row, send

HEADER = "AccountNumber,CustomerName,AdjustmentAmount,AdjustmentTypeID,PastDue\r\n"


def problems(harness: Harness, upload: dict[str, Any]) -> list[tuple[int, int, str, str]]:
    found = harness.get(f"uploads/{upload['upload_id']}/problems")["problems"]
    return [(one["line"], one["column_number"], one["field"], one["rule"]) for one in found]


def test_an_invoice_file_brings_invoices_customers_flags_and_a_shown_number(harness: Harness) -> None:
    told = harness.upload(
        (row("30000001", "80.00", flags="1,0", shown="WS-77") + "\n").encode(),
        "daily.csv",
        biller=WATERSMART,
        key=WATERSMART_KEY,
    )
    assert (told["Success"], told["InvoicesAccepted"], told["InvoicesRejected"]) == ("true", "1", "0")
    (invoice,) = harness.get("invoices", account_number="30000001", **OWN)["invoices"]
    assert invoice["invoice_number"] == "30000001-08252026"
    assert (invoice["balance_due"], invoice["status"]) == ("80.00", "open")
    assert invoice["fields"] == {"PastDue": "0.00"}
    customer = harness.get("customers/30000001", **OWN)
    assert (customer["block_payments_cc"], customer["block_payments_eft"]) == (True, False)
    assert customer["display_account_number"] == "WS-77"
    send(harness, row("30000001", "81.00"))
    customer = harness.get("customers/30000001", **OWN)
    assert (customer["block_payments_cc"], customer["display_account_number"]) == (False, ""), "the file's last word"


def test_a_type_sets_or_adds_and_a_billers_own_types_win(harness: Harness) -> None:
    done = send(harness, HEADER.strip(), f"{BROOK},Brook,-4.20,2,", f"{POND},Pond,300.00,1,ignored")
    assert (owed(harness, BROOK), owed(harness, POND)) == ("60.00", "300.00")
    assert done["kind"] == "csv_balances"
    assert done["notes"][:2] == [
        "AdjustmentTypeID 1 sets the balance: 1 row",
        "AdjustmentTypeID 2 is added to the balance: 1 row",
    ]
    adjustments = harness.get(f"uploads/{done['upload_id']}/adjustments")["adjustments"]
    assert [(one["effect"], one["before"], one["after"], one["line"]) for one in adjustments] == [
        ("add", "64.20", "60.00", 2),
        ("set", "310.75", "300.00", 3),
    ]
    harness.control("PATCH", f"billers/{WATERSMART}", {"configuration": {"Adjustments": {"7": "add"}}})
    done = send(harness, f"{BROOK},Brook,5.00,7,", f"{POND},Pond,1.00,1,")
    assert owed(harness, BROOK) == "65.00"
    assert problems(harness, done) == [(2, 4, "AdjustmentTypeID", "unknown-value")]
    for wrong in ({"7": "double"}, {"07": "set"}, {}, ["set"]):
        harness.control("PATCH", f"billers/{WATERSMART}", {"configuration": {"Adjustments": wrong}})
        refused = harness.send("uploads", b"1,A,1.00,1,\n", file_name="a.csv", **OWN)
        assert (refused.status, refused.json["error"]["field"]) == (400, "Adjustments")


def test_a_balance_is_the_partners_word_less_what_was_paid_meanwhile(shared: Harness) -> None:
    """[A-85]: nobody owes again what Invoice Cloud took."""
    harness = shared
    pay(harness, BROOK, "40.00")
    stale = send(harness, f"{BROOK},Brook,64.20,1,")
    assert owed(harness, BROOK) == "24.20", "the same word as before says nothing new"
    stale = send(harness, f"{BROOK},Brook,70.00,1,")
    assert owed(harness, BROOK) == "30.00"
    assert "1 balance is less than the file says" in stale["notes"][-1]
    send(harness, f"{BROOK},Brook,75.00,1,")
    assert owed(harness, BROOK) == "35.00", "nobody has fetched a file with the payment yet"
    exports = ExportBatches(harness.store)
    batch = exports.create(harness.lane, WATERSMART, "payments")
    assert batch is not None
    send(harness, f"{BROOK},Brook,76.00,1,")
    assert owed(harness, BROOK) == "36.00", "made, not fetched"
    exports.delivered(harness.lane, batch.biller_guid, batch.report_id)
    send(harness, f"{BROOK},Brook,36.00,1,", f"{POND},Pond,310.75,1,")
    assert owed(harness, BROOK) == "36.00", "the payment is visible in it"
    pay(harness, BROOK, "6.00")
    send(harness, f"{BROOK},Brook,30.00,1,")
    assert owed(harness, BROOK) == "24.00", "the payment cannot be what lowered it"
    send(harness, f"{BROOK},Brook,-12.00,1,")
    assert owed(harness, BROOK) == "-18.00", "a credit, and a payment that is not in it"
    send(harness, f"{BROOK},Brook,20.00,2,")
    assert owed(harness, BROOK) == "2.00"


def test_the_same_balance_in_another_file_has_in_it_what_was_taken_before_the_first(harness: Harness) -> None:
    """The first may have been made before the payment was fetched; then the second would say otherwise [A-85]."""
    pay(harness, BROOK, "64.20")
    batch = ExportBatches(harness.store).create(harness.lane, WATERSMART, "payments")
    assert batch is not None
    ExportBatches(harness.store).delivered(harness.lane, batch.biller_guid, batch.report_id)
    send(harness, f"{BROOK},Brook,16.45,1,")
    assert owed(harness, BROOK) == "0.00", "47.75 of the payment is visible in it, the rest may be"
    send(harness, f"{BROOK},Brook,16.45,1,")
    assert owed(harness, BROOK) == "0.00", "the same file"
    send(harness, f"{BROOK},Brook,16.45,1,", f"{POND},Pond,310.75,1,")
    assert owed(harness, BROOK) == "16.45"


def test_a_bill_that_carries_the_balance_forward_does_not_forgive_a_return_that_nobody_fetched(
    harness: Harness,
) -> None:
    """WaterSmart takes the bill before for paid."""
    freeze(harness)
    answers = {"configuration": {"Questionnaire": {"BalanceForward": True}}}
    assert harness.control("PATCH", f"billers/{WATERSMART}", answers).status == 200
    send(harness, row("30000002", "64.20", number="A1"))
    pay(harness, "30000002", "64.20", tender="ach", bank_account=RETURNS)
    fetched(harness)
    advance(harness, timedelta(days=8))
    assert owed(harness, "30000002") == "64.20", "it came back"
    send(harness, row("30000002", "55.00", number="A2").replace("08/25", "08/26"))
    assert owed(harness, "30000002") == "119.20"
    fetched(harness, "rejects")
    send(harness, "30000002,Dale,119.20,1,")
    assert owed(harness, "30000002") == "119.20"


def test_a_balance_days_after_a_return_was_fetched_counts_though_it_is_the_last_word_again(harness: Harness) -> None:
    """What came back is in it, and so is as much that was paid at the counter since [A-100]; before, it may be old."""
    freeze(harness)
    pay(harness, BROOK, "30.00", tender="ach", bank_account=RETURNS)
    fetched(harness)
    send(harness, f"{BROOK},Brook,34.20,1,")
    advance(harness, timedelta(days=8))
    assert owed(harness, BROOK) == "64.20", "it came back"
    same = f"{BROOK},Brook,34.20,1,"
    send(harness, same, same)
    assert owed(harness, BROOK) == "64.20", "nobody fetched that"
    fetched(harness, "rejects")
    found = []
    for days, pond in ((0, "310.76"), (2, "310.77"), (2, "310.78"), (2, "310.79")):
        advance(harness, timedelta(days=days))
        send(harness, same, f"{POND},Pond,{pond},1,")
        found.append(owed(harness, BROOK))
    assert found == ["64.20", "64.20", "34.20", "34.20"]


def test_what_was_paid_too_much_before_a_lower_balance_came_is_a_credit(shared: Harness) -> None:
    """Paid in full at Invoice Cloud in the night in which WaterSmart said that most was paid at its counter."""
    pay(shared, BROOK, "64.20")
    send(shared, f"{BROOK},Brook,24.20,1,")
    assert owed(shared, BROOK) == "-40.00"


def test_a_closed_credit_counts_no_more_in_what_a_balance_said(harness: Harness) -> None:
    """The newest bill was a credit, which the first balance took up: the next one is a cent less, and no old word."""
    send(harness, row(BROOK, "-0.01").replace("08/25/2026", "11/25/2026"))
    send(harness, HEADER.strip(), f"{BROOK},Brook,-233.67,1,")
    assert owed(harness, BROOK) == "-233.67"
    send(harness, HEADER.strip(), f"{BROOK},Brook,-233.68,1,")
    assert owed(harness, BROOK) == "-233.68"


def test_a_payment_fetched_days_before_a_file_is_in_it(shared: Harness) -> None:
    """[A-118]: it is not taken off again where the balance rose since, or is what it was before."""
    harness = shared
    freeze(harness)
    exports = ExportBatches(harness.store)
    for days, said, due in ((4, "64.20", "64.20"), (4, "15.00", "15.00"), (2, "14.00", "10.00")):
        before = Decimal(owed(harness, BROOK))
        pay(harness, BROOK, f"{before - 10:.2f}")
        batch = exports.create(harness.lane, WATERSMART, "payments")
        assert batch is not None
        exports.delivered(harness.lane, batch.biller_guid, batch.report_id)
        advance(harness, timedelta(days=days))
        send(harness, f"{BROOK},Brook,{said},1,")
        assert owed(harness, BROOK) == due, f"{days} days after it was fetched"


@pytest.mark.parametrize(("balance_forward", "due"), [(True, "40.00"), (False, "150.00")])
def test_a_bill_that_carries_a_balance_forward_asks_for_no_payment_that_nobody_fetched(
    harness: Harness, balance_forward: bool, due: str
) -> None:
    """WaterSmart cannot have it in the total yet."""
    answers = {"configuration": {"Questionnaire": {"BalanceForward": balance_forward}}}
    assert harness.control("PATCH", f"billers/{WATERSMART}", answers).status == 200
    send(harness, row("30000002", "110.00", number="A1"))
    pay(harness, "30000002", "110.00")
    send(harness, row("30000002", "150.00", number="A2").replace("08/25", "08/26"))
    found = {one["invoice_number"]: one["balance_due"] for one in harness.get("invoices", **OWN)["invoices"]}
    assert found["A2"] == due
    batch = ExportBatches(harness.store).create(harness.lane, WATERSMART, "payments")
    assert batch is not None
    ExportBatches(harness.store).delivered(harness.lane, WATERSMART, batch.report_id)
    send(harness, row("30000002", "55.00", number="A3").replace("08/25", "08/27"))
    assert harness.get("invoices/A3", **OWN)["balance_due"] == "55.00", "it was fetched, and is in the total"


def test_a_balance_asks_for_no_payment_of_a_bill_that_is_paid_and_that_nobodyfetched(harness: Harness) -> None:
    """The payer has two bills and paid one: WaterSmart's balance has both, and what a clerk entered."""
    send(harness, row("30000002", "64.20", number="A1"))
    pay(harness, "30000002", "64.20")
    send(harness, row("30000002", "42.10", number="A2").replace("08/25", "08/26"))
    send(harness, "30000002,Dale,122.75,1,")
    assert owed(harness, "30000002") == "58.55"
    batch = ExportBatches(harness.store).create(harness.lane, WATERSMART, "payments")
    assert batch is not None
    ExportBatches(harness.store).delivered(harness.lane, WATERSMART, batch.report_id)
    send(harness, "30000002,Dale,60.00,1,")
    assert owed(harness, "30000002") == "60.00", "it was fetched, and is in the balance"


@pytest.mark.parametrize("files", [["A1", "A2"], ["A2", "A1"], ["A1 A2"], ["A2 A1"]])
def test_of_two_bills_of_a_day_the_one_with_the_higher_number_carries_the_other(
    harness: Harness, files: list[str]
) -> None:
    """WaterSmart states the account's balance on that one; with both open it would be asked for nearly twice."""
    answers = {"configuration": {"Questionnaire": {"BalanceForward": True}}}
    assert harness.control("PATCH", f"billers/{WATERSMART}", answers).status == 200
    rows = {"A1": row("30000002", "94.20", number="A1"), "A2": row("30000002", "95.20", number="A2")}
    for file in files:
        send(harness, *(rows[number] for number in file.split()))
    assert owed(harness, "30000002") == "95.20"


def test_what_was_fetched_long_ago_stays_known_when_its_file_is_pruned(harness: Harness) -> None:
    """Money that the partner has in its balances is not taken off them, and a file on its way is waited for [A-118]."""
    freeze(harness)
    answers = {"configuration": {"Questionnaire": {"BalanceForward": True}}}
    assert harness.control("PATCH", f"billers/{WATERSMART}", answers).status == 200
    exports = ExportBatches(harness.store)
    for account in ("30000003", "30000004"):
        send(harness, row(account, "110.00", number=f"{account}-1"))
        pay(harness, account, "110.00")
    batch = exports.create(harness.lane, WATERSMART, "payments")
    assert batch is not None
    exports.delivered(harness.lane, batch.biller_guid, batch.report_id)
    pruner = Pruner(harness.lanes, PRUNES)
    advance(harness, timedelta(days=2))
    assert pruner.prune(timedelta(days=1), timedelta(days=30))["exports"] == 0, "a file may be older than that"
    advance(harness, timedelta(days=98))
    assert pruner.prune(timedelta(days=90), timedelta(days=30))["exports"] == 1
    send(harness, row("30000003", "60.00", number="30000003-2").replace("08/25", "11/25"))
    assert harness.get("invoices/30000003-2", **OWN)["balance_due"] == "60.00", "a new bill"
    send(harness, "30000004,Dale,55.00,1,")
    assert owed(harness, "30000004") == "55.00", "a balance"


def test_an_older_invoice_is_lowered_before_the_latest(harness: Harness) -> None:
    send(
        harness, row("30000002", "30.00", number="A1"), row("30000002", "50.00", number="A2").replace("08/25", "08/26")
    )
    assert owed(harness, "30000002") == "80.00"
    send(harness, "30000002,Ann,-60.00,2,")
    due = {one["invoice_number"]: one["balance_due"] for one in harness.get("invoices", **OWN)["invoices"]}
    assert owed(harness, "30000002") == "20.00"
    assert (due["A1"], due["A2"]) == ("20.00", "0.00")


def test_what_cannot_be_applied_is_in_quarantine_and_can_be_loaded_again(harness: Harness) -> None:
    harness.control("PATCH", f"billers/{WATERSMART}", {"settings": {"29": "1"}})
    done = send(
        harness,
        "99999,Nobody,1.00,2,",
        f"{POND},Pond,300.00,1,",
        f"{BROOK},Brook,5.00,2,",
        f"{BROOK},Brook,999999999999999.00,2,",
        f"{BROOK},Brook,1.234,2,",
    )
    assert (done["state"], done["accepted"], done["rejected"]) == ("loaded", 2, 3)
    assert done["message"] == "3 adjustments were rejected, 2 loaded."
    assert sorted(problems(harness, done)) == [
        (1, 1, "AccountNumber", "unknown-account"),
        (4, 3, "AdjustmentAmount", "balance-too-large"),
        (5, 3, "AdjustmentAmount", "not-an-amount"),
    ]
    assert owed(harness, BROOK) == "69.20"
    assert harness.control("GET", "customers/99999", **OWN).status == 404, "no customer is made"
    page = harness.get(f"uploads/{done['upload_id']}/quarantine")
    assert page["next"] == 1
    assert harness.get(f"uploads/{done['upload_id']}/quarantine", page="1") == {"content": "", "next": None}
    mended = page["content"].replace("99999,Nobody", f"{BROOK},Brook").replace("1.234", "1.23")
    again = send(harness, *mended.replace("999999999999999.00", "0.77").splitlines())
    assert (again["state"], again["rejected"]) == ("loaded", 0)
    assert (owed(harness, BROOK), owed(harness, POND)) == ("72.20", "300.00")


def test_a_problem_of_an_invoice_row_says_of_which_invoice_where_the_row_does(harness: Harness) -> None:
    done = send(harness, row("3E5", "1.00", number="A1"), row("3E6", "1.00"), row("3E7", "1.00", number='"A3'))
    found = harness.get(f"uploads/{done['upload_id']}/problems")["problems"]
    assert [(one["line"], one["invoice_number"]) for one in found] == [(1, "A1"), (2, ""), (3, "")], (
        "no row of the table says none"
    )


def test_the_same_rows_again_do_nothing_and_an_earlier_files_wait(harness: Harness) -> None:
    """[A-87]."""
    first = send(harness, f"{BROOK},Brook,-4.20,2,", name="monday.csv")
    bom = f"\ufeff{HEADER}{BROOK}, Brook ,-4.20,2,\n\n,,,,\n".encode()
    again = harness.send("uploads", bom, file_name="tuesday.csv", **OWN).json
    assert (again["state"], again["repeats"]) == ("repeated", first["upload_id"])
    assert again["message"] == (
        f"Nothing was applied: the rows are those of monday.csv ({first['upload_id']}), the latest file of its kind."
    )
    send(harness, row("30000003", "10.00"))  # of the other kind: the balance file stays the latest of its own
    assert send(harness, f"{BROOK},Brook,-4.20,2,")["state"] == "repeated"
    send(harness, f"{POND},Pond,1.00,2,")
    waiting = send(harness, f"{BROOK},Brook,-4.20,2,", name="wednesday.csv")
    assert (waiting["state"], waiting["repeats"], owed(harness, BROOK)) == ("waiting", first["upload_id"], "60.00")
    assert "monday.csv" in waiting["message"]
    path = f"uploads/{waiting['upload_id']}"
    accepted = harness.control("POST", f"{path}/accept")
    assert (accepted.json["state"], accepted.json["accepted"]) == ("loaded", 1)
    assert owed(harness, BROOK) == "55.80"
    assert harness.control("POST", f"{path}/accept").status == 409
    send(harness, f"{POND},Pond,2.00,2,")
    dismissed = send(harness, f"{POND},Pond,1.00,2,")
    assert harness.control("POST", f"uploads/{dismissed['upload_id']}/dismiss").json["state"] == "dismissed"
    assert owed(harness, POND) == "313.75"


def test_the_problems_of_an_old_file_are_pruned_and_what_waits_is_kept(harness: Harness) -> None:
    freeze(harness)
    old = send(harness, "99999,Nobody,1.00,2,", f"{POND},Pond,7.00,2,")
    send(harness, f"{POND},Pond,9.00,2,")
    waits = send(harness, "99999,Nobody,1.00,2,", f"{POND},Pond,7.00,2,")
    assert waits["state"] == "waiting"
    advance(harness, timedelta(days=100))
    young = send(harness, "99999,Nobody,2.00,2,")
    Pruner(harness.lanes, PRUNES).prune(timedelta(days=90), timedelta(days=30))
    assert problems(harness, old) == []
    assert harness.get(f"uploads/{old['upload_id']}/quarantine")["content"] == ""
    assert harness.get(f"uploads/{old['upload_id']}")["rejected"] == 1, "what it did stays known"
    assert len(problems(harness, young)) == 1
    accepted = harness.control("POST", f"uploads/{waits['upload_id']}/accept").json
    assert (accepted["state"], accepted["accepted"], accepted["rejected"]) == ("loaded", 1, 1)


def test_an_earlier_file_that_sets_is_applied_and_noted(harness: Harness) -> None:
    first = send(harness, f"{BROOK},Brook,50.00,1,", name="monday.csv")
    send(harness, f"{BROOK},Brook,60.00,1,")
    again = send(harness, f"{BROOK},Brook,50.00,1,")
    assert (again["state"], again["repeats"], owed(harness, BROOK)) == ("loaded", first["upload_id"], "50.00")
    assert again["notes"][-1] == f"the rows are those of monday.csv ({first['upload_id']}), an earlier file"


def test_a_csv_of_other_columns_is_rejected_in_words(harness: Harness) -> None:
    told = send(harness, "a,b,c")
    assert (told["state"], told["kind"], told["rejected"]) == ("rejected", "", 1)
    assert "neither the 16 columns of an invoice file nor the 5 of a balance file" in told["message"]
    refused = harness.send("uploads", b"x", file_name="a.csv", biller_guid=UTILITY)
    assert refused.json["error"]["message"] == "FileName: 'a.csv': no CSV files are taken from billers of inhance_v2"


def test_a_big_file_is_read_and_loaded_in_batches(harness: Harness) -> None:
    """More than two batches, every hundredth row broken."""
    wrong = {at for at in range(1200) if at % 100 == 99}
    loaded = send(harness, *(row(f"4{at:07}", "1.2x" if at in wrong else "1.25") for at in range(1200)))
    assert (loaded["accepted"], loaded["rejected"], loaded["total_amount_due"]) == (1188, 12, "1485.00")
    loaded = send(harness, *(f"4{at:07},Ann,{at}.00,2," for at in range(1200)))
    assert (loaded["accepted"], loaded["rejected"]) == (1188, 12)
    assert owed(harness, "40001198") == "1199.25"
