"""What a clerk enters: it lowers the balance, moves no money, and stands in the partner's columns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.payments import Order
from partnerlab.simulators.ic_webservices.services.export_batches import ExportBatches
from tests.simulators.ic_webservices.harness import (
    INVOICING,
    WATERSMART,
    WATERSMART_KEY,
    Answer,
    Harness,
    advance,
    elements,
    keyed,
    texts,
)

BROOK = "20000201"
OWN = {"biller_guid": WATERSMART}


def enter(harness: Harness, amount: str = "20.00", **entry: Any) -> Answer:
    return harness.control("POST", "clerk/payments", {"account_number": BROOK, "amount": amount, **OWN, **entry})


def test_a_payment_over_the_counter_lowers_the_balance_and_stands_in_both_exports(harness: Harness) -> None:
    entry = {"check_number": "1042", "biller_reference": "Drawer 2", "location_reference": "Town hall"}
    made = enter(harness, payment_guid="counter-1", **entry)
    assert (made.status, made.json["state"], made.json["tender"], made.json["offline"]) == (
        201,
        "settled",
        "check",
        True,
    )
    assert enter(harness, payment_guid="counter-1", **entry).status == 200, "entered once"
    assert harness.get(f"invoices/{BROOK}-0001", **OWN)["balance_due"] == "44.20"
    assert harness.raised == [], "no event: it goes out in files and downloads"
    assert advance(harness, timedelta(days=10)) == [], "nothing settles or comes back"
    exports = ExportBatches(harness.store)
    batch = exports.create(harness.lane, WATERSMART, "payments", split=True)
    assert batch is not None
    _, (file,) = exports.get(harness.lane, batch.report_id)
    assert (file.part, file.name[:16]) == ("bank", "ICPayments_Bank_")
    cells = (exports.page(harness.lane, batch.report_id, file.name, 0) or "").strip().split(",")
    assert cells[6:9] == ["2", "Check", "20.00"]
    assert cells[12:] == ["True", "Drawer 2", "True", "Town hall", str(batch.report_id), "1042"]
    asked = elements({**keyed(WATERSMART, WATERSMART_KEY), "Since": "2020-01-01T00:00:00"})
    (found,) = harness.soap(INVOICING, "ExportPayments", f"<Req>{asked}</Req>").iter(f"{{{INVOICING}}}ExportedPayment")
    told = texts(found)
    assert (told["Offline"], told["CheckNumber"], told["LocationReference"]) == ("true", "1042", "Town hall")
    assert told["WSReportID"] == str(batch.report_id), "the batch of the file it stands in"


@pytest.mark.parametrize("tender", ["credit_card", "ach"])
def test_a_clerk_enters_nothing_that_would_move_money(harness: Harness, tender: str) -> None:
    """The control API has no such tender; the service refuses it by itself."""
    order = Order(account_number=BROOK, invoice_number="", amount_cents=100, tender=tender, number="4111111111111111")
    with pytest.raises(ValueRefused, match="tender"):
        harness.sim.world.services.clerk.enter(harness.lane, WATERSMART, order, cause="test")
    assert harness.get("payments", **OWN)["payments"] == []


def test_a_clerk_takes_any_part_of_what_is_owed_and_no_more(harness: Harness) -> None:
    harness.control("POST", f"clerk/blocks/{BROOK}", {"cards": True, "bank": True, **OWN})
    assert enter(harness, "0.01", tender="cash").json["tender"] == "cash", "a block is for payers"
    for amount, code in (("64.20", "over_balance"), ("0.00", "field_invalid")):
        assert enter(harness, amount).json["error"]["code"] == code
    assert enter(harness, "64.19").status == 201
    assert enter(harness, "1.00").json["error"]["code"] == "nothing_due"
    refused = enter(harness, biller_reference="4111 1111 1111 1111").json["error"]
    assert (refused["code"], refused["field"]) == ("field_invalid", "biller_reference")
    order = {"account_number": BROOK, "amount": "1.00", "tender": "check", **OWN}
    assert harness.control("POST", "payments", order).status == 400, "payers have no checks"


def test_a_block_is_set_and_lifted_one_by_one(harness: Harness) -> None:
    def block(**flags: bool) -> tuple[bool, bool]:
        customer = harness.control("POST", f"clerk/blocks/{BROOK}", {**flags, **OWN}).json
        return customer["block_payments_cc"], customer["block_payments_eft"]

    assert [block(bank=True), block(cards=True), block(bank=False), block()] == [
        (False, True),
        (True, True),
        (True, False),
        (True, False),
    ]
    assert harness.pay(account_number=BROOK, **OWN).json["error"]["code"] == "card_blocked"
