"""Users and their accounts: registering, linking, unlinking, new passwords and addresses."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.domain.errors import (
    LoginRefused,
    NotFound,
    ValueRefused,
)
from partnerlab.simulators.ic_webservices.services.user_accounts import Found
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    PASSWORD,
    USER,
    UTILITY,
    Harness,
    bill_file,
    group,
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


def find(harness: Harness, **search: str) -> list[tuple[str, str]]:
    """Who is found, as account and username."""
    found: list[Found] = registrations(harness).find(harness.lane, UTILITY, **search)
    return [(one.customer.account_number, one.user.username if one.user else "") for one in found]


def test_registering_makes_the_customer_registered_since_now(world: Harness) -> None:
    (registered,) = register(world, SECOND)
    assert registered.customer.customer_guid == customer(world, SECOND)["customer_guid"]
    seen = customer(world, SECOND)
    assert (seen["registered"], seen["login_name"]) == (True, ANN)
    assert seen["registration_date"] == "2026-06-16T10:00:00", "in the biller's time zone"
    assert world.get(f"users/{ANN}")["account_numbers"] == [SECOND]
    assert world.raised == [], "a partner's own change is not sent back to it"


def test_users_are_found_by_their_address_however_it_is_written_and_at_their_biller_alone(world: Harness) -> None:
    users, insurance = world.sim.world.services.user_accounts, world.settings.insurance_guid
    users.register(world.lane, UTILITY, ANN, SECRET, (SECOND,))
    users.register(world.lane, insurance, ANN, SECRET, ("454100010",))
    for written in (ANN, f" {ANN.upper()} "):
        found = [users.find(world.lane, biller, email_address=written) for biller in (UTILITY, insurance)]
        assert [[one.customer.account_number for one in each] for each in found] == [[SECOND], ["454100010"]]


def test_a_customer_keeps_its_guid_whatever_a_bill_file_brings(world: Harness) -> None:
    before = {account: customer(world, account)["customer_guid"] for account in (ACCOUNT, SECOND, THIRD)}
    assert len(set(before.values())) == 3
    assert all(str(uuid.UUID(guid)) == guid for guid in before.values())
    world.upload(bill_file([group("700004", SECOND, CustomerName="Renamed"), group("700005", ACCOUNT)]))
    assert customer(world, SECOND)["customer_name"] == "Renamed"
    assert {account: customer(world, account)["customer_guid"] for account in before} == before


def test_a_second_user_of_an_account_leaves_the_first_one_its_name(world: Harness) -> None:
    """A co-owner: one account, two users."""
    register(world, ACCOUNT)
    assert customer(world)["login_name"] == USER
    assert find(world, account_number=ACCOUNT) == [(ACCOUNT, USER), (ACCOUNT, ANN)]


def test_a_registered_user_links_more_accounts_with_the_right_password(world: Harness) -> None:
    register(world, SECOND)
    found = register(world, SECOND, THIRD, ACCOUNT, username=" ANN@Example.COM ")
    assert [one.message for one in found] == [
        "The account was linked already.",
        "The account was registered.",
        "The account was linked; it has other users too.",
    ]
    assert world.get(f"users/{ANN}")["account_numbers"] == [SECOND, THIRD, ACCOUNT]


def test_a_registered_user_with_a_wrong_password_gets_nothing(world: Harness) -> None:
    register(world, SECOND)
    with pytest.raises(LoginRefused):
        register(world, THIRD, password="Sandbox!0000")
    assert world.get(f"users/{ANN}")["account_numbers"] == [SECOND]
    assert customer(world, THIRD)["registered"] is False


def test_accounts_that_are_not_known_are_left_out(world: Harness) -> None:
    known, unknown = register(world, SECOND, "9")
    assert known.customer is not None
    assert (unknown.customer, unknown.message) == (None, "There is no customer '9'.")


def test_no_user_is_made_where_no_account_is_known(world: Harness) -> None:
    assert [one.customer for one in register(world, "9", "8")] == [None, None]
    assert world.control("GET", f"users/{ANN}").status == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": ""}, "Username"),
        ({"username": "x" * 101}, "Username"),
        ({"password": "1234567"}, "Password"),
        ({"password": "x" * 129}, "Password"),
        ({"email_address": "nobody"}, "EmailAddress"),
        ({"accounts": []}, "Accounts"),
        ({"accounts": ["", " "]}, "Accounts"),
        ({"accounts": [4]}, "AccountNumber"),
    ],
)
def test_what_cannot_be_registered_is_named_and_never_shown_where_it_is_secret(
    world: Harness, changes: dict[str, Any], field: str
) -> None:
    asked = {"username": ANN, "password": SECRET, "accounts": [SECOND], **changes}
    with pytest.raises(ValueRefused) as found:
        registrations(world).register(
            world.lane,
            UTILITY,
            asked["username"],
            asked["password"],
            asked["accounts"],
            email_address=asked.get("email_address", ""),
        )
    assert found.value.field == field
    assert asked["password"] not in str(found.value)


@pytest.mark.parametrize(
    ("username", "given", "kept"),
    [
        (ANN, "", ANN),
        (ANN, "a@example.org", "a@example.org"),
        ("ann", "", ""),
        ("ann", "A@example.org", "A@example.org"),
    ],
)
def test_a_new_users_address_is_the_username_where_it_is_one(
    world: Harness, username: str, given: str, kept: str
) -> None:
    register(world, SECOND, username=username, email_address=given)
    assert world.get(f"users/{username}")["email_address"] == kept


def test_registering_again_with_another_password_changes_it_where_that_is_asked_for(world: Harness) -> None:
    register(world, SECOND)
    register(world, SECOND, password="Sandbox!0000", change_password=True)
    with pytest.raises(LoginRefused):
        registrations(world).log_in(world.lane, UTILITY, ANN, SECRET)
    registrations(world).log_in(world.lane, UTILITY, ANN, "Sandbox!0000")


# --- finding ---


def test_an_account_alone_is_found_where_nobody_who_is_asked_for_has_it(world: Harness) -> None:
    assert find(world, account_number="9") == []
    assert find(world, account_number=SECOND) == [(SECOND, "")]
    assert find(world, account_number=SECOND, username=USER) == [(SECOND, "")]
    assert find(world, account_number=ACCOUNT, username=ANN) == [(ACCOUNT, "")]
    assert find(world, account_number=ACCOUNT, email_address="WILLOWS@example.com") == [(ACCOUNT, USER)]


def test_a_user_is_found_with_each_account(world: Harness) -> None:
    register(world, SECOND, THIRD)
    assert find(world, username="Ann@example.com") == [(SECOND, ANN), (THIRD, ANN)]
    assert find(world, email_address=ANN) == [(SECOND, ANN), (THIRD, ANN)]
    assert find(world, email_address=ANN, username=USER) == []
    assert find(world, username="nobody") == []


def test_two_users_of_one_address_are_both_found(world: Harness) -> None:
    for username in ("ann", "bob"):
        register(world, SECOND, username=username, email_address="both@example.com")
    assert find(world, email_address="Both@example.com") == [(SECOND, "ann"), (SECOND, "bob")]


def test_nothing_to_search_by_is_refused(world: Harness) -> None:
    with pytest.raises(ValueRefused, match="at least one of"):
        find(world)


# --- linking and unlinking ---


def test_an_account_is_registered_until_its_last_user_goes(world: Harness) -> None:
    register(world, ACCOUNT, SECOND)
    service = registrations(world)
    assert service.unlink(world.lane, UTILITY, USER, [ACCOUNT]) == 1
    assert (customer(world)["registered"], customer(world)["login_name"]) == (True, ANN)
    assert service.unlink(world.lane, UTILITY, ANN, [ACCOUNT, ACCOUNT, "9"]) == 1
    seen = customer(world)
    assert (seen["registered"], seen["registration_date"], seen["login_name"]) == (False, "", "")
    assert world.get(f"users/{ANN}")["account_numbers"] == [SECOND]


def test_unlinking_what_is_not_linked_changes_nothing(world: Harness) -> None:
    assert registrations(world).unlink(world.lane, UTILITY, USER, [SECOND]) == 0
    assert customer(world, SECOND)["registered"] is False
    with pytest.raises(NotFound):
        registrations(world).unlink(world.lane, UTILITY, "nobody", [ACCOUNT])
    with pytest.raises(ValueRefused):
        registrations(world).unlink(world.lane, UTILITY, USER, [" "])


def test_a_user_without_accounts_logs_in_and_links_one(world: Harness) -> None:
    service = registrations(world)
    service.unlink(world.lane, UTILITY, USER, [ACCOUNT])
    token, session, found = service.log_in(world.lane, UTILITY, USER, PASSWORD)
    assert (session.account_numbers, found) == ((), None)
    linked = service.link(world.lane, UTILITY, USER, f" {SECOND} ")
    assert (linked.registered, linked.login_name) == (True, USER)
    assert world.sim.world.services.authentication.open(world.lane, token).account_numbers == (SECOND,)


def test_linking_needs_a_user_and_an_account(world: Harness) -> None:
    for username, account in (("nobody", ACCOUNT), (USER, "9"), ("", ACCOUNT)):
        with pytest.raises(NotFound):
            registrations(world).link(world.lane, UTILITY, username, account)


def test_a_conveyed_account_keeps_its_user_and_the_new_owner_has_none(world: Harness) -> None:
    conveyed = world.control("POST", f"customers/{ACCOUNT}/convey").json
    assert conveyed["account_number"] == f"{ACCOUNT}CV-20260616140000"
    assert world.get(f"users/{USER}")["account_numbers"] == [conveyed["account_number"]]
    world.upload(bill_file([group("700003", ACCOUNT)]))
    owner = customer(world)
    assert owner["registered"] is False
    assert owner["customer_guid"] not in ("", conveyed["customer_guid"])


# --- many at once ---


def test_two_who_register_at_once_are_one_user_with_both_accounts(shared: Harness) -> None:
    shared.upload(bill_file([group("700001", SECOND), group("700002", THIRD)]))
    barrier, problems = threading.Barrier(2), []

    def run(account: str) -> None:
        try:
            barrier.wait(60)
            registrations(shared).register(shared.lane, UTILITY, ANN, SECRET, [account])
        except Exception as error:  # noqa: BLE001 - told by the test
            problems.append(error)

    threads = [threading.Thread(target=run, args=(account,)) for account in (SECOND, THIRD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert problems == []
    assert sorted(shared.get(f"users/{ANN}")["account_numbers"]) == [SECOND, THIRD]
    assert len(registrations(shared).find(shared.lane, UTILITY, username=ANN)) == 2


def test_every_store_keeps_users_links_and_tokens_alike(shared: Harness) -> None:
    access = shared.sim.world.services.authentication
    token, session = access.authenticate(shared.lane, UTILITY, USER, PASSWORD)
    registrations(shared).set_user_email(shared.lane, UTILITY, "new@example.com", username=USER)
    assert access.open(shared.lane, token).user.username == "new@example.com"
    assert registrations(shared).find(shared.lane, UTILITY, email_address="NEW@example.com")[0].user is not None
    access.end(shared.lane, token)
    assert [one.ended_at != "" for one in access.tokens(shared.lane, UTILITY, "new@example.com")] == [True]
    assert session.account_numbers == (ACCOUNT,)
