"""Which operation a request reaches, and the words for those that reach none."""

from __future__ import annotations

import pytest

from tests.simulators.kit.asmx.asmx_demo import (
    FORM,
    NS,
    PATH,
    SERVICE,
    SOAP11,
    SOAP12,
    answer,
    envelope,
    fault,
    post,
    request,
    soap,
    values,
)

ECHO = envelope(f'<Echo xmlns="{NS}"><n>7</n></Echo>')
ECHO12 = envelope(f'<Echo xmlns="{NS}"><n>7</n></Echo>', SOAP12)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_the_answer_is_of_the_requests_version(version: str) -> None:
    response = SERVICE(soap("Echo", "<n>7</n>", version=version))
    expected = {"1.1": ("text/xml; charset=utf-8", SOAP11), "1.2": ("application/soap+xml; charset=utf-8", SOAP12)}
    assert (response.status, response.content_type) == (200, expected[version][0])
    assert f'xmlns:soap="{expected[version][1]}"'.encode() in response.body


def test_an_answer_is_written_as_dotnet_writes_it() -> None:
    response = SERVICE(soap("Echo", "<text>a</text><n>7</n><amount>1.50</amount><when>2026-11-21T10:00:00</when>"))
    assert response.body.decode() == (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        '<soap:Body><EchoResponse xmlns="urn:demo/"><EchoResult><text>a</text><n>7</n><big>0</big>'
        "<amount>1.50</amount><when>2026-11-21T10:00:00</when><flag>false</flag></EchoResult></EchoResponse>"
        "</soap:Body></soap:Envelope>"
    )


@pytest.mark.parametrize(
    "action", [f'"{NS}Echo"', f"{NS}Echo", f' "{NS}Echo" ', f'"{NS.replace(":", "%3A")}Echo"'], ids=str
)
def test_a_soap_action_is_taken_with_and_without_quotes(action: str) -> None:
    assert values(post(ECHO, soapaction=action))["n"] == "7"


def test_without_a_soap_action_the_bodys_element_decides() -> None:
    assert values(post(ECHO))["n"] == "7"


def test_the_soap_action_decides_even_against_the_bodys_element() -> None:
    """XmlSerializer then finds no wrapper of its own and leaves every argument at its default."""
    response = post(ECHO, soapaction=f'"{NS}Nothing"')
    assert answer(response).tag == f"{{{NS}}}NothingResponse"


@pytest.mark.parametrize(
    ("action", "named"),
    [('""', ""), ("", ""), ('"urn:demo/echo"', "urn:demo/echo"), ("Nope", "Nope"), ("<&>", "<&>")],
)
def test_an_unknown_soap_action_is_named(action: str, named: str) -> None:
    response = post(ECHO, soapaction=action)
    assert response.status == 500
    assert fault(response) == (
        "soap:Client",
        f"Server did not recognize the value of HTTP Header SOAPAction: {named}.",
    )


def test_without_a_soap_action_and_with_an_unknown_element_an_action_is_asked_for() -> None:
    response = post(envelope(f'<Nope xmlns="{NS}"/>'))
    assert response.status == 500
    assert fault(response) == (
        "soap:Client",
        "Unable to handle request without a valid action parameter. Please supply a valid soap action.",
    )


@pytest.mark.parametrize(
    "content_type",
    [
        "application/soap+xml; charset=utf-8",
        f'application/soap+xml; charset=utf-8; action="{NS}Echo"',
        f"application/soap+xml;action={NS}Echo",
        'application/soap+xml; action="urn:demo/Nope"',
        'APPLICATION/SOAP+XML; Charset="UTF-8"; Action=""',
    ],
)
def test_soap_12_goes_by_its_action_and_else_by_the_bodys_element(content_type: str) -> None:
    response = post(ECHO12, content_type=content_type)
    assert response.status == 200, response.body
    assert values(response)["n"] == "7"


def test_soap_12_names_an_action_that_it_does_not_know() -> None:
    body = envelope("<Nope/>", SOAP12)
    response = post(body, content_type='application/soap+xml; action="urn:demo/Nope"')
    assert fault(response) == (
        "soap:Sender",
        "Unable to handle request. The action 'urn:demo/Nope' was not recognized.",
    )
    assert response.content_type == "application/soap+xml; charset=utf-8"


def test_soap_12_in_a_text_xml_request_is_answered_as_soap_12() -> None:
    response = post(ECHO12, soapaction=f'"{NS}Echo"')
    assert (response.status, response.content_type) == (200, "application/soap+xml; charset=utf-8")


def test_soap_11_in_a_soap_12_request_is_an_unsupported_media_type() -> None:
    response = post(ECHO, content_type="application/soap+xml")
    assert response.status == 415
    assert "expected 'text/xml'" in fault(response)[1]


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "multipart/form-data", FORM, "", ";" * 5000]
)
def test_other_media_types_are_unsupported(content_type: str) -> None:
    assert post(ECHO, content_type=content_type).status == 415


def test_an_unknown_envelope_is_a_version_mismatch() -> None:
    response = post(envelope("<a/>", "urn:other"), soapaction=f'"{NS}Echo"')
    assert response.status == 500
    assert fault(response) == (
        "soap:VersionMismatch",
        f"Possible SOAP version mismatch: Envelope namespace urn:other was unexpected. Expecting {SOAP11}.",
    )


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_header_that_must_be_understood_is_refused_before_anything_is_done(version: str) -> None:
    header = '<s:Header><x:Auth xmlns:x="urn:x" s:mustUnderstand="1"/></s:Header>'
    response = SERVICE(soap("Break", header=header, version=version))
    assert response.status == 500
    assert fault(response) == ("soap:MustUnderstand", "SOAP header Auth was not understood.")
    assert b"etail" not in response.body


@pytest.mark.parametrize(
    "header",
    [
        '<x:Auth xmlns:x="urn:x"/>',
        '<x:Auth xmlns:x="urn:x" s:mustUnderstand="0"/>',
        '<x:Auth xmlns:x="urn:x" s:mustUnderstand="1" s:actor="urn:somebody-else"/>',
    ],
)
def test_other_headers_are_ignored(header: str) -> None:
    assert SERVICE(soap("Echo", header=f"<s:Header>{header}</s:Header>")).status == 200


@pytest.mark.parametrize("path", [PATH.upper(), PATH.lower(), "/Demo/DEMO.AsMx", PATH + "/"])
def test_the_path_is_matched_without_regard_to_case(path: str) -> None:
    one = soap("Echo", "<n>7</n>")
    one.path = path
    assert SERVICE(one).status == 200


def test_other_methods_are_not_allowed() -> None:
    response = SERVICE(request("PUT", body=ECHO))
    assert response.status == 405
    assert dict(response.headers)["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (soap("Echo"), "Echo"),
        (soap("Echo", version="1.2"), "Echo"),
        (request(headers={"content-type": "text/xml"}, body=ECHO), "Echo"),
        (request(headers={"content-type": "application/soap+xml"}, body=ECHO12), "Echo"),
        (request(path=PATH + "/Order", headers={"content-type": FORM}), "Order"),
        (request("GET"), "help"),
        (request("GET", query="op=Echo"), "help"),
        (request("GET", query="wsdl"), "wsdl"),
        (request(body=b"\x00garbage"), PATH),
        (request(body=b"<Body" * 60_000), PATH),
    ],
)
def test_the_operation_is_told_without_reading_the_request(asked: object, name: str) -> None:
    assert SERVICE.operation(asked) == name  # type: ignore[arg-type]
