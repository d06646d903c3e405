"""Payments on a policy term: what they lower, and what makes two of them one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.simulators.tccs_rest.insurer import AGAIN, POLICY, POSTED, Insurer, opens


def test_a_payment_lowers_both_balances_by_its_amount(insurer: Insurer) -> None:
    assert insurer.pay("20.01") == POSTED
    assert insurer.balances() == ("99.99", "319.99")
    assert opens(insurer) == ["99.99", "110.00", "110.00"]


def test_what_is_more_than_billed_lowers_the_next_instalment(insurer: Insurer) -> None:
    insurer.pay("150.00")
    assert insurer.balances() == ("0.00", "190.00")
    assert opens(insurer) == ["0.00", "80.00", "110.00"]


def test_what_is_more_than_everything_is_a_credit_of_both_balances(insurer: Insurer) -> None:
    insurer.pay("400.00")
    assert insurer.balances() == ("-60.00", "-60.00")
    assert opens(insurer) == ["0.00", "0.00", "0.00"]
    insurer.advance(timedelta(days=100))
    assert insurer.balances() == ("-60.00", "-60.00"), "a credit is not used up by an instalment that it covers"


def test_money_paid_ahead_covers_what_is_billed_next_before_what_comes_later(insurer: Insurer) -> None:
    insurer.pay("400.00")
    insurer.api("POST", "/instalments", body={"invoice_number": POLICY, "amount": "100.00"})
    assert insurer.balances() == ("0.00", "40.00")
    assert opens(insurer) == ["0.00", "0.00", "40.00", "0.00"]


def test_a_payment_is_kept_with_everything_that_was_sent_and_its_cause(insurer: Insurer) -> None:
    insurer.pay("25.50", type="CC", guid="e99fc166-9d990-4a99-bb16-99fe155ebf99")
    (payment,) = insurer.payments()
    event = insurer.policy()["events"][-1]
    assert event["kind"] == "payment_posted"
    assert (payment.pop("request_id"), payment.pop("posted_at")) == (event["request_id"], event["at"])
    assert payment == {
        "invoice_number": POLICY,
        "number": 1,
        "amount": "25.50",
        "type": "CC",
        "insured_name": None,
        "payment_guid": "e99fc166-9d990-4a99-bb16-99fe155ebf99",
        "returned_at": None,
    }


def test_the_same_guid_again_posts_once_and_is_answered_with_success(insurer: Insurer) -> None:
    assert insurer.pay("20.00", guid="a-1") == POSTED
    before = insurer.export()
    assert [insurer.pay("20.00", guid="a-1") for _ in range(3)] == [AGAIN] * 3
    assert insurer.export() == before
    assert insurer.balances() == ("100.00", "320.00")


def test_without_a_guid_every_call_posts(insurer: Insurer) -> None:
    assert [insurer.pay("20.00") for _ in range(2)] == [POSTED] * 2
    assert insurer.balances() == ("80.00", "300.00")
    assert [payment["number"] for payment in insurer.payments()] == [1, 2]


@pytest.mark.parametrize(
    ("again", "other"),
    [
        (lambda insurer: insurer.pay("20.01", guid="a-1"), "amount"),
        (lambda insurer: insurer.pay("20.00", guid="a-1", type="CC"), "payment type"),
        (lambda insurer: insurer.pay("20.00", "306-12/11/2019", guid="a-1"), "invoice number"),
        (lambda insurer: insurer.deposit("20.00", guid="a-1"), "invoice number"),
    ],
)
def test_a_guid_with_another_content_is_refused_and_changes_nothing(
    insurer: Insurer, again: Callable[[Insurer], tuple[bool, str]], other: str
) -> None:
    insurer.pay("20.00", guid="a-1")
    before = insurer.export()
    assert again(insurer) == (False, f"PaymentGUID a-1 has already been posted with another {other}.")
    assert insurer.export() == before


def test_a_guid_that_differs_in_case_is_another(insurer: Insurer) -> None:
    assert insurer.pay("20.00", guid="abc-1") == POSTED
    assert insurer.pay("20.00", guid="ABC-1") == POSTED


def test_the_event_of_a_payment_says_what_it_has_and_nothing_empty(insurer: Insurer) -> None:
    insurer.pay("24.00", type="CC", guid="g-1")
    detail = insurer.policy()["events"][-1]["detail"]
    assert detail == {"payment": 1, "payment_guid": "g-1", "amount": "24.00", "type": "CC"}
    insurer.deposit("10.00", name="A Payer")
    detail = insurer.quote()["events"][-1]["detail"]
    assert (detail["insured_name"], "type" in detail) == ("A Payer", False)
