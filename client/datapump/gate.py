"""Holds up the lanes that are being reset, forked or dropped: no call is made for them, and no event is taken."""

from __future__ import annotations

import threading
from collections import Counter

__all__ = ["LaneClosed", "LaneGate"]


class LaneClosed(RuntimeError):
    """The lane is being reset, forked, dropped or loaded at this moment; try again in a little while."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        super().__init__(f"lane {lane} is being changed at this moment; try again")


class LaneGate:
    """Counts what is under way in each lane of this process; may be shared by threads."""

    def __init__(self) -> None:
        self._closed: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self._changed = threading.Condition()

    def close(self, lane: str, timeout_s: float) -> bool:
        """Close the lane until `open`; True where all calls under way ended in time."""
        with self._changed:
            self._closed[lane] += 1
            return self._changed.wait_for(lambda: not self._under_way[lane], timeout_s)

    def open(self, lane: str) -> None:
        """Let the lane's calls go on, where nobody else keeps it closed."""
        with self._changed:
            self._closed[lane] -= 1
            if not self._closed[lane]:
                del self._closed[lane]

    def enter(self, lane: str) -> bool:
        """Go in; False where the lane is closed."""
        with self._changed:
            if lane in self._closed:
                return False
            self._under_way[lane] += 1
            return True

    def leave(self, lane: str) -> None:
        """Go out again."""
        with self._changed:
            self._under_way[lane] -= 1
            if not self._under_way[lane]:
                del self._under_way[lane]
            self._changed.notify_all()
