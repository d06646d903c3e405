"""What TCCS answers, as values."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from partnerlab.client.wire.kinds import Amount
from partnerlab.contracts.records import dataclass

__all__ = ["Acknowledgement", "Balance"]


@dataclass(frozen=True, slots=True)
class Balance:
    """
    A balance answer: US dollars with two decimals, negative for a credit.

    Source: Details, RTDR: Balance Update (`Record bal` = BalanceDue, `Total Balance` = TotalAmountDue).
    """

    record_balance: Annotated[Decimal, Amount("Record bal")]
    total_balance: Annotated[Decimal, Amount("Total Balance")]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The partner did as asked. `message` is its remark (as on a PaymentGUID it has seen before) or empty."""

    message: str
