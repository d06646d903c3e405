"""A body is one JSON object that every reader takes alike, of a depth that can be written again."""

from __future__ import annotations

import json

import pytest

from partnerlab.simulators.kit.control.body import MAX_DEPTH, read_object
from partnerlab.simulators.kit.control.refusals import Refused


def test_an_object_is_read() -> None:
    assert read_object(b'{"a": [1, "\\u00e9", null]}') == {"a": [1, "é", None]}
    assert read_object(b'\xef\xbb\xbf{"a": 1.5}') == {"a": 1.5}


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"", "not_json", "body"),
        (b"[]", "not_json", "body"),
        (b"null", "not_json", "body"),
        (b"{", "not_json", "body"),
        (b'{"a": 1} x', "not_json", "body"),
        (b'{"a": NaN}', "not_json", "body"),
        (b'{"a": -Infinity}', "not_json", "body"),
        (b'{"a": "\xff"}', "not_json", "body"),
        ('{"a": 1}'.encode("utf-16"), "not_json", "body"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not_json", "body"),
        (b'{"a": 1, "a": 1}', "field_invalid", "a"),
        (b'{"a": {"b": 1, "b": 2}}', "field_invalid", "b"),
        (b'{"a": "x\\u0000"}', "field_invalid", "a"),
        (b'{"a": [1e999]}', "field_invalid", "a.0"),
        (b'{"a": {"b": ["\\ud800"]}}', "field_invalid", "a.b.0"),
        (b'{"a": {"\\u0000": 1}}', "field_invalid", "a"),
        (b'{"a": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "field_invalid", "a"),
        (b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}", "field_invalid", "a"),
        (b"[" * 100_000 + b"]" * 100_000, "field_invalid", "body"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "field_invalid", "body"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_refused(body: bytes, code: str, field: str) -> None:
    with pytest.raises(Refused) as caught:
        read_object(body)
    assert (caught.value.status, caught.value.code, caught.value.field) == (400, code, field)
    assert len(str(caught.value)) < 400


def test_what_is_as_deep_as_it_may_be_is_read() -> None:
    inner = MAX_DEPTH - 1
    body = b'{"a": ' + b"[" * inner + b"]" * inner + b"}"
    assert json.dumps(read_object(body)).encode() == body
