"""The contract lists exactly what stands, is merged with the simulators' and is valid."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from openapi_spec_validator import validate

from partnerlab.contracts.catalogue import faults as catalogue
from partnerlab.simulators.kit.control import contract as control_contract
from partnerlab.simulators.kit.control.app import ControlApp
from partnerlab.simulators.kit.control.contract import merged
from partnerlab.simulators.kit.control.controls import Controls
from partnerlab.simulators.kit.faults.effects import WAITING
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.control.conftest import PART, Api, Things, simulator


def operations(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method not in ("parameters", "summary", "description")
    }


def test_the_contract_is_valid() -> None:
    validate(merged())


def test_the_contract_names_the_faults_of_the_catalogue() -> None:
    schemas = merged()["components"]["schemas"]
    assert schemas["FaultName"]["enum"] == list(catalogue())
    waiting, files = (schemas[name]["properties"]["name"]["enum"] for name in ("NewWaitingFault", "NewFileFault"))
    assert tuple(waiting) == WAITING
    assert files == [fault.name for fault in catalogue().values() if fault.layer == "file"]
    others = schemas["NewRequestFault"]["properties"]["name"]["enum"]
    assert sorted(others) == sorted(set(catalogue()) - {*waiting, *files})


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


def test_two_contracts_that_claim_the_same_are_not_served(memory: Store) -> None:
    lanes = Lanes(memory)
    part = Controls([Things()], lambda error: None)
    app = ControlApp(lambda: [("part.yaml", part), ("part.yaml", part)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(control_contract, "read_contract", lambda path: PART)
        answer = app(Request("GET", "/_sandbox/part/things", "", {}, b"", "http://127.0.0.1", "r1", lanes.get("a")))
        assert answer.status == 500
        with pytest.raises(ValueError, match="listThings stands in two contracts"):
            app.warm()


def test_contracts_are_read_with_the_first_control_request_only_and_flask_never() -> None:
    program = """
import sys
from partnerlab.simulators.kit.control.app import create_control_app
from partnerlab.simulators.kit.http import server, site, wsgi
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.world.lanes import Lane

def loaded():
    return [name for name in ("flask", "werkzeug", "yaml", "spyne") if name in sys.modules]

app = create_control_app(None, None, None, None)
before = loaded()
answer = app(Request("GET", "/_sandbox/version", "", {}, b"", "http://127.0.0.1", "r1", Lane("default")))
print(before, answer.status, loaded())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] 200 ['yaml']"
