"""
What a running pump tells whoever watches it: each attempt, once it is written down.

An observer is a function. `log_attempt` is one; `metrics.Metrics` and `tracing.trace_attempts` make others. What an
observer raises is logged and stops nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.tables import Delivery

__all__ = ["Attempted", "Observer", "about", "log_attempt"]

log = logging.getLogger("partnerlab.client.datapump.attempts")


@dataclass(frozen=True, slots=True)
class Attempted:
    """
    One attempt of a delivery, from the call's beginning to its answer.

    `outcome` is that of `pump_attempts`, `state` where the delivery stands now; `started_ns` counts from 1970 in UTC.
    """

    delivery: Delivery
    operation: str
    outcome: str
    state: State
    started_ns: int
    duration_ns: int

    @property
    def seconds(self) -> float:
        """How long the call took."""
        return self.duration_ns / 1e9


Observer = Callable[[Attempted], None]


def about(delivery: Delivery) -> dict[str, str]:
    """What a log record about a delivery carries, for logs that machines read."""
    return {"delivery": delivery.id, "event": delivery.event_id, "lane": delivery.lane}


def log_attempt(attempted: Attempted) -> None:
    """A line for each attempt, at level INFO."""
    log.info(
        "delivery %s: attempt %d, %s: %s",
        attempted.delivery.id,
        attempted.delivery.attempts,
        attempted.operation,
        attempted.outcome,
        extra={
            **about(attempted.delivery),
            "operation": attempted.operation,
            "attempt": attempted.delivery.attempts,
            "outcome": attempted.outcome,
            "state": attempted.state.value,
            "seconds": round(attempted.seconds, 6),
        },
    )
