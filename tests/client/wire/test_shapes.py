"""A partner's unfamiliar but friendly answer: known shape first, then the biller's, else a person's [A-78]."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.client import inhance, tccs
from partnerlab.client.errors import AnswerNotUnderstood, PartnerFault, RequestInvalid
from partnerlab.client.http import HttpResponse
from partnerlab.client.inhance import operations as soap
from partnerlab.client.tccs import operations as form
from partnerlab.client.tccs.answer import TCCS_SHAPES
from partnerlab.client.wire.fields import AnswerShapes

NS = "http://tempuri.org/"
OK_TOO = AnswerShapes.of({"Answers": {"Names": {"Success": ["Status"]}, "Yes": ["true", "OK"]}}, TCCS_SHAPES)


def envelope(inner: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<soap:Body>{inner}</soap:Body></soap:Envelope>"
    )


def paid(result: str) -> str:
    return envelope(
        f'<MakePaymentExtendedResponse xmlns="{NS}"><MakePaymentExtendedResult>{result}</MakePaymentExtendedResult>'
        "</MakePaymentExtendedResponse>"
    )


def post_soap(body: str | bytes, shapes: AnswerShapes | None = None, content_type: str = "text/xml") -> str:
    endpoint = inhance.Endpoint("https://x.example.com", "key-1", **({"shapes": shapes} if shapes else {}))
    content = body.encode() if isinstance(body, str) else body
    return soap.make_payment.read(endpoint, HttpResponse(200, {"content-type": content_type}, content)).message


def post_form(body: str | bytes, shapes: AnswerShapes = TCCS_SHAPES, content_type: str = "application/json") -> str:
    endpoint = tccs.Endpoint("https://x.example.com", "IC", "key-1", shapes)
    content = body.encode() if isinstance(body, str) else body
    response = HttpResponse(200, {"content-type": content_type}, content)
    return form.pay.read(endpoint, response).message


def owed(body: str, shapes: AnswerShapes = TCCS_SHAPES) -> tuple[str, str]:
    endpoint = tccs.Endpoint("https://x.example.com", "IC", "key-1", shapes)
    found = form.balance.read(endpoint, HttpResponse(200, {}, body.encode()))
    return str(found.record_balance), str(found.total_balance)


@pytest.mark.parametrize("yes", ["true", "True", "TRUE", " true\n", "1"])
def test_inhance_says_yes_in_whatever_case_in_its_field_or_in_place_of_all(yes: str) -> None:
    assert post_soap(paid(f"<Success>{yes}</Success><ErrorMessage>ok</ErrorMessage>")) == "ok"
    assert post_soap(paid(yes)) == ""
    assert post_soap(f'<string xmlns="{NS}">{yes}</string>') == ""
    assert post_soap(f'<boolean xmlns="{NS}">{yes}</boolean>') == ""


@pytest.mark.parametrize("no", ["false", "False", "FALSE"])
def test_a_bare_no_is_a_refusal(no: str) -> None:
    for read, body in (
        (post_soap, paid(no)),
        (post_soap, f"<boolean>{no}</boolean>"),
        (post_form, f'"{no}"'),
        (post_form, no.lower()),
        (post_form, f'<string xmlns="{NS}">{no}</string>'),
    ):
        with pytest.raises(PartnerFault) as caught:
            read(body)  # type: ignore[operator]
        assert caught.value.refused


@pytest.mark.parametrize(
    "body",
    [
        "true",
        '"True"',
        '"{\\"Success\\":true}"',
        f'<string xmlns="{NS}">true</string>',
        '<boolean xmlns="http://schemas.microsoft.com/2003/10/Serialization/">true</boolean>',
        f'<string xmlns="{NS}">{{"Success": true}}</string>',
        "<Result><Success>TRUE</Success></Result>",
    ],
)
def test_tccs_says_yes_bare_or_in_a_text(body: str) -> None:
    assert post_form(body) == ""


@pytest.mark.parametrize(
    "body", ["OK", '{"Status":"OK"}', '"OK"', "<string>OK</string>", "", "<html>hello</html>", "7"]
)
def test_what_nothing_reads_is_a_persons_and_says_what_it_was(body: str) -> None:
    with pytest.raises(AnswerNotUnderstood) as caught:
        post_form(body)
    assert caught.value.excerpt == body
    with pytest.raises(AnswerNotUnderstood):
        post_soap(body)


@pytest.mark.parametrize(
    "body", ['{"Status":"OK"}', '{"Status":"ok"}', '"OK"', "<string>OK</string>", '{"Success":true}']
)
def test_a_billers_own_words_are_read(body: str) -> None:
    assert post_form(body, OK_TOO) == ""


def test_a_billers_own_words_are_read_in_soap_too() -> None:
    assert post_soap(paid("OK"), OK_TOO) == ""
    assert post_soap(paid("<Status>OK</Status>"), OK_TOO) == ""
    with pytest.raises(AnswerNotUnderstood):
        post_soap(paid("OK"))


@pytest.mark.parametrize(
    "body",
    [
        '{"Record bal":1120.00,"Total Balance":1340.00}',
        '{"RecordBal":1120,"TotalBalance":"1,340.00"}',
        '{"Record_bal":"1,120.00","Total_Balance":"1,340"}',
        '{"record bal":1.12E+3,"total balance":134e1}',
        '"{\\"RecordBal\\":1120,\\"TotalBalance\\":1340}"',
        "<B><RecordBal>1,120.00</RecordBal><TotalBalance>1340</TotalBalance></B>",
    ],
)
def test_a_balance_is_read_by_other_names_and_numbers(body: str) -> None:
    assert owed(body) == ("1120.00", "1340.00")


def test_the_contracts_own_name_counts_before_others() -> None:
    assert owed('{"RecordBal":1,"Record bal":2,"Total Balance":3,"TotalBalance":4}') == ("2.00", "3.00")


@pytest.mark.parametrize(
    "amount", ["1,12", "1,1200", "1,120,0", "1120,00", "1.120,00", ",120", "1,,120", "1,120,", "١,١٢٠"]
)
def test_commas_that_are_no_groups_of_three_are_no_amount(amount: str) -> None:
    with pytest.raises(AnswerNotUnderstood, match="is not a decimal number"):
        owed(json.dumps({"Record bal": amount, "Total Balance": 1}))


def test_a_biller_may_have_no_separator_or_another() -> None:
    none = AnswerShapes.of({"Answers": {"Separator": ""}}, TCCS_SHAPES)
    with pytest.raises(AnswerNotUnderstood):
        owed('{"Record bal":"1,120.00","Total Balance":1}', none)
    blank = AnswerShapes.of({"Answers": {"Separator": " "}}, TCCS_SHAPES)
    assert owed('{"Record bal":"1 120.00","Total Balance":1}', blank) == ("1120.00", "1.00")


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ([], "configuration.Answers"),
        ({"Nmes": {}}, "configuration.Answers.Nmes"),
        ({"Names": []}, "configuration.Answers.Names"),
        ({"Names": {"Success": "Status"}}, "configuration.Answers.Names.Success"),
        ({"Yes": "OK"}, "configuration.Answers.Yes"),
        ({"Yes": [True]}, "configuration.Answers.Yes"),
        ({"No": [""]}, "configuration.Answers.No"),
        ({"Separator": "."}, "configuration.Answers.Separator"),
        ({"Separator": ",,"}, "configuration.Answers.Separator"),
    ],
)
def test_a_configuration_that_breaks_a_rule_is_named_by_its_place(answers: Any, field: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        AnswerShapes.of({"Answers": answers})
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("content_type", "charset", "declaration"),
    [
        ("text/xml; charset=ISO-8859-1", "latin-1", ""),
        ("text/xml; charset=windows-1252", "cp1252", '<?xml version="1.0"?>'),
        ("text/xml; charset=iso-8859-1", "latin-1", '<?xml version="1.0" encoding="utf-8"?>'),
        ("text/xml; charset=utf-8", "utf-8", '<?xml version="1.0" encoding="iso-8859-1"?>'),
        ("text/xml; charset=utf-8", "latin-1", '<?xml version="1.0" encoding="iso-8859-1"?>'),
        ("text/xml", "latin-1", '<?xml version="1.0" encoding="iso-8859-1"?>'),
        ("text/xml; charset=utf-8", "utf-16", ""),
    ],
)
def test_an_answer_is_in_the_character_set_of_its_header(content_type: str, charset: str, declaration: str) -> None:
    said = "Pago de José recibido"
    body = paid(f"<Success>true</Success><ErrorMessage>{said}</ErrorMessage>").partition("?>")[2]
    assert post_soap((declaration + body).encode(charset), content_type=content_type) == said
    xml = f"<Result><Message>{said}</Message><Success>true</Success></Result>"
    assert post_form((declaration + xml).encode(charset), content_type=content_type) == said
    if not declaration:
        assert (
            post_form(
                json.dumps({"Success": True, "Message": said}, ensure_ascii=False).encode(charset),
                content_type=content_type,
            )
            == said
        )


def test_balances_are_decimals() -> None:
    endpoint = tccs.Endpoint("https://x.example.com", "IC", "key-1")
    found = form.balance.read(
        endpoint, HttpResponse(200, {}, b'{"Record bal":0E-8,"Total Balance":1.23456789E7}'.replace(b"6789", b"67"))
    )
    assert found.record_balance == Decimal("0.00")
    assert str(found.total_balance) == "12345670.00"


def test_what_a_biller_adds_leaves_the_partners_other_names() -> None:
    assert owed('{"RecordBal":1120,"Total_Balance":1340}', OK_TOO) == ("1120.00", "1340.00")
    mine = AnswerShapes.of({"Answers": {"Names": {"Record bal": ["Owed"]}}}, TCCS_SHAPES)
    assert owed('{"Owed":1120,"TotalBalance":1340}', mine) == ("1120.00", "1340.00")


@pytest.mark.parametrize(
    ("code", "refused"),
    [("soap:Client", True), ("s:Client.Authentication", True), ("soap:Server", False), ("soap:Server.Client", False)],
)
def test_a_fault_refuses_by_the_first_part_of_its_code(code: str, refused: bool) -> None:
    fault = (
        '<soap:Fault xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<faultcode>{code}</faultcode><faultstring>No.</faultstring></soap:Fault>"
    )
    endpoint = inhance.Endpoint("https://x.example.com", "key-1")
    with pytest.raises(PartnerFault) as caught:
        soap.make_payment.read(endpoint, HttpResponse(500, {}, envelope(fault).encode()))
    assert (caught.value.refused, caught.value.message) == (refused, "No.")
