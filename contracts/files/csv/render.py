"""
How a value becomes a cell of a CSV file that Invoice Cloud writes.

No cell is ever quoted: commas, quotes and line breaks are removed, since the partner splits at commas (source: "commas
will be removed"). A text that a spreadsheet would run as a formula gets a leading space where the column has room for
it, and is reported where it has not [A-90].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from partnerlab.contracts.first_use import pattern

__all__ = ["FORMULA", "MARKS", "OUT_KINDS", "PHONE", "REMOVED_BYTES", "TEXTS", "cleaned"]

TEXTS = ("text", "account", "phone")  # the kinds whose value is text

REMOVED_BYTES = b',"'
REMOVED = pattern(f"[{REMOVED_BYTES.decode()}]")
BROKEN = pattern("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
FORMULA = pattern(r"[=+\-@\t\r]")
MARKS = b"=+-@ "
"""
What no plain text begins with: a space, and the marks by which a spreadsheet takes a cell for a formula. Tab and return
are not among them, as no plain text has them anywhere.
"""
PHONE = pattern(r"\+?[0-9 ().-]*")


def cleaned(text: str) -> str:
    """*text* without commas and quotes, a space for each run of line breaks and control characters."""
    return BROKEN.sub(" ", REMOVED.sub("", text)).strip()


def render_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    value.encode()  # a lone surrogate is no character: UnicodeEncodeError is a ValueError
    return cleaned(value)


def render_amount(value: Any) -> str:
    """Two decimals, exactly; raises ValueError for a part of a cent."""
    if type(value) is not Decimal or not value.is_finite():
        raise ValueError(f"{value!r} is not an amount")
    text = f"{value:.2f}"
    if Decimal(text) != value:
        raise ValueError(f"{value!r} has a part of a cent")
    return text


def render_moment(value: Any) -> str:
    """MMDDYYYYHHMMSS of a moment that is already in the biller's zone."""
    if type(value) is not datetime or value.tzinfo is None:
        raise ValueError(f"{value!r} is not a moment with its zone")
    return f"{render_day(value)}{value:%H%M%S}"


def render_day(day: date) -> str:
    """MMDDYYYY."""
    return f"{day.month:02}{day.day:02}{day.year:04}"


def render_integer(value: Any) -> str:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a whole number")
    return str(value)


def render_boolean(value: Any) -> str:
    if type(value) is not bool:
        raise ValueError(f"{value!r} is not true or false")
    return "True" if value else "False"


OUT_KINDS: Mapping[str, Callable[[Any], str]] = {
    "text": render_text,
    "account": render_text,
    "phone": render_text,
    "amount": render_amount,
    "moment": render_moment,
    "integer": render_integer,
    "boolean": render_boolean,
}
