"""Near misses are named, and what is no miss is not."""

from __future__ import annotations

import pytest

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification import rest, soap
from partnerlab.contracts.verification.near import nearest, nearest_path

PATHS = ["/iCloud/iCloud.asmx", "/api/v1", "/portal", "/invoicecloudapi", "/invoicecloudapi/api/Retrieve_Bill_Image"]
NS = "http://tempuri.org/"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/iClod.asmx", "/iCloud/iCloud.asmx"),
        ("/icloud/icloud.asmx", ""),
        ("/iCloudd/iCloud.asmx", "/iCloud/iCloud.asmx"),
        ("/api/v2/biller/status", "/api/v1/biller/status"),
        ("/portals/home", "/portal/home"),
        ("/portal/home", ""),
        ("/Retrieve_Bill_Imag", "/invoicecloudapi/api/Retrieve_Bill_Image"),
        ("/wp-login.php", ""),
        ("/", ""),
        ("/" + "x" * 5_000, ""),
    ],
)
def test_a_path_that_is_nearly_one(path: str, meant: str) -> None:
    assert nearest_path(path, PATHS) == meant


def test_a_name_counts_without_regard_to_case() -> None:
    assert nearest("acountnumber", ["AccountNumber", "Amount"]) == "AccountNumber"
    assert nearest("Balance", ["AccountNumber"]) == ""


def test_the_beginning_of_one_name_alone_is_nearly_that_name() -> None:
    known = ["ViewInvoiceByInvoiceNumber", "ExportPayments", "ExportCustomerChanges"]
    assert nearest("ViewInvoice", known) == "ViewInvoiceByInvoiceNumber"
    assert nearest("Export", known) == ""
    assert nearest("View", known) == ""


def envelope(operation: str, fields: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><{operation} xmlns="{NS}">{fields}'
        f"</{operation}></s:Body></s:Envelope>"
    ).encode()


@pytest.mark.parametrize(
    ("operation", "fields", "action", "hints"),
    [
        ("BalanceChek", "", "BalanceCheck", {"operation": "BalanceCheck"}),
        ("SetEmail", "<AccountNumber>1</AccountNumber>", "SetEmail", {"schema": "Accountnumber"}),
        ("SetEmail", "<x:Accountnumber xmlns:x='urn:x'>1</x:Accountnumber>", "SetEmail",
         {"schema": f"{{{NS}}}Accountnumber"}),
        ("BalanceCheck", "<webServiceKey>1</webServiceKey>", "BalanceCheck", {"schema": "WebServiceKey"}),
        ("BalanceCheck", "<WebServiceKey>1</WebServiceKey>", "BalanceCheck", {"schema": ""}),
        ("SetEmail", "<Quite>1</Quite>", "SetEmal", {"schema": "", "soap-action": f"{NS}SetEmail"}),
    ],
)  # fmt: skip
def test_what_a_soap_call_probably_meant(operation: str, fields: str, action: str, hints: dict[str, str]) -> None:
    verdict = soap.verdict(read_bytes("inhance_soap/iCloud.wsdl"))
    headers = {"content-type": "text/xml; charset=utf-8", "soapaction": f'"{NS}{action}"'}
    found = verdict("", envelope(operation, fields), headers, 0, b"", "")
    told = {finding.rule: finding.hint for finding in found if finding.side == "request"}
    assert {rule: told.get(rule) for rule in hints} == hints


def test_an_operation_without_its_namespace_is_told_the_namespace() -> None:
    verdict = soap.verdict(read_bytes("inhance_soap/iCloud.wsdl"))
    headers = {"content-type": "text/xml", "soapaction": f'"{NS}SetEmail"'}
    found = verdict("", envelope("SetEmail", "").replace(NS.encode(), b""), headers, 0, b"", "")
    assert [finding.hint for finding in found if finding.rule == "operation"] == [f"{{{NS}}}SetEmail"]


def test_a_call_without_a_body_is_no_call_and_a_page_is_none() -> None:
    verdict = soap.verdict(read_bytes("inhance_soap/iCloud.wsdl"))
    assert [(one.rule, one.expected) for one in verdict("SetEmail", b"", {}, 500, b"", "text/html")] == [
        ("method", "POST with a body")
    ]
    assert verdict("", b"", {}, 503, b"", "text/html") == []


def test_what_a_rest_call_probably_meant() -> None:
    verdict = rest.verdict(read_bytes("ic_webservices/openapi.yaml"))
    (path,) = verdict("/api/v1/biller/statu", b"", {}, 404, b"", "")
    assert (path.rule, path.hint) == ("operation", "/api/v1/biller/status")
    headers = {"content-type": "application/json", "authorization": "Basic eA=="}
    member = verdict("RetrieveUsers", b'{"AcountNumber": "1"}', headers, 0, b"", "")
    assert [finding.hint for finding in member if finding.where == "AcountNumber"] == ["AccountNumber"]
