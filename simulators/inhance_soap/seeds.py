"""
The accounts every lane begins with: those of `contracts/sandbox/seeds.toml`, as the utility keeps them.

Days count from the day the lane is made: a bill of `billed=-10, due=20` was billed ten days ago and is due in twenty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from partnerlab.contracts.seeds import SeedBill, utility_accounts
from partnerlab.simulators.inhance_soap.domain.accounts import Account
from partnerlab.simulators.inhance_soap.domain.billing import Bill

__all__ = ["SEEDS", "Seed", "seed_accounts"]


@dataclass(frozen=True, slots=True)
class Seed:
    """An account of a new lane and what it is good for."""

    account: Account
    bills: tuple[SeedBill, ...]
    purpose: str


SEEDS = tuple(
    Seed(
        Account(
            seed.account,
            seed.customer.name,
            seed.customer.email or None,
            seed.customer.phone or None,
            paperless=seed.paperless,
            autopay=seed.autopay,
            credit_cents=seed.credit_cents,
        ),
        seed.bills,
        seed.purpose,
    )
    for seed in utility_accounts()
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
