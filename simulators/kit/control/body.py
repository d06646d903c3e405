"""Reading a control request's JSON and query strictly: each refusal names the field and the rule."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from flask import request

from partnerlab.simulators.kit.control.refusals import Invalid, Refused

__all__ = ["Body", "invalid"]

MAX_TEXT = 1_000

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)


def invalid(field: str, rule: str) -> NoReturn:
    """Refuse a value."""
    raise Invalid(field, rule)


class Body:
    """A JSON object that may have the named members and no others; no body counts as an empty object."""

    def __init__(self, *known: str) -> None:
        values = request.get_json(silent=True) if request.data else {}
        if not isinstance(values, dict):
            raise Refused(400, "not_json", "the body must be a JSON object")
        if unknown := sorted(set(values) - set(known)):
            invalid(unknown[0][:80], f"is not a member of this request; known: {', '.join(known) or 'none'}")
        self.values: dict[str, Any] = values

    def text(self, name: str, *, default: str | None = None) -> str:
        """A string; required unless there is a default."""
        value = self._get(name, default)
        if not isinstance(value, str):
            invalid(name, "must be a string")
        return _storable(name, value)

    def integer(self, name: str, least: int, most: int) -> int | None:
        """A whole number in a range, or None where it is absent or null."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # to JSON Schema 3.0 is an integer
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            invalid(name, f"must be a whole number from {least} to {most}")
        return value

    def number(self, name: str, default: float) -> float:
        """A number."""
        value = self.values.get(name, default)
        if not _is_number(value):
            invalid(name, "must be a number")
        return float(value)

    def numbers(self, name: str) -> Mapping[str, float]:
        """An object of numbers."""
        value = self.values.get(name, {})
        if not isinstance(value, dict) or not all(_is_number(number) for number in value.values()):
            invalid(name, "must be an object of numbers")
        return {key: float(number) for key, number in value.items()}

    def flag(self, name: str) -> bool | None:
        """A boolean, or None where it is absent or null."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            invalid(name, "must be true or false")
        return value

    def time(self, name: str) -> datetime:
        """An RFC 3339 time with its offset, required."""
        text = self.text(name)
        try:
            if _TIME.fullmatch(text):
                return datetime.fromisoformat(text.upper())
        except ValueError:
            pass
        invalid(name, "must be a time such as 2026-01-31T12:00:00Z, with its offset")

    def rows_by_table(self, name: str) -> Mapping[str, list[Mapping[str, Any]]]:
        """An object of arrays of objects, required."""
        value = self._get(name, None)
        if not isinstance(value, dict):
            invalid(name, "must be an object of arrays")
        for table, rows in value.items():
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                invalid(f"{name}.{table[:80]}", "must be an array of objects")
        return value

    def _get(self, name: str, default: Any) -> Any:
        if name not in self.values and default is None:
            invalid(name, "is required")
        return self.values.get(name, default)


def _storable(name: str, text: str) -> str:
    """Text that every database takes: no NUL, no half of a surrogate pair, not endless."""
    if len(text) > MAX_TEXT:
        invalid(name, f"is over {MAX_TEXT} characters")
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        invalid(name, "has a character that is no text")
    return text


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float holds
        return False
