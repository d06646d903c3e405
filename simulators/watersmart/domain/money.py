"""Between `Decimal`, as files have it, and whole cents, as the books do."""

from __future__ import annotations

from decimal import Decimal

from partnerlab.simulators.watersmart.domain.errors import ValueInvalid

__all__ = ["MOST_CENTS", "check_cents", "to_decimal"]

MOST_CENTS = 10**12
"""What no account of a utility holds is a mistake."""


def to_decimal(cents: int) -> Decimal:
    """12550 as `Decimal("125.50")`."""
    return Decimal(cents).scaleb(-2)


def check_cents(field: str, cents: int) -> int:
    """*cents*. Raises `ValueInvalid` where they are out of bounds."""
    if abs(cents) > MOST_CENTS:
        raise ValueInvalid(field, to_decimal(cents), "is out of bounds")
    return cents
