"""
The data pump: takes events in for good, and sees each through to an outcome.

`submit` returns once the event is on the disk. A worker then routes it, writes down that it makes an attempt, makes
it, and writes down how it ended (`worker`). An attempt found open after a kill is therefore never simply repeated:
`outcomes` says what may be. Order holds within an account of a biller; a delivery between two attempts keeps its place.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa

from partnerlab.client.datapump.accepting import Receipt, accept
from partnerlab.client.datapump.database import create_database
from partnerlab.client.datapump.decisions import Record, decide, find, owed, record
from partnerlab.client.datapump.engine import Engine, Upkeep
from partnerlab.client.datapump.engine.durable import DurableEngine
from partnerlab.client.datapump.events import parse_event
from partnerlab.client.datapump.gate import LaneGate, NotRunning, closed_for_all
from partnerlab.client.datapump.lanes import Rows, drop_lane, exporting_lane, load_lane
from partnerlab.client.datapump.observing import Observer
from partnerlab.client.datapump.places import Places
from partnerlab.client.datapump.policy import RetryPolicy
from partnerlab.client.datapump.pruning import DEFAULT_AGE, Pruned, prune
from partnerlab.client.datapump.routes import Router
from partnerlab.client.datapump.states import State, parse_state
from partnerlab.client.datapump.store import DeliveryStore
from partnerlab.client.datapump.tables import METADATA, Delivery
from partnerlab.client.datapump.worker import Worker
from partnerlab.client.datapump.writing import Writing
from partnerlab.client.rtdr import Owed
from partnerlab.client.settings import BillerDirectory
from partnerlab.contracts.masking import mask_text

__all__ = ["DataPump"]

GRACE_S = 30.0
SPARE_CONNECTIONS = 8  # for balances that people ask for, beside the calls
PAUSE_S = 10.0


class DataPump:
    """
    A pump on one database: `sqlite:///file.db`, or `postgresql://…` where several workers share the load.

    *billers* says how each biller is set up at the moment of an attempt; *poll_s* is how often the queue is looked
    at, and so about how long an event waits at rest; *slots* is how many calls may be under way at once, of which one
    biller alone gets half.

    *engine* makes another engine than the durable one, for tests: `engine.in_process.InProcessEngine`, which also works
    in memory, on `sqlite://`.
    """

    def __init__(
        self,
        db_url: str,
        billers: BillerDirectory,
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008  frozen
        *,
        router: Router | None = None,
        poll_s: float = 0.1,
        slots: int = 256,
        dice: Callable[[], float] = random.random,
        engine: Callable[[sa.Engine], Engine] | None = None,
    ) -> None:
        self.policy = policy
        self.router = router or Router()
        self.router.connections = slots + SPARE_CONNECTIONS
        self._billers = billers
        self._dice = dice
        self._database = create_database(db_url, memory=engine is not None)
        self._durable = engine is None
        self._engine: Engine = (
            DurableEngine(self._database, poll_s=poll_s, slots=slots) if engine is None else engine(self._database)
        )
        self._slots = slots
        self._observers: list[Observer] = []
        self._gate = LaneGate()
        self._store_or_none: DeliveryStore | None = None
        self._store_lock = threading.Lock()
        self._running = False
        self._upkeep: Upkeep | None = None
        self._stopping, self._over = threading.Event(), threading.Event()

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self, *, worker: bool = True) -> Self:
        """
        Open the database and, as *worker*, begin to deliver; otherwise only take events in and show them.

        Raises `EngineBusy` where this process has a working pump already, `EngineChanged`, `OtherVersion`,
        `DatabaseUnknown`.
        """
        self._stopping.clear()
        self._over.clear()
        try:
            store = self._opened()
            places = Places(self._slots)
            self._writing = Writing(store, self._engine.ring)
            hand = Worker(
                store,
                self._writing,
                self._billers,
                self.router,
                self.policy,
                places=places,
                gate=self._gate,
                resume=self._engine.resume,
                holds=self._engine.holds,
                stopping=self._stopping,
                over=self._over,
                dice=self._dice,
                now=self._engine.now_ms,
                observers=self._observers,
            )
            self._engine.start(hand.work if worker else None, store, places, self._stopping)
        except BaseException:
            self._engine.stop()
            self._forget_store()
            raise
        self._running = True
        if worker and self._durable:
            self.router.open()
        if worker:
            self._upkeep = self._engine.upkeep(store)
            self._upkeep.start()
        return self

    def stop(self, *, grace_s: float = GRACE_S) -> None:
        """
        Stop delivering. Calls under way get *grace_s* to end; one that does not is found open at the next start.

        What waits or is queued stays so and goes on at the next start.
        """
        self.wind_down(grace_s)
        self._over.set()
        self._engine.stop()
        self._running = False
        self.router.close()
        self._forget_store()

    def wind_down(self, within_s: float) -> None:
        """Begin no further call, and wait so long for those under way. Events are still taken; `stop` is to follow."""
        self._stopping.set()
        if self._upkeep is not None:
            self._upkeep.stop()
            self._upkeep = None
        ends = time.monotonic() + within_s
        while self._engine.active() and time.monotonic() < ends:
            time.sleep(0.01)

    def observe(self, observer: Observer) -> None:
        """Tell *observer* of each attempt from now on, in the thread that made it, once it is written down."""
        self._observers.append(observer)

    def stands(self) -> bool:
        """Whether its database has tables of a pump; makes none. Raises what the database's driver raises."""
        return not METADATA.tables.keys().isdisjoint(sa.inspect(self._database).get_table_names())

    def problem(self) -> str:
        """Why it delivers nothing now: not started, stopping, or no answer from its database. Empty where it does."""
        if not self._running or self._stopping.is_set():
            return str(NotRunning())
        try:
            self._opened().standing()
        except sa.exc.SQLAlchemyError as error:
            return mask_text(f"the database does not answer: {type(error).__name__}")
        return ""

    @contextmanager
    def running(self, *, grace_s: float = GRACE_S) -> Iterator[Self]:
        """Started, and stopped with *grace_s* at the end of the block."""
        self.start()
        try:
            yield self
        finally:
            self.stop(grace_s=grace_s)

    def __enter__(self) -> Self:
        return self if self._running else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- events in ----------------------------------------------------------------------------------------------

    def submit(self, event: dict[str, Any], *, still: Callable[[], bool] | None = None) -> Receipt:
        """
        Accept an event: when this returns, it is on the disk and will be delivered in its account's order.

        *still* says, while its lane cannot be reset, whether whoever hands the event in has it still.

        The same event again is a duplicate and changes nothing. Raises `RequestInvalid` with field and rule, and
        `EventConflict` where the id was used for something else.
        """
        return accept(self._store, self._writing, self._gate, parse_event(event), still)

    def wake(self, lane: str | None = None, *, by: timedelta | None = None) -> int:
        """
        Cut the waits between attempts short, to nothing or *by* so much; how many deliveries were waiting.

        For when a partner is known to be back, and for a sandbox whose clock was moved; before the start too, for the
        others that share the database.
        """
        by_ms = None if by is None else by // timedelta(milliseconds=1)
        woken = self._opened().bring_forward(lane, by_ms, now=self._engine.now_ms(lane))
        if self._upkeep is not None:
            self._upkeep.kick()
        return woken

    def drain(self, lane: str | None = None, *, timeout_s: float = 30.0) -> bool:
        """
        Wait until no delivery is accepted or being sent; False where the time ran out.

        A delivery that waits for its next attempt does not count, nor do those behind it in its account's line.
        The in-process engine delivers here, and at no other time.
        """
        ends = time.monotonic() + timeout_s
        while not self._settled(lane):
            if time.monotonic() >= ends:
                return False
            time.sleep(0.02)
        return True

    def _settled(self, lane: str | None) -> bool:
        upkeep = self._upkeep  # another thread may wind down meanwhile
        return not self._opened().on_its_way(lane) if upkeep is None else upkeep.settled(lane)

    def waiting(self, lane: str, until: datetime) -> list[Delivery]:
        """What waits in a lane for an attempt not after *until*, by the clock of its retries; the next first."""
        return self._store.waiting(lane, int(until.timestamp() * 1000))

    def payments_in_doubt(
        self, lane: str, biller_guid: str, account_number: str, *, settled_since: datetime | None = None
    ) -> list[str]:
        """
        PaymentGUIDs of the account's payments of which it is not certain and settled that the partner has them.

        Or of which it is not certain that the partner knows they came back [A-112]. Their deliveries are accepted,
        under way, waiting, unknown, not understood, or dead and not dismissed: while there is any, a balance that the
        partner answers may be older than the payment [A-84]. *settled_since*, in real time and aware, adds those that
        the partner took since: an answer to a question that left before knows nothing of them.

        The answer is true at this moment, and before the pump is started too. Ask where the balance is applied, after
        looking for events that the pump was not given yet: an event is in one of the two places at any time.
        """
        since = None if settled_since is None else int(settled_since.timestamp() * 1000)
        return self._opened().payments_in_doubt(lane, biller_guid, account_number, since)

    # -- lanes --------------------------------------------------------------------------------------------------

    @contextmanager
    def lane_paused(self, *lanes: str) -> Iterator[bool]:
        """
        Within the block no call of these lanes begins and no event of theirs is taken (`LaneClosed`).

        True where everything under way had ended before. The block begins after ten seconds in any case; an answer that
        comes later is not recorded, because its delivery is gone.
        """
        quiet = [self._gate.close(lane, PAUSE_S) for lane in lanes]
        try:
            with closed_for_all(self._opened(), lanes, PAUSE_S) as all_quiet:
                yield all(quiet) and all_quiet
        finally:
            for lane in lanes:
                self._gate.open(lane)
                if self._running:
                    self._engine.resume(self._opened().accepted_in(lane))

    def drop_lane(self, lane: str) -> None:
        """Delete everything of a lane; a reset does so too."""
        store = self._opened()  # before the transaction: in memory there is one connection
        with self._database.begin() as tx:
            drop_lane(store, tx, lane)

    def exporting_lane(self, lane: str) -> AbstractContextManager[Iterator[tuple[str, Iterator[dict[str, Any]]]]]:
        """Everything of a lane as rows by table, in JSON values; each table is to be read before the next one."""
        return exporting_lane(self._opened(), lane)

    def export_lane(self, lane: str) -> dict[str, list[dict[str, Any]]]:
        """Everything of a lane as rows by table, in JSON values, all of it in memory."""
        with self.exporting_lane(lane) as tables:
            return {name: [*rows] for name, rows in tables}

    def load_lane(self, lane: str, rows: Rows) -> None:
        """Replace what *lane* holds by an export. Deliveries that were on their way in it are delivered from here."""
        store = self._opened()  # before the transaction, as in `drop_lane`
        with self._database.begin() as tx:
            load_lane(store, tx, lane, rows, lambda accounts: self._ring_if_running(tx, accounts))

    def fork_lane(self, lane: str, copy: str) -> None:
        """Replace what *copy* holds by what *lane* holds."""
        self.load_lane(copy, self.export_lane(lane))

    def prune(self, age: timedelta = DEFAULT_AGE, *, dry_run: bool = False) -> Pruned:
        """Forget deliveries that ended longer ago than *age*; safe beside running workers. Their events stay known."""
        return prune(self._store, self._engine, age, dry_run=dry_run)

    # -- what a person sees and does ----------------------------------------------------------------------------

    def deliveries(
        self,
        *,
        lane: str | None = None,
        state: State | str | None = None,
        kind: str | None = None,
        biller_guid: str | None = None,
        account_number: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Delivery]:
        """Deliveries, newest first; give the last one's `number` as *before* for the next page."""
        filters = {
            "lane": lane,
            "state": None if state is None else parse_state(state).value,
            "kind": kind,
            "biller_guid": biller_guid,
            "account_number": account_number,
        }
        return self._opened().find(filters, before=before, limit=limit)

    def counts(self, lane: str | None = None) -> dict[State, int]:
        """How many deliveries stand in each state. Walks through all of them."""
        return self._opened().counts(lane)

    def standing(self) -> dict[State, tuple[int, int]]:
        """
        How many are on their way or wait for a person, by state, and when the oldest of each was accepted.

        In milliseconds since 1970 (UTC). Quick however many there are.
        """
        return self._store.standing()

    def delivery(self, id: str) -> Record:
        """A delivery with its history. Raises `DeliveryNotFound`."""
        return record(self._opened(), id)

    def replay(self, id: str, reason: str, *, by: str = "operator") -> Record:
        """Try a dead or dismissed delivery again, a waiting one without waiting, or queue an accepted one anew."""
        return decide(self._store, self._engine, id, "replay", reason, by)

    def dismiss(self, id: str, reason: str, *, by: str = "operator") -> Record:
        """Give a delivery up, with a note of who did and why; it is not tried again."""
        return decide(self._store, self._engine, id, "dismiss", reason, by)

    def abandon(self, id: str, reason: str, *, by: str = "operator") -> Record:
        """Declare an open attempt lost, because its process is gone; its outcome is then unknown."""
        return decide(self._store, self._engine, id, "abandon", reason, by)

    def resolve(self, id: str, posted: bool, reason: str, *, by: str = "operator") -> Record:
        """Say whether the partner has an unknown or not understood delivery: it is delivered then, else tried again."""
        verb = "resolve as posted" if posted else "resolve as not posted"
        return decide(self._store, self._engine, id, verb, reason, by)

    def check_balance(self, id: str) -> Owed:
        """
        Ask the partner now for the balance of a payment's account, to help a person resolve an unknown one.

        Raises `DeliveryNotFound`, `RequestInvalid` where it is no payment to a partner with balances, and what the call
        raises.
        """
        return owed(find(self._store, id), self._billers, self.router)

    # -- helpers ------------------------------------------------------------------------------------------------

    @property
    def _store(self) -> DeliveryStore:
        if not self._running:
            raise NotRunning
        return self._opened()

    def _opened(self) -> DeliveryStore:
        """The store, started or not."""
        with self._store_lock:
            if self._store_or_none is None:
                self._store_or_none = DeliveryStore(self._database)
            return self._store_or_none

    def _forget_store(self) -> None:
        with self._store_lock:
            self._store_or_none = None
            self._database.dispose()

    def _ring_if_running(self, tx: sa.Connection, accounts: list[int]) -> None:
        """Before the start there is no engine to give it to; the first sweep finds it."""
        if self._running:
            self._engine.ring(tx, accounts)
