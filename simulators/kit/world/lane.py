"""A lane as a value: its row, its clock, and by what it is told from a later one of its name."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import field
from datetime import UTC, datetime, timedelta
from functools import partial

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.store import Statement, Tx, in_lane

__all__ = ["DEFAULT", "TABLES", "Lane", "in_world", "stands"]

DEFAULT = "default"

TABLES = schema.Tables()
LANES = schema.Table(
    "lanes",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("offset_us", schema.BigInteger, nullable=False),
    schema.Column("frozen_at", schema.Text),
    schema.Column("seed", schema.BigInteger, nullable=False),
    schema.Column("faults", schema.Integer, nullable=False),
    schema.Column("created_at", schema.Text, nullable=False),
    schema.Column("used_on", schema.Text),
)

_STANDS = Statement("SELECT 1 FROM lanes WHERE lane = :lane AND created_at = :made_at")


def stands(tx: Tx, lane: Lane) -> bool:
    """Whether a lane is still the one that was read: it was not reset, dropped, copied onto or loaded since."""
    return tx.one(_STANDS, lane=lane.name, made_at=lane.made_at) is not None


def in_world(lane: Lane) -> AbstractContextManager[None]:
    """In this block what is written is of this lane. A write transaction raises `LaneReplaced` once it is another."""
    return in_lane(lane.name, partial(stands, lane=lane))


@dataclass(frozen=True, slots=True)
class Lane:
    """
    A lane as it stood when a request came: its name, clock and number of active faults.

    `made_at` is when it came to be, or was reset, copied onto or loaded: by that it is told from another of its name.
    """

    name: str
    offset_us: int = 0
    frozen_at: str | None = None
    seed: int = 0
    faults: int = 0
    made_at: str = field(default="", compare=False)

    def now(self) -> datetime:
        """The lane's time, aware, in UTC."""
        return self.at(time.time())

    def at(self, real_s: float) -> datetime:
        """What the lane's clock, as it stands, showed at a real time (seconds since the epoch)."""
        if self.frozen_at is not None:
            return datetime.fromisoformat(self.frozen_at)
        real = datetime.fromtimestamp(real_s, UTC)
        return real + timedelta(microseconds=self.offset_us) if self.offset_us else real
