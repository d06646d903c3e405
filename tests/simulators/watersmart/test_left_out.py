"""Files in which Invoice Cloud left out what a column could not hold [A-90]."""

from __future__ import annotations

import pytest

from tests.simulators.watersmart.water import LAUNDROMAT, Water, payment, reject


@pytest.mark.parametrize("reject_first", [False, True])
@pytest.mark.parametrize(("returned", "left"), [("10.00", "63.20"), ("9.99", "53.20")])
def test_a_payment_without_its_account_waits_and_its_reject_goes_by_reference_and_amount(
    water: Water, reject_first: bool, returned: str, left: str
) -> None:
    water.cloud.export("payments", 1, payment(9, "10.00", ""), payment(1, "1.00"))
    water.cloud.export("changes", 2, ",,,,,555-0100,09152026120000,,")
    said = water.run("collect")
    assert "1 applied, 1 wait for a person" in said
    assert "not of our accounts: one without its number" in said
    assert (water.balance(), water.api("GET", "/books")["unmatched"]) == ("63.20", 1)
    steps = [
        lambda: water.api("POST", "/payments/guid-9/account", account_number=LAUNDROMAT),
        lambda: (water.cloud.export("rejects", 3, reject(9, returned, "")), water.run("collect")),
    ]
    for step in reversed(steps) if reject_first else steps:
        step()
    assert water.balance() == left
