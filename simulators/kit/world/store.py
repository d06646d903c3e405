"""
Where the simulators keep their world: SQLite (a file or memory) or PostgreSQL, behind one small interface.

Statements are SQL that both databases read alike, and run on the driver's own cursor. Rows come back as tuples, so
columns hold only what both drivers return alike: text, integers and null. Money is whole cents, times are ISO 8601 text
in UTC.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import weakref
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from partnerlab.contracts.checkpoints import leave_checkpoints
from partnerlab.contracts.database_errors import is_locked
from partnerlab.contracts.history import History
from partnerlab.contracts.searching import folded
from partnerlab.contracts.sqlite_files import InItsPlace, prepare, warn
from partnerlab.simulators.kit.world.grouping import Group
from partnerlab.simulators.kit.world.held_back import Batch, HeldBack, Still
from partnerlab.simulators.kit.world.schema import Table, Tables
from partnerlab.simulators.kit.world.searching import SQL_FUNCTION
from partnerlab.simulators.kit.world.statements import ManyRows, Row, Statement
from partnerlab.simulators.kit.world.store_errors import HeldBackLeft, StoreOutdated, StoreTaken, shown_url
from partnerlab.simulators.kit.world.transactions import (
    Changing,
    LaneReplaced,
    RolledBack,
    Sharing,
    ThreadState,
    TransactionOpen,
    Tx,
    Viewing,
    committing,
    in_lane,
    is_bound,
    rolling_back,
)

__all__ = [
    "LaneReplaced",
    "ManyRows",
    "RolledBack",
    "Row",
    "Statement",
    "Still",
    "Store",
    "StoreOutdated",
    "StoreTaken",
    "TransactionOpen",
    "Tx",
    "in_lane",
    "rolling_back",
    "shown_url",
]

MEMORY_PAGE_BYTES = 8192
"""In memory a commit that adds a page walks SQLite's list of all pages: twice as large, they are half as many."""

_logger = logging.getLogger(__name__)

BUSY_S = 30.0
"""So long a write to a SQLite file waits for somebody else's."""


class Store:
    """
    One database.

    `url` is `sqlite://` (memory, one connection), `sqlite:///file.db` (WAL, a connection per thread, one writer at a
    time) or `postgresql://…`, as libpq reads it. It holds the tables that were declared to it with `add`, and no
    others; those with a `lane` column are part of a lane.
    """

    Error: type[Exception]
    """What the driver raises for a statement it cannot do."""

    def __init__(self, url: str, history: History | None = None) -> None:
        self.url, self._history = url, history
        scheme, _, place = url.partition("://")
        self.sqlite = scheme == "sqlite"
        self.in_memory = self.sqlite and place in ("", "/", "/:memory:")
        self.tables: dict[str, Table] = {}
        self._to_create: list[Table] = []
        self._warnings: list[str] = []
        if self.sqlite:
            self._place = ":memory:" if self.in_memory else place.removeprefix("/")
            self.Error = sqlite3.Error
            if not self.in_memory:
                prepare(self._place, later=self._warnings)
        else:
            import psycopg

            self._place = f"postgresql://{place}"
            self.Error = psycopg.Error
        self._lock = threading.RLock()
        self._thread = ThreadState()
        self.held_back: list[HeldBack] = []
        """Who hold rows back, each of other tables; of a database that is this process's alone: in memory, or taken."""
        self.changes = 0
        """How many writes began; those that are aside are not counted, nor those of rows that were held back."""
        self._taken: sqlite3.Connection | None = None
        self._closed = False
        self._opened: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._held = self._connect() if self.in_memory else None
        self._shared = self._held.driver if self._held else None

    def add(self, tables: Tables) -> None:
        """Declare tables, by their names. Those that the database lacks are made before the next transaction."""
        with self._lock:
            for table in tables:
                held = self.tables.get(table.name)
                if held is None:
                    self.tables[table.name] = table
                    self._to_create.append(table)
                elif held is not table:
                    raise ValueError(f"two tables are declared under the name {table.name}")

    def create(self) -> None:
        """
        Make the declared tables that the database lacks; the first transaction does so too.

        With a history, those that stand are brought to its newest revision first.

        Raises `StoreOutdated` or `DatabaseUnknown` where a table that stands lacks a column, `DatabaseNewer` where it
        is of a newer release; nothing is changed then.
        """
        with self._lock:
            if not self._to_create:
                return
            self._upgrade()
            with committing(), self._writing(self._make_way) as tx:
                if not self.sqlite:  # replicas that start at once make them one after the other
                    tx.one(_CREATING)
                there = self._columns(tx)
                if self._history is not None and self._history.table not in there:
                    for sql in self._history.noting():
                        tx.run(Statement(sql))
                for table in self._to_create:
                    if table.name not in there:
                        for sql in table.sql(sqlite=self.sqlite):
                            tx.run(Statement(sql))
            self._to_create = []

    def _upgrade(self) -> None:
        """Bring the tables of an older release to the newest revision. Raises `DatabaseNewer`, `DatabaseUnknown`."""
        history = self._history
        if history is None or self.in_memory:
            return
        with self._snapshot() as tx:
            names = {name for name, _ in tx.all(_SQLITE_COLUMNS if self.sqlite else _POSTGRESQL_COLUMNS)}
            if names.isdisjoint(self.tables):
                return
            revision = tx.all(Statement(history.asking()))[0][0] if history.table in names else history.oldest
        if not history.is_newest(revision, shown_url(self.url)):
            _logger.warning("%s is brought to revision %s", shown_url(self.url), history.newest)
            history.upgrade(self.url, revision, {name: [*table.c] for name, table in self.tables.items()})

    def read(self) -> AbstractContextManager[Tx]:
        """A consistent view. Writing in it is an error of ours. Raises `TransactionOpen`: none begins in another."""
        if self._to_create:
            self.create()
        if self._shared is not None:
            return Sharing(self._shared, self._lock, self._thread, self.settle)
        group = self._thread.group
        return (group is not None and group.reading()) or self._snapshot()

    def _snapshot(self) -> Viewing:
        return Viewing(self._connection(), self._thread, self.settle, sqlite=self.sqlite)

    def write(self, *, aside: bool = False) -> AbstractContextManager[Tx]:
        """
        A transaction: committed when the block ends, rolled back when it raises. Never wait in it.

        One that is *aside* reads and writes no row that is held back or remembered (`held_back`), such as a journal's.
        Raises `TransactionOpen`: none begins in another.
        """
        if self._to_create:
            self.create()
        if aside:
            self._stand_aside()  # others go on meanwhile
        first, group = self._stand_aside if aside else self._make_way, self._thread.group
        return self._writing(first) if group is None else group.writing()

    def group(self) -> Group | None:
        """
        A transaction for several requests of this thread, for a SQLite file; else None.

        In memory a commit costs nothing. PostgreSQL's requests have a connection each, whose commits the server joins;
        in one transaction they would wait for each other's locks.
        """
        if not self.sqlite or self.in_memory:
            return None
        return Group(self._connection, self._lock, self._thread, self._make_way)

    def _writing(self, first: Callable[[], None]) -> Changing:
        if self.sqlite:
            return Changing(self._here(), self._lock, self._thread, first)
        return Changing(self._connection(), None, self._thread, first)

    # For rows that are held back.

    def settle(self) -> None:
        """Write what is held back, for whoever reads after this. Raises what the database raises; it stays held."""
        for held in self.held_back:
            if held.waiting:
                held.settle(self._lock)

    def _make_way(self) -> None:
        """Before a write, with the lock held: what is held back is written, and what is remembered forgotten."""
        self.changes += 1
        for held in self.held_back:
            if held.waiting:
                held.write()
            held.forget()

    def _stand_aside(self) -> None:
        """Before a write that is aside, with and without the lock: whoever writes has the file first."""
        for held in self.held_back:
            held.wait()

    def still(self, *, wait: bool = True) -> Still:
        """
        Within the block no transaction begins, and what it is given reads what is committed.

        The block is given None where rows must be written the plain way: this thread has a transaction open already;
        what it writes is to be rolled back, or is for a lane that may be gone; others may write in the database too;
        or, unless it is to *wait*, another thread has a transaction.
        """
        if self._to_create:
            self.create()
        thread, group = self._thread, self._thread.group
        may = not (thread.in_transaction or (group is not None and group.open) or is_bound())
        return Still(self._here, self._lock if may else None, self._is_alone, wait=wait)

    def _is_alone(self) -> bool:
        """Whether nobody else may write in the database. With the lock: it may be closed meanwhile."""
        return self.in_memory or self._taken is not None

    def beside(self, name: str) -> str:
        """The path of a file beside a SQLite file."""
        return f"{self._place}-{name}"

    def check_place(self) -> None:
        """Raise what a commit would where a SQLite file was taken away: what is put beside it would be lost with it."""
        self._here().check_place()

    def batch(self) -> Batch:
        """The transaction in which rows that were held back are written."""
        return Batch(self._here())

    def take(self) -> None:
        """
        Have a SQLite file for this process alone, until `close` or its end; with what a killed one held back.

        Raises `StoreTaken`, `LogUnreadable`, and what SQLite raises where the disk is full.
        """
        if not self.sqlite or self.in_memory or self._taken is not None:
            return
        prepare(f"{self._place}.lock")
        taken = sqlite3.connect(f"{self._place}.lock", timeout=0, isolation_level=None, check_same_thread=False)
        try:
            taken.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            taken.close()
            raise (StoreTaken(self.url) if is_locked(error) else error) from None
        warn(self._warnings)
        try:
            self.create()
            with self._lock:
                for held in self.held_back:
                    held.resume()
        except BaseException:
            taken.close()  # what could not be read is left for another
            raise
        self._taken = taken

    def close(self) -> None:
        """
        Close every connection; the store is not used again: its file may be another process's after this.

        Raises `HeldBackLeft` where what is held back cannot be written; all is closed then, too.
        """
        left: HeldBackLeft | None = None
        with self._lock:
            for held in self.held_back if self._taken is not None else ():
                try:
                    held.close()
                except Exception as error:  # noqa: BLE001 - whatever it is, the others are written and all is closed
                    left = HeldBackLeft(self.url, error)
                    left.__cause__ = error
            if self._taken is not None:
                self._taken.close()
                self._taken = None
            self._closed = True
            for connection in list(self._opened):
                connection.close()
        if left is not None:
            raise left

    def _columns(self, tx: Tx) -> Mapping[str, set[str]]:
        """The tables that stand, with their columns. Raises `StoreOutdated`."""
        there: dict[str, set[str]] = {}
        for table, column in tx.all(_SQLITE_COLUMNS if self.sqlite else _POSTGRESQL_COLUMNS):
            there.setdefault(table, set()).add(column)
        missing = [
            f"{table.name}.{column.name}"
            for table in self._to_create
            if table.name in there
            for column in table.columns
            if column.name not in there[table.name]
        ]
        if missing:
            raise StoreOutdated(self.url, missing)
        return there

    def _here(self) -> Any:
        return self._shared or self._connection()

    def _connection(self) -> Any:
        held = self._thread.held
        if held is None or getattr(held.driver, "closed", False):
            held = self._thread.held = self._connect()
        return held.driver

    def connect(self) -> Any:
        """A connection to PostgreSQL besides those of transactions, each of whose statements is one of its own."""
        import psycopg

        return psycopg.connect(self._place, autocommit=True)

    def _connect(self) -> _Connection:
        if self._closed:
            raise self.Error(f"{shown_url(self.url)} is closed")
        held = _Connection(self._driver())
        self._opened.add(held)
        if self.sqlite:
            held.driver.create_function(SQL_FUNCTION, 1, folded, deterministic=True)
        if self.in_memory:
            held.driver.execute(f"PRAGMA page_size={MEMORY_PAGE_BYTES}")
            # What SQLite sorts or copies stays in memory too, and what is deleted is not overwritten there.
            held.driver.execute("PRAGMA temp_store=MEMORY")
            held.driver.execute("PRAGMA secure_delete=OFF").close()
        elif self.sqlite:
            held.driver.execute("PRAGMA journal_mode=WAL")
            held.driver.execute("PRAGMA synchronous=NORMAL")
            leave_checkpoints(held.driver, self._place)
        return held

    def _driver(self) -> Any:
        if self.sqlite:
            kind = sqlite3.Connection if self.in_memory else InItsPlace
            return sqlite3.connect(
                self._place, check_same_thread=False, timeout=BUSY_S, isolation_level=None, factory=kind
            )
        import psycopg

        return psycopg.connect(self._place)


_CREATING = Statement("SELECT pg_advisory_xact_lock(4847253)")
_SQLITE_COLUMNS = Statement(
    "SELECT tables.name, columns.name FROM sqlite_master tables JOIN pragma_table_info(tables.name) columns"
    " WHERE tables.type = 'table'"
)
_POSTGRESQL_COLUMNS = Statement(
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
)


class _Connection:
    """Holds a driver's connection for a thread and closes it when the thread ends."""

    __slots__ = ("__weakref__", "driver")

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def close(self) -> None:
        self.driver.close()

    def __del__(self) -> None:
        self.driver.close()
