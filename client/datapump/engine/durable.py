"""
The durable engine: DBOS, set up for this pump, behind the few words the pump needs. No other module of it imports it.

Its defaults would break this pump, as measured. So these are set here:

- order within an account: partitions of one, and the account's own sequence number as priority, because the engine's
  clock has ties;
- deploys: a fixed application version, else waiting work of the last release is never taken up;
- nothing private in its tables: inputs are numbers, serialised as JSON, so nothing is run from a table either;
- dead workers: executor ids are slots, each with a lock, and the work of a slot that can be locked is taken over;
- quiet: no console, no telemetry, errors only in the log.

The engine's function has no recorded steps: it looks into the pump's own tables, which say what was done. It ends
either with an outcome or with `Parked`, which leaves its row pending: the account stays blocked, and neither a thread
nor a slot is held. `resume` puts a parked one back into its queue.

That an exception which is no `Exception` leaves the row pending is said in no documentation of the engine, and neither
are its tables, which are looked into. Both are checked at each start (`EngineChanged`). Whether a row is lost all the
same (`lost`) is looked for while the pump runs: the pump's own tables are the truth.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from partnerlab.client.datapump.engine import EngineBusy, Parked, Work
from partnerlab.client.datapump.places import Places, Run
from partnerlab.client.datapump.queries import now_ms
from partnerlab.client.datapump.slots import MAX_SLOTS, FileSlots, PostgresSlots, Slots, slot_name
from partnerlab.client.datapump.store import DeliveryStore
from partnerlab.client.datapump.upkeep import Upkeep

__all__ = ["DurableEngine", "EngineChanged", "claim_process", "current", "release_process", "slots_of"]

log = logging.getLogger("partnerlab.client.datapump")

APPLICATION = "datapump"
VERSION = "1"
QUEUE = "deliveries"
WORKFLOW = "deliver"
HEADROOM = 32
"""Runs that may be at work beside those that call a partner: they only look, and wait for a place."""

COLUMNS = {"workflow_uuid", "status", "executor_id", "queue_name", "queue_partition_key", "priority", "completed_at"}
LIVE = ("ENQUEUED", "PENDING", "DELAYED")
PROBE = "probe:"
CHUNK = 500


class EngineChanged(RuntimeError):
    """The installed engine does not work as the pump needs it; nothing was delivered."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the engine (dbos {version('dbos')}) does not work as the data pump needs it: {what}; install the version"
            " that this release names"
        )


class DurableEngine:
    """
    One engine on one database.

    *poll_s* is how often the queue is looked at, *slots* how many calls may be under way at once.
    """

    def __init__(self, database: sa.Engine, *, poll_s: float = 0.1, slots: int = 256) -> None:
        self._database, self._poll_s, self._concurrency = database, poll_s, slots + HEADROOM
        self._work: Work | None = None
        self._client: Any = None
        self._slots: Slots | None = None
        self._slot = 0
        self._active: set[str] = set()
        self._suspects: set[str] = set()
        self._lock = threading.Lock()
        self._ended = threading.Condition(self._lock)

    def start(self, work: Work | None) -> None:
        """
        Connect, and work through the queue with *work* where it is given.

        It is called on a thread of the engine with a delivery's number and run; it returns, or raises `Parked`.

        Raises `EngineBusy` where this process has a worker already, `NoSlot` where the database has too many,
        `EngineChanged` where the installed engine is not the one this was written for; call `stop` after any error.
        """
        from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

        logging.getLogger("dbos").setLevel(logging.ERROR)
        # With PostgreSQL always: where nothing is to do it only looks, and who made the tables may have been killed.
        shared = self._database.dialect.name == "postgresql"
        slots = slots_of(self._database)
        with slots.starting():  # the engine makes its tables in many steps, and another process would see some of them
            if shared or not sa.inspect(self._database).has_table("workflow_status", schema=self._schema()):
                DBOS.migrate(self._database.url.render_as_string(hide_password=False))
        self._check_table()
        self._client = DBOSClient(
            system_database_engine=self._database,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
        )
        self._client.register_queue(
            QUEUE,
            partition_concurrency=1,
            worker_concurrency=self._concurrency,
            polling_interval_sec=self._poll_s,
            # The workers set how the queue is worked through.
            on_conflict="never_update" if work is None else "always_update",
        )
        if work is not None:
            self._work = work
            self._launch(DBOS, DBOSPortableJSONSerializer(), slots)

    def _launch(self, dbos: Any, serializer: Any, slots: Slots) -> None:
        claim_process(self)
        self._slots = slots
        self._slot = self._slots.take()
        _register(dbos)
        dbos(
            config={
                "name": APPLICATION,
                "system_database_engine": self._database,
                "application_version": VERSION,
                "executor_id": slot_name(self._slot),
                "serializer": serializer,
                "enable_otlp": False,
                "log_level": "ERROR",
                # The pump uses no messages; what polls for them only delays the shutdown.
                "notification_listener_polling_interval_sec": 0.2,
            }
        )
        dbos.launch()
        self._check_parking(dbos)

    def _check_table(self) -> None:
        found = {each["name"] for each in sa.inspect(self._database).get_columns("workflow_status", self._schema())}
        if missing := COLUMNS - found:
            raise EngineChanged(f"its table workflow_status has no {', '.join(sorted(missing))}")

    def _check_parking(self, dbos: Any) -> None:
        """A run that is parked must stay pending; one that ended would leave its delivery behind."""
        from dbos import SetWorkflowID

        probe = f"{PROBE}{self._slot}:{time.time_ns()}"
        with SetWorkflowID(probe), suppress(Parked):
            _registered(0, 0)
        with self._database.connect() as connection:
            status = [*self._statuses(connection, [probe]).values()]
        dbos.delete_workflows([probe])
        if status != ["PENDING"]:
            raise EngineChanged(f"a run that is parked stands as {status or 'nothing'}, not as PENDING")

    def stop(self) -> None:
        """Stop taking work and let go of the slot. Runs still under way end on their own."""
        if release_process(self):
            from dbos import DBOS

            # It cannot run what it claims while it stops, and logs that; the next start takes it up.
            logging.getLogger("dbos").setLevel(logging.CRITICAL)
            DBOS.destroy()
        if self._slots is not None:
            self._slots.release()
            self._slots = None
        if self._client is not None:
            self._client.destroy()
            self._client = None

    def enqueue(self, connection: sa.Connection, *, account: int, seq: int, number: int, run: int) -> None:
        """Queue a run of a delivery, within the caller's transaction, behind the account's earlier ones."""
        self._client.enqueue_in_transaction(
            connection,
            {
                "workflow_name": WORKFLOW,
                "queue_name": QUEUE,
                "workflow_id": _workflow_id(number, run),
                "queue_partition_key": str(account),
                "priority": seq,
                "app_version": VERSION,
            },
            number,
            run,
        )

    def resume(self, runs: Iterable[Run]) -> list[Run]:
        """Put parked runs back into the queue; those that could not, because they have ended or are gone."""
        lost: list[Run] = []
        for ids in _chunks([_workflow_id(*run) for run in runs]):
            with self._database.connect() as connection:
                statuses = self._statuses(connection, ids)
            there = [id for id in ids if statuses.get(id, "SUCCESS") not in ("SUCCESS", "ERROR")]
            lost += [_run(id) for id in ids if id not in there]
            if there:
                self._client.resume_workflows(there, queue_name=QUEUE)
        return lost

    def lost(self, runs: Iterable[Run]) -> list[Run]:
        """Those of *runs* that the engine will not do: their row is gone, or has ended."""
        found: list[Run] = []
        by_id = {_workflow_id(*run): run for run in runs}
        for ids in _chunks([*by_id]):
            with self._database.connect() as connection:
                statuses = self._statuses(connection, ids)
            found += [by_id[id] for id in ids if statuses.get(id) not in LIVE]
        return found

    def prune(self, before_ms: int, *, dry_run: bool = False) -> int:
        """Forget runs that ended before then, some at a time, or only count them; how many."""
        ended = f"status IN ('SUCCESS', 'ERROR', 'CANCELLED') AND completed_at < {before_ms:d}"
        if dry_run:
            with self._database.connect() as connection:
                counting = f"SELECT count(*) FROM {self._table()} WHERE {ended}"  # noqa: S608  constants
                return int(connection.exec_driver_sql(counting).scalar_one())
        some = f"SELECT workflow_uuid FROM {self._table()} WHERE {ended} LIMIT {CHUNK}"  # noqa: S608  constants
        count = 0
        while True:
            with self._database.connect() as connection:
                ids = [id for (id,) in connection.exec_driver_sql(some)]
            if not ids:
                return count
            self._client.delete_workflows(ids)
            count += len(ids)

    def active(self) -> int:
        """How many runs are under way in this process."""
        with self._lock:
            return len(self._active)

    def now_ms(self, lane: str | None) -> int:
        """Retries are made by the real time, whatever a lane's clock shows."""
        return now_ms()

    def upkeep(self, store: DeliveryStore, places: Places) -> Upkeep:
        """The threads that queue what is due, and what was left."""
        return Upkeep(store, self, places)

    def run(self, workflow_id: str, number: int, run: int) -> str:
        """
        Do one run. Called by the engine only.

        A run that was queued again while it is at work waits for its end: it would take the open attempt for one that
        was interrupted.
        """
        if self._work is None:
            raise Parked
        with self._ended:
            self._ended.wait_for(lambda: workflow_id not in self._active)
            self._active.add(workflow_id)
        try:
            return self._work(number, run)
        finally:
            with self._ended:
                self._active.discard(workflow_id)
                self._ended.notify_all()

    def abandoned(self) -> list[Run]:
        """
        Runs that are pending without anybody at work on them: parked here, or of a worker that died.

        Those of a live worker are not among them, and of our own only those that were found in the last look too: a run
        just claimed is pending before it is at work.
        """
        if self._slots is None or not self._slots.held():
            return []
        pending = self._pending(self._slot)
        with self._lock:
            idle = {id for id in pending if id not in self._active}
        found = sorted(idle & self._suspects)
        self._suspects = idle
        for slot in self._others():
            with self._slots.borrow(slot) as dead:
                if dead:
                    found += self._pending(slot)
        return [_run(id) for id in found]

    def _statuses(self, connection: sa.Connection, ids: Sequence[str]) -> dict[str, str]:
        """Status by workflow id, of those that are there."""
        query = sa.text(f"SELECT workflow_uuid, status FROM {self._table()} WHERE workflow_uuid IN :ids")  # noqa: S608
        return dict(connection.execute(query.bindparams(sa.bindparam("ids", expanding=True)), {"ids": list(ids)}).all())

    def _others(self) -> set[int]:
        """Slots other than ours that hold pending work."""
        names = {slot_name(slot): slot for slot in range(1, MAX_SLOTS + 1) if slot != self._slot}
        with self._database.connect() as connection:
            rows = connection.exec_driver_sql(
                f"SELECT DISTINCT executor_id FROM {self._table()} WHERE status = 'PENDING'"  # noqa: S608  a constant
            )
            return {names[name] for (name,) in rows if name in names}

    def _pending(self, slot: int) -> list[str]:
        rows = self._client.list_workflows(
            status="PENDING",
            executor_id=slot_name(slot),
            queue_name=QUEUE,
            load_input=False,
            load_output=False,
        )
        return [row.workflow_id for row in rows]

    def _schema(self) -> str | None:
        return None if self._database.dialect.name == "sqlite" else "dbos"

    def _table(self) -> str:
        return f"{self._schema()}.workflow_status" if self._schema() else "workflow_status"


def slots_of(database: sa.Engine) -> Slots:
    """The slots of the worker processes on a database."""
    if database.dialect.name == "sqlite":
        assert database.url.database is not None
        return FileSlots(str(Path(database.url.database).resolve()))
    return PostgresSlots(database.url)


def _workflow_id(number: int, run: int) -> str:
    return f"{number}:{run}"


def _run(workflow_id: str) -> Run:
    number, _, run = workflow_id.partition(":")
    return int(number), int(run)


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at a time as every database takes in one statement."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


# The engine is a singleton of its process, whoever uses it, and so is the function registered with it.
_current: object | None = None
_current_lock = threading.Lock()


def claim_process(owner: object) -> None:
    """Take the one engine of this process. Raises `EngineBusy` where somebody has it."""
    global _current
    with _current_lock:
        if _current is not None:
            raise EngineBusy
        _current = owner


def current() -> object | None:
    """Who has the engine of this process."""
    return _current


def release_process(owner: object) -> bool:
    """Give it back; False where it is not *owner*'s."""
    global _current
    with _current_lock:
        if _current is not owner:
            return False
        _current = None
        return True


_registered: Any = None


def _register(dbos: Any) -> None:
    global _registered
    if _registered is not None:
        return

    @dbos.workflow(name=WORKFLOW, max_recovery_attempts=None)  # type: ignore[untyped-decorator,unused-ignore]
    def deliver(number: int, run: int) -> str:
        engine = _current
        if not isinstance(engine, DurableEngine) or dbos.workflow_id.startswith(PROBE):
            raise Parked
        return engine.run(dbos.workflow_id, number, run)

    _registered = deliver
