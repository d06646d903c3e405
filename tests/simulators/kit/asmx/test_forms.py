"""Form POST to `.asmx/Operation`."""

# ruff: noqa: RUF012 - Spyne takes the lists away when it makes the classes

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from partnerlab.simulators.kit.asmx.declare import ComplexModel, Int, MaybeAmount, ServiceBase, Text, operation
from partnerlab.simulators.kit.asmx.front import AsmxService
from partnerlab.simulators.kit.asmx.generate import load, render
from partnerlab.simulators.kit.asmx.spyne_compat import Array, Integer32, Unicode
from partnerlab.simulators.kit.http.messages import Response
from tests.simulators.kit.asmx.asmx_demo import FORM, NS, PATH, SERVICE, request

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


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "text/xml; charset=UTF-8"]
)
def test_another_content_type_is_an_invalid_format_and_told_whole(content_type: str) -> None:
    """A client's author compares that line with what was sent, parameters and all (doedje/jquery.soap#75)."""
    assert form("{}", content_type=content_type).body.decode() == f"Request format is invalid: {content_type}.\r\n"


def test_a_form_over_the_limit_is_refused() -> None:
    assert form("text=" + "x" * 300_000).status == 413


@pytest.mark.parametrize(
    ("charset", "sent"),
    [
        ("ISO-8859-1", "%E4%A4"),
        ("iso-8859-15", "%E4%A4"),
        ("windows-1250", "%E4%A4"),
        ("utf-8", "%C3%A4"),
        ("klingon", "%C3%A4"),
        ("us-ascii", "a%C3"),
    ],
)
def test_a_form_is_read_in_its_charset_and_in_utf8_where_that_is_unknown(charset: str, sent: str) -> None:
    """Apache's form entity says ISO-8859-1 by default (Crim/pardot-java-client#35)."""
    texts = {"ISO-8859-1": "ä¤", "iso-8859-15": "ä€", "windows-1250": "ä¤", "us-ascii": "a?"}
    body = form(ALL.replace("text=a", f"text={sent}"), content_type=f"{FORM}; charset={charset}").body
    assert f"<text>{texts.get(charset, 'ä')}</text>" in body.decode()


Numbers = Array(Integer32, type_name="ArrayOfInt").customize(nillable=False)
Numbered = Array(Integer32, member_name="Number", type_name="ArrayOfInt").customize(nillable=False)


class FlatReq(ComplexModel):
    __namespace__ = NS
    _type_info = [("Text", Text), ("Count", Int), ("Maybe", MaybeAmount), ("Numbers", Numbers)]


class Flat(ServiceBase):
    """Operations whose arguments a form can carry only where its service says so."""

    @operation
    def Listed(ctx: Any, text: Text, numbers: Numbered) -> Unicode: ...

    @operation
    def Wrapped(ctx: Any, Req: FlatReq) -> Unicode: ...

    @operation
    def Two(ctx: Any, One: FlatReq, Other: FlatReq) -> Unicode: ...


class Operations:
    def Listed(self, asked: Any, sent: Any) -> str:
        return f"{sent.text} {sent.numbers}"

    def Wrapped(self, asked: Any, sent: Any) -> str:
        return f"{sent.Req.Text} {sent.Req.Count} {sent.Req.Maybe} {sent.Req.Numbers}"

    def Two(self, asked: Any, sent: Any) -> str:
        raise AssertionError


WSDL = b'<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/"><w:service name="Flat"/></w:definitions>'
FLAT, NESTED = (
    AsmxService(name="Flat", service=load(render(Flat, NS)), handlers=Operations(), wsdl=WSDL, flat_forms=flat)
    for flat in (True, False)
)


def flat(body: str, operation: str, service: AsmxService = FLAT) -> Response:
    return service(request(path=f"{PATH}/{operation}", headers={"content-type": FORM}, body=body))


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("numbers=1&numbers=2", [1, 2]),
        ("Number=1&number=2", [1, 2]),
        ("numbers=1%2C+2%2C", [1, 2]),
        ("numbers=1&Number=2", [1, 2]),
        ("numbers=", []),
    ],
)
def test_a_list_is_its_name_or_its_items_name_repeated_or_has_commas(sent: str, read: list[int]) -> None:
    assert etree.fromstring(flat(f"text=a&{sent}", "Listed", NESTED).body).text == f"a {read}"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("text=a", "Missing parameter: numbers."),
        ("text=a&numbers=1,x", CANNOT.format("x", "Int32") + "Input string was not in a correct format."),
    ],
)
def test_a_list_that_is_missing_or_wrong_is_refused(sent: str, words: str) -> None:
    response = flat(sent, "Listed")
    assert (response.status, response.body.decode()) == (500, f"{words}\r\n")


def test_the_members_of_a_single_complex_parameter_may_stand_alone() -> None:
    body = flat("text=a&COUNT=7&maybe=1.50&numbers=1&numbers=2", "Wrapped").body
    assert etree.fromstring(body).text == "a 7 1.50 [1, 2]"
    assert etree.fromstring(flat("", "Wrapped").body).text == "None 0 None None", "as in XML, they may be missing"
    assert flat("count=x", "Wrapped").status == 500


def test_wrapped_arguments_take_no_form_unless_the_service_says_so() -> None:
    for service, name in ((NESTED, "Wrapped"), (FLAT, "Two"), (NESTED, "Two")):
        answer = flat("text=a", name, service)
        assert answer.body.decode() == f"{name} Web Service method name is not valid.\r\n"


def test_the_page_of_an_operation_has_the_fields_its_form_takes() -> None:
    page = FLAT(request("GET", PATH, query="op=Wrapped")).body.decode()
    assert page.count("<input name=") == 4
    assert "Text={string}".replace("{string}", "<b>string</b>") in page
    page = NESTED(request("GET", PATH, query="op=Wrapped")).body.decode()
    assert "No test form is available" in page


def test_getting_an_operation_is_not_supported() -> None:
    response = SERVICE(request("GET", f"{PATH}/Echo", query=ALL))
    assert response.status == 500
    assert b"Request format is unrecognized for URL unexpectedly ending in &#x27;/Echo&#x27;." in response.body
