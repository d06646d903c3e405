"""Which of an account's bills is the last, and what is said of an only account."""

from __future__ import annotations

from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.watersmart import Settings
from tests.simulators.watersmart.water import APARTMENTS, LAUNDROMAT, NURSERY, Water


def test_of_bills_of_one_day_the_higher_number_carries_the_balance(store_url: str) -> None:
    store = Store(store_url)
    water = Water(store, Settings(balance_forward=True))
    water.run("invoices")
    for number, amount in (("10000", "30.00"), ("9999", "1.00")):
        water.api("POST", f"/customers/{LAUNDROMAT}/bills", amount=amount, invoice_number=number)
    water.run("invoices")
    rows = [row.split(",") for row in water.cloud.sent[-1][1].splitlines()]
    assert [row[9:11] for row in rows] == [["65.20", "64.20"], ["95.20", "65.20"]], "9999 is before 10000"
    assert [one["invoice_number"] for one in water.api("GET", f"/customers/{LAUNDROMAT}")["invoices"]][-2:] == [
        "9999",
        "10000",
    ]
    water.api("POST", f"/customers/{LAUNDROMAT}/renew")
    assert water.balance() == "95.20", "what the last bill asks for"
    water.simulator.world.runner.close()
    store.close()


def test_a_balance_is_said_after_a_bill_of_an_earlier_day_though_the_last_one_asked_for_as_much(
    store_url: str,
) -> None:
    """A balance said less meanwhile, and Invoice Cloud closes the bill into the last one, which asks for that."""
    store = Store(store_url)
    water = Water(store, Settings(balance_forward=True))
    water.run("invoices")
    for number, amount, day in (("1001", "9.00", "28"), ("1002", "-1.00", "20"), ("1003", "1.00", "21")):
        bill = {"amount": amount, "invoice_number": number, "invoiced_on": f"2027-06-{day}"}
        water.api("POST", f"/customers/{LAUNDROMAT}/bills", **bill, due_on="2027-07-20")
        water.run("invoices")
        water.run("balances")
    said = [content.split(",")[2] for name, content in water.cloud.sent if "balances" in name]
    assert said == ["72.20", "73.20"]
    water.simulator.world.runner.close()
    store.close()


def test_an_only_account_is_said_again_by_a_row_that_stands_twice(water: Water) -> None:
    """One row alone would be the last file again, and be taken for it [A-87]."""
    water.run("invoices")
    rows = water.lanes.export(water.lane.name)
    kept = {name: [row for row in rows[name] if row.get("account_number") != APARTMENTS] for name in rows}
    kept = {name: [row for row in kept[name] if row.get("account_number") != NURSERY] for name in kept}
    water.lanes.load(water.lane.name, kept)
    for _ in range(3):
        for amount in ("4.00", "-4.00"):
            water.api("POST", f"/customers/{LAUNDROMAT}/entries", kind="adjusted", amount=amount)
        water.run("balances")
    said = [content.splitlines() for _, content in water.cloud.sent[1:]]
    row = f"{LAUNDROMAT},Brook Street Laundromat,64.20,1,64.20"
    assert said == [[row], [row, row], [row]]
    assert not any(one["balance_waits"] for one in water.api("GET", "/customers")["customers"])
