"""How often a password may be tried: a few times at once, then one time in a few seconds."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

__all__ = ["AT_ONCE", "EVERY_S", "Attempts"]

AT_ONCE = 20
EVERY_S = 3.0
REMEMBERED = 10_000


class Attempts:
    """
    Wrong passwords by user, in this process: after `AT_ONCE` of them one more may be tried every `EVERY_S` seconds,
    until the right one was given [A-96]. Of more than 10,000 users the one longest ago is forgotten.

    *clock* gives seconds; a lane's own clock may be moved by whoever guesses.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._spent: OrderedDict[Hashable, float] = OrderedDict()  # when all of a user's attempts are free again

    def may_try(self, user: Hashable) -> bool:
        """Whether a password of that user may be tried now."""
        with self._lock:
            return self._spent.get(user, 0.0) - self._clock() <= (AT_ONCE - 1) * EVERY_S

    def failed(self, user: Hashable) -> None:
        """Count a wrong password."""
        with self._lock:
            self._spent[user] = max(self._spent.pop(user, 0.0), self._clock()) + EVERY_S
            while len(self._spent) > REMEMBERED:
                self._spent.popitem(last=False)

    def passed(self, user: Hashable) -> None:
        """Forget the wrong ones: the right password was given."""
        with self._lock:
            self._spent.pop(user, None)
