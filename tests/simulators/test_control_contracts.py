"""Every part of the control API does what its contract lists and nothing else, with values of the contract's types."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest
from openapi_spec_validator import validate

from partnerlab.auditing import control as auditing
from partnerlab.contracts.capabilities import integrations
from partnerlab.simulators import ic_webservices, inhance_soap, tccs_rest, watersmart
from partnerlab.simulators.kit.control.contract import KIT_CONTRACT, read_contract
from partnerlab.simulators.kit.control.controls import Controls
from partnerlab.simulators.kit.control.operations import Operation, bind, operations
from partnerlab.simulators.kit.control.own import own_controls
from partnerlab.simulators.kit.control.schema import Schemas
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import Store

PREFIXES = {
    KIT_CONTRACT: "/_sandbox/",
    "inhance_soap/control.yaml": "/_sandbox/inhance/",
    "tccs_rest/control.yaml": "/_sandbox/tccs/",
    "ic_webservices/control.yaml": "/_sandbox/ic/",
    "watersmart/control.yaml": "/_sandbox/watersmart/",
    "auditing/control.yaml": "/_sandbox/auditing/",
}
FORMATS = {"date": date, "date-time": datetime, "money": int}
TYPES: dict[str, type] = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list}


@pytest.fixture(scope="module")
def parts() -> Mapping[str, Controls]:
    """What does the operations of each contract, over a store with nothing in it."""
    store = Store("sqlite://")
    lanes = Lanes(store)
    nothing: Any = None
    made: list[Simulator] = [
        inhance_soap.create_simulator(inhance_soap.Settings(), store, lanes),
        tccs_rest.create_simulator(tccs_rest.Settings(), store, lanes),
        ic_webservices.create_simulator(
            ic_webservices.Settings(), store, lanes, events=lambda event: None, balances=nothing
        ),
    ]
    made.append(
        watersmart.create_simulator(
            watersmart.Settings(), store, lanes, call=nothing, exchange=types.SimpleNamespace(run=print)
        )
    )
    own = own_controls(lanes, nothing, nothing, nothing, ())
    ours = {KIT_CONTRACT: own, auditing.CONTRACT: auditing.create_controls(nothing)}
    return ours | {one.control_contract: one.control() for one in made}


@pytest.fixture(params=list(PREFIXES))
def contract(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def bound(contract: str, parts: Mapping[str, Controls]) -> list[Operation]:
    controls = parts[contract]
    return bind(read_contract(contract), tuple(map(type, controls.groups)), controls.formats)


def test_every_operation_has_its_function_and_every_function_its_operation(
    contract: str, parts: Mapping[str, Controls]
) -> None:
    """`bind` refuses one without the other."""
    ids = [operation.id for operation in bound(contract, parts)]
    assert len(ids) == len(set(ids)) == len(list(operations(read_contract(contract)))) > 0


def test_a_contract_is_openapi_and_stays_below_its_prefix(contract: str) -> None:
    document = read_contract(contract)
    validate(document)
    assert all(path.startswith(PREFIXES[contract]) for path in document["paths"])


def test_every_operation_that_takes_something_may_refuse_it(contract: str) -> None:
    for method, path, said, parameters in operations(read_contract(contract)):
        takes = bool(parameters) or "requestBody" in said
        assert not takes or {"400", "default"} & set(said["responses"]), (method, path)


def test_a_function_says_the_types_that_the_contract_gives(contract: str, parts: Mapping[str, Controls]) -> None:
    document = read_contract(contract)
    schemas = Schemas(document, parts[contract].formats)
    wrong = []
    for operation in bound(contract, parts):
        hints = typing.get_type_hints(operation.function)
        signature = inspect.signature(operation.function).parameters
        for name, schema in taken(schemas, document, operation.id).items():
            if name in signature:
                given = expected(schemas, schema)
                if signature[name].default is None:
                    given |= {types.NoneType}
                if spelled(hints[name]) != given:
                    wrong.append(f"{operation.id}: {name} is {hints[name]}, the contract gives {given}")
    assert not wrong


def taken(schemas: Schemas, document: Mapping[str, Any], id: str) -> dict[str, Mapping[str, Any]]:
    """The schemas of what an operation takes, by name."""
    for _, _, said, parameters in operations(document):
        if said["operationId"] == id:
            nodes = [schemas.resolved(node) for node in parameters]
            found = {node["name"]: node["schema"] for node in nodes if node["in"] != "header"}
            content = schemas.resolved(said.get("requestBody", {})).get("content", {})
            body = schemas.resolved(content.get("application/json", {}).get("schema", {}))
            return found | dict(body.get("properties", {}))
    raise AssertionError(id)


def expected(schemas: Schemas, schema: Mapping[str, Any]) -> set[Any]:
    schema = schemas.resolved(schema)
    kinds: set[Any] = set()
    for kind in schemas.kinds(schema):
        if kind == "null":
            kinds.add(types.NoneType)
        elif kind == "object":
            kinds.add(Mapping)
        else:
            kinds.add(FORMATS.get(schema.get("format", ""), TYPES[kind]))
    return kinds


def spelled(hint: Any) -> set[Any]:
    """The types of an annotation, without what stands in brackets."""
    members = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return {typing.get_origin(member) or member for member in members}


def test_capabilities_may_be_asked_for_of_each_integration_that_has_them() -> None:
    partner, _ = read_contract(KIT_CONTRACT)["paths"]["/_sandbox/capabilities"]["get"]["parameters"]
    assert partner["schema"]["enum"] == ["", *integrations()]
