"""
Values made of rows, remembered until anything is written that may have changed them.

Only of a database that is this process's alone, and only what is committed: it is read with the store's lock held and
no transaction open. The store counts the transactions that may change rows (`Store.changes`) before each begins, so
whoever asks after that reads the rows again. There is no list of what may touch which rows to be kept true.

What is asked for once is not kept: it would take memory, and most of a large world is asked for no second time soon.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from partnerlab.simulators.kit.world.store import Store, Tx

__all__ = ["MOST", "Remembered"]

MOST = 4_096
"""Values of each kind; for one more all are forgotten."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Values of one kind by key, for any thread. Nothing is remembered where it is not *on*."""

    def __init__(self, store: Store, *, on: bool = True) -> None:
        self._store, self._on = store, on and store.sqlite
        self._held: tuple[int, dict[K, V]] = (0, {})
        self._asked: set[int] = set()

    def get(self, key: K) -> V | None:
        """The value, where it is known and nothing was written since."""
        at, values = self._held  # replaced together, as there is no lock here
        return values.get(key) if at == self._store.changes else None

    def look(self, key: K, read: Callable[[Tx], V | None]) -> V | None:
        """
        The value that *read* makes of the rows, known from now on; None where there is none, and where it is to be read
        the plain way: the first time, too.

        Raises what *read* raises; then nothing is known of it.
        """
        if not self._on or self._is_first(hash(key)):
            return None
        with self._store.still(wait=False) as still:
            if still is None:
                return None
            if (value := read(still.tx)) is None:
                return None
            at, values = self._held
            if at == self._store.changes and len(values) < MOST:
                values[key] = value
            else:
                self._held = self._store.changes, {key: value}
            return value

    def _is_first(self, asked: int) -> bool:
        if asked in self._asked:
            return False
        if len(self._asked) >= 2 * MOST:
            self._asked = set()
        self._asked.add(asked)
        return True
