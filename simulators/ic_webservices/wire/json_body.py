"""
Reading a JSON object against a small declaration of its members, leniently as .NET reads it, or strictly.

Lenient: names match without regard to case, booleans and numbers may come as text and text as a number, of a name that
comes twice the last counts, what is not declared is ignored. Strict: exactly the declared names, once each, and types.
Either way null counts as absent, and a refusal names the place and the rule: `Customers[0].AccountNumber: is required`.

Source: what public integrations send; the strict form is assumed [A-54].
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, NoReturn

__all__ = ["JsonRefused", "Many", "Member", "Schema", "read_object"]

LONGEST_TEXT = 4_000
MOST_ITEMS = 1_000
_WHOLE = re.compile(r"\s*[+-]?\d{1,18}\s*", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(?:\d{1,18}(?:\.\d{0,9})?|\.\d{1,9})\s*", re.ASCII)
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class JsonRefused(ValueError):
    """A body that is not what its declaration says: `place` (`Customers[0].AccountNumber`) and `rule`."""

    def __init__(self, place: str, rule: str) -> None:
        self.place, self.rule = place, rule
        super().__init__(f"{place}: {rule}")


@dataclass(frozen=True, slots=True)
class Member:
    """
    A member of an object.

    `kind` is `text`, `flag`, `whole` or `number` (a `Decimal`), a `Schema` for an object, or `Many` for a list.
    """

    name: str
    kind: str | Schema | Many = "text"
    required: bool = False


@dataclass(frozen=True)
class Schema:
    """An object. *bare* names the member that a value standing in the object's place is taken for, if any."""

    members: tuple[Member, ...]
    bare: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Member]:
        """Members by their exact name."""
        return {member.name: member for member in self.members}

    @cached_property
    def by_lower_name(self) -> Mapping[str, Member]:
        """Members by their name in lower case."""
        return {member.name.lower(): member for member in self.members}


@dataclass(frozen=True, slots=True)
class Many:
    """A list of one kind; *least* is how many there must be."""

    of: str | Schema
    least: int = 0


def read_object(body: bytes, schema: Schema, *, strict: bool) -> dict[str, Any]:
    """
    The object in *body*: every declared member under its declared name, None where it was absent.

    Raises `JsonRefused`.
    """
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(
            text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once if strict else None
        )
    except JsonRefused:
        raise
    except UnicodeDecodeError:
        raise JsonRefused("body", "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise JsonRefused(f"body, line {error.lineno}, column {error.colno}", f"is not JSON: {error.msg}") from None
    except RecursionError:
        raise JsonRefused("body", "is nested too deep") from None
    except ValueError:  # a whole number of thousands of digits
        raise JsonRefused("body", "holds a number that is too long") from None
    if not isinstance(value, dict):
        raise JsonRefused("body", "must be a JSON object")
    return _object(value, schema, "", strict)


def _object(value: Mapping[str, Any], schema: Schema, place: str, strict: bool) -> dict[str, Any]:
    members = schema.by_name if strict else schema.by_lower_name
    result: dict[str, Any] = dict.fromkeys(schema.by_name)
    for name, given in value.items():
        member = members.get(name if strict else name.lower())
        if member is None:
            if strict:
                raise JsonRefused(place + name[:80], "is not a member of this request")
            continue
        result[member.name] = None if given is None else _value(given, member.kind, place + member.name, strict)
    for member in schema.members:
        if member.required and result[member.name] in (None, ""):
            raise JsonRefused(place + member.name, "is required")
    return result


def _value(given: Any, kind: str | Schema | Many, place: str, strict: bool) -> Any:
    if kind == "text":
        return _text(given, place, strict)
    if kind == "flag":
        return _flag(given, place, strict)
    if kind == "whole":
        return _whole(given, place, strict)
    if kind == "number":
        return _number(given, place, strict)
    if isinstance(kind, Many):
        return _list(given, kind, place, strict)
    assert isinstance(kind, Schema), kind
    if kind.bare and not isinstance(given, dict | list):
        given = {kind.bare: given}
    if not isinstance(given, dict):
        raise JsonRefused(place, "must be an object")
    return _object(given, kind, f"{place}.", strict)


def _list(given: Any, kind: Many, place: str, strict: bool) -> list[Any]:
    if not isinstance(given, list):
        raise JsonRefused(place, "must be a list")
    if not kind.least <= len(given) <= MOST_ITEMS:
        raise JsonRefused(place, f"must have {kind.least} to {MOST_ITEMS} items")
    items = []
    for index, item in enumerate(given):
        where = f"{place}[{index}]"
        if item is None:
            raise JsonRefused(where, "must not be null")
        items.append(_value(item, kind.of, where, strict))
    return items


def _text(given: Any, place: str, strict: bool) -> str:
    if not strict and isinstance(given, int | Decimal) and not isinstance(given, bool):
        given = str(given)
    if not isinstance(given, str):
        raise JsonRefused(place, "must be text")
    if len(given) > LONGEST_TEXT:
        raise JsonRefused(place, f"must have at most {LONGEST_TEXT} characters")
    if _NO_TEXT.search(given):
        raise JsonRefused(place, "holds a character that is no text")
    return given


def _flag(given: Any, place: str, strict: bool) -> bool | None:
    if isinstance(given, bool):
        return given
    if not strict and isinstance(given, str | int):
        word = str(given).strip().lower()
        if not word:
            return None
        if word in _FLAGS:
            return _FLAGS[word]
    raise JsonRefused(place, "must be true or false")


def _whole(given: Any, place: str, strict: bool) -> int | None:
    if isinstance(given, Decimal) and given == given.to_integral_value():
        given = int(given) if given.adjusted() < 18 else None  # to JSON 3.0 is a whole number
    if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 10**18:
        return given
    if not strict and isinstance(given, str):
        if not given.strip():
            return None
        if _WHOLE.fullmatch(given):
            return int(given)
    raise JsonRefused(place, "must be a whole number")


def _number(given: Any, place: str, strict: bool) -> Decimal | None:
    if isinstance(given, int | Decimal) and not isinstance(given, bool):
        text = str(given) if isinstance(given, int) else format(given, "f") if -30 < given.adjusted() < 30 else ""
    elif not strict and isinstance(given, str):
        if not given.strip():
            return None
        text = given
    else:
        text = ""
    if not _NUMBER.fullmatch(text):
        raise JsonRefused(place, "must be a number with at most 18 digits before the point and 9 after it")
    try:
        return Decimal(text.strip())
    except InvalidOperation:  # pragma: no cover - the pattern is narrower than Decimal
        raise JsonRefused(place, "must be a number") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise JsonRefused(name[:80], "is there twice")
        found[name] = value
    return found


def _no_number(name: str) -> NoReturn:
    raise JsonRefused("body", f"is not JSON: {name} is no number")
