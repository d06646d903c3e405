"""CloudSSO connect keeps its contract, and client, simulator and contract have the same parameters and pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from partnerlab.client.invoice_cloud import CloudSso, Redirect
from partnerlab.contracts.data import read_yaml
from partnerlab.simulators.ic_webservices import Settings, create_simulator
from partnerlab.simulators.ic_webservices.domain.portal import REDIRECTS
from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store

CONTRACT = read_yaml("ic_webservices/cloudsso.yaml")
OPERATIONS = [found.ok() for found in schemathesis.openapi.from_dict(CONTRACT).get_all_operations()]
PARAMETERS = CONTRACT["components"]["schemas"]["Connect"]["properties"]
# There is no key; a HEAD is a GET here, and other methods are a page's business.
EXCLUDED = {"ignored_auth", "unsupported_method", "negative_data_rejection"}


class Browser(requests.Session):
    """Follows no redirect: the answer that counts is connect's own."""

    def request(self, *arguments: Any, **named: Any) -> requests.Response:  # type: ignore[override]
        return super().request(*arguments, **{**named, "allow_redirects": False})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    store = Store("sqlite://")
    lanes = Lanes(store)
    journal = Journal(lanes)
    ic = create_simulator(Settings(), store, lanes, events=lambda _: None, balances=lambda *_: {})
    lanes.seeders.append(ic.seed)
    site = Site(lanes, journal, Faults(lanes))
    for path, app in ic.doors.items():
        site.mount(path, app)
    with Server(site) as server:
        yield server.url
    ic.close()
    journal.close()
    store.close()


@pytest.fixture(scope="module")
def token(url: str) -> str:
    user = {"Username": Settings().utility_email, "Password": Settings().utility_password}
    path = f"{url}/api/v1/remoteauthentication/RemoteAuthentication"
    answer = requests.post(path, json=user, auth=(Settings().utility_api_key, ""), timeout=30)
    return str(answer.json()["RemoteAuthenticationToken"])


def test_an_address_that_is_too_long_is_told_so(url: str) -> None:
    answer = requests.get(f"{url}/cloudsso/connect", params={"CSSUrl": "x" * 40_000}, timeout=30)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (431, "text/plain")


def test_the_contract_is_one() -> None:
    validate(CONTRACT)


def test_client_simulator_and_contract_name_the_same_things() -> None:
    way = CloudSso("https://host", css_url="https://a/b", return_url="https://a/b", custom_return_site_name="A")
    assert set(way.form("t", Redirect.AUTOPAY).fields) == set(PARAMETERS)
    pages = set(PARAMETERS["RedirectID"].get("enum", CONTRACT["components"]["schemas"]["RedirectID"]["enum"]))
    assert pages == {int(redirect) for redirect in Redirect} == {int(id) for id in REDIRECTS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda found: found.label)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
@pytest.mark.parametrize("live", [True, False], ids=["with a token", "without one"])
def test_connect_keeps_its_contract(url: str, token: str, operation: Any, mode: GenerationMode, live: bool) -> None:
    checks = [CHECKS.get_one(name) for name in CHECKS.get_all_names() if name not in EXCLUDED]
    statuses: set[int] = set()

    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        place = case.query if case.method == "GET" else case.body
        if live and isinstance(place, dict):
            place["RemoteAuthenticationToken"] = token
        statuses.add(case.call_and_validate(base_url=url, session=Browser(), checks=checks).status_code)

    run()
    if mode is GenerationMode.POSITIVE:
        assert statuses <= ({303, 400} if live else {401, 400}), statuses
        assert (303 if live else 401) in statuses
    else:
        assert 400 in statuses
