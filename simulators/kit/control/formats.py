"""Formats of the contracts: text of a request as the value it stands for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

from partnerlab.simulators.kit.control.refusals import Invalid

__all__ = ["FORMATS", "Format"]

Format = Callable[[str, str], object]
"""Reads a field's text: name and text in, value out. Raises `Invalid`, or the simulator's own error of a value."""

YEARS = range(1900, 9000)
"""Of a date: months and years can be added to it without leaving the calendar."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_MONEY = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,2}))?")


def read_date(field: str, text: str) -> date:
    """`2026-06-30` as a date, of the years 1900 to 8999."""
    try:
        if _DAY.fullmatch(text) and (day := date.fromisoformat(text)).year in YEARS:
            return day
    except ValueError:
        pass
    raise Invalid(field, "must be a date as YYYY-MM-DD, such as 2026-06-30")


def read_time(field: str, text: str) -> datetime:
    """An RFC 3339 time as an aware `datetime`; without an offset it is refused."""
    try:
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:
        pass
    raise Invalid(field, "must be a time such as 2026-01-31T12:00:00Z, with its offset")


def read_money(field: str, text: str) -> int:
    """`"125.5"` as 12550 whole cents; JSON's own numbers would be floats, so money is text."""
    found = _MONEY.fullmatch(text)
    if found is None:
        raise Invalid(field, 'must be an amount as text, such as "125.50"')
    sign, dollars, cents = found.groups()
    return int(f"{sign}{dollars}{(cents or '').ljust(2, '0')}")


FORMATS: Mapping[str, Format] = {"date": read_date, "date-time": read_time, "money": read_money}
