"""Which biller an API key of the REST interfaces belongs to."""

from __future__ import annotations

import hmac
from typing import NamedTuple

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.store import BILLERS
from partnerlab.simulators.kit.keys import Keys
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.remembered import Remembered
from partnerlab.simulators.kit.world.store import Row, Statement, Store, Tx

__all__ = ["ApiKeys"]

MOST_BILLERS = 1_000
REMEMBERED = 1_024


class _Found(NamedTuple):
    """A biller that a key opened, and its row as it was then."""

    row: Row
    biller: Biller


class ApiKeys:
    """The billers' API keys of one store. Without *warm* a biller is read again by each call."""

    def __init__(self, store: Store, keys: Keys = Keys(), *, warm: bool = True) -> None:  # noqa: B008 - frozen
        self.store, self.keys = store, keys
        self._known: Remembered[tuple[str, str], Biller] = Remembered(store, on=warm)
        self._found: dict[tuple[str, str], _Found] = {}

    def biller(self, lane: Lane, key: str) -> Biller | None:
        """The lane's biller of that key."""
        place = (lane.name, key)
        known = self._known.get(place) or self._known.look(place, lambda tx: self._read(tx, place))
        if known is not None:
            return known
        with self.store.read() as tx:
            return self._read(tx, place)

    def _read(self, tx: Tx, place: tuple[str, str]) -> Biller | None:
        lane, key = place
        found = self._found.get(place)
        # The biller is read again, because it may have another key by now.
        if found is not None and tx.one(_BILLER, (lane, found.biller.guid)) == found.row:
            return found.biller
        for row in tx.all(_BILLERS, (lane,)):
            biller = BILLERS.load(row)
            if _same(self.keys.here(biller.api_key), key):
                if len(self._found) >= REMEMBERED:
                    self._found.clear()
                self._found[place] = _Found(row, biller)
                return biller
        return None


_COLUMNS = ", ".join(BILLERS.columns)
_BILLER = Statement(f"SELECT {_COLUMNS} FROM ic_billers WHERE lane = :lane AND guid = :guid")
_BILLERS = Statement(f"SELECT {_COLUMNS} FROM ic_billers WHERE lane = :lane ORDER BY guid LIMIT {MOST_BILLERS}")


def _same(key: str, given: str) -> bool:
    return hmac.compare_digest(key.encode(), given.encode("utf-8", "surrogatepass"))
