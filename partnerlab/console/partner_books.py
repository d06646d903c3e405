"""What each partner's own book says of an account, in one shape for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from partnerlab.console.api import Api, ApiRefused
from partnerlab.contracts.paths import at
from partnerlab.partners import PARTNERS

__all__ = ["BookAccount", "account_of", "accounts_of", "book_account_of"]


@dataclass(frozen=True, slots=True)
class BookAccount:
    """An account of a partner's book, named as Invoice Cloud's invoices name it."""

    number: str
    name: str
    balance: str


def accounts_of(api: Api, partner: str, *, text: str = "", limit: int) -> tuple[list[BookAccount], bool]:
    """
    The first accounts of a partner, a policy term counting as one, and whether these are all.

    *text* is in number, name or address.
    """
    path, integration = PARTNERS[partner].accounts.path, PARTNERS[partner].accounts.integration
    only = {"integration": integration} if integration else {}
    rows = api.get(path, text=text, limit=limit, **only)[path.rpartition("/")[2]]
    return [found for row in rows if (found := _book_account(partner, row))], len(rows) < limit


def book_account_of(api: Api, partner: str, number: str) -> BookAccount | None:
    """One account of a partner; None where it has none."""
    row = account_of(api, partner, number)
    return None if row is None else _book_account(partner, row)


def account_of(api: Api, partner: str, number: str) -> dict[str, Any] | None:
    """The account whole, as the control API gives it; None where the partner has none, or no number like this."""
    try:
        found: dict[str, Any] | None = api.maybe(at(PARTNERS[partner].accounts.path + "/{}", number))
    except ApiRefused as error:
        if error.status != 400:
            raise
        return None
    return found


def _book_account(partner: str, row: dict[str, Any]) -> BookAccount | None:
    """A row of the control API; None where it is an account on the other of inHance's integrations."""
    fields = PARTNERS[partner].accounts
    if fields.integration and row["integration"] != fields.integration:
        return None
    return BookAccount(row[fields.number], row[fields.holder], row[fields.balance])
