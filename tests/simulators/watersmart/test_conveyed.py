"""Of an account that Invoice Cloud passed to a new owner WaterSmart knows nothing; rows have a mark [A-124]."""

from __future__ import annotations

from decimal import Decimal

import pytest

from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.watersmart import Settings
from tests.simulators.watersmart.water import APARTMENTS, LAUNDROMAT, Water, payment, reject


@pytest.mark.parametrize("reject_first", [False, True])
def test_a_payment_whose_account_was_conveyed_since_is_taken_back(water: Water, reject_first: bool) -> None:
    """The reject alone has the mark [A-4]; one of another account waits for a person."""
    paid = payment(1, "10.00"), payment(2, "3.00")
    back = reject(1, "10.00", f"{LAUNDROMAT}CV-20260916093000"), reject(2, "3.00", f"{APARTMENTS}CV-20260916093000")
    batches = ("rejects", back), ("payments", paid)
    for number, (kind, rows) in enumerate(batches if reject_first else batches[::-1]):
        water.cloud.export(kind, number, *rows)
        water.run("collect")
    assert (water.balance(), water.api("GET", "/books")["unmatched"]) == ("61.20", 1)


def test_no_balance_is_said_while_a_former_owners_payment_waits_for_a_person(water: Water) -> None:
    """Invoice Cloud would ask for it again [A-124]."""
    water.cloud.export("payments", 1, payment(9, "10.00", f"{LAUNDROMAT}CV-20260915093000"))
    water.run("collect")
    for account in (LAUNDROMAT, APARTMENTS):
        water.api("POST", f"/customers/{account}/entries", kind="counter_payment", amount="1.00")
    assert water.run("balances").startswith("balances: ")
    assert [row.split(",")[0] for row in water.cloud.sent[-1][1].splitlines()] == [APARTMENTS]
    assert water.run("balances") == "balances: no balance changed"
    water.api("POST", "/payments/guid-9/account", account_number=LAUNDROMAT)
    water.run("balances")
    assert [row.split(",")[2] for row in water.cloud.sent[-1][1].splitlines()] == ["53.20"]


def test_a_payment_for_which_a_person_found_the_account_long_ago_is_taken_back(water: Water) -> None:
    """The account has a thousand entries since, and another payment of the same amount."""
    water.cloud.export("payments", 1, payment(9, "10.00", "404"), payment(10, "10.00"))
    water.run("collect")
    water.api("POST", "/payments/guid-9/account", account_number=LAUNDROMAT)
    before = Decimal(water.balance())
    for _ in range(1_001):
        water.api("POST", f"/customers/{LAUNDROMAT}/entries", kind="adjusted", amount="0.01")
    water.cloud.export("rejects", 2, reject(9, "10.00", "404"))
    water.run("collect")
    assert Decimal(water.balance()) == before + Decimal("10.01") + 10
    assert [one["state"] for one in water.api("GET", "/payments")["payments"]] == ["returned", "posted"]


def test_a_bill_that_carries_the_balance_forward_is_put_right_once_a_person_found_the_payment() -> None:
    """Its total was made while a former owner's payment waited [A-124]."""
    store = Store("sqlite://")
    water = Water(store, Settings(balance_forward=True))
    water.cloud.export("payments", 1, payment(9, "64.20", f"{LAUNDROMAT}CV-20260915093000"))
    water.run("collect")
    water.api("POST", f"/customers/{LAUNDROMAT}/bills", amount="10.00")
    water.run("invoices")
    assert water.cloud.sent[-1][1].splitlines()[-1].split(",")[9] == "74.20"
    assert water.run("balances") == "balances: no balance changed"
    water.api("POST", "/payments/guid-9/account", account_number=LAUNDROMAT)
    water.run("balances")
    assert [row.split(",")[2] for row in water.cloud.sent[-1][1].splitlines()] == ["10.00"]
    water.simulator.world.runner.close()
    store.close()
