"""
Ways to break a service that leave the form of its answers whole: another balance where the call is written in another
way, somebody for nobody, a refusal that is one in words alone.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from partnerlab.contracts.verification.provider.exchange import Answered, Asked, Send
from partnerlab.contracts.verification.provider.inhance.utility import UNKNOWN_ACCOUNT, WRONG_KEY
from partnerlab.contracts.verification.provider.invoice_cloud.platform import UNKNOWN, Platform
from partnerlab.contracts.verification.provider.tccs.insurer import UNKNOWN_INVOICE, WRONG
from tests.contracts.verification.mutants import (
    Mutant,
    When,
    adding,
    answers,
    form,
    has,
    instead,
    label,
    requests,
    soap12,
)
from tests.contracts.verification.worlds import INHANCE, INVOICE_CLOUD, TCCS, World

__all__ = ["OF_INHANCE", "OF_INVOICE_CLOUD", "OF_TCCS"]

Rows = list[tuple[str, Mutant, set[str]]]


def no(text: str) -> When:
    return lambda asked: text.encode() not in asked.body


def path(asked: Asked) -> str:
    return urlsplit(asked.url).path


CHECK = label("BalanceCheck")
NO_WORDS = ("<ErrorMessage>.*?</ErrorMessage>", "")


def a_dollar(*when: When) -> Mutant:
    return answers("(<Balance>)[^<]*", r"\g<1>1.00", CHECK, *when)


OF_INHANCE: Rows = [
    ("over SOAP 1.2 another balance", a_dollar(soap12), {"soap12"}),
    ("by form another balance", a_dollar(form), {"form-post"}),
    ("with an unknown element another balance", a_dollar(has("VerifyUnknown")), {"unknown-element"}),
    ("without a number another balance", a_dollar(no("LastInvoiceNumber")), {"missing-number"}),
    ("with number 0 another balance", a_dollar(has("<LastInvoiceNumber>0<")), {"invoice-zero"}),
    ("with prefixes another balance", a_dollar(has("<v:AccountNumber")), {"prefixes"}),
    ("with comments another balance", a_dollar(has("<!-- verify")), {"layout-of-xml"}),
    ("at a path in small letters another balance", a_dollar(lambda asked: path(asked).islower()), {"path-case"}),
    (
        "without quotation marks another balance",
        a_dollar(lambda asked: '"' not in asked.headers.get("soapaction", '"')),
        {"unquoted-action"},
    ),
    (
        "a refused payment says not why",
        answers(*NO_WORDS, label("MakePaymentExtended")),
        {"change-refusals-have-words"},
    ),
    ("a refused switch says not why", answers(*NO_WORDS, label("SetAutopay")), {"change-refusals-have-words"}),
    (
        "e-mail: a wrong key is refused, and obeyed",
        adding(
            lambda asked: replace(asked, body=asked.body.replace(WRONG_KEY.encode(), INHANCE.key.encode())),
            label("SetEmail"),
            has(WRONG_KEY),
            no(UNKNOWN_ACCOUNT),
        ),
        {"email-refusals"},
    ),
]

STATE, PAY, RETURN = label("ARState_Output"), label("Pay_Input"), label("Insufficient_Pay_Report")
PAPERLESS, RECURRING, IMAGE = label("Paperless_Bill"), label("Recurring_Pay"), label("Retrieve_Bill_Image")
NOBODY, INVOICE = (one.replace("/", "%2F") for one in (UNKNOWN_INVOICE, TCCS.invoice))
QUOTE = TCCS.quote.replace("/", "%2F").encode()
NOT_DONE = '{"Success":false,"Message":"No."}'
TODAY = datetime.now(UTC).strftime("%m%%2F%d%%2F%Y")


def other_balance(*when: When) -> Mutant:
    return answers('("Record bal":)[0-9.]+', r"\g<1>1.00", STATE, *when)


def not_done(*when: When, status: int = 200) -> Mutant:
    return instead(status, NOT_DONE, "application/json", *when)


def guids_of_deposits_ignored(world: World) -> Send:
    count = iter(range(99))

    def send(asked: Asked, timeout_s: float) -> Answered:
        if asked.label == "Pay_Input" and QUOTE in asked.body:
            asked = replace(asked, body=asked.body + str(next(count)).encode())
        return world.send(asked)

    return send


OF_TCCS: Rows = [
    (
        "in XML another total",
        answers("(<Total_x0020_Balance>)[^<]*", r"\g<1>999.00", STATE),
        {"xml"},
    ),
    ("at a path in capitals another balance", other_balance(lambda asked: path(asked).isupper()), {"path-case"}),
    (
        "without /api another balance",
        other_balance(lambda asked: "/api/" not in path(asked).lower()),
        {"path-without-api"},
    ),
    ("with spaces another balance", other_balance(has(r"\+-\+")), {"spaces"}),
    ("with fields in capitals another balance", other_balance(has("CONSUMERGUID")), {"field-case"}),
    (
        "with a charset another balance",
        other_balance(lambda asked: "charset" in asked.headers.get("content-type", "")),
        {"charset"},
    ),
    ("no contentInfo: no words", answers('"Message":".*"', '"Message":""', STATE, no("contentInfo")), {"no-content"}),
    ("a payment with a wrong key is answered 200", not_done(PAY, has(f"entryKey={WRONG}")), {"payment-wrong-key"}),
    ("a payment of nobody is answered 200", not_done(PAY, has(NOBODY)), {"payment-unknown-invoice"}),
    ("paperless of nobody is answered 200", not_done(PAPERLESS, has(NOBODY)), {"paperless-refusals"}),
    ("recurring with a wrong key is answered 200", not_done(RECURRING, has(WRONG)), {"recurring-refusals"}),
    ("recurring: Y|PB is Y|R", requests("%3AY%7CPB", "%3AY%7CR", RECURRING), {"recurring-refusals"}),
    ("paperless: Y|R is Y|PB", requests("%3AY%7CR$", "%3AY%7CPB", PAPERLESS), {"paperless-refusals"}),
    ("the bill with a wrong key is not found", not_done(IMAGE, has(WRONG), status=404), {"bill-image-wrong-key"}),
    ("nobody has somebody's bill", requests(NOBODY, INVOICE, IMAGE), {"bill-image-unknown"}),
    ("1.4 is 1.40", requests(r"%7C1\.4%3A", "%7C1.40%3A", PAY), {"payment-amounts"}),
    ("a return of any day", requests("%3A01%2F02%2F2001", f"%3A{TODAY}", RETURN), {"return-day"}),
    ("a deposit posts again", guids_of_deposits_ignored, {"quote"}),
]

VIEW, CUSTOMER, USERS = label("ViewInvoiceByInvoiceNumber"), label("ViewCustomerRecord"), label("RetrieveUsers")
KEEP, GUID = label("KeepRemoteSessionAlive"), label("RetrieveCustomerGuid")
ANOTHER = "00000000-0000-4000-8000-000000000001"
SOMEBODY = json.dumps(
    {"Username": "a", "EmailAddress": "a", "CustomerGuid": ANOTHER, "AccountNumber": "1", "Registered": True}
)
OTHER_GUID = ('("CustomerGuid":)"[^"]*"', rf'\1"{ANOTHER}"')
ANY_SINCE = ("<Since>[^<]*<", "<Since>2000-01-01T00:00:00<")


def until(moment: str) -> Mutant:
    return answers("(<ExpirationDate>)[^<]*", rf"\g<1>{moment}", KEEP)


def any_key(*operations: str) -> Mutant:
    def mutant(world: World) -> Send:
        key = Platform.basic(Platform.__new__(Platform), INVOICE_CLOUD.api_key)

        def send(asked: Asked, timeout_s: float) -> Answered:
            if asked.label in operations:
                asked = replace(asked, headers={**asked.headers, "authorization": key})
            return world.send(asked)

        return send

    return mutant


OF_INVOICE_CLOUD: Rows = [
    ("create: another CustomerGuid", answers(*OTHER_GUID, label("CreateCustomerRecord")), {"create-known"}),
    (
        "create: a known customer is new",
        answers('"Created":false', '"Created":true', label("CreateCustomerRecord")),
        {"create-known"},
    ),
    ("users: nobody is registered", answers('"Registered":true', '"Registered":false', USERS), {"users-registered"}),
    ("users: another one", answers('("Username":)"[^"]*"', r'\1"x@example.com"', USERS), {"users-registered"}),
    ("users: nobody's account has one", answers(r'"Users":\[\]', f'"Users":[{SOMEBODY}]', USERS), {"users-unknown"}),
    ("sessions ended long ago", until("2001-01-01T00:00:00"), {"keep-alive"}),
    ("sessions last for years", until("2089-01-01T00:00:00"), {"keep-alive"}),
    ("payments of all times", requests(*ANY_SINCE, label("ExportPayments")), {"export-later"}),
    ("changes of all times", requests(*ANY_SINCE, label("ExportCustomerChanges")), {"export-later"}),
    ("payments: cards are type 2", answers("TypeID>1<", "TypeID>2<", label("ExportPayments")), {"export-types"}),
    ("over SOAP 1.2 another invoice", answers("Number>500001<", "Number>500002<", VIEW, soap12), {"soap12"}),
    ("by form another invoice", answers("Number>500001<", "Number>500002<", VIEW, form), {"forms"}),
    ("over SOAP 1.2 another customer", answers("Number>10000101<", "Number>10000102<", CUSTOMER, soap12), {"soap12"}),
    ("customer: not registered", answers("<Registered>true", "<Registered>false", CUSTOMER), {"customer-login"}),
    (
        "an update of nobody is done",
        answers("<Success>false", "<Success>true", label("UpdateCustomerRecord"), has(UNKNOWN)),
        {"nobody"},
    ),
    (
        "a balance of nobody is set",
        answers("<Success>false", "<Success>true", label("SetInvoiceBalance"), has(UNKNOWN)),
        {"nobody"},
    ),
    ("in another case another customer", answers(*OTHER_GUID, GUID, has("accountNUMBER")), {"property-case"}),
    ("for a number another customer", answers(*OTHER_GUID, GUID, has('"AccountNumber": 1')), {"number-as-text"}),
    (
        "account: a balance of its own",
        answers('("BalanceDue":)[0-9.]+', r"\g<1>1.00", label("RetrieveCustomerAccount")),
        {"set-balance"},
    ),
    ("any API key for pages", any_key("CloudPaymentsV2"), {"changes-wrong-api-key"}),
    ("any API key for new customers", any_key("CreateCustomerRecord"), {"changes-wrong-api-key"}),
]
