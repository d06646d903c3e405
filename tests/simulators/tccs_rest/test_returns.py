"""Payments that come back: which payment is meant, and what is owed then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.simulators.tccs_rest.insurer import AGAIN, POLICY, Insurer, opens


@pytest.mark.parametrize("amount", ["20.00", "120.00", "200.00", "400.00"])
def test_a_return_is_the_exact_opposite_of_its_payment(insurer: Insurer, amount: str) -> None:
    balances, charges = insurer.balances(), opens(insurer)
    insurer.pay(amount)
    assert insurer.balances() != balances
    assert insurer.give_back(amount) == (True, "Payment returned.")
    assert (insurer.balances(), opens(insurer)) == (balances, charges)
    (payment,) = insurer.payments()
    assert payment["returned_at"] is not None


def test_a_return_is_recorded_with_its_payment_and_its_cause(insurer: Insurer) -> None:
    insurer.pay("20.00", guid="a-1")
    insurer.give_back("20.00")
    status, found = insurer.api("GET", "/returns")
    event = insurer.policy()["events"][-1]
    assert (status, event["kind"]) == (200, "payment_returned")
    assert found["returns"] == [
        {
            "invoice_number": POLICY,
            "payment": 1,
            "payment_guid": "a-1",
            "amount": "20.00",
            "reported_on": insurer.today().isoformat(),
            "request_id": event["request_id"],
            "returned_at": event["at"],
        }
    ]


def test_a_return_reported_twice_counts_once_and_the_second_is_refused(insurer: Insurer) -> None:
    insurer.pay("20.00")
    day = insurer.today()
    assert insurer.give_back("20.00")[0]
    before = insurer.export()
    assert insurer.give_back("20.00") == (
        False,
        f"The payment of 20.00 on {day:%m/%d/%Y} of invoice {POLICY} has already been returned.",
    )
    assert insurer.export() == before


def test_each_of_two_equal_payments_can_come_back(insurer: Insurer) -> None:
    insurer.pay("20.00")
    insurer.pay("20.00")
    assert [insurer.give_back("20.00")[0] for _ in range(3)] == [True, True, False]
    assert insurer.balances() == ("120.00", "340.00")


@pytest.mark.parametrize(("days", "found"), [(-28, False), (-27, True), (-1, True), (0, True), (1, True), (2, False)])
def test_a_return_finds_a_payment_posted_from_a_day_before_to_27_days_after(
    insurer: Insurer, days: int, found: bool
) -> None:
    insurer.pay("20.00")
    success, message = insurer.give_back("20.00", on=insurer.today() + timedelta(days=days))
    assert success is found
    assert found or "has no payment of 20.00" in message


def test_a_payment_that_a_person_replayed_a_week_later_can_come_back(insurer: Insurer) -> None:
    """Invoice Cloud names the day on which it was paid; TCCS has it from the day on which it arrived."""
    paid_on = insurer.today()
    insurer.advance(timedelta(days=8))
    insurer.pay("20.00", guid="late")
    assert insurer.give_back("20.00", on=paid_on) == (True, "Payment returned.")
    assert insurer.balances() == ("120.00", "340.00")


def test_a_repeated_report_does_not_take_back_what_was_paid_since(insurer: Insurer) -> None:
    paid_on = insurer.today()
    insurer.pay("20.00", guid="bounced")
    insurer.advance(timedelta(days=3))
    assert insurer.give_back("20.00", on=paid_on)[0]
    insurer.pay("20.00", guid="in-its-place")
    before = insurer.export()
    success, message = insurer.give_back("20.00", on=paid_on)
    assert (success, message.endswith("has already been returned.")) == (False, True)
    assert insurer.export() == before


@pytest.mark.parametrize(
    ("amount", "number", "type"),
    [("20.01", POLICY, "ACH"), ("20.00", "306-12/11/2019", "ACH"), ("20.00", POLICY, "CC")],
)
def test_a_return_that_fits_no_payment_is_refused_and_changes_nothing(
    insurer: Insurer, amount: str, number: str, type: str
) -> None:
    """Neither another amount nor another invoice; and no card has insufficient funds."""
    insurer.pay("20.00", type=type)
    before = insurer.export()
    success, message = insurer.give_back(amount, number)
    assert (success, message.startswith(f"Invoice {number} has no payment of {amount}")) == (False, True)
    assert insurer.export() == before


def test_of_two_payments_the_one_nearest_to_the_day_comes_back(insurer: Insurer) -> None:
    insurer.pay("20.00")
    insurer.advance(timedelta(days=1))
    insurer.pay("20.00")
    insurer.give_back("20.00")
    assert [payment["returned_at"] is not None for payment in insurer.payments()] == [False, True]


def test_a_guid_whose_payment_came_back_posts_nothing_again(insurer: Insurer) -> None:
    insurer.pay("20.00", guid="a-1")
    insurer.give_back("20.00")
    assert insurer.pay("20.00", guid="a-1") == AGAIN
    assert insurer.balances() == ("120.00", "340.00")
