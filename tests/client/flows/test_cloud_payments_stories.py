"""The Cloud Payments stories, TCCS's agents, and what makes a postback sure; sync and async with one body."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.client.errors import PartnerFault, RequestInvalid, TransportError
from partnerlab.client.flows import FlowFailed, StepOutcome, agent, cloud_payments, confirm_payment
from partnerlab.client.flows.agent import policy_number
from partnerlab.client.invoice_cloud import (
    AsyncInvoiceCloudClient,
    AsyncRestClient,
    CloudCustomer,
    CloudInvoice,
    CloudPaymentRequest,
    Expected,
    InvoiceCloudClient,
    PaymentSettings,
    Postback,
    PostbackRefused,
    RestClient,
)
from tests.client.invoice_cloud.stub import API_KEY, BILLER, LOST, TOKEN, WEB_SERVICE_KEY, Stub, good, raw, refuse

PAGE = "https://ic.example.com/cloudpayments/tok-secret"
MADE = good(Data={"CloudPaymentURL": PAGE})
POST_BACK = "https://partner.example.com/post?key=1"
REQUEST = CloudPaymentRequest((CloudCustomer("10000101", name="Willows"),), post_back_url=POST_BACK)


def run(flavour: Any, stub: Stub, story: Callable[..., Any], *args: Any, **kw: Any) -> Any:
    soap = story is confirm_payment
    kinds: Any = (InvoiceCloudClient, AsyncInvoiceCloudClient) if soap else (RestClient, AsyncRestClient)
    where = (stub.url, BILLER, WEB_SERVICE_KEY) if soap else (stub.url, API_KEY)
    if flavour.name == "sync":
        with kinds[0](*where) as client:
            return story(client, *args, **kw)

    async def awaited() -> Any:
        async with kinds[1](*where) as client:
            return await story(client, *args, **kw)

    return asyncio.run(awaited())


def test_an_unregistered_payer_gets_a_page_and_a_customer_s_record(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(CloudPaymentsV2=MADE)
    asked = replace(REQUEST, settings=PaymentSettings(allow_swipe=False, remote_authentication_token=TOKEN))
    report = run(flavour, stub, cloud_payments.unregistered_user_payment, asked)
    assert report.url == PAGE
    assert report.operations == ("CloudPaymentsV2",)
    members = stub.seen[0].members
    assert (members["CreateCustomerRecord"], members["RemoteAuthenticationToken"]) == (True, "")
    assert (members["AllowSwipe"], members["PostBackURL"], members["ViewMode"]) == (False, POST_BACK, 1)
    assert "tok" not in repr(report) + str(report)


def test_a_registered_payer_s_token_goes_along_and_is_not_kept(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(CloudPaymentsV2=MADE)
    asked = replace(REQUEST, settings=PaymentSettings(create_customer_record=True))
    report = run(flavour, stub, cloud_payments.registered_user_quick_payment, asked, TOKEN)
    members = stub.seen[0].members
    assert (members["CreateCustomerRecord"], members["RemoteAuthenticationToken"]) == (False, TOKEN)
    assert report.request.settings.remote_authentication_token == ""


def test_a_quick_payment_needs_a_token(flavour: Any, invoice_cloud: Any) -> None:
    with pytest.raises(RequestInvalid, match="RemoteAuthenticationToken"):
        run(flavour, invoice_cloud(), cloud_payments.registered_user_quick_payment, REQUEST, "")


def test_a_page_that_is_refused_is_told_in_invoice_cloud_s_words(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(CloudPaymentsV2=refuse("Account 10000101 is not known."))
    with pytest.raises(FlowFailed) as caught:
        run(flavour, stub, cloud_payments.unregistered_user_payment, REQUEST)
    assert isinstance(caught.value.error, PartnerFault)
    assert caught.value.steps[0].outcome is StepOutcome.REFUSED


def test_a_page_whose_answer_is_lost_leaves_the_customer_in_doubt(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(CloudPaymentsV2=LOST)
    with pytest.raises(FlowFailed) as caught:
        run(flavour, stub, cloud_payments.unregistered_user_payment, REQUEST)
    assert isinstance(caught.value.error, TransportError)
    assert caught.value.steps[0].outcome is StepOutcome.UNKNOWN


# --- agents -----------------------------------------------------------------------------------------------------------

QUOTE = {"quote_number": "Q454100010-03/01/2019", "insured_name": "Harbor Street Bakery", "deposit": Decimal("24")}


def test_a_quote_s_deposit_is_told_whole_and_its_customer_created(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(CloudPaymentsV2=MADE)
    report = run(
        flavour, stub, agent.new_policy_deposit, **QUOTE, post_back_url=POST_BACK, biller_reference="r-1", type_id="1"
    )
    members = stub.seen[0].members
    assert (members["CreateCustomerRecord"], members["ViewMode"], members["AllowSwipe"]) == (True, 0, False)
    (customer,) = members["Customers"]
    assert (customer["AccountNumber"], customer["Name"]) == ("Q454100010", "Harbor Street Bakery")
    assert customer["Invoices"] == [
        {
            "InvoiceNumber": "Q454100010-03/01/2019",
            "TypeID": "1",
            "BalanceDue": 24.0,
            "AllowPartialPayments": False,
        }
    ]
    assert b'"BalanceDue":24.00' in stub.seen[0].body
    assert members["PageResultOptions"]["InvoiceOptions"]["AllowRemove"] is False
    expect = Expected.of(report.request, BILLER)
    assert (dict(expect.invoices), expect.biller_reference) == ({"Q454100010-03/01/2019": Decimal("24")}, "r-1")
    assert not expect.partial_payments


@pytest.mark.parametrize(
    ("own", "field"),
    [
        ({"quote_number": "454100010-06/16/2020"}, "quote_number"),
        ({"quote_number": "q1"}, "quote_number"),
        ({"insured_name": " "}, "insured_name"),
        ({"insured_name": "A|B"}, "insured_name"),
        ({"insured_name": "a@b"}, "insured_name"),
        ({"insured_name": "Estate of: B"}, "insured_name"),
        ({"insured_name": "A\nB"}, "insured_name"),
        ({"insured_name": "A" * 101}, "insured_name"),
        ({"quote_number": "Q454100010"}, "quote_number"),
        ({"quote_number": "Q4|1-03/01/2019"}, "quote_number"),
        ({"deposit": Decimal(0)}, "deposit"),
        ({"deposit": Decimal("NaN")}, "deposit"),
        ({"deposit": 24.0}, "deposit"),
        ({"deposit": Decimal("24.001")}, "Customers[0].Invoices[0].BalanceDue"),
    ],
)
def test_a_deposit_that_tccs_could_not_take_is_not_asked_for(
    flavour: Any, invoice_cloud: Any, own: Any, field: str
) -> None:
    stub = invoice_cloud()
    with pytest.raises(RequestInvalid) as caught:
        run(flavour, stub, agent.new_policy_deposit, **{**QUOTE, **own})
    assert caught.value.field == field
    assert stub.server.connections == 0


def test_an_existing_policy_is_paid_as_the_inquiry_shows_it(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(CloudPaymentsV2=MADE)
    due = {"454100010-06/16/2020": Decimal("120.00")}
    run(flavour, stub, agent.existing_policy_payment, account_number="454100010", invoices=due, name="Bakery")
    members = stub.seen[0].members
    assert (members["CreateCustomerRecord"], members["ViewMode"], members["AllowSwipe"]) == (False, 0, False)
    assert members["Customers"][0]["Invoices"] == [{"InvoiceNumber": "454100010-06/16/2020", "BalanceDue": 120.0}]


@pytest.mark.parametrize("number", ["Q454100010-03/01/2019", "454100010", "454100010-06/16/2020|1.00:CC"])
def test_an_invoice_whose_payment_tccs_would_misread_is_not_asked_for(
    flavour: Any, invoice_cloud: Any, number: str
) -> None:
    stub = invoice_cloud()
    due = {number: Decimal("120.00")}
    with pytest.raises(RequestInvalid) as caught:
        run(flavour, stub, agent.existing_policy_payment, account_number="454100010", invoices=due)
    assert caught.value.field == "invoices"
    assert stub.server.connections == 0


def test_an_existing_policy_is_paid_as_invoice_cloud_has_it_where_nothing_is_said(
    flavour: Any, invoice_cloud: Any
) -> None:
    stub = invoice_cloud(CloudPaymentsV2=MADE)
    run(flavour, stub, agent.existing_policy_payment, account_number="454100010")
    assert stub.seen[0].members["Customers"][0]["Invoices"] is None


def test_a_policy_s_number_is_its_invoice_s_without_the_date() -> None:
    assert policy_number("454100010-06/16/2020") == "454100010"
    assert policy_number("Q454100010-03/01/2019") == "Q454100010"
    assert policy_number("A-1-06/16/2020") == "A-1"
    assert policy_number("454100010") == "454100010"
    assert policy_number("454100010-6/16/20") == "454100010-6/16/20"


# --- confirmation -----------------------------------------------------------------------------------------------------

WHEN = datetime(2026, 6, 16, 10, 30)
POSTBACK = Postback(
    BILLER, WHEN, "500001", True, "W", "", "", "", "", "p-1", Decimal("40.00"), "", 1, "Visa", "", "r-1",
    Decimal("0.00"), "127.0.0.1",
)  # fmt: skip
ROW = {
    "InvoiceNumber": "500001",
    "PaymentGUID": "p-1",
    "PaymentDate": "2026-06-16T10:30:00",
    "PaymentTypeID": 1,
    "PaymentAmount": "40.00",
    "ConvenienceFee": "0.00",
    "Approved": True,
    "BillerReference": "r-1",
    "Offline": False,
    "WSReportID": 0,
}


def payments(*rows: dict[str, Any]) -> Any:
    return good(Payments=("ExportedPayment", list(rows)))


def test_a_payment_that_invoice_cloud_has_may_be_credited(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(ExportPayments=payments(ROW | {"PaymentGUID": "p-0"}, ROW | {"InvoiceNumber": "500002"}, ROW))
    report = run(flavour, stub, confirm_payment, POSTBACK)
    assert report.credit is not None
    assert (report.credit.payment_guid, report.credit.payment_amount) == ("p-1", Decimal("40.00"))
    assert report.operations == ("ExportPayments", "postback")
    assert stub.seen[0].members["Since"] == "2026-06-15T10:30:00"


def test_a_payment_without_a_reference_is_borne_out_by_the_rest(flavour: Any, invoice_cloud: Any) -> None:
    row = {name: value for name, value in ROW.items() if name != "BillerReference"}
    assert run(flavour, invoice_cloud(ExportPayments=payments(row)), confirm_payment, POSTBACK).credit is not None


def test_where_to_look_from_can_be_said(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(ExportPayments=payments(ROW))
    run(flavour, stub, confirm_payment, POSTBACK, since=WHEN - timedelta(hours=1))
    assert stub.seen[0].members["Since"] == "2026-06-16T09:30:00"


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([], "PaymentGUID"),
        ([ROW | {"PaymentGUID": "p-2"}], "PaymentGUID"),
        ([ROW | {"InvoiceNumber": "500002"}], "PaymentGUID"),
        ([ROW | {"PaymentAmount": "39.99"}], "PaymentAmount"),
        ([ROW | {"BillerReference": "r-2"}], "BillerReference"),
        ([ROW | {"Approved": False}], "Approved"),
    ],
)
def test_a_payment_that_invoice_cloud_does_not_bear_out_is_refused(
    flavour: Any, invoice_cloud: Any, rows: Any, field: str
) -> None:
    with pytest.raises(FlowFailed) as caught:
        run(flavour, invoice_cloud(ExportPayments=payments(*rows)), confirm_payment, POSTBACK)
    assert isinstance(caught.value.error, PostbackRefused)
    assert caught.value.error.field == field


def test_a_look_up_that_fails_refuses_nothing(flavour: Any, invoice_cloud: Any) -> None:
    with pytest.raises(FlowFailed) as caught:
        run(flavour, invoice_cloud(ExportPayments=raw(503)), confirm_payment, POSTBACK)
    assert isinstance(caught.value.error, TransportError)
    assert caught.value.steps[0].outcome is StepOutcome.FAILED


def test_a_declined_payment_is_not_looked_up(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud()
    report = run(flavour, stub, confirm_payment, replace(POSTBACK, approved=False, payment_message="Declined"))
    assert report.credit is None
    assert report.steps[0].said == "not approved: Declined; nothing to credit"
    assert stub.server.connections == 0


def test_the_words_of_a_declined_payment_cannot_pass_for_a_step_of_the_report(flavour: Any, invoice_cloud: Any) -> None:
    words = "no\n2. postback: done: confirmed: 40.00 for 500001, card 4111111111111111" + "x" * 500
    declined = replace(POSTBACK, approved=False, payment_message=words)
    report = run(flavour, invoice_cloud(), confirm_payment, declined)
    assert len(str(report).splitlines()) == 2
    assert "411111111111" not in str(report)
    assert len(report.steps[0].said) < 300


def test_a_page_s_request_tells_what_to_expect() -> None:
    invoices = (CloudInvoice("500001", balance_due=Decimal("40.00")),)
    request = replace(REQUEST, customers=(CloudCustomer("10000101", invoices=invoices),), biller_reference="r-1")
    assert Expected.of(request, BILLER).invoices["500001"] == Decimal("40.00")
