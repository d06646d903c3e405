"""
SQL on the pump's database, on SQLite and PostgreSQL alike: `:name` for values, and text that both can keep.

Statements run on the driver's cursor (ADR 2): SQLAlchemy has the pool and the transactions, and its way to a cursor
would cost several times what these statements do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa

from partnerlab.client.datapump.database import asking, explained

__all__ = ["Statements", "writable"]

PLAN_OUTDATED = "0A000"
"""
What PostgreSQL says to a prepared statement whose columns another release changed ("cached plan must not change result
type"), and would to each later one of the connection: only after a rollback the driver prepares statements anew.
"""
AT_A_TIME = 1_000
"""Rows that are held of an answer that is read row by row."""
_FETCH = f"FETCH {AT_A_TIME} FROM each_row"
_NEVER = re.compile("[\x00\ud800-\udfff]")


def writable(text: str) -> str:
    """
    *text* as a database takes it.

    NUL, which PostgreSQL cannot store, and half of a surrogate pair, which is not UTF-8, become U+FFFD.
    """
    return _NEVER.sub("\N{REPLACEMENT CHARACTER}", text)


class Statements:
    """
    What runs statements on one database. Methods take the caller's connection and transaction.

    They raise what SQLAlchemy would: `sa.exc.DBAPIError` and its kinds.
    """

    def __init__(self, database: sa.Engine) -> None:
        self.database = database
        self.named = database.dialect.name == "sqlite"
        self._reading = asking(database)

    def reading(self) -> sa.Connection:
        """A connection for questions that stand alone: each sees what is committed when it is asked."""
        return self._reading.connect()

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A connection whose questions all see what was committed when the first of them was asked."""
        with self.database.connect() as connection:
            if self.named:
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    def one(self, tx: sa.Connection, sql: str, **values: Any) -> Any:
        """The only row."""
        row = self.first(tx, sql, **values)
        assert row is not None
        return row

    def first(self, tx: sa.Connection, sql: str, **values: Any) -> Any:
        """The first row, or None."""
        rows = self.all(tx, sql, **values)
        return rows[0] if rows else None

    def all(self, tx: sa.Connection, sql: str, **values: Any) -> list[Any]:
        """All rows."""
        return [*self._execute(tx, sql, values, reading=True)]

    def each(self, cursor: Any, sql: str, **values: Any) -> Iterator[Any]:
        """All rows, of which few are held at a time; nothing else is asked by the driver's *cursor* meanwhile."""
        if self.named:
            cursor.execute(sql, values)
            while rows := cursor.fetchmany(AT_A_TIME):
                yield from rows
            return
        cursor.execute(f"DECLARE each_row NO SCROLL CURSOR FOR {_pyformat(sql)}", values)
        cursor.execute(_FETCH)
        while rows := cursor.fetchall():
            yield from rows
            cursor.execute(_FETCH)
        cursor.execute("CLOSE each_row")

    def run(self, tx: sa.Connection, sql: str, **values: Any) -> int:
        """How many rows were written."""
        return int(self._execute(tx, sql, values))

    def run_each(self, tx: sa.Connection, sql: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """Run it with the values of each row, in one way to the server; how many rows were written in all."""
        return int(self._execute(tx, sql, rows[0] if len(rows) == 1 else rows))

    def listed(self, name: str, *columns: str) -> str:
        """SQL that gives the value *name*, a JSON list of lists, as rows of these columns."""
        if self.named:
            of = ", ".join(f"json_extract(value, '$[{n}]') AS {column}" for n, column in enumerate(columns))
            return f"SELECT {of} FROM json_each(:{name})"
        of = ", ".join(f"value ->> {n} AS {column}" for n, column in enumerate(columns))
        return f"SELECT {of} FROM json_array_elements(:{name}::json)"

    def _execute(self, tx: sa.Connection, sql: str, values: Any, *, reading: bool = False) -> Any:
        statement = sql if self.named else _pyformat(sql)
        try:
            with closing(tx.connection.cursor()) as cursor:
                if isinstance(values, Mapping):
                    cursor.execute(statement, values)
                else:
                    cursor.executemany(statement, values)
                return cursor.fetchall() if reading else cursor.rowcount
        except Exception as error:
            if (clear := explained(error, self.database.url)) is not None:
                raise clear from error
            if isinstance(error, tx.dialect.loaded_dbapi.Error):
                if getattr(error, "sqlstate", None) == PLAN_OUTDATED:
                    tx.invalidate(error)
                raise sa.exc.DBAPIError.instance(
                    statement, values, error, tx.dialect.loaded_dbapi.Error, hide_parameters=True, dialect=tx.dialect
                ) from error
            raise


@cache
def _pyformat(sql: str) -> str:
    """`:name` and the operator `%` as psycopg spells them; without `INDEXED BY`, which is a word to SQLite alone."""
    sql = re.sub(r" INDEXED BY \w+", "", sql.replace("%", "%%"))
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", sql)
