"""
Routes to TCCS.

A payment is an event of its own id, its PaymentGUID. In version 2 of the service (setting 35) it goes along, and TCCS
posts the same one once: so the call may be repeated where its outcome is unknown. In version 1 it may not, and neither
may the report of a returned payment, which would take the money back twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from partnerlab.client.datapump.events import AchReject, AutoPay, Event, Paperless, Payment
from partnerlab.client.datapump.plans import PartnerRequest, Plan, Route, Skip
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import Transport
from partnerlab.client.settings import Biller
from partnerlab.client.tccs import TccsClient, insured_name, is_quote, operations, payment_type
from partnerlab.client.tccs.answer import TCCS_SHAPES
from partnerlab.client.wire.fields import AnswerShapes
from partnerlab.contracts.masking import mask_text

__all__ = ["ROUTES"]

# A policy's premium is not lowered by what was given to somebody else.
DONATION = "not posted: TCCS takes no donations"  # assumed
RETURNED_DONATION = "not reported: TCCS was not told of the donation"


@dataclass(frozen=True, slots=True)
class SettingKeys:
    """Which settings give the address, the consumerGUID and the entryKey of a call."""

    url: str
    consumer_guid: str
    entry_key: str

    def open(self, biller: Biller, transport: Transport) -> TccsClient:
        return TccsClient(
            biller.require(self.url),
            biller.require(self.consumer_guid),
            biller.require(self.entry_key),
            shapes=AnswerShapes.of(biller.configuration, TCCS_SHAPES),
            transport=transport,
        )


PAYMENTS = SettingKeys("11", "12", "13")
ENROLMENTS_IN_PAPERLESS = SettingKeys("14", "15", "16")
ENROLMENTS_IN_AUTOPAY = SettingKeys("17", "18", "19")
ACH_REJECTS = SettingKeys("101", "102", "103")


def payment(event: Event, biller: Biller, transport: Transport) -> Plan:
    """
    Pay_Input: a payment, or a deposit where the invoice is a quote; never the service fee, never a donation.

    Source: Details, Data Pump: Payment, Quote Deposit; INT-3698; INT-6870.
    """
    assert isinstance(event, Payment)
    if event.donation != "none":
        return Skip(DONATION)
    client = PAYMENTS.open(biller, transport)
    number, guid = event.invoice_number, event.id if _version(biller) == "2" else None
    if is_quote(number):
        name, changed = insured_name(event.payer_name)
        kind = f"deposit for {name}" + (f" ({changed})" if changed else "")

        def send() -> str:
            return client.deposit(number, name, event.amount, payment_guid=guid).message
    else:
        kind = payment_type(event.tender)

        def send() -> str:
            return client.pay(number, event.amount, kind, payment_guid=guid).message

    marked = f"PaymentGUID {guid}" if guid else f"without its PaymentGUID {event.id} (version 1)"
    return PartnerRequest(
        operation=operations.pay.name,
        description=mask_text(f"invoice {number}, {event.amount:.2f}, {kind}, {marked}"),
        send=send,
        idempotent=guid is not None,
    )


def paperless(event: Event, biller: Biller, transport: Transport) -> Plan:
    """Paperless_Bill, by the account's latest invoice. Source: Details, Data Pump: Paperless Enrollment."""
    assert isinstance(event, Paperless)
    client = ENROLMENTS_IN_PAPERLESS.open(biller, transport)
    number = _invoice_of(event)
    return PartnerRequest(
        operation=operations.set_paperless.name,
        description=mask_text(f"invoice {number}, {_y_n(event.enrolled)}"),
        send=lambda: client.set_paperless(number, event.enrolled).message,
        idempotent=True,
    )


def autopay(event: Event, biller: Biller, transport: Transport) -> Plan:
    """Recurring_Pay, by the account's latest invoice. Source: Details, Data Pump: AutoPay Enrollment."""
    assert isinstance(event, AutoPay)
    client = ENROLMENTS_IN_AUTOPAY.open(biller, transport)
    number = _invoice_of(event)
    return PartnerRequest(
        operation=operations.set_recurring.name,
        description=mask_text(f"invoice {number}, {_y_n(event.enrolled)}"),
        send=lambda: client.set_recurring(number, event.enrolled).message,
        idempotent=True,
    )


def email(event: Event, biller: Biller, transport: Transport) -> Plan:  # noqa: ARG001  the shape of a route
    """Nothing: the service has no endpoint for it."""
    return Skip("not supported by TCCS")


def ach_reject(event: Event, biller: Biller, transport: Transport) -> Plan:
    """Insufficient_Pay_Report, with the day and the amount of the payment. Source: Details, Data Pump: ACH Reject."""
    assert isinstance(event, AchReject)
    if event.donation != "none":
        return Skip(RETURNED_DONATION)
    client = ACH_REJECTS.open(biller, transport)
    return PartnerRequest(
        operation=operations.report_insufficient_funds.name,
        description=mask_text(
            f"invoice {event.invoice_number}, {event.amount:.2f} paid {event.paid_on.isoformat()},"
            f" PaymentGUID {event.payment_guid}, returned {event.code}"
        ),
        send=lambda: client.report_insufficient_funds(event.invoice_number, event.paid_on, event.amount).message,
        idempotent=False,
    )


def _version(biller: Biller) -> str:
    version = biller.get("35")
    if version not in ("1", "2"):
        raise RequestInvalid("setting 35", version, "must be 1 or 2")
    return version


def _invoice_of(event: Paperless | AutoPay) -> str:
    """
    The account's latest invoice when it was enrolled: the policy's term that it is about (assumed [A-51]).

    Raises `RequestInvalid` where it had none: TCCS knows a policy by its invoices only.
    """
    if not event.invoice_number:
        rule = f"TCCS is told of an enrolment by an invoice, and account {event.account_number} had none"
        raise RequestInvalid("invoice_number", "", rule)
    return event.invoice_number


def _y_n(enrolled: bool) -> str:
    return "Y" if enrolled else "N"


ROUTES: Mapping[str, Route] = {
    "payment": payment,
    "paperless": paperless,
    "autopay": autopay,
    "email": email,
    "ach_reject": ach_reject,
}
