"""
The durable engine: DBOS, set up for this pump, behind the few words the pump needs. No other module of it imports it.

It holds no row for an event. The accounts are divided into shards, and the engine knows *bells*: a bell is a queued
workflow that says that something of a shard is to be done. `ring` puts one into the queue, in the transaction that
makes something due, unless one is in the queue already. Whoever answers it has the shard for a round (`rounds`), in
which it delivers what the pump's own tables have for the shard's accounts, however many those are.

Its defaults would break this pump, as measured. So these are set here:

- one round of a shard at a time, over all processes: partitions of one;
- deploys: a fixed application version, else waiting work of the last release is never taken up;
- nothing private in its tables: inputs are numbers, serialised as JSON, so nothing is run from a table either;
- dead workers: executor ids are slots, each with a lock, and the work of a slot that can be locked is taken over;
- quiet: no console, no telemetry, errors only in the log; and where nothing is to be done it does next to nothing
  (`listening`).

The engine's function has no recorded steps: the pump's own tables say what was done. It ends with its round, or with
`Parked` where the pump stops, which leaves its row pending: the next start, or another process, goes on with it.

No documentation of the engine says that an exception which is no `Exception` leaves the row pending, nor describes its
tables, which this looks into. Each start checks both (`installed`). While the pump runs it looks for shards that were
forgotten all the same (`silent`): the pump's own tables are the truth.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from partnerlab.client.datapump.engine import Parked, Work
from partnerlab.client.datapump.engine.bells import LIVE, QUEUE, VERSION, WORKFLOW, Bells
from partnerlab.client.datapump.engine.installed import EngineChanged, check_tables, engines_look
from partnerlab.client.datapump.engine.listening import Listener
from partnerlab.client.datapump.engine.process import claim_process, registered, release_process
from partnerlab.client.datapump.engine.rounds import SHARDS, TURN_S, Claim, Rounds, shard_of
from partnerlab.client.datapump.places import Places, Run
from partnerlab.client.datapump.queries import now_ms
from partnerlab.client.datapump.slots import Slots, slot_name, slots_of
from partnerlab.client.datapump.store import DeliveryStore
from partnerlab.client.datapump.upkeep import Upkeep

__all__ = ["DurableEngine"]

log = logging.getLogger("partnerlab.client.datapump")

APPLICATION = "datapump"
WORKFLOW_BEFORE = "deliver"
"""What releases before this one queued for each event; the pump's own tables know all of it."""
HEADROOM = 32
"""Runs that may be at work beside those that call a partner: they only look, and wait for a place."""

HELD_BACK_S = TURN_S + 1
"""Longer than a turn: it is let go earlier, unless all workers were killed."""
PROBE = "probe:"
CHUNK = 500


class DurableEngine(Bells):
    """
    One engine on one database.

    *poll_s* is how often the queue is looked at, *slots* how many calls may be under way at once.
    """

    def __init__(self, database: sa.Engine, *, poll_s: float = 0.1, slots: int = 256) -> None:
        super().__init__(database)
        self._poll_s, self._threads = poll_s, slots + HEADROOM
        self._rounds: Rounds | None = None
        self._store: DeliveryStore | None = None
        self._client: Any = None
        self._workflow: Any = None
        self._listener: Listener | None = None
        self._slots: Slots | None = None
        self._stopping = threading.Event()
        self._active: list[str] = []
        self._suspects: set[str] = set()
        self._free_since: dict[int, float] = {}
        self._lock = threading.Lock()

    def start(self, work: Work | None, store: DeliveryStore, places: Places, stopping: threading.Event) -> None:
        """
        Connect, and answer bells with *work* where it is given.

        It is called on a thread of our own with a delivery's number and run; it returns, or raises `Parked`.

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
        check_tables(self._database, self._schema())
        self._client = DBOSClient(
            system_database_engine=self._database,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            retry_connection_errors=False,  # who asks tries again, and a pump without its database can be stopped
            lazy=True,
        )
        self._client.register_queue(
            QUEUE,
            partition_concurrency=1,
            worker_concurrency=SHARDS,
            polling_interval_sec=self._poll_s,
            # The workers set how the queue is worked through.
            on_conflict="never_update" if work is None else "always_update",
        )
        self._store, self._stopping = store, stopping
        if work is not None:
            self._rounds = Rounds(
                work, store, places, stopping, self._claims, threads=self._threads, poll_s=self._poll_s
            )
            self._launch(DBOS, DBOSPortableJSONSerializer(), slots)
            self._forget_former_runs()
            with self._database.begin() as tx:  # for what was loaded or left without an engine
                self.ring(tx, store.ready_accounts())

    def _launch(self, dbos: Any, serializer: Any, slots: Slots) -> None:
        claim_process(self)
        self._slots = slots
        self._slot = self._slots.take()
        self._workflow = registered(dbos, WORKFLOW, _answer)
        launched = dbos(
            config={
                "name": APPLICATION,
                "system_database_engine": self._database,
                "application_version": VERSION,
                "executor_id": slot_name(self._slot),
                "serializer": serializer,
                "enable_otlp": False,
                "log_level": "ERROR",
                # The pump uses no messages; what looks for them, or tells of them, only delays the shutdown.
                "notification_listener_polling_interval_sec": 0.2,
                "notification_coalesce_sec": 0.2,
            }
        )
        looks = engines_look()
        if looks is not None:
            dbos.listen_queues([])
        dbos.launch()
        self._check_parking(dbos)
        if looks is not None:
            self._listener = Listener(looks, launched, dbos.retrieve_queue(QUEUE), self._queued)

    def _check_parking(self, dbos: Any) -> None:
        """A run that is parked must stay pending; one that ended would leave its delivery behind."""
        from dbos import SetWorkflowID

        probe = f"{PROBE}{self._slot}:{time.time_ns()}"
        with SetWorkflowID(probe), suppress(Parked):
            self._workflow(0)
        with self._statements.reading() as connection:
            status = [*self._statuses(connection, [probe]).values()]
        dbos.delete_workflows([probe])
        if status != ["PENDING"]:
            raise EngineChanged(f"a run that is parked stands as {status or 'nothing'}, not as PENDING")

    def stop(self) -> None:
        """Stop taking work and let go of the slot. Runs still under way end on their own."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None
        if release_process(self):
            from dbos import DBOS

            # It cannot run what it claims while it stops, and logs that; the next start takes it up.
            logging.getLogger("dbos").setLevel(logging.CRITICAL)
            DBOS.destroy()
            self._hand_over()
        if self._rounds is not None:
            self._rounds.close()
            self._rounds = None
        if self._slots is not None:
            self._slots.release()
            self._slots = None
        if self._client is not None:
            self._client.destroy()
            self._client = None

    def ring(self, tx: sa.Connection, accounts: Iterable[int]) -> None:
        """
        Have these accounts looked at once the caller's transaction is committed. Called once in it: what it queued may
        be rolled back, and is not to be seen.

        A bell in the queue will do: if it is answered at this moment, its round lingers long enough to see what is
        committed here. Beside a round the bell is held back, for the engine would look at it again and again.
        """
        now = time.monotonic()
        shards = self._unseen({shard_of(account) for account in accounts}, now)
        bells = self._bells(tx) if shards else []
        for shard in sorted(shards):
            stands = {status for of, status, _ in bells if of == shard}
            if stands & {"ENQUEUED", "DELAYED"}:
                self._seen_at[shard] = now
            else:
                self._enqueue(tx, shard, held_back="PENDING" in stands)
                # Only at rest: beside its rounds this process would take almost every shard, and leave others idle.
                if self._listener is not None and self._rounds is not None and self._rounds.resting():
                    self._listener.bellpush.ring()

    def _enqueue(self, tx: sa.Connection, shard: int, *, held_back: bool = False) -> None:
        options: dict[str, Any] = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": f"{shard}:{uuid.uuid4().hex}",
            "queue_partition_key": str(shard),
            "app_version": VERSION,
        }
        if held_back:
            options["delay_seconds"] = HELD_BACK_S
        self._client.enqueue_in_transaction(tx, options, shard)

    def release(self) -> None:
        """Let bells be answered that were held back for a round that is over."""
        with self._statements.reading() as connection:
            bells = self._bells(connection)
        taken = {shard for shard, status, _ in bells if status != "DELAYED"}
        self._put_back([bell for shard, status, bell in bells if status == "DELAYED" and shard not in taken])

    def resume(self, runs: Iterable[Run]) -> None:
        """Do parked runs now where their round goes on here; ring for the others."""
        left = list(runs) if self._rounds is None else self._rounds.resume(runs)
        if left and self._store is not None:
            found = [self._store.by_number(number) for number, _ in left]
            with self._database.begin() as tx:
                self.ring(tx, [each.account for each in found if each is not None])

    def prune(self, before_ms: int, *, dry_run: bool = False) -> int:
        """Forget runs that ended before then, some at a time, or only count them; how many."""
        ended = f"status IN ('SUCCESS', 'ERROR', 'CANCELLED') AND completed_at < {before_ms:d}"
        if dry_run:
            with self._statements.reading() as connection:
                counting = f"SELECT count(*) FROM {self._table()} WHERE {ended}"
                return int(connection.exec_driver_sql(counting).scalar_one())
        return self._delete(ended)

    def forget_bells(self, before_ms: int) -> None:
        """Delete the bells that were answered before then."""
        self._delete(f"name = '{WORKFLOW}' AND status = 'SUCCESS' AND completed_at < {before_ms:d}")

    def _delete(self, where: str) -> int:
        """Delete rows of the engine's, some at a time; how many."""
        some = f"SELECT workflow_uuid FROM {self._table()} WHERE {where} LIMIT {CHUNK}"
        count = 0
        while True:
            with self._statements.reading() as connection:
                ids = [id for (id,) in connection.exec_driver_sql(some)]
            if not ids:
                return count
            self._client.delete_workflows(ids)
            count += len(ids)

    def active(self) -> int:
        """How many runs are under way in this process."""
        return 0 if self._rounds is None else self._rounds.active()

    def now_ms(self, lane: str | None) -> int:
        """Retries are made by the real time, whatever a lane's clock shows."""
        return now_ms()

    def upkeep(self, store: DeliveryStore) -> Upkeep:
        """The threads that look for what is due, and what was left."""
        return Upkeep(store, self)

    def answer(self, bell: str, shard: int) -> None:
        """Have a round of a shard. Called by the engine only."""
        rounds = self._rounds
        if rounds is None:
            raise Parked
        with self._lock:
            self._active.append(bell)
        try:
            claims = [claim for claim, of in self._claims().items() if of == shard]
            ours = next((claim for claim in claims if claim[0] == bell), None)
            if ours is None or ours[1] != slot_name(self._slot):  # it began so late that it was given to another
                raise Parked
            # The engine may give two bells of a shard to two processes at one moment. Whoever claimed last sees both.
            alone = len(claims) == 1
            if alone and self._round(rounds, shard, ours):
                with self._database.begin() as tx:
                    if all(of != shard or status == "PENDING" for of, status, _ in self._bells(tx)):
                        self._enqueue(tx, shard)
        finally:
            with self._lock:
                self._active.remove(bell)
        if not alone:
            self._put_back([bell])
            raise Parked

    def _round(self, rounds: Rounds, shard: int, ours: Claim) -> bool:
        """`Rounds.run`, once no other process has a call of the shard under way, whatever became of its bell."""
        while (slots := self._slots) is not None and not self._stopping.is_set():
            with slots.shard(shard) as locked:
                if locked:
                    return rounds.run(shard, ours)
            self._stopping.wait(self._poll_s)
        raise Parked

    def keep(self) -> None:
        """Lock slot and shards again where the connection that held them was lost."""
        if self._slots is not None:
            self._slots.held()

    def take_over(self) -> None:
        """
        Put bells back into the queue that are pending without anybody to answer them: of a worker that died.

        Those of a live worker are not among them, though it may have lost its lock for a moment: the slot of a dead one
        is free in a later look too. Of our own bells only those are that were found in the last look too: one just
        claimed is pending before it is answered.
        """
        if self._slots is None or not self._slots.held():
            return
        pending = self._pending(self._slot)
        with self._lock:  # a bell that is answered after this is found put back, and left
            idle = {id for id in pending if id not in self._active}
            self._put_back(sorted(idle & self._suspects))
        self._suspects = idle
        now, free = time.monotonic(), dict[int, float]()
        for slot in self._others():
            with self._slots.borrow(slot) as unlocked:
                if unlocked:
                    free[slot] = self._free_since.get(slot, now)
                    if now - free[slot] >= self._slots.patience_s:
                        self._put_back(self._pending(slot))
        self._free_since = free

    def holds(self, account: int) -> bool:
        """Whether an account's shard is at a round that goes on here."""
        return self._rounds is not None and self._rounds.holds(account)

    def _hand_over(self) -> None:
        """Let other processes go on with the shards that were ours, but for those in which a call is under way."""
        try:
            mine = self._pending(self._slot)
            with self._lock:
                self._put_back([id for id in mine if id not in self._active])
        except Exception:
            log.exception("the shards of this process could not be handed over; they will be taken over")

    def _put_back(self, bells: Sequence[str]) -> None:
        if bells:
            self._client.resume_workflows([*bells], queue_name=QUEUE)

    def _forget_former_runs(self) -> None:
        """Delete what an earlier release queued and did not end: whatever of it is to be done is rung for."""
        statuses = ", ".join(f"'{status}'" for status in LIVE)
        self._delete(f"name = '{WORKFLOW_BEFORE}' AND status IN ({statuses})")


def _answer(engine: object, bell: str, shard: int) -> None:
    if not isinstance(engine, DurableEngine) or bell.startswith(PROBE):
        raise Parked
    engine.answer(bell, shard)
