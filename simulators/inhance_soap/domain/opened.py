"""An account opened for a change: what is read of it under its lock, and written back."""

from __future__ import annotations

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.inhance_soap.domain.accounts import Account, Integration
from partnerlab.simulators.inhance_soap.domain.billing import Bill

__all__ = ["OpenAccount", "Standing"]


@dataclass(slots=True)
class OpenAccount:
    """
    An account locked for writing, and how many payments and events it has.

    `revision` counts the changes of its balance; it was sent up to `sent_revision`.
    """

    account: Account
    payments: int = 0
    events: int = 0
    revision: int = 0
    sent_revision: int = 0

    @property
    def number(self) -> str:
        """The account's."""
        return self.account.number

    @property
    def integration(self) -> Integration:
        """The utility's."""
        return self.account.integration


@dataclass(slots=True)
class Standing:
    """
    What a payment needs of a locked account, and what it changes of it: credit, payments, events and revision.

    `bills` are those that are not paid in full, `first` is the number of the first payment of its reference.
    """

    number: str
    integration: Integration
    credit_cents: int
    payments: int
    events: int
    revision: int
    first: int | None
    bills: list[Bill]
