"""What a lane was loaded with, as far as it could not go on from there."""

from __future__ import annotations

from partnerlab.simulators.kit.world.lane_rows import LoadInvalid
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["check_counts"]

_MISCOUNTED = Statement(
    "SELECT a.account_number FROM inhance_accounts AS a WHERE a.lane = :lane AND (a.payments < (SELECT"
    " COALESCE(MAX(p.number), 0) FROM inhance_payments AS p WHERE p.lane = a.lane"
    " AND p.account_number = a.account_number) OR a.events < (SELECT COALESCE(MAX(e.number), 0)"
    " FROM inhance_events AS e WHERE e.lane = a.lane AND e.account_number = a.account_number)) LIMIT 1"
)


def check_counts(tx: Tx, lane: str) -> None:
    """
    Check that no payment or event has a number beyond its account's count of them.

    The next one would get a number that is taken. Raises `LoadInvalid`.
    """
    found = tx.one(_MISCOUNTED, lane=lane)
    if found is not None:
        raise LoadInvalid("inhance_accounts", f"account {found[0]} has payments or events beyond its count of them")
