"""What each partner's own book says of an account and of a payment, in one shape for all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from partnerlab.console.api import Api

__all__ = ["BookAccount", "BookPayment", "account_of", "accounts_of", "payments_of"]

MOST = 500


@dataclass(frozen=True, slots=True)
class BookAccount:
    """An account of a partner's book, named as Invoice Cloud's invoices name it."""

    number: str
    name: str
    balance: str


@dataclass(frozen=True, slots=True)
class BookPayment:
    """A payment as the partner has it. `came_back` is empty until it does."""

    reference: str
    amount: str
    at: str
    text: str
    request_id: str = ""
    came_back: str = ""


def accounts_of(api: Api, partner: str) -> list[BookAccount]:
    """The first accounts of a partner, a policy term counting as one."""
    if partner in ("inhance_v1", "inhance_v2"):
        rows = api.get("/_sandbox/inhance/accounts", limit=MOST)["accounts"]
        version = partner.removeprefix("inhance_")
        return [
            BookAccount(row["account_number"], row["customer_name"], row["balance"])
            for row in rows
            if row["integration"] == version
        ]
    if partner == "tccs":
        rows = api.get("/_sandbox/tccs/policies", limit=MOST)["policies"]
        return [BookAccount(row["invoice_number"], row["insured_name"], row["record_bal"]) for row in rows]
    rows = api.get("/_sandbox/watersmart/customers", limit=MOST)["customers"]
    return [BookAccount(row["account_number"], row["customer_name"], row["balance"]) for row in rows]


def account_of(api: Api, partner: str, number: str) -> dict[str, Any] | None:
    """The account whole, as the control API gives it; None where the partner has none."""
    path = {"tccs": "tccs/policies", "watersmart": "watersmart/customers"}.get(partner, "inhance/accounts")
    found: dict[str, Any] | None = api.maybe(f"/_sandbox/{path}/{number}")
    return found


def payments_of(api: Api, partner: str, payment: Mapping[str, Any], calls: Collection[str]) -> list[BookPayment]:
    """
    Invoice Cloud's *payment* as the partner's book has it: not at all, once, or once too often. *calls* are the ids of
    the exchanges that are about it.
    """
    reference = payment["reference"]
    if partner == "tccs":
        return _policy_payments(api, payment, calls)
    rows = (account_of(api, partner, payment["account_number"]) or {}).get("payments", [])
    rows = [row for row in rows if row["reference"] == reference]
    if partner == "watersmart":
        return [
            BookPayment(reference, row["amount"], row["paid_at"], f"{row['type']}, from file {row['file_number']}")
            for row in rows
        ]
    return [
        BookPayment(
            reference,
            row["amount"],
            row["posted_at"],
            f"{row['type']} on document {row['document_number'] or 'none'}",
            row["request_id"],
            row["returned_at"] or "",
        )
        for row in rows
    ]


def _policy_payments(api: Api, payment: Mapping[str, Any], calls: Collection[str]) -> list[BookPayment]:
    """
    By PaymentGUID. Version 1 of the interface carries none: then the one that a call of this payment's posted, else the
    only one of its amount since it was paid.
    """
    rows = api.get("/_sandbox/tccs/payments", invoice_number=payment["invoice_number"])["payments"]
    found = [row for row in rows if row["payment_guid"] == payment["payment_guid"]]
    nameless = [row for row in rows if row["payment_guid"] is None]
    found = found or [row for row in nameless if row["request_id"] in calls]
    if not found:
        since = datetime.fromisoformat(payment["paid_at"])
        same = [row for row in nameless if row["amount"] == payment["amount"]]
        same = [row for row in same if datetime.fromisoformat(row["posted_at"]) >= since]
        found = same if len(same) == 1 else []
    return [
        BookPayment(
            row["payment_guid"] or "none",
            row["amount"],
            row["posted_at"],
            f"{row['type'] or 'deposit'} on {row['invoice_number']}",
            row["request_id"],
            row["returned_at"] or "",
        )
        for row in found
    ]
