"""
The rows of a lane in every table that has a column `lane`: deleted, copied, exported, loaded.

An export is a file that people pass on, so a text column that is `private` is not in it and is empty when loaded. One
that is `held` is empty in a copy too: whoever is at work on a row of the one lane is not at work on the other's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.holding import Rule, wrong
from partnerlab.simulators.kit.world.store import Statement, Store, Tx

__all__ = ["LoadInvalid", "check_rows", "copy_rows", "delete_rows", "export_rows", "load_rows"]


_MOST = {schema.Integer: 1 << 31, schema.BigInteger: 1 << 63}
"""What PostgreSQL keeps in a column; SQLite has no bound of an integer's column but the second."""


class LoadInvalid(ValueError):
    """An export that does not fit the tables: `where` as in `journal[3].status`, `rule` what it breaks."""

    def __init__(self, where: str, rule: str) -> None:
        self.where, self.rule = where, rule
        super().__init__(f"{where}: {rule}")


def delete_rows(store: Store, tx: Tx, lane: str) -> None:
    """Delete every row of a lane."""
    for table in _tables(store):
        tx.run(_deleting(table), lane=lane)


def copy_rows(store: Store, tx: Tx, lane: str, copy: str) -> None:
    """Copy every row of *lane* to *copy*, which has none. Columns that the database numbers are numbered anew."""
    for table in _tables(store):
        tx.run(_copying(table), lane=lane, copy=copy)


def export_rows(store: Store, tx: Tx, lane: str) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """
    Every row of a lane, table by table, without its private columns and those that are held.

    Each table is to be read to its end before the next one.
    """
    for table in _tables(store):
        names = [c.name for c in table.columns if _passes(c)]
        yield table.name, (dict(zip(names, row, strict=True)) for row in tx.each(_reading(table), lane=lane))


def check_rows(store: Store, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """
    Raises `LoadInvalid` for a table or column that there is not, for a value of another type or too large, for a text
    that is not what its column holds (`holding`) and for one that no database takes.
    """
    tables = {table.name: table for table in _tables(store)}
    for table_name, table_rows in rows.items():
        if table_name not in tables:
            raise LoadInvalid(table_name, "no such table")
        table = tables[table_name]
        rules: Mapping[str, Rule] = {name: rule for name, rule in table.holds.items() if _passes(table.c[name])}
        for number, row in enumerate(table_rows):
            where = f"{table_name}[{number}]"
            for column, value in row.items():
                if column not in table.c:
                    raise LoadInvalid(f"{where}.{column}", "no such column")
                kind = table.c[column].type
                wanted = str if kind == schema.Text else int
                if value is None:
                    continue
                if type(value) is not wanted:
                    raise LoadInvalid(f"{where}.{column}", f"not a {wanted.__name__}")
                if isinstance(value, str):
                    if "\0" in value or (not value.isascii() and value.encode("utf-8", "replace").decode() != value):
                        raise LoadInvalid(f"{where}.{column}", "has characters that no database takes")
                    if (rule := rules.get(column)) is not None and wrong(rule, value):
                        raise LoadInvalid(f"{where}.{column}", f"not {rule.words}")
                elif not -(most := _MOST[kind]) <= value < most:
                    raise LoadInvalid(f"{where}.{column}", f"more than {most - 1} or less than -{most}")


def load_rows(
    store: Store,
    tx: Tx,
    lane: str,
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    came_since: Iterable[tuple[str, str, Callable[[Tx, str], None]]],
    checks: Iterable[Callable[[Tx, str], None]],
) -> None:
    """
    Insert exported rows, which `check_rows` let pass, as those of *lane*; *checks* look whether they fit each other.

    What the rows of an older release lack is the column's default, or what *came_since* makes of them: table, column
    and how. Raises `LoadInvalid`.
    """
    older = []
    for table in _tables(store):
        keep = [c.name for c in table.columns if not _generated(c)]
        places = ", ".join(f":{name}" for name in keep)
        insert = Statement(f"INSERT INTO {table.name} ({', '.join(keep)}) VALUES ({places})")
        empty: dict[str, Any] = {c.name: "" for c in table.columns if not _passes(c)}
        empty |= {c.name: _default(c) for c in table.columns if c.server_default is not None}
        held = {c.name: "" for c in table.columns if c.held}
        given: Iterable[Mapping[str, Any]] = rows.get(table.name, ())
        try:
            full = ({**{c: row.get(c, empty.get(c)) for c in keep}, **held, "lane": lane} for row in given)
            tx.run_many(insert, full)
        except (store.Error, OverflowError, ValueError) as error:
            raise LoadInvalid(table.name, " ".join(str(error).split("\n")[0].split())) from error
        for row in islice(given, 1):  # an export has a column in every row of its table, or in none
            older += [fill for name, column, fill in came_since if name == table.name and column not in row]
    for then in (*older, *checks):
        then(tx, lane)


# Made once for each table: to compile them takes ten times as long as to run them.
@cache
def _deleting(table: schema.Table) -> Statement:
    return Statement(f"DELETE FROM {table.name} WHERE lane = :lane")


@cache
def _reading(table: schema.Table) -> Statement:
    columns = ", ".join(c.name for c in table.columns if _passes(c))
    return Statement(f"SELECT {columns} FROM {table.name} WHERE lane = :lane{_order(table)}")


@cache
def _copying(table: schema.Table) -> Statement:
    kept = [c for c in table.columns if c.name != "lane" and not _generated(c)]
    columns, values = ", ".join(c.name for c in kept), ", ".join("''" if c.held else c.name for c in kept)
    return Statement(
        f"INSERT INTO {table.name} (lane, {columns})"
        f" SELECT :copy, {values} FROM {table.name} WHERE lane = :lane{_order(table)}"
    )


def _tables(store: Store) -> list[schema.Table]:
    return [table for table in store.tables.values() if "lane" in table.c]


def _default(column: schema.Column) -> str | int | None:
    """What a row has in a column that came after its export."""
    default = column.server_default
    return default if default is None or column.type == schema.Text else int(default)


def _passes(column: schema.Column) -> bool:
    """Whether an export has it."""
    return not column.private and not column.held


def _generated(column: schema.Column) -> bool:
    return column.autoincrement


def _order(table: schema.Table) -> str:
    """Rows are copied in the order of their keys, so that what the database numbers keeps its order."""
    keys = ", ".join(c.name for c in table.primary_key)
    return f" ORDER BY {keys}" if keys else ""
