"""
Whether a call costs more where there is more: among 1,000 to 1,000,000 accounts, and in 1 to 1,000 lanes.

Accounts that were asked for are remembered (docs/adr/0018-books-of-warm-accounts.md), so there are two questions, each
with its row: what does a call cost for an account that was not asked for since everything was forgotten, and what for
one of those that were asked for lately. In every world the same number of accounts is asked for, drawn from all there
are, and each equally often; what a payment is written by later is part of its cost.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count
from typing import NamedTuple

from benchmarks.soap import BALANCE, PAYMENT
from benchmarks.tools import Row, row
from partnerlab.simulators import inhance_soap
from partnerlab.simulators.inhance_soap.tables import ACCOUNTS, BILLS
from partnerlab.simulators.kit.http.messages import App, Request
from partnerlab.simulators.kit.world.lanes import DEFAULT, Lane, Lanes
from partnerlab.simulators.kit.world.store import Statement, Store

FEW, MORE, MOST, LANES = 1_000, 100_000, 1_000_000, 1_000
ASKED, AGAIN, ROUNDS = 1_000, 4, 5
"""Accounts that are asked for in each world; how often again; and how often all of it is done."""
AIM = 0.91  # a call may cost 1.1 times as much
SEEDED = "10000101"
WORKS = {"BalanceCheck": BALANCE, "MakePaymentExtended": PAYMENT}
FIRST, LATELY = "not asked for yet", "asked for lately"

_references = count()

Place = tuple[Lane, str]
"""An account's lane and number."""


class World(NamedTuple):
    """A utility in memory, and what it can be asked for."""

    store: Store
    door: App
    path: str
    places: list[Place]


def run(scale: float = 1.0) -> list[Row]:
    """Processor time of a call in one process, without a socket."""
    few, more, most, lanes = (max(10, round(many * scale)) for many in (FEW, MORE, MOST, LANES))
    worlds: dict[str, Callable[[], AbstractContextManager[World]]] = {
        f"{few:,} accounts in one lane": partial(_of_accounts, few),
        f"{more:,} accounts": partial(_of_accounts, more),
        f"{most:,} accounts": partial(_of_accounts, most),
        f"{lanes:,} lanes": partial(_of_lanes, lanes),
    }
    times: dict[tuple[str, str, str], list[float]] = {}
    asked, dice = max(10, round(ASKED * scale)), random.Random(1)
    for _ in range(ROUNDS):  # they take turns: what else runs falls on all
        for name, make in worlds.items():
            with make() as world:
                for work in WORKS:
                    places = dice.sample(world.places, min(asked, len(world.places)))
                    _forget(world.store)
                    times.setdefault((work, name, FIRST), []).append(_each_us(world, work, places))
                    again = [place for _ in range(AGAIN) for place in dice.sample(places, len(places))]
                    times.setdefault((work, name, LATELY), []).append(_each_us(world, work, again))
    first, *others = worlds
    return [
        row(
            f"scale, {work}, {name}, {how}",
            first,
            ours=statistics.median(times[work, name, how]),
            theirs=statistics.median(times[work, first, how]),
            unit="µs of processor",
            aim=AIM,
            less=True,
        )
        for work in WORKS
        for how in (LATELY, FIRST)
        for name in others
    ]


def _forget(store: Store) -> None:
    """Have the next call of each account read it: any other transaction makes all be forgotten."""
    with store.write():
        pass


def _each_us(world: World, work: str, places: list[Place]) -> float:
    """A call for each of these; the messages are made before."""
    headers = {"content-type": "text/xml; charset=utf-8", "soapaction": f'"http://tempuri.org/{work}"'}
    requests = [
        Request("POST", world.path, "", headers, body.encode(), "http://127.0.0.1", "1", lane)
        for lane, account in places
        for body in (WORKS[work].format(account=account, reference=f"S{next(_references)}"),)
    ]
    before = time.process_time()
    answers = [world.door(request) for request in requests]
    world.store.settle()
    taken = time.process_time() - before
    assert all(b"<Success>true</Success>" in answer.body for answer in answers)
    return taken / len(places) * 1e6


@contextmanager
def _utility() -> Iterator[tuple[Store, Lanes, App, str]]:
    store = Store("sqlite://")
    lanes = Lanes(store)
    simulator = inhance_soap.create_simulator(inhance_soap.Settings(), store, lanes)
    lanes.seeders.append(simulator.seed)
    path, door = next(iter(simulator.doors.items()))
    try:
        yield store, lanes, door, path
    finally:
        store.close()


@contextmanager
def _of_accounts(many: int) -> Iterator[World]:
    """One lane with so many accounts, a bill each: copies of one that is seeded."""
    with _utility() as (store, lanes, door, path):
        lane = lanes.get(DEFAULT)
        with store.write() as tx:
            for table, keys in ((ACCOUNTS, ("account_number",)), (BILLS, ("account_number", "invoice_number"))):
                names = [column.name for column in table.columns]
                values = ", ".join("printf('%08d', number)" if name in keys else name for name in names)
                tx.run(
                    Statement(
                        "WITH RECURSIVE numbers(number) AS"
                        " (SELECT 0 UNION ALL SELECT number + 1 FROM numbers LIMIT :many)"
                        f" INSERT INTO {table.name} ({', '.join(names)})"
                        f" SELECT {values} FROM numbers,"
                        f" (SELECT * FROM {table.name} WHERE lane = :lane AND account_number = :seeded LIMIT 1)"
                    ),
                    lane=DEFAULT,
                    seeded=SEEDED,
                    many=many,
                )
        yield World(store, door, path, [(lane, f"{number:08}") for number in range(many)])


@contextmanager
def _of_lanes(many: int) -> Iterator[World]:
    """So many lanes with the whole seed."""
    with _utility() as (store, lanes, door, path):
        yield World(store, door, path, [(lanes.get(f"lane-{number}"), SEEDED) for number in range(many)])
