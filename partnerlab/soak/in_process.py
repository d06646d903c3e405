"""
The world of a soak in this process: a sandbox without sockets and threads, on a database file from which it is opened
again after a kill.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from partnerlab.auditing import LaneBooks, read_lane
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators import ic_webservices
from partnerlab.simulators.kit.egress.pinned_post import NoAnswer, PostAnswer
from partnerlab.simulators.kit.world.identifiers import drawn_from
from partnerlab.soak.stand_ins import StandIns, TakeEvent
from partnerlab.soak.wire import AFTER, BEFORE, NEVER, Killed, SiteControl, Wire
from partnerlab.soak.world import BEGINS, LANE, World

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["InProcessWorld"]

CHEAP = ic_webservices.Settings(password_cost=2)
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
"""Where a file costs no disk."""
OFFERING = 1 / 3
"""How often it is Invoice Cloud that dies, and not whoever calls next."""


class InProcessWorld(World):
    """
    A deterministic world: one seed gives one run, to the byte of its event log.

    *systems* are settings of simulated systems, *database* as the sandbox's: a file of its own where none is given, and
    empty for memory, from which nothing is opened again after a kill.
    """

    post_back_url = "http://127.0.0.1:9/postback"

    def __init__(
        self,
        seed: int,
        echo: Callable[[str], object],
        *systems: DataclassInstance,
        database: str | None = None,
    ) -> None:
        super().__init__(seed, echo)
        self._systems, self._given = systems or (CHEAP,), database
        self.browser = self.wire = Wire()
        self._receiver_is_down, self._dies_offering = 0, NEVER
        self._exit = ExitStack()
        self._jitter, self._ids = random.Random(f"jitter/{seed}"), random.Random(f"ids/{seed}")  # noqa: S311
        self.stand_ins = StandIns(self.wire, self._jitter.random, self._post, self._offer)

    def __enter__(self) -> Self:
        folder = tempfile.mkdtemp(prefix="partnerlab-soak-", dir=MEMORY if MEMORY.is_dir() else None)
        self._exit.callback(shutil.rmtree, folder, ignore_errors=True)
        self._database = str(Path(folder) / "sandbox.db") if self._given is None else self._given
        self._exit.enter_context(drawn_from(self._ids.getrandbits))
        self._open()
        self._exit.callback(lambda: self.sandbox.stop())
        self.sandbox.lanes.create(LANE, seed=self.seed, frozen_at=BEGINS)
        self.enter(LANE)
        self.transport = self.stand_ins.transport()
        self.url = f"{self.sandbox.url}/lane/{LANE}"
        self.know_billers()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    def enter(self, lane: str) -> None:
        """Go on in a lane: `control`, the time, the books and the staff are of it."""
        self.lane, self.control = lane, SiteControl(lambda: self.sandbox.site, lane)

    def draw_anew(self, seed: str) -> None:
        """Draw all that is left to chance from *seed* from now on, whatever was drawn before."""
        for name, dice in (("soak", self.dice), ("jitter", self._jitter), ("ids", self._ids)):
            dice.seed(f"{name}/{seed}")

    def _open(self) -> None:
        settings = SandboxSettings(port=8700, database=self._database)
        self.sandbox = Sandbox(settings, *self._systems, stand_ins=self.stand_ins)
        self.wire.site = self.sandbox.site

    @property
    def now(self) -> datetime:
        return self.sandbox.clock.now(self.lane)

    def advance_to(self, moment: datetime) -> None:
        while (left := moment - self.now) > timedelta(0):
            with self.surviving("on its way through the day"):
                for done in self.sandbox.clock.advance(self.lane, left):
                    if not done.outcome.endswith(("nothing new", "nothing was billed", "no balance changed")):
                        self.log(f"{done.label}: {done.outcome}", done.at)

    def settle(self) -> None:
        with self.surviving("delivering"):
            self.sandbox.settle(self.lane)

    def books(self) -> LaneBooks:
        return read_lane(self.control, self.lane)

    @contextmanager
    def surviving(self, what: str) -> Iterator[None]:
        """Where the process dies, another opens its database and takes over what it left."""
        try:
            yield
        except Killed:
            self.log(f"killed {what}, and started anew")
            self.sandbox.stop()
            self._open()
            _ = self.sandbox.pump
            for runner in self.sandbox.runners:
                runner.take_over()

    # --- trouble ---

    def kill(self) -> None:
        """The next caller dies before or after its call, or Invoice Cloud as it offers its next event to the pump."""
        moment = self.dice.choice((BEFORE, AFTER))
        if self.dice.random() < OFFERING:
            self._dies_offering = moment
            said = moment.replace("the call", "it offers its next event")
            self.log(f"Invoice Cloud will be killed {said}")
        else:
            self.wire.dies = moment
            self.log(f"the next caller will be killed {moment}")

    def refuse_postbacks(self, times: int) -> None:
        self._receiver_is_down += times

    def calm(self) -> None:
        super().calm()
        self.wire.dies, self._dies_offering, self._receiver_is_down = NEVER, NEVER, 0

    def _offer(self, take: TakeEvent) -> TakeEvent:
        """Invoice Cloud gives the pump an event once what raised it is committed, and may die before or after that."""

        def offered(event: dict[str, Any]) -> None:
            dies, self._dies_offering = self._dies_offering, NEVER
            if dies == BEFORE:
                raise Killed
            take(event)
            if dies == AFTER:
                raise Killed

        return offered

    def _post(self, *_: Any) -> PostAnswer:
        """Whoever takes the postbacks."""
        if self._receiver_is_down > 0:
            self._receiver_is_down -= 1
            raise NoAnswer("connection refused")
        return PostAnswer(200, "")
