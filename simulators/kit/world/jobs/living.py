"""
Which replicas are alive, so that another one takes over at once what a killed one had claimed.

On SQLite a store is one process's: what a former one had claimed is let go of at the start (`Source.disown`).
"""

from __future__ import annotations

from datetime import UTC, datetime

from partnerlab.simulators.kit.world.jobs.queue import Source
from partnerlab.simulators.kit.world.locks import Locks
from partnerlab.simulators.kit.world.store import Store, in_lane
from partnerlab.simulators.kit.world.table import utc_text

__all__ = ["Living"]


class Living:
    """One runner, *owner*, among those of all replicas. Its claims begin with its name and a hyphen."""

    def __init__(self, store: Store, locks: Locks, owner: str) -> None:
        self._store, self._locks, self._owner = store, locks, owner
        self._known = store.sqlite

    def let_know(self) -> None:
        """Keep a lock that others can look for, from before the first claim on."""
        if not self._known:
            self._locks.keep(_lock(self._owner))
            self._known = True

    def end_claims_of_the_dead(self, source: Source) -> int:
        """Let go of what killed replicas had claimed; how many claims that are."""
        if self._store.sqlite:
            return 0
        if self._known:  # it is kept anew, should its connection have been lost
            self._locks.keep(_lock(self._owner))
        with self._store.read() as tx:
            claims = source.claims(tx, utc_text(datetime.now(UTC)))
        ended = 0
        for claim in claims:
            owner = claim.partition("-")[0]
            if owner == self._owner:
                continue
            with in_lane(""), self._store.write() as tx:
                if not self._locks.kept_elsewhere(tx, _lock(owner)):
                    source.end_claim(tx, claim)
                    ended += 1
        return ended


def _lock(owner: str) -> str:
    return f"runner {owner}"
