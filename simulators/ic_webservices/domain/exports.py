"""Batches of what Invoice Cloud sends to a partner as files: kinds, parts and names. Source: WaterSmart."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.payments import BANK_TENDERS, OFFLINE_TENDERS, Payment

__all__ = ["KINDS", "PARTS", "TYPE_WORDS", "Batch", "BatchFile", "file_stamp", "invoice_guid", "part_of", "type_id"]

KINDS = ("payments", "changes", "rejects")
PARTS = ("amex", "card", "bank")
"""What a split payment file is split into [A-91]: a partition of all payments."""
TYPE_WORDS: Mapping[str, str] = {
    "credit_card": "Credit Card",
    "debit_card": "Debit Card",
    "ach": "ACH",
    "online_bank_direct": "Online Bank Direct",
    "paypal": "PayPal",
    "check": "Check",
    "cash": "Cash",
}
"""PaymentTypeDesc by tender. Assumed [A-56]."""


@dataclass(frozen=True, slots=True)
class Batch:
    """
    What was exported together; `report_id` is its WSReportID, counted from 1 in a lane and never used again.

    `created_at` and `delivered_at` are ISO 8601 in UTC, the latter empty until whoever fetches the files has them safe.
    `warnings` is JSON: what was cut, left out or made harmless, by row and column.
    """

    report_id: int
    biller_guid: str
    kind: str
    created_at: str
    row_count: int
    warnings: str
    delivered_at: str = ""


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One file of a batch; `part` is of `PARTS` where payments are split, else empty."""

    biller_guid: str
    name: str
    report_id: int
    part: str
    row_count: int


def part_of(payment: Payment) -> str:
    """Which file of a split export a payment stands in: Amex; every other card and PayPal; everything else [A-91]."""
    if payment.tender in (*BANK_TENDERS, *OFFLINE_TENDERS):
        return "bank"
    return "amex" if payment.brand.lower() in ("amex", "american express") else "card"


def type_id(payment: Payment) -> int:
    """PaymentTypeID: "1 is CC and 2 is ACH"; PayPal counts as a card (assumed [A-56]), a clerk's entry as none."""
    return 2 if payment.tender in (*BANK_TENDERS, *OFFLINE_TENDERS) else 1


def file_stamp(moment: datetime) -> str:
    """The YYYYMMDDHHMMSS of a file's name, of a moment in the biller's zone."""
    return f"{moment.year:04}{moment:%m%d%H%M%S}"


def invoice_guid(namespace: str, biller_guid: str, invoice_number: str) -> str:
    """The "randomly generated ID associated with the invoice": always the same for one invoice. Assumed [A-56]."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{namespace}{biller_guid}/{invoice_number}")) if invoice_number else ""
