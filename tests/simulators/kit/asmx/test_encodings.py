"""Requests in the encodings and wrappings that senders choose, as ASMX takes or refuses them."""

from __future__ import annotations

import gzip

import pytest

from partnerlab.simulators.kit.http.messages import Response
from tests.simulators.kit.asmx.asmx_demo import NS, SERVICE, SOAP11, SOAP12, envelope, fault, request, values

ECHO = f'"{NS}Echo"'
XML = "text/xml"
SOAP12_XML = "application/soap+xml"


def post(body: bytes, content_type: str, **more: str) -> Response:
    headers = {"content-type": content_type, **more}
    if not content_type.startswith(SOAP12_XML):
        headers["soapaction"] = ECHO
    return SERVICE(request(headers=headers, body=body))


def echo(text: str, declared: str = "utf-8", namespace: str = SOAP11) -> str:
    return envelope(f'<Echo xmlns="{NS}"><text>{text}</text></Echo>', namespace).replace("utf-8", declared, 1)


def test_text_xml_without_a_charset_is_ascii_whatever_it_declares() -> None:
    """RFC 3023, as .NET's StreamReader is told to read it (javaee/metro-jax-ws#772)."""
    assert values(post(echo("Zoë").encode(), XML))["text"] == "Zo??"
    assert values(post(echo("Zoe").encode(), XML))["text"] == "Zoe"


def test_application_soap_xml_without_a_charset_is_what_it_declares() -> None:
    assert values(post(echo("Zoë", namespace=SOAP12).encode(), SOAP12_XML))["text"] == "Zoë"
    body = echo("Zoë", "iso-8859-1", SOAP12).encode("iso-8859-1")
    assert values(post(body, SOAP12_XML))["text"] == "Zoë"


@pytest.mark.parametrize("charset", ["klingon", "x-user-defined"])
def test_a_charset_that_dotnet_does_not_know_is_as_none(charset: str) -> None:
    assert values(post(echo("Zoë").encode(), f"{XML}; charset={charset}"))["text"] == "Zo??"
    assert values(post(echo("Zoë", namespace=SOAP12).encode(), f"{SOAP12_XML}; charset={charset}"))["text"] == "Zoë"


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-8859-1", "Zoë"),
        ("iso-8859-15", "Œuvre €"),
        ("windows-1250", "Łucja"),
        ("windows-1252", "“€”"),
        ("ISO-8859-2", "Łódź"),
        ("koi8-r", "Жук"),
        ("shift_jis", "日本"),
        ("utf-16", "日本"),
    ],
)
@pytest.mark.parametrize("declared", ["utf-8", "the charset"])
def test_the_charset_of_the_header_is_read(charset: str, text: str, declared: str) -> None:
    """DigDes/SoapCore#918, savonrb/savon#689; what the document declares does not count then."""
    body = echo(text, charset if declared == "the charset" else declared).encode(charset)
    assert values(post(body, f'{XML}; charset="{charset}"'))["text"] == text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("version", [SOAP11, SOAP12])
def test_utf16_is_read_with_and_without_a_byte_order_mark(encoding: str, version: str) -> None:
    charset = {"utf-16-be": "utf-16BE"}.get(encoding, "utf-16")
    media = XML if version == SOAP11 else SOAP12_XML
    assert values(post(echo("€", "utf-16", version).encode(encoding), f"{media}; charset={charset}"))["text"] == "€"


def test_a_place_in_an_error_is_counted_in_characters() -> None:
    body = envelope(f'<Echo xmlns="{NS}"><text>Œ</text><n>x</n></Echo>')
    told = [
        fault(post(body.encode(charset), f"{XML}; charset={charset}"))[1]
        for charset in ("utf-8", "iso-8859-15", "utf-16")
    ]
    assert told[0] == told[1] == told[2]
    assert f"(1, {body.index('</Echo>') + 3})" in told[0], "that of the next tag's name, counted from 1"


def test_a_compressed_request_is_unreadable() -> None:
    """.NET unpacks none (vpulim/node-soap#471): the refusal must do nothing."""
    response = post(gzip.compress(echo("a").encode()), f"{XML}; charset=utf-8", **{"content-encoding": "gzip"})
    assert (response.status, fault(response)[0]) == (400, "soap:Client")


def test_a_multipart_request_is_of_the_wrong_type_which_is_told_whole() -> None:
    """MTOM (vpulim/node-soap#1173)."""
    media = 'multipart/related; type="application/xop+xml"; boundary="b"; start-info="text/xml"'
    response = post(b"--b\r\nContent-Type: application/xop+xml\r\n\r\n" + echo("a").encode() + b"\r\n--b--\r\n", media)
    told = f"Server found request content type to be '{media}', but expected 'text/xml'."
    assert (response.status, fault(response)) == (415, ("soap:Client", told))


def test_a_soapaction_in_single_quotes_names_no_operation() -> None:
    """rundeck/rundeck#2926."""
    asked = request(headers={"content-type": f"{XML}; charset=utf-8", "soapaction": f"'{NS}Echo'"}, body=echo("a"))
    told = f"Server did not recognize the value of HTTP Header SOAPAction: '{NS}Echo'."
    assert fault(SERVICE(asked)) == ("soap:Client", told)


def test_parameters_without_the_namespace_are_as_if_they_had_not_been_sent() -> None:
    """vpulim/node-soap#155."""
    body = envelope(f'<t:Echo xmlns:t="{NS}"><text>a</text><n>5</n></t:Echo>')
    got = values(post(body.encode(), f"{XML}; charset=utf-8"))
    assert (got.get("text"), got["n"]) == (None, "0")
