"""
The accounts every lane begins with; the first is a constant of the sandbox.

Days count from the day the lane is made: a bill of `billed=-10, due=20` was billed ten days ago and is due in twenty.
All names and addresses are made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from partnerlab.simulators.inhance_soap.domain.accounts import Account
from partnerlab.simulators.inhance_soap.domain.billing import Bill

__all__ = ["SEEDS", "Seed", "seed_accounts"]


@dataclass(frozen=True, slots=True)
class SeedBill:
    """A bill of a seed, amounts in cents; `open_cents` is the amount where it is not given."""

    invoice_number: str
    amount_cents: int
    billed: int
    due: int
    open_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Seed:
    """An account of a new lane and what it is good for."""

    account: Account
    bills: tuple[SeedBill, ...]
    purpose: str


SEEDS = (
    Seed(
        Account("10000101", "Willows Laundry", "willows@example.com", "555-0101"),
        (SeedBill("500001", 12550, -10, 20), SeedBill("500002", 5725, 20, 50)),
        "Balance 125.50, FutureBalance 182.75",
    ),
    Seed(
        Account("10000102", "Cedar Court Cafe", "cedar@example.com", "555-0102", paperless=True),
        (SeedBill("500003", 8910, -45, -15), SeedBill("500004", 4135, -15, 15)),
        "past due: two open bills, the older one due 15 days ago",
    ),
    Seed(
        Account("10000103", "Harbour Books", "harbour@example.com", "555-0103"),
        (SeedBill("500005", 7420, -20, 10, open_cents=0),),
        "zero balance: the only bill is paid",
    ),
    Seed(
        Account("10000104", "Maple Street Dental", "maple@example.com", "555-0104", credit_cents=3000),
        (SeedBill("500006", 6600, -30, -2, open_cents=0),),
        "credit: Balance -30.00",
    ),
    Seed(
        Account("10000105", "R. Ashdown"),
        (SeedBill("500007", 5318, -8, 22),),
        "no e-mail and no phone: both are absent from the answer",
    ),
    Seed(
        Account("10000106", "Juniper House", "juniper@example.com", "555-0106", paperless=True, autopay=True),
        (SeedBill("500008", 9999, -5, 16),),
        "AutoPay and paperless are on",
    ),
    Seed(
        Account("10000107", "Present Owner", "present@example.com", "555-0107"),
        (SeedBill("500009", 3105, -4, 26),),
        "conveyed: the account as its new owner has it",
    ),
    Seed(
        Account("10000107CV-20240115093000", "Former Owner", "former@example.com", "555-0108"),
        (SeedBill("500010", 6320, -60, -30),),
        "conveyed: the former owner's part, with its own balance; switches take the plain number only",
    ),
    Seed(
        Account("10000109", "Orchard Primary School", "orchard@example.com", "555-0109"),
        (SeedBill("500011", 48000, 12, 42),),
        "Balance 0.00 and FutureBalance 480.00: nothing billed yet",
    ),
    Seed(
        Account("10000110", "Mill Lane Brewery", "mill@example.com", "555-0110"),
        (SeedBill("MLB-2024-7", 1234567, -3, 27),),
        "a large balance, and an invoice number that is not an integer",
    ),
    Seed(
        Account("10000111", "Björk & Söhne <Bäckerei>", "bakery@example.com", "555-0111"),
        (SeedBill("500012", 2, -1, 29),),
        "characters that XML escapes, and a balance of two cents",
    ),
)


def seed_accounts(today: date) -> Iterator[tuple[Account, list[Bill]]]:
    """The seeds with real dates."""
    for seed in SEEDS:
        yield (
            seed.account,
            [
                Bill(
                    bill.invoice_number,
                    today + timedelta(days=bill.billed),
                    today + timedelta(days=bill.due),
                    bill.amount_cents,
                    bill.amount_cents if bill.open_cents is None else bill.open_cents,
                )
                for bill in seed.bills
            ],
        )
