"""The Cloud Payments request: the source's sample byte for byte in meaning, every row of its tables, and every rule."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.client.errors import PartnerFault, ProtocolError, RequestInvalid, TransportError
from partnerlab.client.http import HttpResponse
from partnerlab.client.invoice_cloud import (
    AsyncRestClient,
    CloudCustomer,
    CloudInvoice,
    CloudPayment,
    CloudPaymentRequest,
    InvoiceOptions,
    PageResultOptions,
    PaymentSettings,
    RestAccount,
    RestClient,
    ViewMode,
)
from partnerlab.client.invoice_cloud.operations import cloud_payments
from tests.client.invoice_cloud.stub import API_KEY, LOST, TOKEN, good, operations, problems_of, refuse

ACCOUNT = RestAccount("https://ic.example.com", API_KEY)
RETURN = "https://localhost/WebShare/Anonymous/Receipt.aspx?clientKey=001&viewID=3&transid=a53c&acctnum=10000101"
POST_BACK = "https://localhost/WebShare/Anonymous/SilentPost.aspx?clientKey=001&viewID=3&transid=a53c&acctnum=10000101"
PAGE = "https://ic.example.com/cloudpayments/tok-secret-tok-secret"

SAMPLE = {
    "CSSUrl": "https://www.invoicecloud.example",
    "AllowSwipe": True,
    "AllowCCPayment": True,
    "AllowACHPayment": True,
    "RemoteAuthenticationToken": "",
    "ReturnURL": RETURN,
    "PostBackURL": POST_BACK,
    "BillerReference": "",
    "ViewMode": 1,
    "CreateCustomerRecord": True,
    "Customers": [
        {
            "AccountNumber": "10000101",
            "Name": "Willows Laundry",
            "Address": None,
            "City": None,
            "State": None,
            "Zip": None,
            "EmailAddress": None,
            "Invoices": None,
        }
    ],
    "PageResultOptions": {
        "AllowRegisterAccount": False,
        "InvoiceOptions": {
            "AllowViewStatement": False,
            "AllowRemove": True,
            "AllowViewRelated": False,
            "AllowRemindMe": False,
        },
    },
}
"""The source's Sample Request, its host and its long addresses apart."""

CUSTOMER = CloudCustomer("10000101", name="Willows Laundry")
PLAIN = CloudPaymentRequest((CUSTOMER,), post_back_url=POST_BACK)


def sent(request: CloudPaymentRequest, account: RestAccount = ACCOUNT) -> bytes:
    return cloud_payments.create_cloud_payment(account, request).request.content


def with_invoice(**own: Any) -> CloudPaymentRequest:
    return replace(PLAIN, customers=(replace(CUSTOMER, invoices=(CloudInvoice("500001", **own),)),))


def test_the_sample_of_the_source_is_what_goes_out() -> None:
    request = CloudPaymentRequest(
        customers=(CUSTOMER,),
        return_url=RETURN,
        post_back_url=POST_BACK,
        css_url="https://www.invoicecloud.example",
        settings=PaymentSettings(create_customer_record=True),
    )
    assert of_the_contract(sent(request)) == SAMPLE
    assert list(json.loads(sent(request))) == list(SAMPLE)


def of_the_contract(content: bytes) -> Any:
    """The request, once the contract's schema has nothing against it."""
    members = json.loads(content)
    assert list(problems_of({"$ref": "#/components/schemas/CloudPaymentsRequest"}, members, "request")) == []
    return members


def test_every_row_of_the_tables_has_its_place() -> None:
    request = CloudPaymentRequest(
        customers=(
            CloudCustomer(
                "10000101",
                "Willows Laundry",
                "1 Main St",
                "Springfield",
                "MA",
                "01101",
                "willows@example.com",
                (
                    CloudInvoice(
                        "500001",
                        type_id="1",
                        invoice_date=date(2026, 6, 1),
                        due_date=date(2026, 6, 21),
                        balance_due=Decimal("75.1"),
                        cc_service_fee=Decimal("1.95"),
                        ach_service_fee=Decimal(0),
                        minimum_amount_due=Decimal(10),
                        allow_partial_payments=True,
                    ),
                ),
                display_account_number="1000-0101",
            ),
        ),
        post_back_url=POST_BACK,
        return_url=RETURN,
        biller_reference="r-1",
        view_mode=ViewMode.WINDOW,
        css_url="https://css.example.com/a.css",
        settings=PaymentSettings(
            allow_swipe=False,
            allow_cc_payment=True,
            allow_ach_payment=False,
            create_customer_record=False,
            remote_authentication_token=TOKEN,
            allow_emv=True,
            emv_device_id="d-1",
            emv_location_id="l-1",
            cashier_name="Ann",
            page_load_override=True,
        ),
        page_result_options=PageResultOptions(True, InvoiceOptions(True, False, True, True)),
    )
    text = sent(request).decode()
    assert of_the_contract(text.encode()) == {
        "CSSUrl": "https://css.example.com/a.css",
        "AllowSwipe": False,
        "AllowCCPayment": True,
        "AllowACHPayment": False,
        "RemoteAuthenticationToken": TOKEN,
        "ReturnURL": RETURN,
        "PostBackURL": POST_BACK,
        "BillerReference": "r-1",
        "ViewMode": 0,
        "CreateCustomerRecord": False,
        "Customers": [
            {
                "AccountNumber": "10000101",
                "Name": "Willows Laundry",
                "Address": "1 Main St",
                "City": "Springfield",
                "State": "MA",
                "Zip": "01101",
                "EmailAddress": "willows@example.com",
                "Invoices": [
                    {
                        "InvoiceNumber": "500001",
                        "TypeID": "1",
                        "InvoiceDate": "06/01/2026",
                        "DueDate": "06/21/2026",
                        "BalanceDue": 75.10,
                        "CCServiceFee": 1.95,
                        "ACHServiceFee": 0,
                        "MinimumAmountDue": 10,
                        "AllowPartialPayments": True,
                    }
                ],
                "DisplayAccountNumber": "1000-0101",
            }
        ],
        "AllowEMV": True,
        "EMVDeviceID": "d-1",
        "EMVLocationID": "l-1",
        "CashierName": "Ann",
        "PageLoadOverride": True,
        "PageResultOptions": {
            "AllowRegisterAccount": True,
            "InvoiceOptions": {
                "AllowViewStatement": True,
                "AllowRemove": False,
                "AllowViewRelated": True,
                "AllowRemindMe": True,
            },
        },
    }
    for amount in ('"BalanceDue":75.10,', '"CCServiceFee":1.95,', '"ACHServiceFee":0.00,', '"MinimumAmountDue":10.00,'):
        assert amount in text


def test_no_field_of_the_request_was_forgotten_above() -> None:
    """Every field of every part has a member on the wire: a new one must be rendered."""
    parts = (CloudPaymentRequest, CloudCustomer, CloudInvoice, PaymentSettings, PageResultOptions, InvoiceOptions)
    assert [len(fields(part)) for part in parts] == [8, 9, 9, 10, 2, 4]


def test_an_amount_no_float_can_hold_goes_out_as_it_is() -> None:
    assert b'"BalanceDue":99999999999999999.01' in sent(with_invoice(balance_due=Decimal("99999999999999999.01")))


def test_minus_zero_is_zero() -> None:
    assert b'"BalanceDue":0.00' in sent(with_invoice(balance_due=Decimal("-0")))


def test_page_options_can_be_left_out() -> None:
    assert "PageResultOptions" not in json.loads(sent(replace(PLAIN, page_result_options=None)))
    without = replace(PLAIN, page_result_options=PageResultOptions(invoice_options=None))
    assert json.loads(sent(without))["PageResultOptions"] == {"AllowRegisterAccount": False}


BAD: dict[str, tuple[CloudPaymentRequest, str]] = {
    "no customer": (replace(PLAIN, customers=()), "Customers"),
    "no account number": (replace(PLAIN, customers=(CloudCustomer(" "),)), "Customers[0].AccountNumber"),
    "account twice": (replace(PLAIN, customers=(CUSTOMER, CUSTOMER)), "Customers[1].AccountNumber"),
    "no invoice in a list": (
        replace(PLAIN, customers=(replace(CUSTOMER, invoices=()),)),
        "Customers[0].Invoices",
    ),
    "invoice twice": (
        replace(PLAIN, customers=(replace(CUSTOMER, invoices=(CloudInvoice("1"), CloudInvoice("1"))),)),
        "Customers[0].Invoices[1].InvoiceNumber",
    ),
    "invoice twice, once with a space": (
        replace(PLAIN, customers=(replace(CUSTOMER, invoices=(CloudInvoice("1"), CloudInvoice("1 "))),)),
        "Customers[0].Invoices[1].InvoiceNumber",
    ),
    "account twice, once with a space": (
        replace(PLAIN, customers=(CUSTOMER, CloudCustomer(" 10000101"))),
        "Customers[1].AccountNumber",
    ),
    "an invoice that is no list": (
        replace(PLAIN, customers=(replace(CUSTOMER, invoices=CloudInvoice("1")),)),  # type: ignore[arg-type]
        "Customers[0].Invoices",
    ),
    "a switch in words": (
        replace(PLAIN, settings=PaymentSettings(allow_cc_payment="false")),  # type: ignore[arg-type]
        "AllowCCPayment",
    ),
    "a switch by number": (replace(PLAIN, settings=PaymentSettings(allow_emv=1)), "AllowEMV"),  # type: ignore[arg-type]
    "a switch that is nothing": (
        replace(PLAIN, settings=PaymentSettings(create_customer_record=None)),  # type: ignore[arg-type]
        "CreateCustomerRecord",
    ),
    "a part in words": (
        with_invoice(allow_partial_payments="no"),
        "Customers[0].Invoices[0].AllowPartialPayments",
    ),
    "an option in words": (
        replace(
            PLAIN,
            page_result_options=PageResultOptions(invoice_options=InvoiceOptions(allow_remove="no")),  # type: ignore[arg-type]
        ),
        "PageResultOptions.InvoiceOptions.AllowRemove",
    ),
    "two e-mail addresses": (
        replace(PLAIN, customers=(replace(CUSTOMER, email_address="a@b.example, c@d.example"),)),
        "Customers[0].EmailAddress",
    ),
    "invoice without number": (
        replace(PLAIN, customers=(replace(CUSTOMER, invoices=(CloudInvoice(""),)),)),
        "Customers[0].Invoices[0].InvoiceNumber",
    ),
    "e-mail": (replace(PLAIN, customers=(replace(CUSTOMER, email_address="x"),)), "Customers[0].EmailAddress"),
    "float": (with_invoice(balance_due=75.1), "Customers[0].Invoices[0].BalanceDue"),
    "half cent": (with_invoice(balance_due=Decimal("1.005")), "Customers[0].Invoices[0].BalanceDue"),
    "nan": (with_invoice(balance_due=Decimal("NaN")), "Customers[0].Invoices[0].BalanceDue"),
    "credit": (with_invoice(balance_due=Decimal("-3.5")), "Customers[0].Invoices[0].BalanceDue"),
    "line break": (replace(PLAIN, customers=(replace(CUSTOMER, name="a\nb"),)), "Customers[0].Name"),
    "customers": (replace(PLAIN, customers=[CloudCustomer(str(n)) for n in range(101)]), "Customers"),
    "negative fee": (with_invoice(cc_service_fee=Decimal(-1)), "Customers[0].Invoices[0].CCServiceFee"),
    "negative ACH fee": (with_invoice(ach_service_fee=Decimal(-1)), "Customers[0].Invoices[0].ACHServiceFee"),
    "minimum over balance": (
        with_invoice(balance_due=Decimal(5), minimum_amount_due=Decimal(6)),
        "Customers[0].Invoices[0].MinimumAmountDue",
    ),
    "date with a time": (with_invoice(due_date=datetime(2026, 6, 1)), "Customers[0].Invoices[0].DueDate"),
    "type": (with_invoice(type_id=" "), "Customers[0].Invoices[0].TypeID"),
    "nothing to pay with": (
        replace(PLAIN, settings=PaymentSettings(allow_cc_payment=False, allow_ach_payment=False)),
        "AllowCCPayment",
    ),
    "view mode": (replace(PLAIN, view_mode=1), "ViewMode"),  # type: ignore[arg-type]
    "post back over http": (replace(PLAIN, post_back_url="http://example.com/post"), "PostBackURL"),
    "post back elsewhere": (replace(PLAIN, post_back_url="file:///etc/passwd"), "PostBackURL"),
    "return with a password": (replace(PLAIN, return_url="https://u:p@example.com/"), "ReturnURL"),
    "style sheet": (replace(PLAIN, css_url="javascript:alert(1)"), "CSSUrl"),
    "reference": (replace(PLAIN, biller_reference="x" * 256), "BillerReference"),
    "long address": (replace(PLAIN, return_url="https://example.com/" + "x" * 2048), "ReturnURL"),
    "cashier": (replace(PLAIN, settings=PaymentSettings(cashier_name=" ")), "CashierName"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_value_that_breaks_a_rule_is_named_and_nothing_is_sent(name: str) -> None:
    request, field = BAD[name]
    with pytest.raises(RequestInvalid) as caught:
        cloud_payments.create_cloud_payment(ACCOUNT, request)
    assert caught.value.field == field


def test_an_address_in_an_error_shows_no_query() -> None:
    with pytest.raises(RequestInvalid) as caught:
        sent(replace(PLAIN, return_url="http://example.com/?transid=a53c"))
    assert "a53c" not in str(caught.value)


def test_a_sandbox_over_http_may_be_called_back_over_http() -> None:
    sandbox = RestAccount("http://sandbox:8700", API_KEY)
    assert b"http://shop:5000/post" in sent(replace(PLAIN, post_back_url="http://shop:5000/post"), sandbox)


def run(flavour: Any, stub: Any, request: CloudPaymentRequest) -> Any:
    return flavour._run(RestClient, AsyncRestClient, (stub.url, API_KEY), {}, "create_cloud_payment", (request,), {})


def test_the_answer_is_the_page_s_address_which_repr_does_not_show(flavour: Any, invoice_cloud: Any) -> None:
    name = cloud_payments.OPERATION
    stub = invoice_cloud(**{name: good(Data={"CloudPaymentURL": PAGE})})
    page = run(flavour, stub, PLAIN)
    assert page == CloudPayment(PAGE)
    assert repr(page) == "CloudPayment(https://ic.example.com/•••)"
    assert (stub.seen[0].method, stub.seen[0].path) == ("POST", "/cloudpaymentsapi/v2")


def test_a_refusal_is_told_in_invoice_cloud_s_words(flavour: Any, invoice_cloud: Any) -> None:
    with pytest.raises(PartnerFault, match="No such account"):
        run(flavour, invoice_cloud(**{cloud_payments.OPERATION: refuse("No such account.", Data=None)}), PLAIN)


def test_a_lost_answer_is_not_asked_for_again(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(**{cloud_payments.OPERATION: LOST})
    with pytest.raises(TransportError):
        run(flavour, stub, PLAIN)
    assert len(stub.seen) == 1


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('{"Success":true,"Data":null}', "Data is missing"),
        ('{"Success":true,"Data":{}}', "Data.CloudPaymentURL is missing or blank"),
        ('{"Success":true,"Data":{"CloudPaymentURL":"http://example.com/secret"}}', "must be https"),
        ('{"Success":true,"Data":{"CloudPaymentURL":"javascript:alert(1)"}}', "must be https"),
        ('{"Success":true,"Data":{"CloudPaymentURL":["https://example.com/secret"]}}', "is not a text"),
    ],
)
def test_an_answer_without_a_good_address_breaks_the_contract_and_is_not_quoted(body: str, rule: str) -> None:
    with pytest.raises(ProtocolError, match=rule) as caught:
        cloud_payments.create_cloud_payment(ACCOUNT, PLAIN).read(HttpResponse(200, {}, body.encode()))
    assert "secret" not in str(caught.value)


def test_a_token_is_shown_nowhere() -> None:
    request = replace(PLAIN, settings=PaymentSettings(remote_authentication_token=TOKEN))
    call = cloud_payments.create_cloud_payment(ACCOUNT, request)
    assert TOKEN in call.request.content.decode()
    assert TOKEN not in repr(request) + repr(call)
    with pytest.raises(PartnerFault) as caught:
        call.read(HttpResponse(400, {}, json.dumps({"ErrorMessage": f"Token {TOKEN}"}).encode()))
    assert TOKEN not in str(caught.value)


def test_the_operation_is_the_contract_s() -> None:
    assert operations()[cloud_payments.OPERATION][:2] == ("POST", cloud_payments.PATH)
