"""
How the calls that may be under way at once are shared out, so that one slow partner does not starve the others.

A biller may take another place as long as more places are free than it holds. Alone it so gets half of them; of *n*
billers that take all they can get, each gets one in *n* + 1, and as many stay free for whoever comes next. What finds
no place waits in line without a thread, a slot of the engine or an attempt.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Hashable

__all__ = ["Places"]

Run = tuple[int, int]
"""A delivery's number and run."""


class Places:
    """Places for *total* calls; may be shared by threads."""

    def __init__(self, total: int) -> None:
        self._total = max(total, 2)  # with one, a slow partner would hold up every other
        self._held: Counter[Hashable] = Counter()
        self._lines: dict[Hashable, OrderedDict[Run, None]] = {}
        self._lock = threading.Lock()

    def enter(self, biller: Hashable, run: Run | None) -> bool:
        """Take a place if there is one. Where there is none, *run* is put in line for it, if given."""
        with self._lock:
            if self._has_room(biller):
                self._held[biller] += 1
                return True
            if run is not None:
                self._lines.setdefault(biller, OrderedDict())[run] = None
            return False

    def leave(self, biller: Hashable) -> list[Run]:
        """Give a place back; the runs that can go now, and are no longer in line."""
        with self._lock:
            self._held[biller] -= 1
            if not self._held[biller]:
                del self._held[biller]
            called: Counter[Hashable] = Counter()
            runs = []
            # Whoever holds least is served first.
            for waiting in sorted(self._lines, key=lambda each: self._held[each]):
                line = self._lines[waiting]
                while line and self._has_room(waiting, called):
                    runs.append(line.popitem(last=False)[0])
                    called[waiting] += 1
                if not line:
                    del self._lines[waiting]
            return runs

    def waiting(self, run: Run) -> bool:
        """Whether a run stands in line."""
        with self._lock:
            return any(run in line for line in self._lines.values())

    def _has_room(self, biller: Hashable, called: Counter[Hashable] | None = None) -> bool:
        """Whether *biller* may take one more, those counted that were called and are yet to come."""
        coming = called or Counter()
        free = self._total - self._held.total() - coming.total()
        return self._held[biller] + coming[biller] < free
