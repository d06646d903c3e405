"""What each partner's own book says of an account, in one shape for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from partnerlab.console.api import Api
from partnerlab.contracts.paths import at

__all__ = ["BookAccount", "account_of", "accounts_of"]

MOST = 500


@dataclass(frozen=True, slots=True)
class BookAccount:
    """An account of a partner's book, named as Invoice Cloud's invoices name it."""

    number: str
    name: str
    balance: str


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
    found: dict[str, Any] | None = api.maybe(at("/_sandbox/" + path + "/{}", number))
    return found
