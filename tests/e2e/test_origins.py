"""Addresses that the sandbox gives are those of the origin that its caller used, by name, by https, through a proxy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators.ic_webservices import Settings

GUID, INSURANCE = Settings().utility_guid, Settings().insurance_guid
PROXIED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example, sandbox.lan",
    "X-Forwarded-For": "192.0.2.9",
}
HOSTS = ("sandbox.lan",)


@contextmanager
def _sandbox(**settings: object) -> Iterator[httpx.Client]:
    with (
        Sandbox(SandboxSettings(port=0, hosts=HOSTS, **settings), in_process=True) as made,
        httpx.Client(base_url=made.url) as http,
    ):
        yield http


@pytest.fixture(scope="module")
def plain() -> Iterator[httpx.Client]:
    with _sandbox() as http:
        yield http


@pytest.fixture(scope="module")
def behind_a_proxy() -> Iterator[httpx.Client]:
    with _sandbox(forwarded=True, published="127.0.0.1") as http:
        yield http


def _addresses(http: httpx.Client, headers: dict[str, str], lane: str = "") -> dict[str, str]:
    """What a caller is told, by where."""
    biller = http.get(f"{lane}/_sandbox/ic/billers/{GUID}", headers=headers).json()
    insurer = http.get(f"{lane}/_sandbox/ic/billers/{INSURANCE}", headers=headers).json()
    body = {"ViewMode": 0, "Customers": [{"AccountNumber": "10000101", "Invoices": [{"InvoiceNumber": "500001"}]}]}
    page = http.post(
        f"{lane}/cloudpaymentsapi/v2", json=body, headers={**headers, "Authorization": "Basic c2FuZGJveC1hcGkta2V5"}
    )
    wsdl = http.get(f"{lane}/iCloud/iCloud.asmx?wsdl", headers=headers).text
    return {
        "inHance": biller["settings"]["8"],
        "TCCS": insurer["settings"]["20"],
        "page": page.json()["Data"]["CloudPaymentURL"],
        "wsdl": wsdl.partition('address location="')[2].partition('"')[0],
        "console": http.get(f"{lane}/", headers=headers).text.partition('data-copy="')[2].partition('"')[0],
    }


def _others(told: dict[str, str], origin: str) -> dict[str, str]:
    return {place: address for place, address in told.items() if not address.startswith(origin)}


@pytest.mark.parametrize("lane", ["", "/lane/mine"])
def test_whoever_comes_by_a_name_is_told_that_name(plain: httpx.Client, lane: str) -> None:
    named = _addresses(plain, {"Host": "sandbox.lan:8700"}, lane)
    assert {
        place: address for place, address in named.items() if not address.startswith(f"http://sandbox.lan:8700{lane}")
    } == {}
    assert named["inHance"] == f"http://sandbox.lan:8700{lane}/iCloud/iCloud.asmx"
    origin = str(plain.base_url).rstrip("/")
    assert _addresses(plain, {}, lane)["inHance"] == f"{origin}{lane}/iCloud/iCloud.asmx"


def test_an_address_that_is_given_back_stays_that_of_each_caller(plain: httpx.Client) -> None:
    path, by_name = f"/lane/back/_sandbox/ic/billers/{GUID}", {"Host": "sandbox.lan:8700"}
    shown = plain.get(path, headers=by_name).json()["settings"]
    plain.patch(path, headers=by_name, json={"settings": shown})
    origin = str(plain.base_url).rstrip("/")
    assert plain.get(path).json()["settings"]["8"] == f"{origin}/lane/back/iCloud/iCloud.asmx"
    elsewhere = "http://127.0.0.1:9/iCloud.asmx"
    plain.patch(path, json={"settings": {"8": elsewhere}})
    assert plain.get(path, headers=by_name).json()["settings"]["8"] == elsewhere


def test_a_proxy_is_believed_only_where_one_is_said_to_stand_in_front(
    plain: httpx.Client, behind_a_proxy: httpx.Client
) -> None:
    told = _addresses(behind_a_proxy, PROXIED)
    assert _others(told, "https://sandbox.lan") == {}
    origin = str(plain.base_url).rstrip("/")
    told = _addresses(plain, PROXIED)
    assert _others(told, origin) == {}


def test_names_and_pages_of_others_are_refused_through_a_proxy_too(behind_a_proxy: httpx.Client) -> None:
    path = "/_sandbox/lanes"
    for headers, status in (
        ({**PROXIED, "Origin": "https://sandbox.lan"}, 200),
        ({**PROXIED, "Origin": "http://sandbox.lan"}, 403),
        ({**PROXIED, "X-Forwarded-Host": "evil.example"}, 403),
        ({**PROXIED, "X-Forwarded-Host": "a b"}, 400),
    ):
        assert behind_a_proxy.get(path, headers=headers).status_code == status, headers


def test_what_the_sandbox_calls_itself_it_calls_by_its_own_address(behind_a_proxy: httpx.Client) -> None:
    headers = {**PROXIED, "X-Sandbox-Lane": "inside"}
    asked = behind_a_proxy.post("/_sandbox/ic/invoices/500001/open", json={"biller_guid": GUID}, headers=headers)
    assert asked.json()["invoice"]["asked_problem"] is None
