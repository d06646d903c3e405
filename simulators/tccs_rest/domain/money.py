"""Between `Decimal`, as the wire has it, and whole cents, as the ledger does."""

from __future__ import annotations

from decimal import Context, Decimal

from partnerlab.simulators.tccs_rest.domain.errors import ValueInvalid

__all__ = ["MAX_AMOUNT", "read_cents", "to_text"]

MAX_AMOUNT = 10**10
_EXACT = Context(prec=100)  # the default one rounds to 28 digits, and so hides a part of a cent


def to_text(cents: int) -> str:
    """12550 as `125.50`, -5 as `-0.05`."""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    return f"{sign}{whole}.{part:02d}"


def read_cents(field: str, amount: Decimal) -> int:
    """
    Whole cents of an amount above zero.

    Raises:
        ValueInvalid: it is not above zero, has a part of a cent, or is out of bounds.
    """
    if not amount.is_finite() or amount > MAX_AMOUNT:
        raise ValueInvalid(field, amount, "is out of bounds")
    if amount <= 0:
        raise ValueInvalid(field, amount, "is not more than zero")
    cents = amount.scaleb(2, _EXACT)
    whole = int(cents)
    if whole != cents:
        raise ValueInvalid(field, amount, "has a part of a cent")
    return whole
