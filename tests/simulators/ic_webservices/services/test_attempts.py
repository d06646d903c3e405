"""A password cannot be guessed by trying hundreds a second, nor at two processes in turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from partnerlab.simulators.ic_webservices.domain.errors import LoginRefused
from partnerlab.simulators.ic_webservices.services.attempts import AT_ONCE, EVERY_S, Attempts, too_many
from partnerlab.simulators.kit.world.store import Statement
from tests.simulators.ic_webservices.harness import PASSWORD, USER, UTILITY, Harness, advance

A, B = ("lane", "biller", "a"), ("lane", "biller", "b")


class Seconds:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Guesser:
    """Who tries, at one process or another."""

    def __init__(self, harness: Harness) -> None:
        self.clock, self.store = Seconds(), harness.store
        self.processes = [Attempts(self.store, self.clock), Attempts(self.store, self.clock)]
        harness.lanes.get("lane")

    def may_try(self, who: tuple[str, str, str]) -> bool:
        with self.store.read() as tx:
            return not too_many(self.processes[0].spent_ms(tx, *who))

    def guess(self, who: tuple[str, str, str]) -> None:
        assert self.may_try(who)
        self.processes.reverse()
        self.processes[0].failed(*who)


@pytest.fixture
def guesser(shared: Harness) -> Iterator[Guesser]:
    return Guesser(shared)


def test_a_few_may_be_wrong_at_once_and_then_one_in_some_seconds(guesser: Guesser) -> None:
    for _ in range(AT_ONCE):
        guesser.guess(A)
    assert not guesser.may_try(A)
    others = [B, ("other", "biller", "a"), ("lane", "another", "a")]
    assert all(guesser.may_try(other) for other in others)
    tried = 0
    for _ in range(60):
        guesser.clock.now += 0.5
        if guesser.may_try(A):
            guesser.guess(A)
            tried += 1
    assert tried == 30 / EVERY_S


def test_the_right_password_forgets_the_wrong_ones_of_that_user(guesser: Guesser) -> None:
    for _ in range(AT_ONCE):
        guesser.guess(A)
        guesser.guess(B)
    guesser.processes[0].passed(*A)
    assert guesser.may_try(A)
    assert not guesser.may_try(B)
    for _ in range(AT_ONCE):
        guesser.guess(A)
    assert not guesser.may_try(A)


def test_users_are_forgotten_when_their_attempts_are_free_again(guesser: Guesser) -> None:
    for number in range(30):
        guesser.guess(("lane", "biller", f"user {number}"))
    guesser.guess(A)
    guesser.clock.now += EVERY_S
    guesser.guess(B)
    with guesser.store.read() as tx:
        assert tx.all(Statement("SELECT count(*) FROM ic_wrong_passwords")) == [(1,)]
    for _ in range(AT_ONCE - 1):
        guesser.guess(B)
    assert not guesser.may_try(B), "the one whose attempt was not free yet"


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


def test_the_right_password_at_a_door_forgets_the_wrong_ones(harness: Harness) -> None:
    authentication = harness.sim.world.services.authentication
    for n in range(2 * AT_ONCE):
        if n % 10 == 9:
            authentication.authenticate(harness.lane, UTILITY, USER, PASSWORD)
        with pytest.raises(LoginRefused):
            authentication.authenticate(harness.lane, UTILITY, USER, f"guess {n}")
