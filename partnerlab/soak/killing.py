"""Who kills: a replica of the sandbox, or all at once, by kill -9, some calls from now and some milliseconds more."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from partnerlab.replicas import Replica

__all__ = ["Killer"]

MOST_CALLS = 12
MOST_DELAY_S = 0.05
ALL_AT_ONCE = 0.2


class Killer:
    """Kills the *replicas* it is armed for, starts them again, and tells *log*; a context manager."""

    def __init__(self, replicas: Sequence[Replica], log: Callable[[str], None]) -> None:
        self.replicas, self._log = replicas, log
        self._lock, self._one_at_a_time = threading.Lock(), threading.Lock()
        self._armed: list[tuple[int, float, list[Replica]]] = []
        self._calls = 0
        self._killing: list[threading.Thread] = []
        self._problem: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def arm(self, dice: random.Random) -> None:
        """Have one replica, or all, killed by a call that comes: how soon the dice say."""
        calls, delay_s = dice.randint(1, MOST_CALLS), dice.uniform(0, MOST_DELAY_S)
        victims = list(self.replicas) if dice.random() < ALL_AT_ONCE else [dice.choice(self.replicas)]
        with self._lock:
            self._armed.append((self._calls + calls, delay_s, victims))
        self._log(f"{len(victims)} of {len(self.replicas)} will be killed in {calls} calls and {delay_s * 1000:.0f} ms")

    def disarm(self) -> None:
        """Kill nobody any more, once who was killed runs again. Raises what kept it from that."""
        self._end()
        if self._problem is not None:
            raise self._problem

    def calling(self) -> None:
        """A call is about to be made. Raises what kept a replica from starting again."""
        if self._problem is not None:
            raise self._problem
        with self._lock:
            self._calls += 1
            due = [one for one in self._armed if one[0] <= self._calls]
            self._armed = [one for one in self._armed if one[0] > self._calls]
            for _, delay_s, victims in due:
                thread = threading.Thread(target=self._kill, args=(delay_s, victims), name="killer", daemon=True)
                self._killing.append(thread)
                thread.start()

    def _end(self) -> None:
        with self._lock:
            self._armed = []
            killing, self._killing = self._killing, []
        for thread in killing:
            thread.join()

    def _kill(self, delay_s: float, victims: Sequence[Replica]) -> None:
        time.sleep(delay_s)
        try:
            with self._one_at_a_time:
                for victim in victims:
                    victim.kill()
                for victim in victims:
                    victim.start()
        except Exception as error:  # noqa: BLE001 - raised where somebody waits for it
            self._problem = error
            return
        self._log(f"{len(victims)} of {len(self.replicas)} killed, and started anew")
