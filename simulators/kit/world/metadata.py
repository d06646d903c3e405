"""The declared tables as SQLAlchemy's, for its tools that compare a database with them and convert one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from partnerlab.simulators.kit.world import schema

__all__ = ["metadata"]

_TYPES: dict[schema.Kind, sa.types.TypeEngine[Any]] = {
    schema.Text: sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
    schema.Integer: sa.Integer(),
    schema.BigInteger: sa.BigInteger(),
}


def metadata(tables: Iterable[schema.Table]) -> sa.MetaData:
    """SQLAlchemy's description of the same tables: the statements that make them are the same too."""
    found = sa.MetaData()
    for table in tables:
        numbered = any(column.autoincrement for column in table.columns)
        parts = [*map(_column, table.columns), *map(_index, table.indexes)]
        sa.Table(table.name, found, *parts, sqlite_with_rowid=table.rowid, sqlite_autoincrement=numbered)
    return found


def _column(column: schema.Column) -> sa.Column[Any]:
    type = _TYPES[column.type]
    return sa.Column(
        column.name,
        type.with_variant(sa.Integer(), "sqlite") if column.autoincrement else type,
        primary_key=column.primary_key,
        nullable=column.nullable,
        server_default=column.server_default,
        autoincrement=column.autoincrement,
    )


def _index(index: schema.Index) -> sa.Index:
    where = sa.text(index.where) if index.where else None
    return sa.Index(index.name, *index.columns, unique=index.unique, sqlite_where=where, postgresql_where=where)
