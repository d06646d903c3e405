"""Envelopes, built: what a parser finds in them is what was put in."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import HttpRequest
from partnerlab.client.wire.soap import ENVELOPES, Elements, Service, SoapVersion, build

NAMESPACE = "http://tempuri.org/"
NAMES = ("Accountnumber", "NewEmail", "WebserviceKey")


def set_email(*texts: str, at: Service | None = None) -> HttpRequest:
    return build(at or service(), "SetEmail", dict(zip(NAMES, texts, strict=True)))


xml_text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]).filter(
        lambda c: c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff")
    )
)


def service(version: SoapVersion = "1.1", namespace: str = NAMESPACE) -> Service:
    return Service("https://inhance.example.com/iCloud/iCloud.asmx", namespace, version)


@given(st.lists(xml_text, min_size=3, max_size=3), st.sampled_from(["1.1", "1.2"]))
def test_any_text_survives(texts: list[str], version: SoapVersion) -> None:
    (operation,) = etree.fromstring(set_email(*texts, at=service(version)).content)[0]
    found = {etree.QName(child).localname: child.text or "" for child in operation}
    assert found == dict(zip(NAMES, texts, strict=True))


@given(st.lists(xml_text, max_size=4))
def test_an_array_holds_its_texts(texts: list[str]) -> None:
    content = build(service(), "UnregisterAccounts", {"Accounts": Elements("AccountNumber", texts), "Odd": 7}).content
    array, odd = etree.fromstring(content)[0][0]
    assert [(etree.QName(child).localname, child.text or "") for child in array] == [
        ("AccountNumber", text) for text in texts
    ]
    assert odd.text == "7"


@given(st.integers(0, 0x10FFFF).map(chr))
@example("\x00")
@example("\x0b")
@example("\x1f")
@example("\x7f")
@example("\r")
@example("\ud800")
@example("\ufffe")
@example("\U0010ffff")
def test_a_character_is_carried_or_refused_by_name(character: str) -> None:
    text = f"a{character}b"
    try:
        etree.Element("x").text = text
    except ValueError:
        with pytest.raises(RequestInvalid, match=f"NewEmail.*U\\+{ord(character):04X}"):
            set_email("1", text, "key")
    else:
        assert etree.fromstring(set_email("1", text, "key").content)[0][0][1].text == text


def test_the_envelope_is_the_one_aspnet_documents() -> None:
    request = set_email("10000101", "a@example.com", "secret-key")
    assert request.content.decode() == (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        '<SetEmail xmlns="http://tempuri.org/"><Accountnumber>10000101</Accountnumber>'
        "<NewEmail>a@example.com</NewEmail><WebserviceKey>secret-key</WebserviceKey></SetEmail>"
        "</soap:Body></soap:Envelope>"
    )
    assert request.headers == {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": '"http://tempuri.org/SetEmail"',
    }
    assert request.method == "POST"


def test_soap_12_says_its_action_in_the_content_type() -> None:
    request = set_email("1", "a@example.com", "key", at=service("1.2"))
    assert request.headers == {
        "Content-Type": 'application/soap+xml; charset=utf-8; action="http://tempuri.org/SetEmail"'
    }
    assert etree.QName(etree.fromstring(request.content)).namespace == ENVELOPES["1.2"]


def test_wrapped_arguments_stand_in_their_wrapper() -> None:
    namespace = "https://www.invoicecloud.com/portal/webservices/CloudInvoicing/"
    values = {"BillerGUID": "guid", "WebServiceKey": "key", "InvoiceNumber": "500001"}
    root = etree.fromstring(
        build(service(namespace=namespace), "ViewInvoiceByInvoiceNumber", values, wrapper="Req").content
    )
    assert [etree.QName(element) for element in root.iter()][2:] == [
        etree.QName(namespace, name) for name in ("ViewInvoiceByInvoiceNumber", "Req", *values)
    ]


def test_a_namespace_without_a_slash_gets_one_in_the_action_only() -> None:
    request = set_email("1", "2", "3", at=service(namespace="urn:example"))
    assert request.headers["SOAPAction"] == '"urn:example/SetEmail"'
    assert b'<SetEmail xmlns="urn:example">' in request.content


@pytest.mark.parametrize("namespace", ["", 'a"b', "a b", "a\r\nX-Injected: 1", "é", "a<b", "a&b", "x" * 256])
def test_a_namespace_no_header_could_carry_is_refused(namespace: str) -> None:
    with pytest.raises(RequestInvalid, match="namespace"):
        service(namespace=namespace)


def test_an_unknown_soap_version_is_refused() -> None:
    with pytest.raises(RequestInvalid, match=r"must be 1\.1 or 1\.2"):
        service("1.3")  # type: ignore[arg-type]


def test_a_secret_that_xml_cannot_carry_is_not_shown() -> None:
    with pytest.raises(RequestInvalid, match="WebserviceKey") as caught:
        set_email("1", "2", "secret\x00key")
    assert "secret" not in str(caught.value)
