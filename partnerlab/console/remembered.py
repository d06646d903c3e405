"""
What takes long to find out is kept ten times as long as that took, for pages that draw themselves again and again.

A person who comes to the page has it found anew.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from partnerlab.contracts.records import dataclass

__all__ = ["Found", "Remembered"]

MOST = 32
TIMES = 10


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and when (wall clock). It is `old_ms` until it is found anew; 0 where it was found just now."""

    value: Any
    at: datetime
    old_ms: int = 0


class Remembered:
    """Of the newest 32 questions. Each is asked once at a time; who asks meanwhile waits."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._asking: OrderedDict[tuple[str, ...], threading.Lock] = OrderedDict()
        self._found: dict[tuple[str, ...], tuple[Found, float]] = {}

    def get(self, question: tuple[str, ...], find: Callable[[], Any], *, anew: bool) -> Found:
        """The answer to *question*, found *anew* or where the last one is too old."""
        with self._lock:
            asking = self._asking.setdefault(question, threading.Lock())
            self._asking.move_to_end(question)
            while len(self._asking) > MOST:
                self._found.pop(self._asking.popitem(last=False)[0], None)
        with asking:
            begun = self._now()
            found, until = self._found.get(question, (None, 0.0))
            if found is not None and not anew and begun <= until:
                return replace(found, old_ms=max(1, int((until - begun) * 1000)))
            value, at = find(), datetime.now(UTC)
            ended = self._now()
            found = Found(value, at)
            self._found[question] = found, ended + TIMES * (ended - begun)
            return found
