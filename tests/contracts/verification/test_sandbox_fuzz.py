"""Random requests to a sandbox's own interfaces, tried on a small service of the same shape that is broken in turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from partnerlab.contracts.verification.fuzz.rest import RestRequest
from partnerlab.contracts.verification.grading import Outcome, Run
from partnerlab.contracts.verification.provider import sandbox
from partnerlab.contracts.verification.provider.exchange import Answered, Asked
from partnerlab.contracts.verification.provider.run import Options, verify
from partnerlab.contracts.verification.provider.sandbox.whose import Whose
from tests.contracts.verification.worlds import line_to

ORIGIN = "http://127.0.0.1:8700"
TEXT: dict[str, Any] = {"type": "string"}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "object", "properties": {"message": TEXT}}},
}


def answered(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "It.", "content": {"application/json": {"schema": schema}}}


def an_object(**members: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(members), "properties": members}


LANES = ["a", "b", "c"]
NAMED = [{"name": "name", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[a-z]{1,3}$"}}]
IDENTIFIED = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
REFUSED = {"400": answered(ERROR), "404": answered(ERROR)}
THING = an_object(id=TEXT)
THING["title"] = "Thing"
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/_sandbox/lanes/{name}": {
            "delete": {
                "operationId": "dropLane",
                "parameters": NAMED,
                "responses": {"204": {"description": "Gone."}, **REFUSED},
            }
        },
        "/_sandbox/lanes": {"get": {"operationId": "listLanes", "responses": {"200": answered({"type": "object"})}}},
        "/_sandbox/lanes/{name}/fork": {
            "post": {
                "operationId": "forkLane",
                "parameters": NAMED,
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": an_object(to={"enum": LANES})}},
                },
                "responses": {"201": {"description": "Copied."}, **REFUSED},
            }
        },
        "/_sandbox/things": {
            "get": {
                "operationId": "listThings",
                "responses": {"200": answered(an_object(things={"type": "array", "items": TEXT}))},
            },
            "post": {
                "operationId": "createThing",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": an_object(colour={"enum": ["red", "blue"]})}},
                },
                "responses": {
                    "201": answered({"$ref": "#/components/schemas/Thing"}),
                    **REFUSED,
                },
            },
        },
        "/_sandbox/things/{id}": {
            "get": {
                "operationId": "getThing",
                "parameters": IDENTIFIED,
                "responses": {"200": answered({"$ref": "#/components/schemas/Thing"}), **REFUSED},
            }
        },
    },
    "components": {"schemas": {"Thing": THING}},
}


@dataclass
class Service:
    """Things that are made and found again; `broken` may change an answer."""

    broken: Callable[[Asked, Answered], Answered] = lambda asked, answer: answer
    things: list[str] = field(default_factory=list)
    lanes: set[str] = field(default_factory=lambda: {"default", "a"})
    replaced: set[str] = field(default_factory=set)

    def send(self, asked: Asked, timeout_s: float) -> Answered:
        if "/_pump/" in asked.url:
            return _json(404, {"error": {"code": "not_found", "message": "nothing is here"}})
        return self.broken(asked, self._answer(asked, unquote(urlsplit(asked.url).path)))

    def _answer(self, asked: Asked, path: str) -> Answered:
        lane = asked.headers["x-sandbox-lane"]
        self.lanes.add(lane)
        last = path.rpartition("/")[2]
        if path == "/_sandbox/openapi.json":
            return _json(200, DOCUMENT)
        if path == "/_sandbox/lanes" and asked.method == "POST":
            made = str(Answered(200, {}, asked.body).members.get("name"))
            taken = made in self.lanes
            self.lanes.add(made)
            return _json(409, {"error": {"message": "there is one"}}) if taken else _json(201, {"name": made})
        if path == "/_sandbox/lanes":
            return _json(200, {"lanes": [{"name": name} for name in sorted(self.lanes)]})
        if asked.method == "DELETE":
            self.lanes.discard(last)
            return Answered(204, {}, b"")
        if last == "fork":
            to = Answered(200, {}, asked.body).members.get("to")
            if to not in LANES:
                return _json(400, {"error": {"message": "to: must be the name of a lane"}})
            self.lanes.add(to)
            self.replaced.add(to)
            return Answered(201, {}, b"")
        if path == "/_sandbox/things" and asked.method == "GET":
            return _json(200, {"things": self.things})
        if path == "/_sandbox/things":
            colour = Answered(200, {}, asked.body).members
            if colour not in ({"colour": "red"}, {"colour": "blue"}):
                return _json(400, {"error": {"message": "colour: must be red or blue"}})
            self.things.append(f"t-{len(self.things)}")
            return _json(201, {"id": self.things[-1]})
        if last in self.things:
            return _json(200, {"id": last})
        return _json(404, {"error": {"message": f'there is no thing:"{last}"'}})


def _json(status: int, value: Any) -> Answered:
    return Answered(status, {"content-type": "application/json"}, json.dumps(value).encode())


def run(service: Service, *, writes: bool = True) -> Run:
    target = sandbox.Target(ORIGIN, 600)
    line = line_to(service.send, ORIGIN)
    line.affordable = lambda seconds: 60  # type: ignore[method-assign]
    return verify(
        sandbox.SUITE,
        sandbox.Box(line, target),
        line,
        sandbox.preflight,
        target=ORIGIN,
        operations=["createThing", "getThing"],
        options=Options(allow_writes=writes, only=[id for id in sandbox.SUITE.checks if "control" in id]),
    )


def failed(run: Run) -> dict[str, str]:
    return {one.check: one.problems[0].where for one in run.checks if one.outcome is Outcome.FAILED}


def test_a_right_service_passes_and_the_lanes_of_others_stay() -> None:
    service = Service()
    done = run(service)
    assert {one.outcome for one in done.checks} == {Outcome.PASSED}, done.checks
    assert done.exit_code() == 0
    assert service.lanes == {"default", "a"}, "the run's own lane is dropped, and no other"
    assert service.things, "changes were tried"


def test_a_lane_that_has_the_runs_name_is_somebodys_and_stays() -> None:
    service = Service()
    service.lanes |= {"verify", "verify-2"}
    asked = set()

    def note(one: Asked, answer: Answered) -> Answered:
        asked.add(one.headers["x-sandbox-lane"])
        assert (one.method, one.url.rpartition("/")[2]) != ("DELETE", "verify")
        return answer

    service.broken = note
    done = run(service)
    assert {one.outcome for one in done.checks} == {Outcome.PASSED}, done.checks
    assert asked == {"default", "verify-3"}
    assert service.lanes == {"default", "a", "verify", "verify-2"}


def test_no_lane_of_others_is_replaced_or_dropped() -> None:
    service = Service()

    def somebody_works_too(_: Asked, answer: Answered) -> Answered:
        service.lanes.add("theirs")
        return answer

    service.broken = somebody_works_too
    done = run(service)
    assert {one.outcome for one in done.checks} == {Outcome.PASSED}, done.checks
    assert service.replaced, "lanes were copied"
    assert "a" not in service.replaced
    assert service.lanes == {"default", "a", "theirs"}


def drawn(operation: str, path: str, body: object = None, method: str = "POST") -> RestRequest:
    return RestRequest(operation, method, path, "application/json", json.dumps(body).encode(), valid=True)


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (drawn("dismissDelivery", "/deliveries/default%3Ae-1/dismiss"), "/deliveries/mine%3Ae-1/dismiss"),
        (drawn("replayDelivery", "/deliveries/e-1/replay"), "/deliveries/mine%3Ae-1/replay"),
        (drawn("getDelivery", "/deliveries/e-1", method="GET"), "/deliveries/e-1"),
        (drawn("submitEvent", "/events", {"id": "e-1"}), {"id": "e-1", "lane": "mine"}),
        (drawn("submitEvent", "/events", {"id": "e-1", "lane": "a"}), {"id": "e-1", "lane": "mine"}),
        (drawn("submitEvent", "/events", {"id": "e-1", "lane": "-"}), {"id": "e-1", "lane": "-"}),
        (drawn("submitEvent", "/events", [1]), [1]),
        (drawn("forkLane", "/_sandbox/lanes/mine/fork", {"to": "a"}), None),
        (drawn("resetLane", "/_sandbox/lanes/%61/reset"), None),
        (drawn("importLane", "/_sandbox/lanes/default/import?x=1"), None),
    ],
)
def test_what_would_change_anothers_lane_is_aimed_at_the_runs_own(request_: RestRequest, sent: object) -> None:
    aimed = Whose("mine", {"default", "a"}).aimed(request_)
    if isinstance(sent, str) or aimed is None:
        assert (aimed and aimed.path) == sent
    else:
        assert json.loads(aimed.body) == sent


def test_only_questions_are_asked_without_leave_to_write() -> None:
    service = Service()
    done = run(service, writes=False)
    assert [one.check for one in done.checks if one.outcome is Outcome.PASSED] == ["sandbox/control-api"]
    assert service.things == []
    own = ("createLane", "dropLane")
    assert {one.method for one in done.exchanges if one.label not in own} == {"GET"}


BROKEN: dict[str, tuple[Callable[[Asked, Answered], Answered], str]] = {
    "an error of the server": (
        lambda asked, answer: _json(500, {}) if asked.label == "listThings" else answer,
        "sandbox/control-api",
    ),
    "a refusal without words": (
        lambda asked, answer: _json(404, {"error": {}}) if answer.status == 404 else answer,
        "sandbox/control-api",
    ),
    "a member that the contract has not": (
        lambda asked, answer: _json(201, {"id": "t-0", "x": 1}) if answer.status == 201 else answer,
        "sandbox/control-api-writes",
    ),
    "what was made is found in another form": (
        lambda asked, answer: _json(200, {"id": 1}) if asked.label == "getThing" and answer.status == 200 else answer,
        "sandbox/control-api-chains",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_found_with_its_call(name: str) -> None:
    broken, check = BROKEN[name]
    done = run(Service(broken))
    assert check in failed(done), done.checks
    assert done.exit_code() == 1
    found = next(one for one in done.checks if one.check == check)
    exchange = done.exchanges[found.problems[0].exchange - 1]
    assert exchange.curl.startswith("curl "), exchange
    if check.endswith("chains"):
        assert "after createThing" in failed(done)[check], "what came before is said"


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (_json(404, {}), "not-a-sandbox"),
        (_json(200, {"lanes": []}), "not-a-sandbox"),
        (_json(401, {"error": {"message": "give the token"}}), "sandbox-token"),
    ],
)
def test_what_is_no_sandbox_is_named(answer: Answered, name: str) -> None:
    configuration = run(Service(lambda *_: answer)).configuration
    assert configuration is not None
    assert configuration.name == name
