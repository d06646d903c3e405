"""
Whatever is done in whatever order, and whoever is killed meanwhile, the money adds up.

What Invoice Cloud took is in the partner's books, or known to be uncertain, or was returned; nothing is posted twice;
no payer is asked for more than the partner says. In each lane, and in what was copied from it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from partnerlab.simulators.kit.world.store import Store
from tests.partnerlab.money_world import ACCOUNT, ENDS, KILLS, OFFERS, Book, World
from tests.postgres import new_database
from tests.simulators.ic_webservices.harness import RETURNS, USER, UTILITY, VISA, advance, bill_file, freeze, group
from tests.simulators.ic_webservices.pages.visit import add_bill

MOST_BILLS, MOST_LANES = 9, 3
STEPS = 100


class Money:
    """
    One account in up to three lanes of a *world* that others use too, and a random walk through what may happen.

    A seed gives the same walk everywhere, so a failure is repeated by its number.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice = world, random.Random(seed)
        self.names = [f"m{seed}-{number}" for number in range(MOST_LANES)]
        self.lanes: list[str] = []
        self.files: dict[str, dict[str, bytes]] = {}
        self.steps: list[str] = []

    @property
    def book(self) -> Book:
        return self.world.books.of[self.lane]

    def walk(self) -> None:
        """Begin, do this and that, and let a person clear up."""
        moves, weights = zip(*MOVES.items(), strict=True)
        self._new_world(self.names[0])
        for move in self.dice.choices(moves, weights, k=STEPS):
            self._enter(self.dice.choice(self.lanes))
            self.steps.append(f"{self.lane} {move}")
            getattr(self, move)()
            self._check()
        for lane in self.lanes:
            self._enter(lane)
            self.settle()

    def _enter(self, lane: str) -> None:
        self.lane = self.world.ic.lane_name = lane

    def _new_world(self, lane: str) -> None:
        """An account with two bills, whose payer has AutoPay."""
        self._enter(lane)
        self.lanes = sorted({*self.lanes, lane})
        freeze(self.world.ic)
        self.world.books.of[lane], self.files[lane] = Book(), {}
        for _ in range(2):
            self.bill()
        services, here = self.world.ic.sim.world.services, self.world.lane(lane)
        services.user_accounts.link(here, UTILITY, USER, ACCOUNT)
        method = services.wallet.add(here, UTILITY, USER, NewMethod("card", VISA, "Ada", date(2035, 1, 31)))
        services.schedules.enrol(here, UTILITY, USER, ACCOUNT, method.method_id, cause="test")

    def _one_of(self, *ways: str) -> str:
        """One of them, written down."""
        chosen = self.dice.choice(ways)
        self.steps[-1] += f" {chosen}"
        return chosen

    # --- what may happen ---

    def bill(self) -> None:
        """A new bill: by file, and all that is owed closes into it, or one that stands beside the others."""
        if len(self.book.bills) >= MOST_BILLS or self.world.in_doubt(self.lane):
            return  # a new bill that is made while money is under way may hold it: test_balances
        number, cents = f"70000{len(self.book.bills) + 1}", self.dice.choice((1, self.dice.randint(2, 20_000)))
        self.book.bills[number] = cents
        day = date(2026, 6, 1) + timedelta(days=len(self.book.bills))
        if len(self.book.bills) > 1 and self.dice.random() < 0.7:
            due = f"{Decimal(cents).scaleb(-2)}"
            add_bill(self.world.ic, number, due, account=ACCOUNT, invoice_date=day, balance_forward=False)
            return
        content = bill_file([group(number, ACCOUNT, f"{Decimal(self.book.owed).scaleb(-2)}", on=day)])
        assert self.world.ic.upload(content)["Success"] == "true"
        self.files[self.lane] = {**self.files.get(self.lane, {}), number: content}

    def upload_again(self) -> None:
        """The same file again, whatever is under way."""
        asked = self.world.asked(self.lane)
        self.world.ic.upload(self.dice.choice(sorted(self.files[self.lane].values())))
        assert self.world.asked(self.lane) == asked

    def pay(self) -> None:
        """All of a bill or part of it, by card or from a bank account that will give it back."""
        due = [one for one in self.world.open_invoices(self.lane) if one.balance_due_cents > 0]
        if not due:
            return
        invoice = self.dice.choice(due)
        cents = self.dice.choice((invoice.balance_due_cents, self.dice.randint(1, invoice.balance_due_cents)))
        how: dict[str, Any] = self.dice.choice(({}, {"tender": "ach", "bank_account": RETURNS}))
        order = {"account_number": ACCOUNT, "invoice_number": invoice.invoice_number, **how}
        with self.world.offering(self._one_of("taken", *OFFERS)):
            answer = self.world.ic.pay(amount=f"{Decimal(cents).scaleb(-2)}", **order)
            assert answer.status == 201, answer

    def open(self) -> None:
        """A payer looks at a bill: while nothing is in doubt, the partner's answer is what is asked at most."""
        asked, doubt, self.world.books.answered = self.world.asked(self.lane), self.world.in_doubt(self.lane), None
        number = self.dice.choice(sorted(self.book.bills))
        assert self.world.ic.control("POST", f"invoices/{number}/open", {}).status == 200
        if doubt:
            assert self.world.asked(self.lane) == asked, "while money is under way nothing changes that is due"
        elif self.world.books.answered is not None:
            assert self.world.asked(self.lane) <= max(0, self.world.books.answered), "no more than the partner says"

    def deliver(self) -> None:
        """The worker has its turn, and its call ends in one way or another, or it dies."""
        if not self.world.line(self.lane):
            self.pay()
        self.world.turn(self.lane, self._one_of(*["ok"] * 6, *ENDS, *KILLS))

    def offer(self) -> None:
        """The outbox offers what waits; its own thread does not run here."""
        self.world.offer_all()

    def settle(self) -> None:
        """A person clears up: what was taken and stands is in the books then, and nothing else."""
        self.world.settle(self.lane)
        stands = {one.payment_guid for one in self.world.taken(self.lane) if one.state != "returned"}
        assert set(self.book.posted) == stands
        assert not self.book.wrong
        assert not self.world.in_doubt(self.lane)

    def advance(self) -> None:
        """AutoPay collects, payments settle, bank payments come back."""
        with self.world.offering(self._one_of(*OFFERS)):
            advance(self.world.ic, timedelta(days=self.dice.randint(1, 9)))

    def fork(self) -> None:
        """A copy, whose money is posted in its own world."""
        copy = self._one_of(*(name for name in self.names if name != self.lane))
        before = self.world.in_doubt(self.lane), self.world.asked(self.lane)
        self.world.ic.lanes.fork(self.lane, copy)
        self.files[copy] = self.files[self.lane]
        self.lanes = sorted({*self.lanes, copy})
        for lane in (self.lane, copy):
            assert (self.world.in_doubt(lane), self.world.asked(lane)) == before

    def reset(self) -> None:
        """A new world, to which nothing of the old one comes."""
        self.world.ic.lanes.reset(self.lane)
        assert not self.world.taken(self.lane)
        assert not self.world.in_doubt(self.lane)
        self._new_world(self.lane)

    # --- what is always so ---

    def _check(self) -> None:
        for lane in self.lanes:
            book, payments = self.world.books.of[lane], self.world.taken(lane)
            assert not book.wrong
            taken = {one.payment_guid for one in payments}
            returned = {one.payment_guid for one in payments if one.state == "returned"}
            assert taken == set(book.posted) | self.world.in_doubt(lane) | returned
            stands = sum(one.amount_cents for one in payments if one.payment_guid not in returned)
            assert self.world.asked(lane) <= max(0, sum(book.bills.values()) - stands)


MOVES = {
    "bill": 6,
    "upload_again": 2,
    "pay": 6,
    "open": 10,
    "deliver": 12,
    "offer": 2,
    "settle": 4,
    "advance": 4,
    "fork": 2,
    "reset": 1,
}
"""What may happen, and how often."""


WALKS = [
    *(("sqlite", seed) for seed in range(9)),
    *(pytest.param("postgres", seed, marks=pytest.mark.postgres) for seed in range(9, 12)),
]


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Both processes over one store each, in the sandbox's way: two SQLite databases, or one of PostgreSQL."""
    if request.param == "postgres":
        pump_url = new_database(request.getfixturevalue("postgres_server"))
        store_url = pump_url.replace("postgresql://", "postgresql+psycopg://", 1)
    else:
        folder: Path = tmp_path_factory.mktemp("money")
        pump_url, store_url = f"sqlite:///{folder / 'pump.db'}", "sqlite://"
    store = Store(store_url)
    world = World(store, pump_url)
    yield world
    world.close()
    store.close()


@pytest.mark.parametrize(("world", "seed"), WALKS, indirect=["world"])
def test_the_money_adds_up(world: World, seed: int) -> None:
    money = Money(world, seed)
    try:
        money.walk()
    except BaseException as error:
        error.add_note("; ".join(money.steps))
        raise
