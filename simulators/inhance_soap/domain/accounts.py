"""An account and what its holder switches: paperless billing, AutoPay, the e-mail address."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.inhance_soap.domain.errors import ValueInvalid
from partnerlab.simulators.inhance_soap.domain.text import read_line

__all__ = [
    "DRAFT_BANK",
    "Account",
    "Integration",
    "draft_switched",
    "integration_of",
    "is_conveyed",
    "read_account_number",
    "read_email",
    "read_switch",
]

Integration = Literal["v1", "v2"]
DRAFT_BANK = ("Invoice Cloud Bank", "000000000", "000000000")
"""Bank, account and routing number of a customer whose bills Invoice Cloud collects; the last is assumed [A-110]."""

# <account>CV-<8 to 14 digits>, an optional hyphen before CV- [A-4].
_CONVEYED = re.compile(r".+?-?CV-\d{8,14}", re.IGNORECASE | re.DOTALL)
_EMAIL = re.compile(r"[^\s@<>(),;:\"]+@[^\s@<>(),;:\".-][^\s@<>(),;:\"]*\.[^\s@<>(),;:\".]+")
_SWITCH = {"On": True, "Off": False}


def integration_of(partner: str) -> Integration:
    """The integration of a utility by its biller's partner, `inhance_v1` or `inhance_v2`."""
    return "v1" if partner == "inhance_v1" else "v2"


@dataclass(frozen=True, slots=True)
class Account:
    """
    A customer's account.

    `autopay` is the utility's draft flag: the customer's bills are collected by Invoice Cloud. `credit_cents` is
    money that no bill has taken yet. A conveyed account (passed to a new owner) is an account of its own, under its
    marked number.

    `integration` is the utility's: v2 serves a web service, v1 calls Invoice Cloud by timed jobs. `bank_*` is where a
    Draft customer's bills are collected, on v1.
    """

    number: str
    customer_name: str = ""
    email: str | None = None
    phone: str | None = None
    paperless: bool = False
    autopay: bool = False
    credit_cents: int = 0
    integration: Integration = "v2"
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    bank_name: str | None = None
    bank_account: str | None = None
    bank_routing: str | None = None


def draft_switched(account: Account, *, on: bool) -> Account:
    """
    A v1 account as the Auto Pay job leaves it: a Draft customer with the dummy bank, or none without it.

    A bank of the customer's own stays when AutoPay ends. Source: v1 Details, Change Log - AutoPay Enrollment; that it
    ends is assumed [A-110].
    """
    bank = (account.bank_name, account.bank_account, account.bank_routing)
    if on:
        bank = DRAFT_BANK
    elif bank == DRAFT_BANK:
        bank = (None, None, None)
    name, number, routing = bank
    return replace(account, autopay=on, bank_name=name, bank_account=number, bank_routing=routing)


def read_account_number(field: str, value: str | None) -> str:
    """An account number without the blanks around it: 1 to 50 printable characters. Raises `ValueInvalid`."""
    return read_line(field, value, required=True, longest=50, number=True)


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
