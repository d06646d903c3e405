"""What falls due for a biller's invoices on a day that they name; whoever does it holds the biller's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from partnerlab.simulators.ic_webservices.domain.billers import time_zone
from partnerlab.simulators.ic_webservices.services.ledger import biller_of
from partnerlab.simulators.ic_webservices.store import BILLERS
from partnerlab.simulators.kit.world.jobs import RuleSource, Taken
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx
from partnerlab.simulators.kit.world.table import utc_text

__all__ = ["LOOK_EVERY", "InvoiceDays", "lock_biller"]

Key = tuple[str | int, ...]
LOOK_EVERY = timedelta(minutes=1)
"""A bill file can bring a bill whose day comes sooner than any that was known."""

_OF_LANE = Statement("SELECT guid FROM ic_billers WHERE lane = :lane")


def lock_biller(tx: Tx, lane: Lane, key: Key) -> None:
    """Lock the biller that a key begins with."""
    biller_of(tx, lane, str(key[0]), lock=True)


class InvoiceDays(RuleSource):
    """
    A source of due work, whose key is a biller's guid and a day.

    Args:
        day: The column of invoices that holds the day.
        waits: A condition in SQL for invoices that wait for it; where it has an index, the index's.
        moment: When the work of a day is done in a biller's zone, in UTC.
        besides: One more condition.
    """

    def __init__(
        self, name: str, day: str, waits: str, moment: Callable[[date, ZoneInfo], datetime], *, besides: str = "1 = 1"
    ) -> None:
        self.name, self._moment_of = name, moment
        found = f"FROM ic_invoices WHERE lane = :lane AND biller_guid = :biller_guid AND {waits} AND {besides}"
        self._days = Statement(f"SELECT DISTINCT {day} {found} AND {day} < :day ORDER BY {day}")
        self._first = Statement(f"SELECT {day} {found} ORDER BY {day} LIMIT 1")
        self._of_day = Statement(f"SELECT invoice_number {found} AND {day} = :day ORDER BY invoice_number LIMIT :limit")
        self._billers = Statement(
            "SELECT lane, guid FROM ic_billers WHERE EXISTS (SELECT 1 FROM ic_invoices"
            f" WHERE ic_invoices.lane = ic_billers.lane AND biller_guid = guid AND {waits})"
        )

    def numbers(self, tx: Tx, lane: str, key: Key, limit: int) -> Iterator[str]:
        """The first invoices that wait for that biller's day."""
        guid, day = map(str, key)
        return (str(one) for (one,) in tx.all(self._of_day, lane=lane, biller_guid=guid, day=day, limit=limit))

    def due(self, tx: Tx, lane: str, until: str, limit: int) -> list[tuple[str, Key]]:
        """Billers and days whose moment is at or before *until*, the first of them first."""
        end = datetime.fromisoformat(until)
        # A day of any zone ends at most fourteen hours before it does in UTC.
        day = (end.astimezone(UTC) + timedelta(hours=14, days=1)).date().isoformat()
        found: list[tuple[str, Key]] = []
        for (guid,) in tx.all(_OF_LANE, lane=lane):
            for (on,) in tx.all(self._days, lane=lane, biller_guid=guid, day=day):
                if (at := self._moment(tx, lane, guid, on)) <= end:
                    found.append((utc_text(at), (guid, on)))
        return sorted(found)[:limit]

    def next(self, tx: Tx, real: str) -> list[tuple[str, str]]:
        """By lane, when the first is due."""
        firsts: dict[str, str] = {}
        for lane, guid in tx.all(self._billers):
            row = tx.one(self._first, lane=lane, biller_guid=guid)
            if row is not None:
                at = utc_text(self._moment(tx, lane, guid, str(row[0])))
                firsts[lane] = min(at, firsts.get(lane, at))
        return list(firsts.items())

    def claim(self, tx: Tx, lane: str, key: Key, claim: str, *, now: str, real: str, until: str) -> Taken | None:
        """Take a day that has invoices waiting and whose moment has come by *now*."""
        guid, day = map(str, key)
        waits = any(self.numbers(tx, lane, key, 1))
        late = waits and self._moment(tx, lane, guid, day) <= datetime.fromisoformat(now)
        return Taken(lane, key, 1, claim) if late else None

    def _moment(self, tx: Tx, lane: str, guid: str, day: str) -> datetime:
        biller = BILLERS.get(tx, lane, guid)
        assert biller is not None
        return self._moment_of(date.fromisoformat(day), time_zone(biller.time_zone))
