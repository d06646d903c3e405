"""
The operations of TCCS, each declared once, without any I/O.

A body is a form of `consumerGUID`, `entryKey` and `contentInfo`, whose parts stand between `|`, `:` and `@`. Nothing
leaves with a part that holds a separator itself. Called, an operation raises `RequestInvalid`; its answer, read, raises
`PartnerFault` where the partner refuses, `TransportError` where a server or gateway gave no answer, `ProtocolError`
where the answer breaks the contract.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ParamSpec, TypeVar
from urllib.parse import quote_plus, urlencode

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http.request import HttpRequest, HttpResponse
from partnerlab.client.tccs import rules
from partnerlab.client.tccs.answer import TCCS_SHAPES, read
from partnerlab.client.tccs.models import Acknowledgement, Balance
from partnerlab.client.wire.fields import AnswerShapes, Fields
from partnerlab.client.wire.kinds import Amount, Checked, Kind, OnOff
from partnerlab.client.wire.operation import Operation, Sent, model_reader, nothing
from partnerlab.client.wire.values import MAX_TEXT
from partnerlab.contracts.masking import MASK, mask
from partnerlab.contracts.records import dataclass

__all__ = [
    "OPERATIONS",
    "Endpoint",
    "balance",
    "bill_image",
    "deposit",
    "pay",
    "report_insufficient_funds",
    "set_paperless",
    "set_recurring",
]

P = ParamSpec("P")
T = TypeVar("T")

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


@dataclass(frozen=True, slots=True)
class _Door:
    """
    One form: how `contentInfo` is made of the values, and which answer is asked for.

    Version 2 of the service adds `@` and the PaymentGUID (setting 35).
    """

    layout: str
    accept: str = JSON_ONLY
    folder: str = "api"

    def request(
        self, endpoint: Endpoint, name: str, values: Mapping[str, Sent], secrets: tuple[str, ...]
    ) -> HttpRequest:
        mark = f"@{values['PaymentGUID']}" if "PaymentGUID" in values else ""
        form = {
            "consumerGUID": endpoint.consumer_guid,
            "entryKey": endpoint.entry_key,
            "contentInfo": self.layout.format(**values) + mark,
        }
        return HttpRequest(
            name,
            rules.endpoint_url(endpoint.url, name, [operation.name for operation in OPERATIONS], self.folder),
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": self.accept},
            urlencode(form, encoding=_CHARSET).encode("ascii"),
            secrets=(*endpoint.secrets, *secrets),
        )

    def fields(self, endpoint: Endpoint, name: str, response: HttpResponse, secrets: tuple[str, ...]) -> Fields:
        return read(name, response, secrets=secrets, shapes=endpoint.shapes)


def _operation(
    name: str, layout: str, reads: Callable[[Fields], T], *, accept: str = JSON_ONLY, folder: str = "api"
) -> Callable[[Callable[P, None]], Operation[P, T]]:
    return lambda declared: Operation(declared, name, _Door(layout, accept, folder), reads)


def _acknowledged(fields: Fields) -> Acknowledgement:
    """That the operation was carried out (the answer's shape is assumed [A-12])."""
    fields.required("Success")
    return Acknowledgement(fields.message("Message"))


@dataclass(frozen=True, slots=True)
class _Day(Kind):
    """A day as `06/22/2020`."""

    def render(self, value: date) -> str:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise RequestInvalid(self.name, value, "must be a date")
        return f"{value.month:02}/{value.day:02}/{value.year:04}"


INVOICE = Checked("InvoiceNumber", rules.render_invoice_number)
GUID = Checked("PaymentGUID", rules.render_payment_guid)
DOLLARS = Amount("Amount")
Y_N = OnOff("Switch", ("Y", "N"))


@_operation("ARState_Output", "{InvoiceNumber}", model_reader(Balance))
def balance(endpoint: Endpoint, invoice_number: Annotated[str, INVOICE]) -> None:
    """
    What is owed on an invoice, and in all (the answer's shape is assumed [A-12]).

    Source: Details, RTDR: Balance Update.
    """


@_operation("Pay_Input", "{InvoiceNumber}|{Amount}:{PaymentType}", _acknowledged)
def pay(
    endpoint: Endpoint,
    invoice_number: Annotated[str, Checked("InvoiceNumber", rules.render_bill_number)],
    amount: Annotated[Decimal, DOLLARS],
    payment_type: Annotated[str, Checked("PaymentType", rules.render_payment_type)],
    *,
    payment_guid: Annotated[str | None, GUID] = None,
) -> None:
    """
    Post a payment of an invoice that is no quote.

    With a *payment_guid*, version 2 of the service, the same call again posts nothing more; without one it does.

    Args:
        amount: US dollars in whole cents, above zero, without the service fee.
        payment_type: `CC` or `ACH`, as `rules.payment_type` gives it.
        payment_guid: What tells the payment: the same one twice is posted once. As `rules.render_payment_guid` says.
    Source: Details, Pay Input; INT-6870 (version 2).
    """


@_operation("Pay_Input", "{InvoiceNumber}|{InsuredName}|{Amount}", _acknowledged)
def deposit(
    endpoint: Endpoint,
    invoice_number: Annotated[str, Checked("InvoiceNumber", rules.render_quote_number)],
    insured_name: Annotated[str, Checked("InsuredName", rules.render_insured_name)],
    amount: Annotated[Decimal, DOLLARS],
    *,
    payment_guid: Annotated[str | None, GUID] = None,
) -> None:
    """
    Post a deposit on a quote; as `pay`.

    Args:
        insured_name: The name the payer entered; `rules.insured_name` makes one that can be sent of any.
        amount: US dollars in whole cents, above zero, without the service fee.
    Source: Details, Quote Deposit; INT-6870 (version 2).
    """


@_operation("Insufficient_Pay_Report", "{InvoiceNumber}:{DateOfTransaction}|{Amount}|IFR", _acknowledged)
def report_insufficient_funds(
    endpoint: Endpoint,
    invoice_number: Annotated[str, INVOICE],
    paid_on: Annotated[date, _Day("DateOfTransaction")],
    amount: Annotated[Decimal, DOLLARS],
) -> None:
    """Report that the bank returned the payment of that day and amount. Source: Insufficient Funds Report."""


@_operation("Paperless_Bill", "{InvoiceNumber}:{Switch}|PB", _acknowledged)
def set_paperless(endpoint: Endpoint, invoice_number: Annotated[str, INVOICE], on: Annotated[bool, Y_N]) -> None:
    """Paperless on or off for the policy of an invoice. Source: Details, Paperless Billing."""


@_operation("Recurring_Pay", "{InvoiceNumber}:{Switch}|R", _acknowledged)
def set_recurring(endpoint: Endpoint, invoice_number: Annotated[str, INVOICE], on: Annotated[bool, Y_N]) -> None:
    """Recurring payments on or off for the policy of an invoice. Source: Details, Recurring Payments."""


@_operation("Retrieve_Bill_Image", "{InvoiceNumber}", nothing, accept=PDF_FIRST, folder="")
def bill_image(endpoint: Endpoint, invoice_number: Annotated[str, INVOICE]) -> None:
    """The bill as PDF; `BillReader` reads the answer. Source: Details, Retrieve Bill Image (no `/api` there)."""


OPERATIONS = (balance, pay, deposit, report_insufficient_funds, set_paperless, set_recurring, bill_image)
"""All of them; two are one endpoint, `Pay_Input`."""


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
