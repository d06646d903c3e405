"""What a caller says is bound to a statement and never a part of its text, in the sandbox's database and the pump's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa

from partnerlab.contracts.verification.provider.sandbox.box import pumps_document
from partnerlab.sandbox import Sandbox
from partnerlab.simulators.kit.world.store import Statement
from tests.client.datapump.conftest import make_event

MARK = "zq'\";--mark"
UNTRIED = ("listen", "prune", "dropLane", "importLane")
KEY = "11111111-1111-4111-8111-111111111111"


class Spy:
    """The texts of statements, and how many were run with the mark among their values."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.bound = 0

    def saw(self, text: str, values: object) -> None:
        self.texts.add(text)
        self.bound += MARK in str(values) or repr(MARK)[1:-1] in str(values)


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spy]:
    found = Spy()
    whole = Statement.bind

    def bind(self: Statement, values: Any, *, sqlite: bool) -> Any:
        found.saw(self.text, values)
        return whole(self, values, sqlite=sqlite)

    def run(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        found.saw(statement, values)

    monkeypatch.setattr(Statement, "bind", bind)
    sa.event.listen(sa.Engine, "before_cursor_execute", run)
    yield found
    sa.event.remove(sa.Engine, "before_cursor_execute", run)


def resolved(document: Mapping[str, Any], node: Any) -> Any:
    while "$ref" in node:
        target: Any = document
        for name in node["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        node = target
    return node


def marked(document: Mapping[str, Any], schema: Any) -> Any:
    """A value of a schema, with the mark wherever a text may stand."""
    schema = resolved(document, schema)
    if choices := schema.get("oneOf") or schema.get("anyOf"):
        return marked(document, choices[0])
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [""])[-1])
    kind = schema.get("type", "string")
    kind = kind if isinstance(kind, str) else kind[0]
    if kind == "object":
        return {name: marked(document, member) for name, member in schema.get("properties", {}).items()}
    if kind == "array":
        return [marked(document, schema["items"])]
    return {"integer": 1, "number": 1, "boolean": True}.get(kind, MARK)


def calls(document: Mapping[str, Any], base: str) -> Iterator[tuple[str, str, dict[str, str], Any]]:
    """Each operation: method, path, query and body."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if not isinstance(operation, dict) or operation.get("operationId", UNTRIED[0]) in UNTRIED:
                continue
            known = [resolved(document, one) for one in (*item.get("parameters", ()), *operation.get("parameters", ()))]
            query = {one["name"]: marked(document, one["schema"]) for one in known if one["in"] == "query"}
            filled = path
            for one in known:
                if one["in"] == "path":
                    filled = filled.replace(f"{{{one['name']}}}", quote(str(marked(document, one["schema"])), safe=""))
            content = resolved(document, operation.get("requestBody", {})).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            yield method.upper(), base + filled, query, None if schema is None else marked(document, schema)
            for name in query:  # where one value is refused, the others are not looked at
                yield method.upper(), base + filled, {name: query[name]}, None


def test_what_a_caller_says_is_in_no_statement(sandbox: Sandbox, lane: str, spy: Spy) -> None:
    headers = {"X-Sandbox-Lane": lane}
    with httpx.Client(base_url=sandbox.url, headers=headers, trust_env=False) as http:
        control = http.get("/_sandbox/openapi.json").json()
        for method, path, query, body in (*calls(control, ""), *calls(pumps_document(), "/_pump")):
            answer = http.request(method, path, params=query, json=body)
            assert answer.status_code < 500, (method, path, answer.text)
        event = make_event(id=MARK, account_number=MARK, lane=lane)
        http.post("/_pump/events", json=event)
        for name, value in {"AccountNumber": MARK, "WebServiceKey": MARK}.items():
            form = {"AccountNumber": "10000101", "LastInvoiceNumber": "1", "WebServiceKey": KEY} | {name: value}
            http.post("/iCloud/iCloud.asmx/BalanceCheck", data=form)
        for operation in ("Pay_Input", "ARState_Output"):
            form = {"consumerGUID": "IC-SANDBOX", "entryKey": "sandbox-entry-key", "contentInfo": f"{MARK}|1.00:CC"}
            http.post(f"/invoicecloudapi/api/{operation}", data=form)
        asked = {"AccountNumber": MARK, "EmailAddress": MARK, "Username": MARK}
        http.post("/api/v1/customer/RetrieveCustomerGuid", json=asked, auth=("sandbox-api-key", ""))
        http.post("/_sandbox/ic/customers", json={"account_number": MARK})
        http.get("/_sandbox/journal", params={"search": MARK})
    sandbox.settle(lane)
    assert spy.bound > 100, "the mark reached the databases"
    assert [text for text in spy.texts if "mark" in text and MARK[:2] in text] == []
