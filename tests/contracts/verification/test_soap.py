"""The verdict: what it finds in exchanges that break the contract, and that it finds nothing in those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification.findings import Finding
from partnerlab.contracts.verification.soap import RULES, verdict
from partnerlab.contracts.verification.wsdl import read_wsdl

JUDGE = verdict(read_bytes("inhance_soap/iCloud.wsdl"))
TNS = "http://tempuri.org/"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
FORM = "application/x-www-form-urlencoded"

ASKED = f'<SetEmail xmlns="{TNS}"><Accountnumber>1</Accountnumber><NewEmail>a@b.co</NewEmail></SetEmail>'
ANSWERED = (
    f'<SetEmailResponse xmlns="{TNS}"><SetEmailResult><Success>true</Success></SetEmailResult></SetEmailResponse>'
)
FAULT11 = "<s:Fault><faultcode>s:Client</faultcode><faultstring>no</faultstring></s:Fault>"
FAULT12 = "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>"
BALANCE = (
    f'<BalanceCheck xmlns="{TNS}"><AccountNumber>1</AccountNumber>'
    "<LastInvoiceNumber>{}</LastInvoiceNumber></BalanceCheck>"
)


def envelope(content: str, namespace: str = SOAP11) -> bytes:
    return f'<s:Envelope xmlns:s="{namespace}">\n<s:Body>{content}</s:Body></s:Envelope>'.encode()


def judge(
    asked: str | bytes = ASKED,
    answered: str | bytes = ANSWERED,
    *,
    operation: str = "SetEmail",
    status: int = 200,
    version: str = "1.1",
    headers: dict[str, str | None] | None = None,
    answer_type: str | None = None,
) -> list[Finding]:
    """The verdict on an exchange that is right but for what is given."""
    namespace, media_type = {"1.1": (SOAP11, "text/xml"), "1.2": (SOAP12, "application/soap+xml")}[version]
    action = TNS + operation
    given: dict[str, str | None] = {"content-type": f"{media_type}; charset=utf-8", "soapaction": f'"{action}"'}
    if version == "1.2":
        given = {"content-type": f'{media_type}; charset=utf-8; action="{action}"'}
    sent = {name: value for name, value in {**given, **(headers or {})}.items() if value is not None}
    return JUDGE(
        operation,
        asked if isinstance(asked, bytes) else envelope(asked, namespace),
        sent,
        status,
        answered if isinstance(answered, bytes) else envelope(answered, namespace),
        f"{media_type}; charset=utf-8" if answer_type is None else answer_type,
    )


def rules(findings: list[Finding], side: str = "") -> set[str]:
    assert all(finding.where and finding.expected and finding.found for finding in findings), findings
    assert {finding.rule for finding in findings} <= set(RULES)
    return {finding.rule for finding in findings if not side or finding.side == side}


def test_what_is_found_says_what_to_leave_out() -> None:
    nil = '<Success>true</Success><ErrorMessage xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"/>'
    (found,) = judge(answered=ANSWERED.replace("<Success>true</Success>", nil))
    assert (found.where, found.expected) == (
        "Body/SetEmailResponse/SetEmailResult/ErrorMessage, line 2",
        "no element where there is no value: none is nillable",
    )
    (found,) = judge(answered=b"\x1f\x8b\x08\x00")
    assert (found.rule, found.found) == ("well-formed", "compressed bytes (gzip), without a Content-Encoding")


def test_a_charset_is_not_missed_where_nothing_is_lost() -> None:
    """ASCII is the same in US-ASCII, a byte order mark decides, and SOAP 1.2 goes by what the document declares."""
    text = ASKED.replace("a@b.co", "ä@b.co")
    assert judge(headers={"content-type": "text/xml"}) == []
    assert judge(b"\xef\xbb\xbf" + envelope(text), headers={"content-type": "text/xml"}) == []
    action = f'application/soap+xml; action="{TNS}SetEmail"'
    assert judge(text, version="1.2", headers={"content-type": action}) == []


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_good_exchange_breaks_nothing(version: str) -> None:
    assert judge(version=version) == []
    assert judge(version=version, status=500, answered=FAULT11 if version == "1.1" else FAULT12) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"soapaction": TNS + "SetEmail"},
        {"content-type": 'text/xml; charset="UTF-8"'},
        {"content-type": "TEXT/XML"},
    ],
)
def test_other_spellings_of_the_same_break_nothing(headers: dict[str, str | None]) -> None:
    assert judge(headers=headers) == []


def test_soap_12_needs_no_action() -> None:
    assert judge(version="1.2", headers={"content-type": "application/soap+xml"}) == []


BROKEN_REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a GET": ("method", {"asked": b"", "headers": {"content-type": None}, "status": 500}),
    "no charset": ("charset", {"asked": ASKED.replace("a@b.co", "ä@b.co"), "headers": {"content-type": "text/xml"}}),
    "wrong media type": ("media-type", {"headers": {"content-type": "application/json"}}),
    "cut off": ("well-formed", {"asked": envelope(ASKED)[:-20]}),
    "empty": ("well-formed", {"asked": b""}),
    "wrong charset": ("well-formed", {"asked": envelope(ASKED.replace("a@b", "ä@b")).decode().encode("latin-1")}),
    "DTD": ("no-dtd", {"asked": b"<!DOCTYPE x>" + envelope(ASKED)}),
    "entity": (
        "no-dtd",
        {"asked": b"<!DOCTYPE x [<!ENTITY e '1'>]>" + envelope(ASKED).replace(b">1<", b">&e;<")},
    ),
    "no envelope": ("envelope", {"asked": ASKED.encode()}),
    "another envelope": ("envelope", {"asked": envelope(ASKED, "urn:x")}),
    "no body": ("envelope", {"asked": f'<s:Envelope xmlns:s="{SOAP11}"/>'.encode()}),
    "two bodies": ("envelope", {"asked": envelope(ASKED).replace(b"</s:Body>", b"</s:Body><s:Body/>")}),
    "1.2 as text/xml": ("version", {"asked": envelope(ASKED, SOAP12)}),
    "1.1 as soap+xml": ("version", {"version": "1.2", "asked": envelope(ASKED)}),
    "no action": ("soap-action", {"headers": {"soapaction": None}}),
    "empty action": ("soap-action", {"headers": {"soapaction": '""'}}),
    "another action": ("soap-action", {"headers": {"soapaction": f'"{TNS}SetAutopay"'}}),
    "another 1.2 action": (
        "soap-action",
        {"version": "1.2", "headers": {"content-type": "application/soap+xml;action=x"}},
    ),
    "a header that must be understood": (
        "must-understand",
        {
            "asked": envelope(ASKED).replace(
                b"<s:Body>", b'<s:Header><To xmlns="a" s:mustUnderstand="1"/></s:Header><s:Body>'
            )
        },
    ),
    "empty body": ("operation", {"asked": ""}),
    "unknown operation": ("operation", {"asked": "<Nope/>"}),
    "two operations": ("operation", {"asked": ASKED + ASKED}),
    "no namespace": ("operation", {"asked": ASKED.replace(f' xmlns="{TNS}"', "")}),
    "wrong case": ("schema", {"asked": ASKED.replace("Accountnumber", "AccountNumber")}),
    "wrong order": (
        "schema",
        {"asked": ASKED.replace("NewEmail", "X").replace("Accountnumber", "NewEmail").replace("X>", "Accountnumber>")},
    ),
    "unknown element": ("schema", {"asked": ASKED.replace("</SetEmail>", "<More/></SetEmail>")}),
    "not an int": ("schema", {"asked": BALANCE.format("A-1"), "operation": "BalanceCheck"}),
    "missing int": (
        "schema",
        {
            "asked": BALANCE.format("").replace("<LastInvoiceNumber></LastInvoiceNumber>", ""),
            "operation": "BalanceCheck",
        },
    ),
}


@pytest.mark.parametrize(("rule", "change"), BROKEN_REQUESTS.values(), ids=BROKEN_REQUESTS.keys())
def test_a_broken_request_is_found(rule: str, change: dict[str, Any]) -> None:
    assert rule in rules(judge(**change), "request")


BROKEN_ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "HTML": ("media-type", {"answered": b"<html/>", "answer_type": "text/html"}),
    "no content type": ("media-type", {"answer_type": ""}),
    "cut off": ("well-formed", {"answered": envelope(ANSWERED)[:-20]}),
    "nothing": ("envelope", {"answered": b""}),
    "no envelope": ("envelope", {"answered": ANSWERED.encode()}),
    "1.2 as text/xml": ("version", {"answered": envelope(ANSWERED, SOAP12)}),
    "1.2 for 1.1": ("version", {"answered": envelope(ANSWERED, SOAP12), "answer_type": "application/soap+xml"}),
    "another operation's": ("operation", {"answered": ANSWERED.replace("SetEmail", "SetAutopay")}),
    "empty body": ("operation", {"answered": ""}),
    "another namespace": ("schema", {"answered": ANSWERED.replace(TNS, "urn:x")}),
    "no Success": ("schema", {"answered": ANSWERED.replace("<Success>true</Success>", "")}),
    "Success yes": ("schema", {"answered": ANSWERED.replace("true", "yes")}),
    "fault with 200": ("fault-status", {"answered": FAULT11}),
    "answer with 500": ("fault-status", {"status": 500}),
    "fault without text": (
        "fault-shape",
        {"answered": "<s:Fault><faultcode>s:Server</faultcode></s:Fault>", "status": 500},
    ),
    "1.1 fault in 1.2": ("fault-shape", {"version": "1.2", "answered": FAULT11, "status": 500}),
    "fault and more": ("fault-shape", {"answered": FAULT11 + ANSWERED, "status": 500}),
    "prefixes": (
        "unprefixed",
        {"answered": ANSWERED.replace("<", "<t:").replace("<t:/", "</t:").replace("xmlns=", "xmlns:t=")},
    ),
}


@pytest.mark.parametrize(("rule", "change"), BROKEN_ANSWERS.values(), ids=BROKEN_ANSWERS.keys())
def test_a_broken_answer_is_found(rule: str, change: dict[str, Any]) -> None:
    found = judge(**change)
    assert rule in rules(found, "response")
    assert rules(found, "request") == set()


def test_every_rule_is_broken_by_some_exchange_above() -> None:
    assert {rule for rule, _ in [*BROKEN_REQUESTS.values(), *BROKEN_ANSWERS.values()]} | {"form-fields"} == set(RULES)


def test_a_finding_names_place_line_and_what_was_expected() -> None:
    asked = BALANCE.format("\nA-1")
    (finding, *_) = judge(asked, operation="BalanceCheck", answered=ANSWERED.replace("SetEmail", "BalanceCheck"))
    assert finding.side == "request"
    assert finding.where == "Body/BalanceCheck/LastInvoiceNumber, line 2"
    assert finding.expected == "a value of int"
    assert "'\\nA-1'" in finding.found or "A-1" in finding.found


def test_an_element_in_the_wrong_place_is_named_with_what_was_expected_there() -> None:
    asked = ASKED.replace("NewEmail", "Email")
    (finding,) = judge(asked)
    assert (finding.where, finding.expected) == ("Body/SetEmail/Email, line 2", "NewEmail, WebserviceKey")


@pytest.mark.parametrize("status", [400, 401, 404, 413, 415, 503])
def test_https_own_refusals_promise_no_soap(status: int) -> None:
    assert judge(status=status, answered=b"", answer_type="text/plain") == []
    assert judge(status=status, answered=b"<html/>", answer_type="text/html") == []


def test_a_500_that_is_no_soap_is_found() -> None:
    assert rules(judge(status=500, answered=b"<html/>", answer_type="text/html")) == {"media-type"}


def test_a_page_is_not_judged() -> None:
    assert JUDGE("help", b"", {}, 200, b"<html/>", "text/html") == []


FIELDS = b"Accountnumber=1&NewEmail=a%40b.co&WebserviceKey=k"
RESULT = f'<SetEmailResult xmlns="{TNS}"><Success>true</Success></SetEmailResult>'.encode()


def form(
    asked: bytes = FIELDS,
    answered: bytes = RESULT,
    *,
    operation: str = "SetEmail",
    status: int = 200,
    answer_type: str = "text/xml",
) -> list[Finding]:
    return JUDGE(operation, asked, {"content-type": FORM}, status, answered, answer_type)


def test_a_good_form_breaks_nothing() -> None:
    assert form() == []
    assert form(FIELDS.lower()) == []
    assert form(status=500, answered=b"Missing parameter: x.", answer_type="text/plain") == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"asked": b"Accountnumber=1"}, "form-fields"),
        ({"asked": FIELDS + b"&NewEmail=b"}, "form-fields"),
        ({"asked": FIELDS + b"&Extra=b"}, "form-fields"),
        ({"operation": "Nope"}, "operation"),
        ({"answered": b"<SetEmailResult"}, "well-formed"),
        ({"answered": b"<a/>"}, "operation"),
        ({"answered": RESULT.replace(b"true", b"True")}, "schema"),
        ({"answer_type": "text/html"}, "media-type"),
    ],
)
def test_a_broken_form_exchange_is_found(change: dict[str, Any], rule: str) -> None:
    assert rule in rules(form(**change))


@pytest.mark.parametrize("document", [b"<a/>", b'<a xmlns="urn:x"/>'])
def test_what_is_no_wsdl_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match="is not a WSDL"):
        verdict(document)


def test_a_wsdl_without_a_message_it_names_is_refused() -> None:
    document = read_bytes("inhance_soap/iCloud.wsdl").replace(b'message name="SetEmailSoapIn"', b'message name="X"')
    with pytest.raises(ValueError, match="operation SetEmail: there is no message 'SetEmailSoapIn'"):
        verdict(document)


def test_the_contract_is_read_whole() -> None:
    contract = read_wsdl(read_bytes("inhance_soap/iCloud.wsdl"))
    assert list(contract.schemas) == [TNS]
    operation = contract.operations["BalanceCheck"]
    assert operation.soap_action == f"{TNS}BalanceCheck"
    assert (operation.input, operation.output) == (f"{{{TNS}}}BalanceCheck", f"{{{TNS}}}BalanceCheckResponse")
    assert operation.form == ("AccountNumber", "LastInvoiceNumber", "WebServiceKey")
    assert operation.form_output == f"{{{TNS}}}BalanceCheckResult"


@pytest.mark.parametrize("name", ["CloudInvoicing", "CloudManagement"])
def test_the_other_services_contracts_can_be_read(name: str) -> None:
    contract = read_wsdl(read_bytes(f"ic_webservices/{name}.wsdl"))
    assert all(
        operation.input and operation.output and operation.soap_action for operation in contract.operations.values()
    )
    assert contract.operations
