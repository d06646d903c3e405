"""The Payment job dies at any step, again and again: each payment is entered once. INH1-PAY-5"""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from partnerlab.simulators.inhance_soap.store import Books
from partnerlab.simulators.kit.world.store import Store, Tx
from partnerlab.systems.inhance_books import InHanceBooks
from tests.partnerlab.jobs.utility import LANE, UtilityWorld
from tests.postgres import new_database

RUNS = 200
ACCOUNT = "30000302"


class Killed(BaseException):
    """As kill -9: nothing of ours handles it."""


class Dying:
    """Ends the process at the n-th statement that writes, in whichever transaction that is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        real = Tx.run

        def run(*arguments: Any, **values: Any) -> int:
            self.left -= 1
            if self.left == 0:
                raise Killed
            return real(*arguments, **values)

        monkeypatch.setattr(Tx, "run", run)


def many_runs(world: UtilityWorld, dying: Dying, runs: int = RUNS) -> list[str]:
    """Payments come, several to a second, and the job runs and dies; the PaymentGUIDs that were paid."""
    dice = random.Random(20261127)
    world.inhance.world.downloads.choose(world.lane, "live")
    paid: list[str] = []
    died = 0
    for _ in range(runs):
        paid += [world.pay(ACCOUNT, 1 + len(paid), donation="standalone") for _ in range(dice.choice((0, 1, 1, 2)))]
        dying.left = dice.choice((0, 1, 2, 3, 4, 5, 6, 8, 10, 14, 18))
        if dice.random() < 0.2:
            world.transport.dies = dice.choice(("before", "after"))
        try:
            world.run("payments")
        except (Killed, ConnectionError):
            died += 1
        dying.left, world.transport.dies = 0, ""
        if dice.random() < 0.3:
            world.lanes.set_clock(LANE, offset=timedelta(0), frozen_at=world.lane.now() + timedelta(seconds=1))
    assert died > runs // 4
    world.run("payments")
    return paid


def problems(world: UtilityWorld, paid: list[str]) -> list[str]:
    """What is wrong in the utility's books."""
    downloads = world.inhance.world.downloads
    _, entered = downloads.open_transactions(world.lane, "IC Clerk")
    found = Counter(one.payment_guid for one in entered)
    posted = Counter(one.payment.reference for one in world.inhance.world.ledger.payments(world.lane, limit=10_000))
    said = [f"{guid} is lost" for guid in paid if not found[guid]]
    said += [
        f"{one.payment_guid} is posted {posted[one.reference]} times" for one in entered if posted[one.reference] != 1
    ]
    if sum(posted.values()) != len(entered):
        said.append(f"{sum(posted.values())} are posted, {len(entered)} were downloaded")
    return said


def test_each_payment_is_entered_once_whatever_dies(world: UtilityWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    paid = many_runs(world, Dying(monkeypatch))
    assert len(paid) > RUNS // 2
    assert problems(world, paid) == []


@pytest.mark.postgres
def test_each_payment_is_entered_once_on_postgresql(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = new_database(postgres_server).replace("postgresql://", "postgresql+psycopg://", 1)
    world = UtilityWorld(Store(url))
    paid = many_runs(world, Dying(monkeypatch), runs=16)
    assert problems(world, paid) == []
    world.close()


@pytest.mark.parametrize("moved_by", [timedelta(seconds=1), timedelta(days=1)])
def test_a_mark_that_is_moved_is_found(
    world: UtilityWorld, monkeypatch: pytest.MonkeyPatch, moved_by: timedelta
) -> None:
    """The test above can fail: with the mark one second on, payments of the newest second are lost."""
    real = InHanceBooks.payments_mark

    def moved(books: InHanceBooks) -> datetime | None:
        mark = real(books)
        return None if mark is None else mark + moved_by

    monkeypatch.setattr(InHanceBooks, "payments_mark", moved)
    paid = many_runs(world, Dying(monkeypatch), runs=60)
    assert any(line.endswith("is lost") for line in problems(world, paid))


def test_payments_that_are_not_told_apart_by_their_guid_are_found(
    world: UtilityWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail: where a PaymentGUID is forgotten, a payment is posted twice."""
    real = Books.add_download

    def forgetful(books: Books, download: object) -> bool:
        real(books, download)  # type: ignore[arg-type]
        return True

    monkeypatch.setattr(Books, "add_download", forgetful)
    paid = many_runs(world, Dying(monkeypatch), runs=40)
    assert any("is posted" in line for line in problems(world, paid))
