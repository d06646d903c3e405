"""
What the pump holds for a lane, as a whole: reset, forked, dropped, exported and loaded with the lane it belongs to.

A lane is the world that a biller lives in. When a sandbox resets one, what the old world had still to deliver must not
reach the new one; a copy delivers what waited in the original. Each function works in one transaction of the pump's
database; `paused` keeps calls of the lane from being under way meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import sqlalchemy as sa

from partnerlab.client.datapump.events import parse_event
from partnerlab.client.datapump.statements import writable
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.store import DeliveryStore
from partnerlab.client.datapump.tables import METADATA
from partnerlab.client.errors import RequestInvalid

__all__ = ["TABLES", "check_rows", "drop_lane", "exporting_lane", "load_lane"]

NO_MOMENT_MS = 253_402_300_800_000
"""The year 10000, in milliseconds since 1970: no column `…_at` holds one so late."""

TABLES = ("pump_accounts", "pump_deliveries", "pump_attempts", "pump_notes", "pump_pruned")
_OF_DELIVERY = ("pump_attempts", "pump_notes")

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def drop_lane(store: DeliveryStore, tx: sa.Connection, lane: str) -> None:
    """
    Delete everything of a lane.

    Its runs in the engine then find no delivery and end; their numbers are never used again.
    """
    for table in _OF_DELIVERY:
        store.run(tx, f"DELETE FROM {table} WHERE delivery IN ({_NUMBERS})", lane=lane)
    for table in ("pump_deliveries", "pump_accounts", "pump_pruned"):
        store.run(tx, f"DELETE FROM {table} WHERE lane = :lane", lane=lane)


@contextmanager
def exporting_lane(store: DeliveryStore, lane: str) -> Iterator[Iterator[tuple[str, Iterator[dict[str, Any]]]]]:
    """
    Everything of a lane at one moment, as rows by table, JSON values throughout; what `load_lane` takes.

    Few rows are held at a time: each table is to be read to its end before the next one.
    """
    with store.snapshot() as tx, closing(tx.connection.cursor()) as cursor:
        yield ((name, _rows(store, cursor, name, lane)) for name in TABLES)


def _rows(store: DeliveryStore, cursor: Any, name: str, lane: str) -> Iterator[dict[str, Any]]:
    table = METADATA.tables[name]
    where = f"delivery IN ({_NUMBERS})" if name in _OF_DELIVERY else "lane = :lane"
    names = [column.name for column in table.columns]
    order = ", ".join(_quoted(column.name) for column in table.primary_key)
    columns = ", ".join(map(_quoted, names))
    rows = store.each(cursor, f"SELECT {columns} FROM {name} WHERE {where} ORDER BY {order}", lane=lane)
    return (dict(zip(names, row, strict=True)) for row in rows)


def load_lane(
    store: DeliveryStore, tx: sa.Connection, lane: str, rows: Rows, ring: Callable[[list[int]], object]
) -> None:
    """
    An export as the whole of *lane*, under numbers of its own; *ring* is told the accounts of what was on its way.

    An attempt that was under way in the original is, in the copy, one that was interrupted. Raises `RequestInvalid`
    with the place in the export and the rule it breaks.
    """
    check_rows(rows)
    drop_lane(store, tx, lane)
    accounts: dict[int, int] = {}
    numbers: dict[int, int] = {}
    for row in rows.get("pump_accounts", ()):
        accounts[row["number"]] = _insert(store, tx, "pump_accounts", {**row, "lane": lane})
    for row in rows.get("pump_deliveries", ()):
        event = json.dumps({**json.loads(row["event"]), "lane": lane}, ensure_ascii=False, sort_keys=True)
        copied = {**row, "lane": lane, "event": event, "account": accounts[row["account"]]}
        numbers[row["number"]] = _insert(store, tx, "pump_deliveries", copied)
    for name in _OF_DELIVERY:
        for row in rows.get(name, ()):
            _insert(store, tx, name, {**row, "delivery": numbers[row["delivery"]]})
    for row in rows.get("pump_pruned", ()):
        _insert(store, tx, "pump_pruned", {**row, "lane": lane})
    found = [store.by_number(number, tx) for number in numbers.values()]
    busy = (State.ACCEPTED, State.SENDING, State.WAITING)
    ring([delivery.account for delivery in found if delivery is not None and delivery.state in busy])


def check_rows(rows: Rows) -> None:
    """That rows are an export's. Raises `RequestInvalid`."""
    for name, table_rows in rows.items():
        if name not in TABLES:
            raise RequestInvalid(name, "", "is no table of the data pump's")
        for number, row in enumerate(table_rows):
            for column in METADATA.tables[name].columns:
                place = f"{name}[{number}].{column.name}"
                if column.name not in row:
                    raise RequestInvalid(place, "", "is missing")
                value, wanted = row[column.name], column.type.python_type
                if type(value) is not wanted and not (value is None and column.nullable):
                    raise RequestInvalid(place, type(value).__name__, f"is not a {wanted.__name__}")
                if wanted is int and value is not None and not -(2**63) <= value < 2**63:
                    raise RequestInvalid(place, "", "is too large")
                if column.name.endswith("_at") and value is not None and not 0 <= value < NO_MOMENT_MS:
                    raise RequestInvalid(place, "", "is no moment before the year 10000")
                if wanted is str and value is not None and writable(value) != value:
                    raise RequestInvalid(place, "", "has characters that no database takes")
    accounts = {row["number"] for row in rows.get("pump_accounts", ())}
    numbers = {row["number"] for row in rows.get("pump_deliveries", ())}
    for number, row in enumerate(rows.get("pump_deliveries", ())):
        place = f"pump_deliveries[{number}]"
        if row["account"] not in accounts:
            raise RequestInvalid(f"{place}.account", row["account"], "is not among the accounts")
        if row["state"] not in list(State):
            raise RequestInvalid(f"{place}.state", row["state"], f"is not one of {', '.join(State)}")
        try:
            parse_event(json.loads(row["event"]))
        except ValueError:
            raise RequestInvalid(f"{place}.event", "", "is not JSON") from None
    for name in _OF_DELIVERY:
        for number, row in enumerate(rows.get(name, ())):
            if row["delivery"] not in numbers:
                raise RequestInvalid(f"{name}[{number}].delivery", row["delivery"], "is not among the deliveries")


_NUMBERS = "SELECT number FROM pump_deliveries WHERE lane = :lane"


def _insert(store: DeliveryStore, tx: sa.Connection, name: str, row: Mapping[str, Any]) -> int:
    """Insert a row; its number where the database numbers them. Raises `KeyError` for a column that is missing."""
    table = METADATA.tables[name]
    numbered = "number" in table.c
    names = [column.name for column in table.columns if column.name != "number"]
    columns, values = ", ".join(map(_quoted, names)), ", ".join(f":{each}" for each in names)
    sql = f"INSERT INTO {name} ({columns}) VALUES ({values})"
    given = {each: row[each] for each in names}
    if not numbered:
        store.run(tx, sql, **given)
        return 0
    return int(store.one(tx, f"{sql} RETURNING number", **given)[0])


def _quoted(name: str) -> str:
    return f'"{name}"'
