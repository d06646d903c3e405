"""Each way in which the platform's services can be wrong fails the checks that are about it, and no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from partnerlab.contracts.verification.grading import Outcome
from partnerlab.contracts.verification.provider import invoice_cloud
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, Send
from partnerlab.contracts.verification.provider.invoice_cloud.platform import UNKNOWN, WRONG
from tests.contracts.verification.mutants import (
    Mutant,
    When,
    adding,
    answers,
    form,
    get,
    has,
    headers,
    instead,
    label,
    requests,
    soap11,
    soap12,
)
from tests.contracts.verification.mutants_of_http import of_http
from tests.contracts.verification.mutants_of_meaning import OF_INVOICE_CLOUD
from tests.contracts.verification.worlds import INVOICE_CLOUD, World, invoice_cloud_world, verify_invoice_cloud

KEY, GUID = INVOICE_CLOUD.web_service_key, INVOICE_CLOUD.biller_guid
CUSTOMER, INVOICE = label("ViewCustomerRecord"), label("ViewInvoiceByInvoiceNumber")
PAGE = label("CloudPaymentsV2")
OK = '{"Success":true,"ErrorMessage":null}'
NO = '{"Success":false,"ErrorMessage":"no"}'
FAULT = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>'
    "<faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>"
)
ONCE_ONLY = r"<Since>(?!2000)"


def json(body: str, *when: When, status: int = 200) -> Mutant:
    return instead(status, body, "application/json", *when)


def rest(asked: Asked) -> bool:
    return "authorization" in asked.headers or asked.headers.get("content-type") == "application/json"


def credential(test: Callable[[str], bool]) -> When:
    return lambda asked: rest(asked) and test(asked.headers.get("authorization", ""))


def any_api_key(world: World) -> Send:
    right = invoice_cloud.Platform.basic

    def send(asked: Asked, timeout_s: float) -> Answered:
        if rest(asked):
            key = right(invoice_cloud.Platform.__new__(invoice_cloud.Platform), INVOICE_CLOUD.api_key)
            asked = replace(asked, headers={**asked.headers, "authorization": key})
        return world.send(asked)

    return send


def prefixed(found: re.Match[str]) -> str:
    return re.sub(r"<(/?)(\w)", r"<\1m:\2", found[0]).replace(" xmlns=", " xmlns:m=", 1)


MUTANTS: list[tuple[str, Mutant, set[str]]] = [
    ("status: a member too many", answers(r"\}$", ',"Plan":"x"}', label("BillerStatus")), {"status"}),
    (
        "a key without its colon only",
        json(NO, credential(lambda text: text.endswith("Og==")), status=401),
        {"key-forms"},
    ),
    ("no blanks in a key", json(NO, credential(lambda text: text.count(" ") > 1), status=401), {"key-forms"}),
    ("any API key", any_api_key, {"wrong-api-key", "changes-wrong-api-key"}),
    ("no API key is an error", json(NO, credential(lambda text: not text), status=403), {"wrong-api-key"}),
    ("users: none", answers('"Users":.*', '"Users":[]}', label("RetrieveUsers")), {"users", "users-registered"}),
    (
        "users: of another account",
        answers('"AccountNumber":"10000101"', '"AccountNumber":"10000102"', label("RetrieveUsers")),
        {"users"},
    ),
    (
        "account: without a balance",
        answers(',"BalanceDue":[0-9.]+', "", label("RetrieveCustomerAccount")),
        {"customer-guid", "set-balance"},
    ),
    ("account: not found", json(NO, label("RetrieveCustomerAccount"), status=404), {"customer-guid", "set-balance"}),
    (
        "names by their case",
        json(NO, label("RetrieveCustomerGuid"), has("accountNUMBER"), status=400),
        {"property-case"},
    ),
    ("no unknown properties", json(NO, has("VerifyUnknown"), status=400), {"property-case"}),
    ("no numbers for texts", json(NO, has('"AccountNumber": 1'), status=400), {"number-as-text"}),
    ("WSDL: an argument is missing", answers('<s:element [^>]*name="Since"[^>]*/>', "", get, label("WSDL")), {"wsdl"}),
    ("WSDL: arguments not wrapped", answers('name="Req"', 'name="Request"', get, label("WSDL")), {"wsdl"}),
    ("invoice: a date as text", answers("<InvoiceDate>[^<]*<", "<InvoiceDate>soon<", INVOICE, soap11), {"invoice"}),
    ("invoice: another one", answers("<InvoiceNumber>500001<", "<InvoiceNumber>500002<", INVOICE, soap11), {"invoice"}),
    (
        "customer: members in another order",
        answers("(<City>[^<]*</City>)(<State>[^<]*</State>)", r"\2\1", CUSTOMER, soap11, has("10000101")),
        {"customer", "update", "update-wrong-key", "create-known"},
    ),
    ("SOAP 1.2 unknown", instead(415, "", "text/plain", soap12), {"soap12"}),
    ("forms unknown", instead(500, "no", "text/plain", form), {"forms"}),
    (
        "a prefix on every element",
        answers("<(ViewCustomerRecordResponse) .*</ViewCustomerRecordResponse>", prefixed, CUSTOMER, soap11),
        {"unprefixed"},
    ),
    (
        "payments: declined ones too",
        answers("<Approved>true<", "<Approved>false<", label("ExportPayments")),
        {"export-payments"},
    ),
    ("payments: type 3", answers("<PaymentTypeID>1<", "<PaymentTypeID>3<", label("ExportPayments")), {"export-types"}),
    (
        "payments: types without words",
        answers("<PaymentTypeDesc>[^<]*<", "<PaymentTypeDesc><", label("ExportPayments")),
        {"export-types"},
    ),
    (
        "payments: after the moment",
        answers("<Payments>.*</Payments>", "<Payments />", label("ExportPayments"), has(ONCE_ONLY)),
        {"export-since"},
    ),
    ("changes: a fault", instead(500, "<a/>", "text/xml", label("ExportCustomerChanges")), {"export-changes"}),
    (
        "any WebServiceKey",
        requests(f"<WebServiceKey>{WRONG}<", f"<WebServiceKey>{KEY}<"),
        {"wrong-service-key", "update-wrong-key"},
    ),
    ("any BillerGUID", requests(f"<BillerGUID>{WRONG}<", f"<BillerGUID>{GUID}<"), {"wrong-service-key"}),
    (
        "a refusal that tells the name",
        answers("</Success>", "</Success><CustomerName>Willows</CustomerName>", CUSTOMER, has(f"BillerGUID>{WRONG}")),
        {"wrong-service-key"},
    ),
    ("a wrong key as a fault", instead(500, FAULT, "text/xml", INVOICE, has(WRONG)), {"wrong-service-key"}),
    (
        "an unknown account is 404",
        json(NO, label("RetrieveCustomerGuid"), has(UNKNOWN), status=404),
        {"unknown-account"},
    ),
    (
        "an unknown account is a customer",
        json('{"Success":true,"ErrorMessage":null,"CustomerGuid":"x"}', label("RetrieveCustomerGuid"), has(UNKNOWN)),
        {"unknown-account"},
    ),
    (
        "an unknown invoice owes nothing",
        answers("<Success>false", "<Success>true", INVOICE, has(UNKNOWN)),
        {"unknown-invoice"},
    ),
    (
        "who is a user is told",
        answers('"ErrorMessage":"[^"]*"', '"ErrorMessage":"Unknown user."', has("verify.nobody.*wrong-1")),
        {"wrong-password"},
    ),
    (
        "any token lives",
        answers("<Success>false", "<Success>true", label("KeepRemoteSessionAlive"), has(WRONG)),
        {"unknown-token"},
    ),
    (
        "no account is an error",
        json("{}", label("RetrieveCustomerGuid"), lambda asked: asked.body == b"{}", status=500),
        {"malformed"},
    ),
    (
        "a refusal names no place",
        answers(
            '"ErrorMessage":"[^"]*"',
            '"ErrorMessage":"Bad request."',
            label("RetrieveCustomerGuid"),
            lambda asked: asked.body == b"{}",
        ),
        {"malformed"},
    ),
    (
        "a wrong key is refused, and the balance is set",
        adding(
            lambda asked: replace(asked, body=asked.body.replace(WRONG.encode(), KEY.encode())),
            label("SetInvoiceBalance"),
            has(f"WebServiceKey>{WRONG}"),
        ),
        {"update-wrong-key"},
    ),
    (
        "broken JSON is an answer",
        json(NO, label("RetrieveCustomerGuid"), lambda asked: asked.body.endswith(b": ")),
        {"malformed"},
    ),
    (
        "login: no token by SOAP",
        answers("<RemoteAuthenticationToken>.*</RemoteAuthenticationToken>", "", soap11, label("RemoteAuthentication")),
        {"login"},
    ),
    (
        "sessions end at once",
        answers("<Success>true", "<Success>false", label("KeepRemoteSessionAlive")),
        {"keep-alive"},
    ),
    (
        "sessions end nobody knows when",
        answers("(<ExpirationDate>)[^<]*", r"\g<1>0001-01-01T00:00:00", label("KeepRemoteSessionAlive")),
        {"keep-alive"},
    ),
    (
        "changes of nobody",
        answers("(<AccountNumber>)[^<]*", r"\1", label("ExportCustomerChanges")),
        {"export-changes"},
    ),
    (
        "changes of no date",
        answers("(Date>)[^<]*<", r"\g<1>0001-01-01T00:00:00<", label("ExportCustomerChanges")),
        {"export-changes"},
    ),
    (
        "accounts of the user: none",
        answers('"Accounts":.*', '"Accounts":[]}', label("RetrieveUserAccounts")),
        {"user-accounts"},
    ),
    (
        "update: answered and forgotten",
        requests("<Phone>5550100199</Phone>", "", label("UpdateCustomerRecord")),
        {"update"},
    ),
    (
        "update: the rest is emptied",
        requests("<Phone>5550100199</Phone>", "<City></City><Phone>5550100199</Phone>", label("UpdateCustomerRecord")),
        {"update"},
    ),
    (
        "balance: in whole dollars",
        requests(r"<(BalanceDue|TotalAmountDue)>(\d+)\.\d\d<", r"<\1>\2.00<", label("SetInvoiceBalance"), has(KEY)),
        {"set-balance"},
    ),
    (
        "LoginTypeID 2 is taken",
        json('{"Success":true,"ErrorMessage":null,"Accounts":[]}', has('"LoginTypeID": 2')),
        {"login-type"},
    ),
    ("a known customer is refused", json(NO, label("CreateCustomerRecord")), {"create-known", "changes-wrong-api-key"}),
    (
        "Cloud Payments: an address without host",
        answers('"CloudPaymentURL":"[^"]*"', '"CloudPaymentURL":"/pay/1"', PAGE),
        {"cloud-payments"},
    ),
    ("Cloud Payments: no Data", answers('"Data":\\{.*\\}', '"Data":null}', PAGE), {"cloud-payments"}),
    ("Cloud Payments: no invoice may be named", json(NO, PAGE, has('"InvoiceNumber"')), {"cloud-payments-named"}),
    ("Cloud Payments: names by their case", json(NO, PAGE, has("ACCOUNTNUMBER"), status=400), {"cloud-payments-case"}),
    (
        "Cloud Payments: ViewMode is 1",
        requests('^\\{"Customers"', '{"ViewMode":1,"Customers"', PAGE),
        {"cloud-payments-required"},
    ),
    ("Cloud Payments: nobody is created", json(OK, PAGE, has(UNKNOWN)), {"cloud-payments-unknown"}),
    ("Cloud Payments: nobody is not named", answers(UNKNOWN, "the account", PAGE), {"cloud-payments-unknown"}),
    (
        "content type of a page",
        headers("content-type", "text/html", label("ExportCustomerChanges")),
        {"export-changes"},
    ),
    *of_http(label("RetrieveUsers")),
    *OF_INVOICE_CLOUD,
]


@pytest.mark.parametrize(("mutant", "caught"), [row[1:] for row in MUTANTS], ids=[row[0] for row in MUTANTS])
def test_a_mutant_fails_the_checks_that_are_about_it_and_no_other(mutant: Mutant, caught: set[str]) -> None:
    run = verify_invoice_cloud(mutant(invoice_cloud_world()), plain=True)
    assert run.configuration is None
    start = "invoice-cloud/"
    failed = {one.check.removeprefix(start): one.problems for one in run.checks if one.outcome is Outcome.FAILED}
    assert failed.keys() == caught, failed


def test_every_check_is_failed_by_a_mutant() -> None:
    caught = {f"invoice-cloud/{name}" for _, _, names in MUTANTS for name in names}
    fuzzed = {check.id for check in invoice_cloud.CHECKS.checks.values() if check.kind == "fuzz"}  # test_fuzz_rest.py
    assert set(invoice_cloud.CHECKS.checks) - caught == fuzzed
