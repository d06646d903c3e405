"""What the durable engine's tables say of bells: which are queued, and who answers them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from partnerlab.client.datapump.engine.rounds import SHARDS, Claim
from partnerlab.client.datapump.slots import slot_name, slot_of
from partnerlab.client.datapump.statements import Statements

__all__ = ["LIVE", "QUEUE", "SEEN_S", "VERSION", "WORKFLOW", "Bells"]

VERSION = "2"
"""Of what is queued: a release that knows another meaning of it has another number, and leaves it alone."""
QUEUE = "deliveries"
WORKFLOW = "answer the bell"
SEEN_S = 0.1
"""
A bell that was seen in the queue is not looked for again so soon. If it was answered meanwhile, its round lingers ten
times as long, and sees what is committed until then.
"""
LIVE = ("ENQUEUED", "PENDING", "DELAYED")
IN_FLIGHT = f"queue_name = '{QUEUE}' AND status IN ('ENQUEUED', 'PENDING')"
"""The condition of the engine's partial index, word for word: else all that ever ended would be read."""
HELD_BACK = f"queue_name = '{QUEUE}' AND status = 'DELAYED'"


class Bells:
    """The rows of bells in one database. `_slot` is this process's, once it has one."""

    def __init__(self, database: sa.Engine) -> None:
        self._database, self._statements = database, Statements(database)
        self._slot = 0
        self._seen_at: dict[int, float] = {}

    def _unseen(self, shards: set[int], now: float) -> set[int]:
        """The shards of which no bell was seen in the queue just before *now*, by the monotonic clock."""
        return {shard for shard in shards if now - self._seen_at.get(shard, -SEEN_S) >= SEEN_S}

    def _bells(self, connection: sa.Connection) -> list[tuple[int, str, str]]:
        """Shard, status and id of the bells of this release that are queued, held back or being answered."""
        ours = f"queue_partition_key IS NOT NULL AND name = '{WORKFLOW}' AND application_version = '{VERSION}'"
        some = f"SELECT queue_partition_key, status, workflow_uuid FROM {self._table()} WHERE {ours} AND "
        sql = f"{some} {IN_FLIGHT} UNION ALL {some} {HELD_BACK}"
        return [(int(shard), status, bell) for shard, status, bell in self._statements.all(connection, sql)]

    def silent(self) -> list[int]:
        """The shards for which no bell is queued or being answered."""
        with self._statements.reading() as connection:
            found = sorted({*range(SHARDS)} - {shard for shard, _, _ in self._bells(connection)})
        for shard in found:
            self._seen_at.pop(shard, None)
        return found

    def _queued(self) -> bool:
        """Whether the engine may find something in the queue."""
        sql = f"SELECT 1 FROM {self._table()} WHERE {IN_FLIGHT} AND status = 'ENQUEUED' LIMIT 1"
        try:
            with self._statements.reading() as connection:
                return self._statements.first(connection, sql) is not None
        except sa.exc.SQLAlchemyError:  # it tries for itself, and says why it cannot
            return True

    def _claims(self) -> dict[Claim, int]:
        """The bells that are being answered, by whom and by which taking; and their shards."""
        sql = (
            "SELECT workflow_uuid, executor_id, owner_xid, queue_partition_key"
            f" FROM {self._table()} WHERE {IN_FLIGHT} AND queue_partition_key IS NOT NULL AND status = 'PENDING'"
        )
        with self._statements.reading() as connection:
            rows = self._statements.all(connection, sql)
        return {(bell, executor, taking): int(shard) for bell, executor, taking, shard in rows}

    def _statuses(self, connection: sa.Connection, ids: Sequence[str]) -> dict[str, str]:
        """Status by workflow id, of those that are there."""
        query = sa.text(f"SELECT workflow_uuid, status FROM {self._table()} WHERE workflow_uuid IN :ids")
        return dict(connection.execute(query.bindparams(sa.bindparam("ids", expanding=True)), {"ids": list(ids)}).all())

    def _others(self) -> set[int]:
        """Slots other than ours that hold pending work."""
        with self._statements.reading() as connection:
            rows = connection.exec_driver_sql(
                f"SELECT DISTINCT executor_id FROM {self._table()} WHERE status = 'PENDING' AND executor_id <> ''"
            )
            slots = {slot_of(name) for (name,) in rows}
        return {slot for slot in slots if slot is not None and slot != self._slot}

    def _pending(self, slot: int) -> list[str]:
        """Bells that a slot has taken from the queue."""
        sql = f"SELECT workflow_uuid FROM {self._table()} WHERE {IN_FLIGHT} AND queue_partition_key IS NOT NULL"
        with self._statements.reading() as connection:
            rows = connection.exec_driver_sql(f"{sql} AND status = 'PENDING' AND executor_id = '{slot_name(slot)}'")
            return [id for (id,) in rows]

    def _schema(self) -> str | None:
        return None if self._database.dialect.name == "sqlite" else "dbos"

    def _table(self) -> str:
        return f"{self._schema()}.workflow_status" if self._schema() else "workflow_status"
