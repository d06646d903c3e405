"""Reads a JSON body strictly: it refuses what two readers could understand differently, and what no store can keep."""

from __future__ import annotations

import json
import math
from typing import Any, TypeVar

from partnerlab.simulators.kit.control.refusals import Invalid, Refused

__all__ = ["MAX_DEPTH", "check_text", "check_value", "read_object", "strict_decoder"]

Value = TypeVar("Value")
MAX_DEPTH = 32
"""How deeply arrays and objects may be nested: more than any contract needs, less than any JSON writer's limit."""


def read_object(body: bytes) -> dict[str, Any]:
    """
    The object that a body holds.

    Raises `Refused` where it is no JSON object in UTF-8. Raises `Invalid` where a name stands twice in one object,
    where it is nested too deep, where a text cannot be stored, and where no float holds a number.
    """
    try:
        value = json.loads(body.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise Invalid("body", f"is nested over {MAX_DEPTH} deep") from None
    except ValueError as error:  # not UTF-8, not JSON, a number of thousands of digits
        raise Refused(400, "not_json", f"the body is not JSON: {str(error)[:200]}", "body") from None
    if not isinstance(value, dict):
        raise Refused(400, "not_json", "the body must be a JSON object", "body")
    _check("", value)
    return value


def strict_decoder() -> json.JSONDecoder:
    """Reads JSON as `read_object` does, `check_value` apart. Raises `Invalid` where a name stands twice."""
    return json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)


def check_value(place: str, value: Value) -> Value:
    """The value, which stands at *place* of a body. Raises `Invalid` for what `read_object` refuses of it."""
    _check(place, value)
    return value


def check_text(field: str, text: str) -> str:
    """Text that every database takes: no NUL, no half of a surrogate pair. Raises `Invalid`."""
    # An export of a large lane has a million of texts, which can be printed nearly all.
    if not text.isprintable() and ("\x00" in text or any("\ud800" <= c <= "\udfff" for c in text)):
        raise Invalid(field, "has a character that is no text")
    return text


def _check(place: str, value: Any) -> None:
    below: list[tuple[str, Any, int]] = [(place, value, 1)]
    while below:
        field, found, depth = below.pop()
        if isinstance(found, str):
            check_text(field, found)
        elif isinstance(found, float) and not math.isfinite(found):
            raise Invalid(field, "is too large a number")
        elif isinstance(found, dict | list):
            if depth > MAX_DEPTH:
                raise Invalid(field.partition(".")[0], f"is nested over {MAX_DEPTH} deep")
            items = found.items() if isinstance(found, dict) else ((str(i), item) for i, item in enumerate(found))
            for name, item in items:
                check_text(field or "body", name)
                below.append((f"{field}.{name}"[:200] if field else name[:80], item, depth + 1))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Invalid(name[:80], "stands twice in one object")
        found[name] = value
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")
