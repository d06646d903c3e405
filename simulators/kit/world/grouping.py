"""
One transaction for the requests of a turn: a savepoint for each, one commit for all.

In a SQLite file a commit costs more than what most requests write, and pages that several of them touch are written
once. Whoever handles requests one after the other on one thread marks where each begins and ends; what they write is in
the database when `commit` returns, and until then nothing may be told that they read or wrote. The plain way, a
transaction for each write, is `transactions.Changing`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Any

from partnerlab.simulators.kit.world.transactions import RolledBack, ThreadState, Tx, is_rolling_back

__all__ = ["Group", "GroupLost"]


class GroupLost(RuntimeError):
    """SQLite undid the whole transaction when a statement failed (the disk is full, say): nothing in it stays."""

    def __init__(self) -> None:
        super().__init__("the database undid what the requests of this turn wrote")


class Group:
    """
    A transaction that is begun by the first write and shared until `commit`; of one thread, which has it to itself.

    Other threads and processes that write wait until it ends.
    """

    def __init__(
        self, connection: Callable[[], Any], lock: threading.RLock, thread: ThreadState, first: Callable[[], None]
    ) -> None:
        self._connect, self._lock, self.thread, self._first = connection, lock, thread, first
        self._connection: Any = None
        self._cursor: Any = None
        self._tx: Tx
        self._lost = False
        self.open = False
        """Whether something waits for `commit`."""
        self.touched = False
        """Whether the present request read or wrote in the shared transaction."""

    def __enter__(self) -> None:
        """A request begins: what this thread does on the store is part of the group until it ends."""
        self.touched = False
        self.thread.group = self

    def __exit__(self, *_: object) -> None:
        self.thread.group = None

    def commit(self) -> None:
        """
        End the transaction. Raises what the database raised, or `GroupLost`; then nothing of it stays.

        Nothing happens where none was begun.
        """
        if not self.open:
            return
        try:
            if self._undone():
                raise GroupLost
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise
        finally:
            self._end()

    def _end(self) -> None:
        self.open = self._lost = False
        self._cursor.close()
        self._lock.release()

    # For the store.

    def writing(self) -> _Joined:
        """A write, as `Store.write` gives it."""
        return _Joined(self, writes=True)

    def reading(self) -> _Joined | None:
        """A read in the shared transaction. None where none is open: read from a snapshot then."""
        return _Joined(self, writes=False) if self.open else None

    # For a read or write of it.

    def join(self, *, savepoint: bool) -> Tx:
        """The transaction, begun where it is not open. Raises `GroupLost`."""
        self.touched = True
        if self.open and self._undone():
            raise GroupLost
        if not self.open:
            self._begin()
        elif savepoint:
            self._cursor.execute("SAVEPOINT request")
        return self._tx

    def release(self) -> None:
        """Keep what was written since the savepoint."""
        self._cursor.execute("RELEASE request")

    def undo(self, *, savepoint: bool) -> None:
        """Undo what was written since the savepoint and leave the rest; without one there is no rest."""
        if not savepoint:
            try:
                self._connection.rollback()
            finally:
                self._end()
            return
        try:
            if self._connection.in_transaction:  # else SQLite has undone the whole, a savepoint or not
                self._cursor.execute("ROLLBACK TO request")
                self._cursor.execute("RELEASE request")
                return
        except sqlite3.Error:
            pass
        self._lost = True

    def _undone(self) -> bool:
        """Whether SQLite has undone the whole; a request may have caught the error that said so."""
        self._lost = self._lost or not self._connection.in_transaction
        return self._lost

    def _begin(self) -> None:
        self._lock.acquire()
        try:
            self._first()
            self._connection = self._connect()
            self._cursor = self._connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._lock.release()
            raise
        self._tx = Tx(self._cursor, sqlite=True)
        self.open = True


class _Joined:
    """One read or write of a group; the first write needs no savepoint, as it is undone with the whole."""

    __slots__ = ("_group", "_savepoint", "_writes")

    def __init__(self, group: Group, *, writes: bool) -> None:
        self._group, self._writes = group, writes
        self._savepoint = False

    def __enter__(self) -> Tx:
        group = self._group
        group.thread.__enter__()
        try:
            self._savepoint = group.open and self._writes
            return group.join(savepoint=self._savepoint)
        except BaseException:
            group.thread.in_transaction = False
            raise

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        group = self._group
        group.thread.in_transaction = False
        if not self._writes:
            return
        try:
            if kind is None:
                if is_rolling_back():
                    raise RolledBack
                if self._savepoint:
                    group.release()
        except BaseException:
            group.undo(savepoint=self._savepoint)
            raise
        else:
            if kind is not None:
                group.undo(savepoint=self._savepoint)
