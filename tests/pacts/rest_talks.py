"""What the data pump says to TCCS, and partners to Invoice Cloud's REST services and Cloud Payments."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from partnerlab.client.http.call import Call
from partnerlab.client.invoice_cloud.account import RestAccount
from partnerlab.client.invoice_cloud.operations import cloud_payments, rest
from partnerlab.client.tccs import operations as tccs
from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification.openapi import Document
from partnerlab.contracts.verification.pact.rules import content_info_pattern, form_rules, json_rules
from partnerlab.simulators import ic_webservices, tccs_rest
from tests.pacts.talk import Talk

__all__ = ["INVOICE_CLOUD_REST", "TCCS"]

INSURER, PLATFORM = tccs_rest.Settings(), ic_webservices.Settings()
INVOICE = PLATFORM.policy_invoice
TCCS_API = Document(read_bytes("tccs_rest/openapi.yaml"))
PLATFORM_API = Document(read_bytes("ic_webservices/openapi.yaml"))
OWED = f"the insurer has policy term {INVOICE}"
PAID = f"policy term {INVOICE} was paid 24.00 by bank"
NONE = "the insurer has no policy term 999999999-06/16/2031"
JSON = "application/json"
DECIDES = frozenset({"Success"})
"""What the client goes by: compared as it is."""


def _pointer(document: Document, operation: str, status: int = 200) -> str:
    found = document.operations[operation].answers(status)
    assert found is not None
    return found[JSON]


def _tccs(
    description: str,
    state: str,
    requirements: tuple[str, ...],
    call: Callable[[tccs.Endpoint], Call[Any]],
    operation: str,
    format: str,
    answer: Mapping[str, Any],
    expect: Callable[[Any], None],
    *,
    guid: bool = False,
    status: int = 200,
    fails: bool = False,
    key: str = INSURER.entry_key,
) -> Talk:
    def at(origin: str) -> Call[Any]:
        return call(tccs.Endpoint(f"{origin}{INSURER.bases[0]}", INSURER.consumer_guid, key))

    body = at("http://provider.example").request.content.decode()
    patterns = {} if fails else {"contentInfo": content_info_pattern(format, optional=guid)}
    return Talk(
        consumer="data-pump",
        provider="tccs",
        description=description,
        state=state,
        requirements=requirements,
        call=at,
        request_rules=form_rules(patterns, body),
        answer=json.dumps(answer),
        answer_rules=json_rules(TCCS_API, _pointer(TCCS_API, operation, status), answer, DECIDES),
        expect=expect,
        content_type=JSON,
        status=status,
        fails=fails,
    )


def _is_state(found: Any) -> None:
    assert (found.record_balance, found.total_balance) == (Decimal("120.00"), Decimal("300.00"))


def _done(found: Any) -> None:
    assert found is None or found.message == ""


def _refused(words: str) -> Callable[[Any], None]:
    def expect(found: Any) -> None:
        assert words in str(found), found

    return expect


TCCS = [
    _tccs(
        "the balances of a policy",
        OWED,
        ("TCCS-RTDR-1", "TCCS-ADR-3"),
        lambda to: tccs.balance(to, INVOICE),
        "ARState_Output",
        "invoice-number",
        {"Record bal": 120.0, "Total Balance": 300.0},
        _is_state,
    ),
    _tccs(
        "the balances of a policy that is not there",
        NONE,
        ("TCCS-ADR-6",),
        lambda to: tccs.balance(to, "999999999-06/16/2031"),
        "ARState_Output",
        "invoice-number",
        {"Message": "No such invoice"},
        _refused("No such invoice"),
        status=404,
        fails=True,
    ),
    _tccs(
        "the balances of a policy with a wrong entryKey",
        OWED,
        ("TCCS-ADR-4",),
        lambda to: tccs.balance(to, INVOICE),
        "ARState_Output",
        "invoice-number",
        {"Message": "Denied"},
        _refused("Denied"),
        status=401,
        fails=True,
        key="not-the-key",
    ),
    _tccs(
        "a payment by card with its PaymentGUID",
        OWED,
        ("TCCS-PAY-1", "TCCS-PAY-3", "TCCS-GUID-1"),
        lambda to: tccs.pay(to, INVOICE, Decimal("24.00"), "CC", payment_guid="e99fc166-9d99-4a99-bb16-99fe155ebf99"),
        "Pay_Input",
        "payment",
        {"Success": True},
        _done,
        guid=True,
    ),
    _tccs(
        "a payment comes back",
        PAID,
        ("TCCS-REJ-1",),
        lambda to: tccs.report_insufficient_funds(to, INVOICE, date(2026, 11, 20), Decimal("24.00")),
        "Insufficient_Pay_Report",
        "insufficient-funds",
        {"Success": True},
        _done,
    ),
    _tccs(
        "paperless is switched on",
        OWED,
        ("TCCS-PPL-1",),
        lambda to: tccs.set_paperless(to, INVOICE, True),
        "Paperless_Bill",
        "paperless",
        {"Success": True},
        _done,
    ),
    _tccs(
        "AutoPay is switched off",
        OWED,
        ("TCCS-AUT-1",),
        lambda to: tccs.set_recurring(to, INVOICE, False),
        "Recurring_Pay",
        "recurring",
        {"Success": True},
        _done,
    ),
]

USER = {
    "Username": "payer@example.com",
    "EmailAddress": "payer@example.com",
    "CustomerGuid": "33333333-3333-4333-8333-333333333333",
    "AccountNumber": "10000101",
    "Registered": True,
}
OPEN_INVOICE = "invoice 500001 of account 10000101 is open with 125.50"


def _platform(
    description: str,
    requirements: tuple[str, ...],
    call: Callable[[RestAccount], Call[Any]],
    operation: str,
    answer: Mapping[str, Any],
    expect: Callable[[Any], None],
    *,
    status: int = 200,
    fails: bool = False,
    key: str = PLATFORM.utility_api_key,
) -> Talk:
    def at(origin: str) -> Call[Any]:
        return call(RestAccount(origin, key))

    return Talk(
        consumer="partner",
        provider="invoice-cloud",
        description=description,
        state=OPEN_INVOICE,
        requirements=requirements,
        call=at,
        request_rules={},
        answer=json.dumps(answer),
        answer_rules=json_rules(PLATFORM_API, _pointer(PLATFORM_API, operation, status), answer, DECIDES),
        expect=expect,
        content_type=JSON,
        status=status,
        fails=fails,
    )


def _is_status(found: Any) -> None:
    assert (found.biller_name, found.active) == ("Sandbox Utility", True)


def _is_page(found: Any) -> None:
    assert "/cloudpayments/" in found.url


def _is_guid(found: Any) -> None:
    assert found


INVOICE_CLOUD_REST = [
    _platform(
        "whose API key it is",
        ("ICWS-REST-1",),
        rest.biller_status,
        "BillerStatus",
        {
            "Success": True,
            "BillerGUID": PLATFORM.utility_guid,
            "BillerName": "Sandbox Utility",
            "Active": True,
        },
        _is_status,
    ),
    _platform(
        "a wrong API key",
        ("ICWS-KEY-1",),
        rest.biller_status,
        "BillerStatus",
        {"Success": False, "ErrorMessage": "Wrong key"},
        _refused("Wrong key"),
        status=401,
        fails=True,
        key="not-the-key",
    ),
    _platform(
        "the users of an account",
        ("ICWS-USERS-1",),
        lambda to: rest.retrieve_users(to, account_number="10000101"),
        "RetrieveUsers",
        {"Success": True, "Users": [USER]},
        _is_guid,
    ),
    _platform(
        "a page that takes a payment",
        ("CPV2-ANS-1",),
        lambda to: cloud_payments.create_cloud_payment(
            to,
            cloud_payments.CloudPaymentRequest(
                customers=[cloud_payments.CloudCustomer("10000101", name="Willows Laundry")]
            ),
        ),
        "CloudPaymentsV2",
        {"Success": True, "Data": {"CloudPaymentURL": "https://invoicecloud.example/cloudpayments/example-page"}},
        _is_page,
    ),
]
