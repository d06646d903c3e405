"""What Harris inHance v2 answers, as values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Acknowledgement", "Balance"]


@dataclass(frozen=True, slots=True)
class Balance:
    """
    A balance answer. Amounts are US dollars with two decimals; `phone` and `email` may be empty.

    Source: Details, RTDR: Balance Updates.
    """

    balance: Decimal
    future_balance: Decimal
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The partner did as asked. `message` is its ErrorMessage: a remark (as on a repeated reference) or empty."""

    message: str
