"""
Statements on the pump's own tables.

They stand in the engine's database, so that accepting an event and queueing it is one commit. Each change of state is a
compare-and-set along the table in `states.py`: of two that try, one wins.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from partnerlab.client.datapump.statements import Statements, writable
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.tables import BUSY, LEFT, METADATA, VERSION, Attempt, Delivery, Note

__all__ = ["DeliveryStore", "OtherVersion", "now_ms", "when"]

_COLUMNS = ", ".join(Delivery.__slots__)
_GET = f"SELECT {_COLUMNS} FROM pump_deliveries"  # noqa: S608  constants
# No earlier delivery in the account's line is still to come.
_FIRST = (
    "NOT EXISTS (SELECT 1 FROM pump_deliveries earlier WHERE earlier.account = pump_deliveries.account"  # noqa: S608
    f" AND earlier.seq < pump_deliveries.seq AND earlier.{BUSY})"
)
# It stands behind one that waits for its next attempt.
_HELD_UP = (
    "EXISTS (SELECT 1 FROM pump_deliveries earlier WHERE earlier.account = pump_deliveries.account"  # noqa: S608
    f" AND earlier.seq < pump_deliveries.seq AND earlier.{BUSY} AND earlier.state = 'waiting')"
)
_PRUNED = "SELECT state, digest FROM pump_pruned WHERE lane = :lane AND event_id = :event_id"


class OtherVersion(RuntimeError):
    """The pump's tables in this database are not of this release; nothing was changed."""

    def __init__(self, found: int) -> None:
        self.found = found
        super().__init__(
            f"the data pump's tables are of version {found}, and this release has version {VERSION}: let the release"
            " that made them deliver what is left, then give this one a database of its own"
        )


class DeliveryStore(Statements):
    """
    Statements on the pump's tables. Methods that write take the caller's connection and transaction.

    Making one makes the tables where they are missing. Raises `OtherVersion`.
    """

    def __init__(self, database: sa.Engine) -> None:
        super().__init__(database)
        self._create()

    def _create(self) -> None:
        """Make what is missing. In PostgreSQL processes that start together must take turns even for that."""
        with self.database.begin() as tx:
            if not self.named:
                tx.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('pump_deliveries'))")
            there = sa.inspect(tx).get_table_names()
            if "pump_deliveries" in there:
                row = self.first(tx, "SELECT max(version) FROM pump_version") if "pump_version" in there else (1,)
                if row[0] != VERSION:
                    raise OtherVersion(row[0] or 1)
                return
            for table in METADATA.sorted_tables:
                tx.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    tx.execute(CreateIndex(index, if_not_exists=True))
            self.run(tx, "INSERT INTO pump_version (version) VALUES (:version) ON CONFLICT DO NOTHING", version=VERSION)

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
        """
        A new delivery at the end of its account's line.

        None where the lane has, or had, an event of that id; roll back then.
        """
        account, seq = self.one(
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
        row = self.first(
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
        # Asked after the insert, which waits for whoever prunes that very event at this moment.
        if row is None or self.first(tx, _PRUNED, lane=lane, event_id=event_id) is not None:
            return None
        return _delivery(row)

    def by_number(self, number: int, tx: sa.Connection | None = None) -> Delivery | None:
        """The delivery of that number, as *tx* sees it where given."""
        sql = f"{_GET} WHERE number = :number"
        if tx is None:
            return self._read_one(sql, number=number)
        row = self.first(tx, sql, number=number)
        return None if row is None else _delivery(row)

    def by_id(self, lane: str, event_id: str) -> Delivery | None:
        """The delivery of that event."""
        return self._read_one(f"{_GET} WHERE lane = :lane AND event_id = :event_id", lane=lane, event_id=event_id)

    def find(self, filters: Mapping[str, str | None], *, before: int | None, limit: int) -> list[Delivery]:
        """Deliveries whose columns have these values (None: any), newest first, older than number *before*."""
        given: dict[str, Any] = {name: value for name, value in filters.items() if value is not None}
        conditions = [f"{name} = :{name}" for name in given]
        if given.get("state") in (State.DEAD, State.UNKNOWN, State.NOT_UNDERSTOOD):
            conditions.append(LEFT)
        if before is not None:
            conditions.append("number < :before")
            given["before"] = before
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        with self.database.connect() as connection:
            rows = self.all(connection, f"{_GET}{where} ORDER BY number DESC LIMIT :limit", limit=limit, **given)
        return [_delivery(row) for row in rows]

    def counts(self, lane: str | None) -> dict[State, int]:
        """How many deliveries stand in each state; walks through all of them."""
        where, given = ("", {}) if lane is None else (" WHERE lane = :lane", {"lane": lane})
        sql = f"SELECT state, count(*) FROM pump_deliveries{where} GROUP BY state"  # noqa: S608  constants
        with self.database.connect() as connection:
            return {State(state): count for state, count in self.all(connection, sql, **given)}

    def standing(self) -> dict[State, tuple[int, int]]:
        """Of each state that is not settled, how many stand in it and when the oldest was accepted; quick."""
        sql = "SELECT state, count(*), min(accepted_at) FROM pump_deliveries WHERE {} GROUP BY state"
        with self.database.connect() as connection:
            rows = [row for left in (BUSY, LEFT) for row in self.all(connection, sql.format(left))]
        return {State(state): (count, since) for state, count, since in rows}

    def on_its_way(self, lane: str | None) -> bool:
        """Whether a delivery is being sent or next to be; one that waits, or stands behind one that does, is not."""
        where, given = ("", {}) if lane is None else (" AND lane = :lane", {"lane": lane})
        sql = (
            f"SELECT 1 FROM pump_deliveries WHERE {BUSY} AND state <> 'waiting'{where}"  # noqa: S608  constants
            f" AND NOT {_HELD_UP} LIMIT 1"
        )
        with self.database.connect() as connection:
            return self.first(connection, sql, **given) is not None

    def accepted_in(self, lane: str) -> list[tuple[int, int]]:
        """(number, run) of what is accepted in a lane."""
        sql = f"SELECT number, run FROM pump_deliveries WHERE {BUSY} AND state = 'accepted' AND lane = :lane"  # noqa: S608
        with self.database.connect() as connection:
            return [(number, run) for number, run in self.all(connection, sql, lane=lane)]

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
        refund: bool = False,
    ) -> bool:
        """
        Change the state, if delivery and row still agree on state, run and attempts; whether they did.

        *requeue* begins a new run with a fresh count of tries; *refund* does not count the last one.
        """
        return self._won(
            tx,
            "UPDATE pump_deliveries SET state = :target, message = :message, retry_at = :retry_at, updated_at = :now,"
            " run = run + :requeue, tries = CASE WHEN :requeue = 1 THEN 0 ELSE tries - :refund END"
            " WHERE number = :number AND state = :source AND run = :run AND attempts = :attempts",
            target=target.value,
            message=writable(message),
            retry_at=retry_at,
            now=now_ms(),
            requeue=int(requeue),
            refund=int(refund),
            number=delivery.number,
            source=delivery.state.value,
            run=delivery.run,
            attempts=delivery.attempts,
        )

    def requeue(self, tx: sa.Connection, delivery: Delivery) -> bool:
        """Begin a new run of a delivery that stays what it is, if nothing else changed it; whether it did."""
        return self._won(
            tx,
            "UPDATE pump_deliveries SET run = run + 1, updated_at = :now"
            " WHERE number = :number AND state = :state AND run = :run AND attempts = :attempts",
            now=now_ms(),
            number=delivery.number,
            state=delivery.state.value,
            run=delivery.run,
            attempts=delivery.attempts,
        )

    def begin_attempt(
        self, tx: sa.Connection, delivery: Delivery, *, operation: str, request: str, idempotent: bool
    ) -> bool:
        """
        Write down that an attempt is made, before it is.

        False where another run was first, or a delivery before it in the account's line is not over: so order holds
        whatever the engine hands out.
        """
        now = now_ms()
        won = self._won(
            tx,
            "UPDATE pump_deliveries SET state = 'sending', attempts = attempts + 1, tries = tries + 1,"  # noqa: S608
            " retry_at = NULL, updated_at = :now"
            " WHERE number = :number AND state = 'accepted' AND run = :run AND attempts = :attempts"
            f" AND {_FIRST}",
            now=now,
            number=delivery.number,
            run=delivery.run,
            attempts=delivery.attempts,
        )
        if won:
            self.run(
                tx,
                "INSERT INTO pump_attempts (delivery, attempt, operation, request, idempotent, started_at, message)"
                " VALUES (:delivery, :attempt, :operation, :request, :idempotent, :now, '')",
                delivery=delivery.number,
                attempt=delivery.attempts + 1,
                operation=operation,
                request=writable(request),
                idempotent=int(idempotent),
                now=now,
            )
        return won

    def end_attempt(self, tx: sa.Connection, delivery: int, attempt: int, *, outcome: str, message: str) -> bool:
        """Write down how an attempt ended; a later word replaces an earlier *unknown*."""
        return self._won(
            tx,
            "UPDATE pump_attempts SET ended_at = :now, outcome = :outcome, message = :message"
            " WHERE delivery = :delivery AND attempt = :attempt AND (outcome IS NULL OR outcome = 'unknown')",
            now=now_ms(),
            outcome=outcome,
            message=writable(message),
            delivery=delivery,
            attempt=attempt,
        )

    def attempts(self, delivery: int) -> list[Attempt]:
        """Every attempt, first to last."""
        columns = ", ".join(Attempt.__slots__)
        sql = f"SELECT {columns} FROM pump_attempts WHERE delivery = :delivery ORDER BY attempt"  # noqa: S608
        with self.database.connect() as connection:
            return [Attempt(*row) for row in self.all(connection, sql, delivery=delivery)]

    def superseded(self, delivery: Delivery) -> bool:
        """Whether a newer event of this kind has been delivered for the account."""
        sql = (
            "SELECT 1 FROM pump_deliveries WHERE account = :account AND seq > :seq AND kind = :kind"
            " AND state = 'delivered' LIMIT 1"
        )
        with self.database.connect() as connection:
            row = self.first(connection, sql, account=delivery.account, seq=delivery.seq, kind=delivery.kind)
        return row is not None

    def note(self, tx: sa.Connection, delivery: Delivery, *, by: str, verb: str, reason: str, target: State) -> None:
        """Keep who changed a delivery, and why."""
        self.run(
            tx,
            'INSERT INTO pump_notes (delivery, at, "by", verb, reason, source, target)'
            " VALUES (:delivery, :at, :by, :verb, :reason, :source, :target)",
            delivery=delivery.number,
            at=now_ms(),
            by=writable(by),
            verb=verb,
            reason=writable(reason),
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
            return [Note(*row) for row in self.all(connection, sql, delivery=delivery)]

    def due(self, lane: str | None = None, *, now: int | None = None) -> list[tuple[int, int]]:
        """
        Move what has waited long enough back to accepted; its (number, run). *now* is the time it waits for.

        Reads before it writes: mostly nothing is due, and reading blocks nobody.
        """
        where = "state = 'waiting' AND retry_at <= :due"
        given: dict[str, Any] = {"due": now_ms() if now is None else now}
        if lane is not None:
            where, given = f"{where} AND lane = :lane", {**given, "lane": lane}
        with self.database.connect() as connection:
            sql = f"SELECT 1 FROM pump_deliveries WHERE {where} LIMIT 1"  # noqa: S608  constants
            if self.first(connection, sql, **given) is None:
                return []
        with self.database.begin() as tx:
            rows = self.all(
                tx,
                "UPDATE pump_deliveries SET state = 'accepted', retry_at = NULL, updated_at = :now"  # noqa: S608
                f" WHERE {where} RETURNING number, run",
                now=now_ms(),
                **given,
            )
        return [(number, run) for number, run in rows]

    def ready(self, lane: str | None) -> list[tuple[int, int, int]]:
        """(number, run, attempts) of what heads its account's line and waits for nothing, in the order it came."""
        where, given = ("", {}) if lane is None else (" AND lane = :lane", {"lane": lane})
        sql = (
            f"SELECT number, run, attempts FROM pump_deliveries WHERE {BUSY} AND state <> 'waiting'{where}"  # noqa: S608
            f" AND {_FIRST} ORDER BY number"
        )
        with self.database.connect() as connection:
            return [(number, run, attempts) for number, run, attempts in self.all(connection, sql, **given)]

    def waiting(self, lane: str, until_ms: int) -> list[Delivery]:
        """What waits in a lane for a moment not after *until_ms*, the next first."""
        where = "state = 'waiting' AND lane = :lane AND retry_at <= :until"
        with self.database.connect() as connection:
            rows = self.all(connection, f"{_GET} WHERE {where} ORDER BY retry_at, number", lane=lane, until=until_ms)
        return [_delivery(row) for row in rows]

    def waiting_lanes(self) -> list[str]:
        """Lanes in which something waits for its next attempt."""
        with self.database.connect() as connection:
            rows = self.all(
                connection, "SELECT DISTINCT lane FROM pump_deliveries WHERE state = 'waiting' ORDER BY lane"
            )
        return [lane for (lane,) in rows]

    def heads(self, state: State, older_than_ms: int) -> list[Delivery]:
        """Up to a thousand deliveries that head their account's line in *state*, and have for so long."""
        sql = f"{_GET} WHERE {BUSY} AND state = :state AND updated_at <= :before AND {_FIRST} LIMIT 1000"
        with self.database.connect() as connection:
            rows = self.all(connection, sql, state=state.value, before=now_ms() - older_than_ms)
        return [_delivery(row) for row in rows]

    def payments_in_doubt(
        self, lane: str, biller_guid: str, account_number: str, settled_since_ms: int | None
    ) -> list[str]:
        """
        Event ids of an account's payments of which it is not certain and settled that the partner has them [A-84].

        With *settled_since_ms* those too that were delivered since.
        """
        of_account = (
            "SELECT event_id FROM pump_deliveries WHERE account = (SELECT number FROM pump_accounts"
            " WHERE lane = :lane AND biller_guid = :biller AND account_number = :no) AND kind = 'payment' AND"
        )
        queries = [f"{of_account} {BUSY}", f"{of_account} {LEFT}"]
        given: dict[str, Any] = {"lane": lane, "biller": biller_guid, "no": account_number}
        if settled_since_ms is not None:
            queries.append(f"{of_account} state = 'delivered' AND updated_at >= :since")
            given["since"] = settled_since_ms
        with self.database.connect() as connection:
            rows = self.all(connection, " UNION ".join(queries), **given)
        return sorted(event_id for (event_id,) in rows)

    def pruned(self, lane: str, event_id: str) -> tuple[State, str] | None:
        """What had become of an event whose delivery was pruned, and the digest of its content."""
        with self.database.connect() as connection:
            row = self.first(connection, _PRUNED, lane=lane, event_id=event_id)
        return None if row is None else (State(row[0]), row[1])

    def bring_forward(self, lane: str | None, by_ms: int | None, *, now: int) -> int:
        """Bring the next attempts of what waits forward, to *now* or by so much; how many that are."""
        where, given = ("", {}) if lane is None else (" AND lane = :lane", {"lane": lane})
        new = ":now" if by_ms is None else "retry_at - :by_ms"
        by = {"now": now} if by_ms is None else {"by_ms": by_ms}
        with self.database.begin() as tx:
            sql = f"UPDATE pump_deliveries SET retry_at = {new} WHERE state = 'waiting'{where}"  # noqa: S608
            return self.run(tx, sql, **by, **given)

    def _won(self, tx: sa.Connection, sql: str, **values: Any) -> bool:
        """Whether a compare-and-set found what it compares with."""
        return self.run(tx, sql, **values) == 1

    def _read_one(self, sql: str, **values: Any) -> Delivery | None:
        with self.database.connect() as connection:
            row = self.first(connection, sql, **values)
        return None if row is None else _delivery(row)


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
