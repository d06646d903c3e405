"""A utility's figures agree with one another."""

from __future__ import annotations

from datetime import date
from itertools import islice

import pytest

from partnerlab.generators.utility import MAX_ACCOUNTS, Bill, bills, plain_bills
from tests.generators.conftest import AS_OF

RUN = 2_000


@pytest.fixture(scope="module", params=[1, (1, 25), 25], ids=str)
def run(request: pytest.FixtureRequest) -> list[Bill]:
    return list(bills(RUN, seed=3, as_of=AS_OF, meters=request.param))


def test_a_bill_adds_up(run: list[Bill]) -> None:
    for bill in run:
        assert bill.charges_cents == sum(charge.amount_cents for charge in bill.charges)
        assert bill.total_cents == bill.previous_balance_cents - bill.payments_cents + bill.charges_cents
        assert bill.past_due_cents == bill.previous_balance_cents - bill.payments_cents >= 0
        assert bill.total_cents < bill.late_total_cents
        assert sum(bill.previous_shares_cents) == bill.previous_balance_cents
        assert len(bill.previous_shares_cents) == len(bill.charges) >= 1


def test_readings_and_usage_agree(run: list[Bill]) -> None:
    for bill in run:
        for charge in bill.charges:
            service = charge.service
            if service.metered:
                assert charge.usage == sum(meter.usage for meter in charge.meters)
                assert charge.amount_cents == service.base_cents + charge.usage * service.unit_cents
                for meter in charge.meters:
                    assert meter.reading == meter.previous_reading + meter.usage
                    assert meter.usage > 0
                    assert 28 <= (meter.read_on - meter.previous_on).days <= 31
                    assert meter.read_on < bill.invoiced_on
                    assert len(meter.number) == 8
                if charge.changed_out:
                    assert charge.meters[0].previous_reading == 0
            else:
                assert (charge.usage, charge.meters) == (None, ())


def test_sewage_goes_by_the_water_meters(run: list[Bill]) -> None:
    seen = 0
    for bill in run:
        by_center = {charge.service.income_center: charge for charge in bill.charges}
        if "SEWER" in by_center:
            sewer = by_center["SEWER"]
            assert sewer.amount_cents == sewer.service.base_cents + by_center["WATER"].usage * sewer.service.unit_cents
            seen += 1
    assert seen > RUN / 4


def test_every_kind_of_customer_is_there(run: list[Bill]) -> None:
    kinds = {
        "paid": lambda bill: bill.past_due_cents == 0,
        "paid half": lambda bill: 0 < bill.past_due_cents < bill.previous_balance_cents,
        "paid nothing": lambda bill: bill.payments_cents == 0,
        "has an arrangement": lambda bill: bill.deferred is not None,
        "has AutoPay": lambda bill: bill.account.autopay,
        "has no e-mail": lambda bill: bill.account.customer.email == "",
        "has an estimate": lambda bill: any(charge.estimated for charge in bill.charges),
        "has a new meter": lambda bill: any(charge.changed_out for charge in bill.charges),
        "has no meter": lambda bill: not any(charge.meters for charge in bill.charges),
        "is billed elsewhere": lambda bill: bill.account.service_address != bill.account.customer.address1,
    }
    for kind, holds in kinds.items():
        assert any(map(holds, run)), kind
        assert not all(map(holds, run)), kind


def test_an_arrangement_is_made_with_half_of_those_who_paid_nothing(run: list[Bill]) -> None:
    nothing = [bill for bill in run if bill.payments_cents == 0]
    deferred = [bill for bill in run if bill.deferred is not None]
    assert all(bill.payments_cents == 0 for bill in deferred)
    assert len(nothing) / 4 < len(deferred) < len(nothing) * 3 / 4
    half = [bill for bill in run if bill.payments_cents not in (0, bill.previous_balance_cents)]
    assert all(bill.payments_cents == bill.previous_balance_cents // 2 for bill in half)
    assert len(run) / 16 < len(nothing) < len(run) * 3 / 16


def test_the_number_of_meters_is_as_asked() -> None:
    def counts(meters: int | tuple[int, int]) -> set[int]:
        return {
            len(charge.meters)
            for bill in bills(3_000, seed=1, as_of=AS_OF, meters=meters)
            for charge in bill.charges
            if charge.meters
        }

    assert counts(1) == {1}
    assert counts(25) == {25}
    assert counts((1, 25)) == set(range(1, 26))
    assert counts((3, 4)) == {3, 4}


def test_account_numbers_have_eight_digits_stand_once_and_are_never_the_seeded_one() -> None:
    numbers = [bill[1][0] for bill in plain_bills(200_000, seed=9, as_of=AS_OF)]
    assert len(set(numbers)) == len(numbers)
    assert all(20_000_000 <= number <= 99_999_999 for number in numbers)
    assert 10_000_101 not in numbers


def test_no_seed_ever_repeats_an_account_before_all_are_used() -> None:
    """The step through the numbers is prime to their count: a walk of that many steps meets each once."""
    assert all(MAX_ACCOUNTS % divisor for divisor in range(2, 9_000))
    assert 20_000_000 + MAX_ACCOUNTS <= 100_000_000


def test_the_same_customers_come_again_on_another_day() -> None:
    march = list(bills(50, seed=4, as_of=AS_OF))
    april = list(bills(50, seed=4, as_of=date(2026, 4, 2), first_invoice=2_000_001))
    assert [bill.account for bill in march] == [bill.account for bill in april]
    assert {bill.invoice_number for bill in march}.isdisjoint(bill.invoice_number for bill in april)


def test_bills_are_numbered_from_where_they_are_told_to() -> None:
    assert [bill.invoice_number for bill in bills(3, seed=1, as_of=AS_OF, first_invoice=700_000)] == [
        "700000", "700001", "700002",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "options"),
    [
        (-1, {}),
        (MAX_ACCOUNTS + 1, {}),
        (1, {"meters": 0}),
        (1, {"meters": 26}),
        (1, {"meters": (5, 4)}),
        (1, {"first_invoice": 500_001}),
        (2, {"first_invoice": 2**31 - 2}),
    ],
)
def test_what_is_out_of_range_is_refused_at_once(number: int, options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"bills|meters|first_invoice"):
        bills(number, seed=1, as_of=AS_OF, **options)


def test_bills_come_one_at_a_time() -> None:
    assert len(list(islice(bills(MAX_ACCOUNTS, seed=1, as_of=AS_OF), 5))) == 5
