"""A password cannot be guessed by trying hundreds a second."""

from __future__ import annotations

from datetime import timedelta

import pytest

from partnerlab.simulators.ic_webservices.domain.errors import LoginRefused
from partnerlab.simulators.ic_webservices.services.attempts import AT_ONCE, EVERY_S, REMEMBERED, Attempts
from tests.simulators.ic_webservices.harness import PASSWORD, USER, UTILITY, Harness, advance


class Seconds:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_few_may_be_wrong_at_once_and_then_one_in_some_seconds() -> None:
    clock = Seconds()
    attempts = Attempts(clock)
    for _ in range(AT_ONCE):
        assert attempts.may_try("a")
        attempts.failed("a")
    assert not attempts.may_try("a")
    assert attempts.may_try("b")
    tried = 0
    for _ in range(120):
        clock.now += 0.5
        if attempts.may_try("a"):
            attempts.failed("a")
            tried += 1
    assert tried == 60 / EVERY_S


def test_the_right_password_forgets_the_wrong_ones() -> None:
    attempts = Attempts(Seconds())
    for _ in range(AT_ONCE - 1):
        attempts.failed("a")
    attempts.passed("a")
    for _ in range(AT_ONCE):
        assert attempts.may_try("a")
        attempts.failed("a")


def test_no_more_users_are_remembered_than_that() -> None:
    attempts = Attempts(Seconds())
    for user in range(REMEMBERED + 10):
        attempts.failed(user)
    assert len(attempts._spent) == REMEMBERED


def test_guessing_at_a_door_stops_whatever_the_lanes_clock_says(harness: Harness) -> None:
    authentication = harness.sim.world.services.authentication
    for n in range(AT_ONCE):
        with pytest.raises(LoginRefused):
            authentication.authenticate(harness.lane, UTILITY, USER, f"guess {n}")
    with pytest.raises(LoginRefused):
        authentication.authenticate(harness.lane, UTILITY, USER.upper(), PASSWORD)
    advance(harness, timedelta(hours=1))
    with pytest.raises(LoginRefused):
        authentication.authenticate(harness.lane, UTILITY, USER, PASSWORD)
