"""zeep, node's `soap` and PHP's SoapClient call the service from the WSDL it serves."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from partnerlab.simulators.inhance_soap import Settings
from tests.interop.conftest import Live
from tests.interop.zeep_calls import calls, fault

pytestmark = pytest.mark.interop

KEY = Settings().key
FAULT = "Server was unable to read request. ---> There is an error in XML document "


def check(live: Live, got: dict[str, Any]) -> None:
    """What any client must have got, numbers as text or numbers and missing values as its language has them."""

    def amounts(result: dict[str, Any]) -> tuple[Decimal, Decimal]:
        return Decimal(str(result["Balance"])), Decimal(str(result["FutureBalance"]))

    def succeeded(result: dict[str, Any]) -> bool:
        return result["Success"] in (True, "true")

    assert amounts(got["before"]) == (Decimal("125.50"), Decimal("182.75"))
    assert got["before"]["Email"] == "willows@example.com"
    for operation in ("before", "payment", "paperless", "autopay", "email", "after", "absent"):
        assert succeeded(got[operation]), (operation, got[operation])
        assert not got[operation].get("ErrorMessage")
    assert amounts(got["after"]) == (Decimal("100.00"), Decimal("157.25"))
    assert got["after"]["Email"] == "bäckerei@example.com"
    assert not succeeded(got["refused"])
    assert got["refused"]["ErrorMessage"] == "PaperlessOnOff: 'Yes' is neither On nor Off."
    assert got["absent"].get("Email") is None
    assert got["absent"].get("Phone") is None


@pytest.mark.parametrize("port", ["ICloudSoap", "ICloudSoap12", "ICloudHttpPost"])
def test_zeep_calls_every_operation(live: Live, port: str) -> None:
    check(live, calls(live.service + "?wsdl", port, KEY))
    assert live.broken() == []


@pytest.mark.parametrize(("port", "code"), [("ICloudSoap", "soap:Client"), ("ICloudSoap12", "soap:Sender")])
def test_zeep_reads_a_fault(live: Live, port: str, code: str) -> None:
    found = fault(live.service + "?wsdl", port)
    assert found.code == code
    assert found.message.startswith(FAULT)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_node_calls_every_operation(live: Live, node: Callable[..., Any], version: str) -> None:
    got = node("calls.js", live.service + "?WSDL", version, KEY)
    assert got["operations"] == ["BalanceCheck", "MakePaymentExtended", "SetAutopay", "SetEmail", "SetPaperless"]
    check(live, got)
    assert got["successByText"]
    assert FAULT in str(got["fault"])
    assert [line for line in live.broken() if "'abc' is not a valid value" not in line] == []


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_php_calls_every_operation(live: Live, php: Callable[..., Any], version: str) -> None:
    got = php("calls.php", live.service + "?WSDL", version, KEY)
    assert got["functions"] == 10  # five, for each SOAP port
    check(live, got)
    assert got["successByText"]
    assert got["fault"]["code"] == {"1.1": "soap:Client", "1.2": "soap:Sender"}[version]
    assert got["fault"]["text"].startswith(FAULT)
    assert [line for line in live.broken() if "'soon' is not a valid value" not in line] == []


def only_prefixes(live: Live) -> bool:
    """Whether the contract finds no more in Spyne's answers than that their elements have a prefix."""
    return all("unprefixed" in line or "is not a valid value" in line for line in live.broken())


@pytest.mark.parametrize("port", ["ICloudSoap", "ICloudSoap12", "ICloudHttpPost"])
def test_zeep_calls_every_operation_of_spyne(spyne_live: Live, port: str) -> None:
    check(spyne_live, calls(spyne_live.service + "?wsdl", port, KEY))
    assert only_prefixes(spyne_live), spyne_live.broken()


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_node_calls_every_operation_of_spyne(spyne_live: Live, node: Callable[..., Any], version: str) -> None:
    got = node("calls.js", spyne_live.service + "?WSDL", version, KEY)
    check(spyne_live, got)
    assert not got["successByText"], "a consumer that matches text does not find it: Spyne writes <tns:Success>"
    assert only_prefixes(spyne_live), spyne_live.broken()


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_php_calls_every_operation_of_spyne(spyne_live: Live, php: Callable[..., Any], version: str) -> None:
    check(spyne_live, php("calls.php", spyne_live.service + "?WSDL", version, KEY))
    assert only_prefixes(spyne_live), spyne_live.broken()


@pytest.mark.parametrize("path", ["/iCloud/iCloud.asmx", "/icloud/ICLOUD.ASMX", "/iCloud/icloud.asmx"])
@pytest.mark.parametrize("query", ["wsdl", "WSDL"])
def test_the_wsdl_has_the_address_and_lane_it_was_asked_on(live: Live, path: str, query: str) -> None:
    address = f"{live.url}/lane/{live.lane}{path}"
    text = httpx.get(f"{address}?{query}").text
    assert text.count(f'location="{address}"') == 3


def test_a_browser_gets_pages_and_a_form_that_works(live: Live) -> None:
    page = httpx.get(live.service)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "iCloud.asmx?op=BalanceCheck" in page.text
    assert 'action="iCloud.asmx/BalanceCheck"' in httpx.get(live.service, params={"op": "BalanceCheck"}).text
    fields = {"AccountNumber": "10000101", "LastInvoiceNumber": "1", "WebServiceKey": KEY}
    answer = httpx.post(f"{live.service}/BalanceCheck", data=fields)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert "<Balance>125.50</Balance>" in answer.text


def test_a_connection_is_kept_over_a_hundred_calls_and_a_refusal(live: Live) -> None:
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><BalanceCheck'
        f' xmlns="http://tempuri.org/"><AccountNumber>10000101</AccountNumber><LastInvoiceNumber>1</LastInvoiceNumber>'
        f"<WebServiceKey>{KEY}</WebServiceKey></BalanceCheck></s:Body></s:Envelope>"
    )
    headers = {"content-type": "text/xml; charset=utf-8", "soapaction": '"http://tempuri.org/BalanceCheck"'}
    with httpx.Client() as client:
        for turn in range(100):
            content = body if turn % 10 else "not xml"
            assert client.post(live.service, content=content, headers=headers).status_code == (
                200 if turn % 10 else 400
            )
