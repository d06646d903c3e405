"""
SQL on the pump's database, on SQLite and PostgreSQL alike: `:name` for values, and text that both can keep.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import sqlalchemy as sa

__all__ = ["Statements", "writable"]

_NEVER = re.compile("[\x00\ud800-\udfff]")


def writable(text: str) -> str:
    """
    *text* as a database takes it.

    NUL, which PostgreSQL cannot store, and half of a surrogate pair, which is not UTF-8, become U+FFFD.
    """
    return _NEVER.sub("\N{REPLACEMENT CHARACTER}", text)


class Statements:
    """What runs statements on one database. Methods take the caller's connection and transaction."""

    def __init__(self, database: sa.Engine) -> None:
        self.database = database
        self.named = database.dialect.name == "sqlite"

    def one(self, tx: sa.Connection, sql: str, **values: Any) -> Any:
        """The only row."""
        row = self.first(tx, sql, **values)
        assert row is not None
        return row

    def first(self, tx: sa.Connection, sql: str, **values: Any) -> Any:
        """The first row, or None."""
        return self.execute(tx, sql, **values).first()

    def all(self, tx: sa.Connection, sql: str, **values: Any) -> Any:
        """All rows."""
        return self.execute(tx, sql, **values).all()

    def run(self, tx: sa.Connection, sql: str, **values: Any) -> int:
        """How many rows were written."""
        return int(self.execute(tx, sql, **values).rowcount)

    def execute(self, tx: sa.Connection, sql: str, **values: Any) -> Any:
        """Execute without SQLAlchemy's compiler, which costs more than these statements do."""
        return tx.exec_driver_sql(sql if self.named else _pyformat(sql), values)


@cache
def _pyformat(sql: str) -> str:
    """`:name` and the operator `%` as psycopg spells them; without `INDEXED BY`, which is a word to SQLite alone."""
    sql = re.sub(r" INDEXED BY \w+", "", sql.replace("%", "%%"))
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", sql)
