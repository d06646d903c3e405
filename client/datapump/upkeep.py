"""
What goes on beside the deliveries of the durable engine.

Deliveries whose wait is over are queued again, and runs that the engine lost are found.

The pump's own tables say what is to be done, the engine's who does it. Where they disagree (somebody deleted a row of
the engine's, say), the delivery is queued anew.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from partnerlab.client.datapump.engine import Engine, enqueue
from partnerlab.client.datapump.observing import about
from partnerlab.client.datapump.places import Places, Run
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.store import DeliveryStore
from partnerlab.client.datapump.tables import Delivery

__all__ = ["Upkeep"]

log = logging.getLogger("partnerlab.client.datapump")

PACE_S = 0.2
SWEEP_S = 10.0
RETRY_S = 1.0
QUEUED_MS = 2_000
"""An accepted delivery without a run is looked at after this: one that is just being queued has one when it commits."""
SENDING_MS = 180_000
"""An open attempt without a run is looked at after this, which is longer than a call can take."""


class EngineOfMany(Engine, Protocol):
    """An engine whose work is done by several processes, any of which may die."""

    def abandoned(self) -> list[Run]:
        """Runs that nobody works on."""

    def lost(self, runs: Iterable[Run]) -> list[Run]:
        """Those of *runs* that the engine does not know, or has ended."""


class Upkeep:
    """Two threads of one working pump; *places* tells what stands in line here and is not lost."""

    def __init__(self, store: DeliveryStore, engine: EngineOfMany, places: Places) -> None:
        self._store, self._engine, self._places = store, engine, places
        self._stopping = threading.Event()
        self._kick = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin."""
        for name, loop in (("pace", self._pace), ("sweep", self._sweep)):
            thread = threading.Thread(target=loop, name=f"datapump-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End, and wait for it."""
        self._stopping.set()
        self._kick.set()
        for thread in self._threads:
            thread.join()

    def kick(self) -> None:
        """Look at once for what is due."""
        self._kick.set()

    def settled(self, lane: str | None) -> bool:
        """Whether nothing is being sent or next to be."""
        return not self._store.on_its_way(lane)

    def _pace(self) -> None:
        while not self._stopping.is_set():
            self._kick.wait(PACE_S)
            self._kick.clear()
            self._try("what is due could not be queued", self._queue_due)

    def _sweep(self) -> None:
        while not self._stopping.is_set():
            self._try("abandoned work could not be looked for", self.sweep)
            self._stopping.wait(SWEEP_S)

    def _try(self, problem: str, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception:
            log.exception("%s; trying again", problem)
            self._stopping.wait(RETRY_S)

    def _queue_due(self) -> None:
        for number, run in self._engine.resume(self._store.due()):
            found = self._store.by_number(number)
            if found is not None and found.run == run:
                self._queue_anew(found)

    def sweep(self) -> None:
        """Queue again what nobody works on: of workers that died, what was put back here, what the engine lost."""
        self._engine.resume(run for run in self._engine.abandoned() if not self._rightly_waits(*run))
        for state, age_ms in ((State.ACCEPTED, QUEUED_MS), (State.SENDING, SENDING_MS)):
            heads = {(head.number, head.run): head for head in self._store.heads(state, age_ms)}
            for run in self._engine.lost(heads):
                self._queue_anew(heads[run])

    def _rightly_waits(self, number: int, run: int) -> bool:
        row = self._store.by_number(number)
        waits = row is not None and row.run == run and row.state is State.WAITING
        return waits or self._places.waiting((number, run))

    def _queue_anew(self, lost: Delivery) -> None:
        log.error(
            "delivery %s is %s, and the engine has no run of it; it is queued anew",
            lost.id,
            lost.state,
            extra=about(lost),
        )
        with self._store.database.begin() as tx:
            if self._store.requeue(tx, lost):
                enqueue(self._engine, tx, replace(lost, run=lost.run + 1))
