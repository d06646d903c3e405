"""What Harris inHance v2 answers, as values."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from partnerlab.client.wire.kinds import Amount, Line, Message
from partnerlab.contracts.records import dataclass

__all__ = ["Acknowledgement", "Balance"]


@dataclass(frozen=True, slots=True)
class Balance:
    """
    A balance answer. Amounts are US dollars with two decimals; `phone` and `email` may be empty.

    Source: Details, RTDR: Balance Updates.
    """

    balance: Annotated[Decimal, Amount("Balance")]
    future_balance: Annotated[Decimal, Amount("FutureBalance")]
    phone: Annotated[str, Line("Phone")]
    email: Annotated[str, Line("Email")]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The partner did as asked. `message` is its ErrorMessage: a remark (as on a repeated reference) or empty."""

    message: Annotated[str, Message("ErrorMessage")]
