"""A generated insurance company: figures that agree, terms that exist, nobody real, the same with the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest

from partnerlab.contracts.tccs_rest import ContentInfo, parse_content_info
from partnerlab.generators.people import TRADES
from partnerlab.generators.policies import MAX_POLICIES, Policy, late_fee_cents, policies, quotes
from tests.generators.conftest import AS_OF

SOME = list(policies(4_000, seed=3, as_of=AS_OF))
ACCEPTED = list(quotes(500, seed=3, as_of=AS_OF))


def months_between(begin: date, end: date) -> int:
    return (end.year - begin.year) * 12 + end.month - begin.month


def due_days(policy: Policy) -> list[date]:
    """The instalments' due days, reckoned another way: months counted up, the 31st becoming a shorter month's last."""
    step = policy.line.months // policy.instalments
    days = []
    for at in range(policy.instalments):
        index = policy.effective_on.year * 12 + policy.effective_on.month - 1 + at * step
        day = policy.effective_on.day
        while True:
            try:
                days.append(date(index // 12, index % 12 + 1, day))
                break
            except ValueError:
                day -= 1
    return days


def test_the_same_seed_and_day_give_the_same_policies_and_another_seed_others() -> None:
    assert list(policies(50, seed=3, as_of=AS_OF)) == SOME[:50]
    assert list(policies(50, seed=4, as_of=AS_OF)) != SOME[:50]
    assert list(quotes(50, seed=3, as_of=AS_OF)) == ACCEPTED[:50]


def test_what_is_owed_is_what_is_not_paid_and_what_is_billed_is_part_of_it() -> None:
    for policy in SOME:
        share, odd = divmod(policy.premium_cents, policy.instalments)
        instalments = [share + odd] + [share] * (policy.instalments - 1)
        assert sum(instalments) == policy.premium_cents
        assert policy.outstanding_cents == sum(instalments[policy.paid :])
        assert policy.billed_cents == sum(instalments[policy.paid : policy.billed])


def test_an_instalment_is_billed_20_days_before_it_is_due() -> None:
    for policy in SOME:
        due = due_days(policy)
        billed = [day for day in due if day - timedelta(days=20) <= AS_OF]
        assert len(billed) == policy.billed
        assert 0 <= policy.paid <= policy.billed
        if billed:
            assert policy.invoiced_on == billed[-1] - timedelta(days=20)
            assert policy.due_on == billed[min(policy.paid, len(billed) - 1)]
        else:
            assert policy.invoiced_on == policy.due_on == policy.effective_on


def test_a_term_has_the_months_of_its_line_and_has_not_ended() -> None:
    for policy in SOME:
        assert months_between(policy.effective_on, policy.expires_on) == policy.line.months
        assert policy.expires_on > AS_OF
        assert policy.effective_on <= AS_OF + timedelta(days=45)


def test_there_is_something_of_everything() -> None:
    assert {policy.line.months for policy in SOME} == {6, 12}
    assert {policy.instalments for policy in SOME} == {1, 2, 4, 6, 12}
    lines = Counter(policy.line.code for policy in SOME)
    assert set(lines) == {"PA", "HO", "FO", "UM", "BOP", "CA"}
    assert min(lines.values()) > 50
    for policy in SOME:
        assert (policy.line.code in ("BOP", "CA")) == policy.insured.name.endswith(TRADES)
    states = [
        sum(policy.outstanding_cents == 0 for policy in SOME),
        sum(0 < policy.billed_cents < policy.outstanding_cents for policy in SOME),
        sum(policy.billed_cents == policy.outstanding_cents > 0 for policy in SOME),
        sum(policy.billed == 0 for policy in SOME),
        sum(policy.billed_cents > 0 and policy.due_on < AS_OF for policy in SOME),
    ]
    assert min(states) >= 100, states
    assert states[0] < len(SOME) / 2


def test_numbers_stand_once_and_never_are_the_seeded_one() -> None:
    numbers = [policy.number for policy in SOME] + [quote.number for quote in ACCEPTED]
    assert len(set(numbers)) == len(numbers)
    assert not {"454100010", "Q454100010"} & set(numbers)


def test_numbers_can_be_carried_by_the_calls() -> None:
    for policy in SOME[:500]:
        assert parse_content_info("payment", f"{policy.invoice_number}|1.00:CC") == ContentInfo(
            "payment",
            policy.number,
            policy.expires_on,
            parse_content_info("payment", "1-01/01/2026|1.00:CC").amount,
            payment_type="CC",
        )
    for quote in ACCEPTED:
        text = f"{quote.invoice_number}|{quote.applicant.name}|{quote.deposit_cents / 100:.2f}"
        found = parse_content_info("quote-deposit", text)
        assert (found.invoice_number, found.insured_name) == (quote.invoice_number, quote.applicant.name)


def test_a_quote_has_a_deposit_of_a_fifth_and_begins_within_60_days() -> None:
    for quote in ACCEPTED:
        assert quote.number.startswith("Q")
        assert quote.deposit_cents == quote.premium_cents * 20 // 100
        assert AS_OF <= quote.effective_on < AS_OF + timedelta(days=60)
        assert months_between(quote.effective_on, quote.expires_on) == quote.line.months


def test_a_company_has_one_late_fee() -> None:
    assert {policy.late_fee_cents for policy in SOME} == {late_fee_cents(3)}
    assert len({late_fee_cents(seed) for seed in range(50)}) > 1


@pytest.mark.parametrize("as_of", [date(2024, 2, 29), date(2026, 8, 31), date(2026, 12, 31)])
def test_the_last_days_of_months_make_terms_too(as_of: date) -> None:
    for policy in policies(2_000, seed=1, as_of=as_of):
        days = due_days(policy)
        assert all(before < after for before, after in pairwise(days))
        assert policy.expires_on > as_of


def test_how_many_is_checked_at_once() -> None:
    for number in (-1, MAX_POLICIES + 1):
        with pytest.raises(ValueError, match="a company has 0 to"):
            policies(number, seed=1, as_of=AS_OF)
        with pytest.raises(ValueError, match="a company has 0 to"):
            quotes(number, seed=1, as_of=AS_OF)
    assert list(policies(0, seed=1, as_of=AS_OF)) == []


def test_insureds_are_made_up() -> None:
    for policy in SOME:
        assert "-555-01" in policy.insured.phone
