"""
Payments that the Payment job of v1 downloaded, on their way into the books.

    pending -> posted   by a person in View Pending Payments
    pending -> deleted  by a person
    posted              at once by IC Clerk, where the biller chose the live route

Source: "Harris inHance v1 Integration Details", Payments.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from partnerlab.contracts.records import dataclass

__all__ = ["DELETED", "IC_CLERK", "LIVE", "PENDING", "POSTED", "ROUTES", "Download", "Route"]

IC_CLERK = "IC Clerk"
PENDING, POSTED, DELETED = "pending", "posted", "deleted"
Route = Literal["pending", "live"]
LIVE: Route = "live"
ROUTES: tuple[Route, ...] = ("pending", "live")


@dataclass(frozen=True, slots=True)
class Download:
    """
    One payment of Invoice Cloud; `fee_cents` is its convenience fee, which is credited to nobody.

    `clerk` is who posted or deleted it, and when that was is `decided_at`; `note` says why it waits or was deleted.
    """

    payment_guid: str
    account_number: str
    invoice_number: str
    reference: str
    type: str
    amount_cents: int
    fee_cents: int
    paid_at: datetime
    downloaded_at: datetime
    state: str = PENDING
    clerk: str = ""
    decided_at: datetime | None = None
    note: str = ""
