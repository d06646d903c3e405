"""Where values live between requests: the utility's ledger, and beside it what was received of Invoice Cloud."""

from partnerlab.simulators.inhance_soap.store.ledger import (
    EVENT_ROWS,
    OPEN_LEFT,
    PAYMENT_ROWS,
    STANDS,
    AccountBill,
    Books,
    OpenItems,
    standing_row,
)
from partnerlab.simulators.inhance_soap.store.received import AppliedChange

__all__ = [
    "EVENT_ROWS",
    "OPEN_LEFT",
    "PAYMENT_ROWS",
    "STANDS",
    "AccountBill",
    "AppliedChange",
    "Books",
    "OpenItems",
    "standing_row",
]
