"""Records of a lane made by hand: a test says only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from partnerlab.auditing.records import (
    Balance,
    Biller,
    Delivery,
    Downloaded,
    Event,
    FileRow,
    FormerOwner,
    LaneBooks,
    MissingBill,
    Payment,
    Posting,
)
from partnerlab.partners import PARTNERS

PAID_AT = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
AMOUNT = Decimal("10.00")


def payment(partner: str = "inhance_v2", number: int = 1, **changed: Any) -> Payment:
    """A card payment of 10.00 for invoice I1 of account A1."""
    values: dict[str, Any] = {
        "guid": f"guid-{number}",
        "biller_guid": partner,
        "account": "A1",
        "invoice": "I1",
        "amount": AMOUNT,
        "tender": "credit_card",
        "donation": "none",
        "approved": True,
        "offline": False,
        "state": "accepted",
        "reference": f"{number:08d}",
        "paid_at": PAID_AT,
        "recorded_at": PAID_AT,
    }
    return Payment(**{**values, **changed})


def posting(partner: str = "inhance_v2", number: int = 1, **changed: Any) -> Posting:
    """What the partner's books hold of payment *number*, if all went well."""
    values: dict[str, Any] = {
        "partner": partner,
        "place": "I1" if PARTNERS[partner].place == "invoice" else "A1",
        "invoice": "I1",
        "key": f"guid-{number}" if PARTNERS[partner].key == "guid" else f"{number:08d}",
        "amount": AMOUNT,
        "at": "",
        "number": f"P{number}",
    }
    return Posting(**{**values, **changed})


def event(state: str = "accepted", kind: str = "payment", problem: str = "", number: int = 1) -> Event:
    event_id = f"guid-{number}" if kind == "payment" else f"reject-{number}"
    return Event(number, event_id, kind, "", "A1", state, problem, f"guid-{number}")


def delivery(state: str, message: str = "", kind: str = "payment", number: int = 1, account: str = "A1") -> Delivery:
    event_id = f"guid-{number}" if kind == "payment" else f"reject-{number}"
    return Delivery(event_id, kind, "", account, state, message, 1)


def row(kind: str = "payments", number: int = 1, *, fetched: bool = True, account: str = "A1") -> FileRow:
    key = f"guid-{number}" if kind == "payments" else f"{number:08d}"
    return FileRow("watersmart", kind, f"{kind}.csv", 7, 1, key, f"{number:08d}", account, AMOUNT, fetched)


def downloaded(state: str, note: str = "", account: str = "A1") -> Downloaded:
    return Downloaded("guid-1", account, AMOUNT, state, note)


def balance(partner: str, here: str, there: str, *, place: str = "A1", **changed: Any) -> Balance:
    """What Invoice Cloud says (*here*) and the partner (*there*)."""
    return Balance(partner, partner, place, Decimal(there), Decimal(here), **changed)


def former_owner(asked: str, billed: str = "", account: str = "A1CV-20260302093000", **changed: Any) -> FormerOwner:
    return FormerOwner(account, Decimal(asked), Decimal(billed or asked), **changed)


def missing_bill(number: str, amount: str, sent_in: str = "", refused: str = "") -> MissingBill:
    return MissingBill(number, Decimal(amount), sent_in, refused)


def books(*payments: Payment, **held: Any) -> LaneBooks:
    """A lane with these payments and, by the names of `LaneBooks`, what else it holds."""
    values: dict[str, Any] = dict.fromkeys(
        ("events", "deliveries", "postings", "downloaded", "rows", "postbacks", "checkouts", "schedules", "balances"),
        (),
    )
    values |= {"counted": {}, "rejects": {}, "marks": {}}
    billers = {partner: Biller(partner, partner, partner, "America/Los_Angeles", True) for partner in PARTNERS}
    return LaneBooks("default", PAID_AT, billers, payments, **{**values, **held})
