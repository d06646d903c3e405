"""The verdict on REST exchanges: what is right passes, and each thing that is wrong is found, named and placed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.masking import mask_text
from partnerlab.contracts.verification.findings import Finding
from partnerlab.contracts.verification.rest import RULES, verdict

TCCS = verdict(read_bytes("tccs_rest/openapi.yaml"))
SECRET = "never-quoted-key"
JSON = "application/json; charset=utf-8"
FORM = "application/x-www-form-urlencoded"

# A service as Invoice Cloud's: JSON both ways, Basic credentials, a path parameter, an answer for every status.
IC = b"""
openapi: 3.1.0
info: {title: a service, version: "1"}
security: [{key: []}]
paths:
  /api/v1/customer/{CustomerGuid}/account:
    get:
      operationId: RetrieveAccount
      responses:
        "200": {description: it, content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}}
        default: {description: no, content: {application/json: {schema: {type: object, required: [Message]}}}}
  /api/v1/customer/Create:
    post:
      operationId: CreateCustomer
      security: []
      requestBody: {$ref: "#/components/requestBodies/Create"}
      responses:
        "204": {description: done}
        4XX: {description: no, content: {application/json: {schema: {}}}}
components:
  securitySchemes: {key: {type: http, scheme: Basic}}
  requestBodies:
    Create:
      required: true
      content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}
  schemas:
    Account:
      type: object
      additionalProperties: false
      required: [AccountNumber]
      properties:
        AccountNumber: {type: string, minLength: 1, maxLength: 8}
        Balance: {type: number, multipleOf: 0.01, maximum: 99.99}
        Kind: {enum: [person, business]}
        Password: {type: string, minLength: 20}
        Colour: {type: string, format: colour}
        Emails: {type: array, maxItems: 2, items: {type: [string, "null"]}}
        Next: {anyOf: [{type: "null"}, {$ref: "#/components/schemas/Account"}]}
"""


def colour(text: str) -> None:
    if text not in ("red", "blue"):
        raise ValueError(text)


SERVICE = verdict(IC, formats={"colour": colour})


class Exchange(NamedTuple):
    """One call of TCCS that is as it should be; a test changes what it is about."""

    operation: str = "Pay_Input"
    request: bytes = f"consumerGUID=IC&entryKey={SECRET}&contentInfo=306-12%2F11%2F2019%7C24.00%3ACC".encode()
    headers: Mapping[str, str] = {"content-type": f"{FORM}; charset=utf-8"}
    status: int = 200
    response: bytes = b'{"Success":true,"Message":"Payment posted."}'
    response_type: str = JSON

    def findings(self, **changes: Any) -> list[Finding]:
        found = TCCS(*self._replace(**changes))
        for finding in found:
            assert finding.rule in RULES
            assert SECRET not in repr(finding)
        return found


def form(content_info: str, **others: str) -> bytes:
    fields = {"consumerGUID": "IC", "entryKey": SECRET, "contentInfo": content_info, **others}
    return "&".join(f"{name}={value}" for name, value in fields.items()).encode()


def only(found: list[Finding]) -> tuple[str, str, str]:
    assert len(found) == 1, found
    return found[0].side, found[0].rule, found[0].where


XSI = b'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
NIL = b'<Result %s><Message i:nil="true" /><Success>1</Success></Result>' % XSI
TWICE = b"<Result><Message/><Success>1</Success>\n<Message/></Result>"
PDF = b"%PDF-1.7\n\xff"
XML = {"response_type": "text/xml"}
ASKED = {"operation": "ARState_Output", "request": form("306-12/11/2019")}
BALANCE = b"<Balance><Record_x0020_bal>120.00</Record_x0020_bal><Total_x0020_Balance>1</Total_x0020_Balance></Balance>"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"request": form("306-12/11/2019 | 24.00 : ACH @ e99-1")},
        {"request": form("Q306-12/11/2019|Zo%C3%AB|24.00")},
        {"request": mask_text(Exchange().request.decode()).encode()},
        {"operation": "pay_input"},
        {"operation": "POST /InvCloudAPI_PROD/api/Pay_input"},
        {"response": b'{"Success":false,"Message":null}'},
        {"status": 401, "response": b'{"Message":"Authorization has been denied for this request."}'},
        {"status": 404, "response": b"<Error><Message>none</Message></Error>", "response_type": "text/xml"},
        {"status": 0, "response": b"", "response_type": ""},
        {**ASKED, "response": b'{"Record bal":120.00,"Total Balance":-0.5}'},
        {**ASKED, "response": BALANCE, "response_type": "application/xml"},
        {**ASKED, "operation": "Retrieve_Bill_Image", "response": PDF, "response_type": "application/pdf"},
        {"operation": "a page", "request": b"", "headers": {}},
        {**XML, "response": NIL},
        {"headers": {"content-type": FORM, "accept": "text/html, application/json;q=0.5"}},
        {"headers": {"content-type": FORM, "accept": "*/*"}},
        {"headers": {"content-type": FORM, "accept": "image/png"}},
    ],
)  # fmt: skip
def test_what_is_right_passes(changes: dict[str, Any]) -> None:
    assert Exchange().findings(**changes) == []


WRONG_REQUESTS = [
    ({"operation": "Void"}, "operation", "path"),
    ({"operation": "GET /api/Pay_Input"}, "method", "method"),
    ({"operation": "/InvCloudAPI_PROD/api/Pay_Input", "status": 405}, "method", "method"),
    ({"operation": "POST /api/Pay_Inputs"}, "operation", "path"),
    ({"request": b""}, "body", "body"),
    ({"headers": {"content-type": "application/json"}}, "media-type", "header Content-Type"),
    ({"headers": {}}, "media-type", "header Content-Type"),
    ({"request": b"consumerGUID"}, "form", "body"),
    ({"request": form("%FF")}, "form", "body"),
    ({"request": form("306-12/11/2019|24.00:CC") + b"&entryKey=other"}, "form-fields", "entryKey"),
    ({"request": form("306-12/11/2019|24.00:CC", note="x")}, "schema", "note"),
    ({"request": f"consumerGUID=IC&entryKey={SECRET}".encode()}, "schema", "contentInfo"),
    ({"request": form("306-12/11/2019|24.00:CC").replace(b"IC", b"")}, "schema", "consumerGUID"),
    ({"request": form("306-12/11/2019|24.00:CC").replace(SECRET.encode(), b"k" * 300)}, "schema", "entryKey"),
    ({"request": form("306-12/11/2019|24.00|CC")}, "format", "contentInfo, column 21"),
    ({"request": form("306-12/11/2019|24:CC")}, "format", "contentInfo, column 16"),
    ({"request": form("Q306-12/11/2019|Ann|24.00:CC")}, "format", "contentInfo, column 26"),
    ({"request": form("Q306-12/11/2019|24.00:CC")}, "format", "contentInfo, column 22"),
    ({"operation": "Paperless_Bill"}, "format", "contentInfo, column 15"),
]


@pytest.mark.parametrize(("changes", "rule", "where"), WRONG_REQUESTS)
def test_what_is_wrong_with_a_request_is_found(changes: dict[str, Any], rule: str, where: str) -> None:
    assert only(Exchange().findings(**changes)) == ("request", rule, where)


WRONG_ANSWERS = [
    ({"status": 500}, "status", "status"),
    ({"status": 302}, "status", "status"),
    ({"response": b""}, "body", "body"),
    ({"response_type": "text/html"}, "media-type", "header Content-Type"),
    ({"response": b'{"Success":true'}, "json", "line 1, column 16"),
    ({"response": b'{"Success":true,"Message":"\xff"}'}, "json", "body"),
    ({"response": b'{"Success":true,"Success":true,"Message":""}'}, "json", "Success"),
    ({"response": b'{"Success":NaN,"Message":""}'}, "json", "body"),
    ({"response": b"[" * 100_000}, "json", "body"),
    ({"response": b'\xef\xbb\xbf{"Success":true,"Message":""}'}, "json", "body"),
    ({"response": b"\x1f\x8b\x08\x00"}, "json", "body"),
    ({"response": b'{"Success":"true","Message":""}'}, "schema", "Success"),
    ({"response": b'{"Success":true}'}, "schema", "Message"),
    ({"response": b'{"Success":true,"Message":"","Id":1}'}, "schema", "Id"),
    ({"response": b"[]"}, "schema", "body"),
    ({"status": 400, "response": b'{"Message":""}'}, "schema", "Message"),
    ({**XML, "response": b"<Result>"}, "xml", "line 1"),
    ({**XML, "response": b"<!DOCTYPE Result><Result/>"}, "xml", "document"),
    ({**XML, "response": b'<Result xmlns="urn:x"/>'}, "xml", "document"),
    ({**XML, "response": TWICE}, "xml", "Message, line 2"),
    ({**XML, "response": b"<Result><Message/><Success>yes</Success></Result>"}, "schema", "Success"),
    ({"headers": {"content-type": FORM, "accept": "application/xml"}}, "accept", "header Content-Type"),
    ({"headers": {"content-type": FORM, "accept": "text/*, application/json;q=0"}}, "accept", "header Content-Type"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "rule", "where"), WRONG_ANSWERS)
def test_what_is_wrong_with_an_answer_is_found(changes: dict[str, Any], rule: str, where: str) -> None:
    assert only(Exchange().findings(**changes)) == ("response", rule, where)


def test_a_picture_of_a_bill_that_is_no_pdf_is_found() -> None:
    image = Exchange()._replace(
        operation="Retrieve_Bill_Image", request=form("306-12/11/2019"), response_type="application/pdf"
    )
    assert only(image.findings(response=b"<html>")) == ("response", "pdf", "body")


@pytest.mark.parametrize("number", ["1e400", "1e-400", "0." + "0" * 30 + "1", "1" * 5_000, "-" + "1" * 30])
def test_a_number_beyond_reckoning_is_found(number: str) -> None:
    balance = Exchange()._replace(operation="ARState_Output", request=form("306-12/11/2019"))
    found = balance.findings(response=f'{{"Record bal":{number},"Total Balance":0}}'.encode())
    assert only(found) == ("response", "json", "body")


@pytest.mark.parametrize("text", ["120.001", '"120.00"', "1e12", "null"])
def test_an_amount_is_a_number_of_whole_cents(text: str) -> None:
    balance = Exchange()._replace(operation="ARState_Output", request=form("306-12/11/2019"))
    found = balance.findings(response=f'{{"Record bal":{text},"Total Balance":0}}'.encode())
    assert {finding.where for finding in found} == {"Record bal"}


def test_a_finding_says_what_the_grammar_expected() -> None:
    (finding,) = Exchange().findings(request=form("1-12/11/2019|9.00|CC"))
    assert (finding.where, finding.expected, finding.found) == (
        "contentInfo, column 18",
        "':' and a payment type",
        "'|'",
    )


def test_all_that_is_wrong_is_found_at_once_and_each_thing_once() -> None:
    found = Exchange().findings(request=b"x=1", status=400, response=b'{"Error":1}')
    assert [(one.side, one.where) for one in found] == [
        ("request", "x"),
        ("request", "consumerGUID"),
        ("request", "entryKey"),
        ("request", "contentInfo"),
        ("response", "Error"),
        ("response", "Message"),
    ]


@pytest.mark.parametrize("depth", [50, 400, 900, 990])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"Next":', b"}")])
def test_a_deep_answer_is_found_and_breaks_nothing(depth: int, opening: bytes, closing: bytes) -> None:
    body = opening * depth + b"1" + closing * depth
    assert [finding.side for finding in Exchange().findings(response=body)] != []
    assert judged("CreateCustomer", body.decode()) != []


@settings(deadline=None)
@given(
    st.sampled_from(["Pay_Input", "ARState_Output", "Retrieve_Bill_Image", "POST /x", ""]),
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: f"contentInfo={text}".encode()),
    st.sampled_from([FORM, JSON, "", "text/xml"]),
    st.sampled_from([0, 200, 400, 500]),
    st.binary(max_size=60) | st.text("<>&/:;=!? Result\"'Message[]CDATA", max_size=60).map(str.encode),
    st.sampled_from([JSON, "application/xml", "text/xml; charset=utf-16", "application/pdf", "text/html", ""]),
)
def test_no_exchange_breaks_the_check(
    operation: str, request_body: bytes, content_type: str, status: int, response: bytes, response_type: str
) -> None:
    headers = {"content-type": content_type}
    for finding in TCCS(operation, request_body, headers, status, response, response_type):
        assert finding.rule in RULES


# --- A JSON service ---------------------------------------------------------------------------------------------

BASIC = {"authorization": "Basic •••"}
SENT = {"content-type": "application/json"}


def judged(operation: str, request: str = "", headers: Mapping[str, str] = SENT, **answer: Any) -> list[Finding]:
    given = {"status": 204, "response": b"", "response_type": "", **answer}
    return SERVICE(operation, request.encode(), headers, given["status"], given["response"], given["response_type"])


def test_credentials_are_needed_where_the_contract_says() -> None:
    account = {"status": 200, "response": b'{"AccountNumber":"1"}', "response_type": JSON}
    assert judged("RetrieveAccount", headers=BASIC, **account) == []
    assert only(judged("RetrieveAccount", headers={}, **account))[1] == "credential"
    assert only(judged("RetrieveAccount", headers={"authorization": "Bearer x"}, **account))[1] == "credential"
    assert judged("CreateCustomer", '{"AccountNumber":"1"}') == []


def test_an_operation_is_found_by_a_path_with_its_parameters() -> None:
    account = {"status": 200, "response": b'{"AccountNumber":"1"}', "response_type": JSON}
    for path in ("/api/v1/customer/8c1f/account", "/lane/mine/API/v1/customer/8c1f/account?x=1"):
        assert judged(f"GET {path}", headers=BASIC, **account) == []
    assert only(judged("GET /api/v1/customer//account", "x"))[1] == "operation"


def test_a_body_stands_only_where_the_contract_has_one() -> None:
    account = {"status": 404, "response": b'{"Message":"no"}', "response_type": JSON}
    assert only(judged("RetrieveAccount", "{}", headers=BASIC, **account)) == ("request", "body", "body")
    found = judged("CreateCustomer", '{"AccountNumber":"1"}', response=b"{}", response_type=JSON)
    assert only(found) == ("response", "body", "body")


def test_statuses_may_be_documented_as_a_range_or_all_at_once() -> None:
    assert judged("CreateCustomer", '{"AccountNumber":"1"}', status=418, response=b"1", response_type=JSON) == []
    assert only(judged("CreateCustomer", '{"AccountNumber":"1"}', status=500))[1] == "status"
    found = judged("RetrieveAccount", headers=BASIC, status=503, response=b"{}", response_type=JSON)
    assert only(found) == ("response", "schema", "Message")


@pytest.mark.parametrize(
    ("body", "where", "expected", "found"),
    [
        ('{"AccountNumber":1}', "AccountNumber", "a text", "a number, 1"),
        ('{"AccountNumber":"123456789"}', "AccountNumber", "a length of at most 8", "'123456789'"),
        ('{"AccountNumber":"1","Balance":0.105}', "Balance", "a multiple of 0.01", "0.105"),
        ('{"AccountNumber":"1","Balance":100}', "Balance", "at most 99.99", "100"),
        ('{"AccountNumber":"1","Balance":true}', "Balance", "a number", "true or false, true"),
        ('{"AccountNumber":"1","Kind":"dog"}', "Kind", "person or business", "'dog'"),
        ('{"AccountNumber":"1","Password":"short"}', "Password", "a length of at least 20", "a secret"),
        ('{"AccountNumber":"1","Colour":"green"}', "Colour", "a text of the format colour", "'green'"),
        ('{"AccountNumber":"1","Emails":["a",1]}', "Emails/1", "a text or null", "a number, 1"),
        ('{"AccountNumber":"1","Emails":["a","b","c"]}', "Emails", "a list of at most 2", '["a", "b", "c"]'),
        ('{"AccountNumber":"1","Next":{"Balance":1}}', "Next/AccountNumber", "a value", "nothing"),
        ('{"AccountNumber":"1","accountnumber":"1"}', "accountnumber", "", "an unknown name"),
        ('{"AccountNumber":"1","Kind":{"Password":"hunter2hunter2"}}', "Kind", "", '{"Password": "•••"}'),
        ('{"AccountNumber":"1","Kind":"4111111111111111"}', "Kind", "", "'•••1111'"),
    ],
)
def test_a_finding_is_for_a_reader_and_quotes_no_secret(body: str, where: str, expected: str, found: str) -> None:
    (finding,) = judged("CreateCustomer", body)
    assert finding == replace(finding, side="request", where=where, found=found)
    assert expected in finding.expected
    assert finding.rule in ("schema", "format")


def test_a_masked_value_is_taken_to_be_right() -> None:
    assert judged("CreateCustomer", '{"AccountNumber":"1","Password":"•••"}') == []


# --- The document -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"[]", "no OpenAPI 3.1 document"),
        (b"openapi: 3.0.3\npaths: {}", "no OpenAPI 3.1 document"),
        (
            b'openapi: 3.1.0\npaths: {/x: {post: {operationId: X, requestBody: {$ref: "#/components/Y"}}}}',
            "#/components/Y: there is no 'components'",
        ),
    ],
)
def test_a_document_that_is_none_is_refused_at_the_first_check(document: bytes, message: str) -> None:
    check = verdict(document)
    with pytest.raises(ValueError, match=message):
        check("X", b"x", {}, 200, b"", "")


def test_nothing_is_read_before_the_first_check() -> None:
    """A sandbox makes its verdicts when it starts, and waits for no validator."""
    program = (
        "import sys\n"
        "from partnerlab.contracts.data import read_bytes\n"
        "from partnerlab.contracts.verification.rest import verdict\n"
        "verdict(read_bytes('tccs_rest/openapi.yaml'))\n"
        "print({'jsonschema', 'referencing', 'yaml', 'partnerlab.contracts.tccs_rest'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"


def test_every_rule_is_broken_by_a_test() -> None:
    broken = {rule for _, rule, _ in WRONG_REQUESTS + WRONG_ANSWERS} | {"credential", "pdf"}
    broken.add("spelling")  # in test_lenient.py
    assert broken == set(RULES)
