"""Payment methods a payer keeps: what is shown of them, what they do, and for how long a card is good."""

from __future__ import annotations

from datetime import date

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.errors import PaymentRefused
from partnerlab.simulators.ic_webservices.domain.payments import SavedNumber

__all__ = ["BANK_ACCOUNT", "CARD", "KINDS", "MOST_METHODS", "Method", "check_usable"]

CARD, BANK_ACCOUNT = "card", "bank_account"
KINDS = (CARD, BANK_ACCOUNT)
MOST_METHODS = 20
"""The most saved ways to pay that one user may keep."""


@dataclass(frozen=True, slots=True)
class Method:
    """
    A card or bank account of one user at one biller. Of its number only the last four digits are known, and what the
    test number does (`effect`), so that a saved card that declines goes on declining.

    `expires_on` is the last day a card is good for, None for a bank account; `added_at` ISO 8601 in UTC; the one that
    is `preferred` is offered first.
    """

    method_id: str
    biller_guid: str
    username: str
    kind: str
    brand: str
    last_four: str
    effect: str
    holder: str
    expires_on: date | None
    preferred: bool
    added_at: str

    @property
    def tender(self) -> str:
        """The tender an order has for it."""
        return "credit_card" if self.kind == CARD else "ach"

    @property
    def name(self) -> str:
        """`Visa ending in 1111`."""
        return f"{self.brand or ('Card' if self.kind == CARD else 'Bank account')} ending in {self.last_four}"

    def number(self) -> SavedNumber:
        """What an order takes in place of a number."""
        return SavedNumber(self.kind, self.brand, self.last_four, self.effect)

    def expired(self, today: date) -> bool:
        """Whether a card is past its last day."""
        return self.expires_on is not None and self.expires_on < today


def check_usable(method: Method, today: date) -> None:
    """Check that a method can pay on that day of the biller's zone. Raises `PaymentRefused`."""
    if method.expired(today):
        raise PaymentRefused("card_expired", f"The {method.name} has expired.")
