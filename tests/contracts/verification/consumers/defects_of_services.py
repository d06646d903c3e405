"""Defective callers of the partners' services, and uploads: inHance v2 and v1, TCCS."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce

from partnerlab.client.http import HttpRequest
from tests.contracts.verification.consumers.breaking import (
    KEY,
    WRONG_KEY,
    cells,
    never_again,
    of,
    renamed,
    swapped,
    uploads,
)
from tests.contracts.verification.consumers.wire import (
    again,
    headers,
    instead_of,
    lost_again,
    on,
    rewrites,
    urls,
)

__all__ = ["TCCS", "V1", "V2"]


def anew(reference: str, date: str, amount: str) -> Callable[[HttpRequest], HttpRequest]:
    """The same payment as one of its own."""
    values = {"PaymentReference": reference, "PaymentDate": date, "PaymentAmount": amount}
    changes = [renamed(f"<{name}>[^<]*<", f"<{name}>{value}<") for name, value in values.items()]
    return lambda request: reduce(lambda made, change: change(made), changes, request)


def by_get(request: HttpRequest) -> HttpRequest:
    """The form in the address."""
    return request._replace(method="GET", url=f"{request.url}?{request.content.decode()}", headers={}, content=b"")


SOMEBODY = "99999999-9999-4999-8999-999999999999"
PAY, PAGE = on("MakePaymentExtended"), on("CloudSSO")
FIRST_PAYMENT = on("MakePaymentExtended", holding="IC-1<")
POST = on("Pay_Input", holding="guid-1")

V2 = {
    "Off is sent as off": of("inhance-v2", "INH2-PPL-1", rewrites(on("SetPaperless"), ">Off<", ">off<")),
    "AutoPay is switched by ON": of("inhance-v2", "INH2-AUT-1", rewrites(on("SetAutopay"), ">On<", ">ON<")),
    "the amount is not rounded": of("inhance-v2", "INH2-PAY-1", rewrites(FIRST_PAYMENT, ">10.25<", ">10.2549<")),
    "the fee is not rounded": of("inhance-v2", "INH2-PAY-7", rewrites(FIRST_PAYMENT, ">0.50<", ">0.505<")),
    "account and document are swapped in a payment": of(
        "inhance-v2",
        "INH2-PAY-2",
        rewrites(
            FIRST_PAYMENT,
            "<AccountNumber>(.*?)</AccountNumber>(.*)<DocumentNumber>(.*?)</DocumentNumber>",
            swapped("AccountNumber", "DocumentNumber"),
        ),
    ),
    "account and invoice are swapped in a balance check": of(
        "inhance-v2",
        "INH2-RTDR-1",
        rewrites(
            on("BalanceCheck"),
            "<AccountNumber>(.*?)</AccountNumber>(.*?)<LastInvoiceNumber>(.*?)</LastInvoiceNumber>",
            swapped("AccountNumber", "LastInvoiceNumber"),
        ),
    ),
    "the operation has no namespace": of(
        "inhance-v2", "INH2-ADR-2", rewrites(on("SetEmail"), ' xmlns="http://tempuri.org/"', "")
    ),
    "a message goes to the address of a form": of("inhance-v2", "INH2-ADR-2", urls(on("SetEmail"), "$", "/SetEmail")),
    "a header must be understood, as WCF's are": of(
        "inhance-v2",
        "ASMX-SOAP-1",
        rewrites(
            on("SetEmail"),
            "<soap:Body>",
            '<soap:Header><a:To xmlns:a="urn:a" soap:mustUnderstand="1"/></soap:Header><soap:Body>',
        ),
    ),
    "the service's path is misspelt": of("inhance-v2", "INH2-ADR-2", urls(on("SetEmail"), "iCloud.asmx", "Cloud.asmx")),
    "the parameters have no namespace": of(
        "inhance-v2",
        "INH2-EML-1",
        rewrites(on("SetEmail"), "<(Accountnumber|NewEmail|WebserviceKey)>", r'<\1 xmlns="">'),
    ),
    "the parameters are prefixed with a prefix that nobody declared": of(
        "inhance-v2", "ASMX-SOAP-1", rewrites(on("SetEmail"), "(</?)(NewEmail)>", r"\1web:\2>")
    ),
    "the SOAPAction is another operation's": of(
        "inhance-v2", "ASMX-SOAP-1", headers(on("SetEmail"), {"soapaction": '"http://tempuri.org/SetMail"'})
    ),
    "the message is sent as JSON": of(
        "inhance-v2", "ASMX-SOAP-1", headers(on("SetEmail"), {"content-type": "application/json"})
    ),
    "the key has the other operation's spelling": of(
        "inhance-v2", "INH2-PPL-1", rewrites(on("SetPaperless"), "WebserviceKey", "WebServiceKey")
    ),
    "the key is another biller's": of("inhance-v2", "INH2-ADR-3", rewrites(on("BalanceCheck"), KEY, WRONG_KEY)),
    "the payment's date is written the American way": of(
        "inhance-v2", "INH2-PAY-1", rewrites(FIRST_PAYMENT, ">2026-06-01T08:30:00<", ">06/01/2026<")
    ),
    "a payment of unknown outcome is sent again": of("inhance-v2", "INH2-PAY-10", lost_again(PAY)),
    "a payment of unknown outcome is sent again under another reference": of(
        "inhance-v2", "INH2-PAY-10", lost_again(PAY, renamed("IC-3", "IC-3-2"))
    ),
    "a payment of unknown outcome is made anew a moment later": of(
        "inhance-v2", "INH2-PAY-10", lost_again(PAY, anew("IC-3-2", "2026-06-01T08:30:07", "3.75"))
    ),
    "a payment that was answered is posted again": of("inhance-v2", "INH2-PAY-2", again(FIRST_PAYMENT)),
    "a card is posted as CC": of(
        "inhance-v2", "INH2-PAY-5 INH2-PAY-6", rewrites(FIRST_PAYMENT, ">Credit Card<", ">CC<")
    ),
    "paperless goes out under the conveyed number": of(
        "inhance-v2", "INH2-PPL-3", rewrites(on("SetPaperless"), ">10000101<", ">10000101CV-20260101<")
    ),
    "AutoPay goes out under the conveyed number": of(
        "inhance-v2", "INH2-AUT-3", rewrites(on("SetAutopay"), ">10000101<", ">10000101-CV-202601011200<")
    ),
    "the invoice's number is sent with letters": of(
        "inhance-v2", "INH2-RTDR-8", rewrites(on("BalanceCheck"), ">500001<", ">INV500001<")
    ),
    "paperless is switched for an unknown account": of(
        "inhance-v2", "INH2-PPL-2", rewrites(on("SetPaperless"), ">10000101<", ">99999999<")
    ),
    "the bill file's total is wrong": of("inhance-v2", "INH2-BIF-4", cells("inhance_v2", 1, TotalInvoiceAmount="9.99")),
    "the bill file's count is wrong": of("inhance-v2", "INH2-BIF-3", cells("inhance_v2", 1, InvoiceCount="2")),
    "a date of the bill file is ISO": of("inhance-v2", "INH2-IH-11", cells("inhance_v2", 2, InvoiceDate="2026-06-01")),
    "the bill file says N where it replaces": of(
        "inhance-v2", "INH2-IH-8 INH2-BIF-5", cells("inhance_v2", 2, RecordType="N")
    ),
    "the bill file is another biller's": of("inhance-v2", "INH2-FH-2", cells("inhance_v2", 1, BillerGuid=SOMEBODY)),
    "the bill file's customer is missing": of(
        "inhance-v2", "INH2-BIF-2", uploads(lambda data: re.sub(rb"\nCR\|[^\n]*", b"", data))
    ),
}

TCCS = {
    "the bill file is another biller's": of("tccs", "TCCS-FH-2", cells("tccs", 1, BillerGuid=SOMEBODY)),
    "the bill file is for another format": of("tccs", "TCCS-IH-9", cells("tccs", 2, InvoiceFormatGuid=SOMEBODY)),
    "the bill file has the name of a CSV file": of(
        "tccs", "TCCS-BIF-1", rewrites(on("UploadInvoiceFile"), "[.]bif</FileName>", ".csv</FileName>")
    ),
    "a card is posted in small letters": of("tccs", "TCCS-PAY-11", rewrites(POST, "%3ACC%40", "%3Acc%40")),
    "an amount has one decimal": of("tccs", "TCCS-PAY-10", rewrites(POST, "24.10", "24.1")),
    "an amount has a thousands separator": of("tccs", "TCCS-PAY-10", rewrites(POST, "24.10", "1%2C024.10")),
    "spaces stand around the separators": of("tccs", "TCCS-ADR-10", rewrites(POST, "%7C24", "+%7C+24")),
    "a PaymentGUID has an underscore": of("tccs", "TCCS-GUID-2", rewrites(POST, "guid-1", "guid_1")),
    "a payment that is sent again gets a new PaymentGUID": of(
        "tccs", "TCCS-GUID-4", lost_again(on("Pay_Input"), renamed("guid-4", "guid-4-2"))
    ),
    "two payments share a PaymentGUID": of("tccs", "TCCS-GUID-4", rewrites(on("Pay_Input"), "guid-2", "guid-1")),
    "a payment has no PaymentGUID": of("tccs", "TCCS-GUID-1", rewrites(POST, "%40guid-1", "")),
    "a payment without PaymentGUID is sent again": of(
        "tccs", "TCCS-GUID-1 TCCS-GUID-5", rewrites(on("Pay_Input"), "%40guid-4", "")
    ),
    "posted already is taken for refused, and paid anew": of(
        "tccs", "TCCS-GUID-4", again(POST, lambda request: request, renamed("guid-1", "guid-1-2"))
    ),
    "a return of unknown outcome is reported again": of(
        "tccs", "TCCS-REJ-3", lost_again(on("Insufficient_Pay_Report"))
    ),
    "a payment of unknown outcome is never sent again": of("tccs", "TCCS-GUID-5", never_again),
    "a deposit is posted as a payment": of(
        "tccs", "TCCS-PAY-7", rewrites(on("Pay_Input"), "%7CHarbor[^%]*%7C24.00", "%7C24.00%3ACC")
    ),
    "paperless is switched by a small y": of("tccs", "TCCS-PPL-1", rewrites(on("Paperless_Bill"), "%3AY", "%3Ay")),
    "AutoPay is switched by On": of("tccs", "TCCS-AUT-1", rewrites(on("Recurring_Pay"), "%3AY", "%3AOn")),
    "the entryKey is wrong": of(
        "tccs", "TCCS-ADR-4", rewrites(on("ARState_Output"), "entryKey=[^&]*", "entryKey=another-entry-key")
    ),
    "a form is labelled as JSON": of(
        "tccs", "TCCS-ADR-3", headers(on("ARState_Output"), {"content-type": "application/json"})
    ),
    "the path misses its underscore": of(
        "tccs", "TCCS-ADR-3 TCCS-ADR-8", urls(on("Paperless_Bill"), "Paperless_Bill", "PaperlessBill")
    ),
    "a balance is asked for by GET": of("tccs", "TCCS-ADR-3 TCCS-ADR-8", instead_of(on("ARState_Output"), by_get)),
    "a return is of the day on which it came back": of(
        "tccs", "TCCS-REJ-1", rewrites(on("Insufficient_Pay_Report"), "%3A[0-9%F]*%7C", "%3A01%2F02%2F2001%7C")
    ),
    "a return's date is ISO": of(
        "tccs", "TCCS-REJ-1", rewrites(on("Insufficient_Pay_Report"), "%3A[0-9%F]*%7C", "%3A2026-06-01%7C")
    ),
    "the balance of an unknown policy is asked for": of(
        "tccs", "TCCS-ADR-6", rewrites(on("ARState_Output"), "454100010", "999999999")
    ),
    "the bill file says R where it rewrites": of("tccs", "TCCS-IH-8 TCCS-BIF-5", cells("tccs", 2, RecordType="R")),
    "an amount of the bill file has a comma": of("tccs", "TCCS-IH-21", cells("tccs", 2, MinimumAmountDue="10,00")),
}

V1 = {
    "a bill file has the name of a CSV file": of(
        "inhance-v1", "INH1-INV-1", rewrites(on("UploadInvoiceFile"), "[.]bif</FileName>", ".csv</FileName>")
    ),
    "a bill file that was answered comes again": of("inhance-v1", "INH1-INV-3", again(on("UploadInvoiceFile"))),
    "a download leaves a gap": of(
        "inhance-v1",
        "INH1-JOB-1",
        rewrites(on("ExportPayments"), "<Since>(?!2026-01-01)[^<]*", "<Since>2099-01-01T00:00:00"),
    ),
    "a download begins anew": of(
        "inhance-v1",
        "INH1-JOB-1",
        again(on("ExportCustomerChanges"), renamed("<Since>2026-01-01", "<Since>2025-01-01")),
    ),
    "a bill file has a column too few": of(
        "inhance-v1", "INH1-INV-2", uploads(lambda data: re.sub(rb"\|[^|\n]*\n(?=CR)", b"\n", data))
    ),
    "a balance is not rounded": of(
        "inhance-v1", "INH1-BAL-1", rewrites(on("SetInvoiceBalance"), ">12.34<", ">12.345<")
    ),
    "a balance is of an unknown invoice": of(
        "inhance-v1", "ICWS-BAL-1", rewrites(on("SetInvoiceBalance"), "<InvoiceNumber>[^<]*", "<InvoiceNumber>none")
    ),
    "the arguments are not wrapped": of("inhance-v1", "INH1-BAL-1", rewrites(on("SetInvoiceBalance"), "</?Req>", "")),
    "the web service key is wrong": of("inhance-v1", "ICWS-KEY-2", rewrites(on("ExportPayments"), KEY, WRONG_KEY)),
}
