"""
Rows that are held back, to be written many at once.

Whoever remembers rows of a database that is its process's alone may answer from what it remembers, and write later what
that came to. Everybody else goes by the tables. So before any other transaction begins, of any thread, what waits is
written, in a transaction of its own that nothing around it undoes; and before one that may write rows that are
remembered they are forgotten. The store sees to both, in one place for each kind of transaction. Writes that concern no
such rows say so: `Store.write(aside=True)`.

In a SQLite file what waits must be on the disk before anybody is told of it: `redo_log` is for that.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from partnerlab.simulators.kit.world.statements import Statement
from partnerlab.simulators.kit.world.transactions import Tx, end_transaction

__all__ = ["Batch", "HeldBack", "Still", "each_alone", "is_of_the_database"]

T = TypeVar("T")

_BEGIN_ONE = Statement("SAVEPOINT one")
_UNDO_ONE = Statement("ROLLBACK TO one")
_END_ONE = Statement("RELEASE one")


def each_alone(tx: Tx, waiting: Iterable[T], write: Callable[[T], None], left_out: Callable[[T], None]) -> None:
    """
    Write what waits one by one: what no table takes is undone and *left_out*, within the `except`, and holds up nobody.

    Raises where the database failed as a whole.
    """
    for one in waiting:
        tx.run(_BEGIN_ONE)
        try:
            write(one)
        except Exception as error:
            if is_of_the_database(error):
                raise
            tx.run(_UNDO_ONE)
            left_out(one)
        tx.run(_END_ONE)


def is_of_the_database(error: Exception) -> bool:
    """Whether the database failed as a whole, such as by a full disk, and not for what was to be written."""
    whole = isinstance(error, sqlite3.OperationalError | OSError | MemoryError)
    return whole or type(error) is sqlite3.DatabaseError


class HeldBack(Protocol):
    """Who holds rows back; asked by the store, which has its lock then and no transaction open."""

    @property
    def waiting(self) -> bool:
        """Whether something is to be written, or is being written; asked without the lock, too."""

    def write(self) -> None:
        """
        Write what waits, in a `Store.batch`; where that fails it waits on.

        A row that no table takes is logged and left out: it would hold up all others for ever.
        """

    def forget(self) -> None:
        """Remember no row any more; nothing waits."""

    def settle(self, lock: threading.RLock) -> None:
        """
        Write what waits now, for whoever asks without the lock; as `write`.

        Others may go on meanwhile, so more may wait when it returns.
        """

    def wait(self) -> None:
        """Wait until nobody writes for it in another thread; something may wait on. Asked without the lock, too."""

    def resume(self) -> None:
        """Write what a former process held back of a file, which is this one's from now on."""

    def close(self) -> None:
        """Write what waits: another process may have the file after this."""


class Still:
    """
    What `Store.still` gives: the lock held, no transaction open.

    None where there is no *lock* or it is not had, and where the database is not *alone* this process's, asked with it.
    """

    __slots__ = ("_alone", "_connection", "_lock", "_wait")

    def __init__(
        self,
        connection: Callable[[], sqlite3.Connection],
        lock: threading.RLock | None,
        alone: Callable[[], bool],
        *,
        wait: bool,
    ) -> None:
        self._connection, self._lock, self._alone, self._wait = connection, lock, alone, wait

    def __enter__(self) -> Still | None:
        if self._lock is not None and self._lock.acquire(self._wait):
            if self._alone():
                return self
            self._lock.release()
        self._lock = None
        return None

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.release()

    @property
    def tx(self) -> Tx:
        """Reads what is committed."""
        return Tx(self._connection().cursor(), sqlite=True)


class Batch:
    """A transaction of its own, whatever is asked for around it."""

    __slots__ = ("_connection", "_cursor")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Tx:
        self._cursor = self._connection.execute("BEGIN IMMEDIATE")
        return Tx(self._cursor, sqlite=True)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        end_transaction(self._connection, self._cursor, keep=kind is None)
