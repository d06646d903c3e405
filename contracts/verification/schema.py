"""What a JSON schema's validator found, in words for a reader: the place, what was expected, what was found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from partnerlab.contracts.masking import MASK, is_secret, mask_text
from partnerlab.contracts.verification.findings import Finding
from partnerlab.contracts.verification.near import nearest

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

__all__ = ["Side", "findings", "shown"]

Side = Literal["request", "response"]

SHOWN = 60
TYPES = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "a length of at least {}",
    "maxLength": "a length of at most {}",
    "minItems": "a list of at least {}",
    "maxItems": "a list of at most {}",
    "pattern": "a text that matches {}",
    "format": "a text of the format {}",
    "const": "{}",
}


def findings(validator: Draft202012Validator, side: Side, value: Any, root: str = "body") -> Iterator[Finding]:
    """
    What in *value* breaks the schema, each place once, in the order of the places.

    A masked secret is taken to be right. *root* is what the value as a whole is called.
    """
    yield from dict.fromkeys(_findings(validator, side, value, root))


def _findings(validator: Draft202012Validator, side: Side, value: Any, root: str) -> Iterator[Finding]:
    errors = [leaf for error in validator.iter_errors(value) for leaf in _leaves(error)]
    unread = {_place(error) for error in errors if error.validator == "format"}
    for error in sorted(errors, key=lambda one: [str(part) for part in one.absolute_path]):
        if isinstance(error.instance, str) and MASK in error.instance:
            continue
        if error.validator == "pattern" and _place(error) in unread:
            continue  # the format says the same, and where
        yield from _said(error, side, root)


def _said(error: ValidationError, side: Side, root: str) -> Iterator[Finding]:
    where = _place(error) or root
    keyword, wanted = str(error.validator), error.validator_value
    found = shown(error.instance, _name(error))
    if keyword == "required":
        for name in wanted:
            if name not in error.instance:
                yield Finding(side, "schema", _below(error, name), "a value", "nothing")
    elif keyword == "additionalProperties":
        known = error.schema.get("properties", {})
        missing = [name for name in known if name not in error.instance]
        for name in sorted(error.instance.keys() - known.keys()):
            shown_name, hint = mask_text(name), nearest(name, missing)
            yield Finding(side, "schema", _below(error, shown_name), _one_of(known), "an unknown name", hint)
    elif keyword == "type":
        types = [wanted] if isinstance(wanted, str) else wanted
        expected = " or ".join(TYPES.get(one, one) for one in types)
        yield Finding(side, "schema", where, expected, f"{_type_of(error.instance)}, {found}")
    elif keyword == "enum":
        yield Finding(side, "schema", where, _one_of(wanted), found)
    elif keyword == "format" and hasattr(error.cause, "column"):
        cause: Any = error.cause
        yield Finding(side, "format", f"{where}, column {cause.column}", cause.expected, cause.found)
    elif keyword in LIMITS:
        rule = "format" if keyword == "format" else "schema"
        yield Finding(side, rule, where, LIMITS[keyword].format(wanted), found)
    else:
        yield Finding(side, "schema", where, f"what the schema's {keyword} says", found)


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """An error, or those of the alternative that the value comes nearest to."""
    if error.validator not in ("oneOf", "anyOf") or not error.context:
        yield error
        return
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)

    def nearness(errors: list[ValidationError]) -> tuple[int, int, int]:
        column = max((getattr(one.cause, "column", 0) for one in errors), default=0)
        wrong_type = any(one.validator == "type" and not one.relative_path for one in errors)
        return (not wrong_type, column, -len(errors))

    for inner in max(branches.values(), key=nearness):
        yield from _leaves(inner)


def _place(error: ValidationError) -> str:
    return "/".join(str(part) for part in error.absolute_path)


def _below(error: ValidationError, name: str) -> str:
    return "/".join(part for part in (_place(error), name) if part)


def _name(error: ValidationError) -> str:
    return next((part for part in reversed(error.absolute_path) if isinstance(part, str)), "")


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, Decimal)):
        return "a number"
    return "a text" if isinstance(value, str) else "an object" if isinstance(value, dict) else "a list"


def _one_of(names: Mapping[str, Any] | list[Any]) -> str:
    return " or ".join(str(name) for name in names) or "nothing"


def shown(value: Any, name: str = "") -> str:
    """A value as a finding may quote it: masked, at most 60 characters; nothing of a secret, by its *name*."""
    if is_secret(name):
        return "a secret"
    if isinstance(value, str):
        text = repr(mask_text(value))
    elif isinstance(value, Decimal):
        text = str(value)
    else:
        text = mask_text(json.dumps(value, default=str, ensure_ascii=False))
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
