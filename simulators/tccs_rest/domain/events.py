"""What happened in the books, and why."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from partnerlab.contracts.records import dataclass

__all__ = ["Cause", "Event"]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something changed: the request and the lane's time; `day` is that of the biller's calendar [A-122]."""

    request_id: str
    at: datetime
    day: date


@dataclass(frozen=True, slots=True)
class Event:
    """A change of an invoice and its cause; `number` counts within the invoice."""

    invoice_number: str
    number: int
    kind: str
    detail: dict[str, Any]
    request_id: str
    at: datetime
