"""Reading a JSON object against its declaration."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.simulators.ic_webservices.wire.json_body import JsonRefused, Many, Member, Schema, read_object

LINE = Schema((Member("Number", required=True), Member("Due", "number")), bare="Number")
SCHEMA = Schema(
    (
        Member("Name"),
        Member("On", "flag"),
        Member("Count", "whole"),
        Member("Amount", "number"),
        Member("Lines", Many(LINE)),
        Member("Options", Schema((Member("Deep", Schema((Member("On", "flag"),))),))),
    )
)
NOTHING: dict[str, Any] = dict.fromkeys(("Name", "On", "Count", "Amount", "Lines", "Options"))


def read(text: str | bytes, *, strict: bool = False) -> dict[str, Any]:
    return read_object(text if isinstance(text, bytes) else text.encode(), SCHEMA, strict=strict)


def refusal(text: str | bytes, *, strict: bool = False) -> str:
    with pytest.raises(JsonRefused) as found:
        read(text, strict=strict)
    assert str(found.value) == f"{found.value.place}: {found.value.rule}"
    return str(found.value)


BOTH = pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])


@BOTH
def test_every_declared_member_is_there(strict: bool) -> None:
    assert read("{}", strict=strict) == NOTHING
    assert read('{"Name": null, "Lines": null, "Options": null}', strict=strict) == NOTHING


@BOTH
def test_values_of_their_types_are_taken(strict: bool) -> None:
    text = (
        '{"Name": "a", "On": true, "Count": 3, "Amount": 125.50, "Lines": [{"Number": "1", "Due": 2}, "2"],'
        ' "Options": {"Deep": {"On": false}}}'
    )
    assert read(text, strict=strict) == {
        "Name": "a",
        "On": True,
        "Count": 3,
        "Amount": Decimal("125.50"),
        "Lines": [{"Number": "1", "Due": Decimal(2)}, {"Number": "2", "Due": None}],
        "Options": {"Deep": {"On": False}},
    }


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ('{"name": "a"}', "Name", "a"),
        ('{"NAME": 5}', "Name", "5"),
        ('{"Name": 1.50}', "Name", "1.50"),
        ('{"Name": "a", "name": "b"}', "Name", "b"),
        ('{"on": "True"}', "On", True),
        ('{"On": "false"}', "On", False),
        ('{"On": 1}', "On", True),
        ('{"On": "0"}', "On", False),
        ('{"On": ""}', "On", None),
        ('{"Count": "3"}', "Count", 3),
        ('{"Count": " -3 "}', "Count", -3),
        ('{"Count": 3.0}', "Count", 3),
        ('{"Count": ""}', "Count", None),
        ('{"Amount": "12.5"}', "Amount", Decimal("12.5")),
        ('{"Amount": " "}', "Amount", None),
        ('{"lines": ["1"]}', "Lines", [{"Number": "1", "Due": None}]),
        ('{"Lines": [1]}', "Lines", [{"Number": "1", "Due": None}]),
        ('{"Other": 1, "Name": "a"}', "Name", "a"),
    ],
)
def test_the_lenient_reader_takes_what_dotnet_takes(text: str, name: str, value: Any) -> None:
    assert read(text)[name] == value
    if '"Count": 3.0' not in text:  # to JSON that is a whole number too
        refusal(text, strict=True)


@BOTH
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "body, line 1, column 1: is not JSON: Expecting value"),
        ('{"Name": ', "body, line 1, column 10: is not JSON: Expecting value"),
        (b"\xff", "body: is not UTF-8"),
        ("5", "body: must be a JSON object"),
        ('{"Amount": NaN}', "body: is not JSON: NaN is no number"),
        ('{"Name": ' + "[" * 100_000, "body: is nested too deep"),
        ('{"Count": ' + "1" * 5_000 + "}", "body: holds a number that is too long"),
        ('{"Name": true}', "Name: must be text"),
        ('{"Name": {}}', "Name: must be text"),
        ('{"Name": "\\u0000"}', "Name: holds a character that is no text"),
        ('{"Name": "\\ud800"}', "Name: holds a character that is no text"),
        (json.dumps({"Name": "x" * 4_001}), "Name: must have at most 4000 characters"),
        ('{"On": "maybe"}', "On: must be true or false"),
        ('{"On": 2}', "On: must be true or false"),
        ('{"Count": 1.5}', "Count: must be a whole number"),
        ('{"Count": true}', "Count: must be a whole number"),
        ('{"Count": 1e400}', "Count: must be a whole number"),
        ('{"Amount": true}', "Amount: must be a number with at most 18 digits before the point and 9 after it"),
        ('{"Amount": 1e300}', "Amount: must be a number with at most 18 digits before the point and 9 after it"),
        ('{"Lines": {}}', "Lines: must be a list"),
        ('{"Lines": [null]}', "Lines[0]: must not be null"),
        ('{"Lines": ["1", {"Due": 1}]}', "Lines[1].Number: is required"),
        ('{"Lines": [{"Number": "1", "Due": []}]}', None),
        (json.dumps({"Lines": ["1"] * 1_001}), "Lines: must have 0 to 1000 items"),
        ('{"Options": {"Deep": {"On": []}}}', "Options.Deep.On: must be true or false"),
        ('{"Options": []}', "Options: must be an object"),
    ],
)
def test_what_neither_takes_is_named_by_place_and_rule(text: str | bytes, told: str | None, strict: bool) -> None:
    assert refusal(text, strict=strict) == (told or refusal(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"name": "a"}', "name: is not a member of this request"),
        ('{"Options": {"Deep": {"Off": 1}}}', "Options.Deep.Off: is not a member of this request"),
        ('{"Name": "a", "Name": "b"}', "Name: is there twice"),
        ('{"Lines": [{"Number": "1", "Number": "2"}]}', "Number: is there twice"),
        ('{"Name": 1}', "Name: must be text"),
        ('{"On": "true"}', "On: must be true or false"),
    ],
)
def test_the_strict_reader_takes_exact_names_and_types_only(text: str, told: str) -> None:
    assert refusal(text, strict=True) == told


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(body: bytes, strict: bool) -> None:
    try:
        found = read(body, strict=strict)
    except JsonRefused:
        return
    assert found.keys() == NOTHING.keys()


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Name", "On", "Number", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(NOTHING)), _VALUES))
def test_what_is_strict_is_lenient_too_and_means_the_same(value: dict[str, Any]) -> None:
    body = json.dumps(value).encode()
    try:
        found = read(body, strict=True)
    except JsonRefused:
        return
    assert read(body) == found


def test_of_members_that_differ_in_case_alone_the_last_takes_both_spellings_and_strictly_each_its_own() -> None:
    schema = Schema((Member("CssUrl"), Member("CSSUrl")))
    body = b'{"CssUrl": "a", "CSSUrl": "b"}'
    assert read_object(body, schema, strict=False) == {"CssUrl": None, "CSSUrl": "b"}
    assert read_object(body, schema, strict=True) == {"CssUrl": "a", "CSSUrl": "b"}


def test_a_place_keeps_a_name_that_looks_like_an_index() -> None:
    assert refusal('{"Lines": [{"Number": "1"}, {"[0]": 1}]}', strict=True).startswith("Lines[1].[0]: ")
