"""
Tables of rows that belong to lanes, read and written as values of dataclasses (`shape`).

Every method works in a transaction that somebody else opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from partnerlab.contracts.numbers import number_sql
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.searching import has_text, text_pattern
from partnerlab.simulators.kit.world.shape import KNOWN, Conversion, Shape, TableRefused, utc_text
from partnerlab.simulators.kit.world.store import Row, Statement, Tx

__all__ = ["ByNumber", "Conversion", "LaneTx", "Table", "TableRefused", "utc_text"]

T = TypeVar("T")


class LaneTx:
    """An open transaction, bound to one lane: every statement is given its name as `:lane`."""

    __slots__ = ("lane", "tx")

    def __init__(self, tx: Tx, lane: str) -> None:
        self.tx = tx
        self.lane = lane

    def one(self, statement: Statement, **values: Any) -> Row | None:
        """The first row, or None."""
        values["lane"] = self.lane
        return self.tx.one(statement, values)

    def all(self, statement: Statement, **values: Any) -> list[Row]:
        """Every row."""
        values["lane"] = self.lane
        return self.tx.all(statement, values)

    def run(self, statement: Statement, **values: Any) -> int:
        """Execute and return how many rows it touched."""
        values["lane"] = self.lane
        return self.tx.run(statement, values)


class ByNumber(str):
    """A column in an order: by the numbers in it, as people read them (`contracts.numbers`). No text is equal to it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByNumber) and str(self) == str(other)

    __hash__ = str.__hash__


class Table(Generic[T]):
    """
    The values of one dataclass in one table, found within a lane by the table's primary key.

    *names* are columns whose name differs from their field's (`{"account.number": "account_number"}`), *conversions*
    say how types are kept that `KNOWN` does not have, *besides* are columns that no value has and nothing here writes:
    they are somebody else's, as a queue's claims, *searched* those in which `find` looks for a text. Raises
    `TableRefused`.
    """

    def __init__(
        self,
        table: schema.Table,
        type: type[T],
        *,
        names: Mapping[str, str] | None = None,
        conversions: Mapping[Any, Conversion] | None = None,
        besides: Iterable[str] = (),
        searched: Iterable[str] = (),
    ) -> None:
        self.table, self.type = table, type
        self.key = tuple(column.name for column in table.primary_key if column.name != "lane")
        known = {**KNOWN, **conversions} if conversions else KNOWN
        self._shape = Shape(table, type, names or {}, known, frozenset(besides))
        self.columns = tuple(self._shape.columns)
        self._searched = tuple(searched)
        if unknown := {*self._searched} - {*self.columns}:
            raise TableRefused(table, min(unknown), "is searched, but no column")
        listed, places = ", ".join(self.columns), ", ".join(f":{name}" for name in self.columns)
        mine = " AND ".join(f"{name} = :{name}" for name in ("lane", *self.key))
        rest = self._rest = tuple(name for name in self.columns if name not in self.key)
        self._insert = f"INSERT INTO {table.name} (lane, {listed}) VALUES (:lane, {places})"
        self._select = f"SELECT {listed} FROM {table.name} WHERE "
        self._get = Statement(self._select + mine)
        self._lock = Statement(self._select + mine, locking=True)
        self._add = Statement(f"{self._insert} ON CONFLICT DO NOTHING")
        self._put = self.put_with()
        changed = ", ".join(f"{name} = :{name}" for name in rest)
        self._save = Statement(f"UPDATE {table.name} SET {changed} WHERE {mine}") if rest else None
        self._delete = Statement(f"DELETE FROM {table.name} WHERE {mine}")
        self._found = cache(self._finding)

    # Compiled at their first use: most tables of a process are never read or written.

    @cached_property
    def row(self) -> Callable[[str, T], dict[str, Any]]:
        """A value as a row of a lane: `row(lane, value)`."""
        return self._shape.row_writer()

    @cached_property
    def load(self) -> Callable[[Row], T]:
        """A row, the cells in the order of `columns`, as a value."""
        return self._shape.reader()

    @cached_property
    def added(self) -> Callable[[str, T], Row]:
        """A value as a row of a lane, its cells in the order of `columns`: `added(lane, value)`."""
        return self._shape.writer(("lane", *self.columns))

    @cached_property
    def _saved(self) -> Callable[[str, T], Row]:
        return self._shape.writer((*self._rest, "lane", *self.key))

    def get(self, tx: Tx, lane: str, *key: str | int) -> T | None:
        """The value of that key."""
        row = tx.one(self._get, (lane, *key))
        return None if row is None else self.load(row)

    def lock(self, tx: Tx, lane: str, *key: str | int) -> T | None:
        """The value of that key; whoever else locks it waits until this transaction ends (SQLite has one writer)."""
        row = tx.one(self._lock, (lane, *key))
        return None if row is None else self.load(row)

    def add(self, tx: Tx, lane: str, value: T) -> bool:
        """Write a value; False where one of its key, or of another unique index of the table, is there."""
        return tx.run(self._add, self.added(lane, value)) > 0

    def save(self, tx: Tx, lane: str, value: T) -> bool:
        """Write a value in place of the one of its key; False where there is none."""
        assert self._save is not None, "every column is part of the key"
        return tx.run(self._save, self._saved(lane, value)) > 0

    def put(self, tx: Tx, lane: str, value: T) -> None:
        """Write a value, in place of one of the same key or as a new one."""
        tx.run(self._put, self.added(lane, value))

    def put_all(self, tx: Tx, lane: str, values: Iterable[T]) -> None:
        """Put many."""
        tx.run_many(self._put, [self.added(lane, value) for value in values])

    def put_rows(self, tx: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put many, as `row` makes them."""
        tx.run_many(self._put, rows)

    def put_with(self, **expressions: str) -> Statement:
        """The statement behind `put`, where a row in place of another takes some columns from SQL *expressions*."""
        rest = ", ".join(
            f"{name} = {expressions.get(name, f'excluded.{name}')}" for name in self.columns if name not in self.key
        )
        action = f"UPDATE SET {rest}" if rest else "NOTHING"
        return Statement(f"{self._insert} ON CONFLICT ({', '.join(('lane', *self.key))}) DO {action}")

    def delete(self, tx: Tx, lane: str, *key: str | int) -> int:
        """Remove the value of that key; how many there were."""
        return tx.run(self._delete, (lane, *key))

    def find(
        self,
        tx: Tx,
        lane: str,
        equal: Mapping[str, str | int] | None = None,
        *,
        order: str | tuple[str, ...],
        where: str = "",
        text: str = "",
        after: str | int = "",
        limit: int | None = None,
        offset: int = 0,
        last_first: bool = False,
        **values: str | int,
    ) -> list[T]:
        """
        The values with those columns, in an order; of those that are equal in it the key decides.

        Args:
            equal: Columns and what they hold, as the database keeps it.
            where: A condition more, in SQL that both databases read alike; its parameters are *values*.
            text: What one of the columns *searched* has somewhere, whatever its case and accents.
            order: Columns: as text or whole numbers, or `ByNumber`.
            after: Only those beyond this value of the column *order*; empty for all.
            limit: At most so many; None for all.
        """
        equal = equal or {}
        if text:
            where = f"({where}) AND ({has_text(self._searched)})" if where else has_text(self._searched)
            values["text"] = text_pattern(text)
        by = (order,) if isinstance(order, str) else order
        statement = self._found(tuple(equal), by, where, after != "", limit is not None, last_first)
        rows = tx.all(statement, {"lane": lane, "after": after, "limit": limit, "offset": offset, **equal, **values})
        return [self.load(row) for row in rows]

    def _finding(
        self, equal: tuple[str, ...], order: tuple[str, ...], where: str, beyond: bool, limited: bool, last_first: bool
    ) -> Statement:
        named = {*equal, *map(str, order)}
        if unknown := named - {*self.columns}:
            raise ValueError(f"{self.table.name} has no column {', '.join(sorted(unknown))}")
        conditions = "".join(f" AND {name} = :{name}" for name in equal) + (f" AND ({where})" if where else "")
        if beyond:
            conditions += f" AND {order[0]} {'<' if last_first else '>'} :after"
        whole = (*order, *(name for name in self.key if name not in named))
        terms = (term for name in whole for term in (number_sql(name) if isinstance(name, ByNumber) else (name,)))
        by = ", ".join(f"{term} {'DESC' if last_first else 'ASC'}" for term in terms)
        part = " LIMIT :limit OFFSET :offset" if limited else ""
        return Statement(f"{self._select}lane = :lane{conditions} ORDER BY {by}{part}")
