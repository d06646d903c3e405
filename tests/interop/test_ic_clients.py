"""
zeep, node's `soap`, PHP's SoapClient and a plain form call Invoice Cloud's newer operations from the WSDLs it serves.

One story for each service, told to every client in the same words: what must come out is the same too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest
import zeep
from lxml import etree
from zeep.helpers import serialize_object

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification.soap import verdict
from partnerlab.simulators.ic_webservices import InvoiceCloud, Settings, create_simulator
from partnerlab.simulators.ic_webservices.domain.payments import Order
from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store

pytestmark = pytest.mark.interop

SERVICES = ("CloudInvoicing", "CloudManagement", "RemoteAuthenticationWS")
SETTINGS = Settings()
KEYS = {"BillerGUID": SETTINGS.utility_guid, "WebServiceKey": SETTINGS.utility_web_service_key}
ACCOUNT, USER, PASSWORD = SETTINGS.utility_account, SETTINGS.utility_email, SETTINGS.utility_password
SINCE = "2020-01-01T00:00:00"

STORIES: Mapping[str, list[tuple[str, dict[str, Any]]]] = {
    "RemoteAuthenticationWS": [
        (
            "RemoteAuthentication",
            {"Username": USER, "Password": PASSWORD, "AccountNumber": "", "CustomerName": "", "EmailAddress": ""},
        ),
        ("KeepRemoteSessionAlive", {"RemoteAuthenticationToken": "$token"}),
        (
            "RemoteRegistration",
            {
                "LoginTypeID": 1,
                "AccountNumber": ACCOUNT,
                "Username": "bäckerei@example.com",
                "EmailAddress": "",
                "Password": "pass & <word>",
            },
        ),
        ("UnregisterAccounts", {"Username": USER, "Accounts": {"AccountNumber": [ACCOUNT, "20000001"]}}),
        ("LinkCustomerAccount", {"Username": USER, "AccountNumber": ACCOUNT}),
        (
            "SetCustomerEmailAddress",
            {"AccountNumber": ACCOUNT, "Username": USER, "NewEmailAddress": "new@example.com"},
        ),
    ],
    "CloudInvoicing": [("ExportPayments", {"Since": SINCE})],
    "CloudManagement": [("ExportCustomerChanges", {"Since": SINCE})],
}
"""By service: operations and their fields beside the keys. The last call is made again with a wrong key."""


class Live:
    """Invoice Cloud in a lane of its own, with a payment and a change to export."""

    def __init__(self, server: Server, simulator: InvoiceCloud, journal: Journal, lane: str) -> None:
        self.url, self.lane, self.journal = server.url, lane, journal
        services, found = simulator.world.services, simulator.world.lanes.get(lane)
        order = Order(ACCOUNT, SETTINGS.utility_invoice, 1050, "credit_card", number="4111111111111111")
        self.payment, _ = services.cashier.pay(found, SETTINGS.utility_guid, order, cause="test")
        services.ledger.enrol(found, SETTINGS.utility_guid, ACCOUNT, "autopay", enrolled=True, cause="test")

    def address(self, service: str) -> str:
        return f"{self.url}/lane/{self.lane}/portal/webservices/{service}.asmx"

    def broken(self) -> list[str]:
        found = self.journal.find(self.lane, limit=1000)
        assert found
        return [f"{entry.operation}: {finding}" for entry in found for finding in entry.findings or ()]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Server, InvoiceCloud, Journal]]:
    store = Store("sqlite://")
    lanes = Lanes(store)
    simulator = create_simulator(SETTINGS, store, lanes, events=lambda _: None, balances=lambda *_: {})
    lanes.seeders.append(simulator.seed)
    journal = Journal(lanes, {name: verdict(read_bytes(f"ic_webservices/{name}.wsdl")) for name in SERVICES})
    site = Site(lanes, journal, Faults(lanes))
    for path, app in simulator.doors.items():
        site.mount(path, app)
    with Server(site) as server:
        yield server, simulator, journal
    journal.close()
    simulator.close()
    store.close()


@pytest.fixture
def live(running: tuple[Server, InvoiceCloud, Journal], request: pytest.FixtureRequest) -> Live:
    server, simulator, journal = running
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name).strip("-")[:60]
    return Live(server, simulator, journal, name)


def steps(service: str) -> list[tuple[str, dict[str, Any]]]:
    """The story with the keys, then its last call once more with a wrong one; CloudInvoicing's wrapped in Req."""
    told = [(operation, {**KEYS, **fields}) for operation, fields in STORIES[service]]
    operation, fields = told[-1]
    told.append((operation, {**fields, "WebServiceKey": "none"}))
    return [(one, {"Req": fields} if service == "CloudInvoicing" else fields) for one, fields in told]


def check(live: Live, service: str, results: list[dict[str, Any]]) -> None:
    """What any client must have got, flags as text or as its language has them."""
    *good, refused = results
    for (operation, _), result in zip(STORIES[service], good, strict=True):
        assert result["Success"] in (True, "true"), (operation, result)
        assert not result.get("ErrorMessage")
    assert refused["Success"] in (False, "false")
    assert refused["ErrorMessage"] == "The BillerGUID or the WebServiceKey is not valid."
    text = json.dumps(results, default=str)
    if service == "RemoteAuthenticationWS":
        assert len(good[0]["RemoteAuthenticationToken"]) == 43
        assert good[0]["CustomerGuid"] == good[2]["CustomerGuid"]
        assert str(good[1]["ExpirationDate"])[:2] == "20"
    elif service == "CloudInvoicing":
        assert live.payment.payment_guid in text
        assert "10.5" in text
    else:
        assert ACCOUNT in text
    assert live.broken() == []


@pytest.mark.parametrize("kind", ["Soap", "Soap12"])
@pytest.mark.parametrize("service", SERVICES)
def test_zeep_calls_every_operation(live: Live, service: str, kind: str) -> None:
    results, token = [], ""
    with zeep.Client(live.address(service) + "?wsdl") as client:
        port = client.bind(service, f"{service}{kind}")
        for operation, fields in steps(service):
            sent: dict[str, Any] = {name: token if value == "$token" else value for name, value in fields.items()}
            result = serialize_object(port[operation](**sent), dict)
            token = result.get("RemoteAuthenticationToken") or token
            results.append(result)
    check(live, service, results)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("service", SERVICES)
def test_node_calls_every_operation(live: Live, node: Callable[..., Any], service: str, version: str) -> None:
    got = node("ic_calls.js", live.address(service) + "?WSDL", version, service, json.dumps(steps(service)))
    assert {operation for operation, _ in STORIES[service]} <= {*got["operations"]}
    check(live, service, got["results"])


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("service", SERVICES)
def test_php_calls_every_operation(live: Live, php: Callable[..., Any], service: str, version: str) -> None:
    got = php("ic_calls.php", live.address(service) + "?WSDL", version, service, json.dumps(steps(service)))
    assert {operation for operation, _ in STORIES[service]} <= {*got["operations"]}
    check(live, service, got["results"])


@pytest.mark.parametrize("service", SERVICES)
def test_a_plain_form_calls_every_operation(live: Live, service: str) -> None:
    results, token = [], ""
    for operation, asked in steps(service):
        fields: dict[str, Any] = asked.get("Req", asked)
        sent: dict[str, Any] = {name: token if value == "$token" else value for name, value in fields.items()}
        if "Accounts" in sent:
            sent["Accounts"] = ",".join(sent["Accounts"]["AccountNumber"])
        answer = httpx.post(f"{live.address(service)}/{operation}", data=sent)
        assert answer.status_code == 200, answer.text
        result = {etree.QName(one).localname: _text(one) for one in etree.fromstring(answer.content)}
        token = result.get("RemoteAuthenticationToken") or token
        results.append(result)
    check(live, service, results)


@pytest.mark.parametrize("service", SERVICES)
def test_zeep_posts_forms(live: Live, service: str) -> None:
    results, token = [], ""
    with zeep.Client(live.address(service) + "?wsdl") as client:
        port = client.bind(service, f"{service}HttpPost")
        for operation, asked in steps(service):
            fields: dict[str, Any] = asked.get("Req", asked)
            sent: dict[str, Any] = {name: token if value == "$token" else value for name, value in fields.items()}
            if "Accounts" in sent:
                sent["Accounts"] = ",".join(sent["Accounts"]["AccountNumber"])
            result = serialize_object(port[operation](**sent), dict)
            token = result.get("RemoteAuthenticationToken") or token
            results.append(result)
    check(live, service, results)


def _text(element: Any) -> str:
    return "".join(element.itertext())
