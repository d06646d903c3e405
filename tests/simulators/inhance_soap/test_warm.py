"""Warm books: what they answer and write is what the plain way would, whatever happens beside them."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from partnerlab.simulators.inhance_soap import Settings
from partnerlab.simulators.inhance_soap.domain.accounts import Account
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.errors import AccountUnknown
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.domain.payments import Payment
from partnerlab.simulators.inhance_soap.services import warm
from partnerlab.simulators.inhance_soap.services.payment_batch import PaymentBatch
from partnerlab.simulators.inhance_soap.services.warm import WarmBooks
from partnerlab.simulators.inhance_soap.world import World
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.lane_rows import LoadInvalid
from partnerlab.simulators.kit.world.lanes import Lane, in_world
from partnerlab.simulators.kit.world.store import RolledBack, Statement, Store, rolling_back
from tests.simulators.inhance_soap.utility import Utility

CALLS = int(os.environ.get("PARTNERLAB_TEST_CALLS", "600"))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAID_AT = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNTS = ["10000101", "10000102", "10000103", "10000104", "30000301", "none"]
COUNT = Statement("SELECT count(*) FROM inhance_payments WHERE lane = :lane")


class Books(Utility):
    """A utility with or without warm books, and what can be done with its ledger, by name."""

    def __init__(self, store: Store, *, warm: bool = True, duplicates: Any = "flag", take: bool = True) -> None:
        super().__init__(store, Settings(warm=warm, duplicates=duplicates))
        if take:
            store.take()
        for lane in {"a", "b"} - {one.name for one in self.lanes.all()}:
            self.lanes.create(lane, frozen_at=NOON)
        self.asked = 0

    @property
    def warm_books(self) -> WarmBooks:
        (held,) = self.store.held_back
        assert isinstance(held, WarmBooks)
        return held

    @property
    def world(self) -> World:
        return self.simulator.world

    def found(self, lane: str) -> Lane:
        return self.lanes.get(lane)

    def do(self, name: str, *given: Any) -> Any:
        """What came of it, or the error."""
        self.asked += 1
        try:
            return getattr(self, f"do_{name}")(*given)
        except (Exception, RolledBack) as error:  # noqa: BLE001 - both sides must raise alike
            return type(error).__name__, str(error)

    def cause(self, lane: str) -> Cause:
        return self.world.cause(f"r{self.asked}", self.found(lane))

    def do_pay(self, lane: str, account: str, reference: str, cents: int) -> Any:
        payment = Payment(reference, "0", "EFT", cents, 0, PAID_AT)
        return self.world.ledger.post_payment(self.found(lane), self.cause(lane), account, payment)

    def do_pay_and_undo(self, *given: Any) -> Any:
        with rolling_back():
            return self.do_pay(*given)

    def do_pay_in_world(self, lane: str, *given: Any) -> Any:
        with in_world(self.found(lane)):
            return self.do_pay(lane, *given)

    def do_balance(self, lane: str, account: str) -> Any:
        return self.world.ledger.balances(self.found(lane), account)

    def do_view(self, lane: str, account: str) -> Any:
        return replace(self.world.ledger.view(self.found(lane), account), events=[])

    def do_email(self, lane: str, account: str, email: str) -> Any:
        self.world.ledger.set_email(self.found(lane), self.cause(lane), account, email)

    def do_bill(self, lane: str, account: str, number: str, cents: int, days: int) -> Any:
        day = NOON.date() + timedelta(days=days)
        view = self.world.ledger.bill(self.found(lane), self.cause(lane), account, Bill(number, day, day, cents, cents))
        return view.balances

    def do_return(self, lane: str, account: str, number: int) -> Any:
        found = self.found(lane)
        return self.world.ledger.return_payment(found, self.cause(lane), account, number, clerk="c").balances

    def do_integration(self, lane: str, account: str, integration: Any) -> Any:
        change = partial(replace, integration=integration)
        return self.world.ledger.put_account(self.found(lane), self.cause(lane), account, change)[0].balances

    def do_payments(self, lane: str) -> Any:
        return self.world.ledger.payments(self.found(lane), limit=50)

    def do_advance(self, lane: str, days: int) -> Any:
        self.lane = lane
        return self.advance(timedelta(days=days))

    def do_reset(self, lane: str) -> Any:
        self.lanes.reset(lane)
        self.lanes.set_clock(lane, offset=timedelta(), frozen_at=NOON)

    def do_fork(self, lane: str, copy: str) -> Any:
        self.lanes.fork(lane, copy)

    def do_drop(self, lane: str) -> Any:
        self.lanes.drop(lane)
        self.lanes.create(lane, frozen_at=NOON)

    def rows(self) -> dict[str, Any]:
        """The tables; events of seeding have the moment at which a reset lane was made anew."""
        found: dict[str, Any] = {}
        for lane in ("a", "b"):
            for name, rows in self.lanes.export(lane).items():
                if name.startswith("inhance_"):
                    found[f"{lane} {name}"] = [row for row in rows if row.get("kind") != "account_opened"]
        return found


@pytest.fixture
def books() -> Iterator[Books]:
    store = Store("sqlite://")
    yield Books(store)
    store.close()


def work(dice: random.Random) -> tuple[Any, ...]:
    """Something to do: mostly payments and balances, and all that happens beside them."""
    lane, account = dice.choice("aab"), dice.choice(ACCOUNTS)
    reference, cents = f"p{dice.randrange(40)}", dice.choice([1, 250, 12_000])
    rare: list[tuple[Any, ...]] = [
        ("view", lane, account),
        ("email", lane, account, dice.choice(["x@example.com", "y@example.com"])),
        ("bill", lane, account, f"n{dice.randrange(12)}", dice.choice([100, 9_000]), dice.randrange(-3, 4)),
        ("return", lane, account, dice.randrange(1, 6)),
        ("integration", lane, "10000104", dice.choice(["v1", "v2"])),
        ("payments", lane),
        ("advance", lane, dice.randrange(3)),
        ("pay_and_undo", lane, account, reference, cents),
        ("pay_in_world", lane, account, reference, cents),
        ("reset", lane),
        ("fork", "a", "b"),
        ("drop", "b"),
    ]
    kind = dice.random()
    if kind < 0.45:
        return "pay", lane, account, reference, cents
    return ("balance", lane, account) if kind < 0.9 else dice.choice(rare)


@pytest.mark.parametrize(("place", "duplicates"), [("memory", "flag"), ("memory", "refuse"), ("file", "flag")])
def test_whatever_is_done_is_answered_and_booked_as_without_them(
    place: str, duplicates: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for most, value in (("MOST_WAITING", 7), ("MOST_ACCOUNTS", 5)):
        monkeypatch.setattr(warm, most, value)
    dice = random.Random(1127)
    url = "sqlite://" if place == "memory" else f"sqlite:///{tmp_path / 'world.db'}"
    both = [Books(Store(at), warm=on, duplicates=duplicates) for at, on in ((url, True), ("sqlite://", False))]
    assert not both[1].store.held_back
    seen, waited = set(), 0
    for _ in range(CALLS):
        name, *given = work(dice)
        remembering, plain = (one.do(name, *given) for one in both)
        assert remembering == plain, (name, given)
        seen.add(name)
        waited += both[0].warm_books.waiting
        assert max(len(both[0].warm_books._standing), len(both[0].warm_books._told)) <= 5
    assert len(seen) == 14
    assert waited > CALLS / 5, "payments waited"
    assert both[0].rows() == both[1].rows()
    for one in both:
        one.store.close()


def test_every_read_sees_payments_that_wait(books: Books) -> None:
    for number in range(3):
        books.do("pay", "a", "10000101", f"p{number}", 100)
        assert books.warm_books.waiting
        with books.store.read() as tx:
            assert tx.one(COUNT, lane="a") == (number + 1,)


def test_a_payment_and_the_balance_after_it_touch_no_table(books: Books) -> None:
    books.do("pay", "a", "10000101", "first", 100)
    books.do("balance", "a", "10000101")
    assert books.store._shared is not None
    run: list[str] = []
    books.store._shared.set_trace_callback(run.append)
    before = books.do("balance", "a", "10000101").balance_cents
    books.do("pay", "a", "10000101", "second", 100)
    assert books.do("balance", "a", "10000101").balance_cents == before - 100
    books.store._shared.set_trace_callback(None)
    assert not run


@pytest.mark.parametrize("most", [0, 100])
def test_a_reference_is_found_again_however_an_account_came_to_be_remembered(
    most: int, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "MOST_TOLD", most)
    for number in range(2):
        books.do("pay", "a", "10000101", f"p{number}", 100)
    books.do("email", "a", "10000102", "x@example.com")  # has all accounts forgotten
    found = [books.do("pay", "a", "10000101", f"p{number}", 100).duplicate_of for number in (3, 1, 3, 0)]
    assert found == [None, 2, 3, 1]


def test_the_journal_leaves_accounts_warm(books: Books) -> None:
    journal = Journal(books.lanes)
    journal.flush()  # the first looks how much there is
    request = books.send("GET", "/")
    books.do("pay", "a", "10000101", "p", 100)
    journal.append(request, "GET", "door", "op", None, 0)
    journal.flush()
    assert books.warm_books.waiting
    assert journal.find("default")
    assert not books.warm_books.waiting, "who reads has them written"


def test_an_account_of_the_other_utility_is_unknown_here_also_when_it_is_asked_again(books: Books) -> None:
    for _ in range(2):
        assert books.do("balance", "a", "30000301")[0] == "AccountUnknown"
        assert books.do("pay", "a", "30000301", "p", 100)[0] == "AccountUnknown"


def test_a_batch_that_cannot_be_written_waits_and_is_written_once(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: PaymentBatch, tx: Any) -> None:
        write(self, tx)
        raise sqlite3.OperationalError("database or disk is full")

    write = PaymentBatch.write
    monkeypatch.setattr(warm, "MOST_WAITING", 2)
    for number in range(2):
        books.do("pay", "a", "10000101", f"p{number}", 100)
    before = books.do("balance", "a", "10000101")
    monkeypatch.setattr(PaymentBatch, "write", full)
    assert books.do("payments", "a") == ("OperationalError", "database or disk is full")
    assert books.do("email", "a", "10000101", "x@example.com")[0] == "OperationalError"
    assert books.do("pay", "a", "10000101", "p2", 100)[0] == "OperationalError", "refused, as it cannot wait either"
    assert books.do("balance", "a", "10000101") == before
    monkeypatch.setattr(PaymentBatch, "write", write)
    books.do("pay", "a", "10000101", "p2", 100)
    assert [one.number for one in books.do("payments", "a")] == [1, 2, 3]
    assert books.do("balance", "a", "10000101").balance_cents == before.balance_cents - 100


def test_a_payment_that_fails_halfway_changes_nothing(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ArithmeticError

    books.do("pay", "a", "10000101", "p0", 100)
    before = books.do("balance", "a", "10000101")
    monkeypatch.setattr(warm, "posting", broken)
    assert books.do("pay", "a", "10000101", "p1", 100)[0] == "ArithmeticError"
    monkeypatch.undo()
    assert books.do("balance", "a", "10000101") == before
    assert books.do("pay", "a", "10000101", "p1", 100).number == 2


def test_the_first_of_a_reference_stays_the_first_once_it_is_written(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "MOST_ACCOUNTS", 1)  # what waits is written in the middle of the second payment
    assert [books.do("pay", "a", "10000101", "p", 100).duplicate_of for _ in range(3)] == [None, 1, 1]


def test_many_threads_lose_and_double_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "MOST_WAITING", 11)
    books = Books(Store("sqlite://"))
    start = {account: books.do("balance", "a", account) for account in ACCOUNTS[:3]}
    each, threads, done = 60, 6, threading.Event()

    def pay(thread: int) -> None:
        lane = books.found("a")
        for number in range(each):
            payment = Payment(f"{thread}-{number}", "0", "EFT", 10, 0, PAID_AT)
            books.world.ledger.post_payment(lane, Cause(f"{thread}", NOON, NOON.date()), ACCOUNTS[thread % 3], payment)

    def disturb() -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            account = ACCOUNTS[turn % 3]
            paid = start[account].balance_cents - books.do("balance", "a", account).balance_cents
            with books.store.read() as tx:
                stood = tx.all(Statement("SELECT sum(amount_cents) FROM inhance_payments WHERE lane = 'a'"))[0][0] or 0
            assert 0 <= paid <= each * threads * 10 // 3
            assert stood >= paid, "what a balance told is in the tables of whoever reads after it"
            books.do("email", "a", account, f"x{turn}@example.com")

    with ThreadPoolExecutor(threads + 1) as pool:
        disturbing = pool.submit(disturb)
        for paying in [pool.submit(pay, thread) for thread in range(threads)]:
            paying.result(60)
        done.set()
        disturbing.result(60)
    for account in ACCOUNTS[:3]:
        view = books.world.ledger.view(books.found("a"), account)
        assert len({one.payment.reference for one in view.payments}) == len(view.payments) == each * threads // 3
        assert [one.number for one in view.events] == list(range(1, len(view.events) + 1))
        assert start[account].balance_cents - view.balances.balance_cents == each * threads * 10 // 3
        assert books.do("balance", "a", account).balance_cents == view.balances.balance_cents
    books.store.close()


def test_a_second_utility_over_one_store_goes_the_plain_way(books: Books) -> None:
    second = Utility(books.store)
    assert second.simulator is not books.simulator
    lane, account = books.found("a"), "10000101"
    other = second.simulator.world.ledger  # type: ignore[attr-defined]
    before = books.do("balance", "a", account).balance_cents
    books.do("pay", "a", account, "one", 100)
    other.post_payment(lane, Cause("r", NOON, NOON.date()), account, Payment("two", "0", "EFT", 100, 0, PAID_AT))
    assert books.do("pay", "a", account, "two", 100).duplicate_of == 2
    assert other.balances(lane, account) == books.do("balance", "a", account)
    assert other.balances(lane, account).balance_cents == before - 300


@pytest.mark.parametrize("around", [nullcontext, rolling_back])
def test_an_unknown_account_is_refused_and_remembered_by_nobody(
    books: Books, around: Callable[[], AbstractContextManager[None]]
) -> None:
    lane = books.found("a")
    with around(), pytest.raises(AccountUnknown):
        books.world.ledger.balances(lane, "new")
    account = Account("new", customer_name="New")
    books.world.ledger.load(
        lane, Cause("r", NOON, NOON.date()), [(account, Bill("n1", date(2026, 3, 1), date(2026, 3, 9), 5, 5))]
    )
    assert books.do("balance", "a", "new").balance_cents == 5


@pytest.mark.parametrize("count", ["payments", "events"])
def test_a_lane_whose_counts_are_behind_its_rows_is_not_loaded(books: Books, count: str) -> None:
    """A payment there could never be written, and would keep those of every lane waiting."""
    books.do("pay", "a", "10000101", "p", 100)
    rows = books.lanes.export("a")
    books.lanes.load("b", rows)
    edited = [{**row, count: 0} if row["account_number"] == "10000101" else row for row in rows["inhance_accounts"]]
    with pytest.raises(LoadInvalid, match="account 10000101 has payments or events beyond its count"):
        books.lanes.load("b", {**rows, "inhance_accounts": edited})
    books.do("pay", "b", "10000101", "p", 100)
    assert len(books.do("payments", "b")) == 2, "as it was before"


def edited(rows: Any, table: str, **changes: Any) -> Any:
    """The rows of a lane, with those of account 10000101 in a table changed."""
    changed = [{**row, **changes} if row["account_number"] == "10000101" else row for row in rows[table]]
    return {**rows, table: changed}


@pytest.mark.parametrize("column", ["payments", "events"])
def test_a_count_that_leaves_no_room_for_the_next_is_not_loaded(books: Books, column: str) -> None:
    rows = books.lanes.export("a")
    with pytest.raises(LoadInvalid, match=rf"inhance_accounts\[\d\]\.{column}: more than 2147483647"):
        books.lanes.load("b", edited(rows, "inhance_accounts", **{column: 2**63 - 1}))


def test_a_payment_that_no_table_can_take_is_named_and_holds_up_nobody(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    """Its credit is more than a column holds: it is found out when the payments of all lanes are written."""
    rows = edited(books.lanes.export("a"), "inhance_accounts", credit_cents=2**63 - 1)
    books.lanes.load("b", edited(rows, "inhance_bills", open_cents=0))
    for lane, account, reference in (("a", "10000101", "p0"), ("b", "10000101", "bad"), ("b", ACCOUNTS[1], "p1")):
        books.do("pay", lane, account, reference, 100)
    assert [one.payment.reference for one in books.do("payments", "a")] == ["p0"]
    assert [one.payment.reference for one in books.do("payments", "b")] == ["p1"]
    (told,) = [one for one in caplog.messages if "cannot be booked" in one]
    assert all(word in told for word in ('"lane": "b"', '"account_number": "10000101"', '"reference": "bad"', ": 100"))
    assert books.do("balance", "b", "10000101").balance_cents == -(2**63 - 1), "as the tables have it"
    assert books.do("pay", "b", ACCOUNTS[1], "p1", 100).duplicate_of == 1
