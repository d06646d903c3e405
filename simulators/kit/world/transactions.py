"""A transaction on a driver's connection. Rows come back as tuples."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from itertools import islice
from typing import Any

from partnerlab.simulators.kit.world.statements import TOGETHER, ManyRows, Row, Statement

__all__ = [
    "Changing",
    "LaneReplaced",
    "RolledBack",
    "Sharing",
    "ThreadState",
    "TransactionOpen",
    "Tx",
    "Viewing",
    "committing",
    "end_transaction",
    "in_lane",
    "is_bound",
    "is_rolling_back",
    "rolling_back",
]

_rolling_back: ContextVar[bool] = ContextVar("rolling_back", default=False)
_lane: ContextVar[str] = ContextVar("lane", default="")
_stands: ContextVar[Callable[[Tx], bool] | None] = ContextVar("stands", default=None)
# Of PostgreSQL: writers of a lane share its lock, who replaces or drops the lane has it alone.
_LANES = 0x6C616E65
_SHARE = f"SELECT pg_advisory_xact_lock_shared({_LANES}, hashtext(%s))"
_ALONE = f"SELECT pg_advisory_xact_lock({_LANES}, hashtext(%s))"
_AT_A_TIME = 1_000
_FETCH = f"FETCH {_AT_A_TIME} FROM each_row"
_REPEATABLE_READ = 3  # psycopg.IsolationLevel.REPEATABLE_READ, without importing psycopg where SQLite is used


class RolledBack(BaseException):
    """
    A transaction was rolled back on purpose where it would have committed (`rolling_back`).

    Not an `Exception`: like a cancellation it must reach the caller that asked for it, so a handler's own
    `except Exception` must not catch it.
    """


class LaneReplaced(BaseException):
    """
    The lane was reset, dropped, copied onto or loaded since work for it began; nothing was written.

    Not an `Exception`: the work is for a world that is gone, so whoever does it must not note that as its failure.
    """

    def __init__(self) -> None:
        super().__init__("its lane was reset, dropped, copied onto or loaded meanwhile")


class TransactionOpen(RuntimeError):
    """
    A transaction was begun while this thread had one open on the store; nothing was done.

    The two would share a connection, and the inner one's end would undo or commit the outer one's work.
    """

    def __init__(self) -> None:
        super().__init__("this thread has a transaction open on this store; hand its `Tx` on and begin no other")


@contextmanager
def rolling_back() -> Iterator[None]:
    """In this block each write transaction of this thread is rolled back at its end and raises `RolledBack`."""
    token = _rolling_back.set(True)
    try:
        yield
    finally:
        _rolling_back.reset(token)


def is_rolling_back() -> bool:
    """Whether this is in a block of `rolling_back`."""
    return _rolling_back.get()


def is_bound() -> bool:
    """Whether a write transaction of this thread would be rolled back, or only be in a lane that stands."""
    return _rolling_back.get() or _stands.get() is not None


@contextmanager
def committing() -> Iterator[None]:
    """In this block transactions are committed, whatever is asked for around it."""
    token = _rolling_back.set(False)
    try:
        yield
    finally:
        _rolling_back.reset(token)


@contextmanager
def in_lane(name: str, stands: Callable[[Tx], bool] | None = None) -> Iterator[None]:
    """
    In this block, and in this thread, what is written is of that lane.

    A write transaction raises `LaneReplaced` where *stands*, which is asked in it, says that the lane is another now.

    On PostgreSQL a write transaction then waits while another replica resets, drops, copies or loads the lane, and the
    other way round; on SQLite there is one writer at a time. With an empty name it is of no lane.
    """
    token, standing = _lane.set(name), _stands.set(stands)
    try:
        yield
    finally:
        _lane.reset(token)
        _stands.reset(standing)


class Tx:
    """
    An open transaction.

    Values are given to a statement by name, or together: a mapping, or a tuple in the order of its text.
    """

    __slots__ = ("_cursor", "_sqlite")

    def __init__(self, cursor: Any, *, sqlite: bool) -> None:
        self._cursor = cursor
        self._sqlite = sqlite

    def one(self, statement: Statement, row: Mapping[str, Any] | Row | None = None, /, **values: Any) -> Row | None:
        """The first row, or None."""
        self._cursor.execute(*statement.bind(values if row is None else row, sqlite=self._sqlite))
        found: Row | None = self._cursor.fetchone()
        return found

    def all(self, statement: Statement, row: Mapping[str, Any] | Row | None = None, /, **values: Any) -> list[Row]:
        """Every row."""
        self._cursor.execute(*statement.bind(values if row is None else row, sqlite=self._sqlite))
        rows: list[Row] = self._cursor.fetchall()
        return rows

    def each(self, statement: Statement, /, **values: Any) -> Iterator[Row]:
        """Every row, of which few are held at a time; no other statement is run meanwhile."""
        cursor = self._cursor
        sql, bound = statement.bind(values, sqlite=self._sqlite)
        if self._sqlite:
            cursor.execute(sql, bound)
            while rows := cursor.fetchmany(_AT_A_TIME):
                yield from rows
            return
        cursor.execute(f"DECLARE each_row NO SCROLL CURSOR FOR {sql}", bound)
        cursor.execute(_FETCH)
        while rows := cursor.fetchall():
            yield from rows
            cursor.execute(_FETCH)
        cursor.execute("CLOSE each_row")

    def run(self, statement: Statement, row: Mapping[str, Any] | Row | None = None, /, **values: Any) -> int:
        """Execute and return how many rows it touched."""
        self._cursor.execute(*statement.bind(values if row is None else row, sqlite=self._sqlite))
        count: int = self._cursor.rowcount
        return count

    def lock(self, statement: Statement, row: Row) -> None:
        """Lock the rows that a *locking* statement names; on SQLite a writer is alone already."""
        if not self._sqlite:
            self._cursor.execute(*statement.bind(row, sqlite=False))

    def whole_lanes(self, *names: str) -> None:
        """Let nobody else write in these lanes before the transaction ends; begin it in no lane (`in_lane`)."""
        if not self._sqlite:
            for name in sorted(names):
                self._cursor.execute(_ALONE, (name,))

    def run_many(self, statement: Statement, rows: Iterable[Mapping[str, Any] | Row]) -> int:
        """Execute once per row of values; how many rows that touched in all."""
        count, coming = 0, iter(rows)
        while bound := [statement.bind(row, sqlite=self._sqlite) for row in islice(coming, _AT_A_TIME)]:
            self._cursor.executemany(bound[0][0], [values for _, values in bound])
            count += self._cursor.rowcount
        return count

    def run_rows(self, statement: ManyRows, rows: Sequence[Row]) -> int:
        """Execute for as many rows at once as may be; how many rows that touched in all."""
        count = 0
        for first in range(0, len(rows), TOGETHER):
            self._cursor.execute(*statement.bind(rows[first : first + TOGETHER]))
            count += self._cursor.rowcount
        return count


class ThreadState(threading.local):
    """What one thread has of a store: its connection, whether a transaction is open, the group that it joins."""

    held: Any = None
    group: Any = None
    in_transaction = False

    def __enter__(self) -> None:
        if self.in_transaction:
            raise TransactionOpen
        self.in_transaction = True

    def __exit__(self, *_: object) -> None:
        self.in_transaction = False


class Sharing:
    """
    Reads by the one connection there is, while nobody else does; a class, as it costs half a generator's.

    *first* is called before, as of each transaction here: see `held_back`.
    """

    __slots__ = ("_connection", "_first", "_lock", "_thread")

    def __init__(
        self, connection: sqlite3.Connection, lock: threading.RLock, thread: ThreadState, first: Callable[[], None]
    ) -> None:
        self._lock = lock
        self._thread = thread
        self._connection = connection
        self._first = first

    def __enter__(self) -> Tx:
        self._thread.__enter__()
        self._lock.acquire()
        try:
            self._first()
            return Tx(self._connection.cursor(), sqlite=True)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        self._thread.in_transaction = False


class Viewing:
    """Reads what stood when it began, on a connection of its own."""

    __slots__ = ("_connection", "_cursor", "_first", "_sqlite", "_thread")

    def __init__(self, connection: Any, thread: ThreadState, first: Callable[[], None], *, sqlite: bool) -> None:
        self._connection = connection
        self._thread = thread
        self._first = first
        self._sqlite = sqlite

    def __enter__(self) -> Tx:
        self._thread.__enter__()
        try:
            self._first()
            if self._sqlite:
                self._cursor = self._connection.execute("BEGIN")
            else:  # psycopg: one snapshot for all statements, stated with the BEGIN it sends anyway
                self._connection.isolation_level, self._connection.read_only = _REPEATABLE_READ, True
                self._cursor = self._connection.cursor()
            return Tx(self._cursor, sqlite=self._sqlite)
        except BaseException:
            self._thread.in_transaction = False
            raise

    def __exit__(self, *_: object) -> None:
        try:
            self._connection.rollback()
            self._cursor.close()
        finally:
            self._thread.in_transaction = False


def end_transaction(connection: Any, cursor: Any, *, keep: bool) -> None:
    """Commit, or roll back where it is not to be kept or the commit fails."""
    try:
        if keep:
            connection.commit()
        else:
            connection.rollback()
    except BaseException:
        connection.rollback()
        raise
    finally:
        cursor.close()


class Changing:
    """
    Commits what its block did, or rolls it back where the block raised.

    On SQLite, which has one writer, it waits for *lock* first; PostgreSQL has none.
    """

    __slots__ = ("_connection", "_cursor", "_first", "_lock", "_thread")

    def __init__(
        self, connection: Any, lock: threading.RLock | None, thread: ThreadState, first: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._lock = lock
        self._thread = thread
        self._first = first

    def __enter__(self) -> Tx:
        self._thread.__enter__()
        if self._lock is not None:
            self._lock.acquire()
        try:
            self._first()
            if self._lock is None:
                self._connection.isolation_level = self._connection.read_only = None
                self._cursor = self._connection.cursor()
                if lane := _lane.get():
                    self._cursor.execute(_SHARE, (lane,))
            else:
                self._cursor = self._connection.execute("BEGIN IMMEDIATE")
            tx = Tx(self._cursor, sqlite=self._lock is not None)
            if (stands := _stands.get()) is not None and not stands(tx):
                raise LaneReplaced
            return tx
        except BaseException:
            with suppress(Exception):  # it may be the connection that failed
                self._connection.rollback()
            self._leave()
            raise

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        undo = _rolling_back.get()
        try:
            end_transaction(self._connection, self._cursor, keep=kind is None and not undo)
        finally:
            self._leave()
        if undo and kind is None:
            raise RolledBack

    def _leave(self) -> None:
        if self._lock is not None:
            self._lock.release()
        self._thread.in_transaction = False
