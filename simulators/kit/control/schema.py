"""
A contract's JSON Schema as a reader: a JSON value in, a typed value out, or a refusal that names field and rule.

Whole numbers come out as `int`, numbers as `float`, and text of a format as what it stands for (`formats`). A schema is
compiled once. Compiling refuses what is not executed here (an unknown keyword or format), text and whole numbers
without a bound, and a pattern without the words to refuse by (`x-rule`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from partnerlab.contracts.doors import meant
from partnerlab.contracts.patterns import ecma
from partnerlab.simulators.kit.control.formats import FORMATS, Format
from partnerlab.simulators.kit.control.refusals import Invalid

__all__ = ["Object", "Read", "Schemas"]

Read = Callable[[str, Any], Any]
"""Reads a field's value: name and JSON value in, typed value out. Raises `Invalid`."""

_SAID = frozenset(("description", "example", "examples", "title", "default", "x-rule"))
_KEYWORDS = {
    "string": {"minLength", "maxLength", "pattern", "format", "enum"},
    "integer": {"minimum", "maximum"},
    "number": {"minimum", "maximum", "exclusiveMinimum"},
    "boolean": set(),
    "array": {"items", "minItems"},
    "object": {"properties", "required", "additionalProperties"},
}


class Schemas:
    """The schemas of one OpenAPI document; *formats* are a simulator's own, beside those of the kit."""

    def __init__(self, document: Mapping[str, Any], formats: Mapping[str, Format] | None = None) -> None:
        self._document = document
        self._formats = {**FORMATS, **(formats or {})}

    def resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """A node of the document with its `$ref` followed; what stands beside the reference wins."""
        while "$ref" in node:
            target: Any = self._document
            for name in str(node["$ref"]).removeprefix("#/").split("/"):
                target = target[name]
            node = {**target, **{name: value for name, value in node.items() if name != "$ref"}}
        return node

    def kinds(self, schema: Mapping[str, Any]) -> list[str]:
        """The JSON types of a schema; an enum is text."""
        schema = self.resolved(schema)
        named = schema.get("type", "string" if "enum" in schema else "(none)")
        kinds = [named] if isinstance(named, str) else list(named)
        if unknown := set(kinds) - set(_KEYWORDS) - {"null"}:
            raise ValueError(f"a schema of type {sorted(unknown)} is not executed: {dict(schema)!r:.200}")
        return kinds

    def reader(self, schema: Mapping[str, Any]) -> Read:
        """Compile a schema. Raises `ValueError` where it says something that is not executed here."""
        schema = self.resolved(schema)
        kinds = self.kinds(schema)
        known = _SAID.union({"type"}, *(_KEYWORDS[kind] for kind in kinds if kind != "null"))
        if unknown := set(schema) - known:
            raise ValueError(f"{sorted(unknown)} is not executed: {dict(schema)!r:.200}")
        readers: dict[str, Read] = {kind: getattr(self, f"_{kind}")(schema) for kind in kinds if kind != "null"}
        read = next(iter(readers.values())) if len(readers) == 1 else _by_type(readers)
        if "null" not in kinds:
            return read
        return lambda field, value: None if value is None else read(field, value)

    def object(self, schema: Mapping[str, Any]) -> Object:
        """The reader of an object, with its members; of `oneOf` several, that of the one it is."""
        schema = self.resolved(schema)
        return OneOf(self, schema) if set(schema) - _SAID == {"oneOf"} else Object(self, schema)

    def _object(self, schema: Mapping[str, Any]) -> Read:
        return self.object(schema).read

    def _string(self, schema: Mapping[str, Any]) -> Read:
        if "enum" in schema:
            return _one_of(schema["enum"])
        name = schema.get("format")
        if name is not None and name not in self._formats:
            raise ValueError(f"format {name!r} is not executed")
        longest = schema.get("maxLength", 40 if name in FORMATS else None)
        if longest is None:
            raise ValueError(f"text needs a maxLength: {dict(schema)!r:.200}")
        pattern, rule = schema.get("pattern"), schema.get("x-rule")
        if pattern is not None and rule is None:
            raise ValueError(f"a pattern needs an x-rule, the words to refuse by: {pattern}")
        return _text(
            least=schema.get("minLength", 0),
            longest=longest,
            pattern=ecma(pattern) if pattern is not None else None,
            rule=str(rule),
            convert=self._formats.get(str(name)),
        )

    def _integer(self, schema: Mapping[str, Any]) -> Read:
        least, most = schema.get("minimum"), schema.get("maximum")
        if least is None or most is None:
            raise ValueError(f"a whole number needs minimum and maximum: {dict(schema)!r:.200}")

        def read(field: str, value: Any) -> int:
            if isinstance(value, float) and value.is_integer():
                value = int(value)  # to JSON Schema 3.0 is a whole number
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise Invalid(field, f"must be a whole number from {least} to {most}")
            return value

        return read

    def _number(self, schema: Mapping[str, Any]) -> Read:
        above = schema.get("exclusiveMinimum")
        least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        low = f"above {above}" if above is not None else f"from {least}" if least != -math.inf else ""
        rule = " ".join(word for word in ("must be a number", low, f"up to {most}" if most != math.inf else "") if word)

        def read(field: str, value: Any) -> float:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise Invalid(field, rule)
            try:
                number = float(value)
            except OverflowError:  # a whole number that no float holds
                raise Invalid(field, rule) from None
            if not math.isfinite(number) or not least <= number <= most or (above is not None and number <= above):
                raise Invalid(field, rule)
            return number

        return read

    def _boolean(self, schema: Mapping[str, Any]) -> Read:
        def read(field: str, value: Any) -> bool:
            if not isinstance(value, bool):
                raise Invalid(field, "must be true or false")
            return value

        return read

    def _array(self, schema: Mapping[str, Any]) -> Read:
        item, least = self.reader(schema["items"]), schema.get("minItems", 0)

        def read(field: str, value: Any) -> list[Any]:
            if not isinstance(value, list):
                raise Invalid(field, "must be an array")
            if len(value) < least:
                raise Invalid(field, "must not be empty" if least == 1 else f"must have at least {least} items")
            return [item(f"{field}.{index}", one) for index, one in enumerate(value)]

        return read


class Object:
    """
    Reads an object: its members in the contract's order, those it does not know refused.

    A member that is absent comes out as its default; without one it is left out.
    """

    def __init__(self, schemas: Schemas, schema: Mapping[str, Any]) -> None:
        members: Mapping[str, Any] = schema.get("properties", {})
        self.members = {name: schemas.reader(member) for name, member in members.items()}
        self.required = frozenset(schema.get("required", ()))
        self.defaults = {
            name: self.members[name](name, found["default"])
            for name, member in members.items()
            if "default" in (found := schemas.resolved(member)) and name not in self.required
        }
        if unknown := self.required - set(members):
            raise ValueError(f"required members are not described: {sorted(unknown)}")
        others = schema.get("additionalProperties", True)
        self.closed = others is False
        self._other: Read = schemas.reader(others) if isinstance(others, Mapping) else _as_it_is

    def read(self, field: str, value: Any) -> dict[str, Any]:
        """The members. *field* is the object's own name, empty for the body."""
        if not isinstance(value, dict):
            raise Invalid(field or "body", "must be an object")
        within = f"{field}." if field else ""
        others = [name for name in value if name not in self.members]
        if others and self.closed:
            known, other = ", ".join(self.members) or "none", min(others)
            told = f"is not a member of this request; known: {known}{meant(other, self.members)}"
            raise Invalid(f"{within}{other[:80]}", told)
        found = dict(self.defaults)
        for name, read in self.members.items():
            if name in value:
                found[name] = read(f"{within}{name}", value[name])
            elif name in self.required:
                raise Invalid(f"{within}{name}", "is required")
        for name in others:
            found[name] = self._other(f"{within}{name[:80]}", value[name])
        return found


class OneOf(Object):
    """
    Reads an object that is one of several, told apart by the one member that each of them requires as an enum.

    Its members are those of all; sure to come out is what each of them requires, or has a default for.
    """

    def __init__(self, schemas: Schemas, schema: Mapping[str, Any]) -> None:
        found = [schemas.resolved(one) for one in schema["oneOf"]]
        kinds = [Object(schemas, one) for one in found]
        by = [name for name in kinds[0].required if all("enum" in one["properties"].get(name, ()) for one in found)]
        if len(by) != 1:
            raise ValueError(f"oneOf is executed where one enum tells them apart, not {sorted(by)}")
        self._by = by[0]
        self._kinds = {
            word: kind for one, kind in zip(found, kinds, strict=True) for word in one["properties"][by[0]]["enum"]
        }
        self.members = {name: read for kind in kinds for name, read in kind.members.items()}
        self.members[self._by] = _one_of(list(self._kinds))
        self.required = frozenset.intersection(*(kind.required for kind in kinds))
        self.defaults = {
            name: value for name, value in kinds[0].defaults.items() if all(name in kind.defaults for kind in kinds)
        }
        self.closed = all(kind.closed for kind in kinds)

    def read(self, field: str, value: Any) -> dict[str, Any]:
        """The members of the one that it is."""
        name = f"{field}.{self._by}" if field else self._by
        if isinstance(value, dict) and self._by not in value:
            raise Invalid(name, "is required")
        if not isinstance(value, dict):
            raise Invalid(field or "body", "must be an object")
        word = self.members[self._by](name, value[self._by])
        kind = self._kinds[word]
        for other in value:
            if other not in kind.members and other in self.members:
                takers = [each for each, one in self._kinds.items() if other in one.members]
                within = f"{field}.{other}" if field else other
                raise Invalid(within, f"is not taken by {word}, only by {', '.join(takers)}")
        return kind.read(field, value)


def _as_it_is(field: str, value: Any) -> Any:  # noqa: ARG001 - the shape of a check
    return value


def _by_type(readers: Mapping[str, Read]) -> Read:
    if set(readers) != {"string", "integer"}:
        raise ValueError(f"a value of types {sorted(readers)} is not executed")

    def read(field: str, value: Any) -> Any:
        return readers["string" if isinstance(value, str) else "integer"](field, value)

    return read


def _one_of(words: list[Any]) -> Read:
    if not all(isinstance(word, str) for word in words):
        raise ValueError(f"an enum of anything but text is not executed: {words}")
    known = frozenset(words)

    def read(field: str, value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            hint = meant(value, known) if isinstance(value, str) else ""
            raise Invalid(field, f"must be one of {', '.join(words)}{hint}")
        return value

    return read


def _text(*, least: int, longest: int, pattern: re.Pattern[str] | None, rule: str, convert: Format | None) -> Read:
    def read(field: str, value: Any) -> Any:
        if not isinstance(value, str):
            raise Invalid(field, "must be a string")
        if len(value) > longest:
            raise Invalid(field, f"is over {longest} characters")
        if len(value) < least:
            raise Invalid(field, "must not be empty" if least == 1 else f"must have at least {least} characters")
        if pattern is not None and not pattern.search(value):
            raise Invalid(field, rule)
        return value if convert is None else convert(field, value)

    return read
