"""
Invoice numbers: the policy's number and the day its term expires, `454100010-06/16/2020`; a quote's begins with `Q`.

Source: "TCCS Technical Design", field mapping, InvoiceNumber: "Policy Number-Expiration Date of Policy Term".
"""

from __future__ import annotations

import re
from datetime import date

from partnerlab.simulators.tccs_rest.domain.errors import ValueInvalid

__all__ = ["is_quote", "policy_number", "read_invoice_number", "term_of"]

_FORM = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,48}[A-Za-z0-9])?)-(\d\d)/(\d\d)/(\d{4})", re.ASCII)
_YEARS = range(1900, 9000)


def is_quote(invoice_number: str) -> bool:
    """Whether a number is a quote's."""
    return invoice_number.startswith("Q")


def policy_number(invoice_number: str) -> str:
    """What stands before the date: the policy's number; for a quote with its `Q`."""
    return invoice_number.rpartition("-")[0]


def read_invoice_number(field: str, value: str, *, quote: bool = False) -> str:
    """
    The invoice number of a policy term, or of a quote.

    Raises:
        ValueInvalid: it has another form, its date does not exist, or it is a number of the other kind.
    """
    if _expires_on(value) is None:
        raise ValueInvalid(field, value, "is not a policy number, a hyphen and the day its term expires as MM/DD/YYYY")
    if is_quote(value) != quote:
        raise ValueInvalid(field, value, "does not begin with Q" if quote else "begins with Q, as quotes do")
    if quote and _expires_on(value[1:]) is None:
        raise ValueInvalid(field, value, "holds no policy number after its Q")
    return value


def term_of(invoice_number: str) -> tuple[date, date]:
    """First day and expiration of a term, which is a year [A-46]. Raises `ValueInvalid` for a number without a date."""
    expires_on = _expires_on(invoice_number)
    if expires_on is None:
        raise ValueInvalid("invoice_number", invoice_number, "holds no expiration date")
    leap_day = (expires_on.month, expires_on.day) == (2, 29)
    return expires_on.replace(year=expires_on.year - 1, day=28 if leap_day else expires_on.day), expires_on


def _expires_on(invoice_number: str) -> date | None:
    found = _FORM.fullmatch(invoice_number)
    if found is None or int(found[3]) not in _YEARS:
        return None
    try:
        return date(int(found[3]), int(found[1]), int(found[2]))
    except ValueError:
        return None
