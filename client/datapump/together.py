"""
What several threads want written, in one transaction.

Who comes first leads: it writes what waits at that moment, its own included, in one transaction, and lets the others go
once that is committed. Nobody waits for company: alone, a wish is a transaction of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

__all__ = ["Together"]

Wish = TypeVar("Wish")
MOST = 64
"""So many share a commit."""


class _Waiting(Generic[Wish]):
    """What one thread wants written, and what became of it; `called` when it is over, or when its thread is to lead."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.called = threading.Event()
        self.over = False
        self.result: object = None
        self.error: BaseException | None = None


class Together(Generic[Wish]):
    """
    The transactions of one process on one database; may be shared by threads.

    *write* writes several wishes, with a result for each in their order. It may be called twice for a wish: where it
    fails for several, each is written again by itself.
    """

    def __init__(self, database: sa.Engine, write: Callable[[sa.Connection, Sequence[Wish]], Sequence[object]]) -> None:
        self._database, self._write = database, write
        self._waiting: list[_Waiting[Wish]] = []
        self._led = False
        self._lock = threading.Lock()

    def run(self, wish: Wish) -> Any:
        """The result of *wish*, once it is committed; raises what writing it raises, or what the commit does."""
        ours = _Waiting(wish)
        with self._lock:
            self._waiting.append(ours)
            leads, self._led = not self._led, True
        if not leads:
            ours.called.wait()
        if not ours.over:
            self._lead()
        if ours.error is not None:
            raise ours.error
        return ours.result

    def _lead(self) -> None:
        """Write what waits, ours first; then let the next one lead."""
        with self._lock:
            shared, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        try:
            self._share(shared)
        except BaseException as error:  # noqa: BLE001  none of them was written: raised by each one's thread
            for each in shared:
                each.error = error
        finally:
            with self._lock:
                for each in shared:
                    each.over = True
                    each.called.set()
                self._led = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].called.set()

    def _share(self, shared: Sequence[_Waiting[Wish]]) -> None:
        if len(shared) > 1:
            with self._database.connect() as connection:  # where there is none, there is none for each by itself
                try:
                    with connection.begin():
                        results = self._write(connection, [each.wish for each in shared])
                except Exception:  # noqa: BLE001, S110  whose failure it is shows when each is written by itself
                    pass
                else:
                    for each, result in zip(shared, results, strict=True):
                        each.result = result
                    return
        for each in shared:
            try:
                with self._database.begin() as tx:
                    [each.result] = self._write(tx, [each.wish])
            except BaseException as error:  # noqa: BLE001  raised by its own thread
                each.error = error
