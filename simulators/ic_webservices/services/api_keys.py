"""Which biller an API key of the REST interfaces belongs to."""

from __future__ import annotations

import hmac
from functools import lru_cache

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.store import BILLERS
from partnerlab.simulators.kit.keys import Keys
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Row, Statement, Store

__all__ = ["ApiKeys"]

MOST_BILLERS = 1_000
REMEMBERED = 1_024


class ApiKeys:
    """The billers' API keys of one store."""

    def __init__(self, store: Store, keys: Keys = Keys()) -> None:  # noqa: B008 - frozen
        self.store, self.keys = store, keys
        self._guids: dict[tuple[str, str], str] = {}

    def biller(self, lane: Lane, key: str) -> Biller | None:
        """The lane's biller of that key."""
        place = (lane.name, key)
        with self.store.read() as tx:
            # Where the key was found last time; the biller itself is read again, because its key may have changed.
            if guid := self._guids.get(place):
                row = tx.one(_BILLER, lane=lane.name, guid=guid)
                if row is not None and self._is_of((found := _biller(row)), key):
                    return found
            billers = BILLERS.find(tx, lane.name, {}, order="guid", limit=MOST_BILLERS)
        matches = [biller for biller in billers if self._is_of(biller, key)]
        if not matches:
            return None
        if len(self._guids) >= REMEMBERED:
            self._guids.clear()
        self._guids[place] = matches[0].guid
        return matches[0]

    def _is_of(self, biller: Biller, given: str) -> bool:
        return _same(self.keys.here(biller.api_key), given)


_BILLER = Statement(f"SELECT {', '.join(BILLERS.columns)} FROM ic_billers WHERE lane = :lane AND guid = :guid")  # noqa: S608 - names of our own columns


@lru_cache(REMEMBERED)
def _biller(row: Row) -> Biller:
    """A biller's row as a value: found by all that stands in it, so that a biller that was changed is another."""
    return BILLERS.load(row)


def _same(key: str, given: str) -> bool:
    return hmac.compare_digest(key.encode(), given.encode("utf-8", "surrogatepass"))
