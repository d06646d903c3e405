"""Bill files that came, and what was wrong in them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Problem", "Upload"]


@dataclass(frozen=True, slots=True)
class Upload:
    """
    A bill file that came; `state` is `loaded` or `rejected`, `message` what the sender was told.

    `total_amount_due` is the sum of all its invoices, good and broken, as text: a hostile file's may be of any size.
    """

    upload_id: str
    biller_guid: str
    file_name: str
    received_at: str
    state: str
    message: str
    size_bytes: int
    accepted: int
    rejected: int
    total_amount_due: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What was wrong in a bill file: the place, the value, the rule's name and the reason in words."""

    upload_id: str
    position: int
    line: int
    invoice_number: str
    field: str
    file_spec_id: int
    value: str
    rule: str
    reason: str
