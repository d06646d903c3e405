"""
When something is recorded, for partners that ask for what came since a moment.

The lane's clock can be set back, and then the stamps of new payments lie before what a partner has fetched already.
What is recorded is therefore never earlier than anything recorded or fetched before [A-89].
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["recorded_at"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = Statement(
    "INSERT INTO ic_counters (lane, name, value) VALUES (:lane, 'latest moment', :now)"
    " ON CONFLICT (lane, name) DO UPDATE SET value ="
    " CASE WHEN excluded.value > ic_counters.value THEN excluded.value ELSE ic_counters.value END RETURNING value"
)


def recorded_at(tx: Tx, lane: Lane) -> str:
    """The lane's time, or the latest it ever was here: ISO 8601 in UTC, the same length always."""
    now = (lane.now() - _EPOCH) // timedelta(microseconds=1)
    ((latest,),) = tx.all(_LATEST, lane=lane.name, now=now)
    return (_EPOCH + timedelta(microseconds=int(latest))).isoformat(timespec="microseconds")
