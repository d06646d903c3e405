"""The rules on plain values: texts and amounts at their limits, passwords, switches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from partnerlab.simulators.watersmart.domain.errors import ValueInvalid
from partnerlab.simulators.watersmart.domain.money import MOST_CENTS, check_cents
from partnerlab.simulators.watersmart.domain.received import number_before, switched
from partnerlab.simulators.watersmart.domain.text import read_account_number, read_email, read_line
from partnerlab.simulators.watersmart.domain.users import (
    check_password,
    hash_password,
    password_matches,
    username_key,
)

AT = datetime(2026, 9, 15, 12, tzinfo=UTC)


def test_a_line_is_taken_without_the_blanks_around_it_and_up_to_its_length() -> None:
    assert read_line("note", None) == read_line("note", "  ") == ""
    assert read_line("note", " a b ", required=True) == "a b"
    assert read_line("note", " " + "x" * 200 + " ") == "x" * 200
    assert read_account_number("account_number", "0" * 30) == "0" * 30
    assert read_email("email", " " + "a" * 94 + "@b.com ") == "a" * 94 + "@b.com"


@pytest.mark.parametrize(
    ("read", "value", "rule"),
    [
        (read_account_number, None, "account_number: '' is missing"),
        (read_account_number, "   ", "account_number: '' is missing"),
        (read_account_number, "0" * 31, "is longer than 30 characters"),
        (read_account_number, "1\t2", "2' holds a control character"),
        (read_line, "x" * 201, "is longer than 200 characters"),
        (read_line, "a\nb", "b' holds a control character"),
        (read_email, "a" * 95 + "@b.com", "of at most 100 characters"),
        (read_email, "a@b", "is not an e-mail address"),
        (read_email, "a\x07@b.com", "is not an e-mail address"),
        (read_email, None, "is not an e-mail address"),
    ],
)
def test_a_text_that_is_not_taken_is_told_with_its_rule(read: object, value: str | None, rule: str) -> None:
    assert callable(read)
    with pytest.raises(ValueInvalid) as refused:
        read("account_number", value)
    assert rule in str(refused.value)


def test_an_amount_is_bounded_on_both_sides() -> None:
    for most in (MOST_CENTS, -MOST_CENTS):
        assert check_cents("amount", most) == most
    for more in (MOST_CENTS + 1, -MOST_CENTS - 1):
        with pytest.raises(ValueInvalid, match="is out of bounds"):
            check_cents("amount", more)


def test_a_password_has_8_to_128_characters_and_no_other_matches() -> None:
    for fits in ("x" * 8, "x" * 128):
        assert check_password(fits) == fits
    for wrong in ("x" * 7, "x" * 129):
        with pytest.raises(ValueInvalid, match="must have 8 to 128 characters") as refused:
            check_password(wrong)
        assert wrong not in str(refused.value)
    longest = "é" * 127 + "x"
    kept = hash_password(longest, 2)
    assert password_matches(longest, kept)
    assert not password_matches(longest + "x", kept), "what is beyond the longest counts"
    assert not password_matches(longest[:-1] + "y", kept)
    assert not password_matches("half of a character: \ud800", kept)
    assert hash_password(longest, 2) != kept, "each has a salt of its own"
    assert username_key(" Ann@Example.com ") == "ann@example.com"


def test_of_a_sign_up_and_a_cancel_the_later_counts_and_of_one_second_the_cancel() -> None:
    before, after = AT - timedelta(seconds=1), AT + timedelta(seconds=1)
    assert switched(None, None) is None
    assert (switched(AT, None), switched(None, AT)) == (True, False)
    assert (switched(AT, before), switched(AT, after), switched(AT, AT)) == (True, False, False)


@pytest.mark.parametrize("mark", ["CV-20260616", "-CV-20260616103000"])
def test_the_number_here_is_the_one_before_the_marks(mark: str) -> None:
    assert number_before(f"20000201{mark}") == "20000201"
    assert number_before("20000201CV-1") == "20000201CV-1"
