"""Amounts: whole cents inside, two decimals as text outside."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused

__all__ = ["amount", "cents", "parse_amount"]

LARGEST_DIGITS = 15
"""Before the point, as in a bill file; in cents that fits 64 bits, and so does a sum of some."""
CENT = Decimal("0.01")


def cents(value: Decimal, field: str) -> int:
    """An amount in dollars as cents. Raises `ValueRefused` where it has a fraction of a cent or is too large."""
    if not value.is_finite():
        raise ValueRefused(field, value, "must be a number")
    if value.adjusted() >= LARGEST_DIGITS:
        raise ValueRefused(field, value, "is too large")
    whole = value.quantize(CENT)
    if whole != value:
        raise ValueRefused(field, value, "must have at most two decimals")
    return int(whole.scaleb(2))


def parse_amount(text: object, field: str) -> int:
    """`"125.50"` as cents. Raises `ValueRefused` for anything that is not such text."""
    if not isinstance(text, str):
        raise ValueRefused(field, text, 'must be an amount as text, as in "125.50"')
    try:
        return cents(Decimal(text), field)
    except InvalidOperation:
        raise ValueRefused(field, text, 'must be an amount, as in "125.50"') from None


def amount(cents: int) -> Decimal:
    """Cents as dollars with two decimals."""
    return Decimal(cents).scaleb(-2)
