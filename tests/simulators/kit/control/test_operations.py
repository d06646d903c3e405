"""Operations bound to functions: what does not fit is refused at once, and requests come out as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from partnerlab.simulators.kit.control.operations import BindingWrong, Operation, bind
from partnerlab.simulators.kit.control.refusals import Refused

TEXT = {"type": "string", "maxLength": 9}
LIMIT = {"type": "integer", "minimum": 1, "maximum": 10}


def document(
    path: str = "/things/{name}",
    method: str = "post",
    parameters: list[Any] | None = None,
    members: Mapping[str, Any] | None = None,
    required: list[str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    if parameters is None:
        parameters = [
            {"name": "name", "in": "path", "required": True, "schema": TEXT},
            {"name": "limit", "in": "query", "schema": {**LIMIT, "default": 5}},
            {"name": "deep", "in": "query", "schema": {"type": "boolean"}},
            {"name": "X-Sandbox-Lane", "in": "header", "schema": TEXT},
        ]
    schema = {"additionalProperties": False, "properties": members or {}, "required": required or []}
    body = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}} if members else {}
    operation = {"operationId": "changeThing", "parameters": parameters, "responses": {"200": {}}} | body | more
    return {"paths": {path: {method: operation}}}


AT = {"at": {"type": "string", "format": "date-time"}, "note": {**TEXT, "default": "none"}}


class Things:
    def change_thing(self, name: str, limit: int, at: datetime, note: str, deep: bool | None = None) -> None: ...


def bound() -> Operation:
    (operation,) = bind(document(members=AT, required=["at"]), [Things])
    return operation


def test_path_query_and_body_come_out_as_typed_values() -> None:
    body = b'{"at": "2026-01-31T12:00:00Z"}'
    values = bound().read({"name": "a"}, [("limit", "7"), ("deep", "true")], "application/json", body)
    at = datetime.fromisoformat("2026-01-31T12:00:00+00:00")
    assert values == {"name": "a", "limit": 7, "deep": True, "at": at, "note": "none"}
    assert bound().read({"name": "a"}, [], "application/json", body) == {
        "name": "a",
        "limit": 5,
        "at": at,
        "note": "none",
    }


@pytest.mark.parametrize(
    ("name", "query", "media_type", "body", "code", "field"),
    [
        ("x" * 10, [], "application/json", b"{}", "field_invalid", "name"),
        ("\x00", [], "application/json", b"{}", "field_invalid", "name"),
        ("a", [("limit", "0")], "application/json", b"{}", "field_invalid", "limit"),
        ("a", [("limit", "\u0661")], "application/json", b"{}", "field_invalid", "limit"),
        ("a", [("limit", " 1")], "application/json", b"{}", "field_invalid", "limit"),
        ("a", [("limit", "1.0")], "application/json", b"{}", "field_invalid", "limit"),
        ("a", [("limit", "1"), ("limit", "2")], "application/json", b"{}", "field_invalid", "limit"),
        ("a", [("deep", "True")], "application/json", b"{}", "field_invalid", "deep"),
        ("a", [("limitt", "1")], "application/json", b"{}", "field_invalid", "limitt"),
        ("a", [("name", "b")], "application/json", b"{}", "field_invalid", "name"),
        ("a", [("\x00", "b")], "application/json", b"{}", "field_invalid", "query"),
        ("a", [], "application/json", b"{}", "field_invalid", "at"),
        ("a", [], "application/json", b'{"at": 1}', "field_invalid", "at"),
        ("a", [], "application/json", b'{"at": "2026-01-31T12:00:00Z", "name": "b"}', "field_invalid", "name"),
        ("a", [], "application/json", b'{"at": "x", "at": "y"}', "field_invalid", "at"),
        ("a", [], "application/json", b"", "not_json", "body"),
        ("a", [], "application/json", b"at=1", "not_json", "body"),
        ("a", [], "text/plain", b'{"at": "2026-01-31T12:00:00Z"}', "not_json", "body"),
        ("a", [], "", b'{"at": "2026-01-31T12:00:00Z"}', "not_json", "body"),
    ],
)
def test_a_request_that_is_not_as_the_contract_says(
    name: str, query: list[tuple[str, str]], media_type: str, body: bytes, code: str, field: str
) -> None:
    with pytest.raises(Refused) as caught:
        bound().read({"name": name}, query, media_type, body)
    assert (caught.value.status, caught.value.code, caught.value.field) == (400, code, field)


def test_a_required_query_parameter_is_required() -> None:
    class Listing:
        def change_thing(self, limit: int) -> None: ...

    parameters = [{"name": "limit", "in": "query", "required": True, "schema": LIMIT}]
    (operation,) = bind(document("/things", "get", parameters), [Listing])
    assert operation.read({}, [("limit", "3")], "", b"") == {"limit": 3}
    with pytest.raises(Refused, match="limit: is required"):
        operation.read({}, [], "", b"")


def test_a_text_body_comes_as_its_bytes() -> None:
    class Loading:
        def change_thing(self, body: bytes) -> None: ...

    text = {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}
    (operation,) = bind(document("/things", "post", [], requestBody=text), [Loading])
    assert operation.read({}, [], "text/plain", b"FH|1\n") == {"body": b"FH|1\n"}
    with pytest.raises(Refused, match="Content-Type: text/plain"):
        operation.read({}, [], "application/json", b"FH|1\n")


def test_an_operation_without_a_body_takes_none_and_the_empty_object() -> None:
    class Resetting:
        def change_thing(self) -> None: ...

    (operation,) = bind(document("/things", "post", []), [Resetting])
    assert operation.read({}, [], "", b"") == {}
    assert operation.read({}, [], "application/json", b"{}") == {}
    with pytest.raises(Refused, match="x: is not a member of this request; known: none"):
        operation.read({}, [], "application/json", b'{"x": 1}')


def test_a_function_may_take_the_rest_by_name() -> None:
    class Changing:
        def change_thing(self, name: str, **changes: Any) -> None: ...

    (operation,) = bind(document(members=AT), [Changing])
    values = operation.read({"name": "a"}, [], "application/json", b'{"note": "b"}')
    assert values == {"name": "a", "limit": 5, "note": "b"}


class Nothing: ...


class Other(Things):
    def list_things(self) -> None: ...


class Short:
    def change_thing(self, name: str, limit: int, at: datetime, note: str) -> None: ...


class Long(Things):
    def change_thing(  # type: ignore[override]
        self, name: str, limit: int, at: datetime, note: str, deep: bool | None = None, extra: int = 0
    ) -> None: ...


class Bold(Things):
    def change_thing(self, name: str, limit: int, at: datetime, note: str, deep: bool) -> None: ...  # type: ignore[override]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([Nothing], r"changeThing \(POST /things/\{name\}\) has no function change_thing"),
        ([Other], "the contract has no operation for list_things"),
        ([Things, Things], "change_thing stands in two groups"),
        ([Short], "the function does not take deep"),
        ([Long], "the contract does not give extra"),
        ([Bold], "deep may be absent, and the function has no default for it"),
    ],
)
def test_a_contract_and_functions_that_do_not_fit_are_refused(groups: list[type], message: str) -> None:
    with pytest.raises(BindingWrong, match=message):
        bind(document(members=AT, required=["at"]), groups)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"paths": {"/things": {"head": {"operationId": "changeThing"}}}}, r"/things: \['head'\] is not executed"),
        (document("/things/{other}", members=AT), "the places of the path are not its parameters"),
        (document(members={"name": TEXT}), r"\['name'\] stand in path or query and in the body"),
        (document(requestBody={"content": {"application/json": {"schema": {}}}}), "must say additionalProperties"),
        (document(requestBody={"content": {"application/xml": {}}}), "a body of type application/xml"),
        (document(parameters=[{"name": "a", "in": "query", "schema": {"type": "string"}}]), "text needs a maxLength"),
    ],
)
def test_a_contract_that_cannot_be_executed_is_refused(made: dict[str, Any], message: str) -> None:
    with pytest.raises(BindingWrong, match=message):
        bind(made, [Things])
