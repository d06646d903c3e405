"""Between `Decimal`, as the wire has it, and whole cents, as the ledger does."""

from __future__ import annotations

from decimal import Context, Decimal

from partnerlab.simulators.inhance_soap.domain.errors import ValueInvalid

__all__ = ["read_cents", "to_decimal"]

MAX_AMOUNT = 10**10
_EXACT = Context(prec=100)  # the default one rounds to 28 digits, and so hides a part of a cent


def to_decimal(cents: int) -> Decimal:
    """12550 as `Decimal("125.50")`."""
    return Decimal(f"{cents}E-2")


def read_cents(field: str, amount: Decimal) -> int:
    """
    Whole cents of an amount.

    Raises:
        ValueInvalid: it has a part of a cent, or is out of bounds; what no ledger of a utility holds is a mistake.
    """
    if not amount.is_finite() or amount.copy_abs() > MAX_AMOUNT:
        raise ValueInvalid(field, amount, "is out of bounds")
    cents = amount.scaleb(2, _EXACT)
    whole = int(cents)
    if whole != cents:
        raise ValueInvalid(field, amount, "has a part of a cent")
    return whole
