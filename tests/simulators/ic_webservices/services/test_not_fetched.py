"""What of an account's money WaterSmart cannot know: payments and returns that are in no file that it fetched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.domain.invoices import Taken
from partnerlab.simulators.ic_webservices.services.export_batches import ExportBatches
from partnerlab.simulators.ic_webservices.services.ledger import biller_of, invoice_of
from partnerlab.simulators.ic_webservices.services.taken import taken_by_file, with_not_fetched
from partnerlab.simulators.kit.world.store import Statement
from tests.simulators.ic_webservices.harness import (
    RETURNS,
    UTILITY,
    WATERSMART,
    Harness,
    advance,
    begin,
    bill_file,
    group,
)
from tests.simulators.ic_webservices.water_files import BROOK, fetched, pay, row, send

NUMBER, OTHER = "30000002", "other"
ALL_PRUNED = Statement("DELETE FROM ic_export_batches WHERE lane = :lane")
BILLS = {"A1": "1.00", "A2": "20.00", "A3": "300.00", "A4": "4000.00", "A5": "5000.00", "A6": "6000.00"}


def paid(harness: Harness, bill: str, **order: Any) -> None:
    pay(harness, NUMBER, BILLS[bill], invoice_number=bill, **order)


def comes_back(harness: Harness, bill: str, *, known: bool) -> None:
    paid(harness, bill, tender="ach", bank_account=RETURNS)
    if known:
        fetched(harness)
    advance(harness, timedelta(days=8))


@pytest.fixture
def told(harness: Harness) -> Harness:
    """
    WaterSmart knows of A1 and that A5 came back, of A4 not that it did, of A2 and A3 nothing; in the lane `other` it
    knows of all. A6 was declined.
    """
    begin(harness)
    send(
        harness, *(row(NUMBER, amount, number=bill) for bill, amount in BILLS.items()), row(BROOK, "7.00", number="B1")
    )
    harness.upload(bill_file([group("A2", NUMBER, "0.30")]))
    comes_back(harness, "A5", known=True)
    fetched(harness, "rejects")
    paid(harness, "A1")
    comes_back(harness, "A4", known=True)
    comes_back(harness, "A3", known=False)
    paid(harness, "A2")
    declined = {"account_number": NUMBER, "biller_guid": WATERSMART, "amount": BILLS["A6"], "invoice_number": "A6"}
    assert harness.pay(**declined, card_number="4000000000000002").json["approved"] is False
    pay(harness, NUMBER, "0.02", donation="standalone")
    pay(harness, NUMBER, "0.04", donation="inline", invoice_number="A2")
    pay(harness, BROOK, "7.00")
    assert harness.pay(account_number=NUMBER, biller_guid=UTILITY, amount="0.30").status == 201
    exports = ExportBatches(harness.store)
    written = [exports.create(harness.lane, WATERSMART, kind) for kind in ("payments", "rejects")]
    harness.lanes.fork("default", OTHER)
    harness.lane_name = OTHER
    for batch in written:
        assert batch is not None
        exports.delivered(harness.lane, WATERSMART, batch.report_id)
    return harness


def not_fetched(harness: Harness, lane: str, number: str = NUMBER) -> tuple[int, bool]:
    harness.lane_name = lane
    with harness.store.read() as tx:
        biller = biller_of(tx, harness.lane, WATERSMART)
        taken = with_not_fetched(tx, harness.lane, biller, [number], Taken())
    return taken.missing_cents, taken.returns_seen


def by_file(harness: Harness, lane: str, bill: str, number: str = NUMBER) -> tuple[int, int, int]:
    harness.lane_name = lane
    with harness.store.read() as tx:
        biller = biller_of(tx, harness.lane, WATERSMART)
        invoice = invoice_of(tx, harness.lane, biller, bill)
        taken = taken_by_file(tx, harness.lane, biller, [number], invoice)
    return taken.perhaps_cents, taken.seen_cents, taken.missing_cents


def test_only_what_the_partner_cannot_know_is_missing_in_its_balance(told: Harness) -> None:
    assert not_fetched(told, "default") == (20_00 - 4000_00, True)
    assert not_fetched(told, "default", BROOK) == (7_00, False)


def test_in_another_lane_it_is_what_was_fetched_there(told: Harness) -> None:
    """Its last reject was fetched just now: a file may come that does not know of it yet [A-118]."""
    assert not_fetched(told, OTHER) == (0, False)
    assert not_fetched(told, OTHER, BROOK) == (0, False)


def test_a_file_that_is_not_there_any_more_was_fetched(told: Harness) -> None:
    with told.store.write() as tx:
        tx.run(ALL_PRUNED, lane=OTHER)
    assert not_fetched(told, OTHER) == (0, True)
    assert not_fetched(told, "default") == (20_00 - 4000_00, True)


def test_of_a_bill_a_file_may_have_what_was_fetched_and_nothing_else(told: Harness) -> None:
    assert {bill: by_file(told, "default", bill) for bill in BILLS} == {
        **dict.fromkeys(BILLS, (0, 0, 0)),
        "A1": (0, 1_00, 0),
        "A2": (0, 0, 20_00),
    }
    assert by_file(told, OTHER, "A2") == (20_00, 0, 0)
    assert by_file(told, OTHER, "A2", BROOK) == (0, 0, 0)
    assert by_file(told, OTHER, "B1", BROOK) == (7_00, 0, 0)
    send(told, row(BROOK, "8.00", number="B1"))
    assert by_file(told, OTHER, "B1", BROOK) == (0, 0, 0), "the file is later"
    advance(told, timedelta(days=4))
    assert by_file(told, OTHER, "A2") == (0, 20_00, 0)
    send(told, row(NUMBER, "21.00", number="A2"))
    assert by_file(told, OTHER, "A2") == (0, 0, 0), "the file is later"
