"""
The billers of a new lane, and the accounts, policies and quotes that both sides of the wire are seeded with.

The list is `contracts/sandbox/seeds.toml`. Amounts are whole cents; days count from the day the lane is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from partnerlab.contracts.data import read_toml
from partnerlab.contracts.records import dataclass

__all__ = [
    "SeedAccount",
    "SeedBill",
    "SeedBiller",
    "SeedCharge",
    "SeedCustomer",
    "SeedPolicy",
    "SeedQuote",
    "accounts",
    "billers",
    "policies",
    "purposes",
    "quotes",
    "registered",
    "utility_accounts",
]


@dataclass(frozen=True, slots=True)
class SeedBill:
    """A bill and what is still open of it."""

    number: str
    amount_cents: int
    open_cents: int
    billed: int
    due: int


@dataclass(frozen=True, slots=True)
class SeedCustomer:
    """Who is billed."""

    name: str
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class SeedAccount:
    """
    A utility's account. `user` says that its payer is registered; `new` that Invoice Cloud does not know the account.
    """

    account: str
    customer: SeedCustomer
    bills: tuple[SeedBill, ...]
    purpose: str
    paperless: bool = False
    autopay: bool = False
    credit_cents: int = 0
    user: bool = False
    new: bool = False

    @property
    def balance_cents(self) -> int:
        """What is due on the first day: everything billed and open, less the credit."""
        return sum(bill.open_cents for bill in self.bills if bill.billed <= 0) - self.credit_cents


@dataclass(frozen=True, slots=True)
class SeedCharge:
    """An instalment or a late fee of a policy term."""

    amount_cents: int
    billed: int
    due: int
    late_fee: bool = False


@dataclass(frozen=True, slots=True)
class SeedPolicy:
    """A policy term; `number` is its invoice number."""

    number: str
    customer: SeedCustomer
    charges: tuple[SeedCharge, ...]
    purpose: str
    late_fee_cents: int
    paid_cents: int = 0
    paperless: bool = False
    recurring: bool = False

    @property
    def policy_number(self) -> str:
        """The invoice number without the expiration date."""
        return self.number.rpartition("-")[0]

    @property
    def billed_cents(self) -> int:
        """What is billed on the first day and not paid."""
        return sum(charge.amount_cents for charge in self.charges if charge.billed <= 0) - self.paid_cents

    @property
    def total_cents(self) -> int:
        """What is owed of the whole term."""
        return sum(charge.amount_cents for charge in self.charges) - self.paid_cents


@dataclass(frozen=True, slots=True)
class SeedQuote:
    """A quote that waits for its deposit."""

    number: str
    customer: SeedCustomer
    deposit_cents: int
    premium_cents: int
    instalments: int
    late_fee_cents: int
    purpose: str


@dataclass(frozen=True, slots=True)
class SeedBiller:
    """
    A biller at Invoice Cloud.

    Attributes:
        partner: Whose software it has.
        name: Its name.
        settings: What the sandbox's settings of its GUID and keys begin with.
        seeds: The table of its accounts or policies.
        own: Its advanced settings by number.
        from_settings: The numbers of more of them, by the sandbox's setting that has their value.
    """

    partner: str
    name: str
    settings: str
    seeds: str
    own: Mapping[str, str]
    from_settings: Mapping[str, Sequence[str]]


@cache
def billers() -> tuple[SeedBiller, ...]:
    """The billers, in the order in which their customers are numbered."""
    return tuple(SeedBiller(**{"own": {}, "from_settings": {}, **row}) for row in _rows("biller"))


@cache
def accounts(table: str) -> tuple[SeedAccount, ...]:
    """The accounts of a utility, by the name of its table."""
    return tuple(map(_account, _rows(table)))


def utility_accounts() -> tuple[SeedAccount, ...]:
    """The accounts of the utility on inHance v2."""
    return accounts("utility")


@cache
def policies() -> tuple[SeedPolicy, ...]:
    """The insurer's policy terms."""
    return tuple(
        SeedPolicy(
            row["number"],
            _customer(row),
            tuple(
                SeedCharge(_cents(charge["amount"]), charge["billed"], charge["due"], charge.get("late_fee", False))
                for charge in row["charges"]
            ),
            row["purpose"],
            late_fee_cents=_cents(row.get("late_fee", "10.00")),
            paid_cents=_cents(row.get("paid", "0.00")),
            paperless=row.get("paperless", False),
            recurring=row.get("recurring", False),
        )
        for row in _rows("policy")
    )


@cache
def quotes() -> tuple[SeedQuote, ...]:
    """The insurer's quotes."""
    return tuple(
        SeedQuote(
            row["number"],
            _customer(row),
            _cents(row["deposit"]),
            _cents(row["premium"]),
            row.get("instalments", 0),
            _cents(row.get("late_fee", "0.00")),
            row["purpose"],
        )
        for row in _rows("quote")
    )


def purposes(table: str) -> list[tuple[str, str]]:
    """The accounts of a table of the list, and what the first screen says that each is good for."""
    return [(row.get("account") or row["number"], row["purpose"]) for row in _rows(table)]


def registered(table: str) -> list[str]:
    """The e-mail addresses of a table's payers who are registered at Invoice Cloud."""
    return [row["email"] for row in _rows(table) if row.get("user") and not row.get("new")]


def _rows(kind: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = read_toml("sandbox/seeds.toml")[kind]
    return rows


def _account(row: Mapping[str, Any]) -> SeedAccount:
    bills = tuple(
        SeedBill(
            bill["number"],
            _cents(bill["amount"]),
            _cents(bill.get("open", bill["amount"])),
            bill["billed"],
            bill["due"],
        )
        for bill in row["bills"]
    )
    return SeedAccount(
        row["account"],
        _customer(row),
        bills,
        row["purpose"],
        paperless=row.get("paperless", False),
        autopay=row.get("autopay", False),
        credit_cents=_cents(row.get("credit", "0.00")),
        user=row.get("user", False),
        new=row.get("new", False),
    )


def _customer(row: Mapping[str, Any]) -> SeedCustomer:
    return SeedCustomer(row["name"], **row["address"], phone=row.get("phone", ""), email=row.get("email", ""))


def _cents(text: str) -> int:
    cents = Decimal(text).scaleb(2)
    if cents != int(cents):
        raise ValueError(f"{text} is no amount of whole cents")
    return int(cents)
