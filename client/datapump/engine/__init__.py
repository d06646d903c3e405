"""
The engine's port: who calls the pump's worker, and when. Nothing here, and nothing that imports it, imports an engine.

    durable      DBOS: threads, several processes, take-over of the dead; for production
    in_process   no threads: the caller's own, when it asks; for tests and soaks, on the lane's clock

Both run the same worker on the same rows by the same rules. What is to be done, and who is first in an account's line,
the pump's own tables say; an engine only says when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import sqlalchemy as sa

from partnerlab.client.datapump.places import Places, Run
from partnerlab.client.datapump.store import DeliveryStore
from partnerlab.client.datapump.tables import Delivery

__all__ = ["Engine", "EngineBusy", "Parked", "Upkeep", "Work", "enqueue"]

Work = Callable[[int, int], str]
"""The worker: called with a delivery's number and run, it returns an outcome, or raises `Parked`."""


class Parked(BaseException):
    """Ends a run without an outcome. Not an `Exception`, so that nothing on the way takes it for a failure."""


class EngineBusy(RuntimeError):
    """The durable engine is one per process, and it runs already."""

    def __init__(self) -> None:
        super().__init__("a data pump or a schedule of jobs runs in this process already; stop it first")


class Upkeep(Protocol):
    """What goes on beside the deliveries of one working pump."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End, and wait for it."""

    def kick(self) -> None:
        """Look soon for what is due."""

    def settled(self, lane: str | None) -> bool:
        """
        Whether nothing is on its way in a lane, or in all of them.

        An engine without threads first does what is due, in the calling thread.
        """


class Engine(Protocol):
    """One engine on one database."""

    def start(self, work: Work | None) -> None:
        """Take on runs, and do them with *work* where it is given; call `stop` after any error."""

    def stop(self) -> None:
        """Stop taking work. Runs still under way end on their own."""

    def enqueue(self, connection: sa.Connection, *, account: int, seq: int, number: int, run: int) -> None:
        """Queue a run of a delivery, within the caller's transaction, behind the account's earlier ones."""

    def resume(self, runs: Iterable[Run]) -> list[Run]:
        """Put parked runs back into the queue; those that could not, because they have ended or are gone."""

    def prune(self, before_ms: int, *, dry_run: bool = False) -> int:
        """Forget runs that ended before then, or only count them; how many."""

    def active(self) -> int:
        """How many runs are under way in this process."""

    def now_ms(self, lane: str | None) -> int:
        """The time by which a lane's retries are made; without a lane, one at which all of them are due."""

    def upkeep(self, store: DeliveryStore, places: Places) -> Upkeep:
        """What goes on beside the deliveries; *places* tells what stands in line here and is not lost."""


def enqueue(engine: Engine, tx: sa.Connection, delivery: Delivery) -> None:
    """Queue the delivery's present run, in the caller's transaction."""
    engine.enqueue(tx, account=delivery.account, seq=delivery.seq, number=delivery.number, run=delivery.run)
