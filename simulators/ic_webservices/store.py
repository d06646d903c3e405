"""
Domain values in the tables: get, put, list. Every function works in a transaction that somebody else opened.

A column carries the name of its dataclass field; how a field becomes a column is told by its annotation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from partnerlab.simulators.ic_webservices import tables
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.cloud_payments import Checkout, Reminder
from partnerlab.simulators.ic_webservices.domain.customers import Change, Customer
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, Line
from partnerlab.simulators.ic_webservices.domain.methods import Method
from partnerlab.simulators.ic_webservices.domain.payments import Payment
from partnerlab.simulators.ic_webservices.domain.portal import PageSession, TextEnrolment
from partnerlab.simulators.ic_webservices.domain.postbacks import Attempt, Postback
from partnerlab.simulators.ic_webservices.domain.schedules import AutoPay, Schedule
from partnerlab.simulators.ic_webservices.domain.uploads import Problem, Upload
from partnerlab.simulators.ic_webservices.domain.users import Link, RemoteToken, User
from partnerlab.simulators.kit.world.store import Row, Statement, Tx

__all__ = [
    "AUTOPAYS",
    "BILLERS",
    "CHANGES",
    "CHECKOUTS",
    "CUSTOMERS",
    "INVOICES",
    "LINKS",
    "METHODS",
    "PAGE_SESSIONS",
    "PAYMENTS",
    "POSTBACKS",
    "POSTBACK_ATTEMPTS",
    "PROBLEMS",
    "REMINDERS",
    "SCHEDULES",
    "TEXT_ENROLMENTS",
    "TOKENS",
    "UPLOADS",
    "USERS",
    "Rows",
    "clearing",
    "count",
    "next_number",
    "rename_account",
    "rename_user",
]


Convert = Callable[[Any], Any]


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _dump_lines(lines: Iterable[Line]) -> str:
    rows = [[line.description, None if line.total is None else str(line.total), dict(line.fields)] for line in lines]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _load_lines(text: str) -> tuple[Line, ...]:
    return tuple(
        Line(description, None if total is None else Decimal(total), rest)
        for description, total, rest in json.loads(text)
    )


def _maybe_date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _maybe_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


CONVERSIONS: Mapping[str, tuple[Convert, Convert]] = {
    "bool": (int, bool),
    "date": (date.isoformat, date.fromisoformat),
    "date | None": (_maybe_text, _maybe_date),
    "Mapping[str, str]": (_dump, json.loads),
    "Mapping[str, Any]": (_dump, json.loads),
    "Sequence[Line]": (_dump_lines, _load_lines),
}
"""By annotation: to the column, from the column. What is not here is kept as it is."""

T = TypeVar("T")


class Rows(Generic[T]):
    """The values of one dataclass in one table, found by *key* within a lane."""

    def __init__(self, table: sa.Table, type: type[T], *key: str) -> None:
        self.table, self.type, self.key = table, type, key
        self.columns = [field.name for field in fields(type)]  # type: ignore[arg-type]
        both = [CONVERSIONS.get(str(field.type)) for field in fields(type)]  # type: ignore[arg-type]
        self._to = [(name, pair[0]) for name, pair in zip(self.columns, both, strict=True) if pair]
        self._from = [(place, pair[1]) for place, pair in enumerate(both) if pair]
        names = ", ".join(self.columns)
        values = ", ".join(f":{name}" for name in self.columns)
        self._insert = f"INSERT INTO {table.name} (lane, {names}) VALUES (:lane, {values})"  # noqa: S608
        self._select = f"SELECT {names} FROM {table.name} WHERE lane = :lane"  # noqa: S608 - names of our own tables
        self._get = Statement(self._select + "".join(f" AND {name} = :{name}" for name in key))
        chosen = sa.select(*(table.c[name] for name in self.columns))
        mine = [table.c[name] == sa.bindparam(name) for name in ("lane", *key)]
        self._lock = Statement(chosen.where(*mine).with_for_update())
        self._put = self.put_with()
        self._delete = Statement(sa.delete(table).where(*mine))
        self.where = cache(self._where)

    def get(self, tx: Tx, lane: str, *key: str) -> T | None:
        """The value of that key."""
        row = tx.one(self._get, lane=lane, **dict(zip(self.key, key, strict=True)))
        return None if row is None else self.load(row)

    def lock(self, tx: Tx, lane: str, *key: str) -> T | None:
        """The value of that key; whoever else locks it waits until this transaction ends (SQLite has one writer)."""
        row = tx.one(self._lock, lane=lane, **dict(zip(self.key, key, strict=True)))
        return None if row is None else self.load(row)

    def put(self, tx: Tx, lane: str, value: T) -> None:
        """Write the value, in place of one of the same key."""
        tx.run(self._put, **self.row(lane, value))

    def delete(self, tx: Tx, lane: str, *key: str) -> int:
        """Remove the value of that key; how many there were."""
        return tx.run(self._delete, lane=lane, **dict(zip(self.key, key, strict=True)))

    def put_with(self, **expressions: str) -> Statement:
        """The statement behind `put`, where a row in place of another takes some columns from SQL *expressions*."""
        rest = (
            f"{name} = {expressions.get(name, f'excluded.{name}')}" for name in self.columns if name not in self.key
        )
        return Statement(
            f"{self._insert} ON CONFLICT ({', '.join(('lane', *self.key))}) DO UPDATE SET {', '.join(rest)}"
        )

    def put_rows(self, tx: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write many, as `row` makes them."""
        tx.run_many(self._put, rows)

    def find(
        self,
        tx: Tx,
        lane: str,
        equal: Mapping[str, str],
        *,
        order: str,
        after: str | int = "",
        limit: int = 1000,
        last_first: bool = False,
    ) -> list[T]:
        """At most *limit* values with those columns, beyond *after*, ordered by the column *order*."""
        statement = self.where(tuple(equal), order, after != "", last_first)
        return [self.load(row) for row in tx.all(statement, lane=lane, after=after, limit=limit, **equal)]

    def row(self, lane: str, value: T) -> dict[str, Any]:
        """A value as a row."""
        row: dict[str, Any] = {name: getattr(value, name) for name in self.columns}
        for name, convert in self._to:
            row[name] = convert(row[name])
        row["lane"] = lane
        return row

    def load(self, row: Row) -> T:
        """A row as a value."""
        values = list(row)
        for place, convert in self._from:
            values[place] = convert(values[place])
        return self.type(*values)

    def _where(self, equal: tuple[str, ...], order: str, beyond: bool, last_first: bool) -> Statement:
        assert {*equal, order} <= {*self.columns}, (equal, order)
        conditions = "".join(f" AND {name} = :{name}" for name in equal)
        if beyond:
            conditions += f" AND {order} {'<' if last_first else '>'} :after"
        direction = "DESC" if last_first else "ASC"
        return Statement(f"{self._select}{conditions} ORDER BY {order} {direction} LIMIT :limit")


BILLERS = Rows(tables.BILLERS, Biller, "guid")
CUSTOMERS = Rows(tables.CUSTOMERS, Customer, "biller_guid", "account_number")
INVOICES = Rows(tables.INVOICES, Invoice, "biller_guid", "invoice_number")
PAYMENTS = Rows(tables.PAYMENTS, Payment, "payment_guid")
UPLOADS = Rows(tables.UPLOADS, Upload, "upload_id")
PROBLEMS = Rows(tables.PROBLEMS, Problem, "upload_id", "position")
USERS = Rows(tables.USERS, User, "biller_guid", "username")
LINKS = Rows(tables.LINKS, Link, "biller_guid", "username", "account_number")
TOKENS = Rows(tables.TOKENS, RemoteToken, "token_hash")
CHANGES = Rows(tables.CHANGES, Change, "seq")
METHODS = Rows(tables.METHODS, Method, "method_id")
SCHEDULES = Rows(tables.SCHEDULES, Schedule, "schedule_id")
AUTOPAYS = Rows(tables.AUTOPAYS, AutoPay, "biller_guid", "account_number")
PAGE_SESSIONS = Rows(tables.PAGE_SESSIONS, PageSession, "session_hash")
TEXT_ENROLMENTS = Rows(tables.TEXT_ENROLMENTS, TextEnrolment, "biller_guid", "username")
CHECKOUTS = Rows(tables.CHECKOUTS, Checkout, "token_hash")
REMINDERS = Rows(tables.REMINDERS, Reminder, "biller_guid", "invoice_number", "email_address")
POSTBACKS = Rows(tables.POSTBACKS, Postback, "postback_id")
POSTBACK_ATTEMPTS = Rows(tables.POSTBACK_ATTEMPTS, Attempt, "postback_id", "number")

_COUNT_ON = Statement(
    "INSERT INTO ic_counters (lane, name, value) VALUES (:lane, :name, :many)"
    " ON CONFLICT (lane, name) DO UPDATE SET value = ic_counters.value + excluded.value RETURNING value"
)
_CLEARING = Statement(
    "SELECT DISTINCT clears_at, clears_as FROM ic_payments"
    " WHERE lane = :lane AND state = 'accepted' AND clears_at <= :until ORDER BY clears_at, clears_as"
)
_RENAME = [
    Statement(
        f"UPDATE {table} SET account_number = :new"  # noqa: S608 - names of our own tables
        " WHERE lane = :lane AND biller_guid = :biller_guid AND account_number = :old"
    )
    for table in (
        "ic_customers",
        "ic_invoices",
        "ic_payments",
        "ic_user_accounts",
        "ic_changes",
        "ic_schedules",
        "ic_autopays",
        "ic_reminders",
    )
]


def next_number(tx: Tx, lane: str, name: str, many: int = 1) -> int:
    """The first of *many* numbers of a lane's counter that nobody had before, counted from 1."""
    (last,) = tx.all(_COUNT_ON, lane=lane, name=name, many=many)[0]
    return int(last) - many + 1


def clearing(tx: Tx, lane: str, until: str) -> list[tuple[str, str]]:
    """Moments (ISO 8601 in UTC) not after *until* at which accepted payments clear, with what they become."""
    return [(str(at), str(become)) for at, become in tx.all(_CLEARING, lane=lane, until=until)]


def rename_account(tx: Tx, lane: str, biller_guid: str, old: str, new: str) -> None:
    """Give an account another number, wherever it stands."""
    for statement in _RENAME:
        tx.run(statement, lane=lane, biller_guid=biller_guid, old=old, new=new)


def rename_user(tx: Tx, lane: str, biller_guid: str, old: str, new: str) -> None:
    """Give a user another name, in every table of Invoice Cloud that has a biller's username."""
    for statement in _rename_user():
        tx.run(statement, lane=lane, biller_guid=biller_guid, old=old, new=new)


@cache
def _rename_user() -> list[Statement]:
    # Asked late and of all tables, so that what is kept for a user elsewhere moves with the name.
    named = tables.TABLES.tables.values()
    return [
        Statement(
            f"UPDATE {table.name} SET username = :new"  # noqa: S608 - names of our own tables
            " WHERE lane = :lane AND biller_guid = :biller_guid AND username = :old"
        )
        for table in named
        if {"lane", "biller_guid", "username"} <= set(table.c.keys())
    ]


def count(tx: Tx, table: sa.Table, lane: str) -> int:
    """How many rows of a table a lane has."""
    row = tx.one(Statement(sa.select(sa.func.count()).where(table.c.lane == sa.bindparam("lane"))), lane=lane)
    assert row is not None
    return int(row[0])
