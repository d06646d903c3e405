"""The service fee a biller's payers pay on top of the amount."""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.money import parse_amount

__all__ = ["FEE_KEYS", "service_fee_cents"]

FEE_KEYS = {"card": "Card", "bank_account": "BankAccount"}
"""A method's kind to its key in the configuration."""


def service_fee_cents(biller: Biller, kind: str) -> int:
    """
    The fee for a payment by `card` or `bank_account`: the biller's JSON configuration
    `{"Portal": {"ServiceFee": {"Card": "2.95", "BankAccount": "0.50"}}}`, and none where it has no entry.

    Raises `ValueRefused` where the entry is no amount: nobody is charged by guesswork. Source: assumed [A-61], as none
    says how a fee is set.
    """
    portal = biller.configuration.get("Portal")
    fees = portal.get("ServiceFee") if isinstance(portal, Mapping) else None
    given = fees.get(FEE_KEYS[kind]) if isinstance(fees, Mapping) else None
    if given is None:
        return 0
    field = f"configuration.Portal.ServiceFee.{FEE_KEYS[kind]}"
    fee = parse_amount(given, field)
    if fee < 0:
        raise ValueRefused(field, given, "must not be negative")
    return fee
