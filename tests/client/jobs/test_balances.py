"""A balance that the Balance job sends never takes back a payment that a job or a payer made meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.client.jobs import balances
from partnerlab.client.jobs.balances import send_balances
from partnerlab.client.jobs.models import BalanceToSend

OWED = Decimal(50)
ACCOUNTS = ("A1", "A2", "A3")


@dataclass
class Payment:
    account_number: str
    payment_guid: str
    amount: Decimal = Decimal(10)


@dataclass
class World:
    """Books of a utility and Invoice Cloud; each account owes 50.00 but for its payments. *meanwhile* is by account."""

    made: list[Payment] = field(default_factory=list)
    entered: set[str] = field(default_factory=set)
    sent: dict[str, Decimal] = field(default_factory=dict)
    asked: int = 0
    before_answer: Callable[[], Any] = lambda: None
    meanwhile: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def download(self) -> None:
        """The Payment job."""
        self.entered |= {one.payment_guid for one in self.made}

    # The books.

    def balances_to_send(self, *, everything: bool) -> Sequence[BalanceToSend]:
        assert everything
        return [BalanceToSend(one, one, self.balance(one), 1) for one in ACCOUNTS]

    def balance(self, account: str) -> Decimal:
        known = [one for one in self.made if one.payment_guid in self.entered and one.account_number == account]
        return OWED - sum(one.amount for one in known)

    def balance_sent(self, balance: BalanceToSend, refused: str) -> None:
        assert not refused
        self.sent[balance.account_number] = balance.balance

    def payments_mark(self) -> datetime | None:
        return None

    def unknown_payments(self, payment_guids: Collection[str]) -> Collection[str]:
        return {*payment_guids} - self.entered

    # Invoice Cloud.

    def export_payments(self, since: datetime) -> list[Payment]:
        self.asked += 1
        self.before_answer()
        return [*self.made]

    def set_invoice_balance(self, invoice_number: str, balance: Decimal, total: Decimal) -> None:
        assert balance == total
        self.meanwhile.get(invoice_number, lambda: None)()


def run(world: World) -> str:
    books: Any = world
    return send_balances(books, books, everything=True)


def test_a_payment_that_is_downloaded_while_a_run_begins_is_in_its_balances() -> None:
    world = World([Payment("A2", "p1")])
    world.before_answer = world.download
    assert run(world) == "3 balances sent"
    assert world.sent == {"A1": Decimal(50), "A2": Decimal(40), "A3": Decimal(50)}


def test_a_payment_under_a_former_owners_number_holds_back_that_number_alone() -> None:
    world = World([Payment("A2CV-20260302093000", "p1")])
    assert run(world) == "3 balances sent"


def test_a_payment_that_is_made_during_a_long_run_holds_its_account_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balances, "ASKED_AGAIN_S", 0)
    world = World()
    world.meanwhile["A1"] = lambda: world.made.append(Payment("A2", "p1"))
    assert run(world) == "2 balances sent, 1 held back until a payment is downloaded"
    assert world.sent == {"A1": Decimal(50), "A3": Decimal(50)}
    assert world.asked == len(ACCOUNTS) + 1


def test_a_short_run_asks_once() -> None:
    world = World()
    assert run(world) == "3 balances sent"
    assert world.asked == 1
