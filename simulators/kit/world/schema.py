"""
Tables, declared as data: the SQL that creates them on SQLite and PostgreSQL, and the names that statements use.

The words are SQLAlchemy's and mean what they mean there, but nothing of it is imported: to read that library takes a
third of the time to a sandbox's first answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

__all__ = [
    "BigInteger",
    "Column",
    "Index",
    "Integer",
    "Kind",
    "Table",
    "Tables",
    "Text",
    "key",
    "maybe",
    "text",
    "whole",
]

Kind = Literal["TEXT", "INTEGER", "BIGINT"]
"""Of a column: text, or a whole number of 32 or of 64 bits (SQLite has 64 for both)."""
Text: Kind
Integer: Kind
BigInteger: Kind
Text, Integer, BigInteger = get_args(Kind)
BY_CODE_POINTS = ' COLLATE "C"'
"""
Of text on PostgreSQL, whose own order is that of the database's locale: in en_US `a-1` comes after `a10`. SQLite and
Python order by code points, and so do moments and numbers that are kept as text.
"""


class Column:
    """
    A column. Part of the key, it is never null; else it may be, unless *nullable* is off.

    *autoincrement* says that the database numbers the rows, and gives no number twice; the column is the key then.
    *private* marks a text that holds a credential in clear, somebody else's token, say: no export of a lane has it.
    *held* marks a text that belongs to who is at work on the row: no copy or export of a lane has it.
    *local* marks a moment that is the biller's wall clock, without an offset.
    """

    __slots__ = (
        "autoincrement",
        "held",
        "local",
        "name",
        "nullable",
        "primary_key",
        "private",
        "server_default",
        "type",
    )

    def __init__(
        self,
        name: str,
        type: Kind,
        *,
        primary_key: bool = False,
        nullable: bool = True,
        server_default: str | None = None,
        autoincrement: bool = False,
        private: bool = False,
        held: bool = False,
        local: bool = False,
    ) -> None:
        self.name, self.type = name, type
        self.primary_key, self.nullable = primary_key, nullable and not primary_key
        self.server_default, self.autoincrement = server_default, autoincrement
        self.private, self.held, self.local = private, held, local

    def sql(self, *, sqlite: bool) -> str:
        """The column in a CREATE TABLE."""
        if self.autoincrement:
            return f"{self.name} {'INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT' if sqlite else 'BIGSERIAL NOT NULL'}"
        default = "" if self.server_default is None else f" DEFAULT '{self.server_default}'"
        order = "" if sqlite or self.type != Text else BY_CODE_POINTS
        return f"{self.name} {self.type}{order}{default}{'' if self.nullable else ' NOT NULL'}"


def key(name: str, type: Kind = Text) -> Column:
    """A column of the primary key."""
    return Column(name, type, primary_key=True)


def text(*names: str) -> list[Column]:
    """Text columns, never NULL."""
    return [Column(name, Text, nullable=False) for name in names]


def whole(*names: str) -> list[Column]:
    """Columns of whole numbers, money in cents among them; never NULL."""
    return [Column(name, BigInteger, nullable=False) for name in names]


def maybe(*names: str) -> list[Column]:
    """Text columns that may be NULL."""
    return [Column(name, Text) for name in names]


class Index:
    """An index on columns; *where* is the condition of a partial one, in SQL that both databases read alike."""

    __slots__ = ("columns", "name", "unique", "where")

    def __init__(self, name: str, *columns: str, unique: bool = False, where: str = "") -> None:
        self.name, self.columns, self.unique, self.where = name, columns, unique, where

    def sql(self, table: str) -> str:
        """The statement that makes it."""
        where = f" WHERE {self.where}" if self.where else ""
        unique = "UNIQUE " if self.unique else ""
        return f"CREATE {unique}INDEX {self.name} ON {table} ({', '.join(self.columns)}){where}"


class Tables:
    """The tables of one module, by name, in the order they were declared."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}

    def __iter__(self) -> Iterator[Table]:
        return iter(self.tables.values())


class Table:
    """
    A table with its columns (`c`, by name), key and indexes.

    *rowid* off leaves out SQLite's own row numbers: where the key is text, one tree is searched instead of two. `holds`
    has by name what columns hold beyond being text, as the dataclass that is kept in them has it (`holding`).
    """

    def __init__(self, name: str, tables: Tables, *parts: Column | Index, rowid: bool = True) -> None:
        self.name, self.rowid = name, rowid
        self.holds: dict[str, Any] = {}
        self.c = {part.name: part for part in parts if isinstance(part, Column)}
        self.columns = tuple(self.c.values())
        self.primary_key = tuple(column for column in self.columns if column.primary_key)
        self.indexes = tuple(part for part in parts if isinstance(part, Index))
        tables.tables[name] = self

    def sql(self, *, sqlite: bool) -> list[str]:
        """The statements that make the table and its indexes."""
        parts = [column.sql(sqlite=sqlite) for column in self.columns]
        key = [column.name for column in self.primary_key if not (sqlite and column.autoincrement)]
        if key:
            parts.append(f"PRIMARY KEY ({', '.join(key)})")
        tail = "" if self.rowid or not sqlite else " WITHOUT ROWID"
        return [
            f"CREATE TABLE {self.name} ({', '.join(parts)}){tail}",
            *(index.sql(self.name) for index in self.indexes),
        ]
