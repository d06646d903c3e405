"""
What must hold of a setting's value, for the `problems` of each simulator's settings.

A rule gives a text that completes "'maybe' …", or "" where the value is good.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

__all__ = [
    "Rule",
    "amount",
    "email_address",
    "filled",
    "found_by",
    "guid",
    "path",
    "positive",
    "time_zone",
    "whole_number",
]

Rule = Callable[[object], str]


def _matching(pattern: str, rule: str) -> Rule:
    shape = re.compile(pattern)
    return lambda value: "" if shape.fullmatch(str(value)) else rule


guid = _matching(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}", "is not a GUID")
path = _matching(r"(?:/[A-Za-z0-9._~-]{1,64}){1,8}", "is not a path such as /invoicecloudapi")
amount = _matching(r"[0-9]{1,9}\.[0-9]{2}", "is not an amount such as 125.50")
filled = _matching(r"(?s)\S(?:.{0,198}\S)?", "is empty, too long, or begins or ends with a blank")
email_address = _matching(r"[^@\s]{1,64}@[^@\s]{1,190}", "is not an e-mail address")
whole_number = _matching(r"[0-9]{1,9}", "is not a whole number")


def positive(value: object) -> str:
    """A number above zero."""
    return "" if isinstance(value, (int, float)) and value > 0 else "is not more than 0"


def time_zone(value: object) -> str:
    """A name of the time zone database."""
    try:
        ZoneInfo(str(value))
    except (ValueError, OSError, KeyError):
        return "is not a time zone such as America/New_York"
    return ""


def found_by(rules: Mapping[str, Rule], settings: object) -> dict[str, str]:
    """The text of each field that breaks its rule."""
    said = {name: rule(getattr(settings, name)) for name, rule in rules.items()}
    return {name: text for name, text in said.items() if text}
