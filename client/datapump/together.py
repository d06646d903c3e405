"""
What several threads want written, in one transaction.

Who comes first leads: it writes what waits at that moment, its own included, in one transaction, and lets the others go
once that is committed. Nobody waits for company: alone, a wish is a transaction of its own.

Nobody depends on a leader: what it could not write, because it was interrupted or the database was locked, full or
gone, each thread writes by itself, and so does one whose turn does not come.
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
PATIENCE_S = 3.0
"""A thread whose turn has not come by then writes by itself: the leader waits for a lock, or was interrupted."""
LOCKED_S = 1
"""A transaction of several waits so long for a row of PostgreSQL's that somebody else holds; one alone waits on."""


class _Waiting(Generic[Wish]):
    """
    What one thread wants written, and what became of it.

    `called` when it is over, or its thread is to lead. `taken` by a leader; `done` once it has a result or an error.
    """

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.called = threading.Event()
        self.taken = self.done = False
        self.result: object = None
        self.error: Exception | None = None

    def ended(self, result: object = None, error: Exception | None = None) -> None:
        """Keep what became of it."""
        self.result, self.error, self.done = result, error, True


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
        try:
            with self._lock:
                self._waiting.append(ours)
                if not self._led:
                    self._call_next()
            if self._called(ours) and not ours.taken:
                self._lead()
        except BaseException:
            self._take_back(ours)
            raise
        if not ours.done:
            self._write_alone(ours)
        if ours.error is not None:
            raise ours.error
        return ours.result

    def _called(self, ours: _Waiting[Wish]) -> bool:
        """Wait to be called; False where that takes too long, and nobody will write it but its own thread."""
        if not ours.called.wait(PATIENCE_S):
            if self._take_back(ours):
                return False
            ours.called.wait()
        return True

    def _take_back(self, ours: _Waiting[Wish]) -> bool:
        """Leave the line, where it is still there; another leads where it was to."""
        with self._lock:
            if ours not in self._waiting:
                return False
            self._waiting.remove(ours)
            if ours.called.is_set():
                self._call_next()
            return True

    def _call_next(self) -> None:
        """Have the next one lead, if there is one. The caller has the lock."""
        self._led = bool(self._waiting)
        if self._waiting:
            self._waiting[0].called.set()

    def _lead(self) -> None:
        """Write what waits, ours first; then let the next one lead."""
        shared: list[_Waiting[Wish]] = []
        try:
            with self._lock:
                shared, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                for each in shared:
                    each.taken = True
            self._share(shared)
        finally:
            with self._lock:
                for each in shared:
                    each.called.set()
                self._call_next()

    def _share(self, shared: Sequence[_Waiting[Wish]]) -> None:
        """Write them; those that are left without a result are written by their own threads."""
        if len(shared) > 1:
            try:
                connection = self._database.connect()
            except Exception as error:  # noqa: BLE001  where there is none, there is none for each by itself
                for each in shared:
                    each.ended(error=error)
                return
            try:
                with connection, connection.begin():
                    if self._database.dialect.name == "postgresql":
                        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCKED_S}s'")
                    results = self._write(connection, [each.wish for each in shared])
            except sa.exc.OperationalError:
                return
            except Exception:  # noqa: BLE001, S110  whose failure it is shows when each is written by itself
                pass
            else:
                for each, result in zip(shared, results, strict=True):
                    each.ended(result)
                return
        for each in shared:
            self._write_alone(each)
            if isinstance(each.error, sa.exc.OperationalError):
                return

    def _write_alone(self, one: _Waiting[Wish]) -> None:
        try:
            with self._database.begin() as tx:
                [result] = self._write(tx, [one.wish])
        except Exception as error:  # noqa: BLE001  raised by its own thread
            one.ended(error=error)
        else:
            one.ended(result)
