"""
Values as they stand on the wire: checked and rendered before a request, parsed from an answer.

`render_` functions take the field's wire name first and raise `RequestInvalid` for it; `parse_` functions raise
`ValueError` with the rule, which the reader of the answer puts in its place.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from partnerlab.client.errors import RequestInvalid
from partnerlab.contracts.masking import MASK

__all__ = [
    "CENT",
    "MAX_TEXT",
    "parse_amount",
    "parse_boolean",
    "parse_cents",
    "parse_date",
    "parse_date_time",
    "parse_integer",
    "render_amount",
    "render_boolean",
    "render_date",
    "render_date_time",
    "render_email",
    "render_integer",
    "render_line",
    "render_secret",
    "render_text",
]

CENT: Final = Decimal("0.01")
MAX_TEXT: Final = 255
"""Characters in a text parameter: the usual `nvarchar(255)`; the sources give no lengths (assumed [A-26])."""

INT32: Final = 2**31
MAX_DIGITS: Final = 18
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")
_WHOLE_CENTS = re.compile(r"-?[0-9]{1,15}\.[0-9]{2}")  # how nearly every amount is written
_EXPONENT = re.compile(r"[+-]?[0-9]{1,2}")
MAX_NUMBER: Final = 100  # characters of a number, flag or date with blanks around it: more are refused unread
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")
_DATE_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_EMAIL = re.compile(r"[^@\s;,<>]+@[^@\s;,<>]+")
_XML_SPACE = " \t\r\n"


def render_text(field: str, value: str, *, required: bool = True, max_length: int = MAX_TEXT) -> str:
    """*value* as it is. Raises `RequestInvalid` where it is too long, or blank although *required*."""
    if not isinstance(value, str):
        raise RequestInvalid(field, value, "must be text")
    if required and not value.strip():
        raise RequestInvalid(field, value, "must not be blank")
    if len(value) > max_length:
        raise RequestInvalid(field, f"{value[:20]}…", f"must have {max_length} characters at most, not {len(value)}")
    return value


def render_line(field: str, value: str, *, required: bool = True, max_length: int = MAX_TEXT) -> str:
    """One line of text. Raises `RequestInvalid` as `render_text` does, and for control characters."""
    value = render_text(field, value, required=required, max_length=max_length)
    if any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in value):
        raise RequestInvalid(field, ascii(value)[:100], "must not hold control characters")
    return value


def render_email(field: str, value: str) -> str:
    """An e-mail address: one, and nothing around it. Raises `RequestInvalid`."""
    if not _EMAIL.fullmatch(render_line(field, value)):
        raise RequestInvalid(field, value, "must be an e-mail address")
    return value


def render_secret(field: str, value: str, max_length: int = MAX_TEXT) -> str:
    """A secret as it is. The error for one that cannot be sent does not show it."""
    if not isinstance(value, str) or not value.strip() or len(value) > max_length:
        raise RequestInvalid(field, MASK, f"must be text of 1 to {max_length} characters, not blank")
    if any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in value):
        raise RequestInvalid(field, MASK, "must not hold control characters")
    return value


def render_amount(field: str, value: Decimal, *, zero: bool = False, negative: bool = False) -> str:
    """US dollars with two decimals (`125.50`), never rounded. Must be above zero unless *zero* or *negative* allow."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise RequestInvalid(field, value, "must be a finite Decimal")
    try:
        cents = value.quantize(CENT)
    except InvalidOperation:
        raise RequestInvalid(field, value, "has too many digits") from None
    if cents != value:
        raise RequestInvalid(field, value, "must be whole cents")
    if not cents:
        if not zero:
            raise RequestInvalid(field, value, "must not be zero")
        return "0.00"
    if not negative and cents.is_signed():
        raise RequestInvalid(field, value, "must not be negative")
    return str(cents)


def render_integer(field: str, value: int) -> str:
    """An xsd:int. Raises `RequestInvalid` outside its 32 bits."""
    if not isinstance(value, int) or isinstance(value, bool) or not -INT32 <= value < INT32:
        raise RequestInvalid(field, value, "must be an integer of 32 bits")
    return str(value)


def render_boolean(value: bool) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def render_date(field: str, value: date) -> str:
    """A day as xsd:dateTime at midnight, as .NET writes its dates."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise RequestInvalid(field, value, "must be a date")
    return value.isoformat() + "T00:00:00"


def render_date_time(field: str, value: datetime) -> str:
    """
    The wall-clock time of *value* in whole seconds, without an offset: `2026-06-16T10:30:00`.

    A .NET service turns a time with an offset into its server's own zone, which can move a payment made near
    midnight to another day; a time without one it keeps. So *value* must be in the biller's zone (or naive, and
    then the biller's wall clock is meant).
    """
    if not isinstance(value, datetime):
        raise RequestInvalid(field, value, "must be a datetime")
    return (value.replace(tzinfo=None, microsecond=0) if value.tzinfo or value.microsecond else value).isoformat()


def parse_cents(text: str) -> Decimal:
    """An xsd:decimal of whole cents, with two decimals: `125.5000` is 125.50."""
    text = _short(text, "is not a decimal number")
    if not _DECIMAL.fullmatch(text):
        raise ValueError("is not a decimal number")
    return _cents(Decimal(text))


def parse_amount(text: str, *, separator: str = "") -> Decimal:
    """
    `parse_cents` as partners may write it: with an exponent (`1.2E+2` is 120.00), as JSON allows.

    With a *separator*, groups of three digits may stand between it: `1,120.00`.
    """
    if _WHOLE_CENTS.fullmatch(text):
        value = Decimal(text)
        return value or abs(value)
    text = _short(text, "is not a decimal number")
    if separator and separator in text:
        text = _ungrouped(text, separator)
    number, _, exponent = text.lower().partition("e")
    if not _DECIMAL.fullmatch(number) or ("e" in text.lower() and not _EXPONENT.fullmatch(exponent)):
        raise ValueError("is not a decimal number")
    value = Decimal(text)
    if value and value.adjusted() >= MAX_DIGITS:
        raise ValueError("has too many digits")
    return _cents(value)


def _cents(value: Decimal) -> Decimal:
    cents = value.quantize(CENT)
    if cents != value:
        raise ValueError("is not in whole cents")
    return abs(cents) if cents == 0 else cents


def _short(text: str, rule: str) -> str:
    """*text* without blanks around it. Raises `ValueError` with *rule* for one that is too long to be meant."""
    if len(text) > MAX_NUMBER:
        raise ValueError(rule)
    return text.strip(_XML_SPACE)


def _ungrouped(text: str, separator: str) -> str:
    """A number without the separators between its groups of three; as it is where they stand otherwise."""
    whole, point, rest = text.partition(".")
    groups = whole.lstrip("+-").split(separator)
    if not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 or not group.isdecimal() for group in groups[1:]):
        return text
    return whole.replace(separator, "") + point + rest


def parse_integer(text: str) -> int:
    """An xsd:int."""
    text = _short(text, "is not an integer of 32 bits")
    if not _INTEGER.fullmatch(text) or not -INT32 <= int(text) < INT32:
        raise ValueError("is not an integer of 32 bits")
    return int(text)


def parse_boolean(text: str) -> bool:
    """An xsd:boolean (`true`, `false`, `1` or `0`) in whatever case, as .NET's own text of it is `True`."""
    match _short(text, "is not true or false").lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    raise ValueError("is not true or false")


def parse_date_time(text: str) -> datetime | None:
    """
    An xsd:dateTime; naive where the text has no offset. `None` for the year 1.

    .NET writes an unset time as `0001-01-01T00:00:00`.
    """
    found = _DATE_TIME.fullmatch(_short(text, "is not a date and time"))
    if not found:
        raise ValueError("is not a date and time")
    day, clock, fraction, zone = found.groups()
    fraction = (fraction or "")[:6].ljust(6, "0")
    try:
        value = datetime.fromisoformat(f"{day}T{clock}.{fraction}{zone or ''}")
    except ValueError:
        raise ValueError("is not a date and time") from None
    return None if value.year == 1 else value


def parse_date(text: str) -> date | None:
    """The day of an xsd:dateTime or xsd:date; `None` for the year 1 (unset in .NET)."""
    found = _DATE.fullmatch(_short(text, "is not a date"))
    if not found:
        moment = parse_date_time(text)
        return moment.date() if moment else None
    try:
        value = date.fromisoformat(found[1])
    except ValueError:
        raise ValueError("is not a date") from None
    return None if value.year == 1 else value
