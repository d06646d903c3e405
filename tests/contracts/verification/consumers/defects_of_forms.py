"""Defects of form, an operation or a field each: what no story and no rule of its own is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from partnerlab.client.http import HttpRequest, HttpResponse
from tests.contracts.verification.consumers.breaking import Defect, of
from tests.contracts.verification.consumers.wire import Break, Line, headers, instead_of, on, rewrites, urls

__all__ = ["FORMS"]

SOAP = {
    "inhance-v2": {"UploadInvoiceFile": "INH2-BIF-1"},
    "tccs": {"UploadInvoiceFile": "TCCS-BIF-1"},
    "inhance-v1": {
        "UploadInvoiceFile": "INH1-INV-1",
        "ExportPayments": "ICWS-EXP-1",
        "ExportCustomerChanges": "INH1-AUT-1 INH1-CUS-1 INH1-CUS-2 INH1-CUS-3",
    },
    "watersmart": {
        "KeepRemoteSessionAlive": "ICWS-KEEP-1",
        "SetInvoiceBalance": "ICWS-BAL-1",
        "RemoteAuthentication": "WS-AUTH-1",
        "RemoteRegistration": "ICWS-REG-1",
        "UnregisterAccounts": "ICWS-UNREG-1",
        "LinkCustomerAccount": "ICWS-LINK-1",
        "SetCustomerEmailAddress": "ICWS-EMAIL-1",
        "UploadInvoiceFile": "ICWS-SOAP-6",
    },
}
"""An element that the operation does not have."""
REST = {
    "inhance-portal": {
        "RetrieveUsers": "ICWS-USERS-1",
        "RemoteAuthentication": "ICWS-USERS-4",
        "RegisterAccounts": "ICWS-USERS-3",
        "RetrieveUserAccounts": "ICWS-USERS-5",
        "UpdatePassword": "ICWS-USERS-6",
        "UpdateEmailAddress": "ICWS-USERS-7",
        "RetrieveCustomerGuid": "ICWS-GUID-1",
        "CreateCustomerRecord": "ICWS-CUST-1",
    },
    "watersmart": {"RetrieveCustomerGuid": "ICWS-GUID-1"},
    "cloud-payments": {"CloudPaymentsV2": "CPV2-CUS-9"},
}
"""A property that the operation does not have."""
UNKNOWN = {
    "inhance-v2": {
        "SetAutopay": ("INH2-AUT-2", ">10000101<", ">99999999<"),
        "SetEmail": ("INH2-EML-2", ">10000101<", ">99999999<"),
    },
    "tccs": {
        "Paperless_Bill": ("TCCS-PPL-2", "454100010", "999999999"),
        "Recurring_Pay": ("TCCS-AUT-2", "454100010", "999999999"),
    },
    "watersmart": {
        "LinkCustomerAccount": ("WS-LINK-1", "20000202", "29999999"),
        "SetCustomerEmailAddress": ("WS-EMAIL-1", "20000201", "29999999"),
        "SetInvoiceBalance": ("WS-BAL-1", "<InvoiceNumber>[^<]*", "<InvoiceNumber>none"),
    },
}
"""Something that the service does not know."""
TEXTS = {
    "ARState_Output": ("TCCS-RTDR-1", "2020", "2020%7C1"),
    "Pay_Input": ("TCCS-PAY-1", "-06%2F16%2F2020%7C24.10", "%7C24.10"),
    "Pay_Input of a quote": ("TCCS-PAY-9", "Harbor[^%]*%7C", "%7C"),
}
"""A `contentInfo` that breaks its format."""
FIELDS = {
    "PostBackURL": ("CPV2-REQ-2", '"[^"]*"', "5"),
    "ReturnURL": ("CPV2-REQ-1", '"[^"]*"', "5"),
    "BillerReference": ("CPV2-REQ-3", '"ref-0"', '"ref\\\\n-0"'),
    "InvoiceNumber": ("CPV2-INV-1", '"500001"', '""'),
    "CCServiceFee": ("CPV2-INV-6", "0.50", "0.505"),
    "ACHServiceFee": ("CPV2-INV-7", "0.00", '"none"'),
    "MinimumAmountDue": ("CPV2-INV-8", "1.00", "1.005"),
    "AllowPartialPayments": ("CPV2-INV-9", "false", '"no"'),
    "CreateCustomerRecord": ("CPV2-SET-8", "true", '"yes"'),
}
"""A field of a request for a payment page."""
PAGE = on("CloudPaymentsV2", holding='"ref-0"')


def registered_and_left(line: Line, request: HttpRequest) -> HttpResponse:
    """Whoever was registered is not authenticated."""
    if request.operation == "RemoteRegistration" and b"pond" in request.content:
        line.held.append(request)
    elif request.operation == "RemoteAuthentication" and line.held:
        return line.aside(request)
    return line.really(request)


def bill_of_two_numbers(request: HttpRequest) -> HttpRequest:
    """A call for a bill, of two numbers, in the place of one for a balance."""
    url = request.url.replace("api/ARState_Output", "Retrieve_Bill_Image")
    return request._replace(url=url, content=request.content + b"%7C1")


WHOLE: Mapping[str, Defect] = {
    "tccs: a bill is asked for by two numbers": of(
        "tccs", "TCCS-PDF-1", instead_of(on("ARState_Output"), bill_of_two_numbers)
    ),
    "inhance-portal: a look-up has a body": of(
        "inhance-portal", "ICWS-GUID-2", rewrites(on("RetrieveCustomerAccount"), "^$", "{}")
    ),
    "watersmart: a look-up has a body": of(
        "watersmart", "ICWS-GUID-2", rewrites(on("RetrieveCustomerAccount"), "^$", "{}")
    ),
    "inhance-v1: the SOAPAction is missing": of(
        "inhance-v1", "ICWS-SOAP-2", headers(on("ExportPayments"), {"soapaction": None})
    ),
    "inhance-v1: the service's path is misspelt": of(
        "inhance-v1", "ICWS-SOAP-1", urls(on("ExportPayments"), "CloudInvoicing.asmx", "CloudInvoices.asmx")
    ),
    "inhance-portal: JSON is labelled as text": of(
        "inhance-portal", "ICWS-READ-1", headers(on("RetrieveUsers"), {"content-type": "text/plain"})
    ),
    "cloud-payments: JSON is labelled as text": of(
        "cloud-payments", "CPV2-ANS-2", headers(PAGE, {"content-type": "text/plain"})
    ),
    "cloud-payments: the version is another": of("cloud-payments", "CPV2-ANS-1", urls(PAGE, "/v2$", "/v3")),
    "cloud-payments: an invoice's date is written with slashes": of(
        "cloud-payments",
        "CPV2-INV-3",
        rewrites(on("CloudPaymentsV2"), '"InvoiceDate":"[^"]*"', '"InvoiceDate":"2026/06/01"'),
    ),
    "watersmart: whoever was registered is not authenticated": of("watersmart", "WS-REG-2", registered_and_left),
}


def _tables() -> Iterator[tuple[str, str, str, str, Break]]:
    for role, operations in SOAP.items():
        for name, ids in operations.items():
            extra = rewrites(on(name), f"(</Req>|</{name}>)", r"<Extra>1</Extra>\1")
            yield role, name, "has an element more", ids, extra
    for role, operations in REST.items():
        for name, ids in operations.items():
            yield role, name, "has a property more", ids, rewrites(on(name), r"^\{", '{"Extra":1,')
    for role, unknown in UNKNOWN.items():
        for name, (ids, known, other) in unknown.items():
            yield role, name, "is for something that nobody knows", ids, rewrites(on(name), known, other)
    for name, (ids, right, wrong) in TEXTS.items():
        yield "tccs", name, "has a text out of form", ids, rewrites(on(name.partition(" ")[0]), right, wrong)
    for name, (ids, right, wrong) in FIELDS.items():
        breaks = rewrites(PAGE, f'"{name}":{right}', f'"{name}":{wrong}')
        yield "cloud-payments", name, "is out of form", ids, breaks


FORMS = {f"{role}: {name} {what}": of(role, ids, breaks) for role, name, what, ids, breaks in _tables()} | dict(WHOLE)
