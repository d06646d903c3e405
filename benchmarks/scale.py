"""Whether a call costs more where there is more: among 1,000 to 1,000,000 accounts, and 1 to 1,000 lanes."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
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
CALLS, ROUNDS = 1_000, 5
AIM = 0.91  # a call may cost 1.1 times as much
SEEDED = "10000101"
WORKS = {"BalanceCheck": BALANCE, "MakePaymentExtended": PAYMENT}

_references = count()


class World(NamedTuple):
    """A utility in memory, and what it can be asked for: accounts in lanes."""

    door: App
    path: str
    places: list[tuple[Lane, str]]


def run(scale: float = 1.0) -> list[Row]:
    """Processor time of a call in one process, without a socket."""
    few, more, most, lanes = (max(10, round(many * scale)) for many in (FEW, MORE, MOST, LANES))
    return [
        *_compared({f"{many:,} accounts": _of_accounts(many) for many in (few, more, most)}, scale),
        *_compared({"1 lane": _of_lanes(1), f"{lanes:,} lanes": _of_lanes(lanes)}, scale),
    ]


def _compared(worlds: Mapping[str, AbstractContextManager[World]], scale: float) -> list[Row]:
    """A row for each world but the first, beside the first. They take turns: what else runs falls on all."""
    times: dict[tuple[str, str], list[float]] = {}
    calls, dice = max(100, round(CALLS * scale)), random.Random(1)
    with ExitStack() as stack:
        opened = {name: stack.enter_context(world) for name, world in worlds.items()}
        for _ in range(ROUNDS):
            for name, world in opened.items():
                for work, template in WORKS.items():
                    times.setdefault((work, name), []).append(_each_us(world, work, template, calls, dice))
    first, *others = opened
    return [
        row(
            f"scale, {work}, {name}",
            first,
            ours=statistics.median(times[work, name]),
            theirs=statistics.median(times[work, first]),
            unit="µs of processor",
            aim=AIM,
            less=True,
        )
        for work in WORKS
        for name in others
    ]


def _each_us(world: World, work: str, template: str, calls: int, dice: random.Random) -> float:
    """Of accounts drawn from all there are; the messages are made before."""
    headers = {"content-type": "text/xml; charset=utf-8", "soapaction": f'"http://tempuri.org/{work}"'}
    requests = [
        Request("POST", world.path, "", headers, body.encode(), "http://127.0.0.1", "1", lane)
        for lane, account in dice.choices(world.places, k=calls)
        for body in (template.format(account=account, reference=f"S{next(_references)}"),)
    ]
    before = time.process_time()
    answers = [world.door(request) for request in requests]
    taken = time.process_time() - before
    assert all(b"<Success>true</Success>" in answer.body for answer in answers)
    return taken / calls * 1e6


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
        yield World(door, path, [(lane, f"{number:08}") for number in range(many)])


@contextmanager
def _of_lanes(many: int) -> Iterator[World]:
    """So many lanes with the whole seed."""
    with _utility() as (_, lanes, door, path):
        yield World(door, path, [(lanes.get(f"lane-{number}"), SEEDED) for number in range(many)])
