"""
Defective consumers: what is wrong with each, how it is made of the good one, and the requirements it must fail.

Each fails these and no other.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from partnerlab.client.http import HttpRequest, HttpResponse
from partnerlab.contracts.files import load_layout
from tests.bill_files import change
from tests.contracts.verification.consumers.wire import (
    Break,
    Line,
    again,
    headers,
    instead_of,
    later,
    lost_again,
    on,
    rewrites,
    skips,
    urls,
)

__all__ = ["DEFECTS", "Defect"]


@dataclass(frozen=True)
class Defect:
    """One defective consumer; `receiver` is what it does wrong with postbacks."""

    role: str
    fails: frozenset[str]
    breaks: Break | None = None
    receiver: str = ""


def _of(role: str, requirements: str, breaks: Break | None = None, *, receiver: str = "") -> Defect:
    return Defect(role, frozenset(requirements.split()), breaks, receiver)


def swapped(one: str, other: str) -> Callable[[re.Match[str]], str]:
    """The texts of two elements, each in the place of the other."""
    return lambda found: f"<{one}>{found[3]}</{one}>{found[2]}<{other}>{found[1]}</{other}>"


def uploads(edit: Callable[[bytes], bytes]) -> Break:
    """The uploaded file is another."""

    def changed(found: re.Match[str]) -> str:
        return f"<FileContent>{base64.b64encode(edit(base64.b64decode(found[1]))).decode()}</FileContent>"

    return rewrites(on("UploadInvoiceFile"), "<FileContent>([^<]*)</FileContent>", changed)


def cells(layout: str, line: int, **values: str) -> Break:
    """Cells of one line of the bill file are others."""
    return uploads(lambda data: change(data, load_layout(layout), line, **values))


def renamed(pattern: str, new: str) -> Callable[[HttpRequest], HttpRequest]:
    """The same call with something else in its body."""
    return lambda request: request._replace(content=re.sub(pattern, new, request.content.decode()).encode())


def to(operation: str, **body: object) -> Callable[[HttpRequest], HttpRequest]:
    """A call of another REST operation, with the credentials of the first."""

    def other(request: HttpRequest) -> HttpRequest:
        folder = "customer" if operation == "CreateCustomerRecord" else "remoteauthentication"
        url = re.sub(r"/api/v1/.*", f"/api/v1/{folder}/{operation}", request.url)
        return request._replace(operation=operation, url=url, content=json.dumps(body).encode())

    return other


def token_for_each_page(line: Line, request: HttpRequest) -> HttpResponse:
    """Every page begins with a sign-in of its own, as if the session's token were lost."""
    if request.operation != "CloudSSO":
        if len(line.held) < len(SIGN_IN) and request.operation == SIGN_IN[len(line.held)]:
            line.held.append(request)
        return line.really(request)
    answers = [json.loads(line.really(held).content) for held in line.held]
    body = re.sub(rb"Token=[^&]*", b"Token=" + answers[1]["RemoteAuthenticationToken"].encode(), request.content)
    return line.really(request._replace(content=body))


def kept_alive_once(line: Line, request: HttpRequest) -> HttpResponse:
    """The session is kept alive with the first page only."""
    if request.operation != "KeepRemoteSessionAlive":
        return line.really(request)
    if not line.answers:
        line.answers.append(line.really(request))
    return line.answers[0]


def never_again(line: Line, request: HttpRequest) -> HttpResponse:
    """A payment is sent once, whatever became of it."""
    if b"guid-4" in request.content:
        line.held.append(request)
        if len(line.held) > 1:
            return line.aside(request)
    return line.really(request)


SIGN_IN = ("RetrieveUsers", "RemoteAuthentication", "RetrieveCustomerGuid", "RetrieveUserAccounts")
KEY = "<Web[Ss]erviceKey>[^<]*</Web[Ss]erviceKey>"
WRONG_KEY = "<WebServiceKey>99999999-9999-4999-8999-999999999999</WebServiceKey>"
PAY, PAGE = on("MakePaymentExtended"), on("CloudSSO")
FIRST_PAYMENT = on("MakePaymentExtended", holding="IC-1<")
POST = on("Pay_Input", holding="guid-1")
CPV2 = on("CloudPaymentsV2", holding="ref-0")
BILLS, BALANCES = on("UploadInvoiceFile", holding="bills.csv"), on("UploadInvoiceFile", holding="balances.csv")

V2 = {
    "Off is sent as off": _of("inhance-v2", "INH2-PPL-1", rewrites(on("SetPaperless"), ">Off<", ">off<")),
    "AutoPay is switched by ON": _of("inhance-v2", "INH2-AUT-1", rewrites(on("SetAutopay"), ">On<", ">ON<")),
    "the amount is not rounded": _of("inhance-v2", "INH2-PAY-1", rewrites(FIRST_PAYMENT, ">10.25<", ">10.2549<")),
    "the fee is not rounded": _of("inhance-v2", "INH2-PAY-7", rewrites(FIRST_PAYMENT, ">0.50<", ">0.505<")),
    "account and document are swapped in a payment": _of(
        "inhance-v2",
        "INH2-PAY-2",
        rewrites(
            FIRST_PAYMENT,
            "<AccountNumber>(.*?)</AccountNumber>(.*)<DocumentNumber>(.*?)</DocumentNumber>",
            swapped("AccountNumber", "DocumentNumber"),
        ),
    ),
    "account and invoice are swapped in a balance check": _of(
        "inhance-v2",
        "INH2-RTDR-1",
        rewrites(
            on("BalanceCheck"),
            "<AccountNumber>(.*?)</AccountNumber>(.*?)<LastInvoiceNumber>(.*?)</LastInvoiceNumber>",
            swapped("AccountNumber", "LastInvoiceNumber"),
        ),
    ),
    "the operation has no namespace": _of(
        "inhance-v2", "INH2-ADR-2", rewrites(on("SetEmail"), ' xmlns="http://tempuri.org/"', "")
    ),
    "the parameters have no namespace": _of(
        "inhance-v2",
        "INH2-EML-1",
        rewrites(on("SetEmail"), "<(Accountnumber|NewEmail|WebserviceKey)>", r'<\1 xmlns="">'),
    ),
    "the parameters are prefixed with a prefix that nobody declared": _of(
        "inhance-v2", "ASMX-SOAP-1", rewrites(on("SetEmail"), "(</?)(NewEmail)>", r"\1web:\2>")
    ),
    "the SOAPAction is another operation's": _of(
        "inhance-v2", "ASMX-SOAP-1", headers(on("SetEmail"), {"soapaction": '"http://tempuri.org/SetMail"'})
    ),
    "the message is sent as JSON": _of(
        "inhance-v2", "ASMX-SOAP-1", headers(on("SetEmail"), {"content-type": "application/json"})
    ),
    "the key has the other operation's spelling": _of(
        "inhance-v2", "INH2-PPL-1", rewrites(on("SetPaperless"), "WebserviceKey", "WebServiceKey")
    ),
    "the key is another biller's": _of("inhance-v2", "INH2-ADR-3", rewrites(on("BalanceCheck"), KEY, WRONG_KEY)),
    "the payment's date is written the American way": _of(
        "inhance-v2", "INH2-PAY-1", rewrites(FIRST_PAYMENT, ">2026-06-01T08:30:00<", ">06/01/2026<")
    ),
    "a payment of unknown outcome is sent again": _of("inhance-v2", "INH2-PAY-10", lost_again(PAY)),
    "a payment of unknown outcome is sent again under another reference": _of(
        "inhance-v2", "INH2-PAY-10", lost_again(PAY, renamed("IC-3", "IC-3-2"))
    ),
    "a payment that was answered is posted again": _of("inhance-v2", "INH2-PAY-2", again(FIRST_PAYMENT)),
    "a card is posted as CC": _of(
        "inhance-v2", "INH2-PAY-5 INH2-PAY-6", rewrites(FIRST_PAYMENT, ">Credit Card<", ">CC<")
    ),
    "paperless goes out under the conveyed number": _of(
        "inhance-v2", "INH2-PPL-3", rewrites(on("SetPaperless"), ">10000101<", ">10000101CV-20260101<")
    ),
    "AutoPay goes out under the conveyed number": _of(
        "inhance-v2", "INH2-AUT-3", rewrites(on("SetAutopay"), ">10000101<", ">10000101-CV-202601011200<")
    ),
    "the invoice's number is sent with letters": _of(
        "inhance-v2", "INH2-RTDR-8", rewrites(on("BalanceCheck"), ">500001<", ">INV500001<")
    ),
    "paperless is switched for an unknown account": _of(
        "inhance-v2", "INH2-PPL-2", rewrites(on("SetPaperless"), ">10000101<", ">99999999<")
    ),
    "the bill file's total is wrong": _of(
        "inhance-v2", "INH2-BIF-4", cells("inhance_v2", 1, TotalInvoiceAmount="9.99")
    ),
    "the bill file's count is wrong": _of("inhance-v2", "INH2-BIF-3", cells("inhance_v2", 1, InvoiceCount="2")),
    "a date of the bill file is ISO": _of("inhance-v2", "INH2-IH-11", cells("inhance_v2", 2, InvoiceDate="2026-06-01")),
    "the bill file says N where it replaces": _of(
        "inhance-v2", "INH2-IH-8 INH2-BIF-5", cells("inhance_v2", 2, RecordType="N")
    ),
    "the bill file's customer is missing": _of(
        "inhance-v2", "INH2-BIF-2", uploads(lambda data: re.sub(rb"\nCR\|[^\n]*", b"", data))
    ),
}

TCCS = {
    "a card is posted in small letters": _of("tccs", "TCCS-PAY-11", rewrites(POST, "%3ACC%40", "%3Acc%40")),
    "an amount has one decimal": _of("tccs", "TCCS-PAY-10", rewrites(POST, "24.10", "24.1")),
    "an amount has a thousands separator": _of("tccs", "TCCS-PAY-10", rewrites(POST, "24.10", "1%2C024.10")),
    "spaces stand around the separators": _of("tccs", "TCCS-ADR-10", rewrites(POST, "%7C24", "+%7C+24")),
    "a PaymentGUID has an underscore": _of("tccs", "TCCS-GUID-2", rewrites(POST, "guid-1", "guid_1")),
    "a payment that is sent again gets a new PaymentGUID": _of(
        "tccs", "TCCS-GUID-4", lost_again(on("Pay_Input"), renamed("guid-4", "guid-4-2"))
    ),
    "two payments share a PaymentGUID": _of("tccs", "TCCS-GUID-4", rewrites(on("Pay_Input"), "guid-2", "guid-1")),
    "a payment has no PaymentGUID": _of("tccs", "TCCS-GUID-1", rewrites(POST, "%40guid-1", "")),
    "a payment without PaymentGUID is sent again": _of(
        "tccs", "TCCS-GUID-1 TCCS-GUID-5", rewrites(on("Pay_Input"), "%40guid-4", "")
    ),
    "a payment of unknown outcome is never sent again": _of("tccs", "TCCS-GUID-5", never_again),
    "a deposit is posted as a payment": _of(
        "tccs", "TCCS-PAY-7", rewrites(on("Pay_Input"), "%7CHarbor[^%]*%7C24.00", "%7C24.00%3ACC")
    ),
    "paperless is switched by a small y": _of("tccs", "TCCS-PPL-1", rewrites(on("Paperless_Bill"), "%3AY", "%3Ay")),
    "AutoPay is switched by On": _of("tccs", "TCCS-AUT-1", rewrites(on("Recurring_Pay"), "%3AY", "%3AOn")),
    "the entryKey is wrong": _of(
        "tccs", "TCCS-ADR-4", rewrites(on("ARState_Output"), "entryKey=[^&]*", "entryKey=another-entry-key")
    ),
    "a form is labelled as JSON": _of(
        "tccs", "TCCS-ADR-3", headers(on("ARState_Output"), {"content-type": "application/json"})
    ),
    "the path misses its underscore": _of(
        "tccs", "TCCS-ADR-8", urls(on("Paperless_Bill"), "Paperless_Bill", "PaperlessBill")
    ),
    "a return's date is ISO": _of(
        "tccs", "TCCS-REJ-1", rewrites(on("Insufficient_Pay_Report"), "%3A[0-9%F]*%7C", "%3A2026-06-01%7C")
    ),
    "the balance of an unknown policy is asked for": _of(
        "tccs", "TCCS-ADR-6", rewrites(on("ARState_Output"), "454100010", "999999999")
    ),
    "the bill file says R where it rewrites": _of("tccs", "TCCS-IH-8 TCCS-BIF-5", cells("tccs", 2, RecordType="R")),
    "an amount of the bill file has a comma": _of("tccs", "TCCS-IH-21", cells("tccs", 2, MinimumAmountDue="10,00")),
}

V1 = {
    "a bill file that was answered comes again": _of("inhance-v1", "INH1-INV-3", again(on("UploadInvoiceFile"))),
    "a download leaves a gap": _of(
        "inhance-v1",
        "INH1-JOB-1",
        rewrites(on("ExportPayments"), "<Since>(?!2026-01-01)[^<]*", "<Since>2099-01-01T00:00:00"),
    ),
    "a download begins anew": _of(
        "inhance-v1",
        "INH1-JOB-1",
        again(on("ExportCustomerChanges"), renamed("<Since>2026-01-01", "<Since>2025-01-01")),
    ),
    "a bill file has a column too few": _of(
        "inhance-v1", "INH1-INV-2", uploads(lambda data: re.sub(rb"\|[^|\n]*\n(?=CR)", b"\n", data))
    ),
    "a balance is not rounded": _of(
        "inhance-v1", "INH1-BAL-1", rewrites(on("SetInvoiceBalance"), ">12.34<", ">12.345<")
    ),
    "a balance is of an unknown invoice": _of(
        "inhance-v1", "ICWS-BAL-1", rewrites(on("SetInvoiceBalance"), "<InvoiceNumber>[^<]*", "<InvoiceNumber>none")
    ),
    "the arguments are not wrapped": _of("inhance-v1", "INH1-BAL-1", rewrites(on("SetInvoiceBalance"), "</?Req>", "")),
    "the web service key is wrong": _of("inhance-v1", "ICWS-KEY-2", rewrites(on("ExportPayments"), KEY, WRONG_KEY)),
}

PORTAL = {
    "nobody is looked up": _of(
        "inhance-portal", "ICP-ACCESS-1", skips(on("RetrieveUsers", holding="Username.*willows"))
    ),
    "the CustomerGUID is not retrieved": _of(
        "inhance-portal", "ICP-ACCESS-2", skips(on("RetrieveCustomerGuid", holding="willows"))
    ),
    "the accounts are synchronized before the CustomerGUID is there": _of(
        "inhance-portal", "ICP-ACCESS-2", later("RetrieveCustomerGuid", than="RetrieveUserAccounts")
    ),
    "a user whose login failed is not authenticated after the registration": _of(
        "inhance-portal", "ICP-ACCESS-3", skips(on("RemoteAuthentication", holding="cedar"))
    ),
    "LoginTypeID is 2": _of(
        "inhance-portal",
        "ICP-REG-1",
        instead_of(on("RegisterAccounts"), renamed('"LoginTypeID":1', '"LoginTypeID":2')),
    ),
    "a new account is not registered": _of(
        "inhance-portal", "ICP-REG-2", skips(on("RegisterAccounts", holding="19990001"))
    ),
    "a known account gets a record": _of(
        "inhance-portal",
        "ICP-REG-3",
        again(
            on("RetrieveUsers", holding="AccountNumber.*10000103"),
            to("CreateCustomerRecord", AccountNumber="10000103", CustomerName="Harbour Books"),
        ),
    ),
    "a registered account is registered again": _of(
        "inhance-portal",
        "ICP-REG-4",
        again(
            on("RetrieveUsers", holding="AccountNumber.*10000101"),
            to(
                "RegisterAccounts",
                Username="willows@example.com",
                Password="Sandbox!2345",
                EmailAddress="willows@example.com",
                Accounts=["10000101"],
                LoginTypeID=1,
            ),
        ),
    ),
    "every page has a token of its own": _of("inhance-portal", "ICP-REG-5", token_for_each_page),
    "the API key is sent in a header of its own": _of(
        "inhance-portal",
        "ICWS-KEY-1",
        headers(on("RetrieveUsers"), {"authorization": None, "x-api-key": "sandbox-api-key"}),
    ),
    "the API key is nobody's": _of(
        "inhance-portal", "ICWS-KEY-1", headers(on("RetrieveCustomerAccount"), {"authorization": "Basic bm9ib2R5Og=="})
    ),
    "the path is misspelt": _of(
        "inhance-portal", "ICWS-REST-3", urls(on("RetrieveCustomerAccount"), "/account$", "/acount")
    ),
    "a page of another portal is opened": _of(
        "inhance-portal", "ICP-SSO-3", rewrites(PAGE, "RedirectID=9", "RedirectID=8")
    ),
    "ViewMode is a word": _of("inhance-portal", "ICP-SSO-2", rewrites(PAGE, "ViewMode=1", "ViewMode=iframe")),
    "the stylesheet has no host": _of("inhance-portal", "ICP-SSO-4", rewrites(PAGE, "CSSUrl=[^&]*", "CSSUrl=site.css")),
    "ReturnUrl has no host": _of("inhance-portal", "ICP-SSO-5", rewrites(PAGE, "ReturnUrl=[^&]*", "ReturnUrl=%2Fhome")),
    "the site has a name and no way back": _of("inhance-portal", "ICP-SSO-6", rewrites(PAGE, "ReturnUrl=[^&]*&", "")),
    "the token is lower-cased": _of(
        "inhance-portal", "ICP-SSO-1", rewrites(PAGE, "Token=([^&]*)", lambda found: f"Token={found[1].lower()}")
    ),
    "a guest's page creates no customer": _of(
        "inhance-portal",
        "ICP-GUEST-1",
        rewrites(on("CloudPaymentsV2"), '"CreateCustomerRecord":true', '"CreateCustomerRecord":false'),
    ),
    "the password is changed without the present one": _of(
        "inhance-portal", "ICP-UPD-2", rewrites(on("UpdatePassword"), '"Password":"[^"]*"', '"Password":"Wrong!2345"')
    ),
}

WATERSMART = {
    "the session is not kept alive": _of("watersmart", "WS-KEEP-1", kept_alive_once),
    "a page that is not embedded is opened": _of(
        "watersmart", "WS-PAGE-1", rewrites(PAGE, "RedirectID=8", "RedirectID=1")
    ),
    "the account of the session is not found": _of("watersmart", "WS-GUID-1", skips(on("RetrieveCustomerGuid"))),
    "users are registered before they are tried": _of(
        "watersmart", "WS-AUTH-2", skips(on("RemoteAuthentication", holding="pond"))
    ),
    "a refused user is not registered": _of("watersmart", "WS-REG-1", skips(on("RemoteRegistration", holding="pond"))),
    "an amount of the balance file has an exponent": _of(
        "watersmart",
        "WS-ADJ-3",
        rewrites(
            BALANCES, "<FileContent>[^<]*", "<FileContent>" + base64.b64encode(b"20000201,B,3.12E1,1,\n").decode()
        ),
    ),
    "a date of the invoice file begins with the day": _of(
        "watersmart", "WS-IN-9", uploads(lambda data: data.replace(b"06/21/2026", b"21/06/2026"))
    ),
    "the balance file has a column too few": _of(
        "watersmart",
        "WS-FILE-1",
        rewrites(BALANCES, "<FileContent>[^<]*", "<FileContent>" + base64.b64encode(b"20000201,B,31.20,1\n").decode()),
    ),
    "an invoice file that was answered comes again": _of("watersmart", "WS-SEND-1", again(BALANCES)),
    "an invoice file comes again with another content": _of("watersmart", "WS-SEND-1", lost_again(BILLS)),
    "an account of a user who is not known is removed": _of(
        "watersmart", "WS-UNREG-1", rewrites(on("UnregisterAccounts"), "brook@", "nobody@")
    ),
    "the web service key is wrong": _of(
        "watersmart", "ICWS-KEY-2", rewrites(on("KeepRemoteSessionAlive"), KEY, WRONG_KEY)
    ),
    "the SOAPAction is missing": _of(
        "watersmart", "ICWS-SOAP-2", headers(on("LinkCustomerAccount"), {"soapaction": None})
    ),
}

CLOUD_PAYMENTS = {
    "ViewMode is a word": _of("cloud-payments", "CPV2-REQ-4", rewrites(CPV2, '"ViewMode":1', '"ViewMode":"iframe"')),
    "nobody is named": _of(
        "cloud-payments", "CPV2-REQ-6", rewrites(CPV2, r'"Customers":\[.*?\]\}\]', '"Customers":[]')
    ),
    "the account is unknown": _of(
        "cloud-payments",
        "CPV2-CUS-1",
        rewrites(
            CPV2,
            '"CreateCustomerRecord":true(.*)"AccountNumber":"10000101"',
            r'"CreateCustomerRecord":false\1"AccountNumber":"nobody"',
        ),
    ),
    "the balance is not rounded": _of(
        "cloud-payments", "CPV2-INV-5", rewrites(CPV2, '"BalanceDue":1.00', '"BalanceDue":1.005')
    ),
    "the due date begins with the year": _of(
        "cloud-payments", "CPV2-INV-4", rewrites(CPV2, '"DueDate":"[^"]*"', '"DueDate":"2026/07/01"')
    ),
    "the API key is nobody's": _of(
        "cloud-payments", "ICWS-KEY-1", headers(CPV2, {"authorization": "Basic bm9ib2R5Og=="})
    ),
    "Approved is not read": _of("cloud-payments", "CPV2-RCV-1", receiver="approved"),
    "the posted amount is credited": _of("cloud-payments", "CPV2-RCV-2", receiver="amount"),
    "a payment is credited with each postback": _of("cloud-payments", "CPV2-RCV-3", receiver="once"),
    "anybody's postback is credited": _of("cloud-payments", "CPV2-RCV-4", receiver="look-up"),
    "an old postback is refused": _of("cloud-payments", "CPV2-RCV-5 CPV2-PB-21", receiver="fresh"),
    "an unknown reference is credited": _of("cloud-payments", "CPV2-RCV-6", receiver="reference"),
    "a field more is refused": _of("cloud-payments", "CPV2-RCV-7 CPV2-PB-21", receiver="exact"),
    "a postback that was taken is answered with 500": _of("cloud-payments", "CPV2-PB-21", receiver="slow"),
}

DEFECTS = {
    f"{defect.role}: {name}": defect
    for table in (V2, TCCS, V1, PORTAL, WATERSMART, CLOUD_PAYMENTS)
    for name, defect in table.items()
}
