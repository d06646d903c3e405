from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.wire import values

NEW_YORK = timezone(timedelta(hours=-4))


@pytest.mark.parametrize(
    ("value", "text"),
    [("125.50", "125.50"), ("125.5", "125.50"), ("125", "125.00"), ("1E+2", "100.00"), ("0.01", "0.01")],
)
def test_an_amount_is_written_with_two_decimals(value: str, text: str) -> None:
    assert values.render_amount("PaymentAmount", Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (Decimal("10.005"), "must be whole cents"),
        (Decimal("-1.00"), "must not be negative"),
        (Decimal("0.00"), "must not be zero"),
        (Decimal("-0.00"), "must not be zero"),
        (Decimal("NaN"), "must be a finite Decimal"),
        (Decimal("sNaN"), "must be a finite Decimal"),
        (Decimal("Infinity"), "must be a finite Decimal"),
        (Decimal("1E+40"), "has too many digits"),
        (10.5, "must be a finite Decimal"),
        ("10.50", "must be a finite Decimal"),
    ],
)
def test_an_amount_that_cannot_be_paid_is_refused_and_never_rounded(value: Any, rule: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        values.render_amount("PaymentAmount", value)
    assert (caught.value.field, caught.value.rule) == ("PaymentAmount", rule)


def test_zero_and_credit_only_where_they_are_allowed() -> None:
    assert values.render_amount("ConvenienceFee", Decimal("-0"), zero=True) == "0.00"
    assert values.render_amount("BalanceDue", Decimal("-4.2"), zero=True, negative=True) == "-4.20"


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_an_amount_is_read_back_as_it_was(value: Decimal) -> None:
    text = values.render_amount("BalanceDue", value, zero=True, negative=True)
    assert values.parse_cents(text) == value


@pytest.mark.parametrize("text", ["", " ", "1,5", "1e3", "NaN", "INF", "--1", "1.005", "$5", "٥", "1 2", "9" * 19])
def test_what_is_no_amount_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        values.parse_cents(text)


@pytest.mark.parametrize(
    ("text", "value"), [("125.5000", "125.50"), ("+1", "1.00"), (" .5\n", "0.50"), ("5.", "5.00"), ("-0.00", "0.00")]
)
def test_every_form_of_an_xsd_decimal_is_read(text: str, value: str) -> None:
    assert str(values.parse_cents(text)) == value


def test_a_payment_near_midnight_keeps_its_day() -> None:
    moment = datetime(2026, 6, 16, 23, 59, 30, 999999, tzinfo=NEW_YORK)
    assert values.render_date_time("PaymentDate", moment) == "2026-06-16T23:59:30"
    assert values.render_date_time("PaymentDate", moment.replace(tzinfo=None)) == "2026-06-16T23:59:30"


@pytest.mark.parametrize("value", [date(2026, 6, 16), "2026-06-16T00:00:00", None])
def test_a_payment_date_must_be_a_datetime(value: Any) -> None:
    with pytest.raises(RequestInvalid, match="PaymentDate"):
        values.render_date_time("PaymentDate", value)


def test_a_day_is_written_as_midnight() -> None:
    assert values.render_date("Since", date(2026, 6, 16)) == "2026-06-16T00:00:00"
    with pytest.raises(RequestInvalid, match="must be a date"):
        values.render_date("Since", datetime(2026, 6, 16, tzinfo=NEW_YORK))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-06-16T10:30:00", datetime(2026, 6, 16, 10, 30)),
        ("2026-06-16T10:30:00.1234567", datetime(2026, 6, 16, 10, 30, 0, 123456)),
        ("2026-06-16T10:30:00-04:00", datetime(2026, 6, 16, 10, 30, tzinfo=NEW_YORK)),
        ("2026-06-16T10:30:00Z", datetime(2026, 6, 16, 10, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00", None),
    ],
)
def test_a_time_is_read_as_dotnet_writes_it(text: str, value: datetime | None) -> None:
    assert values.parse_date_time(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-06-16T10:30:00", date(2026, 6, 16)),
        ("2026-06-16", date(2026, 6, 16)),
        (" 2026-06-16Z ", date(2026, 6, 16)),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01", None),
    ],
)
def test_a_day_is_read_from_a_date_or_a_time(text: str, value: date | None) -> None:
    assert values.parse_date(text) == value


@pytest.mark.parametrize("text", ["", "06/16/2026", "2026-13-01", "2026-02-30T00:00:00", "2026-06-16T25:00:00", "now"])
def test_what_is_no_date_is_not_read(text: str) -> None:
    for parse in (values.parse_date, values.parse_date_time):
        with pytest.raises(ValueError, match="is not a date"):
            parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("True", True), ("TRUE", True), ("1", True), ("false", False), ("False", False), (" 0 ", False)],
)
def test_a_boolean_is_read(text: str, value: bool) -> None:
    assert values.parse_boolean(text) is value


@pytest.mark.parametrize("text", ["yes", "", "2", "TRUE FALSE", "true" + " " * 100 + "x"])
def test_what_is_no_boolean_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="is not true or false"):
        values.parse_boolean(text)


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, True, "1", 1.0])
def test_an_integer_outside_its_32_bits_is_refused(value: Any) -> None:
    with pytest.raises(RequestInvalid, match="32 bits"):
        values.render_integer("LastInvoiceNumber", value)


@pytest.mark.parametrize("text", ["2147483648", "1.0", "", "x", "99999999999"])
def test_what_is_no_integer_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="is not an integer"):
        values.parse_integer(text)


def test_an_integer_is_read_back_as_it_was() -> None:
    for value in (0, -1, 2**31 - 1, -(2**31)):
        assert values.parse_integer(values.render_integer("LastInvoiceNumber", value)) == value


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("", "must not be blank"),
        (" \t", "must not be blank"),
        ("x" * 256, "must have 255 characters at most, not 256"),
        (5, "must be text"),
    ],
)
def test_a_text_that_no_partner_takes_is_refused(value: Any, rule: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        values.render_text("AccountNumber", value)
    assert caught.value.rule == rule
