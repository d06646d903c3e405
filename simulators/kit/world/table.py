"""
Between dataclasses and tables: each field is a column of its name, in a table whose rows belong to lanes.

A field that is a dataclass itself is laid flat: its fields are columns beside the others. A field's type decides how it
is kept; whatever this module does not know (a type, a column that no field fills, a field that may be None in a column
that may not be null) is refused when the `Table` is made, not stored in a shape that nobody reads.

Every method works in a transaction that somebody else opened.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property, lru_cache
from types import CodeType, NoneType, UnionType
from typing import Any, Generic, Literal, NamedTuple, TypeVar, Union, cast, get_args, get_origin

from partnerlab.contracts.numbers import number_sql
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.holding import rule_of_name, rule_of_type
from partnerlab.simulators.kit.world.store import Row, Statement, Tx

__all__ = ["ByNumber", "Conversion", "LaneTx", "Table", "TableRefused", "utc_text"]

T = TypeVar("T")


class TableRefused(TypeError):
    """A dataclass and a table that do not fit; `field` as in `OpenAccount.account.number`."""

    def __init__(self, table: schema.Table, field: str, rule: str) -> None:
        self.field, self.rule = field, rule
        super().__init__(f"{table.name}, {field}: {rule}")


class Conversion(NamedTuple):
    """How values of a type are kept: what the column's type is, to the column, from the column."""

    column: schema.Kind
    write: Callable[[Any], Any] | None = None
    read: Callable[[Any], Any] | None = None


def utc_text(at: datetime) -> str:
    """A moment as it is kept and compared, always written alike, so that text sorts as time does."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    clock = f"{_TWO[utc.hour]}:{_TWO[utc.minute]}:{_TWO[utc.second]}"  # `isoformat` takes twice as long
    return f"{_day_text(utc.toordinal())}T{clock}.{utc.microsecond:06}+00:00"


_TWO = [f"{number:02}" for number in range(60)]


@lru_cache(maxsize=64)
def _day_text(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

KNOWN: Mapping[Any, Conversion] = {
    str: Conversion(schema.Text),
    int: Conversion(schema.Integer),
    bool: Conversion(schema.Integer, int, bool),
    date: Conversion(schema.Text, date.isoformat, date.fromisoformat),
    datetime: Conversion(schema.Text, utc_text, datetime.fromisoformat),
    Mapping[str, str]: Conversion(schema.Text, _to_json, json.loads),
    Mapping[str, Any]: Conversion(schema.Text, _to_json, json.loads),
    dict[str, Any]: Conversion(schema.Text, _to_json, json.loads),
}
"""By type: how it is kept. A `Literal` of texts is text; `X | None` is kept as X is, or as null."""


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
    they are somebody else's, as a queue's claims. Raises `TableRefused`.
    """

    def __init__(
        self,
        table: schema.Table,
        type: type[T],
        *,
        names: Mapping[str, str] | None = None,
        conversions: Mapping[Any, Conversion] | None = None,
        besides: Iterable[str] = (),
    ) -> None:
        self.table, self.type = table, type
        self.key = tuple(column.name for column in table.primary_key if column.name != "lane")
        known = {**KNOWN, **conversions} if conversions else KNOWN
        self._shape = _Shape(table, type, names or {}, known, frozenset(besides))
        self.columns = tuple(self._shape.columns)
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
            order: Columns: as text or whole numbers, or `ByNumber`.
            after: Only those beyond this value of the column *order*; empty for all.
            limit: At most so many; None for all.
        """
        equal = equal or {}
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


class _Shape:
    """
    A dataclass laid flat: its columns, and the two functions between a value and a row.

    The functions are compiled from an expression, as `dataclasses` does it: written out by hand they would be the same,
    and a loop over columns would take longer than the database.
    """

    def __init__(
        self,
        table: schema.Table,
        type: type[Any],
        names: Mapping[str, str],
        known: Mapping[Any, Conversion],
        besides: frozenset[str],
    ) -> None:
        self._table, self._names, self._known = table, names, known
        self._paths: list[str] = []
        self._cells: list[str] = []
        self._globals: dict[str, Any] = {}
        self.columns: list[str] = []
        if "lane" not in table.c:
            raise TableRefused(table, type.__name__, "the table has no column lane")
        self._value = self._lay(type, type.__name__, "")
        if missing := [name for name in table.c if name not in {*self.columns, *besides, "lane"}]:
            raise TableRefused(table, type.__name__, f"no field for the column {', '.join(missing)}")
        if wrong := besides - {column.name for column in table.columns if column.server_default is not None}:
            raise TableRefused(table, type.__name__, f"no column with a default of its own {', '.join(sorted(wrong))}")
        if unused := set(names) - {*self._paths}:
            raise TableRefused(table, type.__name__, f"no field {', '.join(sorted(unused))}")

    def row_writer(self) -> Callable[[str, Any], dict[str, Any]]:
        """`(lane, value)` -> row, by the columns' names."""
        cells = ", ".join(f"{name!r}: {cell}" for name, cell in zip(self.columns, self._cells, strict=True))
        return self._compiled(f"lambda lane, value: {{'lane': lane, {cells}}}")

    def writer(self, order: tuple[str, ...]) -> Callable[[str, Any], Row]:
        """`(lane, value)` -> those cells in that order."""
        cells = {"lane": "lane", **dict(zip(self.columns, self._cells, strict=True))}
        return self._compiled(f"lambda lane, value: ({', '.join(cells[name] for name in order)},)")

    def reader(self) -> Callable[[Row], Any]:
        """Row -> value."""
        return self._compiled(f"lambda row: {self._value}")

    def _compiled(self, expression: str) -> Callable[..., Any]:
        # Made of names of our own fields and columns alone.
        return cast(Callable[..., Any], eval(expression, self._globals))  # noqa: S307

    def _lay(self, type: type[Any], place: str, path: str) -> str:
        """The expression that makes a value of *type* from its cells of a row."""
        if not is_dataclass(type):
            raise TableRefused(self._table, place, "not a dataclass")
        hints = _types_of(type)
        arguments = []
        for field in fields(type):
            hint, inner = hints[field.name], f"{place}.{field.name}"
            if hint not in self._known and is_dataclass(hint):
                arguments.append(self._lay(cast(Any, hint), inner, f"{path}{field.name}."))
            else:
                arguments.append(self._add(hint, inner, path + field.name, may_be_empty=field.default == ""))
        return f"{self._name(type)}({', '.join(arguments)})"

    def _add(self, hint: Any, place: str, path: str, *, may_be_empty: bool) -> str:
        """Lay one field into its column; the expression that reads its cell."""
        column = self._names.get(path, path.rpartition(".")[2])
        if column not in self._table.c:
            raise TableRefused(self._table, place, f"no column {column}")
        if column in self.columns:
            raise TableRefused(self._table, place, f"the column {column} has a field already")
        plain, may_be_none = _optional(hint)
        kept = self._known.get(str if _is_literal_text(plain) else plain)
        if kept is None:
            raise TableRefused(self._table, place, f"the type {hint} is not known")
        existing = self._table.c[column]
        if (existing.type == schema.Text) is not (kept.column == schema.Text):
            raise TableRefused(self._table, place, f"the type {hint} does not fit a column {existing.type}")
        if may_be_none != bool(existing.nullable):
            words = "may be None, and the column is not nullable" if may_be_none else "is never None, the column may be"
            raise TableRefused(self._table, place, words)
        rule = rule_of_type(plain, kept.read) or rule_of_name(existing, may_be_empty=may_be_empty)
        if kept.column == schema.Text and rule is not None:
            self._table.holds[column] = rule
        cell = f"row[{len(self.columns)}]"
        self.columns.append(column)
        self._paths.append(path)
        self._cells.append(self._converted(kept.write, f"value.{path}", may_be_none))
        return self._converted(kept.read, cell, may_be_none)

    def _converted(self, convert: Callable[[Any], Any] | None, expression: str, may_be_none: bool) -> str:
        if convert is None:
            return expression
        called = f"{self._name(convert)}({expression})"
        return f"(None if {expression} is None else {called})" if may_be_none else called

    def _name(self, thing: Any) -> str:
        """A name under which the compiled functions find something."""
        name = f"_{len(self._globals)}"
        self._globals[name] = thing
        return name


def _types_of(type: type[Any]) -> dict[str, Any]:
    """
    The fields' types, by name, as `get_type_hints` reads them.

    That compiles each annotation anew, which took a fortieth of a sandbox's start: the tables have 700 fields, nearly
    all of them `str` and `int`.
    """
    hints = {}
    for base in reversed(type.__mro__):
        names = vars(sys.modules[base.__module__])
        for name, annotation in vars(base).get("__annotations__", {}).items():
            hints[name] = eval(_annotation(annotation), names) if isinstance(annotation, str) else annotation  # noqa: S307
    return hints


@cache
def _annotation(text: str) -> CodeType:
    return compile(text, "<annotation>", "eval")


def _optional(hint: Any) -> tuple[Any, bool]:
    """A type without its None, and whether it had one."""
    if get_origin(hint) in (Union, UnionType):
        rest = [one for one in get_args(hint) if one is not NoneType]
        if len(rest) == 1 and len(get_args(hint)) == 2:
            return rest[0], True
    return hint, False


def _is_literal_text(hint: Any) -> bool:
    return get_origin(hint) is Literal and all(isinstance(one, str) for one in get_args(hint))
