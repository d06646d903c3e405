"""
Where the simulators keep their world: SQLite (a file or memory) or PostgreSQL, behind one small interface.

Tables are SQLAlchemy Core; each statement is compiled once and then runs on the driver's own cursor, because Core's
execution path costs ten times what a single-row statement costs in SQLite. Rows come back as tuples, so columns hold
only what both drivers return alike: text, integers and null. Money is whole cents, times are ISO 8601 text in UTC.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from operator import itemgetter
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql.compiler import SQLCompiler

from partnerlab.contracts.sqlite_files import prepare

__all__ = ["RolledBack", "Row", "Statement", "Store", "StoreOutdated", "TransactionOpen", "Tx", "rolling_back"]

Row = tuple[Any, ...]

_rolling_back: ContextVar[bool] = ContextVar("rolling_back", default=False)


class RolledBack(BaseException):
    """
    A transaction was rolled back on purpose where it would have committed (`rolling_back`).

    Not an `Exception`: like a cancellation it must reach the caller that asked for it, so a handler's own
    `except Exception` must not catch it.
    """


class StoreOutdated(ValueError):
    """The database was made by another version: `missing` are the columns it lacks, as `table.column`."""

    def __init__(self, url: sa.URL, missing: list[str]) -> None:
        self.missing = missing
        named = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        super().__init__(
            f"{url.render_as_string()} was made by another version of partnerlab and lacks {named}."
            " It is not converted: delete it, or name another database."
        )


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


class Statement:
    """A Core expression (or `sa.text` of SQL that both databases read alike) compiled once per dialect."""

    __slots__ = ("_compiled", "clause")

    def __init__(self, clause: sa.sql.ClauseElement | str) -> None:
        self.clause = sa.text(clause) if isinstance(clause, str) else clause
        self._compiled: dict[str, tuple[str, Callable[[Mapping[str, Any]], Any], dict[str, Any]]] = {}

    def bind(self, dialect: sa.Dialect, values: Mapping[str, Any]) -> tuple[str, Any]:
        """SQL and parameters as the dialect's driver takes them."""
        try:
            sql, parameters, defaults = self._compiled[dialect.name]
        except KeyError:
            sql, parameters, defaults = self._compiled[dialect.name] = self._compile(dialect)
        return sql, parameters({**defaults, **values} if defaults else values)

    def _compile(self, dialect: sa.Dialect) -> tuple[str, Callable[[Mapping[str, Any]], Any], dict[str, Any]]:
        compiled = cast(SQLCompiler, self.clause.compile(dialect=dialect))
        defaults = {k: v for k, v in compiled.params.items() if v is not None}
        if not compiled.positional:
            return str(compiled), _as_they_are, defaults
        order = tuple(compiled.positiontup or ())
        if len(order) > 1:
            return str(compiled), itemgetter(*order), defaults  # gives a tuple only where it takes several
        return str(compiled), lambda values: [values[name] for name in order], defaults


def _as_they_are(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return values


class Tx:
    """An open transaction."""

    __slots__ = ("_cursor", "_dialect")

    def __init__(self, cursor: Any, dialect: sa.Dialect) -> None:
        self._cursor = cursor
        self._dialect = dialect

    def one(self, statement: Statement, row: Mapping[str, Any] | None = None, /, **values: Any) -> Row | None:
        """The first row, or None. Values are named one by one, or come together as *row*."""
        self._cursor.execute(*statement.bind(self._dialect, row or values))
        found: Row | None = self._cursor.fetchone()
        return found

    def all(self, statement: Statement, row: Mapping[str, Any] | None = None, /, **values: Any) -> list[Row]:
        """Every row."""
        self._cursor.execute(*statement.bind(self._dialect, row or values))
        rows: list[Row] = self._cursor.fetchall()
        return rows

    def run(self, statement: Statement, row: Mapping[str, Any] | None = None, /, **values: Any) -> int:
        """Execute and return how many rows it touched."""
        self._cursor.execute(*statement.bind(self._dialect, row or values))
        count: int = self._cursor.rowcount
        return count

    def run_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]]) -> None:
        """Execute once per row of values."""
        bound = [statement.bind(self._dialect, row) for row in rows]
        if bound:
            self._cursor.executemany(bound[0][0], [values for _, values in bound])


class Store:
    """
    One database.

    `url` is a SQLAlchemy URL: `sqlite://` (memory, one connection), `sqlite:///file.db` (WAL, a connection per
    thread, one writer at a time) or `postgresql+psycopg://…`. It holds the tables that were declared to it with
    `add`, and no others; those with a `lane` column are part of a lane.
    """

    Error: type[Exception]
    """What the driver raises for a statement it cannot do."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.in_memory = self.sqlite and self.url.database in (None, "", ":memory:")
        self.tables: dict[str, sa.Table] = {}
        self._to_create: list[sa.Table] = []
        options: dict[str, Any] = {}
        if self.sqlite:
            options["connect_args"] = {"check_same_thread": False, "timeout": 30, "isolation_level": None}
        if self.in_memory:
            options["poolclass"] = StaticPool
        elif self.sqlite:
            prepare(str(self.url.database))
        self._engine = sa.create_engine(self.url, **options)
        self.dialect = self._engine.dialect
        self.Error = cast(Any, self.dialect).dbapi.Error
        self._lock = threading.RLock()
        self._thread = _Thread()
        self._opened: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._held = self._connect() if self.in_memory else None
        self._shared = self._held.driver if self._held else None

    def add(self, tables: sa.MetaData) -> None:
        """Declare tables, by their names. Those that the database lacks are made before the next transaction."""
        with self._lock:
            for table in tables.sorted_tables:
                held = self.tables.get(table.name)
                if held is None:
                    self.tables[table.name] = table
                    self._to_create.append(table)
                elif held is not table:
                    raise ValueError(f"two tables are declared under the name {table.name}")

    def create(self) -> None:
        """
        Make the declared tables that the database lacks; the first transaction does so too.

        Raises `StoreOutdated` where a table that stands lacks a column; nothing is changed then.
        """
        with self._lock:
            tables = self._to_create
            if not self.in_memory:
                self._check_columns(tables)
            for table in tables:
                table.create(self._engine, checkfirst=True)
            self._to_create = []

    def read(self) -> AbstractContextManager[Tx]:
        """A consistent view. Writing in it is an error of ours. Raises `TransactionOpen`: none begins in another."""
        if self._to_create:
            self.create()
        if self._shared is not None:
            return _Sharing(self._lock, self._thread, self._shared, self.dialect)
        return self._snapshot()

    @contextmanager
    def _snapshot(self) -> Iterator[Tx]:
        with self._thread:
            connection = self._connection()
            if not self.sqlite:  # psycopg: one snapshot for all statements, stated with the BEGIN it sends anyway
                connection.isolation_level, connection.read_only = _REPEATABLE_READ, True
            cursor = connection.cursor()
            if self.sqlite:
                cursor.execute("BEGIN")
            try:
                yield Tx(cursor, self.dialect)
            finally:
                connection.rollback()
                cursor.close()

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """
        A transaction: committed when the block ends, rolled back when it raises. Never wait in it.

        Raises `TransactionOpen`: none begins in another.
        """
        if self._to_create:
            self.create()
        with self._thread:
            if not self.sqlite:
                connection = self._connection()
                connection.isolation_level = connection.read_only = None
                with _Changing(connection, self.dialect) as tx:
                    yield tx
                return
            with self._lock:
                connection = self._shared or self._connection()
                connection.execute("BEGIN IMMEDIATE")
                with _Changing(connection, self.dialect) as tx:
                    yield tx

    def close(self) -> None:
        """Close every connection; the store is not used again."""
        with self._lock:
            for connection in list(self._opened):
                connection.close()
            self._engine.dispose()

    def _check_columns(self, tables: Iterable[sa.Table]) -> None:
        existing: Mapping[Any, Any] = sa.inspect(self._engine).get_multi_columns()
        found = {name: {column["name"] for column in columns} for (_, name), columns in existing.items()}
        missing = [
            f"{table.name}.{column.name}"
            for table in tables
            if table.name in found
            for column in table.c
            if column.name not in found[table.name]
        ]
        if missing:
            self._engine.dispose()
            raise StoreOutdated(self.url, missing)

    def _connection(self) -> Any:
        held = self._thread.held
        if held is None or getattr(held.driver, "closed", False):
            held = self._thread.held = self._connect()
        return held.driver

    def _connect(self) -> _Connection:
        pooled = self._engine.raw_connection()
        connection = pooled.driver_connection
        if not self.in_memory:
            pooled.detach()
        assert connection is not None
        if self.sqlite and not self.in_memory:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
        held = _Connection(connection)
        self._opened.add(held)
        return held


class _Thread(threading.local):
    """What one thread has of a store: its connection, and whether a transaction is open."""

    held: _Connection | None = None
    in_transaction = False

    def __enter__(self) -> None:
        if self.in_transaction:
            raise TransactionOpen
        self.in_transaction = True

    def __exit__(self, *_: object) -> None:
        self.in_transaction = False


class _Sharing:
    """Reads by the one connection there is, while nobody else does; a class, as it costs half a generator's."""

    __slots__ = ("_connection", "_dialect", "_lock", "_thread")

    def __init__(self, lock: threading.RLock, thread: _Thread, connection: Any, dialect: sa.Dialect) -> None:
        self._lock = lock
        self._thread = thread
        self._connection = connection
        self._dialect = dialect

    def __enter__(self) -> Tx:
        self._thread.__enter__()
        self._lock.acquire()
        try:
            return Tx(self._connection.cursor(), self._dialect)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        self._thread.in_transaction = False


class _Changing:
    """Commits what its block did, or rolls it back where the block raised."""

    __slots__ = ("_connection", "_cursor", "_dialect")

    def __init__(self, connection: Any, dialect: sa.Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def __enter__(self) -> Tx:
        self._cursor = self._connection.cursor()
        return Tx(self._cursor, self._dialect)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                if _rolling_back.get():
                    raise RolledBack
                self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise
        else:
            if kind is not None:
                self._connection.rollback()
        finally:
            self._cursor.close()


_REPEATABLE_READ = 3  # psycopg.IsolationLevel.REPEATABLE_READ, without importing psycopg where SQLite is used


class _Connection:
    """Holds a driver's connection for a thread and closes it when the thread ends."""

    __slots__ = ("__weakref__", "driver")

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def close(self) -> None:
        self.driver.close()

    def __del__(self) -> None:
        self.driver.close()
