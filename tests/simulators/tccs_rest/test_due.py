"""What the lane's clock does: instalments are billed, late fees charged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from partnerlab.simulators.tccs_rest.domain.policies import is_late
from partnerlab.simulators.tccs_rest.seeds import SEEDS
from tests.simulators.tccs_rest.insurer import POLICY, Insurer, kinds

NEW, OTHER = "700001-05/01/2028", "700002-05/01/2028"


def test_an_instalment_is_billed_on_its_day_and_outstanding_stays_the_same(insurer: Insurer) -> None:
    happened = insurer.advance(timedelta(days=20))
    assert insurer.balances() == ("230.00", "340.00")
    assert f"110.00 is billed on {POLICY}: Record bal 230.00" in happened
    assert kinds(insurer)[-1] == "instalment_billed"
    assert insurer.advance(timedelta(0)) == []


def test_the_balance_goes_by_the_lanes_clock_even_where_nothing_was_run(insurer: Insurer) -> None:
    insurer.lanes.set_clock("default", offset=timedelta(days=20), frozen_at=None)
    assert insurer.balances() == ("230.00", "340.00")


def test_a_late_fee_is_charged_once_on_the_day_after_the_due_date(insurer: Insurer) -> None:
    insurer.open(NEW, "50.00", late_fee="15.00")
    insurer.advance(timedelta(days=20))
    assert insurer.balances(NEW) == ("50.00", "50.00"), "the due date itself is in time"
    happened = insurer.advance(timedelta(days=1))
    assert f"a late fee of 15.00 is charged on {NEW}: Record bal 65.00" in happened
    assert insurer.balances(NEW) == ("65.00", "65.00")
    insurer.advance(timedelta(days=365))
    assert insurer.balances(NEW) == ("65.00", "65.00"), "once, and none on the fee"
    event = insurer.policy(NEW)["events"][-1]
    assert (event["kind"], event["detail"]["instalment"], event["detail"]["amount"]) == ("late_fee_charged", 1, "15.00")


@pytest.mark.parametrize(("paid", "fee"), [("50.00", False), ("49.99", True), ("60.00", False)])
def test_a_late_fee_is_for_what_is_not_paid_in_full(insurer: Insurer, paid: str, fee: bool) -> None:
    """ApplyLateFeeIfNoPaymentsOnly is No: a part does not save it."""
    insurer.open(NEW, "50.00", late_fee="15.00")
    insurer.pay(paid, NEW)
    insurer.advance(timedelta(days=30))
    assert ("late_fee_charged" in kinds(insurer, NEW)) is fee


def test_a_policy_without_a_late_fee_is_charged_none(insurer: Insurer) -> None:
    insurer.open(NEW, "50.00", late_fee="0")
    insurer.advance(timedelta(days=60))
    assert insurer.balances(NEW) == ("50.00", "50.00")


def test_an_unpaid_late_fee_makes_no_instalment_late(insurer: Insurer) -> None:
    insurer.open(NEW, "50.00", "50.00", late_fee="15.00")
    insurer.advance(timedelta(days=25))
    insurer.pay("50.00", NEW)
    insurer.advance(timedelta(days=10))
    insurer.pay("50.00", NEW)
    insurer.advance(timedelta(days=100))
    assert kinds(insurer, NEW).count("late_fee_charged") == 1
    assert insurer.balances(NEW) == ("15.00", "15.00")


def test_a_payment_that_comes_back_after_the_due_date_makes_its_instalment_late(insurer: Insurer) -> None:
    insurer.open(NEW, "50.00", late_fee="15.00")
    insurer.advance(timedelta(days=20))
    insurer.pay("50.00", NEW)
    insurer.advance(timedelta(days=3))
    assert insurer.balances(NEW) == ("0.00", "0.00")
    today = insurer.today()
    insurer.give_back("50.00", NEW, on=today - timedelta(days=3))
    insurer.advance(timedelta(hours=1))
    assert insurer.balances(NEW) == ("65.00", "65.00")
    at = insurer.policy(NEW)["events"][-1]["at"]
    assert today.isoformat() <= at <= insurer.lanes.get("default").now().isoformat(), "now, not on the due date"


def test_the_overdue_seed_has_had_its_late_fee(insurer: Insurer) -> None:
    assert insurer.balances("454100012-01/15/2028") == ("430.00", "430.00")
    insurer.advance(timedelta(days=10))
    assert insurer.balances("454100012-01/15/2028") == ("430.00", "430.00")


def test_the_database_finds_what_the_rule_calls_late(insurer: Insurer) -> None:
    """The one looks at every policy at once, the other at one instalment: they are written apart."""
    insurer.pay("100.00", "454100012-01/15/2028")
    insurer.pay("230.00")
    office, found = insurer.simulator.world.policies, 0
    for days in range(0, 120, 5):
        lane = insurer.lanes.set_clock("default", offset=timedelta(days=days), frozen_at=None)
        today = insurer.today()
        expected = {
            (seed.invoice_number, charge.number)
            for seed in SEEDS
            for view in (office.policy(lane, seed.invoice_number),)
            for charge in (one.charge for one in view.charges)
            if is_late(charge, [one.charge for one in view.charges], view.policy.paid_cents, today)
            and charge.kind == "instalment"
            and view.policy.late_fee_cents
            and charge.due_on >= today - timedelta(days=days)  # the seeds' own had theirs
        }
        assert {(one.invoice_number, one.charge.number) for one in office.late(lane, lane.now())} == expected
        found = max(found, len(expected))
    assert found > 8


def test_what_falls_due_is_listed_in_the_order_of_its_days(insurer: Insurer) -> None:
    lane = insurer.lanes.get("default")
    due = list(insurer.simulator.due(lane, lane.now() + timedelta(days=60)))
    assert {one.label.split(" of ")[0].split(" on ")[0] for one in due} == {
        "TCCS bills an instalment",
        "TCCS charges a late fee",
    }
    assert all(one.at.tzinfo is not None for one in due)


def test_what_was_done_or_paid_since_it_was_found_due_is_not_done(insurer: Insurer) -> None:
    """Two who look at one time, and a payment between looking and doing."""
    insurer.open(NEW, "50.00", "70.00", late_fee="15.00")
    lane = insurer.lanes.set_clock("default", offset=timedelta(days=40), frozen_at=None)
    mine = [one for one in insurer.simulator.due(lane, lane.now()) if NEW in one.label]
    assert len(mine) == 2, "one to be billed, one late"
    for _ in range(2):
        insurer.pay("60.00", NEW)
    words = [one.run() for one in mine for _ in range(2)]
    assert words[0].startswith("70.00 is billed")
    assert words[1:] == [
        f"instalment 2 of {NEW} was billed already",
        *[f"instalment 1 of {NEW} is not late any more"] * 2,
    ]
    insurer.open(OTHER, "50.00", late_fee="15.00")
    lane = insurer.lanes.set_clock("default", offset=timedelta(days=120), frozen_at=None)
    (late,) = [one for one in insurer.simulator.due(lane, lane.now()) if OTHER in one.label]
    assert [late.run().partition(" on ")[0] for _ in range(2)] == [
        "a late fee of 15.00 is charged", f"the late fee of instalment 1 of {OTHER} was charged already",
    ]  # fmt: skip
    assert kinds(insurer, OTHER).count("late_fee_charged") == 1
