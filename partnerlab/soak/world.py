"""
What a soak happens in: one lane, its clock and its event log. A world is in this process on virtual time
(`in_process`), or real processes that are really killed (`processes`).
"""

from __future__ import annotations

import hashlib
import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol, Self

import httpx

from partnerlab.auditing import LaneBooks
from partnerlab.client.http import Transport

__all__ = ["BEGINS", "LANE", "Control", "Refused", "World"]

LANE = "soak"
BEGINS = datetime(2026, 3, 2, 11, tzinfo=UTC)
"""A Monday morning in the billers' zone; the real day is of no consequence."""


class Refused(Exception):
    """The control API said no: `status`, and its words."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Control(Protocol):
    """The control API of the lane. Each call raises `Refused`."""

    def get(self, path: str, **query: Any) -> Any: ...
    def post(self, path: str, body: Any = None) -> Any: ...
    def put(self, path: str, body: Any) -> Any: ...
    def patch(self, path: str, body: Any) -> Any: ...
    def delete(self, path: str) -> Any: ...


class World(ABC):
    """
    The world of one *seed*; a context manager. *echo* is given each line of the event log.

    `dice` decides everything that is left to chance. `control` is the lane's control API, `url` its address for a
    client over `transport` and for a browser over `browser`; `post_back_url` is where somebody takes postbacks.
    `at_once` says how many people act side by side, `told` what they noticed that cannot be; `repeatable` that another
    run of the same seed goes the same way.
    """

    control: Control
    url: str
    transport: Transport
    browser: httpx.BaseTransport
    post_back_url: str
    billers: dict[str, dict[str, Any]]
    at_once, repeatable = 1, True
    lane = LANE

    def __init__(self, seed: int, echo: Callable[[str], object]) -> None:
        self.seed, self._echo = seed, echo
        self.dice = random.Random(f"soak/{seed}")  # noqa: S311 - a soak is repeatable
        self.told: list[str] = []
        self._digest, self._writing = hashlib.sha256(), threading.Lock()

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def digest(self) -> str:
        """SHA-256 of the event log so far."""
        return self._digest.hexdigest()

    def log(self, text: str, at: datetime | None = None) -> None:
        """Write a line of the event log, of what happened now or *at* another time."""
        line = f"{at or self.now:%Y-%m-%dT%H:%M:%S} {text}"
        with self._writing:
            self._digest.update(line.encode() + b"\n")
            self._echo(line)

    def notice(self, text: str) -> None:
        """Somebody sees what cannot be: it breaks the run."""
        self.log(f"noticed: {text}")
        self.told.append(text)

    def know_billers(self) -> None:
        """Read the lane's billers."""
        self.billers = {row["partner"]: row for row in self.control.get("/_sandbox/ic/billers")["billers"]}

    # --- what goes on ---

    @property
    @abstractmethod
    def now(self) -> datetime:
        """The lane's time."""

    @abstractmethod
    def advance_to(self, moment: datetime) -> None:
        """Let the time go on to *moment*; what falls due is done, and whoever dies of it is started anew."""

    @abstractmethod
    def settle(self) -> None:
        """Have the pump deliver what is due."""

    @abstractmethod
    def books(self) -> LaneBooks:
        """The records of the lane as they stand."""

    @abstractmethod
    def surviving(self, what: str) -> AbstractContextManager[None]:
        """Do something; where a process dies of it, the run goes on with another."""

    def together(self, acts: Sequence[Callable[[], None]]) -> None:
        """Have people act, side by side where there are several."""
        for act in acts:
            act()

    # --- trouble ---

    def fault(self, name: str, operation: str, count: int) -> None:
        """Give the lane a fault."""
        self.control.post("/_sandbox/faults", {"name": name, "operation": operation, "count": count})

    @abstractmethod
    def kill(self) -> None:
        """Have a process killed at a moment that the dice choose."""

    @abstractmethod
    def refuse_postbacks(self, times: int) -> None:
        """The receiver of postbacks does not answer so many times."""

    def last_words(self) -> Sequence[str]:
        """What its processes logged last, where they are not this one: they are gone when it ends."""
        return ()

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.control.delete("/_sandbox/faults")
