"""Users of the simulator's, and accounts for them beside the seeded one."""

from __future__ import annotations

from typing import Any

from partnerlab.simulators.ic_webservices.services.user_accounts import UserAccounts
from tests.simulators.ic_webservices.harness import ACCOUNT, UTILITY, Harness, bill_file, freeze, group

__all__ = ["ANN", "SECOND", "SECRET", "THIRD", "add_accounts", "customer", "register", "registrations"]

ANN, SECRET = "ann@example.com", "Sandbox!6789"
SECOND, THIRD = "20000001", "20000002"


def add_accounts(harness: Harness) -> None:
    """Two accounts more than the seeded one, in a lane whose clock stands."""
    freeze(harness)
    told = harness.upload(bill_file([group("700001", SECOND), group("700002", THIRD)]))
    assert told["Success"] == "true"


def registrations(harness: Harness) -> UserAccounts:
    return harness.sim.world.services.user_accounts


def register(harness: Harness, *accounts: str, username: str = ANN, password: str = SECRET, **more: Any) -> Any:
    return registrations(harness).register(harness.lane, UTILITY, username, password, accounts, **more)


def customer(harness: Harness, account: str = ACCOUNT) -> Any:
    return harness.get(f"customers/{account}")
