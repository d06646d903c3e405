"""What is done for the rows of a queue, and what came of it; `runner` does it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world.jobs.queue import Source, Taken
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Tx

__all__ = ["Key", "Work", "WorkOutcome", "nothing"]

LEASE = timedelta(seconds=30)

Key = tuple[str | int, ...]
"""Of a row, without its lane."""


def nothing(*_: object) -> None:
    """What a work does where it says nothing of it."""


@dataclass(frozen=True, slots=True)
class WorkOutcome:
    """
    What came of an attempt.

    `state` is the row's from now on, None where it stays what it is; a row that still waits is tried again at `at`.
    `write` writes more in the transaction of the outcome, only where the claim still stands; `after` is called once
    that is committed.
    """

    state: str | None
    message: str
    at: datetime | None = None
    write: Callable[[Tx], None] = nothing
    after: Callable[[], None] = nothing


@dataclass(frozen=True, slots=True)
class Work:
    """
    What is done for the rows of a queue.

    Either `act` reaches out: it is called between the claim and the outcome, outside any transaction, and may be
    called again for an attempt whose outcome was lost; `begin` notes the attempt in the transaction of the claim.
    Or `within` does everything in one transaction with the claim and the outcome: `ready` is called before that,
    `first` in it before the claim, to lock what is always locked first. `label` says in the timeline what is done;
    `lease` is longer than an attempt can take, unless it `takes_long`: then the claim is held for as long as the
    process is at it; `look_every` is for a source whose next moment can come nearer without anybody saying so;
    between two looks for what is due there is at least `patience`: a look reads the clock of every lane, and who
    makes thousands of lanes would have as many looks.
    """

    queue: Source
    label: str
    act: Callable[[Lane, Taken], WorkOutcome] | None = None
    within: Callable[[Tx, Lane, Taken], WorkOutcome] | None = None
    begin: Callable[[Tx, Lane, Taken], None] = nothing
    ready: Callable[[Lane, Key], None] = nothing
    first: Callable[[Tx, Lane, Key], None] = nothing
    look_every: timedelta | None = None
    patience: timedelta = timedelta(0)
    lease: timedelta = LEASE
    takes_long: bool = False
    real_time: bool = False

    def __post_init__(self) -> None:
        if (self.act is None) == (self.within is None):
            raise ValueError(f"{self.label}: either act or within")
