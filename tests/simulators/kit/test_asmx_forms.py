"""Form POST to `.asmx/Operation`."""

from __future__ import annotations

import pytest
from lxml import etree

from simulators.kit.http import Response
from tests.simulators.kit.asmx_demo import FORM, NS, PATH, SERVICE, request

ALL = "text=a&n=7&big=8&amount=1.50&when=2026-11-21T10:00:00&flag=true"
CANNOT = "Cannot convert {} to System.{}.\r\nParameter name: type ---> "


def form(body: str | bytes, operation: str = "Echo", content_type: str = FORM) -> Response:
    return SERVICE(request(path=f"{PATH}/{operation}", headers={"content-type": content_type}, body=body))


def test_the_answer_is_the_result_alone_named_for_its_type_and_indented() -> None:
    response = form(ALL)
    assert (response.status, response.content_type) == (200, "text/xml; charset=utf-8")
    assert response.body.decode() == (
        '<?xml version="1.0" encoding="utf-8"?>\r\n'
        '<EchoResult xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns="urn:demo/">\r\n'
        "  <text>a</text>\r\n  <n>7</n>\r\n  <big>8</big>\r\n  <amount>1.50</amount>\r\n"
        "  <when>2026-11-21T10:00:00</when>\r\n  <flag>true</flag>\r\n</EchoResult>"
    )


def test_a_simple_result_is_named_for_its_type() -> None:
    root = etree.fromstring(form("", "Who").body)
    assert (root.tag, root.text) == (f"{{{NS}}}string", "lane-1 req-1")


def test_an_operation_without_result_answers_nothing() -> None:
    assert form("text=a", "Nothing").body == b""


@pytest.mark.parametrize(
    ("field", "sent", "read"),
    [
        ("text", "a%26b%3Cc+d", "a&b<c d"),
        ("text", "", None),
        ("text", "B%C3%A4ckerei", "Bäckerei"),
        ("text", "a&TEXT=b", "a,b"),
        ("amount", "1,250.50", "1250.50"),
        ("flag", "True", "true"),
        ("flag", "FALSE", "false"),
        ("when", "11/21/2026", "2026-11-21T00:00:00"),
        ("when", "2026-11-21+10:00:00", "2026-11-21T10:00:00"),
        ("when", "2026-11-21+10:00:00-05:00", "2026-11-21T10:00:00-05:00"),
        ("when", "11/21/2026+2:30:00+PM", "2026-11-21T14:30:00"),
    ],
)
def test_values_are_read_as_dotnets_parse_methods_read_them(field: str, sent: str, read: str | None) -> None:
    rest = "&".join(pair for pair in ALL.split("&") if not pair.startswith(f"{field}="))
    response = form(f"{rest}&{field}={sent}")
    assert response.status == 200, response.body
    assert etree.fromstring(response.body).findtext(f"{{{NS}}}{field}") == (read or "")


def test_names_are_matched_without_regard_to_case_and_unknown_ones_ignored() -> None:
    assert form(ALL.upper().replace("TRUE", "true") + "&x=1").status == 200


@pytest.mark.parametrize(
    ("body", "operation", "words"),
    [
        ("text=a", "Echo", "Missing parameter: n."),
        ("", "Echo", "Missing parameter: text."),
        (
            ALL.replace("n=7", "n=abc"),
            "Echo",
            CANNOT.format("abc", "Int32") + "Input string was not in a correct format.",
        ),
        (
            ALL.replace("flag=true", "flag=1"),
            "Echo",
            CANNOT.format("1", "Boolean") + "String was not recognized as a valid Boolean.",
        ),
        (
            ALL.replace("2026-11-21T10:00:00", "soon"),
            "Echo",
            CANNOT.format("soon", "DateTime") + "String was not recognized as a valid DateTime.",
        ),
        (ALL, "Nope", "Nope Web Service method name is not valid."),
        (ALL, "echo", "echo Web Service method name is not valid."),
        ("Req=1", "Order", "Order Web Service method name is not valid."),
        ("text=no", "Refuse", "refused: no"),
        ("text=%ff", "Nothing", "The form is not utf-8: invalid start byte."),
        ("&".join(f"a{n}=1" for n in range(1000)), "Echo", "More than 200 form fields."),
    ],
)
def test_a_refusal_is_text(body: str, operation: str, words: str) -> None:
    response = form(body, operation)
    assert (response.status, response.content_type) == (500, "text/plain; charset=utf-8")
    assert response.body.decode() == f"{words}\r\n"


def test_another_content_type_is_an_invalid_format() -> None:
    assert form("{}", content_type="application/json").body == b"Request format is invalid: application/json.\r\n"


def test_a_form_over_the_limit_is_refused() -> None:
    assert form("text=" + "x" * 300_000).status == 413


def test_the_forms_charset_is_read_and_an_unknown_one_refused() -> None:
    response = form("text=%E4", "Nothing", f"{FORM}; charset=iso-8859-1")
    assert response.status == 200
    assert form("text=a", "Nothing", f"{FORM}; charset=klingon").status == 500


def test_getting_an_operation_is_not_supported() -> None:
    response = SERVICE(request("GET", f"{PATH}/Echo", query=ALL))
    assert response.status == 500
    assert b"Request format is unrecognized for URL unexpectedly ending in &#x27;/Echo&#x27;." in response.body
