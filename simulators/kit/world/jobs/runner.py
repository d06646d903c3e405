"""
The runner of due work: claim a row, do the work, write what came of it; again later where it is to be tried again.

Work is done when its time comes, when a lane's clock is advanced (`due`), or now (`attempt`, `submit`). Each work has a
thread, which sleeps until the first moment at which any of it is due, and is woken where that changes. However many try
at once, in one process or several, one of them does it. Times are those of the lane's clock, so in a lane whose clock
is frozen nothing happens by itself; work that concerns nobody's clock (`real_time`) goes by real time.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.jobs.living import Living
from partnerlab.simulators.kit.world.jobs.queue import RowState, Taken
from partnerlab.simulators.kit.world.jobs.work import Key, Work, WorkOutcome, nothing
from partnerlab.simulators.kit.world.lanes import Lane, LaneNotFound, Lanes, in_world
from partnerlab.simulators.kit.world.locks import clock_lock
from partnerlab.simulators.kit.world.store import LaneReplaced, Store, Tx, in_lane
from partnerlab.simulators.kit.world.table import utc_text

__all__ = ["Runner"]

MOST_AT_ONCE = 100
THREADS = 4
LOOK_EVERY_S = 5.0
"""How often to look for work that other processes left in a shared database; they cannot wake this one."""
MOVED_S = 0.2
"""How soon to look again in a lane whose clock another replica moves."""
AFTER_ERROR = timedelta(minutes=1)
"""How long after an unforeseen error work is tried again."""

_END_OF_TIME = "9999"

_logger = logging.getLogger(__name__)


class Runner:
    """
    Runs the work of one store. `start` it to go on with what a former process left, `close` it before the store.

    Made `by_hand` nothing happens in the background and on no other thread: only when a clock is advanced, or at once.
    """

    def __init__(self, store: Store, lanes: Lanes) -> None:
        self.by_hand = False
        self._store, self._lanes = store, lanes
        self._works: list[Work] = []
        self._owner = uuid.uuid4().hex[:12]
        self._claims = itertools.count(1)
        self._pool: ThreadPoolExecutor | None = None
        self._lookers: list[tuple[threading.Thread, threading.Event]] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._living = Living(store, lanes.locks, self._owner)
        lanes.after_change.append(self._look_again)

    def add(self, work: Work) -> Work:
        """Take on some work."""
        self._works.append(work)
        return work

    def start(self) -> None:
        """Go on with what a former process left; call it before anything is claimed in this one, or any time later."""
        with self._store.write() as tx:
            if self._store.sqlite:  # one process at a time: a claim that is not ours is a dead process's
                for work in self._works:
                    work.queue.disown(tx, self._owner)
        self.wake()

    def take_over(self) -> None:
        """Go on as the process would that comes after a killed one, whose claims are nobody's; for soaks."""
        self._owner = uuid.uuid4().hex[:12]
        self._living = Living(self._store, self._lanes.locks, self._owner)
        self.start()

    def changed(self) -> None:
        """Say that something may be due sooner: the background threads look again."""
        self._look_again()

    def wake(self) -> None:
        """Say that something may be due sooner: look, in the background."""
        with self._lock:
            if self._closed.is_set() or self.by_hand:
                return
            for work in self._works[len(self._lookers) :]:
                woken = threading.Event()
                thread = threading.Thread(target=self._look, args=(work, woken), name=work.queue.name, daemon=True)
                self._lookers.append((thread, woken))
                thread.start()
        self._look_again()

    def close(self) -> None:
        """Stop. What waits stays in the store; what is being done is finished."""
        with self._lock:
            self._closed.set()
            pool, self._pool = self._pool, None
        self._look_again()
        for thread, _ in self._lookers:
            if thread is not threading.current_thread():
                thread.join()
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, work: Work, lane: str, keys: Iterable[Key]) -> list[Future[bool]]:
        """Begin rows at once, in the background; each future says whether the row is done with."""
        if self.by_hand:
            return [self._done_now(work, lane, key) for key in keys]
        with self._lock:  # not while `close` takes the pool away
            if self._closed.is_set():
                return []
            if self._pool is None:
                self._pool = ThreadPoolExecutor(THREADS, "jobs")
            return [self._pool.submit(self._quietly, work, lane, key) for key in keys]

    def _done_now(self, work: Work, lane: str, key: Key) -> Future[bool]:
        future: Future[bool] = Future()
        future.set_result(self._quietly(work, lane, key))
        return future

    def due(self, work: Work, lane: Lane, until: datetime) -> Iterator[Due]:
        """What is due at or before *until* on the lane's clock, oldest first; for `Simulator.due`."""
        with self._store.read() as tx:
            rows = work.queue.due(tx, lane.name, utc_text(until), MOST_AT_ONCE)
        for at, key in rows:
            yield self.due_at(work, lane, key, datetime.fromisoformat(at), work.label)

    def due_at(self, work: Work, lane: Lane, key: Key, at: datetime, label: str) -> Due:
        """A row as something that falls due at that moment."""
        return Due(at, label, lambda: self.attempted(work, lane.name, key, at=at)[0])

    def attempt(self, work: Work, lane_name: str, key: Key, *, again: bool = False) -> str:
        """
        Do the work for a row now if it waits and is due, and say what came of it; *again* whatever became of it before.

        Where somebody else is at it, that is waited for.
        """
        return self.attempted(work, lane_name, key, again=again)[0]

    def attempted(
        self,
        work: Work,
        lane_name: str,
        key: Key,
        *,
        again: bool = False,
        early: bool = False,
        at: datetime | None = None,
    ) -> tuple[str, bool]:
        """
        As `attempt`, and whether the row does not wait any more.

        *early* before it is due, but not out of turn; *at* in the lane as it is at that moment, or later where its
        clock is past it.
        """
        end = time.monotonic() + work.lease.total_seconds()
        while True:
            lane = Lane(lane_name) if work.real_time else self._lanes.refresh(lane_name)
            if at is not None and at > lane.now():
                lane = replace(lane, frozen_at=utc_text(at))
            message, settled = self._once(work, lane, key, again=again, early=early)
            if settled is not None:
                return message, settled
            if time.monotonic() > end or self._closed.wait(0.05):
                return message, False

    # --- one attempt ---

    def _once(self, work: Work, lane: Lane, key: Key, *, again: bool, early: bool) -> tuple[str, bool | None]:
        """What came of it and whether the row waits no more; None where another holds it."""
        try:
            with in_lane(lane.name) if work.real_time else in_world(lane):
                return self._in_lane(work, lane, key, again=again, early=early)
        except LaneReplaced as error:
            return str(error), True

    def _in_lane(self, work: Work, lane: Lane, key: Key, *, again: bool, early: bool) -> tuple[str, bool | None]:
        after: Callable[[], None] = nothing
        self._living.let_know()
        work.ready(lane, key)
        with self._store.write() as tx:
            work.first(tx, lane, key)
            taken, row = self._take(tx, work, lane, key, again=again, early=early)
            if taken is None:
                return self._why_not(work, row)
            if work.within is not None:
                outcome = work.within(tx, lane, taken)
                work.queue.finish(tx, taken, outcome.state, _text(outcome.at))
                outcome.write(tx)
                after = outcome.after
            else:
                work.begin(tx, lane, taken)
        if work.act is not None:
            outcome = self._acted(work, lane, taken)
            with self._store.write() as tx:
                if work.queue.finish(tx, taken, outcome.state, _text(outcome.at)):
                    outcome.write(tx)
                    after = outcome.after
        after()
        self._look_again()
        return outcome.message, outcome.state not in (None, work.queue.waiting)

    def _take(
        self, tx: Tx, work: Work, lane: Lane, key: Key, *, again: bool, early: bool
    ) -> tuple[Taken | None, RowState | None]:
        real = datetime.now(UTC)
        claim = f"{self._owner}-{next(self._claims)}"
        until = utc_text(real + work.lease)
        if again:
            taken = work.queue.claim_any(tx, lane.name, key, claim, real=utc_text(real), until=until)
        else:
            now = _END_OF_TIME if early else utc_text(real if work.real_time else lane.now())
            taken = work.queue.claim(tx, lane.name, key, claim, now=now, real=utc_text(real), until=until)
        return taken, None if taken else work.queue.row_state(tx, lane.name, key)

    @staticmethod
    def _why_not(work: Work, row: RowState | None) -> tuple[str, bool | None]:
        if row is None:
            return "it is gone", True
        if row.claimed_until > utc_text(datetime.now(UTC)):
            return "somebody else is at it", None
        if row.state == work.queue.waiting:
            return "it is not due", False
        return f"{row.state} already", True

    def _acted(self, work: Work, lane: Lane, taken: Taken) -> WorkOutcome:
        assert work.act is not None
        try:
            with self._held(work, taken):
                return work.act(lane, taken)
        except Exception as error:
            _logger.exception("%s: %s of lane %s failed", work.label, taken.key, lane.name)
            now = datetime.now(UTC) if work.real_time else lane.now()
            return WorkOutcome(None, f"failed: {type(error).__name__}", now + AFTER_ERROR)

    @contextmanager
    def _held(self, work: Work, taken: Taken) -> Iterator[None]:
        """Hold the claim of work that takes long, on a thread that dies with the process."""
        if not work.takes_long:
            yield
            return
        done = threading.Event()

        def hold() -> None:
            while not done.wait(work.lease.total_seconds() / 3):
                try:
                    with self._store.write() as tx:
                        work.queue.hold(tx, taken, utc_text(datetime.now(UTC) + work.lease))
                except Exception:
                    _logger.exception("%s: the claim of %s could not be held", work.label, taken.key)

        holder = threading.Thread(target=hold, name=f"holds {work.queue.name}", daemon=True)
        holder.start()
        try:
            yield
        finally:
            done.set()
            holder.join()

    def _quietly(self, work: Work, lane_name: str, key: Key) -> bool:
        try:
            return self.attempted(work, lane_name, key)[1]
        except LaneNotFound:
            return True  # the lane was dropped: nothing is left to do
        except Exception:
            _logger.exception("%s: %s of lane %s failed", work.label, key, lane_name)
            raise

    # --- in the background ---

    def _look_again(self) -> None:
        """Something changed: a clock, the rows of a lane, or what is due."""
        for _, woken in self._lookers:
            woken.set()

    def _look(self, work: Work, woken: threading.Event) -> None:
        while not self._closed.is_set():
            woken.clear()
            try:
                pause_s = self._run_due(work)
            except Exception:
                _logger.exception("%s: what is due could not be looked at", work.label)
                pause_s = LOOK_EVERY_S
            self._closed.wait(work.patience.total_seconds())
            if not self._closed.is_set():  # `close` may have woken this thread before it cleared that
                woken.wait(pause_s)

    def _run_due(self, work: Work) -> float | None:
        """Run what is due in every lane; the seconds until something else is, None where nothing is."""
        pauses: list[float] = [] if self._store.sqlite else [LOOK_EVERY_S]
        if work.look_every is not None:
            pauses.append(work.look_every.total_seconds())
        real = datetime.now(UTC)
        with self._store.read() as tx:
            lanes = work.queue.next(tx, utc_text(real))
            held_until = work.queue.held_until(tx, utc_text(real))
        if held_until is not None and self._living.end_claims_of_the_dead(work.queue):
            pauses.append(0.0)
        if held_until is not None:
            pauses.append((datetime.fromisoformat(held_until) - real).total_seconds() + 0.001)
        clocks = {lane.name: lane for lane in self._lanes.all()}  # one question, however many lanes there are
        for name, due in lanes:
            if name in clocks and name not in self._lanes.moving:
                pauses.extend(self._run_lane(work, clocks[name], datetime.fromisoformat(due)))
        return min(pauses, default=None)

    def _run_lane(self, work: Work, lane: Lane, due: datetime) -> Sequence[float]:
        """Run what is due in a lane, the first of it at *due*; when to look again, in seconds."""
        now = datetime.now(UTC) if work.real_time else lane.now()
        if due > now:
            frozen = lane.frozen_at is not None and not work.real_time
            return () if frozen else [(due - now).total_seconds() + 0.001]
        with self._store.read() as tx:
            if not work.real_time and self._lanes.locks.held_elsewhere(tx, clock_lock(lane.name)):
                return [MOVED_S]  # whoever moves the clock does what falls due
            rows = work.queue.due(tx, lane.name, utc_text(now), MOST_AT_ONCE)
        if not rows:  # somebody did it meanwhile
            return [0.05]
        under_way = self.submit(work, lane.name, [key for _, key in rows])
        wait(under_way)
        failed = any(future.cancelled() or future.exception() for future in under_way)
        return [LOOK_EVERY_S if failed else 0.0]


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)
