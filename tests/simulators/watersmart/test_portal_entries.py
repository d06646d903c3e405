"""What the portal's moments leave in WaterSmart's own books, and users without an account."""

from __future__ import annotations

from typing import Any

import pytest

from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.watersmart import Settings
from tests.simulators.watersmart.water import APARTMENTS, BROOK, LAUNDROMAT, NURSERY, PASSWORD, Water

POND = {"username": "Pond@Example.com", "password": "Sandbox!6789"}


def own_entries(water: Water, account: str) -> list[tuple[str, str, dict[str, Any]]]:
    """The account's entries but for what calls left: kind, amount, detail."""
    found = water.api("GET", f"/customers/{account}")["entries"]
    return [(one["kind"], one["amount"], one["detail"]) for one in found if "story" not in one["detail"]]


def set_address(water: Water, account: str, address: str) -> None:
    """By the change log, which renames no user."""
    number = sum(map(len, water.cloud.batches.values())) + 1
    water.cloud.export("changes", number, f"{account},,,{address},09152026120000,,,,")
    water.run("collect")
    assert water.api("GET", f"/customers/{account}")["email"] == address


def test_who_registers_gives_an_account_without_an_address_one_and_is_entered(water: Water) -> None:
    set_address(water, APARTMENTS, "")
    set_address(water, NURSERY, "office@example.com")
    before = {account: len(own_entries(water, account)) for account in (APARTMENTS, NURSERY)}
    for account, address in ((APARTMENTS, "pond@example.com"), (NURSERY, "office@example.com")):
        water.api("POST", "/users", **POND, account_number=account)
        assert water.api("GET", f"/customers/{account}")["email"] == address
        entered = [("registered", "0.00", {"username": "pond@example.com"})]
        assert own_entries(water, account)[before[account] :] == entered
        name, values = water.cloud.calls[-1]
        assert (name, values["username"], values["password"]) == ("register", "pond@example.com", POND["password"])
        assert (values["account_number"], values["email_address"]) == (account, address)


def test_accounts_and_addresses_are_entered_with_who_changed_them(water: Water) -> None:
    before = len(own_entries(water, APARTMENTS))
    water.api("POST", f"/users/{BROOK}/accounts", account_number=APARTMENTS)
    water.api("POST", f"/customers/{APARTMENTS}/email", email="new@example.com", by="staff")
    water.api("DELETE", f"/users/new@example.com/accounts/{APARTMENTS}", "by=customer")
    assert own_entries(water, APARTMENTS)[before:] == [
        ("linked", "0.00", {"username": BROOK}),
        ("changed", "0.00", {"email": "new@example.com", "by": "staff"}),
        ("unlinked", "0.00", {"username": "new@example.com", "by": "customer"}),
    ]


def test_a_user_without_an_account_gets_in_nowhere(water: Water) -> None:
    water.api("POST", f"/users/{BROOK}/sign-in", password=PASSWORD)
    water.api("DELETE", f"/users/{BROOK}/accounts/{LAUNDROMAT}")
    calls = len(water.cloud.calls)
    for path, body in (("sign-in", {}), ("password", {"new_password": "Sandbox!6789"})):
        status, refused = water.ask("POST", f"/users/{BROOK}/{path}", password=PASSWORD, **body)
        assert (status, refused["error"]["code"]) == (409, "account_not_linked")
    assert len(water.cloud.calls) == calls
    assert water.api("POST", f"/users/{BROOK}/pages", redirect_id=8)["ok"], "the session lives as long as it lives"
    water.api("POST", f"/users/{BROOK}/accounts", account_number=LAUNDROMAT)
    water.api("POST", f"/users/{BROOK}/sign-in", password=PASSWORD)


@pytest.mark.parametrize("synced", [False, True])
def test_a_sign_in_links_the_other_accounts_where_the_utility_has_it_so(synced: bool) -> None:
    """Source: LinkCustomerAccount, "a flag to sync account linking upon login"."""
    store = Store("sqlite://")
    water = Water(store, Settings(sync_links=synced))
    for account in (APARTMENTS, NURSERY):
        water.api("POST", f"/users/{BROOK}/accounts", account_number=account)
    water.api("POST", f"/users/{BROOK}/sign-in", password=PASSWORD)
    _, values = water.cloud.calls[-1]
    assert values["account_number"] == LAUNDROMAT
    assert values["sync_links"] == ([APARTMENTS, NURSERY] if synced else [])
    water.simulator.world.runner.close()
    store.close()


def test_a_new_password_goes_out_with_the_accounts_address_else_the_users_name(water: Water) -> None:
    for kept, sent in (("office@example.com", "office@example.com"), ("", BROOK)):
        set_address(water, LAUNDROMAT, kept)
        water.api("POST", f"/users/{BROOK}/password", password=PASSWORD, new_password=PASSWORD)
        assert water.cloud.calls[-1][1]["email_address"] == sent


def test_renew_user_is_entered_and_the_next_balance_file_says_it(water: Water) -> None:
    before = len(own_entries(water, LAUNDROMAT))
    water.api("POST", f"/customers/{LAUNDROMAT}/renew")
    assert own_entries(water, LAUNDROMAT)[before:] == [("adjusted", "0.00", {"note": "Renew User"})]
    assert water.api("GET", f"/customers/{LAUNDROMAT}")["balance_waits"] is True
    water.run("balances")
    assert LAUNDROMAT in water.cloud.sent[-1][1]
