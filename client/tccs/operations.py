"""
The wire of TCCS: one `build_` for each endpoint, and the readers of their answers, without any I/O.

A body is a form of `consumerGUID`, `entryKey` and `contentInfo`, whose parts stand between `|`, `:` and `@`. Nothing
leaves with a part that holds a separator itself: a `build_` raises `RequestInvalid`. A `read_` raises `PartnerFault`
where the partner refuses, `TransportError` where a server or gateway gave no answer, `ProtocolError` where the answer
breaks the contract.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote_plus, urlencode

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import HttpRequest, HttpResponse
from partnerlab.client.tccs import rules
from partnerlab.client.tccs.answer import TCCS_SHAPES, read
from partnerlab.client.tccs.models import Acknowledgement, Balance
from partnerlab.client.wire.fields import AnswerShapes
from partnerlab.client.wire.values import MAX_TEXT, render_amount
from partnerlab.contracts.masking import MASK, mask

__all__ = [
    "BALANCE",
    "BILL_IMAGE",
    "INSUFFICIENT_FUNDS",
    "OPERATIONS",
    "PAPERLESS",
    "PAYMENT",
    "RECURRING",
    "Endpoint",
    "build_balance",
    "build_bill_image",
    "build_deposit",
    "build_insufficient_funds",
    "build_paperless",
    "build_payment",
    "build_recurring",
    "read_acknowledgement",
    "read_balance",
]

BALANCE = "ARState_Output"
PAYMENT = "Pay_Input"
INSUFFICIENT_FUNDS = "Insufficient_Pay_Report"
PAPERLESS = "Paperless_Bill"
RECURRING = "Recurring_Pay"
BILL_IMAGE = "Retrieve_Bill_Image"
OPERATIONS = (BALANCE, PAYMENT, INSUFFICIENT_FUNDS, PAPERLESS, RECURRING, BILL_IMAGE)
"""The endpoints by the source's names; all but the bill image stand below `/api`."""

JSON_ONLY = "application/json"
PDF_FIRST = "application/pdf, application/json;q=0.5"
_CHARSET = "utf-8"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    A biller's TCCS: the address of the service or of one endpoint of it, and the two credentials.

    Source: Details, Host URL; Advanced Settings 8 to 22 and 101 to 103 (user = consumerGUID, password = entryKey).
    """

    url: str
    consumer_guid: str
    entry_key: str = field(repr=False)
    shapes: AnswerShapes = field(default=TCCS_SHAPES, repr=False, compare=False)
    secrets: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rule = f"must have 1 to {MAX_TEXT} characters, all of them printable"
        if not _is_credential(self.consumer_guid):
            raise RequestInvalid("consumerGUID", self.consumer_guid, rule)
        if not _is_credential(self.entry_key):
            raise RequestInvalid("entryKey", MASK, rule)
        object.__setattr__(self, "secrets", _spellings(self.entry_key))

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r}, consumer_guid={self.consumer_guid!r}, entry_key={mask(self.entry_key)!r})"


def build_balance(endpoint: Endpoint, invoice_number: str) -> HttpRequest:
    """A balance check. Source: Details, RTDR: Balance Update."""
    return _build(endpoint, BALANCE, rules.render_invoice_number(invoice_number))


def read_balance(endpoint: Endpoint, response: HttpResponse) -> Balance:
    """The balances of an invoice (the answer's shape is assumed [A-12])."""
    answer = read(BALANCE, response, secrets=endpoint.secrets, shapes=endpoint.shapes)
    return Balance(record_balance=answer.cents("Record bal"), total_balance=answer.cents("Total Balance"))


def build_payment(
    endpoint: Endpoint, invoice_number: str, amount: Decimal, payment_type: str, payment_guid: str | None = None
) -> HttpRequest:
    """
    A payment of an invoice that is no quote. Source: Details, Pay Input; with *payment_guid* INT-6870 (version 2).

    Args:
        amount: US dollars in whole cents, above zero, without the service fee.
        payment_type: `CC` or `ACH`, as `rules.payment_type` gives it.
        payment_guid: What tells the payment: the same one twice is posted once. As `rules.render_payment_guid` says.
    """
    number = rules.render_invoice_number(invoice_number)
    if rules.is_quote(number):
        raise RequestInvalid("InvoiceNumber", number, "begins with Q: a quote takes a deposit, not a payment")
    content = f"{number}|{render_amount('Amount', amount)}:{rules.render_payment_type(payment_type)}"
    return _build(endpoint, PAYMENT, content + _mark(payment_guid))


def build_deposit(
    endpoint: Endpoint, invoice_number: str, insured_name: str, amount: Decimal, payment_guid: str | None = None
) -> HttpRequest:
    """
    A deposit on a quote. Source: Details, Quote Deposit; with *payment_guid* INT-6870 (version 2).

    Args:
        insured_name: The name the payer entered; `rules.insured_name` makes one that can be sent of any.
        amount: US dollars in whole cents, above zero, without the service fee.
        payment_guid: As for `build_payment`.
    """
    number = rules.render_invoice_number(invoice_number)
    if not rules.is_quote(number):
        raise RequestInvalid("InvoiceNumber", number, "must begin with Q: only a quote takes a deposit")
    content = f"{number}|{rules.render_insured_name(insured_name)}|{render_amount('Amount', amount)}"
    return _build(endpoint, PAYMENT, content + _mark(payment_guid))


def build_insufficient_funds(endpoint: Endpoint, invoice_number: str, paid_on: date, amount: Decimal) -> HttpRequest:
    """A payment that a bank returned: the day it was made and its amount. Source: Insufficient Funds Report."""
    if not isinstance(paid_on, date) or isinstance(paid_on, datetime):
        raise RequestInvalid("DateOfTransaction", paid_on, "must be a date")
    number = rules.render_invoice_number(invoice_number)
    day = f"{paid_on.month:02}/{paid_on.day:02}/{paid_on.year:04}"
    return _build(endpoint, INSUFFICIENT_FUNDS, f"{number}:{day}|{render_amount('Amount', amount)}|IFR")


def build_paperless(endpoint: Endpoint, invoice_number: str, on: bool) -> HttpRequest:
    """Paperless on or off for the policy of an invoice. Source: Details, Paperless Billing."""
    return _build(endpoint, PAPERLESS, f"{rules.render_invoice_number(invoice_number)}:{_y_n(on)}|PB")


def build_recurring(endpoint: Endpoint, invoice_number: str, on: bool) -> HttpRequest:
    """Recurring payments on or off for the policy of an invoice. Source: Details, Recurring Payments."""
    return _build(endpoint, RECURRING, f"{rules.render_invoice_number(invoice_number)}:{_y_n(on)}|R")


def build_bill_image(endpoint: Endpoint, invoice_number: str) -> HttpRequest:
    """The bill as PDF; `bill_image` reads the answer. Source: Details, Retrieve Bill Image (no `/api` there)."""
    number = rules.render_invoice_number(invoice_number)
    return _build(endpoint, BILL_IMAGE, number, accept=PDF_FIRST, folder="")


def read_acknowledgement(endpoint: Endpoint, operation: str, response: HttpResponse) -> Acknowledgement:
    """That *operation* was carried out (the answer's shape is assumed [A-12])."""
    answer = read(operation, response, secrets=endpoint.secrets, shapes=endpoint.shapes)
    answer.required("Success")
    return Acknowledgement(answer.message("Message"))


def _build(
    endpoint: Endpoint, operation: str, content_info: str, *, accept: str = JSON_ONLY, folder: str = "api"
) -> HttpRequest:
    form = {
        "consumerGUID": endpoint.consumer_guid,
        "entryKey": endpoint.entry_key,
        "contentInfo": content_info,
    }
    return HttpRequest(
        operation,
        rules.endpoint_url(endpoint.url, operation, OPERATIONS, folder),
        {"Content-Type": "application/x-www-form-urlencoded", "Accept": accept},
        urlencode(form, encoding=_CHARSET).encode("ascii"),
        secrets=endpoint.secrets,
    )


def _mark(payment_guid: str | None) -> str:
    """What version 2 of the service adds (setting 35)."""
    return "" if payment_guid is None else "@" + rules.render_payment_guid(payment_guid)


def _y_n(on: bool) -> str:
    return "Y" if on else "N"


def _is_credential(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= MAX_TEXT and value.isprintable()


def _spellings(key: str) -> tuple[str, ...]:
    """
    A key in every way a text may repeat it that `redact` does not know: as in a form, and as in JSON.

    .NET escapes more in JSON than it must: quotes, signs of markup and all that is not ASCII.
    """
    in_json = json.dumps(key)[1:-1]
    by_dot_net = in_json.replace('\\"', "\\u0022")
    for sign in "&'+<>`":
        by_dot_net = by_dot_net.replace(sign, f"\\u{ord(sign):04x}")
    return tuple(dict.fromkeys((key, quote_plus(key), in_json, json.dumps(key, ensure_ascii=False)[1:-1], by_dot_net)))
