"""What the data pump says to inHance, and partners to Invoice Cloud's SOAP services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from partnerlab.client.http.call import Call
from partnerlab.client.inhance import operations as inhance
from partnerlab.client.invoice_cloud.account import Account
from partnerlab.client.invoice_cloud.operations import billing
from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification.pact.examples import soap_answer
from partnerlab.contracts.verification.pact.rules import MONEY, xml_rules
from partnerlab.contracts.verification.pact.schema import Types
from partnerlab.simulators import ic_webservices, inhance_soap
from tests.pacts.talk import Talk

__all__ = ["INHANCE", "INVOICE_CLOUD_SOAP"]

UTILITY, PLATFORM = inhance_soap.Settings(), ic_webservices.Settings()
KEYS = frozenset({"WebServiceKey", "WebserviceKey", "BillerGUID"})
CHOSEN = frozenset({"PaperlessOnOff", "AutoPayOnOff", "PaymentTypeDesc", "NewEmail"})
KNOWN = KEYS | CHOSEN | {"AccountNumber", "Accountnumber", "InvoiceNumber"}
"""Values on which the state or the outcome depends: compared as they are."""
OWES = "account 10000101 owes 125.50"


def _soap(
    consumer: str,
    provider: str,
    wsdl: str,
    description: str,
    state: str,
    requirements: tuple[str, ...],
    call: Callable[[str], Call[Any]],
    answered: tuple[str, Mapping[str, Any]],
    expect: Callable[[Any], None],
    *,
    exact: frozenset[str] = frozenset({"Success"}),
    fails: bool = False,
) -> Talk:
    types = Types(read_bytes(wsdl))
    answer = soap_answer(types, *answered)
    return Talk(
        consumer=consumer,
        provider=provider,
        description=description,
        state=state,
        requirements=requirements,
        call=call,
        request_rules=xml_rules(types, call("http://provider.example").request.content, KNOWN, money=MONEY),
        answer=answer,
        answer_rules=xml_rules(types, answer.encode(), exact),
        expect=expect,
        fails=fails,
    )


def _endpoint(origin: str, key: str = UTILITY.key) -> inhance.Endpoint:
    return inhance.Endpoint(f"{origin}{UTILITY.path}", key)


def _inhance(
    description: str,
    state: str,
    requirements: tuple[str, ...],
    call: Callable[[str], Call[Any]],
    operation: str,
    result: Mapping[str, Any],
    expect: Callable[[Any], None],
    *,
    fails: bool = False,
) -> Talk:
    answered = f"{{http://tempuri.org/}}{operation}Response", {f"{operation}Result": result}
    return _soap(
        *("data-pump", "inhance", "inhance_soap/iCloud.wsdl", description, state, requirements, call, answered, expect),
        fails=fails,
    )


def _is_balance(email: str) -> Callable[[Any], None]:
    def expect(found: Any) -> None:
        assert (found.balance, found.future_balance, found.email) == (Decimal("125.50"), Decimal("125.50"), email)

    return expect


def _is_done(found: Any) -> None:
    assert found.message == ""


def _refused(words: str) -> Callable[[Any], None]:
    def expect(found: Any) -> None:
        assert words in str(found), found

    return expect


DONE = {"Success": "true"}

INHANCE = [
    _inhance(
        "a balance check",
        OWES,
        ("INH2-RTDR-1",),
        lambda origin: inhance.balance_check(_endpoint(origin), "10000101", 500001),
        "BalanceCheck",
        {"Balance": "125.50", "FutureBalance": "125.50", "Success": "true"},
        _is_balance(""),
    ),
    _inhance(
        "a balance check that tells an e-mail address",
        "account 10000101 has an e-mail address",
        ("INH2-RTDR-1",),
        lambda origin: inhance.balance_check(_endpoint(origin), "10000101", 500001),
        "BalanceCheck",
        {"Balance": "125.50", "FutureBalance": "125.50", "Email": "payer@example.com", "Success": "true"},
        _is_balance("payer@example.com"),
    ),
    _inhance(
        "a balance check of an account that is not there",
        "there is no account 99999999",
        ("INH2-RTDR-1",),
        lambda origin: inhance.balance_check(_endpoint(origin), "99999999", 0),
        "BalanceCheck",
        {"Balance": "0.00", "FutureBalance": "0.00", "Success": "false", "ErrorMessage": "No such account"},
        _refused("No such account"),
        fails=True,
    ),
    _inhance(
        "a balance check with a wrong key",
        OWES,
        ("INH2-ADR-3",),
        lambda origin: inhance.balance_check(_endpoint(origin, "not-the-key"), "10000101", 500001),
        "BalanceCheck",
        {"Balance": "0.00", "FutureBalance": "0.00", "Success": "false", "ErrorMessage": "Wrong key"},
        _refused("Wrong key"),
        fails=True,
    ),
    _inhance(
        "a payment by card",
        OWES,
        ("INH2-PAY-1", "INH2-PAY-5"),
        lambda origin: inhance.make_payment(
            _endpoint(origin),
            account_number="10000101",
            payment_date=datetime(2026, 11, 20, 10, 30),
            payment_reference="pact-1",
            document_number="500001",
            payment_type_desc="Credit Card",
            amount=Decimal("40.00"),
            convenience_fee=Decimal("2.50"),
        ),
        "MakePaymentExtended",
        DONE,
        _is_done,
    ),
    _inhance(
        "a payment that was posted before",
        "payment reference pact-2 was posted, and the utility takes none twice",
        ("INH2-PAY-11",),
        lambda origin: inhance.make_payment(
            _endpoint(origin),
            account_number="10000101",
            payment_date=datetime(2026, 11, 20, 10, 30),
            payment_reference="pact-2",
            document_number="500001",
            payment_type_desc="ACH",
            amount=Decimal("40.00"),
        ),
        "MakePaymentExtended",
        {"Success": "false", "ErrorMessage": "Posted already"},
        _refused("Posted already"),
        fails=True,
    ),
    _inhance(
        "paperless is switched on",
        OWES,
        ("INH2-PPL-1",),
        lambda origin: inhance.set_paperless(_endpoint(origin), "10000101", True),
        "SetPaperless",
        DONE,
        _is_done,
    ),
    _inhance(
        "AutoPay is switched off",
        OWES,
        ("INH2-AUT-1",),
        lambda origin: inhance.set_autopay(_endpoint(origin), "10000101", False),
        "SetAutopay",
        DONE,
        _is_done,
    ),
    _inhance(
        "the e-mail address changes",
        OWES,
        ("INH2-EML-1",),
        lambda origin: inhance.set_email(_endpoint(origin), "10000101", "payer@example.com"),
        "SetEmail",
        DONE,
        _is_done,
    ),
]


def _account(origin: str, key: str = PLATFORM.utility_web_service_key) -> Account:
    return Account(origin, PLATFORM.utility_guid, key)


INVOICING = "https://www.invoicecloud.com/portal/webservices/CloudInvoicing/"
MANAGEMENT = "https://www.invoicecloud.com/portal/webservices/CloudManagement/"


def _platform(
    folder: str,
    service: str,
    description: str,
    requirements: tuple[str, ...],
    call: Callable[[str], Call[Any]],
    operation: str,
    result: Mapping[str, Any],
    expect: Callable[[Any], None],
    *,
    fails: bool = False,
) -> Talk:
    answered = f"{{{folder}}}{operation}Response", {f"{operation}Result": result}
    return _soap(
        *("partner", "invoice-cloud", f"ic_webservices/{service}.wsdl", description, OPEN_INVOICE, requirements),
        *(call, answered, expect),
        fails=fails,
    )


OPEN_INVOICE = "invoice 500001 of account 10000101 is open with 125.50"


def _is_invoice(found: Any) -> None:
    assert (found.invoice_number, found.balance_due) == ("500001", Decimal("125.50"))


def _is_customer(found: Any) -> None:
    assert (found.account_number, found.autopay) == ("10000101", False)


INVOICE = {
    "Success": "true",
    "InvoiceNumber": "500001",
    "InvoiceDate": "2026-11-01T00:00:00",
    "InvoiceDueDate": "2026-11-30T00:00:00",
    "AutoPayCollectionDate": "2026-11-30T00:00:00",
    "TotalAmountDue": "125.50",
    "BalanceDue": "125.50",
    "MinimumAmountDue": "0.00",
    "AllowPartialPayments": "true",
    "FirstNotifyRequestedDate": "0001-01-01T00:00:00",
    "SecondNotifyRequestedDate": "0001-01-01T00:00:00",
    "ThirdNotifyRequestedDate": "0001-01-01T00:00:00",
}

NO_INVOICE = {name: value for name, value in INVOICE.items() if name != "InvoiceNumber"}

INVOICE_CLOUD_SOAP = [
    _platform(
        INVOICING,
        "CloudInvoicing",
        "an invoice is looked at",
        ("ICWS-SOAP-3",),
        lambda origin: billing.view_invoice(_account(origin), "500001"),
        "ViewInvoiceByInvoiceNumber",
        INVOICE,
        _is_invoice,
    ),
    _platform(
        INVOICING,
        "CloudInvoicing",
        "an invoice is looked at with a wrong key",
        ("ICWS-KEY-2",),
        lambda origin: billing.view_invoice(_account(origin, "not-the-key"), "500001"),
        "ViewInvoiceByInvoiceNumber",
        {**NO_INVOICE, "Success": "false", "ErrorMessage": "Wrong key"},
        _refused("Wrong key"),
        fails=True,
    ),
    _platform(
        INVOICING,
        "CloudInvoicing",
        "a balance is set",
        ("ICWS-BAL-1",),
        lambda origin: billing.set_invoice_balance(_account(origin), "500001", Decimal("90.00")),
        "SetInvoiceBalance",
        {"Success": "true"},
        lambda found: None,
    ),
]
