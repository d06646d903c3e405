"""
Between a dataclass and a table's row: each field is a column of its name, in a table whose rows belong to lanes.

A field that is a dataclass itself is laid flat: its fields are columns beside the others. A field's type decides how it
is kept. What this module does not know is refused when the `Shape` is made: a type, a column that no field fills, a
field that may be None in a column that may not be null.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from types import CodeType, NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, cast, get_args, get_origin

from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.holding import rule_of_name, rule_of_type
from partnerlab.simulators.kit.world.store import Row

__all__ = ["KNOWN", "Conversion", "Shape", "TableRefused", "utc_text"]


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


class Shape:
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
