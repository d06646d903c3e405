"""
Schemathesis against Invoice Cloud's REST services, over a live server.

The contract says what a biller takes that reads strictly, so that is how the fuzzed biller is set: every operation is
given what the contract allows and what it forbids, alone and along the links from one operation to the next, and no
answer may be other than the contract says. The lenient biller is given the same and must never fail.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from partnerlab.contracts.data import read_yaml
from partnerlab.simulators.ic_webservices import Settings, create_simulator
from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.lanes import DEFAULT, Lanes
from partnerlab.simulators.kit.world.store import Store

EXAMPLES, STEPS = int(os.environ.get("PARTNERLAB_FUZZ", "8")), 8
PREFIX = "/api/v1/"
LENIENT = Settings().watersmart_api_key
STRICT = Settings().utility_api_key

CONTRACT = read_yaml("ic_webservices/openapi.yaml")
CONTRACT["paths"] = {path: item for path, item in CONTRACT["paths"].items() if path.startswith(PREFIX)}
SCHEMA = schemathesis.openapi.from_dict(CONTRACT)
OPERATIONS: list[Any] = [found.ok() for found in SCHEMA.get_all_operations()]  # type: ignore[union-attr]
BOTH = pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
EACH = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
SESSION = requests.Session()


def credential(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(key.encode()).decode("ascii")}


@contextmanager
def serving() -> Iterator[str]:
    """The address of a new simulator, whose first biller reads strictly."""
    store = Store("sqlite://")
    lanes = Lanes(store)
    simulator = create_simulator(Settings(password_cost=2), store, lanes, events=lambda _: None, balances=lambda *_: {})
    lanes.seeders.append(simulator.seed)
    ledger = simulator.world.services.ledger
    ledger.save_biller(lanes.get(DEFAULT), Settings().utility_guid, {"configuration": {"REST": {"Strict": True}}})
    journal = Journal(lanes)
    site = Site(lanes, journal, Faults(lanes))
    site.mount("/api/v1", simulator.doors["/api/v1"])
    with Server(site) as server:
        yield server.url
    journal.close()
    simulator.close()
    store.close()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as address:
        yield address


def checks(*but: str) -> list[Any]:
    return [CHECKS.get_one(name) for name in CHECKS.get_all_names() if name not in but]


def bounded(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        stateful_step_count=STEPS,
    )


@BOTH
@EACH
def test_an_operation_keeps_its_contract(operation: Any, mode: GenerationMode, url: str) -> None:
    if mode is GenerationMode.NEGATIVE and not (operation.path_parameters or operation.body):
        mode = GenerationMode.POSITIVE  # there is nothing that could be wrong

    @bounded(EXAMPLES)
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        case.call_and_validate(base_url=url, session=SESSION, headers=credential(STRICT), checks=checks())

    run()


@EACH
def test_the_lenient_reader_never_fails(operation: Any, url: str) -> None:
    """It takes some of what the contract forbids, so only its answers are held against the contract."""

    @bounded(EXAMPLES)
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def run(case: Any) -> None:
        case.call_and_validate(
            base_url=url,
            session=SESSION,
            headers=credential(LENIENT),
            checks=checks("negative_data_rejection", "positive_data_acceptance"),
        )

    if operation.path_parameters or operation.body:
        run()


def test_the_examples_of_the_contract_are_answered(url: str) -> None:
    for operation in OPERATIONS:
        for case in operation.get_strategies_from_examples():

            @bounded(1)
            @given(case=case)
            def run(case: Any) -> None:
                answer = case.call(base_url=url, session=SESSION, headers=credential(STRICT))
                case.validate_response(answer, checks=checks())
                assert answer.status_code == 200, answer.text

            run()


def test_every_operation_refuses_a_wrong_key(url: str) -> None:
    for operation in OPERATIONS:
        answer = SESSION.request(
            operation.method.upper(), url + operation.path.replace("{", "").replace("}", ""), headers=credential("none")
        )
        assert answer.status_code == 401, operation.label
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_links_lead_from_logging_in_to_the_account() -> None:
    """
    Log in, list the accounts, find the GUID, see the account: in every order the links allow.

    On a server of its own: where other tests had changed a password before, the walk would hardly get beyond it.
    """
    base = SCHEMA.as_state_machine()
    followed: set[str] = set()

    class Walk(base):  # type: ignore[misc, valid-type]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"base_url": url, "session": SESSION, "headers": credential(STRICT)}

        def validate_response(self, response: Any, case: Any, **kwargs: Any) -> None:
            followed.add(case.operation.label)
            # A link puts its own values over a case that was made to be wrong, and the key is always the right one.
            case.validate_response(response, checks=checks("negative_data_rejection"))

    Walk.TestCase.settings = bounded(EXAMPLES)
    with serving() as url:
        Walk.TestCase().runTest()
    assert "GET /api/v1/cp/{CustomerGuid}/account" in followed


PATH = (
    ("CreateCustomerRecord", "RegisterCustomer"),
    ("RegisterAccounts", "LogIn"),
    ("RemoteAuthentication", "AccountsOfToken"),
    ("RetrieveUserAccounts", "GuidOfFirstAccount"),
    ("RetrieveCustomerGuid", "AccountOfCustomer"),
)


def test_a_consumer_that_follows_the_links_gets_to_the_account_it_made(url: str) -> None:
    """What chance rarely finds: register, authenticate, accounts, CustomerGuid, account, as the contract links them."""
    found = {operation["operationId"]: (method, path, operation) for method, path, operation in _operations()}
    examples = found["CreateCustomerRecord"][2]["requestBody"]["content"]["application/json"]["examples"]
    request: Any = examples["customer"]["value"]
    places: dict[str, Any] = {}
    answer: Any = None
    names = [*(name for name, _ in PATH), "RetrieveCustomerAccount"]
    following = dict(pairwise(names))
    for name, link in (*PATH, ("RetrieveCustomerAccount", "")):
        method, path, operation = found[name]
        headers = credential(STRICT) | {"X-Sandbox-Lane": "links"}  # where nobody else made or changed anything
        sent = SESSION.request(method, url + path.format(**places), json=request, headers=headers)
        answer = sent.json()
        assert answer["Success"] is True, (name, answer)
        if link:
            chosen = operation["responses"]["200"]["links"][link]
            assert chosen["operationId"] == following[name]
            meant = {"request": request, "response": answer}
            places = _resolved(chosen.get("parameters", {}), meant)
            request = _resolved(chosen.get("requestBody"), meant)
    assert (answer["AccountNumber"], answer["Registered"]) == (examples["customer"]["value"]["AccountNumber"], True)


def _operations() -> Iterator[tuple[str, str, Any]]:
    for path, item in CONTRACT["paths"].items():
        for method in ("get", "post"):
            if method in item:
                yield method.upper(), path, item[method]


def _resolved(value: Any, meant: dict[str, Any]) -> Any:
    """A link's values with its runtime expressions (`$response.body#/Accounts/0/AccountNumber`) in their place."""
    if isinstance(value, dict):
        return {name: _resolved(one, meant) for name, one in value.items()}
    if isinstance(value, list):
        return [_resolved(one, meant) for one in value]
    if not (isinstance(value, str) and value.startswith("$")):
        return value
    source, _, pointer = value[1:].partition(".body#/")
    found = meant[source]
    for part in pointer.split("/"):
        found = found[int(part)] if isinstance(found, list) else found[part]
    return found
