"""Books that remember their accounts, what can be done with them, and what a killed process leaves of them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from partnerlab.simulators.inhance_soap import Settings
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.domain.payments import Payment
from partnerlab.simulators.inhance_soap.services.warm import WarmBooks
from partnerlab.simulators.inhance_soap.world import World
from partnerlab.simulators.kit.world.lanes import Lane, in_world
from partnerlab.simulators.kit.world.store import RolledBack, Store, rolling_back
from tests.simulators.inhance_soap.utility import Utility

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAID_AT = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNTS = ["10000101", "10000102", "10000103", "10000104", "30000301", "none"]
LOGS = ("-redo", "-redo2")
Rows = dict[str, Any]


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


def edited(rows: Any, table: str, **changes: Any) -> Any:
    """The rows of a lane, with those of account 10000101 in a table changed."""
    changed = [{**row, **changes} if row["account_number"] == "10000101" else row for row in rows[table]]
    return {**rows, table: changed}


def opened(path: Path) -> Books:
    store = Store(f"sqlite:///{path}")
    try:
        return Books(store)
    except BaseException:
        store.close()
        raise


class After:
    """What another process finds once this one was killed: the files as they stand, copied and opened anew."""

    def __init__(self, books: Books, folder: Path) -> None:
        self.path, self._folder, self._count = Path(books.store.url.removeprefix("sqlite:///")), folder, 0

    def killed(self) -> Path:
        """The files."""
        self._count += 1
        folder = self._folder / f"after-{self._count}"
        folder.mkdir(parents=True)
        for ending in ("", "-wal", *LOGS):
            with suppress(FileNotFoundError):
                shutil.copy(f"{self.path}{ending}", folder / f"world.db{ending}")
        return folder / "world.db"

    def rows(self, *, change: Callable[[Path], None] = lambda _: None) -> Rows:
        """The tables; *change* is made to the copied files first."""
        path = self.killed()
        change(path)
        books = opened(path)
        try:
            return books.rows()
        finally:
            books.store.close()
            assert not any(Path(f"{path}{log}").exists() for log in LOGS)
            shutil.rmtree(path.parent)


def paid(rows: Rows) -> list[str]:
    """The references of all payments, in the order they were posted."""
    return [row["reference"] for row in sorted(rows["a inhance_payments"], key=lambda row: row["request_id"])]


def pay(books: Books, reference: str, account: str = "10000101") -> Any:
    return books.do("pay", "a", account, reference, 100)
