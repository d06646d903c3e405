"""The control API over a kit with one simulator, and a client of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from partnerlab.simulators.kit.control import contract as control_contract
from partnerlab.simulators.kit.control.app import create_control_app
from partnerlab.simulators.kit.control.controls import Controls
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.simulator import Simulator
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
    error: Exception = ValueError("secret detail")

    def list_things(self, request: Request) -> dict[str, str]:
        return {"lane": request.lane.name}

    def break_thing(self) -> None:
        raise self.error


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
def breaks_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Says what the broken operation raises."""
    return partial(monkeypatch.setattr, Things, "error")


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
    control = create_control_app(kit.lanes, kit.journal, kit.faults, clock, [part])
    kit.site.mount("/_sandbox", control, door=False)
    with kit.server:
        yield kit
    kit.journal.close()


@pytest.fixture
def api(running: Kit) -> Iterator[Api]:
    made = Api(running.server.url)
    yield made
    made.http.close()
