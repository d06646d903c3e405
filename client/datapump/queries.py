"""What the pump's own tables are asked. `store.py` has how they are changed."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from partnerlab.client.datapump.statements import Statements
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.tables import BUSY, LEFT, READY, READY_STATES, Attempt, Delivery, Note

__all__ = ["COLUMNS", "DUE", "FIRST_IN_LINE", "PRUNED", "DeliveryQueries", "delivery_of", "now_ms", "when"]

COLUMNS = ", ".join(Delivery.__slots__)
_STATE = Delivery.__slots__.index("state")
# SQLite has no statistics here and would read a lane's or an account's whole history: each names an index of the few
# deliveries that are open. PostgreSQL has statistics, and is not told (`statements`).
_LINE = "INDEXED BY pump_deliveries_line"
_READY = "INDEXED BY pump_deliveries_ready"
_DOUBT = "INDEXED BY pump_deliveries_doubt"
DUE = "INDEXED BY pump_deliveries_due"
_GET = f"SELECT {COLUMNS} FROM pump_deliveries"
# No earlier delivery in the account's line is still to come.
FIRST_IN_LINE = (
    f"NOT EXISTS (SELECT 1 FROM pump_deliveries AS earlier {_LINE} WHERE earlier.account = pump_deliveries.account"
    f" AND earlier.seq < pump_deliveries.seq AND earlier.{BUSY})"
)
# It stands behind one that waits for its next attempt.
_HELD_UP = (
    f"EXISTS (SELECT 1 FROM pump_deliveries AS earlier {_LINE} WHERE earlier.account = pump_deliveries.account"
    f" AND earlier.seq < pump_deliveries.seq AND earlier.{BUSY} AND earlier.state = 'waiting')"
)
PRUNED = "SELECT state, digest FROM pump_pruned WHERE lane = :lane AND event_id = :event_id"


_HEAD = ", ".join(f"head.{name}" for name in Delivery.__slots__)
_OF_LINE = (
    f"FROM pump_deliveries AS line {_LINE} WHERE line.account = {{account}} AND line.{BUSY} ORDER BY line.seq LIMIT 1"
)
_WANTED = (
    "page.account % :of IN (SELECT CAST(mine.shard AS BIGINT) FROM ({shards}) AS mine)"
    " AND page.account NOT IN (SELECT CAST(busy.account AS BIGINT) FROM ({busy}) AS busy)"
)
# The accounts after `:after` in which something is ready, in their order: one step in the index for each, however
# many deliveries an account has. With each its head, where the account is of one of the shards asked for.
_STEPS = f"""
WITH RECURSIVE stepping (account) AS (
    SELECT min(account) FROM pump_deliveries {_READY} WHERE {READY} AND account > :after
    UNION ALL
    SELECT (SELECT min(account) FROM pump_deliveries {_READY} WHERE {READY} AND account > stepping.account)
    FROM stepping WHERE account IS NOT NULL
),
page AS (SELECT account FROM stepping WHERE account IS NOT NULL LIMIT :limit)
SELECT page.account, {_HEAD} FROM page LEFT JOIN
"""
# PostgreSQL expects a hundred rows of a list, and for them would read the table of all deliveries at each question: it
# is asked by LATERAL, which is a search for each; SQLite, which does not know that, searches for each in any case.
_NEXT_IN = {
    "sqlite": f"{_STEPS} pump_deliveries AS head ON head.number = CASE WHEN {_WANTED}"
    f" THEN (SELECT number {_OF_LINE.format(account='page.account')}) END",
    "postgresql": f"{_STEPS} LATERAL (SELECT {COLUMNS}"
    f" {_OF_LINE.format(account='page.account').replace('WHERE', f'WHERE {_WANTED} AND')}) AS head ON true",
}
# The first in the line of each of some accounts.
_ACCOUNT = _OF_LINE.format(account="CAST(wanted.account AS BIGINT)")
_FIRST_OF = {
    "sqlite": f"{_GET} WHERE number IN (SELECT (SELECT number {_ACCOUNT}) FROM ({{listed}}) AS wanted)",
    "postgresql": f"SELECT {_HEAD} FROM ({{listed}}) AS wanted"
    f" CROSS JOIN LATERAL (SELECT {COLUMNS} {_ACCOUNT}) AS head",
}


class DeliveryQueries(Statements):
    """Questions to the pump's tables; nothing is changed."""

    def by_number(self, number: int, tx: sa.Connection | None = None) -> Delivery | None:
        """The delivery of that number, as *tx* sees it where given."""
        sql = f"{_GET} WHERE number = :number"
        if tx is None:
            return self._read_one(sql, number=number)
        row = self.first(tx, sql, number=number)
        return None if row is None else delivery_of(row)

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
        with self.reading() as connection:
            rows = self.all(connection, f"{_GET}{where} ORDER BY number DESC LIMIT :limit", limit=limit, **given)
        return [delivery_of(row) for row in rows]

    def counts(self, lane: str | None) -> dict[State, int]:
        """How many deliveries stand in each state; walks through all of them."""
        where, given = ("", {}) if lane is None else (" WHERE lane = :lane", {"lane": lane})
        sql = f"SELECT state, count(*) FROM pump_deliveries{where} GROUP BY state"
        with self.reading() as connection:
            return {State(state): count for state, count in self.all(connection, sql, **given)}

    def standing(self) -> dict[State, tuple[int, int]]:
        """Of each state that is not settled, how many stand in it and when the oldest was accepted; quick."""
        sql = "SELECT state, count(*), min(accepted_at) FROM pump_deliveries WHERE {} GROUP BY state"
        with self.reading() as connection:
            rows = [row for left in (BUSY, LEFT) for row in self.all(connection, sql.format(left))]
        return {State(state): (count, since) for state, count, since in rows}

    def on_its_way(self, lane: str | None) -> bool:
        """Whether a delivery is being sent or next to be; one that waits, or stands behind one that does, is not."""
        where, given = ("", {}) if lane is None else (" AND lane = :lane", {"lane": lane})
        sql = f"SELECT 1 FROM pump_deliveries {_READY} WHERE {READY}{where} AND NOT {_HELD_UP} LIMIT 1"
        with self.reading() as connection:
            return self.first(connection, sql, **given) is not None

    def accepted_in(self, lane: str) -> list[tuple[int, int]]:
        """(number, run) of what is accepted in a lane."""
        sql = f"SELECT number, run FROM pump_deliveries {_READY} WHERE {READY} AND state = 'accepted' AND lane = :lane"
        with self.reading() as connection:
            return [(number, run) for number, run in self.all(connection, sql, lane=lane)]

    def next_in(
        self, shards: Collection[int], of: int, *, after: int, limit: int, busy: Collection[int] = ()
    ) -> tuple[list[Delivery], int | None]:
        """
        What is accepted or being sent at the head of its line, of the accounts whose number modulo *of* is in *shards*.

        Not of *busy* accounts. Looks at *limit* accounts after *after*; with the last of them, or None where there are
        no more.
        """
        # One text whatever is asked for: the server plans it once.
        sql = _NEXT_IN[self.database.dialect.name].format(
            shards=self.listed("shards", "shard"), busy=self.listed("busy", "account")
        )
        mine, listed = (json.dumps([[number] for number in sorted(numbers)]) for numbers in (shards, busy))
        with self.reading() as connection:
            rows = self.all(connection, sql, of=of, after=after, limit=limit, shards=mine, busy=listed)
        heads = [delivery_of(row[1:]) for row in rows if row[1] is not None and row[1 + _STATE] in READY_STATES]
        heads.sort(key=lambda head: head.account)
        return heads, max(row[0] for row in rows) if len(rows) == limit else None

    def ready_accounts(self) -> list[int]:
        """Accounts in which something is accepted or being sent."""
        with self.reading() as connection:
            sql = f"SELECT DISTINCT account FROM pump_deliveries {_READY} WHERE {READY}"
            return [account for (account,) in self.all(connection, sql)]

    def first_in_lines(self, tx: sa.Connection, accounts: Collection[int]) -> dict[int, Delivery]:
        """By account the delivery whose turn it is: the first of those that are not over."""
        listed = json.dumps([[account] for account in accounts])
        sql = _FIRST_OF[self.database.dialect.name].format(listed=self.listed("accounts", "account"))
        rows = self.all(tx, sql, accounts=listed)
        return {found.account: found for found in map(delivery_of, rows)}

    def attempts(self, delivery: int) -> list[Attempt]:
        """Every attempt, first to last."""
        columns = ", ".join(Attempt.__slots__)
        sql = f"SELECT {columns} FROM pump_attempts WHERE delivery = :delivery ORDER BY attempt"
        with self.reading() as connection:
            return [Attempt(*row) for row in self.all(connection, sql, delivery=delivery)]

    def superseded(self, delivery: Delivery) -> bool:
        """Whether a newer event of this kind has been delivered for the account."""
        sql = (
            "SELECT 1 FROM pump_deliveries WHERE account = :account AND seq > :seq AND kind = :kind"
            " AND state = 'delivered' LIMIT 1"
        )
        with self.reading() as connection:
            row = self.first(connection, sql, account=delivery.account, seq=delivery.seq, kind=delivery.kind)
        return row is not None

    def notes(self, delivery: int) -> list[Note]:
        """Every note, first to last."""
        sql = (
            'SELECT number, delivery, at, "by", verb, reason, source, target FROM pump_notes'
            " WHERE delivery = :delivery ORDER BY number"
        )
        with self.reading() as connection:
            return [Note(*row) for row in self.all(connection, sql, delivery=delivery)]

    def ready(self, lane: str | None) -> list[tuple[int, int, int]]:
        """(number, run, attempts) of what heads its account's line and waits for nothing, in the order it came."""
        where, given = ("", {}) if lane is None else (" AND lane = :lane", {"lane": lane})
        sql = (
            f"SELECT number, run, attempts FROM pump_deliveries {_READY} WHERE {READY}{where}"
            f" AND {FIRST_IN_LINE} ORDER BY number"
        )
        with self.reading() as connection:
            return [(number, run, attempts) for number, run, attempts in self.all(connection, sql, **given)]

    def waiting(self, lane: str, until_ms: int) -> list[Delivery]:
        """What waits in a lane for a moment not after *until_ms*, the next first."""
        where = "state = 'waiting' AND lane = :lane AND retry_at <= :until"
        with self.reading() as connection:
            rows = self.all(
                connection, f"{_GET} {DUE} WHERE {where} ORDER BY retry_at, number", lane=lane, until=until_ms
            )
        return [delivery_of(row) for row in rows]

    def waiting_lanes(self) -> list[str]:
        """Lanes in which something waits for its next attempt."""
        with self.reading() as connection:
            sql = f"SELECT DISTINCT lane FROM pump_deliveries {DUE} WHERE state = 'waiting' ORDER BY lane"
            rows = self.all(connection, sql)
        return [lane for (lane,) in rows]

    def heads(self, state: State, older_than_ms: int, shard: int, shards: int) -> list[Delivery]:
        """Up to a thousand that head their account's line in *state*, and have for so long, of a shard as `next_in`."""
        sql = (
            f"{_GET} {_READY} WHERE {READY} AND account % :shards = :shard AND state = :state"
            f" AND updated_at <= :before AND {FIRST_IN_LINE} LIMIT 1000"
        )
        given = {"state": state.value, "before": now_ms() - older_than_ms, "shard": shard, "shards": shards}
        with self.reading() as connection:
            rows = self.all(connection, sql, **given)
        return [delivery_of(row) for row in rows]

    def payments_in_doubt(
        self, lane: str, biller_guid: str, account_number: str, settled_since_ms: int | None
    ) -> list[str]:
        """
        PaymentGUIDs of an account's payments of which it is not certain and settled that the partner has them, or knows
        that they came back [A-84], [A-112].

        With *settled_since_ms* those too that were delivered since.
        """
        of_account = (
            "SELECT kind, event_id, event FROM pump_deliveries {} WHERE account = (SELECT number FROM pump_accounts"
            " WHERE lane = :lane AND biller_guid = :biller AND account_number = :no)"
            " AND kind IN ('payment', 'ach_reject') AND {}"
        )
        queries = [of_account.format(_LINE, BUSY), of_account.format(_DOUBT, LEFT)]
        given: dict[str, Any] = {"lane": lane, "biller": biller_guid, "no": account_number}
        if settled_since_ms is not None:
            queries.append(of_account.format("", "state = 'delivered' AND updated_at >= :since"))
            given["since"] = settled_since_ms
        with self.reading() as connection:
            rows = self.all(connection, " UNION ".join(queries), **given)
        return sorted(
            {id if kind == "payment" else json.loads(event)["ach_reject"]["payment_guid"] for kind, id, event in rows}
        )

    def pruned(self, lane: str, event_id: str) -> tuple[State, str] | None:
        """What had become of an event whose delivery was pruned, and the digest of its content."""
        with self.reading() as connection:
            row = self.first(connection, PRUNED, lane=lane, event_id=event_id)
        return None if row is None else (State(row[0]), row[1])

    def _read_one(self, sql: str, **values: Any) -> Delivery | None:
        with self.reading() as connection:
            row = self.first(connection, sql, **values)
        return None if row is None else delivery_of(row)


def now_ms() -> int:
    """The time, as the tables have it."""
    return time.time_ns() // 1_000_000


def when(ms: int | None) -> datetime | None:
    """A time of the tables as an aware datetime."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def delivery_of(row: Sequence[Any]) -> Delivery:
    """A row of `COLUMNS` as a delivery."""
    values = [*row]
    values[_STATE] = State(values[_STATE])
    return Delivery(*values)
