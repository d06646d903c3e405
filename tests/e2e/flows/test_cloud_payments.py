"""The inHance Portal's guests pay on Cloud Payments, against the sandbox."""

from __future__ import annotations

from decimal import Decimal

import pytest
from lxml import html

from partnerlab.client.flows import FlowFailed, cloud_payments, confirm_payment
from partnerlab.client.invoice_cloud import (
    CloudCustomer,
    CloudInvoice,
    CloudPaymentRequest,
    Expected,
    PostbackRefused,
    read_postback,
)
from tests.e2e.flows.conftest import DECLINES, PASSWORD, USER, Browser, Partner, Portal, guest_request


def test_a_guest_pays_and_the_postback_is_believed_only_when_invoice_cloud_bears_it_out(
    portal: Portal, browser: Browser, partner: Partner
) -> None:
    before = portal.soap.view_invoice("500001").balance_due
    made = cloud_payments.unregistered_user_payment(portal.rest, guest_request(partner))
    browser.pay(made.url)
    assert str(browser.page.url).startswith(f"{partner.url}/Receipt.aspx?transid=1")

    content_type, body = partner.postback()
    expect = Expected.of(made.request, portal.guid, {"500001": before})
    postback = read_postback(body, content_type, expect=expect)
    assert (postback.approved, postback.payment_amount, postback.card_type) == (True, before, "Visa")
    report = confirm_payment(portal.soap, postback)
    assert report.credit is not None
    assert (report.credit.payment_amount, report.credit.account_number) == (before, "10000101")
    assert portal.soap.view_invoice("500001").balance_due == Decimal("0.00")

    for forged, field in (
        (body.replace(b"InvoiceNumber=500001", b"InvoiceNumber=500002"), "InvoiceNumber"),
        (body.replace(b"PaymentAmount=125.50", b"PaymentAmount=125.51"), "PaymentAmount"),
    ):
        assert forged != body
        with pytest.raises(PostbackRefused) as caught:
            read_postback(forged, content_type, expect=expect)
        assert caught.value.field == field
    # Whoever knows all of that can still not make up a payment.
    guid = postback.payment_guid.encode()
    unknown = read_postback(body.replace(guid, guid[::-1]), content_type, expect=expect)
    with pytest.raises(FlowFailed, match="is not a payment of this invoice"):
        confirm_payment(portal.soap, unknown)


def test_a_declined_card_posts_back_and_credits_nothing(portal: Portal, browser: Browser, partner: Partner) -> None:
    before = portal.soap.view_invoice("500001").balance_due
    made = cloud_payments.unregistered_user_payment(portal.rest, guest_request(partner))
    browser.get(made.url)
    browser.submit("go on")
    (form,) = html.fromstring(browser.page.content).xpath("//main//form[last()]")
    card = {"CardNumber": DECLINES, "CardExpiry": "09/39", "CVV": "123", "CardHolder": "Ann Example"}
    browser.http.post(form.action, data=dict(form.form_values()) | card)
    content_type, body = partner.postback()
    postback = read_postback(body, content_type, expect=Expected.of(made.request, portal.guid, {"500001": before}))
    assert not postback.approved
    assert postback.payment_message
    assert confirm_payment(portal.soap, postback).credit is None
    assert portal.soap.view_invoice("500001").balance_due == before


def test_a_guest_whom_nobody_knows_gets_a_customer_s_record(portal: Portal, partner: Partner) -> None:
    invoice = CloudInvoice("G-1", balance_due=Decimal("19.99"))
    request = CloudPaymentRequest((CloudCustomer("30000001", name="Guest Example", invoices=(invoice,)),))
    made = cloud_payments.unregistered_user_payment(portal.rest, request)
    assert made.url.startswith(portal.url)
    guid = portal.rest.retrieve_customer_guid("30000001")
    assert portal.rest.retrieve_customer_account(guid).customer_name == "Guest Example"


def test_a_registered_user_makes_a_quick_payment(portal: Portal, browser: Browser, partner: Partner) -> None:
    token = portal.rest.remote_authentication(USER, PASSWORD).token
    made = cloud_payments.registered_user_quick_payment(portal.rest, guest_request(partner, "r-2"), token)
    assert token not in str(made) + repr(made)
    browser.pay(made.url)
    content_type, body = partner.postback()
    expect = Expected.of(made.request, portal.guid, {"500001": Decimal("125.50")})
    assert read_postback(body, content_type, expect=expect).biller_reference == "r-2"
