"""The passwords of the users that a lane begins with: hashed beforehand, so no start waits for it."""

from __future__ import annotations

from types import ModuleType

import pytest

from partnerlab.simulators import ic_webservices, watersmart
from partnerlab.simulators.ic_webservices import seeds as ic_seeds
from partnerlab.simulators.ic_webservices.domain import users as ic_users
from partnerlab.simulators.watersmart import seeds as water_seeds
from partnerlab.simulators.watersmart.domain import users as water_users


@pytest.mark.parametrize(
    ("seeds", "users", "password", "cost"),
    [
        (ic_seeds, ic_users, ic_webservices.Settings().utility_password, ic_webservices.Settings().password_cost),
        (water_seeds, water_users, watersmart.Settings().user_password, watersmart.Settings().password_cost),
    ],
    ids=["Invoice Cloud", "WaterSmart"],
)
def test_the_documented_password_is_hashed_already(
    seeds: ModuleType, users: ModuleType, password: str, cost: int
) -> None:
    kept = seeds.DOCUMENTED[password, cost]
    assert users.password_matches(password, kept)
    assert not users.password_matches(f"{password}6", kept)
    made = users.hash_password(password, cost)
    assert [len(part) for part in kept.split("$")] == [len(part) for part in made.split("$")]
    assert str(cost) in kept.split("$")


def test_nobodys_hash_looks_like_a_passwords_and_is_none() -> None:
    nobody, somebody = ic_users.hash_of_nobody(2), ic_users.hash_password("Sandbox!2345", 2)
    assert [len(part) for part in nobody.split("$")] == [len(part) for part in somebody.split("$")]
    assert nobody.split("$")[:2] == somebody.split("$")[:2]
    assert not any(ic_users.password_matches(password, nobody) for password in ("", "Sandbox!2345", None))
