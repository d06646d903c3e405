"""
Holds up the lanes that are being reset, forked or dropped: no call is made for them, and no event is taken.

In this process by `LaneGate`, in the others that share the database of PostgreSQL by `closed_for_all`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import sqlalchemy as sa

from partnerlab.client.datapump.statements import Statements

__all__ = ["LaneClosed", "LaneGate", "NotRunning", "closed_for_all", "open_for_all"]

_KEY = "hashtext('pump lane'), hashtext(:lane)"
_LOOK_S = 0.05


class NotRunning(RuntimeError):
    """The pump was not started, or is stopped."""

    def __init__(self) -> None:
        super().__init__("the data pump is not running; start it first")


class LaneClosed(RuntimeError):
    """The lane is being reset, forked, dropped or loaded at this moment; try again in a little while."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        super().__init__(f"lane {lane} is being changed at this moment; try again")


class LaneGate:
    """Counts what is under way in each lane of this process; may be shared by threads."""

    def __init__(self) -> None:
        self._closed: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self._changed = threading.Condition()

    def close(self, lane: str, timeout_s: float) -> bool:
        """Close the lane until `open`; True where all calls under way ended in time."""
        with self._changed:
            self._closed[lane] += 1
            return self._changed.wait_for(lambda: not self._under_way[lane], timeout_s)

    def open(self, lane: str) -> None:
        """Let the lane's calls go on, where nobody else keeps it closed."""
        with self._changed:
            self._closed[lane] -= 1
            if not self._closed[lane]:
                del self._closed[lane]

    def enter(self, lane: str) -> bool:
        """Go in; False where the lane is closed."""
        with self._changed:
            if lane in self._closed:
                return False
            self._under_way[lane] += 1
            return True

    def leave(self, lane: str) -> None:
        """Go out again."""
        with self._changed:
            self._under_way[lane] -= 1
            if not self._under_way[lane]:
                del self._under_way[lane]
            self._changed.notify_all()


def open_for_all(statements: Statements, tx: sa.Connection, lane: str) -> bool:
    """Whether no process keeps the lane closed; none closes it before the transaction ends."""
    if statements.named:  # a SQLite file has one process that changes lanes
        return True
    return bool(statements.one(tx, f"SELECT pg_try_advisory_xact_lock_shared({_KEY})", lane=lane)[0])


@contextmanager
def closed_for_all(statements: Statements, lanes: Sequence[str], timeout_s: float) -> Iterator[bool]:
    """
    Within the block no process begins a call of these lanes or takes an event of theirs.

    True where all calls under way had ended before. The lock goes with the process that holds it.
    """
    if statements.named:
        yield True
        return
    with ExitStack() as stack:
        connection = stack.enter_context(statements.database.connect().execution_options(isolation_level="AUTOCOMMIT"))
        for lane in sorted(lanes):
            statements.one(connection, f"SELECT pg_advisory_lock({_KEY})", lane=lane)
            stack.callback(statements.one, connection, f"SELECT pg_advisory_unlock({_KEY})", lane=lane)
        ends = time.monotonic() + timeout_s
        while (busy := _under_way(statements, connection, lanes)) and time.monotonic() < ends:
            time.sleep(_LOOK_S)
        yield not busy


def _under_way(statements: Statements, connection: sa.Connection, lanes: Sequence[str]) -> bool:
    sql = "SELECT 1 FROM pump_deliveries WHERE lane = :lane AND state = 'sending' LIMIT 1"
    return any(statements.first(connection, sql, lane=lane) is not None for lane in lanes)
