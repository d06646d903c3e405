"""The world of a soak: a sandbox without sockets and threads, one lane of it, its clock and the event log."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from partnerlab.by_hand import ByHand, TakeEvent
from partnerlab.client.http import Transport
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators import ic_webservices
from partnerlab.simulators.kit.egress.pinned_post import NoAnswer, PostAnswer
from partnerlab.simulators.kit.world.identifiers import drawn_from
from partnerlab.soak.wire import AFTER, BEFORE, NEVER, Killed, SiteControl, Wire

__all__ = ["BEGINS", "LANE", "World"]

LANE = "soak"
BEGINS = datetime(2026, 3, 2, 11, tzinfo=UTC)
"""A Monday morning in the billers' zone; the real day is of no consequence."""
CHEAP = ic_webservices.Settings(password_cost=2)


class World:
    """
    The world of one *seed*; a context manager. *echo* is given each line of the event log.

    `dice` decides everything that is left to chance; `control` is the lane's control API, `transport` a client's.
    """

    def __init__(self, seed: int, echo: Callable[[str], object]) -> None:
        self.seed, self._echo = seed, echo
        self.dice = random.Random(f"soak/{seed}")  # noqa: S311 - a soak is repeatable
        self.wire = Wire()
        self.receiver_is_down, self.dies_offering = 0, NEVER
        self.told: list[str] = []
        self._digest = hashlib.sha256()
        self._exit = ExitStack()
        jitter = random.Random(f"jitter/{seed}").random  # noqa: S311
        self.by_hand = ByHand(self.wire, jitter, self._post, self._offer)

    def __enter__(self) -> Self:
        self._exit.enter_context(drawn_from(random.Random(f"ids/{self.seed}").getrandbits))  # noqa: S311
        self.sandbox = Sandbox(SandboxSettings(port=8700), ic=CHEAP, by_hand=self.by_hand)
        self._exit.callback(self.sandbox.stop)
        self.wire.site = self.sandbox.site
        self.sandbox.lanes.create(LANE, seed=self.seed, frozen_at=BEGINS)
        self.control = SiteControl(lambda: self.sandbox.site, LANE)
        self.transport: Transport = self.by_hand.transport()
        self.billers: dict[str, dict[str, Any]] = {
            row["partner"]: row for row in self.control.get("/_sandbox/ic/billers")["billers"]
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    @property
    def url(self) -> str:
        """The lane's address, for clients over the wire."""
        return f"{self.sandbox.url}/lane/{LANE}"

    @property
    def now(self) -> datetime:
        """The lane's time."""
        return self.sandbox.clock.now(LANE)

    @property
    def digest(self) -> str:
        """SHA-256 of the event log so far."""
        return self._digest.hexdigest()

    def log(self, text: str, at: datetime | None = None) -> None:
        """Write a line of the event log, of what happened now or *at* another time."""
        line = f"{at or self.now:%Y-%m-%dT%H:%M:%S} {text}"
        self._digest.update(line.encode() + b"\n")
        self._echo(line)

    def advance_to(self, moment: datetime) -> None:
        """Let the time go on to *moment*; what falls due is done, and whoever dies of it is started anew."""
        while (left := moment - self.now) > timedelta(0):
            with self.surviving("on its way through the day"):
                for done in self.sandbox.clock.advance(LANE, left):
                    if not done.outcome.endswith(("nothing new", "nothing was billed", "no balance changed")):
                        self.log(f"{done.label}: {done.outcome}", done.at)

    def settle(self) -> None:
        """Have the pump deliver what is due."""
        with self.surviving("delivering"):
            self.sandbox.settle(LANE)

    @contextmanager
    def surviving(self, what: str) -> Iterator[None]:
        """Do something; where its process dies, another takes over what it left."""
        try:
            yield
        except Killed:
            self.log(f"killed {what}, and started anew")
            for runner in self.sandbox.runners:
                runner.take_over()

    def _offer(self, take: TakeEvent) -> TakeEvent:
        """Invoice Cloud gives the pump an event once what raised it is committed, and may die before or after that."""

        def offered(event: dict[str, Any]) -> None:
            dies, self.dies_offering = self.dies_offering, NEVER
            if dies == BEFORE:
                raise Killed
            take(event)
            if dies == AFTER:
                raise Killed

        return offered

    def _post(self, *_: Any) -> PostAnswer:
        """Whoever takes the postbacks."""
        if self.receiver_is_down > 0:
            self.receiver_is_down -= 1
            raise NoAnswer("connection refused")
        return PostAnswer(200, "")
