"""A contract's schema as a reader: typed values come out, the first rule that is broken is named with its field."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import jsonschema
import pytest

from partnerlab.simulators.kit.control.refusals import Invalid
from partnerlab.simulators.kit.control.schema import Schemas

NAME = {"type": "string", "maxLength": 5, "minLength": 1, "pattern": "^[a-z]+$", "x-rule": "must be lower case"}
THING = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": NAME,
        "count": {"type": ["integer", "null"], "minimum": 1, "maximum": 9},
        "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.5},
        "sorted": {"type": "boolean", "default": False},
        "kind": {"enum": ["a", "b"]},
        "numbers": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0, "maximum": 9}},
        "params": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
        "cell": {"type": ["string", "integer", "null"], "maxLength": 3, "minimum": 0, "maximum": 5},
        "free": {"type": "object"},
    },
}


def read(schema: Any, value: Any, **formats: Any) -> Any:
    return Schemas({}, formats).reader(schema)("f", value)


def refused(schema: Any, value: Any) -> str:
    with pytest.raises(Invalid) as caught:
        read(schema, value)
    return str(caught.value)


def test_members_come_out_typed_with_their_defaults_and_absent_ones_not_at_all() -> None:
    assert read(THING, {"name": "ab", "count": 3.0, "share": 1}) == {
        "name": "ab",
        "count": 3,
        "share": 1.0,
        "sorted": False,
    }
    found = read(THING, {"name": "ab", "count": None, "free": {"x": [1, {}]}, "cell": "x", "params": {"p": 1}})
    assert (found["count"], found["free"], found["cell"], found["params"]) == (None, {"x": [1, {}]}, "x", {"p": 1.0})
    assert type(read(THING, {"name": "ab", "count": 3.0})["count"]) is int


BROKEN: list[tuple[Any, str]] = [
    ([], "f: must be an object"),
    ({}, "f.name: is required"),
    ({"more": 1}, "f.more: is not a member of this request; known: name, count, "),
    ({"nam": "a"}, "f.nam: is not a member of this request; known: name, count, "),
    ({"name": 1}, "f.name: must be a string"),
    ({"name": None}, "f.name: must be a string"),
    ({"name": ""}, "f.name: must not be empty"),
    ({"name": "a" * 6}, "f.name: is over 5 characters"),
    ({"name": "A"}, "f.name: must be lower case"),
    ({"name": "a\n"}, "f.name: must be lower case"),
    ({"name": "a", "count": 0}, "f.count: must be a whole number from 1 to 9"),
    ({"name": "a", "count": True}, "f.count: must be a whole number from 1 to 9"),
    ({"name": "a", "count": 1.5}, "f.count: must be a whole number from 1 to 9"),
    ({"name": "a", "count": "1"}, "f.count: must be a whole number from 1 to 9"),
    ({"name": "a", "share": 0}, "f.share: must be a number above 0 up to 1"),
    ({"name": "a", "share": 1.1}, "f.share: must be a number above 0 up to 1"),
    ({"name": "a", "share": True}, "f.share: must be a number above 0 up to 1"),
    ({"name": "a", "share": 10**400}, "f.share: must be a number above 0 up to 1"),
    ({"name": "a", "share": float("inf")}, "f.share: must be a number above 0 up to 1"),
    ({"name": "a", "sorted": 1}, "f.sorted: must be true or false"),
    ({"name": "a", "kind": "c"}, "f.kind: must be one of a, b"),
    ({"name": "a", "kind": "B"}, "f.kind: must be one of a, b; did you mean b?"),
    ({"name": "a", "kind": ["a"]}, "f.kind: must be one of a, b"),
    ({"name": "a", "numbers": {}}, "f.numbers: must be an array"),
    ({"name": "a", "numbers": []}, "f.numbers: must not be empty"),
    ({"name": "a", "numbers": [1, "2"]}, "f.numbers.1: must be a whole number from 0 to 9"),
    ({"name": "a", "params": {"p": "1"}}, "f.params.p: must be a number from 0"),
    ({"name": "a", "params": []}, "f.params: must be an object"),
    ({"name": "a", "cell": "abcd"}, "f.cell: is over 3 characters"),
    ({"name": "a", "cell": 6}, "f.cell: must be a whole number from 0 to 5"),
    ({"name": "a", "cell": []}, "f.cell: must be a whole number from 0 to 5"),
    ({"name": "a", "free": []}, "f.free: must be an object"),
]


@pytest.mark.parametrize(("value", "words"), BROKEN, ids=[repr(value)[:40] for value, _ in BROKEN])
def test_what_breaks_a_rule_is_refused_by_field_and_rule(value: Any, words: str) -> None:
    assert refused(THING, value).startswith(words)


@pytest.mark.parametrize("value", [value for value, _ in BROKEN], ids=repr)
def test_what_is_refused_breaks_the_schema(value: Any) -> None:
    """JSON Schema's own validator sees each as we do, but for a number that no float holds and Python's `$`."""
    if value in ({"name": "a\n"}, {"name": "a", "share": float("inf")}):
        return
    assert not jsonschema.Draft202012Validator(THING).is_valid(value)


@pytest.mark.parametrize(
    ("format", "text", "value"),
    [
        ("money", "125.50", 12550),
        ("money", "125.5", 12550),
        ("money", "-3", -300),
        ("money", "0.07", 7),
        ("date", "2026-02-28", date(2026, 2, 28)),
        ("date-time", "2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("date-time", "2026-01-31t13:00:00.25+01:00", datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_text_of_a_format_comes_out_as_what_it_stands_for(format: str, text: str, value: object) -> None:
    assert read({"type": "string", "format": format}, text) == value


@pytest.mark.parametrize(
    ("format", "text"),
    [
        *(("money", text) for text in ("1e3", "NaN", "1.005", " 1", "1.", ".5", "+1", "1,000", "١", "1\n", "-", "")),
        *(("money", text) for text in ("9" * 16, "9" * 41)),
        *(("date", text) for text in ("2026-02-30", "20260228", "02/28/2026", "9999-12-31", "1899-12-31", "2026-2-3")),
        *(("date-time", text) for text in ("2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", "soon")),
        ("date-time", "2026-01-01T24:61:00Z"),
    ],
)
def test_text_that_is_not_of_its_format_is_refused(format: str, text: str) -> None:
    assert refused({"type": "string", "format": format}, text).startswith("f: ")


def test_money_and_days_are_text_and_no_numbers() -> None:
    assert refused({"type": "string", "format": "money"}, 125.5) == "f: must be a string"
    assert refused({"type": "string", "format": "date"}, 20260228) == "f: must be a string"


def test_a_simulators_own_format_reads_too() -> None:
    schema = {"type": "string", "maxLength": 9, "format": "loud"}
    assert read(schema, "abc", loud=lambda field, text: (field, text.upper())) == ("f", "ABC")


def test_a_reference_is_followed_and_what_stands_beside_it_wins() -> None:
    document = {"components": {"schemas": {"Name": NAME, "Again": {"$ref": "#/components/schemas/Name"}}}}
    reader = Schemas(document).reader({"$ref": "#/components/schemas/Again", "maxLength": 2})
    assert reader("f", "ab") == "ab"
    with pytest.raises(Invalid, match="over 2 characters"):
        reader("f", "abc")


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "string"}, "text needs a maxLength"),
        ({"type": "integer", "minimum": 1}, "a whole number needs minimum and maximum"),
        ({"type": "string", "maxLength": 3, "pattern": "a"}, "a pattern needs an x-rule"),
        ({"type": "string", "maxLength": 3, "format": "uuid"}, "format 'uuid' is not executed"),
        ({"type": "array", "items": {"type": "boolean"}, "uniqueItems": True}, r"\['uniqueItems'\] is not executed"),
        ({"type": "integer", "minimum": 0, "maximum": 9, "multipleOf": 2}, r"\['multipleOf'\] is not executed"),
        ({"oneOf": [THING, NAME]}, "is not executed"),
        ({"type": ["string", "boolean"], "maxLength": 3}, "types .* is not executed"),
        ({"enum": [1, 2]}, "an enum of anything but text"),
        ({"type": "object", "required": ["a"]}, r"not described: \['a'\]"),
    ],
)
def test_what_is_not_executed_is_refused_when_the_schema_is_compiled(schema: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Schemas({}).reader(schema)


def of_kind(*kinds: str, **more: Any) -> dict[str, Any]:
    properties = {"kind": {"enum": list(kinds)}, "size": {"type": "number", "default": 1}, **more}
    return {"type": "object", "required": ["kind"], "additionalProperties": False, "properties": properties}


ONE_OF = {"oneOf": [of_kind("cat", "dog", legs={"type": "boolean", "default": True}), of_kind("eel", fins=NAME)]}


def test_an_object_that_is_one_of_several_is_read_by_its_own_schema() -> None:
    reader = Schemas({}).object(ONE_OF)
    assert reader.read("", {"kind": "dog"}) == {"kind": "dog", "size": 1.0, "legs": True}
    assert reader.read("", {"kind": "eel", "fins": "a"}) == {"kind": "eel", "size": 1.0, "fins": "a"}
    assert set(reader.members) == {"kind", "size", "legs", "fins"}
    assert (sorted(reader.required), reader.closed) == (["kind"], True)
    assert reader.defaults == {"size": 1.0}, "what comes out of each of them"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "body: must be an object"),
        ({"size": 1}, "kind: is required"),
        ({"kind": "cow"}, "kind: must be one of cat, dog, eel"),
        ({"kind": "eel", "legs": True}, "legs: is not taken by eel, only by cat, dog"),
        ({"kind": "eel", "tail": 1}, "tail: is not a member of this request; known: kind, size, fins"),
        ({"kind": "eel", "fins": "A"}, "fins: must be lower case"),
    ],
)
def test_what_none_of_several_takes_is_named(value: Any, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        Schemas({}).object(ONE_OF).read("", value)
    assert str(caught.value) == message


def test_several_that_no_enum_tells_apart_are_refused_when_they_are_compiled() -> None:
    with pytest.raises(ValueError, match="is executed where one enum tells them apart"):
        Schemas({}).object({"oneOf": [THING, of_kind("cat")]})
