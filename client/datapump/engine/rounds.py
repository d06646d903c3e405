"""
Who works on which accounts in this process: the rounds of the durable engine.

The accounts are divided into shards. A round is one shard's turn in one process: as long as it lasts, no other process
works on the shard's accounts. One thread looks again and again, for all rounds of the process at once, for what is
next in the lines of their accounts, and hands each account to a thread of its own. A round ends once nothing is under
way and nothing new came for a while. So a slow partner holds threads, and nobody else up; and many events cost the
engine one row.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from partnerlab.client.datapump.engine import Parked, Work
from partnerlab.client.datapump.places import Places, Run
from partnerlab.client.datapump.store import DeliveryStore
from partnerlab.client.datapump.tables import Delivery

__all__ = ["SHARDS", "Claim", "Rounds", "shard_of"]

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
PAGE, PAGES = 256, 4
"""How many accounts a look reads at a time, and how often: the next look goes on where it ended."""

Claim = tuple[str, str, str]
"""How the engine hands a shard out: the bell, the process that answers it, and the mark of its having taken it."""


def shard_of(account: int) -> int:
    """The shard of an account."""
    return account % SHARDS


@dataclass(slots=True)
class _Round:
    """
    One shard's turn: `under_way` by account, `rests` what was parked, by the delivery's number, and since when.

    `called` has numbers that were resumed before their threads had parked them. `claim` is how the engine gave it the
    shard, and `ours` whether it still had it when we last looked. Once it is `over`, `again` says whether the shard
    must be rung for again; None where the round was parked.
    """

    shard: int
    claim: Claim
    ours: bool = True
    under_way: dict[int, Delivery] = field(default_factory=dict)
    rests: dict[int, tuple[Delivery, float]] = field(default_factory=dict)
    called: set[int] = field(default_factory=set)
    began: float = 0.0
    found_at: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)
    again: bool | None = None


class Rounds:
    """
    The rounds of one process, the thread that looks for all of them, and the *threads* that do their runs.

    A run is done by *work*; *claims* gives what the engine has handed out; *stopping* ends all rounds.
    """

    def __init__(
        self,
        work: Work,
        store: DeliveryStore,
        places: Places,
        stopping: threading.Event,
        claims: Callable[[], Collection[Claim]],
        *,
        threads: int,
        poll_s: float,
    ) -> None:
        self._work, self._store, self._places, self._stopping = work, store, places, stopping
        self._claims, self._poll_s, self._threads = claims, poll_s, threads
        self._pool = ThreadPoolExecutor(threads, "datapump-run")
        self._live: dict[int, _Round] = {}
        self._lock = threading.Lock()
        self._entered, self._closed = threading.Event(), threading.Event()
        # A pass looks at every account that is ready. It may take several looks; `_after` is where the next goes on.
        self._after, self._pass_began, self._passed = 0, 0.0, 0.0
        self._looker = threading.Thread(target=self._look_on, name="datapump-look", daemon=True)
        self._looker.start()

    def run(self, shard: int, claim: Claim) -> bool:
        """
        One round; whether it ended before nothing was left to do, so that the shard must be rung for again.

        Where another round of it goes on here, its end is waited for. Raises `Parked` where the pump stops or the
        engine has taken the *claim* back: the shard is another's then, or the next start's.
        """
        live = _Round(shard, claim)
        while not self._enter(live):
            if self._closed.is_set() or self._stopping.wait(self._poll_s):
                raise Parked
        live.over.wait()
        if live.again is None:
            raise Parked
        return live.again

    def _enter(self, live: _Round) -> bool:
        with self._lock:
            if self._stopping.is_set() or self._closed.is_set() or self._live.setdefault(live.shard, live) is not live:
                return False
            live.began = live.found_at = time.monotonic()
        self._entered.set()
        return True

    def _look_on(self) -> None:
        """Look for all rounds, as long as there are any, until the pool is closed."""
        while not self._closed.is_set():
            with self._lock:
                rounds = [*self._live.values()]
                if not rounds:
                    self._entered.clear()
            if not rounds:
                self._entered.wait()
                continue
            self._turn(rounds)
            if self._stopping.wait(self._poll_s):
                time.sleep(0.01)
        with self._lock:
            for live in [*self._live.values()]:
                self._end(live, None)

    def _turn(self, rounds: Sequence[_Round]) -> None:
        now = time.monotonic()
        for live in rounds:
            if now - live.began > TURN_S + BREATH_S:
                live.began = now
                self._forget_rests(live, now)
        looking = [live for live in rounds if live.ours and now - live.began <= TURN_S]
        if looking and not self._stopping.is_set():
            self._look_for(looking, now)
        now = time.monotonic()
        with self._lock:
            for live in rounds:
                idle = self._passed - live.found_at >= LINGER_S
                if live.under_way:
                    continue
                if self._stopping.is_set() or not live.ours:
                    self._end(live, None)
                elif (idle and not live.rests) or now - live.began > TURN_S:
                    self._end(live, not idle or bool(live.rests))

    def _end(self, live: _Round, again: bool | None) -> None:
        """End a round before anybody can give it another run. The caller has the lock."""
        del self._live[live.shard]
        live.again = again
        live.over.set()

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

    def resting(self) -> bool:
        """Whether no round goes on here."""
        with self._lock:
            return not self._live

    def holds(self, account: int) -> bool:
        """Whether an account is of a round that goes on here, and was not given away."""
        with self._lock:
            live = self._live.get(shard_of(account))
            return live is not None and live.ours

    def close(self) -> None:
        """Begin nothing more, and wait for nothing."""
        self._closed.set()
        self._entered.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _look_for(self, rounds: Sequence[_Round], now: float) -> None:
        """Look once. Where the database fails, that is no reason to leave calls that are under way alone."""
        try:
            claims = self._claims()
            with self._lock:
                for live in rounds:
                    live.ours = live.claim in claims
            if ours := {live.shard: live for live in rounds if live.ours}:
                self._look(ours, now)
        except Exception:
            log.exception("what is next could not be looked for; trying again")
            self._stopping.wait(RETRY_S)
            for live in rounds:
                live.began = live.found_at = time.monotonic()

    def _look(self, rounds: Mapping[int, _Round], now: float) -> None:
        """Begin what can be begun."""
        for _ in range(PAGES):
            if self._after == 0:
                self._pass_began = now
            with self._lock:
                busy = [account for each in self._live.values() for account in each.under_way]
            heads, last = self._store.next_in(rounds, SHARDS, after=self._after, limit=PAGE, busy=busy)
            with self._lock:
                room = self._threads - sum(len(each.under_way) for each in self._live.values())
                for head in heads:
                    live = rounds[shard_of(head.account)]
                    if not self._may_begin(live, head):
                        continue
                    live.found_at = now
                    if room <= 0 or self._stopping.is_set():
                        self._after = head.account - 1
                        return
                    self._begin(live, head)
                    room -= 1
            self._after = last or 0
            if last is None:
                self._passed = self._pass_began
                return

    def _may_begin(self, live: _Round, head: Delivery) -> bool:
        if head.account in live.under_way:
            return False
        rested, since = live.rests.get(head.number, (None, 0.0))
        if rested is None or rested != head:
            return True
        in_line = self._places.waiting((head.number, head.run))
        return time.monotonic() - since >= (IN_LINE_S if in_line else REST_S)

    def _begin(self, live: _Round, head: Delivery) -> None:
        """Give a run to a thread. The caller has the lock."""
        if live.ours and head.account not in live.under_way and not self._closed.is_set():
            live.under_way[head.account] = head
            live.rests.pop(head.number, None)
            self._pool.submit(self._do, live, head)

    def _do(self, live: _Round, head: Delivery) -> None:
        parked = False
        try:
            self._work(head)
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
