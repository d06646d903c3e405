"""
The simple types of .NET as its XmlSerializer and form reader take and write them, with its words for what it refuses.

SOAP and form values differ: XmlSerializer reads the XSD form (`true`, `2026-11-21T10:00:00`), the form reader what
.NET's own Parse methods take (`True`, `11/21/2026 10:00 AM`, `1,250.00`).

Source: the wording is that of public traces of .NET Framework services.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Context, Decimal
from typing import Any

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.records import dataclass

__all__ = ["SCALARS", "Scalar", "escape"]

# Each pattern matches in one way only, so 64 KB that almost match cost no more than 64 KB that match.
_INTEGER = pattern(r"\s*([+-]?)(\d+)\s*", re.ASCII)
_DECIMAL = pattern(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)\s*", re.ASCII)
_DATETIME = pattern(
    r"\s*(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?\s*",
    re.ASCII,
)
_UNSAFE = pattern("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}

_LARGEST_DECIMAL = Decimal(2**96 - 1)
_DECIMAL_CONTEXT = Context(prec=29)
_FORMAT = "Input string was not in a correct format."
_FORM_DATES = (
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """
    A simple type.

    `xsd` is its XML Schema name and `clr` the .NET class a form error names; `parse` and `parse_form` raise
    `ValueError` with .NET's message; `default` is what a missing value becomes; `render` gives escaped text.
    """

    xsd: str
    clr: str
    parse: Callable[[str], Any]
    parse_form: Callable[[str], Any]
    render: Callable[[Any], str]
    default: Any = None


def escape(text: str) -> str:
    """*text* for element content; characters XML cannot hold become U+FFFD."""
    if _UNSAFE.search(text) is None:
        return text
    return _UNSAFE.sub(lambda match: _ESCAPES.get(match[0], "\ufffd"), text)


def _integer(bits: int) -> Callable[[str], int]:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    too_large = f"Value was either too large or too small for an Int{bits}."

    def parse(text: str) -> int:
        if len(text) < 10 and text.isdecimal() and text.isascii():  # as most are: no sign, no blanks, within any bounds
            return int(text)
        match = _INTEGER.fullmatch(text)
        if match is None:
            raise ValueError(_FORMAT)
        digits = match[2].lstrip("0") or "0"
        value = int(match[1] + digits) if len(digits) < 20 else high + 1
        if not low <= value <= high:
            raise ValueError(too_large)
        return value

    return parse


def _decimal(text: str) -> Decimal:
    if len(text) < 29 and text.isascii() and text.replace(".", "", 1).isdecimal():  # as most are: no sign, no blanks
        return Decimal(text)
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError(_FORMAT)
    value = Decimal(text.strip())
    if len(text) < 29:
        return value
    if value.copy_abs() > _LARGEST_DECIMAL:  # abs() would round to 28 digits
        raise ValueError("Value was either too large or too small for a Decimal.")
    return _DECIMAL_CONTEXT.plus(value)


def _form_decimal(text: str) -> Decimal:
    return _decimal(re.sub(r"(?<=\d),(?=\d)", "", text))


def _render_decimal(value: Any) -> str:
    if not isinstance(value, Decimal):
        value = Decimal(value)
    if not value.is_finite():
        raise ValueError(f"{value} is not an xs:decimal")
    return format(value, "f")


def _boolean(text: str) -> bool:
    word = text.strip()
    if word in ("true", "1"):
        return True
    if word in ("false", "0"):
        return False
    raise ValueError(f"The string '{text}' is not a valid Boolean value.")


def _form_boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in ("true", "false"):
        raise ValueError("String was not recognized as a valid Boolean.")
    return word == "true"


def _datetime(text: str) -> datetime:
    if len(text) == 19 and text[4::3] == "--T::":  # as most are: to the second, no zone, no blanks
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    match = _DATETIME.fullmatch(text)
    if match is not None:
        day, clock, fraction, zone = match.groups()
        try:
            value = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}")
            if fraction:
                value = value.replace(microsecond=int(fraction[:6].ljust(6, "0")))
            return value if zone is None else value.replace(tzinfo=_zone(zone))
        except ValueError:
            pass
    raise ValueError(f"The string '{text}' is not a valid AllXsd value.")


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:]))
    if offset > timedelta(hours=14):
        raise ValueError(text)
    return timezone(-offset if text[0] == "-" else offset)


def _form_datetime(text: str) -> datetime:
    try:
        return _datetime(text.strip().replace(" ", "T", 1))
    except ValueError:
        for form in _FORM_DATES:
            try:
                return datetime.strptime(text.strip(), form)  # noqa: DTZ007 - the form names no zone
            except ValueError:
                continue
    raise ValueError("String was not recognized as a valid DateTime.")


def _date(text: str) -> date:
    return _datetime(text).date()


def _render_datetime(value: datetime) -> str:
    if value.utcoffset() == timedelta(0):
        return value.replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat()


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding"
            " characters, or an illegal character among the padding characters."
        ) from None


def _render_base64(value: Any) -> str:
    return base64.b64encode(value if isinstance(value, bytes) else b"".join(value)).decode("ascii")


def _render_boolean(value: Any) -> str:
    return "true" if value else "false"


_INT32, _INT64 = _integer(32), _integer(64)

SCALARS: Mapping[str, Scalar] = {
    one.xsd: one
    for one in (
        Scalar("string", "System.String", str, str, escape),
        Scalar("int", "System.Int32", _INT32, _INT32, str, 0),
        Scalar("long", "System.Int64", _INT64, _INT64, str, 0),
        Scalar("decimal", "System.Decimal", _decimal, _form_decimal, _render_decimal, Decimal(0)),
        Scalar("boolean", "System.Boolean", _boolean, _form_boolean, _render_boolean, default=False),
        Scalar("dateTime", "System.DateTime", _datetime, _form_datetime, _render_datetime, datetime(1, 1, 1)),  # noqa: DTZ001 - .NET's DateTime.MinValue has no zone
        Scalar("date", "System.DateTime", _date, _date, date.isoformat, date(1, 1, 1)),
        Scalar("base64Binary", "System.Byte[]", _base64, _base64, _render_base64),
    )
}
