"""What is held back of a balance of WaterSmart's, as it may have been paid just before [A-85]."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.simulators.ic_webservices.harness import WATERSMART, Harness, advance, freeze
from tests.simulators.ic_webservices.water_files import BROOK, OWN, POND, fetched, owed, pay, row, send


def held_back(harness: Harness, account: str) -> list[str]:
    """What is held back of the account's last balance, by bill."""
    found = harness.get("invoices", account_number=account, **OWN)["invoices"]
    return [one["held_back"] for one in sorted(found, key=lambda one: str(one["invoice_number"]))]


def test_a_bill_shows_what_is_held_back_of_a_balance_until_the_next_word(harness: Harness) -> None:
    """[A-85] What may have been paid just before, to the cent; what nobody fetched is surely not in it."""
    pay(harness, BROOK, "30.00")
    send(harness, f"{BROOK},Brook,64.20,1,", f"{POND},Pond,310.75,1,")
    assert (owed(harness, BROOK), held_back(harness, BROOK)) == ("34.20", ["0.00"]), "nobody fetched it"
    fetched(harness)
    send(harness, f"{BROOK},Brook,64.20,1,", f"{POND},Pond,310.76,1,")
    assert (owed(harness, BROOK), held_back(harness, BROOK)) == ("34.20", ["30.00"]), "the same word, fetched since"
    send(harness, f"{BROOK},Brook,40.00,1,")
    assert (owed(harness, BROOK), held_back(harness, BROOK)) == ("34.20", ["5.80"]), "24.20 of it is visible"
    send(harness, f"{BROOK},Brook,1.00,2,")
    assert (owed(harness, BROOK), held_back(harness, BROOK)) == ("35.20", ["5.80"]), "an addition says nothing of it"
    send(harness, f"{BROOK},Brook,41.00,1,")
    assert (owed(harness, BROOK), held_back(harness, BROOK)) == ("41.00", ["0.00"]), "the next word has it"


def test_an_export_of_a_lane_from_before_bills_had_what_is_held_back_loads(harness: Harness) -> None:
    assert owed(harness, BROOK) == "64.20"
    rows = harness.lanes.export(harness.lane_name)
    assert rows["ic_invoices"]
    before = [{name: value for name, value in row.items() if name != "held_cents"} for row in rows["ic_invoices"]]
    harness.lanes.load(harness.lane_name, {**rows, "ic_invoices": before})
    assert held_back(harness, BROOK) == ["0.00"]


@pytest.mark.parametrize(("balance_forward", "after"), [(True, ["0.00", "0.00"]), (False, ["16.45", "0.00"])])
def test_a_bill_that_carries_the_balance_forward_is_the_next_word(
    harness: Harness, balance_forward: bool, after: list[str]
) -> None:
    answers = {"configuration": {"Questionnaire": {"BalanceForward": balance_forward}}}
    assert harness.control("PATCH", f"billers/{WATERSMART}", answers).status == 200
    send(harness, row("30000002", "64.20", number="A1"))
    pay(harness, "30000002", "64.20")
    fetched(harness)
    send(harness, "30000002,Dale,16.45,1,")
    assert held_back(harness, "30000002") == ["16.45"]
    send(harness, row("30000002", "55.00", number="A2").replace("08/25", "08/26"))
    assert held_back(harness, "30000002") == after
    send(harness, "30000002,Dale,60.00,1,")
    assert held_back(harness, "30000002") == ["0.00", "0.00"]


def test_a_row_that_stands_twice_is_the_same_word_as_once(harness: Harness) -> None:
    """So says WaterSmart the balance of its only account again, whose row alone would be the last file [A-120]."""
    both = []
    for rows in (1, 2):
        harness.lanes.reset("default")
        freeze(harness)
        pay(harness, BROOK, "30.00")
        fetched(harness)
        word = f"{BROOK},Brook,64.20,1,"
        send(harness, word)
        found = [(owed(harness, BROOK), held_back(harness, BROOK))]
        advance(harness, timedelta(days=5))
        send(harness, *[word] * rows, *([] if rows == 2 else [f"{POND},Pond,310.75,1,"]))
        both.append([*found, (owed(harness, BROOK), held_back(harness, BROOK))])
    assert both == [[("34.20", ["30.00"]), ("64.20", ["0.00"])]] * 2


def test_an_order_for_the_latest_bill_leaves_nothing_held_back_of_an_earlier_one(harness: Harness) -> None:
    """ "Renew User" has the account owe what its latest invoice asks for: WaterSmart's word on all of it."""
    answers = {"configuration": {"Questionnaire": {"BalanceForward": False}}}
    assert harness.control("PATCH", f"billers/{WATERSMART}", answers).status == 200
    send(harness, row("30000002", "64.20", number="9999"))
    pay(harness, "30000002", "64.20")
    fetched(harness)
    send(harness, "30000002,Dale,16.45,1,")
    send(harness, row("30000002", "55.00", number="10000"))
    assert held_back(harness, "30000002") == ["0.00", "16.45"]

    def order(number: str) -> None:
        ledger, settings = harness.sim.world.services.ledger, harness.sim.world.settings
        ledger.set_invoice_balance(
            harness.lane, WATERSMART, settings.watersmart_web_service_key, number, Decimal("55.00")
        )

    order("10000")
    assert held_back(harness, "30000002") == ["0.00", "0.00"]
