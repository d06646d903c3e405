"""Logging in, and what changes a password or an address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.domain.errors import (
    Conflict,
    LoginRefused,
    NotFound,
    TokenInvalid,
    ValueRefused,
)
from partnerlab.simulators.ic_webservices.store import CUSTOMERS
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    PASSWORD,
    USER,
    UTILITY,
    Harness,
)
from tests.simulators.ic_webservices.users import (
    ANN,
    SECOND,
    SECRET,
    THIRD,
    add_accounts,
    customer,
    register,
    registrations,
)


@pytest.fixture
def world(harness: Harness) -> Harness:
    """With two accounts more than the seeded one."""
    add_accounts(harness)
    return harness


# --- logging in ---


def test_logging_in_answers_the_account_that_was_asked_for_else_the_first(world: Harness) -> None:
    register(world, SECOND, ACCOUNT)
    service = registrations(world)
    for asked, answered in (("", SECOND), (ACCOUNT, ACCOUNT), (THIRD, THIRD)):
        _, session, found = service.log_in(world.lane, UTILITY, ANN, SECRET, account_number=asked)
        assert found is not None
        assert found.account_number == answered
        assert session.account_numbers == (SECOND, ACCOUNT), "logging in links nothing"
    with pytest.raises(NotFound):
        service.log_in(world.lane, UTILITY, ANN, SECRET, account_number="9")


def test_setting_29_creates_and_links_an_unknown_account(world: Harness) -> None:
    service = registrations(world)
    asked: dict[str, Any] = {
        "account_number": "9",
        "create": True,
        "customer_name": "Nine",
        "email_address": "nine@example.com",
    }
    with pytest.raises(NotFound):
        service.log_in(world.lane, UTILITY, USER, PASSWORD, **asked)
    world.control("PATCH", f"billers/{UTILITY}", {"settings": {"29": "1"}})
    with pytest.raises(LoginRefused):
        service.log_in(world.lane, UTILITY, USER, "wrong", **asked)
    assert world.control("GET", "customers/9").status == 404
    _, session, found = service.log_in(world.lane, UTILITY, USER, PASSWORD, **asked)
    assert session.account_numbers == (ACCOUNT, "9")
    assert found is not None
    seen = customer(world, "9")
    assert (seen["customer_name"], seen["email_address"], seen["registered"]) == ("Nine", "nine@example.com", True)
    service.log_in(world.lane, UTILITY, USER, PASSWORD, **{**asked, "customer_name": "Other"})
    assert customer(world, "9") == seen, "one that stands is not changed"


@pytest.mark.parametrize(
    ("username", "password", "account", "words"),
    [
        (USER, "wrong", "9", LoginRefused),  # a known user's password must be right
        (ANN, SECRET, ACCOUNT, LoginRefused),  # a known account gets a new user by RemoteRegistration alone
        (ANN, SECRET, "", LoginRefused),
        (ANN, "short", "9", ValueRefused),
    ],
)
def test_setting_29_makes_nothing_of_a_login_that_is_wrong(
    world: Harness, username: str, password: str, account: str, words: type[Exception]
) -> None:
    world.control("PATCH", f"billers/{UTILITY}", {"settings": {"29": "1"}})
    with pytest.raises(words):
        registrations(world).log_in(world.lane, UTILITY, username, password, account_number=account, create=True)
    assert world.control("GET", "customers/9").status == 404
    assert world.control("GET", f"users/{ANN}").status == 404


def test_setting_29_creates_a_user_with_the_account_once(world: Harness) -> None:
    world.control("PATCH", f"billers/{UTILITY}", {"settings": {"29": "1"}})
    service = registrations(world)
    asked: dict[str, Any] = {"account_number": "9", "create": True, "customer_name": "Nine"}
    for _ in range(2):
        _, session, found = service.log_in(world.lane, UTILITY, ANN, SECRET, **asked)
        assert (session.account_numbers, found and found.customer_name) == (("9",), "Nine")
    with pytest.raises(LoginRefused):
        service.log_in(world.lane, UTILITY, ANN, "Sandbox!0000", **asked)


# --- new passwords and addresses ---


def test_a_new_password_counts_and_ends_open_sessions(world: Harness) -> None:
    service, access = registrations(world), world.sim.world.services.authentication
    token, _ = access.authenticate(world.lane, UTILITY, USER, PASSWORD)
    with pytest.raises(LoginRefused):
        service.set_password(world.lane, UTILITY, USER, SECRET, password="wrong")
    with pytest.raises(ValueRefused):
        service.set_password(world.lane, UTILITY, USER, "short", password=PASSWORD)
    with pytest.raises(NotFound):
        service.set_password(world.lane, UTILITY, "nobody", SECRET)
    service.set_password(world.lane, UTILITY, USER, SECRET, password=PASSWORD)
    with pytest.raises(LoginRefused):
        access.authenticate(world.lane, UTILITY, USER, PASSWORD)
    with pytest.raises(TokenInvalid, match="ended"):
        access.open(world.lane, token)
    new, _ = access.authenticate(world.lane, UTILITY, USER, SECRET)
    access.open(world.lane, new)


def test_the_same_password_again_changes_nothing(world: Harness) -> None:
    service, access = registrations(world), world.sim.world.services.authentication
    token, _ = access.authenticate(world.lane, UTILITY, USER, PASSWORD)
    service.set_password(world.lane, UTILITY, USER, PASSWORD, password=PASSWORD)
    service.set_password(world.lane, UTILITY, USER, PASSWORD)
    access.open(world.lane, token)
    with pytest.raises(LoginRefused):
        service.set_password(world.lane, UTILITY, USER, PASSWORD, password="wrong")
    with pytest.raises(NotFound):
        service.set_password(world.lane, UTILITY, "nobody", PASSWORD)
    access.open(world.lane, token)


def test_a_password_changed_while_it_was_compared_lets_nobody_in(world: Harness) -> None:
    access = world.sim.world.services.authentication
    user = access.check(world.lane, UTILITY, USER, PASSWORD)
    registrations(world).set_password(world.lane, UTILITY, USER, SECRET)
    with pytest.raises(LoginRefused):
        access.issue(world.lane, user)


def test_a_new_address_moves_the_username_with_everything_that_hangs_on_it(world: Harness) -> None:
    service, access = registrations(world), world.sim.world.services.authentication
    token, _ = access.authenticate(world.lane, UTILITY, USER, PASSWORD)
    register(world, ACCOUNT)
    service.set_user_email(world.lane, UTILITY, "New@example.com", username=USER)
    assert world.control("GET", f"users/{USER}").status == 404
    user = world.get("users/new@example.com")
    assert (user["email_address"], user["account_numbers"]) == ("New@example.com", [ACCOUNT])
    session = access.open(world.lane, token)
    assert session.user.username == "new@example.com"
    seen = customer(world)
    assert (seen["login_name"], seen["email_address"]) == ("new@example.com", "New@example.com")
    access.authenticate(world.lane, UTILITY, "NEW@example.com", PASSWORD)
    assert world.raised == []
    assert world.get("changes")["changes"] == []


def test_a_username_that_is_no_address_stays(world: Harness) -> None:
    register(world, SECOND, username="ann", email_address="a@example.com")
    registrations(world).set_user_email(world.lane, UTILITY, "b@example.com", email="A@example.com")
    assert world.get("users/ann")["email_address"] == "b@example.com"


def test_only_customers_with_the_users_old_address_or_none_get_the_new_one(world: Harness) -> None:
    with world.store.write() as tx:
        other = CUSTOMERS.get(tx, "default", UTILITY, THIRD)
        assert other is not None
        CUSTOMERS.put(tx, "default", replace(other, email_address="other@example.com"))
    register(world, SECOND, THIRD)
    registrations(world).set_user_email(world.lane, UTILITY, "new@example.com", username=ANN)
    assert customer(world, SECOND)["email_address"] == "new@example.com"
    assert customer(world, THIRD)["email_address"] == "other@example.com"


def test_an_address_that_names_several_users_or_a_taken_one_changes_nothing(world: Harness) -> None:
    service = registrations(world)
    register(world, SECOND)
    with pytest.raises(Conflict, match="already"):
        service.set_user_email(world.lane, UTILITY, ANN, username=USER)
    assert customer(world)["email_address"] == USER
    register(world, SECOND, username="bob", email_address=ANN)
    with pytest.raises(Conflict, match="2 users"):
        service.set_user_email(world.lane, UTILITY, "new@example.com", email=ANN)
    with pytest.raises(NotFound):
        service.set_user_email(world.lane, UTILITY, "new@example.com", email="nobody@example.com")
    with pytest.raises(ValueRefused):
        service.set_user_email(world.lane, UTILITY, "new@example.com")
    with pytest.raises(ValueRefused):
        service.set_user_email(world.lane, UTILITY, "nowhere", username=ANN)


def test_a_customers_address_is_changed_alone_or_with_the_users(world: Harness) -> None:
    service = registrations(world)
    service.set_customer_email(world.lane, UTILITY, SECOND, "second@example.com")
    assert customer(world, SECOND)["email_address"] == "second@example.com"
    with pytest.raises(NotFound):
        service.set_customer_email(world.lane, UTILITY, SECOND, "third@example.com", username=USER)
    assert customer(world, SECOND)["email_address"] == "second@example.com", "nothing is half done"
    changed = service.set_customer_email(world.lane, UTILITY, ACCOUNT, "new@example.com", username=USER)
    assert (changed.email_address, changed.login_name) == ("new@example.com", "new@example.com")
    assert world.get("users/new@example.com")["account_numbers"] == [ACCOUNT]
    assert world.raised == []
