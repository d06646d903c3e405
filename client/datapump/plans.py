"""What a route makes of an event: a call, or nothing and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["PartnerBalance", "PartnerRequest", "Plan", "Skip"]


@dataclass(frozen=True, slots=True)
class PartnerRequest:
    """
    One call to a partner, ready to be made.

    `operation` is the partner's word; `description` shows what is sent, without secrets; `send` makes the call and
    returns the partner's remark or an empty string, or raises an error of `partnerlab.client.errors`; `idempotent` says
    that the partner ends in the same state if it gets the call twice.
    """

    operation: str
    description: str
    send: Callable[[], str]
    idempotent: bool


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing is sent, and that is right: `reason` is what the delivery log says."""

    reason: str


@dataclass(frozen=True, slots=True)
class PartnerBalance:
    """What a partner says is owed now, in US dollars: what goes into BalanceDue, and what into TotalAmountDue."""

    balance: Decimal
    future_balance: Decimal


Plan = PartnerRequest | Skip
