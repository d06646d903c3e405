"""Rules on plain values that are too fine for the doors."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from partnerlab.simulators.ic_webservices.domain import banking_days
from partnerlab.simulators.ic_webservices.domain.customers import conveyed_number
from partnerlab.simulators.ic_webservices.domain.errors import Conflict, ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import STATUSES as INVOICE_STATUSES
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, proposed_cents
from partnerlab.simulators.ic_webservices.domain.money import amount, cents, parse_amount
from partnerlab.simulators.ic_webservices.domain.page_tokens import new_page_token, page_key
from partnerlab.simulators.ic_webservices.domain.payments import STATES, Payment, cleared, clears_at
from partnerlab.simulators.ic_webservices.domain.schedules import Schedule, skipped
from partnerlab.simulators.ic_webservices.domain.users import hash_token, new_token

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (
            2026,  # the Fourth of July falls on a Saturday and is not kept
            "01-01 01-19 02-16 05-25 06-19 07-04 09-07 10-12 11-11 11-26 12-25",
        ),
        (
            2023,  # New Year fell on a Sunday and was kept on Monday
            "01-02 01-16 02-20 05-29 06-19 07-04 09-04 10-09 11-11 11-23 12-25",
        ),
    ],
)
def test_the_holidays_are_those_the_federal_reserve_publishes(year: int, expected: str) -> None:
    assert sorted(banking_days.holidays(year)) == [date.fromisoformat(f"{year}-{day}") for day in expected.split()]


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        ("2026-06-16", 1, "2026-06-17"),
        ("2026-06-18", 1, "2026-06-22"),  # Friday is Juneteenth
        ("2026-07-02", 1, "2026-07-03"),  # the Fourth is on Saturday: Friday is a banking day
        ("2026-06-20", 1, "2026-06-22"),
        ("2026-12-31", 2, "2027-01-05"),
        ("2021-12-31", 1, "2022-01-03"),  # New Year 2022 was on a Saturday
    ],
)
def test_banking_days_pass_over_weekends_and_holidays(day: str, count: int, expected: str) -> None:
    assert banking_days.after(date.fromisoformat(day), count) == date.fromisoformat(expected)


def test_clearing_counts_days_where_the_biller_is() -> None:
    """03:30 UTC on Wednesday is still Tuesday in New York; 9 o'clock there is 13:00 UTC in summer, 14:00 in winter."""
    late = datetime(2026, 6, 17, 3, 30, tzinfo=UTC)
    assert clears_at(late, "credit_card", "settled", NEW_YORK) == datetime(2026, 6, 17, 13, tzinfo=UTC)
    winter = datetime(2026, 1, 5, 15, tzinfo=UTC)
    assert clears_at(winter, "ach", "returned", NEW_YORK) == datetime(2026, 1, 8, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"), [("125.50", 12550), ("0", 0), ("-3.1", -310), ("1e2", 10000), ("5", 500)]
)
def test_amounts_are_whole_cents(text: str, expected: int) -> None:
    assert parse_amount(text, "amount") == expected
    assert amount(expected) == Decimal(text)
    assert str(amount(expected))[-3] == "."


@pytest.mark.parametrize(
    "text",
    [
        "1.005",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "1e15",
        "1e30",
        "1e999999",
        "1e-999999",
        "1.0000000000000000000000000000000001",
        "",
        "ten",
        "1,000.00",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueRefused):
        parse_amount(text, "amount")


def test_a_fraction_of_a_cent_is_refused_and_trailing_zeros_are_not() -> None:
    assert cents(Decimal("1.500"), "amount") == 150
    with pytest.raises(ValueRefused):
        cents(Decimal("1.501"), "amount")


def test_every_state_that_is_reached_is_in_its_table() -> None:
    assert {after for following in STATES.values() for after in following} <= set(STATES)
    assert {after for following in INVOICE_STATUSES.values() for after in following.values()} == set(INVOICE_STATUSES)


def test_what_has_cleared_does_not_clear_again() -> None:
    payment = Payment(
        *(
            "guid",
            "biller",
            "account",
            "invoice",
            100,
            0,
            "ach",
            "",
            "6789",
            "none",
            "",
            True,
            "Approved",
            "IC1",
            "2026",
        ),
        state="accepted",
        clears_as="returned",
    )
    returned = cleared(payment)
    assert (returned.state, returned.return_code) == ("returned", "R01")
    with pytest.raises(ValueError, match="returned does not become returned"):
        cleared(returned)


@pytest.mark.parametrize("number", ["10000101CV-20260616140000", "10000101-CV-20260616", "10000101-CV-20260616140000"])
def test_a_conveyed_number_is_not_conveyed_again(number: str) -> None:
    with pytest.raises(Conflict):
        conveyed_number(number, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_conveyed_number_has_the_form_the_client_takes_off() -> None:
    at = datetime(2026, 6, 16, 14, 0, 0, tzinfo=UTC)
    assert conveyed_number("10000101", at) == "10000101CV-20260616140000"
    assert conveyed_number("CV-1", at) == "CV-1CV-20260616140000"


def test_a_schedule_that_is_over_becomes_nothing_else() -> None:
    day = date(2026, 6, 16)
    waiting = Schedule("s-1", "biller", "ada", "1", "2", "once", 100, "m-1", day, "2026-06-16T11:00:00+00:00", "2026")
    over = skipped(waiting, "expired")
    with pytest.raises(ValueError, match="skipped does not become skipped"):
        skipped(over, "once more")


@pytest.mark.parametrize(("due", "total", "proposed"), [(120, 340, 120), (0, 340, 340), (-5, 340, 340), (120, 0, 120)])
def test_a_page_proposes_what_is_due_and_else_everything_owed(due: int, total: int, proposed: int) -> None:
    day = date(2026, 6, 16)
    assert proposed_cents(Invoice("biller", "1", "2", day, day, total, due)) == proposed


def test_payment_pages_are_kept_in_the_order_they_were_made() -> None:
    made_ms = [1, 2_000, 1_795_000_000_000, 1_795_000_000_001, 10_000_000_000_000]
    tokens = [new_page_token(at) for at in made_ms]
    keys = [page_key(token) for token in tokens]
    assert keys == sorted(keys)
    for token, key in zip(tokens, keys, strict=True):
        assert key == token[:11] + hash_token(token)
        assert token[11:] not in key


def test_the_key_of_any_other_token_is_its_hash() -> None:
    for token in (new_token(), "", "\0" * 54, "\ud800" * 54, new_page_token(1) + "x"):
        assert page_key(token) == hash_token(token), token
