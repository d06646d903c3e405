"""
Statements on the pump's own tables.

They stand in the engine's database, so that accepting an event and queueing it is one commit. Each change of state is a
compare-and-set along the table in `states.py`: of two that try, one wins.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.tables import BUSY, LEFT, METADATA, Attempt, Delivery, Note

__all__ = ["DeliveryStore", "now_ms", "when"]

_COLUMNS = ", ".join(Delivery.__slots__)
_GET = f"SELECT {_COLUMNS} FROM pump_deliveries"  # noqa: S608  constants


class DeliveryStore:
    """Statements on the pump's tables. Methods that write take the caller's connection and transaction."""

    def __init__(self, database: sa.Engine) -> None:
        self.database = database
        self._named = database.dialect.name == "sqlite"
        self._create()

    def _create(self) -> None:
        """Make what is missing. In PostgreSQL processes that start together must take turns even for that."""
        with self.database.begin() as tx:
            if not self._named:
                tx.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('pump_deliveries'))")
            for table in METADATA.sorted_tables:
                tx.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    tx.execute(CreateIndex(index, if_not_exists=True))

    def accept(
        self,
        tx: sa.Connection,
        *,
        lane: str,
        event_id: str,
        kind: str,
        biller_guid: str,
        account_number: str,
        event: str,
    ) -> Delivery | None:
        """A new delivery at the end of its account's line; None where the lane has an event of that id already."""
        account, seq = self._one(
            tx,
            "INSERT INTO pump_accounts (lane, biller_guid, account_number, seq)"
            " VALUES (:lane, :biller_guid, :account_number, 1)"
            " ON CONFLICT (lane, biller_guid, account_number) DO UPDATE SET seq = pump_accounts.seq + 1"
            " RETURNING number, seq",
            lane=lane,
            biller_guid=biller_guid,
            account_number=account_number,
        )
        now = now_ms()
        row = self._first(
            tx,
            "INSERT INTO pump_deliveries (lane, event_id, kind,"  # noqa: S608  only a constant is put in
            " biller_guid, account_number, account, seq, event, state, run, attempts, tries, message, accepted_at,"
            " updated_at)"
            " VALUES (:lane, :event_id, :kind, :biller_guid, :account_number, :account, :seq, :event,"
            " 'accepted', 1, 0, 0, '', :now, :now)"
            " ON CONFLICT (lane, event_id) DO NOTHING RETURNING " + _COLUMNS,
            lane=lane,
            event_id=event_id,
            kind=kind,
            biller_guid=biller_guid,
            account_number=account_number,
            account=account,
            seq=seq,
            event=event,
            now=now,
        )
        return None if row is None else _delivery(row)

    def by_number(self, number: int) -> Delivery | None:
        """The delivery of that number."""
        return self._read_one(f"{_GET} WHERE number = :number", number=number)

    def by_id(self, lane: str, event_id: str) -> Delivery | None:
        """The delivery of that event."""
        return self._read_one(f"{_GET} WHERE lane = :lane AND event_id = :event_id", lane=lane, event_id=event_id)

    def find(self, filters: Mapping[str, str | None], *, before: int | None, limit: int) -> list[Delivery]:
        """Deliveries whose columns have these values (None: any), newest first, older than number *before*."""
        given: dict[str, Any] = {name: value for name, value in filters.items() if value is not None}
        conditions = [f"{name} = :{name}" for name in given]
        if given.get("state") in (State.DEAD, State.UNKNOWN):
            conditions.append(LEFT)
        if before is not None:
            conditions.append("number < :before")
            given["before"] = before
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        with self.database.connect() as connection:
            rows = self._all(connection, f"{_GET}{where} ORDER BY number DESC LIMIT :limit", limit=limit, **given)
        return [_delivery(row) for row in rows]

    def counts(self, lane: str | None) -> dict[State, int]:
        """How many deliveries stand in each state; walks through all of them."""
        where, given = ("", {}) if lane is None else (" WHERE lane = :lane", {"lane": lane})
        return self._counts(where, given)

    def open_counts(self) -> dict[State, int]:
        """How many stand in each state that is not settled; quick however many are."""
        return self._counts(f" WHERE {BUSY}", {}) | self._counts(f" WHERE {LEFT}", {})

    def on_its_way(self, lane: str | None) -> bool:
        """Whether a delivery is accepted or being sent; one that waits for its next attempt is not."""
        where, given = ("", {}) if lane is None else (" AND lane = :lane", {"lane": lane})
        sql = f"SELECT 1 FROM pump_deliveries WHERE {BUSY} AND state <> 'waiting'{where} LIMIT 1"  # noqa: S608
        with self.database.connect() as connection:
            return self._first(connection, sql, **given) is not None

    def first_in_line(self, account: int) -> Delivery | None:
        """The delivery whose turn it is in an account: the first of those that are not over."""
        return self._read_one(f"{_GET} WHERE {BUSY} AND account = :account ORDER BY seq LIMIT 1", account=account)

    def move(
        self,
        tx: sa.Connection,
        delivery: Delivery,
        target: State,
        *,
        message: str,
        retry_at: int | None = None,
        requeue: bool = False,
    ) -> bool:
        """
        Change the state, if delivery and row still agree on state, run and attempts; whether they did.

        *requeue* begins a new run with a fresh count of tries.
        """
        return self._run(
            tx,
            "UPDATE pump_deliveries SET state = :target, message = :message, retry_at = :retry_at, updated_at = :now,"
            " run = run + :requeue, tries = CASE WHEN :requeue = 1 THEN 0 ELSE tries END"
            " WHERE number = :number AND state = :source AND run = :run AND attempts = :attempts",
            target=target.value,
            message=message,
            retry_at=retry_at,
            now=now_ms(),
            requeue=int(requeue),
            number=delivery.number,
            source=delivery.state.value,
            run=delivery.run,
            attempts=delivery.attempts,
        )

    def begin_attempt(
        self, tx: sa.Connection, delivery: Delivery, *, operation: str, request: str, idempotent: bool
    ) -> bool:
        """Write down that an attempt is made, before it is; False where another run was first."""
        now = now_ms()
        won = self._run(
            tx,
            "UPDATE pump_deliveries SET state = 'sending', attempts = attempts + 1, tries = tries + 1,"
            " retry_at = NULL, updated_at = :now"
            " WHERE number = :number AND state = 'accepted' AND run = :run AND attempts = :attempts",
            now=now,
            number=delivery.number,
            run=delivery.run,
            attempts=delivery.attempts,
        )
        if won:
            self._run(
                tx,
                "INSERT INTO pump_attempts (delivery, attempt, operation, request, idempotent, started_at, message)"
                " VALUES (:delivery, :attempt, :operation, :request, :idempotent, :now, '')",
                delivery=delivery.number,
                attempt=delivery.attempts + 1,
                operation=operation,
                request=request,
                idempotent=int(idempotent),
                now=now,
            )
        return won

    def end_attempt(self, tx: sa.Connection, delivery: int, attempt: int, *, outcome: str, message: str) -> bool:
        """Write down how an attempt ended; a later word replaces an earlier *unknown*."""
        return self._run(
            tx,
            "UPDATE pump_attempts SET ended_at = :now, outcome = :outcome, message = :message"
            " WHERE delivery = :delivery AND attempt = :attempt AND (outcome IS NULL OR outcome = 'unknown')",
            now=now_ms(),
            outcome=outcome,
            message=message,
            delivery=delivery,
            attempt=attempt,
        )

    def attempts(self, delivery: int) -> list[Attempt]:
        """Every attempt, first to last."""
        columns = ", ".join(Attempt.__slots__)
        sql = f"SELECT {columns} FROM pump_attempts WHERE delivery = :delivery ORDER BY attempt"  # noqa: S608
        with self.database.connect() as connection:
            return [Attempt(*row) for row in self._all(connection, sql, delivery=delivery)]

    def superseded(self, delivery: Delivery) -> bool:
        """Whether a newer event of this kind has been delivered for the account."""
        sql = (
            "SELECT 1 FROM pump_deliveries WHERE account = :account AND seq > :seq AND kind = :kind"
            " AND state = 'delivered' LIMIT 1"
        )
        with self.database.connect() as connection:
            row = self._first(connection, sql, account=delivery.account, seq=delivery.seq, kind=delivery.kind)
        return row is not None

    def note(self, tx: sa.Connection, delivery: Delivery, *, by: str, verb: str, reason: str, target: State) -> None:
        """Keep who changed a delivery, and why."""
        self._run(
            tx,
            'INSERT INTO pump_notes (delivery, at, "by", verb, reason, source, target)'
            " VALUES (:delivery, :at, :by, :verb, :reason, :source, :target)",
            delivery=delivery.number,
            at=now_ms(),
            by=by,
            verb=verb,
            reason=reason,
            source=delivery.state.value,
            target=target.value,
        )

    def notes(self, delivery: int) -> list[Note]:
        """Every note, first to last."""
        sql = (
            'SELECT number, delivery, at, "by", verb, reason, source, target FROM pump_notes'
            " WHERE delivery = :delivery ORDER BY number"
        )
        with self.database.connect() as connection:
            return [Note(*row) for row in self._all(connection, sql, delivery=delivery)]

    def due(self) -> list[tuple[str, str, int]]:
        """
        Move what has waited long enough back to accepted; its (lane, event id, run).

        Looks before it writes: mostly there is nothing, and a reader disturbs nobody.
        """
        where = "state = 'waiting' AND retry_at <= :now"
        now = now_ms()
        with self.database.connect() as connection:
            sql = f"SELECT 1 FROM pump_deliveries WHERE {where} LIMIT 1"  # noqa: S608  constants
            if self._first(connection, sql, now=now) is None:
                return []
        with self.database.begin() as tx:
            rows = self._all(
                tx,
                "UPDATE pump_deliveries SET state = 'accepted', retry_at = NULL, updated_at = :now"  # noqa: S608
                f" WHERE {where} RETURNING lane, event_id, run",
                now=now,
            )
        return [(lane, event_id, run) for lane, event_id, run in rows]

    def bring_forward(self, lane: str | None, by_ms: int | None) -> int:
        """Bring the next attempts of what waits forward, to now or by so much; how many that are."""
        where, given = ("", {}) if lane is None else (" AND lane = :lane", {"lane": lane})
        new = ":now" if by_ms is None else "retry_at - :by_ms"
        by = {"now": now_ms()} if by_ms is None else {"by_ms": by_ms}
        with self.database.begin() as tx:
            sql = f"UPDATE pump_deliveries SET retry_at = {new} WHERE state = 'waiting'{where}"  # noqa: S608
            return int(self._execute(tx, sql, **by, **given).rowcount)

    def _counts(self, where: str, given: dict[str, Any]) -> dict[State, int]:
        sql = f"SELECT state, count(*) FROM pump_deliveries{where} GROUP BY state"  # noqa: S608  constants
        with self.database.connect() as connection:
            return {State(state): count for state, count in self._all(connection, sql, **given)}

    def _read_one(self, sql: str, **values: Any) -> Delivery | None:
        with self.database.connect() as connection:
            row = self._first(connection, sql, **values)
        return None if row is None else _delivery(row)

    def _one(self, tx: sa.Connection, sql: str, **values: Any) -> Any:
        row = self._first(tx, sql, **values)
        assert row is not None
        return row

    def _first(self, tx: sa.Connection, sql: str, **values: Any) -> Any:
        return self._execute(tx, sql, **values).first()

    def _all(self, tx: sa.Connection, sql: str, **values: Any) -> Any:
        return self._execute(tx, sql, **values).all()

    def _run(self, tx: sa.Connection, sql: str, **values: Any) -> bool:
        return bool(self._execute(tx, sql, **values).rowcount == 1)

    def _execute(self, tx: sa.Connection, sql: str, **values: Any) -> Any:
        """Past SQLAlchemy's compiler, which costs more than these statements do."""
        return tx.exec_driver_sql(sql if self._named else _pyformat(sql), values)


def now_ms() -> int:
    """The time, as the tables have it."""
    return time.time_ns() // 1_000_000


def when(ms: int | None) -> datetime | None:
    """A time of the tables as an aware datetime."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def _delivery(row: Any) -> Delivery:
    values = list(row)
    values[Delivery.__slots__.index("state")] = State(values[Delivery.__slots__.index("state")])
    return Delivery(*values)


@cache
def _pyformat(sql: str) -> str:
    """`:name` as psycopg spells it."""
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", sql)
