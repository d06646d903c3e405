"""
The accounts every lane begins with: those of `contracts/sandbox/seeds.toml`, as the utility keeps them.

Days count from the day the lane is made: a bill of `billed=-10, due=20` was billed ten days ago and is due in twenty.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from partnerlab.contracts.records import dataclass
from partnerlab.contracts.seeds import SeedAccount, SeedBill, accounts
from partnerlab.simulators.inhance_soap.domain.accounts import Account, Integration
from partnerlab.simulators.inhance_soap.domain.billing import Bill

__all__ = ["SEEDS", "Seed", "seed_accounts"]


@dataclass(frozen=True, slots=True)
class Seed:
    """An account of a new lane and what it is good for."""

    account: Account
    bills: tuple[SeedBill, ...]
    purpose: str


def _seed(seed: SeedAccount, integration: Integration) -> Seed:
    who = seed.customer
    account = Account(
        seed.account,
        who.name,
        who.email or None,
        who.phone or None,
        paperless=seed.paperless,
        autopay=seed.autopay,
        credit_cents=seed.credit_cents,
        integration=integration,
        address1=who.address1,
        address2=who.address2,
        city=who.city,
        state=who.state,
        zip=who.zip,
    )
    return Seed(account, seed.bills, seed.purpose)


SEEDS = (
    *(_seed(seed, "v2") for seed in accounts("utility")),
    *(_seed(seed, "v1") for seed in accounts("utility_v1")),
)


def seed_accounts(today: date) -> Iterator[tuple[Account, list[Bill]]]:
    """The seeds with real dates."""
    for seed in SEEDS:
        yield (
            seed.account,
            [
                Bill(
                    bill.number,
                    today + timedelta(days=bill.billed),
                    today + timedelta(days=bill.due),
                    bill.amount_cents,
                    bill.open_cents,
                )
                for bill in seed.bills
            ],
        )
