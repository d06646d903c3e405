"""A balance of WaterSmart's, which has one account whoever owns it, where Invoice Cloud knows former owners [A-124]."""

from __future__ import annotations

from datetime import timedelta

from tests.simulators.ic_webservices.harness import WATERSMART, Harness, advance
from tests.simulators.ic_webservices.water_files import OWN, fetched, pay, row, send

NUMBER = "30000002"


def conveyed(harness: Harness) -> str:
    """The number of an account, conveyed now."""
    answer = harness.control("POST", f"customers/{NUMBER}/convey", {"biller_guid": WATERSMART})
    return str(answer.json["account_number"])


def dues(harness: Harness) -> dict[str, str]:
    """What is asked on each bill that is not closed."""
    found = harness.get("invoices", **OWN)["invoices"]
    return {
        one["invoice_number"]: one["balance_due"]
        for one in found
        if one["account_number"].startswith(NUMBER) and one["status"] != "closed"
    }


def test_while_there_is_no_new_owner_it_is_the_former_ones(harness: Harness) -> None:
    send(harness, row(NUMBER, "64.20", number="A1"))
    conveyed(harness)
    assert send(harness, f"{NUMBER},Ann,63.21,1,")["rejected"] == 0
    assert dues(harness) == {"A1": "63.21"}
    send(harness, f"{NUMBER},Ann,-3.21,2,")
    assert dues(harness) == {"A1": "60.00"}
    send(harness, f"{NUMBER},Ann,66.00,1,")
    assert dues(harness) == {"A1": "66.00"}


def test_the_new_owner_is_asked_for_what_the_former_ones_are_not(harness: Harness) -> None:
    send(harness, row(NUMBER, "64.20", number="A1"))
    conveyed(harness)
    send(harness, row(NUMBER, "10.00", number="A2"))
    send(harness, f"{NUMBER},Ann,76.20,1,")
    assert dues(harness) == {"A1": "64.20", "A2": "12.00"}
    send(harness, f"{NUMBER},Ann,-12.00,2,")
    assert dues(harness) == {"A1": "64.20", "A2": "0.00"}, "an addition is the account's that it names"
    send(harness, f"{NUMBER},Ann,70.00,1,")
    assert dues(harness) == {"A1": "64.20", "A2": "5.80"}, "of the new owner's bill, which is paid"
    send(harness, f"{NUMBER},Ann,60.00,1,")
    assert dues(harness) == {"A1": "60.00", "A2": "0.00"}, "never more than the balance, the oldest first"


def test_what_the_former_owner_paid_and_nobody_fetched_is_asked_of_nobody(harness: Harness) -> None:
    send(harness, row(NUMBER, "64.20", number="A1"))
    former = conveyed(harness)
    send(harness, row(NUMBER, "10.00", number="A2"))
    pay(harness, former, "64.20")
    send(harness, f"{NUMBER},Ann,76.20,1,")
    assert dues(harness) == {"A1": "0.00", "A2": "12.00"}
    fetched(harness)
    advance(harness, timedelta(days=4))
    send(harness, f"{NUMBER},Ann,15.00,1,")
    assert dues(harness) == {"A1": "0.00", "A2": "15.00"}


def test_a_former_owners_credit_stays_that_ones(harness: Harness) -> None:
    send(harness, row(NUMBER, "-5.00", number="A1"))
    conveyed(harness)
    send(harness, row(NUMBER, "10.00", number="A2"))
    send(harness, f"{NUMBER},Ann,7.00,1,")
    assert dues(harness) == {"A1": "-5.00", "A2": "12.00"}


def test_an_account_that_nobody_ever_had_is_not_known(harness: Harness) -> None:
    send(harness, row(NUMBER, "64.20", number="A1"))
    conveyed(harness)
    told = send(harness, "3000000,Ann,63.21,1,", f"{NUMBER}0,Ann,63.21,1,")
    assert told["rejected"] == 2
