"""Nothing a caller sends gets past the front as an exception, a traceback or a soap:Server fault."""

from __future__ import annotations

import logging
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulators.kit.asmx.asmx_demo import FORM, NS, PATH, SERVICE, SOAP11, envelope, fault, post, request, soap
from tests.simulators.kit.asmx.test_xml import HOSTILE, LAUGHS

ECHO = f'"{NS}Echo"'


# As text/xml without a charset these are readable: the document is US-ASCII whatever it declares.
ONLY_AS_DECLARED = ("not UTF-8", "unknown encoding")
SENT = [
    pytest.param(body, media_type, id=f"{name}, {media_type}")
    for name, body in [*((name, body) for name, (body, _) in HOSTILE.items()), ("billion laughs", LAUGHS)]
    for media_type in ("text/xml", "application/soap+xml")
    if media_type == "application/soap+xml" or name not in ONLY_AS_DECLARED
]


@pytest.mark.parametrize(("body", "content_type"), SENT)
def test_a_hostile_document_is_the_senders_fault(body: bytes, content_type: str) -> None:
    begun = time.process_time()
    response = post(body, content_type=content_type, soapaction=ECHO)
    assert response.status in (400, 413)
    code, text = fault(response)
    assert code in ("soap:Client", "soap:Sender")
    assert text.startswith("Server was unable to read request. ---> ")
    assert b"Traceback" not in response.body
    assert b"root:" not in response.body
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "body",
    [
        envelope("").replace("<s:Body></s:Body>", ""),
        envelope("").replace("<s:Body></s:Body>", "<s:Header/>"),
        f'<s:Envelope xmlns:s="{SOAP11}"/>',
        "<Envelope/>",
        "<html><body/></html>",
        envelope(f'<s:Fault xmlns:s="{SOAP11}"><faultcode>x</faultcode></s:Fault>'),
        envelope(f'<Echo xmlns="{NS}"><n id="1" href="#nope"/></Echo>'),
        envelope(f'<Echo xmlns="{NS}"><n id="1" href="#1"/></Echo>'),
        envelope(f'<Echo xmlns="{NS}"><amount>NaN</amount></Echo>'),
        envelope(f'<Echo xmlns="{NS}"><when>2026-13-01T00:00:00</when></Echo>'),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"soapaction": ECHO}])
def test_what_spyne_would_have_died_of_is_the_senders_fault(body: str, headers: dict[str, str]) -> None:
    response = post(body, **headers)
    if response.status == 200:  # an element that is not the operation's own leaves the defaults
        assert headers
        assert "Fault" in body
        return
    assert fault(response)[0] in ("soap:Client", "soap:VersionMismatch")


def test_bytes_that_are_not_of_the_charset_are_refused() -> None:
    response = post(envelope("ä").encode("iso-8859-1"), soapaction=ECHO)
    assert (response.status, fault(response)[0]) == (400, "soap:Client")


def test_an_unknown_declared_encoding_is_refused() -> None:
    body = envelope("").replace("utf-8", "klingon")
    response = post(body, content_type="application/soap+xml", soapaction=ECHO)
    assert response.status == 400
    assert "'klingon' is not a supported encoding name" in fault(response)[1]


def test_a_bug_of_ours_is_a_server_fault_without_its_words_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        response = SERVICE(soap("Break", "<text>a</text>"))
        formed = SERVICE(request(path=f"{PATH}/Break", headers={"content-type": FORM}, body="text=a"))
    assert fault(response) == ("soap:Server", "Server was unable to process request.")
    assert (formed.status, formed.body) == (500, b"Server was unable to process request.\r\n")
    assert [record.getMessage() for record in caplog.records] == ["demo: Break failed (request req-1)"] * 2
    assert caplog.records[0].exc_info is not None


@pytest.mark.parametrize(("version", "code"), [("1.1", "soap:Server"), ("1.2", "soap:Receiver")])
def test_a_handlers_fault_is_answered_in_its_words(version: str, code: str) -> None:
    response = SERVICE(soap("Refuse", "<text>no</text>", version=version))
    assert (response.status, fault(response)) == (500, (code, "refused: no"))


def test_a_soap_11_fault_has_the_shape_of_dotnets() -> None:
    assert SERVICE(soap("Refuse", "<text>no</text>")).body.endswith(
        b"<soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>refused: no</faultstring><detail />"
        b"</soap:Fault></soap:Body></soap:Envelope>"
    )


def test_a_soap_12_fault_has_the_shape_of_dotnets() -> None:
    assert SERVICE(soap("Refuse", "<text>no</text>", version="1.2")).body.endswith(
        b"<soap:Body><soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code>"
        b'<soap:Reason><soap:Text xml:lang="en">refused: no</soap:Text></soap:Reason><soap:Detail />'
        b"</soap:Fault></soap:Body></soap:Envelope>"
    )


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(["text/xml", "application/soap+xml", FORM, "text/plain"]),
    st.text(max_size=40),
)
def test_any_bytes_get_an_answer(body: bytes, content_type: str, action: str) -> None:
    asked = request(headers={"content-type": content_type, "soapaction": action}, body=body)
    assert SERVICE(asked).status in (400, 415, 500)
    assert isinstance(SERVICE.operation(asked), str)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["text", "n", "big", "amount", "when", "flag", "other"]),
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
            | st.integers().map(str)
            | st.floats().map(str),
        ),
        max_size=8,
    )
)
def test_any_values_are_read_or_are_the_senders_fault(fields: list[tuple[str, str]]) -> None:
    from html import escape

    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields)
    response = SERVICE(soap("Echo", inner))
    assert response.status == 200 or fault(response)[0] == "soap:Client", response.body
