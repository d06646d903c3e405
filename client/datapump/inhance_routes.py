"""
Routes to Harris inHance v2.

A payment's `PaymentReference` is Invoice Cloud's payment reference and its `DocumentNumber` the invoice number, so that
a clerk finds the payment by the first and the bill by the second (assumed [A-27]: the source names the fields only).
The `Set…` operations put a flag or an address into a state and may be repeated; `MakePaymentExtended` may not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from partnerlab.client.datapump.events import AutoPay, Email, Event, Paperless, Payment
from partnerlab.client.datapump.plans import PartnerRequest, Plan, Route, Skip
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import Transport
from partnerlab.client.inhance import (
    Conventions,
    InHanceClient,
    operations,
    payment_type_desc,
    plain_account_number,
)
from partnerlab.client.settings import Biller
from partnerlab.client.wire.fields import AnswerShapes
from partnerlab.contracts.masking import mask_text

__all__ = ["ROUTES"]

BY_HAND = "has no operation at inHance v2: enter the returned payment at the utility, then dismiss this"


@dataclass(frozen=True, slots=True)
class SettingKeys:
    """Which settings give the address and the password of a call."""

    url: str
    password: str

    def open(self, biller: Biller, transport: Transport) -> InHanceClient:
        return InHanceClient(
            biller.require(self.url),
            biller.require(self.password),
            namespace=biller.require("soap_namespace"),
            shapes=AnswerShapes.of(biller.configuration),
            conventions=Conventions.of(biller.configuration),
            transport=transport,
        )


PAYMENTS = SettingKeys("11", "13")
PAPERLESS = SettingKeys("14", "16")
AUTOPAY = SettingKeys("17", "19")
EMAIL = PAPERLESS  # assumed


def payment(event: Event, biller: Biller, transport: Transport) -> Plan:
    """
    MakePaymentExtended, to the account number as it stands, a conveyed one too.

    An inline donation is not posted; a donation of its own is. Source: Details, Data Pump: Payments; INT-2997.
    """
    assert isinstance(event, Payment)
    if event.donation == "inline":
        return Skip("not posted: inline donation")
    client = PAYMENTS.open(biller, transport)
    kind = payment_type_desc(event.tender, biller.get("116"), Conventions.of(biller.configuration))

    def send() -> str:
        return client.make_payment(
            account_number=event.account_number,
            payment_date=event.paid_at,
            payment_reference=event.reference,
            document_number=event.invoice_number,
            payment_type_desc=kind,
            amount=event.amount,
            convenience_fee=event.service_fee,
        ).message

    return PartnerRequest(
        operation=operations.make_payment.name,
        description=mask_text(
            f"account {event.account_number}, {event.amount:.2f} + {event.service_fee:.2f} fee, {kind},"
            f" reference {event.reference}, document {event.invoice_number}, paid {event.paid_at.isoformat()}"
        ),
        send=send,
        idempotent=False,
    )


def paperless(event: Event, biller: Biller, transport: Transport) -> Plan:
    """SetPaperless; of a conveyed account the plain number. Source: Details, Data Pump: Paperless Enrollment."""
    assert isinstance(event, Paperless)
    client = PAPERLESS.open(biller, transport)
    shown = _plain(event.account_number, biller)
    return PartnerRequest(
        operation=operations.set_paperless.name,
        description=mask_text(f"account {shown}, {_on_off(event.enrolled)}"),
        send=lambda: client.set_paperless(event.account_number, event.enrolled).message,
        idempotent=True,
    )


def autopay(event: Event, biller: Biller, transport: Transport) -> Plan:
    """SetAutopay; of a conveyed account the plain number. Source: Details, Data Pump: AutoPay Enrollment."""
    assert isinstance(event, AutoPay)
    client = AUTOPAY.open(biller, transport)
    shown = _plain(event.account_number, biller)
    return PartnerRequest(
        operation=operations.set_autopay.name,
        description=mask_text(f"account {shown}, {_on_off(event.enrolled)}"),
        send=lambda: client.set_autopay(event.account_number, event.enrolled).message,
        idempotent=True,
    )


def email(event: Event, biller: Biller, transport: Transport) -> Plan:
    """SetEmail, to the account number as it stands. Source: Details, Data Pump: Set Email."""
    assert isinstance(event, Email)
    client = EMAIL.open(biller, transport)
    return PartnerRequest(
        operation=operations.set_email.name,
        description=mask_text(f"account {event.account_number}, {event.email_address}"),
        send=lambda: client.set_email(event.account_number, event.email_address).message,
        idempotent=True,
    )


def ach_reject(event: Event, biller: Biller, transport: Transport) -> Plan:  # noqa: ARG001  the shape of a route
    """Refused, so that a person sees it and enters the return by hand [A-111]. Raises `RequestInvalid`."""
    raise RequestInvalid("kind", event.kind, BY_HAND)


def _plain(account_number: str, biller: Biller) -> str:
    """How the delivery shows the number that goes out: a mark that is no conveyance's is named."""
    conventions = Conventions.of(biller.configuration)
    account = plain_account_number(account_number, conventions)
    doubt = f" (sent as it stands: {conventions.mark} and no date-time)" if conventions.is_doubtful(account) else ""
    return f"{account}{doubt}"


def _on_off(enrolled: bool) -> str:
    return "On" if enrolled else "Off"


ROUTES: Mapping[str, Route] = {
    "payment": payment,
    "paperless": paperless,
    "autopay": autopay,
    "email": email,
    "ach_reject": ach_reject,
}
