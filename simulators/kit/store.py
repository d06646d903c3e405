"""
Where the simulators keep their world: SQLite (a file or memory) or PostgreSQL, through one small door.

Tables are SQLAlchemy Core; each statement is compiled once and then runs on the driver's own cursor, because Core's
execution path costs ten times what a single-row statement costs in SQLite. Rows come back as tuples, so columns hold
only what both drivers return alike: text, integers and null. Money is whole cents, times are ISO 8601 text in UTC.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql.compiler import SQLCompiler

__all__ = ["METADATA", "Row", "Statement", "Store", "Tx"]

METADATA = sa.MetaData()
"""Every simulator declares its tables here; those with a `lane` column are part of a lane."""

Row = tuple[Any, ...]


class Statement:
    """A Core expression (or `sa.text` of SQL that both databases read alike) compiled once per dialect."""

    __slots__ = ("_compiled", "clause")

    def __init__(self, clause: sa.sql.ClauseElement | str) -> None:
        self.clause = sa.text(clause) if isinstance(clause, str) else clause
        self._compiled: dict[str, tuple[str, tuple[str, ...] | None, dict[str, Any]]] = {}

    def bind(self, dialect: sa.Dialect, values: Mapping[str, Any]) -> tuple[str, Any]:
        """SQL and parameters as the dialect's driver takes them."""
        try:
            sql, order, defaults = self._compiled[dialect.name]
        except KeyError:
            compiled = cast(SQLCompiler, self.clause.compile(dialect=dialect))
            order = tuple(compiled.positiontup or ()) if compiled.positional else None
            defaults = {k: v for k, v in compiled.params.items() if v is not None}
            sql, order, defaults = self._compiled[dialect.name] = (str(compiled), order, defaults)
        if defaults:
            values = {**defaults, **values}
        return sql, values if order is None else [values[name] for name in order]


class Tx:
    """An open transaction."""

    __slots__ = ("_cursor", "_dialect")

    def __init__(self, cursor: Any, dialect: sa.Dialect) -> None:
        self._cursor = cursor
        self._dialect = dialect

    def one(self, statement: Statement, **values: Any) -> Row | None:
        """The first row, or None."""
        self._cursor.execute(*statement.bind(self._dialect, values))
        row: Row | None = self._cursor.fetchone()
        return row

    def all(self, statement: Statement, **values: Any) -> list[Row]:
        """Every row."""
        self._cursor.execute(*statement.bind(self._dialect, values))
        rows: list[Row] = self._cursor.fetchall()
        return rows

    def run(self, statement: Statement, **values: Any) -> int:
        """Execute and return how many rows it touched."""
        self._cursor.execute(*statement.bind(self._dialect, values))
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
    thread, one writer at a time) or `postgresql+psycopg://…`. Creates the tables of *metadata* that are missing.
    """

    def __init__(self, url: str, metadata: sa.MetaData = METADATA) -> None:
        self.url = sa.make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.in_memory = self.sqlite and self.url.database in (None, "", ":memory:")
        self.metadata = metadata
        options: dict[str, Any] = {}
        if self.sqlite:
            options["connect_args"] = {"check_same_thread": False, "timeout": 30, "isolation_level": None}
        if self.in_memory:
            options["poolclass"] = StaticPool
        self._engine = sa.create_engine(self.url, **options)
        self.dialect = self._engine.dialect
        metadata.create_all(self._engine)
        self._lock = threading.RLock()
        self._local = threading.local()
        self._opened: list[Any] = []
        self._shared = self._connect() if self.in_memory else None

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A consistent view. Writing in it is an error of ours."""
        if self._shared is not None:
            with self._lock:
                yield Tx(self._shared.cursor(), self.dialect)
            return
        connection = self._connection()
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
        """A transaction: committed when the block ends, rolled back when it raises. Never nest; never wait in it."""
        if not self.sqlite:
            with self._commit_or_roll_back(self._connection()) as tx:
                yield tx
            return
        with self._lock:
            connection = self._shared or self._connection()
            connection.execute("BEGIN IMMEDIATE")
            with self._commit_or_roll_back(connection) as tx:
                yield tx

    def close(self) -> None:
        """Close every connection; the store is not used again."""
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
            self._engine.dispose()

    @contextmanager
    def _commit_or_roll_back(self, connection: Any) -> Iterator[Tx]:
        cursor = connection.cursor()
        try:
            yield Tx(cursor, self.dialect)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            cursor.close()

    def _connection(self) -> Any:
        connection = getattr(self._local, "connection", None)
        if connection is None or getattr(connection, "closed", False):
            connection = self._local.connection = self._connect()
        return connection

    def _connect(self) -> Any:
        pooled = self._engine.raw_connection()
        connection = pooled.driver_connection
        if not self.in_memory:
            pooled.detach()
        assert connection is not None
        if self.sqlite and not self.in_memory:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
        self._opened.append(connection)
        return connection
