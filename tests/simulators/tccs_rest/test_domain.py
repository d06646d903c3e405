"""The rules on plain values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.simulators.tccs_rest.domain.errors import ValueInvalid
from partnerlab.simulators.tccs_rest.domain.money import read_cents, to_text
from partnerlab.simulators.tccs_rest.domain.numbers import is_quote, policy_number, read_invoice_number, term_of
from partnerlab.simulators.tccs_rest.domain.payments import Payment, PostedPayment, difference, payment_returned
from partnerlab.simulators.tccs_rest.domain.policies import Charge, Policy, balances, bill_dates, is_late, open_charges
from partnerlab.simulators.tccs_rest.domain.quotes import DUE_AFTER, Quote, bind, check_quote
from partnerlab.simulators.tccs_rest.domain.text import read_line

TODAY = date(2026, 11, 21)

days = st.integers(-90, 90).map(lambda count: TODAY + timedelta(days=count))
charges = st.lists(
    st.builds(
        Charge,
        st.integers(1, 99),
        st.sampled_from(["instalment", "late_fee"]),
        days,
        days,
        st.integers(1, 10**6),
    ),
    max_size=8,
)
cents = st.integers(0, 10**7)


@given(charges, cents)
def test_what_is_open_on_the_charges_is_what_is_owed(made: list[Charge], paid: int) -> None:
    """The sum that answers a call and the list that stands on the bill are computed apart."""
    owed = balances(((one.billed_on, one.amount_cents) for one in made), paid, TODAY)
    listed = open_charges(made, paid, TODAY)
    if owed.outstanding_cents >= 0:
        assert owed.outstanding_cents == sum(one.open_cents for one in listed)
        assert owed.billed_due_cents == sum(one.open_cents for one in listed if one.billed)
    else:
        assert owed.billed_due_cents == owed.outstanding_cents
        assert not any(one.open_cents for one in listed)


@given(charges, cents, cents)
def test_a_payment_lowers_what_is_outstanding_by_its_amount_and_never_raises_what_is_due(
    made: list[Charge], paid: int, more: int
) -> None:
    items = [(one.billed_on, one.amount_cents) for one in made]
    before, after = balances(items, paid, TODAY), balances(items, paid + more, TODAY)
    assert before.outstanding_cents - after.outstanding_cents == more
    assert after.billed_due_cents <= before.billed_due_cents
    assert after.billed_due_cents <= max(after.outstanding_cents, 0)


@given(charges, cents)
def test_money_covers_charges_one_after_the_other(made: list[Charge], paid: int) -> None:
    listed = open_charges(made, paid, TODAY)
    partly = [one for one in listed if 0 < one.open_cents < one.charge.amount_cents]
    assert len(partly) <= 1
    states = [one.open_cents == 0 for one in listed if one not in partly]
    assert states == sorted(states, reverse=True)


def charge(number: int, due: int, amount: int = 100, kind: str = "instalment") -> Charge:
    day = TODAY + timedelta(days=due)
    return Charge(number, "late_fee" if kind == "late_fee" else "instalment", day - timedelta(days=5), day, amount)


@pytest.mark.parametrize(("due", "paid", "late"), [(-1, 99, True), (-1, 100, False), (0, 0, False), (1, 0, False)])
def test_an_instalment_is_late_after_its_due_date_where_it_is_not_covered(due: int, paid: int, late: bool) -> None:
    one = charge(1, due)
    assert is_late(one, [one], paid, TODAY) is late


def test_late_fees_and_later_instalments_make_nothing_late() -> None:
    one = charge(1, -10)
    others = [charge(2, -9, kind="late_fee"), charge(3, -2)]
    assert not is_late(one, [one, *others], 100, TODAY)
    assert is_late(others[1], [one, *others], 199, TODAY)
    assert not is_late(others[1], [one, *others], 200, TODAY)


def test_the_dates_of_a_bill_are_the_newest_bill_date_and_the_oldest_due_date_that_is_open() -> None:
    policy = Policy("1-01/01/2027", date(2026, 1, 1), date(2027, 1, 1))
    made = [charge(1, -30), charge(2, -3), charge(3, 40)]
    dates = {
        paid: tuple((day - TODAY).days for day in bill_dates(policy, open_charges(made, paid, TODAY)))
        for paid in (0, 100, 200, 300)
    }
    assert dates == {0: (-8, -30), 100: (-8, -3), 200: (-8, -30), 300: (-8, -30)}
    assert bill_dates(policy, []) == (date(2026, 1, 1), date(2026, 1, 1))
    assert bill_dates(policy, open_charges([charge(1, 40)], 0, TODAY)) == (date(2026, 1, 1), date(2026, 1, 1))


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, 24))
def test_a_bound_quote_owes_its_premium_to_the_cent(deposit: int, rest: int, count: int) -> None:
    quote = Quote(
        "Q1-01/01/2027",
        deposit_cents=deposit,
        premium_cents=deposit + rest,
        instalments=count if rest else 0,
        paid_cents=deposit,
    )
    check_quote(quote)
    policy, made = bind(quote, TODAY)
    assert sum(one.amount_cents for one in made) == deposit + rest
    assert [one.number for one in made] == list(range(1, len(made) + 1))
    amounts = [one.amount_cents for one in made[1:]]
    assert not amounts or max(amounts) - min(amounts) <= 1
    assert (policy.invoice_number, policy.paid_cents) == ("1-01/01/2027", deposit)
    assert all(one.due_on - one.billed_on == DUE_AFTER for one in made[1:])


def test_a_charge_is_billed_on_its_day() -> None:
    """Not the day before, and before what is billed later, though that is due sooner."""
    today, tomorrow = (Charge(n, "instalment", TODAY + timedelta(n), TODAY + timedelta(9 - n), 100) for n in (0, 1))
    found = open_charges([tomorrow, today], 150, TODAY)
    assert [(one.charge.number, one.open_cents, one.billed) for one in found] == [(0, 0, True), (1, 50, False)]


@pytest.mark.parametrize(
    ("deposit", "premium", "instalments", "field"),
    [
        (0, 100, 1, "deposit"),
        (100, 99, 0, "premium"),
        (100, 200, 0, "instalments"),
        (100, 100, 1, "instalments"),
        (1, 2, 25, "instalments"),
    ],
)
def test_a_quote_whose_sums_do_not_fit_is_refused(deposit: int, premium: int, instalments: int, field: str) -> None:
    with pytest.raises(ValueInvalid) as caught:
        check_quote(Quote("Q1-01/01/2027", deposit_cents=deposit, premium_cents=premium, instalments=instalments))
    assert caught.value.field == field


@pytest.mark.parametrize("number", ["454100010-06/16/2020", "306-12/11/2019", "CPP 2210-77-05/20/2028", "1-02/29/2028"])
def test_an_invoice_number_is_a_policy_number_and_a_day(number: str) -> None:
    assert read_invoice_number("n", number) == number
    assert not is_quote(number)
    assert policy_number(number) == number[:-11]
    effective_on, expires_on = term_of(number)
    assert f"{expires_on:%m/%d/%Y}" == number[-10:]
    assert (expires_on.year - effective_on.year, expires_on.month) == (1, effective_on.month)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "454100010",
        "-06/16/2020",
        "454100010-6/16/2020",
        "454100010-02/30/2020",
        "454100010-06/16/2020 ",
        "a|b-06/16/2020",
        "1-01/01/0001",
        "١-01/01/2020",
        "x" * 51 + "-01/01/2020",
    ],
)
def test_what_is_no_invoice_number_is_refused(number: str) -> None:
    with pytest.raises(ValueInvalid):
        read_invoice_number("n", number)


def test_a_quotes_number_and_a_policys_are_not_taken_for_each_other() -> None:
    assert read_invoice_number("n", "Q1-01/01/2027", quote=True) == "Q1-01/01/2027"
    for number, quote in (("Q1-01/01/2027", False), ("1-01/01/2027", True), ("Q-01/01/2027", True)):
        with pytest.raises(ValueInvalid):
            read_invoice_number("n", number, quote=quote)


@given(st.integers(-(10**12), 10**12))
def test_cents_as_text_have_two_decimals(amount: int) -> None:
    assert to_text(amount) == f"{Decimal(amount).scaleb(-2):.2f}"


@pytest.mark.parametrize("text", ["0", "-1", "0.001", "1.005", "NaN", "Infinity", "1E+11"])
def test_what_is_no_amount_above_zero_in_whole_cents_is_refused(text: str) -> None:
    with pytest.raises(ValueInvalid):
        read_cents("amount", Decimal(text))


def posted(number: int, day: int, *, type: str = "ACH", reported: int | None = None) -> PostedPayment:
    """A payment posted *day* days from today, and returned by a report of the day *reported* days from today."""
    at = datetime(2026, 11, 21, 12, tzinfo=UTC) + timedelta(days=day)
    payment = Payment("1-01/01/2027", 100, type, "", None)
    if reported is None:
        return PostedPayment(number, payment, "r", at)
    return PostedPayment(number, payment, "r", at, at, TODAY + timedelta(days=reported))


@pytest.mark.parametrize(
    ("payments", "found"),
    [
        ([], None),
        ([posted(1, 0), posted(2, 0)], 1),
        ([posted(1, 2), posted(2, 0)], 2),
        ([posted(1, 0, reported=0)], 1),
        ([posted(1, 0, type="CC"), posted(2, 3)], 2),
        ([posted(1, 0, type="")], 1),
        ([posted(1, 7)], 1),
        ([posted(1, 27)], 1),
        ([posted(1, -2), posted(2, 28)], None),
        # A report of another day leaves this day's payment where it is; one of this day is repeated,
        ([posted(1, 1, reported=1), posted(2, 9)], 2),
        ([posted(1, 0, reported=0), posted(2, 2)], 1),
        ([posted(1, 9, reported=0), posted(2, 12)], 1),
        # unless there are two payments of it, on either side of midnight perhaps.
        ([posted(1, 0, reported=0), posted(2, 1)], 2),
    ],
)
def test_a_return_is_for_the_nearest_payment_that_can_come_back(
    payments: list[PostedPayment], found: int | None
) -> None:
    chosen = payment_returned(payments, TODAY, datetime.date)
    assert (chosen and chosen.number) == found


def test_a_payment_is_the_same_again_only_where_all_of_it_is() -> None:
    one = Payment("1-01/01/2027", 100, "ACH", "", "g")
    assert difference(one, Payment("1-01/01/2027", 100, "ACH", "", "g")) == ""
    assert difference(one, Payment("2-01/01/2027", 100, "ACH", "", "g")) == "invoice number"


def test_a_line_may_be_as_long_as_its_limit_and_no_longer() -> None:
    assert read_line("insured_name", "x" * 100) == "x" * 100
    assert read_line("insured_name", f" {'x' * 100} ") == "x" * 100
    with pytest.raises(ValueInvalid, match="is longer than 100 characters"):
        read_line("insured_name", "x" * 101)
    assert read_line("zip", "x" * 7, longest=7) == "x" * 7
    with pytest.raises(ValueInvalid, match="is longer than 7 characters"):
        read_line("zip", "x" * 8, longest=7)
