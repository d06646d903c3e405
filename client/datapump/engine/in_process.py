"""
The engine of tests and soaks: no threads, no tables of its own, nothing at random.

A run is done when somebody asks for it (`DataPump.drain`), in the thread that asks: what is first in its account's
line, accounts in the order in which their events came. Between two attempts it waits for the lane's clock. The pump's
rows say what is to be done, so there is nothing to queue, to lose or to take over; an attempt found open can only be
one whose process died.

For one process: another that worked on the same database would take attempts that are under way for interrupted ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa

from partnerlab.client.datapump.engine import Parked, Work
from partnerlab.client.datapump.places import Places, Run
from partnerlab.client.datapump.queries import now_ms
from partnerlab.client.datapump.store import DeliveryStore

__all__ = ["InProcessEngine"]


class InProcessEngine:
    """*clock* gives a lane's time in milliseconds since 1970; without one it is the real time."""

    def __init__(self, database: sa.Engine, *, clock: Callable[[str], int] | None = None) -> None:
        self._clock = clock
        self._work: Work | None = None
        self._store: DeliveryStore | None = None
        self._turn = threading.Lock()
        self._at_work: int | None = None

    def start(self, work: Work | None, store: DeliveryStore, places: Places, stopping: threading.Event) -> None:
        """Do runs with *work* from now on, when they are asked for."""
        self._work, self._store = work, store

    def stop(self) -> None:
        """Do nothing any more."""
        self._work = None

    def ring(self, tx: sa.Connection, accounts: Iterable[int]) -> None:
        """Nothing to do: the delivery's row says that it is to be done."""

    def holds(self, account: int) -> bool:
        """There is no other process."""
        return True

    def resume(self, runs: Iterable[Run]) -> None:
        """Nothing to do: a parked run is one whose row is not over."""

    def prune(self, before_ms: int, *, dry_run: bool = False) -> int:
        """Nothing is kept of runs that ended."""
        return 0

    def active(self) -> int:
        """1 while a thread is at work."""
        return int(self._at_work is not None)

    def now_ms(self, lane: str | None) -> int:
        """By the lane's clock."""
        if lane is None:
            return 0
        return now_ms() if self._clock is None else self._clock(lane)

    def upkeep(self, store: DeliveryStore) -> _OnDemand:
        """What does the runs."""
        return _OnDemand(self, store)

    def run(self, number: int, run: int) -> None:
        """Do one run; it may end parked."""
        if self._work is not None and self._store is not None:
            found = self._store.by_number(number)
            if found is not None and found.run == run:
                with suppress(Parked):
                    self._work(found)

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Wait until no other thread is at work; False where it is this one, which asks from within a run."""
        me = threading.get_ident()
        if self._at_work == me:
            yield False
            return
        with self._turn:
            self._at_work = me
            try:
                yield True
            finally:
                self._at_work = None


class _OnDemand:
    """Does what is due when it is asked to."""

    def __init__(self, engine: InProcessEngine, store: DeliveryStore) -> None:
        self._engine, self._store = engine, store

    def start(self) -> None:
        """Nothing goes on by itself."""

    def stop(self) -> None:
        """Nothing goes on by itself."""

    def kick(self) -> None:
        """Nothing to do: the next one who asks finds what is due."""

    def settled(self, lane: str | None) -> bool:
        """
        Do what is due, and what becomes due by it, in the order in which the events came; whether nothing is left.

        A run that could not be done (its lane is closed, say) is left for the next call. What stands
        behind a delivery that waits for its next attempt is not due.
        """
        tried: set[tuple[int, int, int]] = set()
        with self._engine.turn() as mine:
            while mine:
                for each in [lane] if lane is not None else self._store.waiting_lanes():
                    self._store.due(each, now=self._engine.now_ms(each))
                found = [run for run in self._store.ready(lane) if run not in tried]
                if not found:
                    break
                for number, run, attempts in found:
                    tried.add((number, run, attempts))
                    self._engine.run(number, run)
        return not self._store.ready(lane)
