"""The rules of the TCCS integration that are about values, not about the wire: pure functions on plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.wire.values import MAX_TEXT, render_text
from partnerlab.contracts.one_line import line_problem

__all__ = [
    "MAX_GUID",
    "MAX_NAME",
    "NO_NAME",
    "PAYMENT_TYPES",
    "endpoint_url",
    "insured_name",
    "is_quote",
    "payment_type",
    "render_bill_number",
    "render_insured_name",
    "render_invoice_number",
    "render_payment_guid",
    "render_payment_type",
    "render_quote_number",
]

MAX_GUID = 99
"""Characters in a PaymentGUID. Source: "Under 100 characters"."""

MAX_NAME = 100
"""Characters in an insured's name; the source gives no length (assumed [A-49])."""

NO_NAME = "Name not given"
"""The insured's name of a quote deposit whose payer entered none (assumed [A-49])."""

PAYMENT_TYPES = ("CC", "ACH")
CARDS = frozenset({"credit_card", "debit_card"})

_GUID = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
# What ends a part of contentInfo, and so may stand in none.
_SEPARATORS = "|@:"


def endpoint_url(url: str, operation: str, operations: Sequence[str], folder: str = "api") -> str:
    """
    Where *operation* is called, by the address in a biller's setting (assumed [A-48]).

    The address is the service's (`https://host/invoicecloudapi`, with or without `/api`), or the operation's own, as
    the source writes both; case does not matter. Raises `RequestInvalid` for the address of another of *operations*.
    """
    address, mark, query = url.partition("?")
    address = address.rstrip("/")
    before, _, last = address.rpartition("/")
    if before.endswith(":/"):  # there is no path: it was the host
        last = ""
    if last.lower() == operation.lower():
        return f"{address}{mark}{query}"
    if last.lower() in {other.lower() for other in operations}:
        raise RequestInvalid("url", address, f"is the address of another operation than {operation}")
    if last.lower() == "api":
        address = address if folder else before
    elif folder:
        address = f"{address}/{folder}"
    return f"{address}/{operation}{mark}{query}"


def is_quote(invoice_number: str) -> bool:
    """Whether an invoice is a quote, to which a deposit is paid: its number begins with `Q`. Source: Pay Input."""
    return invoice_number.startswith("Q")


def payment_type(tender: str) -> str:
    """`CC` for a credit or debit card, `ACH` for ALL other payment types, online bank direct too. Source: INT-3698."""
    return "CC" if tender in CARDS else "ACH"


def insured_name(payer_name: str) -> tuple[str, str]:
    """
    The name a payer entered as a quote deposit can carry it, and what was changed about it, or an empty text.

    A name must not hold a payment up that was made: separators and control characters become spaces, a name that
    is too long is cut, and one that is missing is `NO_NAME` (assumed [A-49]). Joiners and the like stay [A-126].
    """
    kept = "".join(" " if c in _SEPARATORS or line_problem(c) else c for c in payer_name)
    name = " ".join(kept.split())
    changes = []
    if kept != payer_name:
        changes.append("characters that cannot be sent became spaces")
    if len(name) > MAX_NAME:
        name = name[:MAX_NAME].rstrip()
        changes.append(f"cut to {MAX_NAME} characters")
    return (name, "; ".join(changes)) if name else (NO_NAME, "the payer entered no name")


def render_invoice_number(value: str) -> str:
    """*value* as it is. Raises `RequestInvalid` where it could not be told from what stands around it."""
    return _part("InvoiceNumber", value, MAX_TEXT, number=True)


def render_bill_number(value: str) -> str:
    """`render_invoice_number`, of an invoice that is no quote."""
    number = render_invoice_number(value)
    if is_quote(number):
        raise RequestInvalid("InvoiceNumber", number, "begins with Q: a quote takes a deposit, not a payment")
    return number


def render_quote_number(value: str) -> str:
    """`render_invoice_number`, of a quote."""
    number = render_invoice_number(value)
    if not is_quote(number):
        raise RequestInvalid("InvoiceNumber", number, "must begin with Q: only a quote takes a deposit")
    return number


def render_insured_name(value: str) -> str:
    """*value* as it is. Raises `RequestInvalid` where it could not be told from what stands around it."""
    return _part("InsuredName", value, MAX_NAME)


def render_payment_type(value: str) -> str:
    """*value*, if it is one of `PAYMENT_TYPES`. Raises `RequestInvalid`."""
    if value not in PAYMENT_TYPES:
        raise RequestInvalid("PaymentType", value, f"must be {' or '.join(PAYMENT_TYPES)}")
    return value


def render_payment_guid(value: str) -> str:
    """
    *value* as it is. Raises `RequestInvalid` unless it is letters and digits in groups, with hyphens between them.

    It need not be a UUID. Source: Version 1 - PaymentGUID, "paymentGUID value must be in this format".
    """
    if not isinstance(value, str) or not _GUID.fullmatch(value):
        raise RequestInvalid("PaymentGUID", value, "must be letters and digits, with single hyphens between groups")
    if len(value) > MAX_GUID:
        raise RequestInvalid("PaymentGUID", f"{value[:20]}…", f"must have {MAX_GUID} characters at most")
    return value


def _part(field: str, value: str, max_length: int, *, number: bool = False) -> str:
    """A text that stands between separators of contentInfo. Around them spaces mean nothing, so it may not have any."""
    render_text(field, value, max_length=max_length)
    if any(c in _SEPARATORS for c in value) or line_problem(value, number=number):
        unwanted = "a character that nobody sees" if number else "a control character"
        raise RequestInvalid(field, value, f"must not hold {' '.join(_SEPARATORS)} or {unwanted}")
    if value != value.strip():
        raise RequestInvalid(field, value, "must not begin or end with a space")
    return value
