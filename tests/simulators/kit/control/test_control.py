"""The control API: what each route does, what it refuses, and that the contract lists exactly what stands."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from flask import Flask
from openapi_spec_validator import validate

from partnerlab.contracts.catalogue import faults as catalogue
from partnerlab.simulators.kit.control import contract as control_contract
from partnerlab.simulators.kit.control.app import create_control_app
from partnerlab.simulators.kit.control.contract import merged
from partnerlab.simulators.kit.control.controls import Controls
from partnerlab.simulators.kit.control.guard import host_allowed, origin_allowed
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.wsgi import WsgiApp
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.simulator import Due, Simulator
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import Kit, make_kit

PART = {
    "openapi": "3.1.0",
    "tags": [{"name": "lanes", "description": "Its own."}],
    "paths": {
        "/_sandbox/part/things": {
            "get": {
                "operationId": "listThings",
                "tags": ["lanes"],
                "responses": {"200": {"$ref": "#/components/responses/Error"}},
            }
        },
        "/_sandbox/part/broken": {
            "get": {"operationId": "breakThing", "responses": {"200": {"description": "Never."}}}
        },
    },
    "components": {
        "responses": {
            "Error": {
                "description": "Its own.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            }
        },
        "schemas": {"Error": {"type": "object", "properties": {"$ref": {"type": "string"}}}},
    },
}


class Things:
    def list_things(self, request: Request) -> dict[str, str]:
        return {"lane": request.lane.name}

    def break_thing(self) -> None:
        raise ValueError("secret detail")


def simulator(due: list[Due] | None = None) -> Simulator:
    return Simulator(
        "part",
        {},
        lambda tx, lane: None,
        lambda: Controls([Things()], lambda error: None),
        "part.yaml",
        lambda lane, at: [d for d in due or [] if d.at <= at],
    )


class Api:
    """A client of the API in one lane."""

    def __init__(self, url: str, lane: str = "default") -> None:
        # No TLS here, and to load the certificates takes a tenth of a second.
        self.http = httpx.Client(base_url=f"{url}/_sandbox", headers={"X-Sandbox-Lane": lane}, verify=False)

    def __call__(self, method: str, path: str, body: object = None, *, status: int = 200, **query: object) -> Any:
        answer = self.http.request(method, path, json=body, params=query)  # type: ignore[arg-type]
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def error(
        self, method: str, path: str, body: object = None, *, status: int = 400, **query: object
    ) -> tuple[str, str]:
        """Code and field of a refusal."""
        error = self(method, path, body, status=status, **query)["error"]
        assert error["message"]
        return error["code"], error.get("field", "")


@pytest.fixture
def due() -> list[Due]:
    return []


@pytest.fixture
def running(memory: Store, due: list[Due], monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    read = control_contract.read_contract
    monkeypatch.setattr(control_contract, "read_contract", lambda path: PART if path == "part.yaml" else read(path))
    kit = make_kit(memory)
    part = simulator(due=due)
    clock = Clock(kit.lanes, [part])
    load = lambda: create_control_app(kit.lanes, kit.journal, kit.faults, clock, [part])  # noqa: E731
    kit.site.mount("/_sandbox", WsgiApp("control", load), door=False)
    with kit.server:
        yield kit
    kit.journal.close()


@pytest.fixture
def api(running: Kit) -> Iterator[Api]:
    made = Api(running.server.url)
    yield made
    made.http.close()


def test_the_catalogue_is_served_whole(api: Api) -> None:
    served = api("GET", "/catalogue")
    assert list(served) == ["requirements", "faults", "damages", "magic_values", "settings"]
    assert [row["name"] for row in served["faults"]] == list(catalogue())
    assert all(served.values())


def test_health_and_version(api: Api) -> None:
    assert api("GET", "/health") == {"status": "ok"}
    assert re.fullmatch(r"\d+\.\d+.*", api("GET", "/version")["version"])


def test_lanes_are_made_listed_shown_reset_and_dropped(api: Api, running: Kit) -> None:
    made = api("POST", "/lanes", {"name": "a", "seed": 7}, status=201)
    assert (made["name"], made["seed"], made["frozen"], made["active_faults"]) == ("a", 7, False, 0)
    assert [lane["name"] for lane in api("GET", "/lanes")["lanes"]] == ["a", "default"]
    assert api("GET", "/lanes/a")["seed"] == 7
    running.ask("/lane/a/door/Echo")
    assert running.door.calls("a") == 1
    assert api("POST", "/lanes/a/reset")["seed"] == 7
    assert running.door.calls("a") == 0
    api("DELETE", "/lanes/a", status=204)
    assert api.error("GET", "/lanes/a", status=404) == ("lane_not_found", "")


def test_a_lane_is_forked_exported_and_imported(api: Api, running: Kit) -> None:
    running.ask("/lane/a/door/Echo")
    assert api("POST", "/lanes/a/fork", {"to": "b"}, status=201)["name"] == "b"
    running.ask("/lane/b/door/Echo")
    export = api("GET", "/lanes/b/export")
    assert export["lane"] == "b"
    assert len(export["tables"]["journal"]) == 2
    assert api("POST", "/lanes/c/import", export)["name"] == "c"
    assert [running.door.calls(lane) for lane in "abc"] == [1, 2, 2]
    assert len(api("GET", "/journal")["entries"]) == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "field"),
    [
        ("POST", "/lanes", {"name": "default"}, 409, "lane_exists", "name"),
        ("POST", "/lanes", {"name": "a b"}, 400, "field_invalid", "name"),
        ("POST", "/lanes", {"name": 1}, 400, "field_invalid", "name"),
        ("POST", "/lanes", {"name": "a", "seed": -1}, 400, "field_invalid", "seed"),
        ("POST", "/lanes", {"name": "a", "seed": 2**63}, 400, "field_invalid", "seed"),
        ("POST", "/lanes", {"name": "a", "more": 1}, 400, "field_invalid", "more"),
        ("POST", "/lanes", {}, 400, "field_invalid", "name"),
        ("POST", "/lanes", [], 400, "not_json", "body"),
        ("GET", "/lanes/none", None, 404, "lane_not_found", ""),
        ("DELETE", "/lanes/none", None, 404, "lane_not_found", ""),
        ("POST", "/lanes/none/reset", None, 404, "lane_not_found", ""),
        ("POST", "/lanes/none/fork", {"to": "a"}, 404, "lane_not_found", ""),
        ("POST", "/lanes/default/fork", {"to": "default"}, 409, "fork_onto_itself", "to"),
        ("POST", "/lanes/default/fork", {"to": "-"}, 400, "field_invalid", "to"),
        ("GET", "/lanes/none/export", None, 404, "lane_not_found", ""),
        ("POST", "/lanes/a/import", {}, 400, "field_invalid", "tables"),
        ("POST", "/lanes/a/import", {"tables": {"x": 1}}, 400, "field_invalid", "tables.x"),
        ("POST", "/lanes/a/import", {"tables": {"x": []}}, 400, "import_invalid", "tables.x"),
        ("PUT", "/clock", {}, 400, "field_invalid", "now"),
        ("PUT", "/clock", {"now": "2026-01-01"}, 400, "field_invalid", "now"),
        ("PUT", "/clock", {"now": "2026-02-30T00:00:00Z"}, 400, "field_invalid", "now"),
        ("PUT", "/clock", {"now": "2026-01-01T00:00:00"}, 400, "field_invalid", "now"),
        ("PUT", "/clock", {"now": "1950-01-01T00:00:00Z"}, 400, "field_invalid", "now"),
        ("PUT", "/clock", {"now": "2026-01-01T00:00:00Z", "frozen": 1}, 400, "field_invalid", "frozen"),
        ("POST", "/clock/freeze", {"at": "soon"}, 400, "field_invalid", "at"),
        ("POST", "/clock/unfreeze", {"at": "soon"}, 400, "field_invalid", "at"),
        ("POST", "/clock/advance", {"duration": "soon"}, 400, "field_invalid", "duration"),
        ("POST", "/clock/advance", {"duration": "999999d"}, 409, "clock_out_of_range", "duration"),
        ("POST", "/faults", {"name": "none"}, 400, "field_invalid", "name"),
        ("POST", "/faults", {"name": "slow", "count": 0}, 400, "field_invalid", "count"),
        ("POST", "/faults", {"name": "slow", "count": True}, 400, "field_invalid", "count"),
        ("POST", "/faults", {"name": "slow", "probability": 2}, 400, "field_invalid", "probability"),
        ("POST", "/faults", {"name": "slow", "probability": "1"}, 400, "field_invalid", "probability"),
        ("POST", "/faults", {"name": "slow", "probability": 10**400}, 400, "field_invalid", "probability"),
        ("POST", "/faults", {"name": "slow", "params": {"delay_s": "1"}}, 400, "field_invalid", "params.delay_s"),
        ("POST", "/faults", {"name": "slow", "params": {"delay_s": -1}}, 400, "field_invalid", "params.delay_s"),
        ("POST", "/faults", {"name": "slow", "operation": "a\x00"}, 400, "field_invalid", "operation"),
        ("DELETE", "/faults/9", None, 404, "fault_not_found", ""),
        ("DELETE", f"/faults/{2**70}", None, 400, "field_invalid", "number"),
        ("GET", "/journal?limit=0", None, 400, "field_invalid", "limit"),
        ("GET", "/journal?limit=x", None, 400, "field_invalid", "limit"),
        ("GET", "/journal?since=99999999999999999999", None, 400, "field_invalid", "since"),
        ("GET", "/journal?invalid=yes", None, 400, "field_invalid", "invalid"),
        ("GET", "/journal/none", None, 404, "entry_not_found", ""),
        ("GET", "/journal/%00", None, 400, "field_invalid", "id"),
        ("GET", "/none", None, 404, "not_found", ""),
        ("PATCH", "/lanes", None, 405, "method_not_allowed", ""),
        ("OPTIONS", "/lanes", None, 405, "method_not_allowed", ""),
    ],
)
def test_what_is_refused(api: Api, method: str, path: str, body: object, status: int, code: str, field: str) -> None:
    path, _, query = path.partition("?")
    pairs = dict([query.split("=")]) if query else {}
    assert api.error(method, path, body, status=status, **pairs) == (code, field)


def test_a_405_says_what_is_allowed(running: Kit) -> None:
    answer = httpx.patch(verify=False, url=f"{running.server.url}/_sandbox/lanes")
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_the_clock_is_set_frozen_and_runs_on(api: Api) -> None:
    clock = api("PUT", "/clock", {"now": "2026-03-01T12:00:00-05:00", "frozen": True})
    assert clock == {"lane": "default", "now": "2026-03-01T17:00:00+00:00", "frozen": True}
    assert api("GET", "/clock") == clock
    assert api("POST", "/clock/unfreeze")["frozen"] is False
    assert api("GET", "/clock")["now"].startswith("2026-03-01T17:00:")
    assert api("POST", "/clock/freeze", {"at": "2030-01-01T00:00:00Z"})["now"] == "2030-01-01T00:00:00+00:00"
    assert api("POST", "/clock/freeze")["now"] == "2030-01-01T00:00:00+00:00"
    other = Api(str(api.http.base_url).removesuffix("/_sandbox/"), "other")
    assert other("GET", "/clock")["frozen"] is False
    other.http.close()


def test_advance_runs_what_falls_due_and_prints_the_timeline(api: Api, due: list[Due]) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    api("PUT", "/clock", {"now": start.isoformat(), "frozen": True})

    def run() -> str:
        due.clear()
        return "settled"

    due.append(Due(start + timedelta(days=1), "payment 7", run))
    assert api("POST", "/clock/advance", {"duration": "3d"}) == {
        "lane": "default",
        "now": "2026-01-04T00:00:00+00:00",
        "frozen": True,
        "timeline": [{"at": "2026-01-02T00:00:00+00:00", "label": "payment 7", "outcome": "settled"}],
    }
    due.append(Due(start, "payment 8", lambda: str(1 / 0)))
    assert api.error("POST", "/clock/advance", {"duration": "1s"}, status=409) == ("due_failed", "duration")


def test_faults_are_given_listed_and_taken(api: Api, running: Kit) -> None:
    made = api("POST", "/faults", {"name": "http-503", "operation": "Echo", "count": 1}, status=201)
    assert made == {
        "number": 1,
        "name": "http-503",
        "operation": "Echo",
        "path": "",
        "remaining": 1,
        "probability": 1.0,
        "params": {},
        "fired": 0,
    }
    assert running.ask().startswith(b"HTTP/1.1 503 ")
    assert running.ask().startswith(b"HTTP/1.1 200 ")
    (listed,) = api("GET", "/faults")["faults"]
    assert (listed["remaining"], listed["fired"]) == (0, 1)
    api("POST", "/faults", {"name": "slow", "count": None, "params": {"delay_s": 0.1}}, status=201)
    assert api("GET", "/lanes/default")["active_faults"] == 1
    api("DELETE", "/faults/2", status=204)
    api("DELETE", "/faults", status=204)
    assert api("GET", "/faults") == {"faults": []}


def test_the_journal_is_queried_shown_and_cleared(api: Api, running: Kit) -> None:
    running.door.answer = Response(200, b"<Password>hunter2</Password>", "text/xml")
    running.ask("/door/Echo?x=1")
    running.ask("/door/Other")
    running.ask("/lane/other/door/Echo")
    entries = api("GET", "/journal")["entries"]
    assert [entry["operation"] for entry in entries] == ["Echo", "Other"]
    assert "request" not in entries[0]
    assert [entry["operation"] for entry in api("GET", "/journal", operation="Other", limit=5)["entries"]] == ["Other"]
    assert api("GET", "/journal", since=entries[-1]["number"]) == {"entries": []}
    assert api("GET", "/journal", invalid="true") == {"entries": []}
    entry = api("GET", f"/journal/{entries[0]['id']}")
    assert (entry["query"], entry["request"], entry["answer"]) == ("x=1", "x", "<Password>•••</Password>")
    assert entry["findings"] is None
    api("DELETE", "/journal", status=204)
    assert api("GET", "/journal") == {"entries": []}


def test_a_lane_in_the_path_is_the_lane(running: Kit) -> None:
    answer = httpx.get(verify=False, url=f"{running.server.url}/lane/mine/_sandbox/clock")
    assert answer.json()["lane"] == "mine"
    assert httpx.get(verify=False, url=f"{running.server.url}/lane/mine/_sandbox/part/things").json() == {
        "lane": "mine"
    }


def test_what_a_view_raises_is_a_short_500(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    assert api.error("GET", "/part/broken", status=500) == ("internal_error", "")
    assert "secret detail" in caplog.text


# Who may ask.


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Origin": "http://evil.example"}, 403, "origin_not_allowed"),
        ({"Origin": "null"}, 403, "origin_not_allowed"),
        ({"Origin": "http://127.0.0.1:1"}, 403, "origin_not_allowed"),
        ({"Host": "evil.example"}, 403, "host_not_allowed"),
        ({"Host": "127.0.0.1.evil.example"}, 403, "host_not_allowed"),
        ({"Host": "10.0.0.1"}, 403, "host_not_allowed"),
        ({"Content-Type": "text/plain"}, 400, "not_json"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 400, "not_json"),
        ({"Content-Type": "application/json; charset=utf-8"}, 201, ""),
        ({"Host": "localhost"}, 201, ""),
        ({"Host": "[::1]:99"}, 201, ""),
    ],
)
def test_pages_of_other_sites_are_kept_out(running: Kit, headers: dict[str, str], status: int, code: str) -> None:
    sent = {"Content-Type": "application/json"} | headers
    answer = httpx.post(
        verify=False, url=f"{running.server.url}/_sandbox/lanes", content=b'{"name": "made"}', headers=sent
    )
    assert answer.status_code == status
    assert answer.json().get("error", {}).get("code", "") == code
    assert ("made" in [lane.name for lane in running.lanes.all()]) == (status == 201)


def test_the_sandboxs_own_pages_may_ask(running: Kit) -> None:
    url = running.server.url
    assert (
        httpx.post(verify=False, url=f"{url}/_sandbox/lanes", json={"name": "x"}, headers={"Origin": url}).status_code
        == 201
    )
    in_lane = f"{url}/lane/a/_sandbox/clock/freeze"
    assert httpx.post(in_lane, verify=False, headers={"Origin": url}).status_code == 200


@pytest.mark.parametrize(
    ("host", "hosts", "allowed"),
    [
        (None, (), True),
        ("LOCALHOST:1", (), True),
        ("app.localhost", (), True),
        ("localhost.", (), True),
        ("127.1.2.3", (), True),
        ("notlocalhost", (), False),
        ("sandbox.example.com", ("Sandbox.example.com",), True),
        ("10.0.0.1:8700", ("10.0.0.1",), True),
        ("10.0.0.2:8700", ("10.0.0.1",), False),
        ("10.0.0.2:8700", ("0.0.0.0",), True),
        ("evil.example", ("0.0.0.0",), False),
        ("[fe80::1]", ("::",), True),
        ("[x", (), False),
    ],
)
def test_a_host_is_this_machine_or_named(host: str | None, hosts: tuple[str, ...], allowed: bool) -> None:
    assert host_allowed(host, hosts) is allowed


def test_an_origin_is_compared_whole() -> None:
    assert origin_allowed(None, "http://a")
    assert origin_allowed("http://A:1", "http://a:1/lane/x")
    assert not origin_allowed("https://a:1", "http://a:1")
    assert not origin_allowed("http://a:1", "http://a:2")


# The contract.


def rules(app: Flask) -> set[tuple[str, str]]:
    """Each route as the contract writes it."""
    return {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def operations(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method not in ("parameters", "summary", "description")
    }


def test_the_contract_lists_every_route_and_no_other(memory: Store) -> None:
    kit = make_kit(memory)
    app = create_control_app(kit.lanes, kit.journal, kit.faults, Clock(kit.lanes))
    assert rules(app) == operations(merged())
    kit.journal.close()


def test_the_contract_is_valid() -> None:
    validate(merged())


def test_the_contract_names_the_faults_of_the_catalogue() -> None:
    assert merged()["components"]["schemas"]["FaultName"]["enum"] == list(catalogue())


def test_the_served_document_has_the_simulators_routes_and_is_valid(api: Api) -> None:
    document = api("GET", "/openapi.json")
    validate(document)
    assert ("GET", "/_sandbox/part/things") in operations(document)
    responses = document["components"]["responses"]
    assert responses["part.Error"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/part.Error"
    }
    assert document["components"]["schemas"]["part.Error"] == PART["components"]["schemas"]["Error"]
    assert {"name": "part.lanes", "description": "Its own."} in document["tags"]
    assert document["paths"]["/_sandbox/part/things"]["get"]["tags"] == ["part.lanes"]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ({"/_sandbox/health": {}}, "/_sandbox/health stands in another document too"),
        ({"/_sandbox/part/x": {"get": {"operationId": "getHealth"}}}, "getHealth is used by GET /_sandbox/health and"),
    ],
)
def test_two_documents_that_claim_the_same_are_refused(
    monkeypatch: pytest.MonkeyPatch, paths: dict[str, Any], message: str
) -> None:
    read = control_contract.read_contract
    part = {"paths": paths}
    monkeypatch.setattr(control_contract, "read_contract", lambda path: part if path == "part.yaml" else read(path))
    with pytest.raises(ValueError, match=message):
        merged([simulator()])


def test_flask_is_imported_with_the_first_control_request_only() -> None:
    program = (
        "import sys\n"
        "from partnerlab.simulators.kit.control import app\n"
        "from partnerlab.simulators.kit.http import server, site, wsgi\n"
        "print([m for m in ('flask', 'werkzeug', 'yaml', 'spyne') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
