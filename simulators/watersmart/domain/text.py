"""Lines of text, numbers and addresses as the books keep them."""

from __future__ import annotations

import re

from partnerlab.contracts.one_line import line_problem
from partnerlab.simulators.watersmart.domain.errors import ValueInvalid

__all__ = ["read_account_number", "read_email", "read_line"]

LONGEST_ACCOUNT = 30
"""Source: Change Log File, Account Number, character limit 30."""
_EMAIL = re.compile(r"[^\s@<>(),;:\"]+@[^\s@<>(),;:\".-][^\s@<>(),;:\"]*\.[^\s@<>(),;:\".]+")
LONGEST_EMAIL = 100


def read_line(
    field: str, value: str | None, *, required: bool = False, longest: int = 200, number: bool = False
) -> str:
    """
    *value* without the blanks around it.

    Raises:
        ValueInvalid: It is missing and *required*, too long, or holds a line break or control character; a *number*
            anything that nobody sees [A-126].
    """
    text = (value or "").strip()
    if required and not text:
        raise ValueInvalid(field, text, "is missing")
    if len(text) > longest:
        raise ValueInvalid(field, text, f"is longer than {longest} characters")
    if wrong := line_problem(text, number=number):
        raise ValueInvalid(field, text.encode("unicode_escape").decode("ascii"), wrong)
    return text


def read_account_number(field: str, value: str | None) -> str:
    """An account number: 1 to 30 printable characters. Raises `ValueInvalid`."""
    return read_line(field, value, required=True, longest=LONGEST_ACCOUNT, number=True)


def read_email(field: str, value: str | None) -> str:
    """An e-mail address in form, at most 100 characters. Raises `ValueInvalid`."""
    address = (value or "").strip()
    if len(address) > LONGEST_EMAIL or not address.isprintable() or _EMAIL.fullmatch(address) is None:
        raise ValueInvalid(field, address, f"is not an e-mail address of at most {LONGEST_EMAIL} characters")
    return address
