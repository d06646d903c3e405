"""
Schemathesis against the kit's control API, over a live server.

Every operation is given what its contract allows and what it forbids; no answer may be a 5xx or other than the
contract says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from partnerlab.contracts.doors import PASSING, operations
from partnerlab.simulators.kit.control.app import create_control_app
from partnerlab.simulators.kit.control.contract import merged
from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store

EXAMPLES = int(os.environ.get("PARTNERLAB_FUZZ", "6"))

_TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))
schemathesis.openapi.format("date-time", _TIMES.map(lambda time: time.isoformat()))
schemathesis.openapi.format("operation", st.sampled_from(["", "GET /pay", *sorted(operations("inhance"))]))
schemathesis.openapi.format("passing", st.sampled_from(["", *PASSING]))


class Door:
    """Something for the journal to note."""

    name = "door"
    inline = True

    def operation(self, request: Request) -> str:
        return "Echo"

    def __call__(self, request: Request) -> Response:
        return Response(200, request.body)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    store = Store("sqlite://")
    lanes = Lanes(store)
    journal = Journal(lanes)
    faults = Faults(lanes)
    site = Site(lanes, journal, faults)
    site.mount("/door", Door())
    control = create_control_app(lanes, journal, faults, Clock(lanes))
    site.mount("/_sandbox", control, door=False)
    with Server(site) as server:
        yield server.url
    journal.close()
    store.close()


SESSION = requests.Session()
ENDLESS = "GET /_sandbox/events"  # tests/simulators/kit/control/test_routes.py listens to it
OPERATIONS = [
    operation
    for operation in (found.ok() for found in schemathesis.openapi.from_dict(merged()).get_all_operations())
    if operation.label != ENDLESS
]
# What tables there are is no part of the contract, so most exports that it allows do not fit.
UNFORESEEABLE = {"POST /_sandbox/lanes/{name}/import": {"positive_data_acceptance"}}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_an_operation_keeps_its_contract(operation: Any, mode: GenerationMode, url: str) -> None:
    if mode is GenerationMode.NEGATIVE and not (operation.path_parameters or operation.headers or operation.body):
        mode = GenerationMode.POSITIVE  # there is nothing that could be wrong
    excluded = UNFORESEEABLE.get(operation.label, set())
    checks = [CHECKS.get_one(name) for name in CHECKS.get_all_names() if name not in excluded]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        case.call_and_validate(base_url=url, session=SESSION, checks=checks)

    run()
