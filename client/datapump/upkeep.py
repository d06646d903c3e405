"""
What goes on beside the deliveries of the durable engine.

Deliveries whose wait is over are made ready again, and accounts that the engine lost are found.

The pump's own tables say what is to be done, the engine's who does it. Where they disagree (somebody deleted a row of
the engine's, say), the account is rung for again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from partnerlab.client.datapump.engine import Engine
from partnerlab.client.datapump.engine.rounds import SHARDS
from partnerlab.client.datapump.observing import about
from partnerlab.client.datapump.queries import now_ms
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.store import DeliveryStore
from partnerlab.client.datapump.tables import Delivery

__all__ = ["Upkeep"]

log = logging.getLogger("partnerlab.client.datapump")

PACE_S = 0.2
SWEEP_S = 1.0
"""How often it is looked for processes that died; on PostgreSQL the second look that finds one takes its work over."""
LOST_S = 0.5
"""
How often it is looked whether our own locks are held, and for what has no bell: its event was committed after the round
that was to see it.
"""
RETRY_S = 1.0
QUEUED_MS = 300
"""An accepted delivery that nobody is about to look at is rung for again after this."""
FORGET_S, ANSWERED_MS = 300.0, 3_600_000
"""How often the bells are deleted that were answered so long ago: nobody asks for them any more."""
SENDING_MS = 180_000
"""So is an open attempt after this, which is longer than a call can take."""


class EngineOfMany(Engine, Protocol):
    """An engine whose work is done by several processes, any of which may die."""

    def keep(self) -> None:
        """Have this process known to be alive, should it have lost what shows it."""

    def take_over(self) -> None:
        """Give what nobody works on, here or in a process that died, to whoever is there."""

    def release(self) -> None:
        """Have what was rung for during a round looked at once that is over."""

    def silent(self) -> list[int]:
        """The shards at whose accounts nobody looks, or will without being rung for."""

    def forget_bells(self, before_ms: int) -> None:
        """Delete the bells that were answered before then."""


class Upkeep:
    """Two threads of one working pump."""

    def __init__(self, store: DeliveryStore, engine: EngineOfMany) -> None:
        self._store, self._engine = store, engine
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
        """Whether nothing is being sent or next to be, and nothing has waited long enough to be next."""
        return not self._store.is_due(lane, now_ms()) and not self._store.on_its_way(lane)

    def _pace(self) -> None:
        while not self._stopping.is_set():
            self._kick.wait(PACE_S)
            self._kick.clear()
            for problem, do in (
                ("what is due could not be queued", self._queue_due),
                ("what was held back could not be queued", self._engine.release),
            ):
                if not self._try(problem, do):
                    self._stopping.wait(RETRY_S)

    def _sweep(self) -> None:
        # Nothing that fails here is waited for: others take a process for dead that has no lock for `slots.BLIP_S`.
        swept, forgot = 0.0, time.monotonic()
        while not self._stopping.is_set():
            self._try("the locks of this process could not be looked at", self._engine.keep)
            if not swept or time.monotonic() - swept >= SWEEP_S:
                self._try("abandoned work could not be looked for", self._engine.take_over)
                swept = time.monotonic()
            self._try("what has no bell could not be looked for", self._ring_for_lost)
            if time.monotonic() - forgot >= FORGET_S:
                forgot = time.monotonic()
                self._try("answered bells could not be deleted", self._forget_bells)
            self._stopping.wait(min(LOST_S, SWEEP_S))

    def _try(self, problem: str, do: Callable[[], None]) -> bool:
        try:
            do()
        except Exception:
            log.exception("%s; trying again", problem)
            return False
        return True

    def _queue_due(self) -> None:
        self._store.due(ring=self._engine.ring)

    def _ring_for_lost(self) -> None:
        """Ring for what the engine lost. Mostly nothing is on its way, which one statement tells."""
        if not self._store.on_its_way(None):
            return
        found = {
            shard: [
                head
                for state, age_ms in ((State.ACCEPTED, QUEUED_MS), (State.SENDING, SENDING_MS))
                for head in self._store.heads(state, age_ms, shard, SHARDS)
            ]
            for shard in self._engine.silent()
        }
        if any(found.values()):
            # A bell comes in one commit with its event: what was committed between the two looks has one by now.
            for shard in self._engine.silent():
                for head in found.get(shard, ()):
                    self._queue_anew(head)

    def _forget_bells(self) -> None:
        self._engine.forget_bells(now_ms() - ANSWERED_MS)

    def _queue_anew(self, lost: Delivery) -> None:
        log.error(
            "delivery %s is %s, and the engine has nobody look at its account; it is queued anew",
            lost.id,
            lost.state,
            extra=about(lost),
        )
        with self._store.database.begin() as tx:
            if self._store.requeue(tx, lost):
                self._engine.ring(tx, [lost.account])
