"""A random walk through what may happen to the money of one account of a utility, or of one policy."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from partnerlab.simulators.ic_webservices.services.taken import OLDEST_FILE
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from tests.partnerlab.money_world import ACCOUNT, ENDS, KILLS, OFFERS, Book, World
from tests.simulators.ic_webservices.harness import RETURNS, USER, UTILITY, VISA, advance, bill_file, freeze, group
from tests.simulators.ic_webservices.pages.visit import add_bill
from tests.simulators.ic_webservices.policies import INSURER, KEY, NUMBER, POLICY, policy_file

__all__ = ["Money", "PolicyMoney"]

MOST_BILLS, MOST_LANES = 9, 3
STEPS = 100


class Money:
    """
    One account in up to three lanes of a *world* that others use too, and a random walk through what may happen.

    A seed gives the same walk everywhere, so a failure is repeated by its number.
    """

    biller, account, prefix = UTILITY, ACCOUNT, "m"

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice = world, random.Random(seed)
        world.biller, world.account = self.biller, self.account
        self.names = [f"{self.prefix}{seed}-{number}" for number in range(MOST_LANES)]
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
        self._register(services, here)
        method = services.wallet.add(here, self.biller, USER, NewMethod("card", VISA, "Ada", date(2035, 1, 31)))
        services.schedules.enrol(here, self.biller, USER, self.account, method.method_id, cause="test")

    def _register(self, services: Any, here: Any) -> None:
        services.user_accounts.link(here, self.biller, USER, self.account)

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
        most, least = invoice.balance_due_cents, max(1, invoice.minimum_amount_due_cents)
        cents = self.dice.choice((most, self.dice.randint(min(least, most), most)))
        how: dict[str, Any] = self.dice.choice(({}, {"tender": "ach", "bank_account": RETURNS}))
        place = {"account_number": self.account, "invoice_number": invoice.invoice_number, "biller_guid": self.biller}
        order = {**place, **how}
        with self.world.offering(self._one_of("taken", *OFFERS)):
            answer = self.world.ic.pay(amount=f"{Decimal(cents).scaleb(-2)}", **order)
            assert answer.status == 201, answer

    def open(self) -> None:
        """A payer looks at a bill: while nothing is in doubt, the partner's answer is what is asked at most."""
        asked, doubt, self.world.books.answered = self.world.asked(self.lane), self.world.in_doubt(self.lane), None
        number = self._some_number()
        assert self.world.ic.control("POST", f"invoices/{number}/open", {"biller_guid": self.biller}).status == 200
        if doubt:
            assert self.world.asked(self.lane) == asked, "while money is under way nothing changes that is due"
        elif self.world.books.answered is not None:
            assert self.world.asked(self.lane) <= max(0, self.world.books.answered), "no more than the partner says"

    def _some_number(self) -> str:
        return self.dice.choice(sorted(self.book.bills))

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


class PolicyMoney(Money):
    """
    One policy term, which is one invoice: each instalment changes it, by a file that may be older than it comes.

    However old it is, nobody is asked again for what was taken; and once everything is certain and a file of today has
    come, the payer is asked for what the insurer is owed, to the cent, though nobody opens the bill.
    """

    biller, account, prefix = INSURER, POLICY, "p"

    def _new_world(self, lane: str) -> None:
        self.made = {**getattr(self, "made", {}), lane: []}
        super()._new_world(lane)

    def _register(self, services: Any, here: Any) -> None:
        services.user_accounts.register(here, self.biller, USER, "Harbor!2345", (self.account,))

    def _some_number(self) -> str:
        return NUMBER

    @property
    def _now(self) -> datetime:
        now: datetime = self.world.lane(self.lane).now()
        return now

    def bill(self) -> None:
        """Another instalment, and the file with it, which goes at once or later."""
        if len(self.book.bills) >= MOST_BILLS:
            return
        count = len(self.book.bills) + 1
        self.book.bills[f"instalment {count}"] = self.dice.choice((1, self.dice.randint(2, 20_000)))
        self.make()
        if count == 1 or self.dice.random() < 0.6:
            self.send()

    def make(self) -> None:
        """A file of now, which waits to be sent."""
        owed = Decimal(max(self.book.owed, 0)).scaleb(-2)
        today, count = self._now.date(), len(self.book.bills)
        content = policy_file(
            InvoiceDate=date(2026, 6, 1) + timedelta(days=count),
            due=today + timedelta(days=self.dice.randint(2, 9)),
            TotalAmountDue=owed,
            MinimumAmountDue=owed,
            LateFeeAmount=None,
            LateFeeDate=None,
        )
        self.made[self.lane] = [*self.made[self.lane], (self._now, content)]

    def send(self) -> None:
        """The file that has waited longest."""
        waiting = [(at, content) for at, content in self.made[self.lane] if at > self._now - OLDEST_FILE]
        if not waiting:
            return
        (_, content), *self.made[self.lane] = waiting
        assert self.world.ic.upload(content, biller=INSURER, key=KEY)["Success"] == "true"
        self.files[self.lane] = {NUMBER: content}

    def upload_again(self) -> None:
        """The same file again, whatever is under way; or the next."""
        if self.dice.random() < 0.5:
            self.send()
            return
        asked = self.world.asked(self.lane)
        self.world.ic.upload(self.files[self.lane][NUMBER], biller=INSURER, key=KEY)
        assert self.world.asked(self.lane) == asked

    def fork(self) -> None:
        super().fork()
        copy = next(name for name in self.names if name in self.steps[-1].split()[2:])
        self.made[copy] = list(self.made[self.lane])

    def settle(self) -> None:
        """A person clears up, a file of today comes and what it leaves open is asked: then both sides agree."""
        super().settle()
        self.made[self.lane] = []
        self.make()
        self.send()
        for _ in range(20):
            advance(self.world.ic, timedelta(hours=5))
            super().settle()
            if not self.world.ic.get("balance-questions", biller_guid=INSURER)["questions"]:
                break
        assert self.world.asked(self.lane) == max(0, self.book.owed)
