"""Quotes: deposits, and the policy that a quote becomes."""

from __future__ import annotations

from datetime import timedelta

from tests.simulators.tccs_rest.insurer import BOUND, QUOTE, Insurer, opens


def test_a_part_of_the_deposit_leaves_the_quote_waiting(insurer: Insurer) -> None:
    assert insurer.deposit("100.00", name="Somebody Else") == (True, "Deposit posted.")
    assert insurer.balances(QUOTE) == ("50.00", "50.00")
    quote = insurer.quote()
    assert (quote["paid"], quote["bound_on"], quote["insured_name"]) == ("100.00", None, "Harbor Street Bakery")
    assert quote["payments"][0]["insured_name"] == "Somebody Else"
    assert quote["payments"][0]["type"] is None


def test_a_deposit_in_full_binds_the_quote_and_makes_the_policy(insurer: Insurer) -> None:
    insurer.deposit("100.00")
    assert insurer.call("ARState_Output", BOUND).status == 404
    insurer.deposit("50.00")
    today = insurer.today()
    quote, policy = insurer.quote(), insurer.policy(BOUND)
    assert (quote["bound_on"], quote["policy"]) == (today.isoformat(), BOUND)
    assert [event["kind"] for event in quote["events"]][-1] == "quote_bound"
    assert insurer.balances(QUOTE) == ("0.00", "0.00")
    assert insurer.balances(BOUND) == ("0.00", "450.00")
    assert (policy["insured_name"], policy["late_fee"], policy["paid"]) == ("Harbor Street Bakery", "10.00", "150.00")
    assert (policy["effective_on"], policy["expires_on"]) == ("2018-03-01", "2019-03-01")
    assert [(charge["amount"], charge["open"], charge["billed_on"]) for charge in policy["charges"]] == [
        ("150.00", "0.00", today.isoformat()),
        *(("150.00", "150.00", (today + timedelta(days=30 * month)).isoformat()) for month in (1, 2, 3)),
    ]


def test_what_is_more_than_the_deposit_lowers_the_first_instalment(insurer: Insurer) -> None:
    insurer.deposit("170.00")
    assert insurer.balances(BOUND) == ("0.00", "430.00")
    assert opens(insurer, BOUND) == ["0.00", "130.00", "150.00", "150.00"]


def test_a_deposit_on_a_bound_quote_is_a_payment_on_its_policy(insurer: Insurer) -> None:
    insurer.deposit("150.00", guid="a-1")
    assert insurer.deposit("150.00", guid="a-1") == (True, "Deposit had been posted already.")
    assert insurer.balances(BOUND) == ("0.00", "450.00")
    assert insurer.deposit("10.00", guid="a-2") == (True, "Deposit posted.")
    assert insurer.balances(BOUND) == ("0.00", "440.00")
    assert insurer.policy(BOUND)["events"][-1]["detail"]["quote"] == QUOTE
    assert insurer.balances(QUOTE) == ("0.00", "0.00")


def test_a_guid_with_another_insured_name_is_refused(insurer: Insurer) -> None:
    insurer.deposit("10.00", name="A Payer", guid="a-1")
    said = insurer.deposit("10.00", name="Another", guid="a-1")
    assert said == (False, "PaymentGUID a-1 has already been posted with another insured name.")


def test_a_deposit_that_comes_back_is_owed_again(insurer: Insurer) -> None:
    insurer.deposit("100.00")
    insurer.give_back("100.00", QUOTE)
    assert insurer.balances(QUOTE) == ("150.00", "150.00")
    insurer.deposit("150.00")
    insurer.give_back("150.00", QUOTE)
    assert insurer.quote()["bound_on"] is not None, "a bound quote stays bound"
    assert insurer.balances(BOUND) == ("150.00", "600.00")
    assert insurer.balances(QUOTE) == ("0.00", "0.00")
