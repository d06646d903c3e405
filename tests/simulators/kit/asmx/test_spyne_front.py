"""Spyne behind the front: what it answers in its own way, row for row as docs/sandbox.md lists it."""

from __future__ import annotations

import pytest

from tests.simulators.kit.asmx.asmx_demo import (
    FORM,
    NS,
    PATH,
    SERVICE,
    SPYNE,
    envelope,
    fault,
    request,
    soap,
    values,
)

XML = "text/xml; charset=utf-8"
CLIENT = ("soap:Client", "soap11env:Client.ValidationError")


def codes(inner: str) -> tuple[str, str]:
    ours, theirs = (fault(service(soap("Echo", inner))) for service in (SERVICE, SPYNE))
    return ours[0], theirs[0]


def test_its_elements_have_a_prefix() -> None:
    answered = SPYNE(soap("Echo", "<text>a</text>")).body
    assert b"<tns:text>a</tns:text>" in answered
    assert b"<soap11env:Envelope" in answered
    assert b"<soap12env:Envelope" in SPYNE(soap("Echo", "<text>a</text>", version="1.2")).body


@pytest.mark.parametrize("inner", ["<n>abc</n>", "<n>1.5</n>", "<amount>x</amount>", "<big>1e3</big>"])
def test_a_value_that_is_not_of_its_type_is_refused_in_its_words(inner: str) -> None:
    assert codes(inner) == CLIENT


def test_where_it_fails_itself_the_front_answers() -> None:
    told = fault(SPYNE(soap("Echo", "<when>2026-13-01T00:00:00</when>")))
    assert told == ("soap:Client", "Server was unable to read request. ---> ValueError.")


def test_it_takes_an_int_beyond_32_bits_and_any_word_for_false() -> None:
    for inner in ("<n>99999999999</n>", "<flag>yes</flag>"):
        assert SERVICE(soap("Echo", inner)).status == 500
    assert values(SPYNE(soap("Echo", "<n>99999999999</n>")))["n"] == "99999999999"
    assert values(SPYNE(soap("Echo", "<flag>yes</flag>")))["flag"] == "false"


def test_it_takes_parameters_without_the_namespace() -> None:
    body = envelope(f'<t:Echo xmlns:t="{NS}"><text>a</text></t:Echo>')
    asked = request(headers={"content-type": XML, "soapaction": f'"{NS}Echo"'}, body=body)
    assert "text" not in values(SERVICE(asked))
    assert values(SPYNE(asked))["text"] == "a"


def test_it_goes_by_the_body_where_the_soapaction_names_another_operation() -> None:
    asked = request(headers={"content-type": XML, "soapaction": f'"{NS}Echo"'}, body=envelope(f'<Who xmlns="{NS}"/>'))
    assert "WhoResult" not in values(SERVICE(asked))
    assert values(SPYNE(asked)) == {"WhoResult": "lane-1 req-1"}


def test_it_writes_utc_as_an_offset() -> None:
    assert values(SPYNE(soap("Echo", "<when>2026-06-16T10:00:00Z</when>")))["when"] == "2026-06-16T10:00:00+00:00"


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_handlers_fault_and_a_bug_of_ours_are_server_faults(version: str) -> None:
    code = {"1.1": "soap11env:Server", "1.2": "soap12env:Receiver"}[version]
    assert fault(SPYNE(soap("Refuse", "<text>no</text>", version=version))) == (code, "refused: no")
    told = SPYNE(soap("Break", "<text>a</text>", version=version))
    assert fault(told) == (code, "Server was unable to process request.")
    assert b"secret" not in told.body


def test_everything_before_the_message_is_the_fronts() -> None:
    """Routing, what cannot be parsed, forms and pages are answered alike."""
    body = "text=a&n=7&big=8&amount=1.50&when=2026-11-21T10:00:00&flag=true"
    for asked in (
        request(headers={"content-type": XML, "soapaction": '"urn:other"'}, body=envelope("")),
        request(headers={"content-type": XML, "soapaction": f'"{NS}Echo"'}, body="not xml"),
        request(headers={"content-type": "application/json"}, body="{}"),
        request(path=f"{PATH}/Echo", headers={"content-type": FORM}, body=body),
        request("GET", query="op=Echo"),
        request("GET", query="WSDL"),
    ):
        assert SPYNE(asked) == SERVICE(asked)
