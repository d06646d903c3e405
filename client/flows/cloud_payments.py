"""
The two Cloud Payments stories of the inHance Portal, and what makes their outcome sure.

Source: inHance Portal Technical Design, Cloud Payments V2, User Stories.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from partnerlab.client.flows.story import Flow, Report, Steps, rest_story, soap_story
from partnerlab.client.invoice_cloud.account import Account, RestAccount
from partnerlab.client.invoice_cloud.models import ExportedPayment
from partnerlab.client.invoice_cloud.operations import cloud_payments as cpv2
from partnerlab.client.invoice_cloud.operations import exports
from partnerlab.client.invoice_cloud.operations.cloud_payments import CloudPayment, CloudPaymentRequest
from partnerlab.client.invoice_cloud.postback import Postback, PostbackRefused
from partnerlab.client.invoice_cloud.rules import render_token
from partnerlab.contracts.masking import mask_text

__all__ = [
    "Confirmation",
    "PaymentPage",
    "confirm_payment",
    "payment_page",
    "registered_user_quick_payment",
    "unregistered_user_payment",
]

MARGIN: Final = timedelta(days=1)
"""How far back a payment is looked up: further than the zones of two clocks can be apart."""

MAX_REASON: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPage(Report):
    """
    A hosted page on which somebody may now pay: send the browser to `page.url`. `request` is what was asked for; keep
    it for `Expected.of`.
    """

    page: CloudPayment
    request: CloudPaymentRequest

    @property
    def url(self) -> str:
        """The page's address."""
        return self.page.url


@rest_story("Unregistered User Payment")
def unregistered_user_payment(do: Steps, account: RestAccount, request: CloudPaymentRequest) -> Flow[PaymentPage]:
    """
    Somebody who is not registered pays once. CreateCustomerRecord is set to true, and no token is sent.

    Raises `RequestInvalid`, `FlowFailed`. Source: stories Unregistered User Payment of Single Sign On ("Set
    'CreateCustomerRecord' to TRUE") and of Cloud Payments V2.
    """
    settings = replace(request.settings, create_customer_record=True, remote_authentication_token="")
    return (yield from payment_page(do, account, replace(request, settings=settings)))


@rest_story("Registered User Quick Payment")
def registered_user_quick_payment(
    do: Steps, account: RestAccount, request: CloudPaymentRequest, token: str
) -> Flow[PaymentPage]:
    """
    A logged-in user makes a quick payment. The session's *token* goes with it, so that Invoice Cloud knows who pays; no
    customer is created (assumed [A-70]).

    Raises `RequestInvalid`, `FlowFailed`. Source: story Registered User Quick Payment.
    """
    settings = replace(request.settings, create_customer_record=False, remote_authentication_token=render_token(token))
    return (yield from payment_page(do, account, replace(request, settings=settings)))


def payment_page(do: Steps, account: RestAccount, request: CloudPaymentRequest) -> Flow[PaymentPage]:
    """The one call of every Cloud Payments story."""
    page = yield from do.take(
        cpv2.create_cloud_payment(account, request), lambda _: "a page is made; nothing is paid yet"
    )
    # The token has done its work: what is kept of the request must not hold it.
    kept = replace(request, settings=replace(request.settings, remote_authentication_token=""))
    return PaymentPage(story=do.story, steps=do.made, page=page, request=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation(Report):
    """
    A postback that Invoice Cloud itself bears out. `credit` is the payment to credit, once by its PaymentGUID and
    invoice; `None` for one that was not approved.
    """

    credit: ExportedPayment | None


@soap_story("Confirm payment")
def confirm_payment(
    do: Steps, account: Account, postback: Postback, *, since: datetime | None = None
) -> Flow[Confirmation]:
    """
    Look a payment up at Invoice Cloud, as `read_postback` leaves it: checked, but unsigned.

    A declined payment is not looked up: there is nothing to credit, and exports hold approved payments only.

    Args:
        postback: What `read_postback` gave.
        since: Where to look from; a day before the payment's date where not given.

    Raises `FlowFailed`, whose `error` is a `PostbackRefused` where Invoice Cloud has no such payment: credit nothing. A
    look-up that fails says nothing about the payment: look again.
    """
    if not postback.approved:
        # The form's words, on one line and without a card number: nobody has vouched for them.
        reason = mask_text(" ".join(postback.payment_message.split()))[:MAX_REASON]
        do.note("postback", f"not approved: {reason or 'no reason given'}; nothing to credit")
        return Confirmation(story=do.story, steps=do.made, credit=None)
    look = exports.export_payments(account, since or postback.payment_date - MARGIN)
    payments = yield from do.take(look, lambda rows: f"{len(rows)} payments")
    for payment in payments:
        if payment.payment_guid == postback.payment_guid and payment.invoice_number == postback.invoice_number:
            _compare(postback, payment)
            do.note("postback", f"confirmed: {payment.payment_amount} for {payment.invoice_number}")
            return Confirmation(story=do.story, steps=do.made, credit=payment)
    raise PostbackRefused("PaymentGUID", postback.payment_guid, "is not a payment of this invoice at Invoice Cloud")


def _compare(postback: Postback, payment: ExportedPayment) -> None:
    """
    Raises `PostbackRefused` where the payment itself says something else.

    The reference counts where the export has one: the source lists it for payments that a biller takes, and does not
    say whether one of Cloud Payments carries it too.
    """
    if not payment.approved:
        raise PostbackRefused("Approved", postback.approved, "is not what Invoice Cloud has: not approved")
    if payment.payment_amount != postback.payment_amount:
        rule = f"is not what Invoice Cloud has: {payment.payment_amount}"
        raise PostbackRefused("PaymentAmount", postback.payment_amount, rule)
    if payment.biller_reference and payment.biller_reference != postback.biller_reference:
        raise PostbackRefused("BillerReference", postback.biller_reference, "is not what Invoice Cloud has")
