"""Whole cents, as the simulators keep money, and dollars, as the client says it."""

from __future__ import annotations

from decimal import Decimal

__all__ = ["to_cents", "to_dollars"]


def to_dollars(cents: int) -> Decimal:
    """US dollars with two decimals."""
    return Decimal(cents).scaleb(-2)


def to_cents(dollars: Decimal) -> int:
    """Whole cents. Raises `ValueError` where there are parts of a cent."""
    cents = dollars.scaleb(2)
    if cents != int(cents):
        raise ValueError(f"{dollars} has parts of a cent")
    return int(cents)
