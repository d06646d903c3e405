"""
Reading a JSON object against a small declaration of its members, leniently as .NET reads it, or strictly.

Lenient: names match without regard to case, booleans and numbers may come as text and text as a number, of a name that
comes twice the last counts, what is not declared is ignored. Strict: exactly the declared names, once each, and types.
Either way null counts as absent, and a refusal names the place and the rule: `Customers[0].AccountNumber: is required`.

A declaration is compiled once into nested functions, one per object, list and member, which know nothing of where they
stand: a refusal gathers its place on the way out, so that only a wrong body pays for it.

Source: what public integrations send; the strict form is assumed [A-54].
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache, cached_property, partial
from typing import Any, NoReturn

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.records import dataclass

__all__ = ["JsonRefused", "Many", "Member", "Schema", "read_object"]

LONGEST_TEXT = 4_000
MOST_ITEMS = 1_000
_WHOLE = pattern(r"\s*[+-]?\d{1,18}\s*", re.ASCII)
_NUMBER = pattern(r"\s*[+-]?(?:\d{1,18}(?:\.\d{0,9})?|\.\d{1,9})\s*", re.ASCII)
_NO_TEXT = pattern("[\x00\ud800-\udfff]")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}

Read = Callable[[Any], Any]
"""Reads one value that is not null. Raises `_Wrong`."""


class JsonRefused(ValueError):
    """A body that is not what its declaration says: `place` (`Customers[0].AccountNumber`) and `rule`."""

    def __init__(self, place: str, rule: str) -> None:
        self.place, self.rule = place, rule
        super().__init__(f"{place}: {rule}")


class _Wrong(Exception):
    """A value that is not what its declaration says; `place` grows from within: `.Name`, then `.Customers[0].Name`."""

    def __init__(self, rule: str, place: str = "") -> None:
        self.rule, self.place = rule, place
        super().__init__(rule)

    def below(self, step: str) -> _Wrong:
        """This problem with its place seen from one step further out."""
        self.place = step + self.place
        return self


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
    def lenient(self) -> Read:
        """Reads the object leniently."""
        return _object(self, strict=False)

    @cached_property
    def strict(self) -> Read:
        """Reads the object strictly."""
        return _object(self, strict=True)


@dataclass(frozen=True, slots=True)
class Many:
    """A list of one kind; *least* is how many there must be, *most* how many there may be."""

    of: str | Schema
    least: int = 0
    most: int = MOST_ITEMS


def read_object(body: bytes, schema: Schema, *, strict: bool) -> dict[str, Any]:
    """
    The object in *body*: every declared member under its declared name, None where it was absent.

    Raises `JsonRefused`.
    """
    try:
        value = (_EXACTLY if strict else _LENIENTLY).decode(body.removeprefix(codecs.BOM_UTF8).decode())
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
    try:
        result: dict[str, Any] = (schema.strict if strict else schema.lenient)(value)
    except _Wrong as wrong:
        raise JsonRefused(wrong.place[1:], wrong.rule) from None
    return result


def _object(schema: Schema, *, strict: bool) -> Read:
    """Reads the members of an object, those that are absent as None."""
    members = {member.name: (member.name, member.kind, _reader(member.kind, strict)) for member in schema.members}
    absent = dict.fromkeys(members)
    required = [member.name for member in schema.members if member.required]
    if not strict:  # of two members that differ in case alone, the last takes both spellings
        lower = {name.lower(): found for name, found in members.items()}
        members = {name: lower[name.lower()] for name in members} | lower
    bare = schema.bare

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            if not bare or isinstance(value, list):
                raise _Wrong("must be an object")
            value = {bare: value}
        result: dict[str, Any] = absent.copy()
        for given_name, given in value.items():
            found = members.get(given_name)
            if found is None:
                if strict:
                    raise _Wrong("is not a member of this request", f".{given_name[:80]}")
                found = members.get(given_name.lower())
                if found is None:
                    continue
            name, kind, reader = found
            if given is None or (kind == "flag" and (given is True or given is False)):
                result[name] = given
                continue
            try:
                result[name] = reader(given)
            except _Wrong as wrong:
                raise wrong.below(f".{name}") from None
        for name in required:
            if result[name] in (None, ""):
                raise _Wrong("is required", f".{name}")
        return result

    return read


def _list(kind: Many, *, strict: bool) -> Read:
    """Reads the items of a list."""
    reader = _reader(kind.of, strict)

    def read(given: Any) -> list[Any]:
        if not isinstance(given, list):
            raise _Wrong("must be a list")
        if not kind.least <= len(given) <= kind.most:
            raise _Wrong(f"must have {kind.least} to {kind.most} items")
        items: list[Any] = []
        try:
            for item in given:
                if item is None:
                    raise _Wrong("must not be null")
                items.append(reader(item))
        except _Wrong as wrong:
            raise wrong.below(f"[{len(items)}]") from None
        return items

    return read


@cache
def _reader(kind: str | Schema | Many, strict: bool) -> Read:
    if isinstance(kind, Schema):
        return kind.strict if strict else kind.lenient
    if isinstance(kind, Many):
        return _list(kind, strict=strict)
    read = {"text": _text, "flag": _flag, "whole": _whole, "number": _number}[kind]
    return partial(read, strict=True) if strict else read


def _text(given: Any, *, strict: bool = False) -> str:
    if isinstance(given, str):
        text = given
    elif strict or isinstance(given, bool) or not isinstance(given, int | Decimal):
        raise _Wrong("must be text")
    else:
        text = str(given)
    if len(text) > LONGEST_TEXT:
        raise _Wrong(f"must have at most {LONGEST_TEXT} characters")
    if not text.isprintable() and _NO_TEXT.search(text):  # what is printable holds none of these
        raise _Wrong("holds a character that is no text")
    return text


def _flag(given: Any, *, strict: bool = False) -> bool | None:
    if isinstance(given, bool):
        return given
    if not strict and isinstance(given, str | int):
        word = str(given).strip().lower()
        if not word:
            return None
        if word in _FLAGS:
            return _FLAGS[word]
    raise _Wrong("must be true or false")


def _whole(given: Any, *, strict: bool = False) -> int | None:
    if isinstance(given, Decimal) and given == given.to_integral_value():
        given = int(given) if given.adjusted() < 18 else None  # to JSON 3.0 is a whole number
    if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 10**18:
        return given
    if not strict and isinstance(given, str):
        if not given.strip():
            return None
        if _WHOLE.fullmatch(given):
            return int(given)
    raise _Wrong("must be a whole number")


def _number(given: Any, *, strict: bool = False) -> Decimal | None:
    if isinstance(given, int | Decimal) and not isinstance(given, bool):
        text = str(given) if isinstance(given, int) else format(given, "f") if -30 < given.adjusted() < 30 else ""
    elif not strict and isinstance(given, str):
        if not given.strip():
            return None
        text = given
    else:
        text = ""
    if not _NUMBER.fullmatch(text):
        raise _Wrong("must be a number with at most 18 digits before the point and 9 after it")
    try:
        return Decimal(text.strip())
    except InvalidOperation:  # pragma: no cover - the pattern is narrower than Decimal
        raise _Wrong("must be a number") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise JsonRefused(name[:80], "is there twice")
        found[name] = value
    return found


def _no_number(name: str) -> NoReturn:
    raise JsonRefused("body", f"is not JSON: {name} is no number")


_LENIENTLY = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)
_EXACTLY = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once)
