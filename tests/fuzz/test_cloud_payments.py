"""
Fuzzing `POST /cloudpaymentsapi/v2` and the pages behind it, over a live server.

Schemathesis gives what the contract allows and what it forbids, read strictly and leniently; Hypothesis gives JSON of
the request's own names with any values. No answer may be a 5xx or other than the contract says, and a page that was
given must open.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from partnerlab.contracts.data import read_yaml
from partnerlab.simulators.ic_webservices import Settings, create_simulator
from partnerlab.simulators.kit.control.app import create_control_app
from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.ic_webservices.harness import Answer, check_rest

EXAMPLES = int(os.environ.get("PARTNERLAB_FUZZ", "10"))
PATH = "/cloudpaymentsapi/v2"
KEY, UTILITY = Settings().utility_api_key, Settings().utility_guid

SESSION = requests.Session()
SESSION.auth = (KEY, "")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    store = Store("sqlite://")
    lanes = Lanes(store)
    journal, faults = Journal(lanes), Faults(lanes)
    ic = create_simulator(Settings(), store, lanes, events=lambda _: None, balances=lambda *_: {})
    lanes.seeders.append(ic.seed)
    site = Site(lanes, journal, faults)
    for path, app in ic.doors.items():
        site.mount(path, app)
    control = create_control_app(lanes, journal, faults, Clock(lanes, (ic,)), (ic,))
    site.mount("/_sandbox", control, door=False)
    with Server(site) as server:
        strict = {"configuration": {"REST": {"Strict": True}}}
        changed = requests.patch(f"{server.url}/lane/strict/_sandbox/ic/billers/{UTILITY}", json=strict, timeout=30)
        assert changed.status_code == 200, changed.text
        yield server.url
    ic.close()
    journal.close()
    store.close()


DOCUMENT = read_yaml("ic_webservices/openapi.yaml")
(OPERATION,) = [
    found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations() if found.ok().path == PATH
]
# A value beyond a bound is a refusal by the rules: an answer with Success false, status 200. Without a key is 401.
EXCLUDED = {"negative_data_rejection", "ignored_auth", "unsupported_method"}
PROFILE: dict[str, Any] = {
    "max_examples": EXAMPLES,
    "deadline": None,
    "derandomize": True,
    "database": None,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


@pytest.mark.parametrize("lane", ["lenient", "strict"])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
def test_the_operation_keeps_its_contract(url: str, lane: str, mode: GenerationMode) -> None:
    checks = [CHECKS.get_one(name) for name in CHECKS.get_all_names() if name not in EXCLUDED]

    @settings(**PROFILE)
    @given(case=OPERATION.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        case.headers = {**(case.headers or {}), "X-Sandbox-Lane": lane}
        case.call_and_validate(base_url=url, session=SESSION, checks=checks)

    run()


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30)
)
USUAL = st.sampled_from(
    ["10000101", "500001", "1.00", "true", "11/21/2026", "http://127.0.0.1/", "http://10.0.0.1/", "a@example.com", ""]
)
VALUES = st.one_of(
    SCALARS, USUAL, st.lists(SCALARS, max_size=2), st.dictionaries(st.text(max_size=5), SCALARS, max_size=2)
)


WHOLE: dict[str, Any] = {
    "ViewMode": 1,
    "ReturnURL": "http://127.0.0.1/back",
    "PostBackURL": "http://127.0.0.1/post",
    "CSSUrl": "http://127.0.0.1/own.css",
    "BillerReference": "REF-7",
    "CreateCustomerRecord": True,
    "AllowSwipe": True,
    "CashierName": "Grace",
    "Customers": [
        {
            "AccountNumber": "A1",
            "DisplayAccountNumber": "A-1",
            "Name": "Ada",
            "Address": "1 Main Street",
            "EmailAddress": "a@example.com",
            "Invoices": [{"InvoiceNumber": "N1", "TypeID": "1", "DueDate": "11/21/2026", "BalanceDue": 5}],
        },
        {"AccountNumber": "10000101", "Invoices": None},
    ],
    "PageResultOptions": {"AllowRegisterAccount": True, "InvoiceOptions": {"AllowViewStatement": True}},
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every member and item in a JSON value."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(inner, (*path, key))


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """The whole request with up to two values replaced."""
    body = deepcopy(WHOLE)
    for path in draw(st.lists(st.sampled_from(sorted(places(WHOLE), key=str)), max_size=2)):
        inner: Any = body
        for key in path[:-1]:
            inner = inner[key] if isinstance(inner, dict | list) and _has(inner, key) else {}
        if isinstance(inner, dict | list) and _has(inner, path[-1]):
            inner[path[-1]] = draw(VALUES)
    return body


def _has(value: Any, key: Any) -> bool:
    return key in value if isinstance(value, dict) else isinstance(key, int) and key < len(value)


def test_whatever_the_values_are_there_is_a_page_or_a_reason(url: str) -> None:
    opened = 0

    @settings(**{**PROFILE, "max_examples": 3 * EXAMPLES})
    @given(body=bodies())
    def run(body: dict[str, Any]) -> None:
        nonlocal opened
        answer = SESSION.post(url + PATH, json=body, timeout=30)
        check_rest("POST", PATH, Answer(answer.status_code, answer.json()))
        assert answer.status_code in (200, 400)
        told = answer.json()
        if told["Success"]:
            page = SESSION.get(told["Data"]["CloudPaymentURL"], timeout=30)
            assert page.status_code == 200, page.text
            opened += 1
        else:
            assert told["ErrorMessage"]

    run()
    assert opened > 5


@settings(**PROFILE)
@given(
    fields=st.dictionaries(st.sampled_from(["Do", "CsrfToken", "Bill-0", "Amount-0", "PayerName", "Method"]), st.text())
)
def _forms(fields: dict[str, str]) -> None:
    for path in ("bills", "pay", "register"):
        answer = SESSION.post(f"{PAGE[0]}/{path}", data=fields, timeout=30)
        assert answer.status_code == 403, answer.text


PAGE: list[str] = []


def test_no_form_without_its_token_is_taken(url: str) -> None:
    body = {"ViewMode": 0, "Customers": [{"AccountNumber": "10000101"}]}
    answer = SESSION.post(url + PATH, json=body, timeout=30).json()
    PAGE[:] = [answer["Data"]["CloudPaymentURL"]]
    _forms()
