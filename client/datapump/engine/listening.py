"""
When the engine looks at its queue: once something stands in it.

A look of the engine's own takes 2.5 ms of processor, and at ten a second an idle pump would take a fortieth of a core.
So the engine's thread gets a stop event of ours: where it would wait for its next look, it waits on until a bell is
queued, which one statement on the driver's cursor tells. All that it does then is the engine's.

No documentation of the engine names this thread. Where it has none of that form, the engine looks by itself, as often
as before.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

__all__ = ["Bellpush", "Listener", "Looks"]

log = logging.getLogger("partnerlab.client.datapump")

ANYWAY_S = 5.0
"""The engine looks so often at least, whatever we saw."""
SOON_S = 0.002
"""After a ring: its transaction is about to be committed. Twice as long each time nothing is seen yet."""
RETRY_S = 1.0

Looks = Callable[[threading.Event, Any, Any], None]
"""Looks at one queue of the engine, again and again, until an event is set."""


class Bellpush(threading.Event):
    """
    A stop event on which the engine waits between two looks, and which lets it look only for a reason.

    *queued* says whether a bell is queued.
    """

    def __init__(self, queued: Callable[[], bool]) -> None:
        super().__init__()
        self._queued = queued
        self._rung = threading.Event()

    def ring(self) -> None:
        """A bell is queued here, by a transaction that is about to be committed."""
        self._rung.set()

    def set(self) -> None:
        """End the thread."""
        super().set()
        self._rung.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for *timeout*, and on until a bell is queued; less after a ring. Whether this was set."""
        between = RETRY_S if timeout is None else timeout
        pause, ends = between, time.monotonic() + ANYWAY_S
        while not self.is_set():
            if self._rung.wait(pause):
                self._rung.clear()
                pause = SOON_S
            elif self._queued() or time.monotonic() > ends:
                return self.is_set()
            else:
                pause = min(2 * pause, between)
        return True


class Listener:
    """The thread that looks at one queue of the engine, by *looks*."""

    def __init__(self, looks: Looks, dbos: Any, queue: Any, queued: Callable[[], bool]) -> None:
        self._looks, self._dbos, self._queue = looks, dbos, queue
        self.bellpush = Bellpush(queued)
        self._thread = threading.Thread(target=self._listen, name="datapump-listen", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for it."""
        self.bellpush.set()
        self._thread.join(timeout=10)

    def _listen(self) -> None:
        """The engine's function returns early where its queue was deleted; whoever starts next makes it again."""
        while not self.bellpush.is_set():
            try:
                self._looks(self.bellpush, self._dbos, self._queue)
            except Exception:
                log.exception("the engine's queue could not be looked at; trying again")
            threading.Event.wait(self.bellpush, RETRY_S)
