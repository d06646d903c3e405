"""
Who works on which accounts in this process: the rounds of the durable engine.

The accounts are divided into shards. A round is one shard's turn in one process: as long as it lasts, no other process
works on the shard's accounts. It looks again and again for what is next in their lines, hands each account to a thread
of its own, and ends once nothing is under way and nothing new came for a while. So a slow partner holds threads, and
nobody else up; and many events cost the engine one row.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from partnerlab.client.datapump.engine import Parked, Work
from partnerlab.client.datapump.places import Places, Run
from partnerlab.client.datapump.queries import Head
from partnerlab.client.datapump.store import DeliveryStore

__all__ = ["SHARDS", "Rounds", "shard_of"]

log = logging.getLogger("partnerlab.client.datapump")

SHARDS = 8
"""
How many shards there are: each may be at another process, and each costs the engine a row when it wakes up.

All processes of a database must agree on it.
"""
LINGER_S = 1.0
"""
A round stays so long without finding anything. An event that was accepted beside its beginning found the bell not yet
answered, and is seen by one of these looks.
"""
TURN_S, BREATH_S = 5.0, 0.2
"""After a turn a round begins nothing for a breath: if its calls end in it, another process may take the shard."""
REST_S, IN_LINE_S = 2.0, 30.0
"""A parked run is begun again after a rest; one that stands in line for a place is called, and this is only a guard."""
RETRY_S = 1.0
PAGE, PAGES = 128, 4
"""How many accounts a look reads at a time, and how often: the next look goes on where it ended."""


def shard_of(account: int) -> int:
    """The shard of an account."""
    return account % SHARDS


@dataclass(slots=True)
class _Round:
    """
    One shard's turn: `under_way` by account, `rests` what was parked, by the delivery's number, and since when.

    `called` has numbers that were resumed before their threads had parked them. `still` asks whether the shard is this
    round's, and `ours` is what it last said.
    """

    shard: int
    still: Callable[[], bool]
    ours: bool = True
    under_way: dict[int, Head] = field(default_factory=dict)
    rests: dict[int, tuple[Head, float]] = field(default_factory=dict)
    called: set[int] = field(default_factory=set)
    after: int = 0


class Rounds:
    """
    The rounds of one process, and the *threads* that do their runs.

    A run is done by *work*; *stopping* ends all rounds.
    """

    def __init__(
        self,
        work: Work,
        store: DeliveryStore,
        places: Places,
        stopping: threading.Event,
        *,
        threads: int,
        poll_s: float,
    ) -> None:
        self._work, self._store, self._places, self._stopping = work, store, places, stopping
        self._poll_s, self._threads = poll_s, threads
        self._pool = ThreadPoolExecutor(threads, "datapump-run")
        self._live: dict[int, _Round] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def run(self, shard: int, still: Callable[[], bool]) -> bool:
        """
        One round; whether it ended before nothing was left to do, so that the shard must be rung for again.

        *still* says whether the shard is ours yet. Where another round of it goes on here, its end is waited for.
        Raises `Parked` where the pump stops or the shard was given away: it is another's then, or the next start's.
        """
        live = _Round(shard, still)
        while not self._enter(live):
            if self._stopping.wait(self._poll_s):
                raise Parked
        try:
            return self._turns(live)
        finally:
            self._leave(live)

    def _enter(self, live: _Round) -> bool:
        with self._lock:
            return not self._stopping.is_set() and self._live.setdefault(live.shard, live) is live

    def _leave(self, live: _Round) -> None:
        with self._lock:
            if self._live.get(live.shard) is live:
                del self._live[live.shard]

    def _turns(self, live: _Round) -> bool:
        began = found_at = time.monotonic()
        while not self._stopping.is_set():
            now = time.monotonic()
            if now - began > TURN_S + BREATH_S:
                began = now
                self._forget_rests(live, now)
            if now - began <= TURN_S:
                found = self._found(live)
                if not live.ours:
                    break
                if found is None:
                    began = found_at = time.monotonic()
                elif found:
                    found_at = now
            with self._lock:
                idle = now - found_at >= LINGER_S
                if not live.under_way and ((idle and not live.rests) or now - began > TURN_S):
                    # Taken from the live ones before anybody can give it another run.
                    del self._live[live.shard]
                    return not idle or bool(live.rests)
            self._stopping.wait(self._poll_s)
        while live.under_way and not self._closed.is_set():
            time.sleep(0.01)
        raise Parked

    def resume(self, runs: Iterable[Run]) -> list[Run]:
        """Do parked runs now; those that no round here knows."""
        with self._lock:
            return [run for run in runs if not any(self._resume(live, *run) for live in self._live.values())]

    def _resume(self, live: _Round, number: int, run: int) -> bool:
        head = live.rests.get(number, (None, 0.0))[0]
        if head is not None and head.run == run:
            self._begin(live, head)
            return True
        if any(head.number == number for head in live.under_way.values()):
            live.called.add(number)
            return True
        return False

    def active(self) -> int:
        """How many accounts are being worked on."""
        with self._lock:
            return sum(len(live.under_way) for live in self._live.values())

    def holds(self, account: int) -> bool:
        """Whether an account is of a round that goes on here, and was not given away."""
        with self._lock:
            live = self._live.get(shard_of(account))
            return live is not None and live.ours

    def close(self) -> None:
        """Begin nothing more, and wait for nothing."""
        self._closed.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _found(self, live: _Round) -> bool | None:
        """Look once. None where the database fails, which is no reason to leave calls that are under way alone."""
        try:
            live.ours = live.still()
            return live.ours and self._look(live)
        except Exception:
            log.exception("shard %d: what is next could not be looked for; trying again", live.shard)
            self._stopping.wait(RETRY_S)
            return None

    def _look(self, live: _Round) -> bool:
        """Begin what can be begun; whether there was any."""
        begun = False
        started, wrapped = live.after, live.after == 0
        for _ in range(PAGES):
            page = self._store.next_in(live.shard, SHARDS, after=live.after, limit=PAGE)
            with self._lock:
                room = self._threads - sum(len(each.under_way) for each in self._live.values())
                for head in page:
                    if room <= 0 or self._stopping.is_set():
                        return True
                    live.after = head.account
                    if self._may_begin(live, head):
                        self._begin(live, head)
                        begun, room = True, room - 1
            if len(page) < PAGE:
                live.after = 0
                if wrapped:
                    break
                wrapped = True
            elif wrapped and started and live.after >= started:
                break
        return begun

    def _may_begin(self, live: _Round, head: Head) -> bool:
        if head.account in live.under_way:
            return False
        rested, since = live.rests.get(head.number, (None, 0.0))
        if rested is None or rested != head:
            return True
        in_line = self._places.waiting((head.number, head.run))
        return time.monotonic() - since >= (IN_LINE_S if in_line else REST_S)

    def _begin(self, live: _Round, head: Head) -> None:
        """Give a run to a thread. The caller has the lock."""
        if live.ours and head.account not in live.under_way and not self._closed.is_set():
            live.under_way[head.account] = head
            live.rests.pop(head.number, None)
            self._pool.submit(self._do, live, head)

    def _do(self, live: _Round, head: Head) -> None:
        parked = False
        try:
            self._work(head.number, head.run)
        except Parked:
            parked = True
        finally:
            with self._lock:
                del live.under_way[head.account]
                called = head.number in live.called
                live.called.discard(head.number)
                if parked and called:
                    self._begin(live, head)
                elif parked:
                    live.rests[head.number] = (head, time.monotonic())

    def _forget_rests(self, live: _Round, now: float) -> None:
        with self._lock:
            live.rests = {number: rest for number, rest in live.rests.items() if now - rest[1] < IN_LINE_S}
