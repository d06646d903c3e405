"""Logging in, tokens, and how long they open anything."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta
from unittest.mock import patch

import pytest

from partnerlab.simulators.ic_webservices.domain import users
from partnerlab.simulators.ic_webservices.domain.errors import LoginRefused, TokenInvalid
from partnerlab.simulators.ic_webservices.domain.users import RemoteToken
from partnerlab.simulators.ic_webservices.services import authentication
from partnerlab.simulators.ic_webservices.services.authentication import Authentication
from partnerlab.simulators.ic_webservices.settings import Settings
from partnerlab.simulators.kit.world.store import Statement
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    PASSWORD,
    USER,
    UTILITY,
    Harness,
    advance,
    freeze,
)

WATERSMART = Settings().watersmart_guid


@pytest.fixture
def frozen(harness: Harness) -> Harness:
    freeze(harness)
    return harness


def access(harness: Harness) -> Authentication:
    return harness.sim.world.services.authentication


def logged_in(harness: Harness) -> str:
    token, _ = access(harness).authenticate(harness.lane, UTILITY, USER, PASSWORD)
    return token


def refused(harness: Harness, token: str, biller: str = "") -> str:
    with pytest.raises(TokenInvalid) as found:
        access(harness).open(harness.lane, token, biller)
    return found.value.reason


def test_a_login_gives_a_token_that_opens_the_users_accounts(frozen: Harness) -> None:
    token, session = access(frozen).authenticate(frozen.lane, UTILITY, " Willows@EXAMPLE.com ", PASSWORD)
    assert session.account_numbers == (ACCOUNT,)
    assert session.biller.guid == UTILITY
    assert session.user.username == USER
    assert session.expires_at == frozen.lane.now() + timedelta(minutes=20)
    assert access(frozen).open(frozen.lane, token) == session


@pytest.mark.parametrize(
    ("biller", "username", "password"),
    [
        (UTILITY, USER, "sandbox!2345"),
        (UTILITY, USER, ""),
        (UTILITY, USER, None),
        (UTILITY, USER, PASSWORD + " "),
        (UTILITY, USER, PASSWORD * 5000),
        (UTILITY, "nobody@example.com", PASSWORD),
        (UTILITY, "", PASSWORD),
        (UTILITY, None, None),
        (UTILITY, "\0", "\0\ud800"),
        (WATERSMART, USER, PASSWORD),
        ("none", USER, PASSWORD),
    ],
)
def test_a_wrong_login_is_refused_and_does_not_say_why(
    harness: Harness, biller: str, username: str | None, password: str | None
) -> None:
    with pytest.raises(LoginRefused) as found:
        access(harness).authenticate(harness.lane, biller, username, password)
    assert str(found.value) == "The Username or the Password is not valid."


@pytest.mark.parametrize("username", [USER, "nobody@example.com"])
def test_an_unknown_user_costs_as_much_as_a_wrong_password(harness: Harness, username: str) -> None:
    with patch.object(hashlib, "scrypt", wraps=hashlib.scrypt) as scrypt, pytest.raises(LoginRefused):
        access(harness).authenticate(harness.lane, UTILITY, username, "wrong")
    (call,) = scrypt.call_args_list
    assert call.kwargs["n"] == harness.settings.password_cost


def test_a_token_lasts_twenty_minutes_from_its_last_use(frozen: Harness) -> None:
    token = logged_in(frozen)
    for _ in range(3):
        advance(frozen, timedelta(minutes=19, seconds=59))
        access(frozen).open(frozen.lane, token)
    advance(frozen, timedelta(minutes=20))
    assert refused(frozen, token) == "expired"
    assert refused(frozen, token) == "expired"


def test_a_token_that_was_ended_is_refused_from_then_on(frozen: Harness) -> None:
    token, other = logged_in(frozen), logged_in(frozen)
    access(frozen).end(frozen.lane, token)
    assert refused(frozen, token) == "ended"
    access(frozen).open(frozen.lane, other)
    access(frozen).end(frozen.lane, "never was")


@pytest.mark.parametrize("token", ["", "x", "\0", "\ud800", "a" * 100_000])
def test_a_token_that_never_was_is_unknown(harness: Harness, token: str) -> None:
    assert refused(harness, token) == "unknown"


def test_a_token_belongs_to_one_lane_and_one_biller(harness: Harness) -> None:
    token = logged_in(harness)
    assert refused(harness, token, WATERSMART) == "unknown"
    assert access(harness).open(harness.lane, token, UTILITY.upper()).user.username == USER
    harness.lane_name = "red"
    assert refused(harness, token) == "unknown"


def test_a_copy_of_a_lane_has_its_tokens(harness: Harness) -> None:
    token = logged_in(harness)
    harness.lanes.fork("default", "copy")
    access(harness).end(harness.lane, token)
    harness.lane_name = "copy"
    assert access(harness).open(harness.lane, token).account_numbers == (ACCOUNT,)


def test_what_is_stored_opens_nothing(harness: Harness) -> None:
    token = logged_in(harness)
    exported = str(harness.lanes.export("default"))
    assert token not in exported
    assert PASSWORD not in exported
    (kept,) = access(harness).tokens(harness.lane, UTILITY, USER)
    assert refused(harness, kept.token_hash) == "unknown"


def test_two_users_of_one_password_are_kept_differently(harness: Harness) -> None:
    first, second = (users.hash_password(PASSWORD, 2) for _ in range(2))
    assert first != second
    assert users.password_matches(PASSWORD, first)
    assert users.password_matches(PASSWORD, second)
    assert not users.password_matches(PASSWORD + "x", first)


def test_a_token_is_forgotten_a_day_after_its_end_when_the_user_logs_in_again(frozen: Harness) -> None:
    token = logged_in(frozen)
    advance(frozen, timedelta(days=1, minutes=20))
    logged_in(frozen)
    assert refused(frozen, token) == "expired"
    advance(frozen, timedelta(seconds=1))
    logged_in(frozen)
    assert refused(frozen, token) == "unknown"
    assert len(access(frozen).tokens(frozen.lane, UTILITY, USER)) == 2


def test_a_token_is_worth_nothing_once_its_user_is_gone(harness: Harness) -> None:
    token = logged_in(harness)
    with harness.store.write() as tx:
        tx.run(Statement("DELETE FROM ic_users"))
    assert refused(harness, token) == "unknown"


def test_a_password_that_changes_while_a_token_is_made_ends_it(
    shared: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL too, where both transactions are under way at once."""
    user = access(shared).check(shared.lane, UTILITY, USER, PASSWORD)
    users_of = shared.sim.world.services.user_accounts
    change = threading.Thread(target=lambda: users_of.set_password(shared.lane, UTILITY, USER, "another Password 7"))

    def made(*values: str) -> RemoteToken:
        change.start()
        change.join(0.5)  # it waits for this transaction: long enough for one that would not
        return RemoteToken(*values)

    monkeypatch.setattr(authentication, "RemoteToken", made)
    token, _ = access(shared).issue(shared.lane, user)
    change.join(60)
    assert refused(shared, token) == "ended"
    with pytest.raises(LoginRefused):
        access(shared).issue(shared.lane, user)


def test_tokens_can_be_let_expire(frozen: Harness) -> None:
    first, second = logged_in(frozen), logged_in(frozen)
    access(frozen).end(frozen.lane, first)
    assert frozen.control("POST", f"users/{USER}/tokens/expire").json == {"expired": 1}
    assert frozen.control("POST", f"users/{USER}/tokens/expire").json == {"expired": 0}, "it is expired already"
    assert refused(frozen, second) == "expired"
    states = [token["state"] for token in frozen.get(f"users/{USER}/tokens")["tokens"]]
    assert sorted(states) == ["ended", "expired"]


def test_no_repr_shows_a_hash(harness: Harness) -> None:
    logged_in(harness)
    (token,) = access(harness).tokens(harness.lane, UTILITY, USER)
    user = access(harness).check(harness.lane, UTILITY, USER, PASSWORD)
    assert token.token_hash not in repr(token)
    assert user.password_hash not in repr(user)
