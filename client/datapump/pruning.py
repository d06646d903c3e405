"""
Deletes deliveries that ended long ago, and keeps what is needed to recognise their events.

A delivery goes when it is final (delivered, skipped, dismissed), has been for the given age, and everything before it
in its account's line is so too: an older one that a person could still replay must find that it was superseded. What
is on its way or waits for a person never goes. Of each the event's id stays, a digest of what it said and what had
become of it: an event that comes again in a year is still a duplicate.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from partnerlab.client.datapump.engine import Engine
from partnerlab.client.datapump.events import parse_event, render_event
from partnerlab.client.datapump.queries import now_ms
from partnerlab.client.datapump.store import DeliveryStore
from partnerlab.client.errors import RequestInvalid

__all__ = ["DEFAULT_AGE", "Pruned", "digest", "prune"]

DEFAULT_AGE = timedelta(days=90)
BATCH = 500

_FINAL = "('delivered', 'skipped', 'dismissed')"
_OVER = f"""
state IN {_FINAL} AND updated_at < :before
AND NOT EXISTS (
    SELECT 1 FROM pump_deliveries earlier
    WHERE earlier.account = pump_deliveries.account AND earlier.seq < pump_deliveries.seq
    AND (earlier.state NOT IN {_FINAL} OR earlier.updated_at >= :before)
)
"""
_SOME = f"""
SELECT number, lane, event_id, state, event FROM pump_deliveries WHERE number > :after AND {_OVER}
ORDER BY number LIMIT {BATCH}
"""
_COUNT = f"SELECT count(*) FROM pump_deliveries WHERE {_OVER}"
_DELETE = f"DELETE FROM pump_deliveries WHERE number = :number AND {_OVER}"


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many deliveries went, and how many rows of the engine's, or would go."""

    deliveries: int
    runs: int


def prune(store: DeliveryStore, engine: Engine, age: timedelta = DEFAULT_AGE, *, dry_run: bool = False) -> Pruned:
    """
    Forget what was over longer ago than *age*, or only count it. Some at a time, so that workers beside it need not
    wait.
    """
    before = now_ms() - age // timedelta(milliseconds=1)
    count = after = 0
    if dry_run:
        with store.reading() as connection:
            count = int(store.one(connection, _COUNT, before=before)[0])
        return Pruned(count, engine.prune(before, dry_run=True))
    while True:
        with store.reading() as connection:
            rows = store.all(connection, _SOME, before=before, after=after)
        if not rows:
            return Pruned(count, engine.prune(before))
        count += _forget(store, rows, before)
        after = rows[-1][0]


def _forget(store: DeliveryStore, rows: list[Any], before: int) -> int:
    count = 0
    with store.database.begin() as tx:
        for number, lane, event_id, state, event in rows:
            # Looked at again: a person may have replayed a dismissed one since it was found, this or an older one.
            if not store.run(tx, _DELETE, number=number, before=before):
                continue
            count += 1
            store.run(tx, "DELETE FROM pump_attempts WHERE delivery = :number", number=number)
            store.run(tx, "DELETE FROM pump_notes WHERE delivery = :number", number=number)
            store.run(
                tx,
                "INSERT INTO pump_pruned (lane, event_id, state, digest) VALUES (:lane, :event_id, :state, :digest)"
                " ON CONFLICT DO NOTHING",
                lane=lane,
                event_id=event_id,
                state=state,
                digest=_digest_of(event),
            )
    return count


def digest(document: dict[str, Any]) -> str:
    """A fingerprint of an event as `render_event` gives it."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:32]


def _digest_of(event: str) -> str:
    """Of a stored event, as it would be written today."""
    document = json.loads(event)
    try:
        return digest(render_event(parse_event(document)))
    except RequestInvalid:  # accepted by a release that took more
        return digest(document)
