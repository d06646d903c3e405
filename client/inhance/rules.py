"""The rules of the inHance integration that are about values, not about the wire: pure functions on plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.wire.values import INT32
from partnerlab.contracts.records import dataclass

__all__ = [
    "PAYMENT_TYPES",
    "PAYPAL_DEFAULT",
    "Conventions",
    "last_invoice_number",
    "payment_type_desc",
    "plain_account_number",
]

PAYPAL_DEFAULT = "Credit Card"
PAYMENT_TYPES = {
    "credit_card": "Credit Card",
    "debit_card": "Credit Card",
    "ach": "ACH",
    "eft": "ACH",
    "online_bank_direct": "ACH",
}
"""PaymentTypeDesc by tender, PayPal apart (assumed [A-5])."""

MOST_DIGITS = 20
MOST_CHARACTERS = 50
"""Of a PaymentTypeDesc or a mark."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """
    What the documents leave open of a biller's inHance: data of the biller.

    Args:
        mark: What stands before the date-time in the number of a conveyed account (assumed [A-4]).
        digits: The fewest and the most digits of that date-time.
        payment_types: PaymentTypeDesc by tender, PayPal apart (assumed [A-5]).
    """

    mark: str = "CV-"
    digits: tuple[int, int] = (8, 14)
    payment_types: Mapping[str, str] = field(default_factory=lambda: PAYMENT_TYPES)

    @classmethod
    def of(cls, configuration: Mapping[str, Any]) -> Conventions:
        """
        Those of a biller, by `{"InHance": {"ConveyedMark": "CV-", "ConveyedDigits": [8, 14], "PaymentTypes": {"ach":
        "ECheck"}}}`; what is left out is as assumed. Raises `RequestInvalid` with the place and the rule.
        """
        place = "configuration.InHance"
        given = configuration.get("InHance", {})
        if not isinstance(given, Mapping):
            raise RequestInvalid(place, given, "must be an object")
        if unknown := sorted(set(given) - {"ConveyedMark", "ConveyedDigits", "PaymentTypes"}):
            raise RequestInvalid(f"{place}.{unknown[0]}", "", "must be ConveyedMark, ConveyedDigits or PaymentTypes")
        types = given.get("PaymentTypes", {})
        if not isinstance(types, Mapping):
            raise RequestInvalid(f"{place}.PaymentTypes", types, "must be an object")
        for tender, words in types.items():
            if tender not in PAYMENT_TYPES:
                raise RequestInvalid(f"{place}.PaymentTypes", tender, f"must be one of {', '.join(PAYMENT_TYPES)}")
            _check_words(f"{place}.PaymentTypes.{tender}", words)
        mark = given.get("ConveyedMark", cls().mark)
        _check_words(f"{place}.ConveyedMark", mark)
        digits = given.get("ConveyedDigits", cls().digits)
        whole = isinstance(digits, list | tuple) and len(digits) == 2 and all(type(one) is int for one in digits)
        if not whole or not 1 <= digits[0] <= digits[1] <= MOST_DIGITS:
            rule = f"must be the fewest and the most digits, from 1 to {MOST_DIGITS}"
            raise RequestInvalid(f"{place}.ConveyedDigits", digits, rule)
        return cls(mark, (digits[0], digits[1]), {**PAYMENT_TYPES, **types})

    def plain(self, account_number: str) -> str:
        """An account number without the date-times of its conveyances."""
        found = self._pattern().fullmatch(account_number)
        return found["account"] if found else account_number

    def is_doubtful(self, account_number: str) -> bool:
        """Whether a number has the mark of a conveyed account but not its form."""
        return self.mark.lower() in account_number.lower() and self.plain(account_number) == account_number

    def _pattern(self) -> re.Pattern[str]:
        least, most = self.digits
        return re.compile(rf"(?P<account>.+?)(?:-?{re.escape(self.mark)}[0-9]{{{least},{most}}})+", re.DOTALL)


def _check_words(place: str, text: Any) -> None:
    if not isinstance(text, str) or not text.strip() or not text.isprintable() or len(text) > MOST_CHARACTERS:
        raise RequestInvalid(place, text, f"must be a text of 1 to {MOST_CHARACTERS} printable characters")


KNOWN = Conventions()


def last_invoice_number(invoice_number: str) -> int:
    """
    LastInvoiceNumber of a balance check: the invoice number where it is an integer, else 0 (assumed [A-3]).

    0 too where the integer does not fit the 32 bits of the parameter.
    """
    text = invoice_number.strip()
    if not re.fullmatch(r"-?[0-9]{1,19}", text):
        return 0
    return int(text) if -INT32 <= int(text) < INT32 else 0


def plain_account_number(account_number: str, conventions: Conventions = KNOWN) -> str:
    """
    An account number without the date-time of a conveyance: `10000101CV-20260616` is `10000101` (assumed [A-4]).

    Only for SetPaperless and SetAutopay: a payment or e-mail of a conveyed account goes out unchanged, because
    crediting the new owner by guesswork would move money. Source: the FOR CONVEYED ACCOUNTS ONLY rows of both.
    """
    return conventions.plain(account_number)


def payment_type_desc(tender: str, paypal_code: str = "", conventions: Conventions = KNOWN) -> str:
    """
    PaymentTypeDesc of a payment by its tender: `Credit Card` or `ACH` (assumed [A-5]), or the biller's own word.

    PayPal is *paypal_code*, the value of setting 116, where that is set, else `Credit Card`. Raises `RequestInvalid`
    for an unknown tender. Source: INT-7012; Advanced Settings 116.
    """
    if tender == "paypal":
        return paypal_code.strip() or PAYPAL_DEFAULT
    try:
        return conventions.payment_types[tender]
    except KeyError:
        known = ", ".join([*PAYMENT_TYPES, "paypal"])
        raise RequestInvalid("tender", tender, f"must be one of {known}") from None
