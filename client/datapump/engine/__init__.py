"""
The engine's port: who calls the pump's worker, and when. Nothing here, and nothing that imports it, imports an engine.

    durable      DBOS: threads, several processes, take-over of the dead; for production
    in_process   no threads: the caller's own, when it asks; for tests and soaks, on the lane's clock

Both run the same worker on the same rows by the same rules. What is to be done, and who is first in an account's line,
the pump's own tables say; an engine only says when.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Protocol

import sqlalchemy as sa

from partnerlab.client.datapump.places import Places, Run
from partnerlab.client.datapump.store import DeliveryStore
from partnerlab.client.datapump.tables import Delivery

__all__ = ["Engine", "EngineBusy", "Parked", "Upkeep", "Work"]

Work = Callable[[Delivery], str]
"""The worker: called with the first of an account's line, it returns an outcome, or raises `Parked`."""


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

    def start(self, work: Work | None, store: DeliveryStore, places: Places, stopping: threading.Event) -> None:
        """
        Take on runs, and do them with *work* where it is given, until *stopping*; call `stop` after any error.

        *places* says which runs stand in line for a call: they are not begun again before they are called.
        """

    def stop(self) -> None:
        """Stop taking work. Runs still under way end on their own."""

    def ring(self, tx: sa.Connection, accounts: Iterable[int]) -> None:
        """
        Have these accounts looked at once the caller's transaction is committed.

        Called, once in a transaction, wherever something of an account may have become next in its line.
        """

    def holds(self, account: int) -> bool:
        """Whether an account that work goes on at here was not given to another process meanwhile."""

    def resume(self, runs: Iterable[Run]) -> None:
        """Do runs that were parked, for want of a place or because their lane was closed, without waiting longer."""

    def prune(self, before_ms: int, *, dry_run: bool = False) -> int:
        """Forget what the engine kept of work that ended before then, or only count it; how many rows."""

    def active(self) -> int:
        """How many runs are under way in this process."""

    def now_ms(self, lane: str | None) -> int:
        """The time by which a lane's retries are made; without a lane, one at which all of them are due."""

    def upkeep(self, store: DeliveryStore) -> Upkeep:
        """What goes on beside the deliveries."""
