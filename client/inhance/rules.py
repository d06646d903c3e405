"""The rules of the inHance integration that are about values, not about the wire: pure functions on plain text."""

from __future__ import annotations

import re

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.wire.values import INT32

__all__ = ["PAYMENT_TYPES", "PAYPAL_DEFAULT", "last_invoice_number", "payment_type_desc", "plain_account_number"]

PAYPAL_DEFAULT = "Credit Card"
PAYMENT_TYPES = {
    "credit_card": "Credit Card",
    "debit_card": "Credit Card",
    "ach": "ACH",
    "eft": "ACH",
    "online_bank_direct": "ACH",
}
"""PaymentTypeDesc by tender, PayPal apart (assumed [A-5])."""

_CONVEYED = re.compile(r"(?P<account>.+?)(?:-?CV-[0-9]{8,14})+", re.DOTALL)


def last_invoice_number(invoice_number: str) -> int:
    """
    LastInvoiceNumber of a balance check: the invoice number where it is an integer, else 0 (assumed [A-3]).

    0 too where the integer does not fit the 32 bits of the parameter.
    """
    text = invoice_number.strip()
    if not re.fullmatch(r"-?[0-9]{1,19}", text):
        return 0
    return int(text) if -INT32 <= int(text) < INT32 else 0


def plain_account_number(account_number: str) -> str:
    """
    An account number without the date-time of a conveyance: `10000101CV-20260616` is `10000101` (assumed [A-4]).

    Only for SetPaperless and SetAutopay: a payment or e-mail of a conveyed account goes out unchanged, because
    crediting the new owner by guesswork would move money. Source: the FOR CONVEYED ACCOUNTS ONLY rows of both.
    """
    found = _CONVEYED.fullmatch(account_number)
    return found["account"] if found else account_number


def payment_type_desc(tender: str, paypal_code: str = "") -> str:
    """
    PaymentTypeDesc of a payment by its tender: `Credit Card` or `ACH` (assumed [A-5]).

    PayPal is *paypal_code*, the value of setting 116, where that is set, else `Credit Card`. Raises `RequestInvalid`
    for an unknown tender. Source: INT-7012; Advanced Settings 116.
    """
    if tender == "paypal":
        return paypal_code.strip() or PAYPAL_DEFAULT
    try:
        return PAYMENT_TYPES[tender]
    except KeyError:
        known = ", ".join([*PAYMENT_TYPES, "paypal"])
        raise RequestInvalid("tender", tender, f"must be one of {known}") from None
