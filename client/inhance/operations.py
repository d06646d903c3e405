"""
The wire of Harris inHance v2's `iCloud.asmx`: one `build_` and one `read_` for each operation, without any I/O.

Names and casing are the source's own and differ between operations (`WebServiceKey` here, `WebserviceKey` there). A
`build_` raises `RequestInvalid`; a `read_` raises `PartnerFault` where the partner refuses, `TransportError` where a
server or gateway gave no answer, `ProtocolError` where the answer breaks the contract.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import HttpRequest, HttpResponse
from partnerlab.client.inhance.models import Acknowledgement, Balance
from partnerlab.client.inhance.rules import plain_account_number
from partnerlab.client.wire.fields import KNOWN_SHAPES, AnswerShapes
from partnerlab.client.wire.soap import Operation, Service, SoapVersion, build
from partnerlab.client.wire.soap_answer import read
from partnerlab.client.wire.values import MAX_TEXT, render_amount, render_date_time, render_integer, render_text
from partnerlab.contracts.masking import MASK, mask

__all__ = [
    "NAMESPACE",
    "OPERATIONS",
    "Endpoint",
    "build_balance_check",
    "build_make_payment",
    "build_set_autopay",
    "build_set_email",
    "build_set_paperless",
    "read_balance_check",
    "read_make_payment",
    "read_set_autopay",
    "read_set_email",
    "read_set_paperless",
]

NAMESPACE = "http://tempuri.org/"
"""The default of ASMX (assumed [A-2]); a biller's own stands in its setting `soap_namespace`."""

BALANCE_CHECK = Operation("BalanceCheck", ("AccountNumber", "LastInvoiceNumber", "WebServiceKey"))
MAKE_PAYMENT = Operation(
    "MakePaymentExtended",
    (
        "AccountNumber",
        "PaymentDate",
        "PaymentReference",
        "DocumentNumber",
        "PaymentTypeDesc",
        "PaymentAmount",
        "ConvenienceFee",
        "WebserviceKey",
    ),
)
SET_PAPERLESS = Operation("SetPaperless", ("Accountnumber", "PaperlessOnOff", "WebserviceKey"))
SET_AUTOPAY = Operation("SetAutopay", ("Accountnumber", "AutoPayOnOff", "WebserviceKey"))
SET_EMAIL = Operation("SetEmail", ("Accountnumber", "NewEmail", "WebserviceKey"))
OPERATIONS = (BALANCE_CHECK, MAKE_PAYMENT, SET_PAPERLESS, SET_AUTOPAY, SET_EMAIL)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A biller's `iCloud.asmx`: its address, the web service key, the namespace, and `soap` `1.1` or `1.2`."""

    url: str
    key: str = field(repr=False)
    namespace: str = NAMESPACE
    soap: SoapVersion = "1.1"
    shapes: AnswerShapes = field(default=KNOWN_SHAPES, repr=False, compare=False)
    service: Service = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.key.strip() or len(self.key) > MAX_TEXT:
            raise RequestInvalid("WebServiceKey", MASK, f"must have 1 to {MAX_TEXT} characters")
        object.__setattr__(self, "service", Service(self.url, self.namespace, self.soap))

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r}, key={mask(self.key)!r}, namespace={self.namespace!r}, soap={self.soap!r})"


def build_balance_check(endpoint: Endpoint, account_number: str, last_invoice_number: int) -> HttpRequest:
    """A balance check; see `rules.last_invoice_number`. Source: Details, RTDR: Balance Updates."""
    return _build(
        endpoint,
        BALANCE_CHECK,
        render_text("AccountNumber", account_number),
        render_integer("LastInvoiceNumber", last_invoice_number),
    )


def read_balance_check(endpoint: Endpoint, response: HttpResponse) -> Balance:
    """The balances of an account."""
    result = read(endpoint.service, BALANCE_CHECK, response, secrets=(endpoint.key,), shapes=endpoint.shapes)
    return Balance(
        balance=result.cents("Balance"),
        future_balance=result.cents("FutureBalance"),
        phone=result.text("Phone").strip(),
        email=result.text("Email").strip(),
    )


def build_make_payment(
    endpoint: Endpoint,
    *,
    account_number: str,
    payment_date: datetime,
    payment_reference: str,
    document_number: str,
    payment_type_desc: str,
    amount: Decimal,
    convenience_fee: Decimal = Decimal(0),
) -> HttpRequest:
    """
    A payment of an invoice or a donation. Source: Details, Data Pump: Payments.

    Args:
        account_number: As it stands, a conveyed account's too.
        payment_date: In the biller's zone; see `values.render_date_time`.
        payment_reference: What tells the payment; the partner reports one it has seen before.
        document_number: May be empty.
        payment_type_desc: As `rules.payment_type_desc` gives it.
        amount: US dollars in whole cents, above zero, without the fee.
        convenience_fee: US dollars in whole cents, not negative.
    """
    return _build(
        endpoint,
        MAKE_PAYMENT,
        render_text("AccountNumber", account_number),
        render_date_time("PaymentDate", payment_date),
        render_text("PaymentReference", payment_reference),
        render_text("DocumentNumber", document_number, required=False),
        render_text("PaymentTypeDesc", payment_type_desc),
        render_amount("PaymentAmount", amount),
        render_amount("ConvenienceFee", convenience_fee, zero=True),
    )


def read_make_payment(endpoint: Endpoint, response: HttpResponse) -> Acknowledgement:
    """That the payment is posted (the answer's shape is assumed [A-1])."""
    return _acknowledgement(endpoint, MAKE_PAYMENT, response)


def build_set_paperless(endpoint: Endpoint, account_number: str, on: bool) -> HttpRequest:
    """Paperless on or off; a conveyed account goes by its plain number. Source: Data Pump: Paperless Enrollment."""
    account_number = plain_account_number(render_text("Accountnumber", account_number))
    return _build(endpoint, SET_PAPERLESS, account_number, _on_off(on))


def read_set_paperless(endpoint: Endpoint, response: HttpResponse) -> Acknowledgement:
    """That the flag is set."""
    return _acknowledgement(endpoint, SET_PAPERLESS, response)


def build_set_autopay(endpoint: Endpoint, account_number: str, on: bool) -> HttpRequest:
    """AutoPay on or off; a conveyed account goes by its plain number. Source: Data Pump: AutoPay Enrollment."""
    account_number = plain_account_number(render_text("Accountnumber", account_number))
    return _build(endpoint, SET_AUTOPAY, account_number, _on_off(on))


def read_set_autopay(endpoint: Endpoint, response: HttpResponse) -> Acknowledgement:
    """That the flag is set."""
    return _acknowledgement(endpoint, SET_AUTOPAY, response)


def build_set_email(endpoint: Endpoint, account_number: str, new_email: str) -> HttpRequest:
    """A changed e-mail address, the account number as it stands. Source: Details, Data Pump: Set Email."""
    return _build(endpoint, SET_EMAIL, render_text("Accountnumber", account_number), render_text("NewEmail", new_email))


def read_set_email(endpoint: Endpoint, response: HttpResponse) -> Acknowledgement:
    """That the address is set."""
    return _acknowledgement(endpoint, SET_EMAIL, response)


def _build(endpoint: Endpoint, operation: Operation, *values: str) -> HttpRequest:
    """The call; the key is the last parameter of every operation."""
    return build(endpoint.service, operation, (*values, endpoint.key), secrets=(endpoint.key,))


def _acknowledgement(endpoint: Endpoint, operation: Operation, response: HttpResponse) -> Acknowledgement:
    result = read(endpoint.service, operation, response, secrets=(endpoint.key,), shapes=endpoint.shapes)
    return Acknowledgement(result.message("ErrorMessage"))


def _on_off(on: bool) -> str:
    return "On" if on else "Off"
