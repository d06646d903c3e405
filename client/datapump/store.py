"""
How the pump's own tables are changed.

They stand in the engine's database, so that accepting an event and queueing it is one commit. Each change of state is a
compare-and-set along the table in `states.py`: of two that try, one wins.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from partnerlab.client.datapump.migrations import HISTORY
from partnerlab.client.datapump.queries import DUE, FIRST_IN_LINE, DeliveryQueries, now_ms
from partnerlab.client.datapump.statements import writable
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.tables import METADATA, Delivery
from partnerlab.contracts.database_errors import DatabaseUnusable
from partnerlab.contracts.history import DatabaseNewer, DatabaseUnknown, missing

__all__ = ["Begin", "DeliveryStore", "End", "Handed", "Move", "OtherVersion"]

log = logging.getLogger("partnerlab.client.datapump")


_ACCEPT = (
    "INSERT INTO pump_deliveries (lane, event_id, kind, biller_guid, account_number, account, seq, event, state, run,"
    " attempts, tries, message, accepted_at, updated_at)"
    " VALUES (:lane, :event_id, :kind, :biller_guid, :account_number, :account, :seq, :event,"
    " 'accepted', 1, 0, 0, '', :now, :now) ON CONFLICT (lane, event_id) DO NOTHING"
)
_PRUNED_OF = (
    "SELECT 1 FROM ({listed}) AS handed JOIN pump_pruned"
    " ON pump_pruned.lane = handed.lane AND pump_pruned.event_id = handed.event_id LIMIT 1"
)
_MOVE = (
    "UPDATE pump_deliveries SET state = :target, message = :message, retry_at = :retry_at, updated_at = :now,"
    " run = run + :requeue, tries = CASE WHEN :requeue = 1 THEN 0 ELSE tries - :refund END"
    " WHERE number = :number AND state = :source AND run = :run AND attempts = :attempts"
)
_BEGIN = (
    "UPDATE pump_deliveries SET state = 'sending', attempts = attempts + 1, tries = tries + 1,"
    " retry_at = NULL, updated_at = :now"
    f" WHERE number = :number AND state = 'accepted' AND run = :run AND attempts = :attempts AND {FIRST_IN_LINE}"
)
_NOTE_BEGIN = (
    "INSERT INTO pump_attempts (delivery, attempt, operation, request, idempotent, started_at, message)"
    " VALUES (:delivery, :attempt, :operation, :request, :idempotent, :now, '')"
)
_END = (
    "UPDATE pump_attempts SET ended_at = :now, outcome = :outcome, message = :message"
    " WHERE delivery = :delivery AND attempt = :attempt AND (outcome IS NULL OR outcome = 'unknown')"
)


class Handed(NamedTuple):
    """An event as its row has it; `event` is its document."""

    lane: str
    event_id: str
    kind: str
    biller_guid: str
    account_number: str
    event: str


class Begin(NamedTuple):
    """An attempt that is to be made. `request` is masked."""

    found: Delivery
    operation: str
    request: str
    idempotent: bool

    @property
    def lane(self) -> str:
        """The delivery's."""
        return self.found.lane


class Move(NamedTuple):
    """
    A delivery's way to another state.

    *requeue* begins a new run with a fresh count of tries; *refund* does not count the last one.
    """

    found: Delivery
    target: State
    message: str
    retry_at: int | None = None
    requeue: bool = False
    refund: bool = False

    @property
    def account(self) -> int:
        """The delivery's."""
        return self.found.account


class End(NamedTuple):
    """How an attempt ended: *outcome* and what was *said* of it, the state that *answered* it, and what follows."""

    outcome: str
    said: str
    answered: State
    move: Move

    @property
    def account(self) -> int:
        """The delivery's."""
        return self.move.found.account


class OtherVersion(DatabaseUnusable):
    """The pump's tables in this database are of a release that this one does not know; nothing was changed."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(
            f"the data pump's tables are of revision {found}, and this release knows them up to {HISTORY.newest}: use"
            " the release that changed them, or a database of its own"
        )


class DeliveryStore(DeliveryQueries):
    """
    The pump's tables. Methods that write take the caller's connection and transaction.

    Making one makes the tables where they are missing, and brings those of an older release to today's form. Raises
    `OtherVersion`, or `DatabaseUnknown` where they lack a table or a column that no script makes.
    """

    def __init__(self, database: sa.Engine) -> None:
        super().__init__(database)
        revision = self._create()
        if revision is None:
            return
        needed = {table.name: table.columns.keys() for table in METADATA.sorted_tables}
        try:
            if not HISTORY.is_newest(revision, "the database"):
                log.warning("the data pump's tables are brought from revision %s to %s", revision, HISTORY.newest)
                HISTORY.upgrade(database.url.render_as_string(hide_password=False), revision, needed)
        except DatabaseNewer:
            raise OtherVersion(revision) from None
        with self.reading() as connection:
            if lacks := missing(connection, needed, tables=True):
                raise DatabaseUnknown(database.url.render_as_string(), HISTORY.newest, f"it lacks {lacks}")

    def _create(self) -> str | None:
        """
        Make the tables, and return None, or return the revision of those that stand.

        In PostgreSQL processes that start together take turns.
        """
        with self.database.begin() as tx:
            if not self.named:
                tx.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('pump_deliveries'))")
            there = sa.inspect(tx).get_table_names()
            if not METADATA.tables.keys().isdisjoint(there):
                return self._revision(tx, there)
            for table in METADATA.sorted_tables:
                tx.execute(CreateTable(table, if_not_exists=True))
                for index in sorted(table.indexes, key=lambda index: str(index.name)):
                    tx.execute(CreateIndex(index, if_not_exists=True))
            for sql in HISTORY.noting():
                tx.exec_driver_sql(sql)
            return None

    def _revision(self, tx: sa.Connection, there: Sequence[str]) -> str:
        """Of tables that stand. Releases before the revisions kept a version, the first one none."""
        if HISTORY.table in there:
            return str(self.one(tx, HISTORY.asking())[0])
        version = self.one(tx, "SELECT max(version) FROM pump_version")[0] if "pump_version" in there else None
        return HISTORY.oldest if version is None else f"{version:04d}"

    def accept(self, tx: sa.Connection, handed: Sequence[Handed]) -> list[int] | None:
        """
        New deliveries at the ends of their accounts' lines; their accounts.

        None where a lane has, or had, an event of one of those ids; roll back then.
        """
        now, accounts = now_ms(), []
        # In one order in all processes: of two that wait for accounts of each other neither would go on.
        for each in sorted(handed, key=lambda each: (each.lane, each.biller_guid, each.account_number)):
            account, seq = self.one(
                tx,
                "INSERT INTO pump_accounts (lane, biller_guid, account_number, seq)"
                " VALUES (:lane, :biller_guid, :account_number, 1)"
                " ON CONFLICT (lane, biller_guid, account_number) DO UPDATE SET seq = pump_accounts.seq + 1"
                " RETURNING number, seq",
                lane=each.lane,
                biller_guid=each.biller_guid,
                account_number=each.account_number,
            )
            accounts.append(account)
            if not self.run(tx, _ACCEPT, account=account, seq=seq, now=now, **each._asdict()):
                return None
        # Asked after the inserts, which wait for whoever prunes one of these events at this moment.
        ids = json.dumps([[each.lane, each.event_id] for each in handed])
        if self.first(tx, _PRUNED_OF.format(listed=self.listed("ids", "lane", "event_id")), ids=ids) is not None:
            return None
        return accounts

    def move(self, tx: sa.Connection, moves: Sequence[Move]) -> bool:
        """
        Change states, where deliveries and rows still agree on state, run and attempts; whether all did.

        Where not all did, roll back what was meant to be done together.
        """
        now = now_ms()
        rows = [
            {
                "target": each.target.value,
                "message": writable(each.message),
                "retry_at": each.retry_at,
                "now": now,
                "requeue": int(each.requeue),
                "refund": int(each.refund),
                "number": each.found.number,
                "source": each.found.state.value,
                "run": each.found.run,
                "attempts": each.found.attempts,
            }
            for each in moves
        ]
        return self.run_each(tx, _MOVE, rows) == len(rows)

    def requeue(self, tx: sa.Connection, delivery: Delivery) -> bool:
        """Begin a new run of a delivery that stays what it is, if nothing else changed it; whether it did."""
        won = self.run(
            tx,
            "UPDATE pump_deliveries SET run = run + 1, updated_at = :now"
            " WHERE number = :number AND state = :state AND run = :run AND attempts = :attempts",
            now=now_ms(),
            number=delivery.number,
            state=delivery.state.value,
            run=delivery.run,
            attempts=delivery.attempts,
        )
        return won == 1

    def begin_attempts(self, tx: sa.Connection, begins: Sequence[Begin]) -> bool:
        """
        Write down that attempts are made, before they are.

        False where another run was first with one, or a delivery before it in the account's line is not over; roll back
        then what was meant to be done together. So order holds whatever the engine hands out.
        """
        now = now_ms()
        rows = [
            {"now": now, "number": each.found.number, "run": each.found.run, "attempts": each.found.attempts}
            for each in begins
        ]
        if self.run_each(tx, _BEGIN, rows) != len(rows):
            return False
        attempts = [
            {
                "delivery": each.found.number,
                "attempt": each.found.attempts + 1,
                "operation": each.operation,
                "request": writable(each.request),
                "idempotent": int(each.idempotent),
                "now": now,
            }
            for each in begins
        ]
        self.run_each(tx, _NOTE_BEGIN, attempts)
        return True

    def end_attempts(self, tx: sa.Connection, ends: Sequence[End]) -> None:
        """Write down how attempts ended; a later word replaces an earlier *unknown*."""
        now = now_ms()
        rows = [
            {
                "now": now,
                "outcome": each.outcome,
                "message": writable(each.said),
                "delivery": each.move.found.number,
                "attempt": each.move.found.attempts,
            }
            for each in ends
        ]
        self.run_each(tx, _END, rows)

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

    def due(
        self,
        lane: str | None = None,
        *,
        now: int | None = None,
        ring: Callable[[sa.Connection, list[int]], object] | None = None,
    ) -> int:
        """
        Move what has waited long enough back to accepted; how many those are. *now* is the time it waits for.

        *ring* is told their accounts in the same transaction. Reads before it writes: mostly nothing is due, and
        reading blocks nobody.
        """
        now = now_ms() if now is None else now
        if not self.is_due(lane, now):
            return 0
        where, given = _due(lane, now)
        with self.database.begin() as tx:
            rows = self.all(
                tx,
                f"UPDATE pump_deliveries {DUE} SET state = 'accepted', retry_at = NULL, updated_at = :now"
                f" WHERE {where} RETURNING account",
                now=now_ms(),
                **given,
            )
            if ring is not None:
                ring(tx, [account for (account,) in rows])
        return len(rows)

    def is_due(self, lane: str | None, now: int) -> bool:
        """Whether a delivery has waited until *now* or longer."""
        where, given = _due(lane, now)
        with self.reading() as connection:
            sql = f"SELECT 1 FROM pump_deliveries {DUE} WHERE {where} LIMIT 1"
            return self.first(connection, sql, **given) is not None

    def bring_forward(self, lane: str | None, by_ms: int | None, *, now: int) -> int:
        """Bring the next attempts of what waits forward, to *now* or by so much; how many that are."""
        where, given = ("", {}) if lane is None else (" AND lane = :lane", {"lane": lane})
        new = ":now" if by_ms is None else "retry_at - :by_ms"
        by = {"now": now} if by_ms is None else {"by_ms": by_ms}
        with self.database.begin() as tx:
            sql = f"UPDATE pump_deliveries {DUE} SET retry_at = {new} WHERE state = 'waiting'{where}"
            return self.run(tx, sql, **by, **given)


def _due(lane: str | None, now: int) -> tuple[str, dict[str, Any]]:
    """What has waited until *now*, as a condition and its values."""
    if lane is None:
        return "state = 'waiting' AND retry_at <= :due", {"due": now}
    return "state = 'waiting' AND retry_at <= :due AND lane = :lane", {"due": now, "lane": lane}
