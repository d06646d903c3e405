"""An account and what its holder switches: paperless billing, AutoPay, the e-mail address."""

from __future__ import annotations

import re
from dataclasses import dataclass

from partnerlab.simulators.inhance_soap.domain.errors import ValueInvalid
from partnerlab.simulators.inhance_soap.domain.text import read_line

__all__ = ["Account", "is_conveyed", "read_account_number", "read_email", "read_switch"]

# <account>CV-<8 to 14 digits>, an optional hyphen before CV- [A-4].
_CONVEYED = re.compile(r".+?-?CV-\d{8,14}", re.IGNORECASE | re.DOTALL)
_EMAIL = re.compile(r"[^\s@<>(),;:\"]+@[^\s@<>(),;:\".-][^\s@<>(),;:\"]*\.[^\s@<>(),;:\".]+")
_SWITCH = {"On": True, "Off": False}


@dataclass(frozen=True, slots=True)
class Account:
    """
    A customer's account.

    `autopay` is the utility's draft flag: the customer's bills are collected by Invoice Cloud. `credit_cents` is
    money that no bill has taken yet. A conveyed account (passed to a new owner) is an account of its own, under its
    marked number.
    """

    number: str
    customer_name: str = ""
    email: str | None = None
    phone: str | None = None
    paperless: bool = False
    autopay: bool = False
    credit_cents: int = 0


def read_account_number(field: str, value: str | None) -> str:
    """An account number without the blanks around it: 1 to 50 printable characters. Raises `ValueInvalid`."""
    return read_line(field, value, required=True, longest=50)


def is_conveyed(account_number: str) -> bool:
    """Whether a number carries the `CV-` date-time with which Invoice Cloud marks a conveyed account [A-4]."""
    return _CONVEYED.fullmatch(account_number) is not None


def read_switch(field: str, value: str | None) -> bool:
    """`On` or `Off`, spelled so (v2 design, PaperlessOnOff and AutoPayOnOff). Raises `ValueInvalid`."""
    word = (value or "").strip()
    if word not in _SWITCH:
        raise ValueInvalid(field, word, "is neither On nor Off")
    return _SWITCH[word]


def read_email(field: str, value: str | None) -> str:
    """An e-mail address in form: one @, a dot after it, no blanks, at most 254 characters. Raises `ValueInvalid`."""
    address = (value or "").strip()
    if len(address) > 254 or not address.isprintable() or _EMAIL.fullmatch(address) is None:
        raise ValueInvalid(field, address, "is not an e-mail address")
    return address
