"""Defective portals: the inHance Portal, WaterSmart, and who asks for Cloud Payments."""

from __future__ import annotations

import base64

from tests.contracts.verification.consumers.breaking import (
    KEY,
    WRONG_KEY,
    kept_alive_once,
    of,
    renamed,
    to,
    token_for_each_page,
    uploads,
)
from tests.contracts.verification.consumers.wire import (
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

__all__ = ["CLOUD_PAYMENTS", "PORTAL", "WATERSMART"]

PAY, PAGE = on("MakePaymentExtended"), on("CloudSSO")
FIRST_PAYMENT = on("MakePaymentExtended", holding="IC-1<")
POST = on("Pay_Input", holding="guid-1")
CPV2 = on("CloudPaymentsV2", holding="ref-0")
BILLS, BALANCES = on("UploadInvoiceFile", holding="bills.csv"), on("UploadInvoiceFile", holding="balances.csv")

PORTAL = {
    "nobody is looked up": of(
        "inhance-portal", "ICP-ACCESS-1", skips(on("RetrieveUsers", holding="Username.*willows"))
    ),
    "the CustomerGUID is not retrieved": of(
        "inhance-portal", "ICP-ACCESS-2", skips(on("RetrieveCustomerGuid", holding="willows"))
    ),
    "the accounts are synchronized before the CustomerGUID is there": of(
        "inhance-portal", "ICP-ACCESS-2", later("RetrieveCustomerGuid", than="RetrieveUserAccounts")
    ),
    "a user whose login failed is not authenticated after the registration": of(
        "inhance-portal", "ICP-ACCESS-3", skips(on("RemoteAuthentication", holding="cedar"))
    ),
    "LoginTypeID is 2": of(
        "inhance-portal",
        "ICP-REG-1",
        instead_of(on("RegisterAccounts"), renamed('"LoginTypeID":1', '"LoginTypeID":2')),
    ),
    "a new account is not registered": of(
        "inhance-portal", "ICP-REG-2", skips(on("RegisterAccounts", holding="19990001"))
    ),
    "a known account gets a record": of(
        "inhance-portal",
        "ICP-REG-3",
        again(
            on("RetrieveUsers", holding="AccountNumber.*10000103"),
            to("CreateCustomerRecord", AccountNumber="10000103", CustomerName="Harbour Books"),
        ),
    ),
    "a registered account is registered again": of(
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
    "every page has a token of its own": of("inhance-portal", "ICP-REG-5", token_for_each_page),
    "the API key is sent in a header of its own": of(
        "inhance-portal",
        "ICWS-KEY-1",
        headers(on("RetrieveUsers"), {"authorization": None, "x-api-key": "sandbox-api-key"}),
    ),
    "the API key is nobody's": of(
        "inhance-portal", "ICWS-KEY-1", headers(on("RetrieveCustomerAccount"), {"authorization": "Basic bm9ib2R5Og=="})
    ),
    "the path is misspelt": of(
        "inhance-portal", "ICWS-REST-2 ICWS-REST-3", urls(on("RetrieveCustomerAccount"), "/account$", "/acount")
    ),
    "a page of another portal is opened": of(
        "inhance-portal", "ICP-SSO-3", rewrites(PAGE, "RedirectID=9", "RedirectID=8")
    ),
    "the page is not named": of("inhance-portal", "ICP-SSO-3", rewrites(PAGE, "&?RedirectID=9", "")),
    "ViewMode is not said": of("inhance-portal", "ICP-SSO-2", rewrites(PAGE, "&?ViewMode=1", "")),
    "the token has another name": of(
        "inhance-portal", "ICP-SSO-1", rewrites(PAGE, "RemoteAuthenticationToken=", "Token=")
    ),
    "ViewMode is a word": of("inhance-portal", "ICP-SSO-2", rewrites(PAGE, "ViewMode=1", "ViewMode=iframe")),
    "the stylesheet has no host": of("inhance-portal", "ICP-SSO-4", rewrites(PAGE, "CSSUrl=[^&]*", "CSSUrl=site.css")),
    "ReturnUrl has no host": of("inhance-portal", "ICP-SSO-5", rewrites(PAGE, "ReturnUrl=[^&]*", "ReturnUrl=%2Fhome")),
    "the site has a name and no way back": of("inhance-portal", "ICP-SSO-6", rewrites(PAGE, "ReturnUrl=[^&]*&", "")),
    "the token is lower-cased": of(
        "inhance-portal", "ICP-SSO-1", rewrites(PAGE, "Token=([^&]*)", lambda found: f"Token={found[1].lower()}")
    ),
    "a guest's page creates no customer": of(
        "inhance-portal",
        "ICP-GUEST-1",
        rewrites(on("CloudPaymentsV2"), '"CreateCustomerRecord":true', '"CreateCustomerRecord":false'),
    ),
    "the password is changed without the present one": of(
        "inhance-portal", "ICP-UPD-2", rewrites(on("UpdatePassword"), '"Password":"[^"]*"', '"Password":"Wrong!2345"')
    ),
}

WATERSMART = {
    "the session is not kept alive": of("watersmart", "WS-KEEP-1", kept_alive_once),
    "a page that is not embedded is opened": of(
        "watersmart", "WS-PAGE-1", rewrites(PAGE, "RedirectID=8", "RedirectID=1")
    ),
    "the account of the session is not found": of("watersmart", "WS-GUID-1", skips(on("RetrieveCustomerGuid"))),
    "users are registered before they are tried": of(
        "watersmart", "WS-AUTH-2", skips(on("RemoteAuthentication", holding="pond"))
    ),
    "a refused user is not registered": of("watersmart", "WS-REG-1", skips(on("RemoteRegistration", holding="pond"))),
    "an amount of the balance file has an exponent": of(
        "watersmart",
        "WS-ADJ-3",
        rewrites(
            BALANCES, "<FileContent>[^<]*", "<FileContent>" + base64.b64encode(b"20000201,B,3.12E1,1,\n").decode()
        ),
    ),
    "the invoice file's type is not the biller's": of(
        "watersmart", "WS-IN-13", uploads(lambda data: data.replace(b",W-1,1,", b",W-1,2,"))
    ),
    "a date of the invoice file begins with the day": of(
        "watersmart", "WS-IN-9", uploads(lambda data: data.replace(b"06/21/2026", b"21/06/2026"))
    ),
    "the balance file has a column too few": of(
        "watersmart",
        "WS-FILE-1",
        rewrites(BALANCES, "<FileContent>[^<]*", "<FileContent>" + base64.b64encode(b"20000201,B,31.20,1\n").decode()),
    ),
    "an invoice file that was answered comes again": of("watersmart", "WS-SEND-1", again(BALANCES)),
    "an invoice file comes again with another content": of("watersmart", "WS-SEND-1", lost_again(BILLS)),
    "an account of a user who is not known is removed": of(
        "watersmart", "WS-UNREG-1", rewrites(on("UnregisterAccounts"), "brook@", "nobody@")
    ),
    "the web service key is wrong": of(
        "watersmart", "ICWS-KEY-2", rewrites(on("KeepRemoteSessionAlive"), KEY, WRONG_KEY)
    ),
    "the service's path is misspelt": of(
        "watersmart", "ICWS-SOAP-1", urls(on("LinkCustomerAccount"), "RemoteAuthenticationWS", "RemoteAuthWS")
    ),
    "the SOAPAction is missing": of(
        "watersmart", "ICWS-SOAP-2", headers(on("LinkCustomerAccount"), {"soapaction": None})
    ),
}

CLOUD_PAYMENTS = {
    "ViewMode is a word": of("cloud-payments", "CPV2-REQ-4", rewrites(CPV2, '"ViewMode":1', '"ViewMode":"iframe"')),
    "nobody is named": of("cloud-payments", "CPV2-REQ-6", rewrites(CPV2, r'"Customers":\[.*?\]\}\]', '"Customers":[]')),
    "the account is unknown": of(
        "cloud-payments",
        "CPV2-CUS-1",
        rewrites(
            CPV2,
            '"CreateCustomerRecord":true(.*)"AccountNumber":"10000101"',
            r'"CreateCustomerRecord":false\1"AccountNumber":"nobody"',
        ),
    ),
    "the balance is not rounded": of(
        "cloud-payments", "CPV2-INV-5", rewrites(CPV2, '"BalanceDue":1.00', '"BalanceDue":1.005')
    ),
    "the due date begins with the year": of(
        "cloud-payments", "CPV2-INV-4", rewrites(CPV2, '"DueDate":"[^"]*"', '"DueDate":"2026/07/01"')
    ),
    "the API key is nobody's": of(
        "cloud-payments", "ICWS-KEY-1", headers(CPV2, {"authorization": "Basic bm9ib2R5Og=="})
    ),
    "Approved is not read": of("cloud-payments", "CPV2-RCV-1", receiver="approved"),
    "the posted amount is credited": of("cloud-payments", "CPV2-RCV-2", receiver="amount"),
    "a payment is credited with each postback": of("cloud-payments", "CPV2-RCV-3", receiver="once"),
    "anybody's postback is credited": of("cloud-payments", "CPV2-RCV-4", receiver="look-up"),
    "an old postback is refused": of("cloud-payments", "CPV2-RCV-5 CPV2-PB-21", receiver="fresh"),
    "an unknown reference is credited": of("cloud-payments", "CPV2-RCV-6", receiver="reference"),
    "a field more is refused": of("cloud-payments", "CPV2-RCV-7 CPV2-PB-21", receiver="exact"),
    "a postback that was taken is answered with 500": of("cloud-payments", "CPV2-PB-21", receiver="slow"),
}
