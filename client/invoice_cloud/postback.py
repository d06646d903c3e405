"""
The postback of Cloud Payments: the form that Invoice Cloud POSTs to `PostBackURL`, read with suspicion.

It carries no signature: whoever knows or guesses the address can post there, and a payer's browser may know it. So a
postback is taken for true in two steps. `read_postback` compares it with what was asked for: the biller, the
reference, the invoice and its amount. Then look the payment up (`partnerlab.client.flows.confirm_payment`) before any
account is credited.

A postback comes again where it was not answered with a 2xx: keep PaymentGUID and InvoiceNumber together, and credit
once.

Source: inHance Portal Technical Design, PostBackURL; its fields as public integrations read them.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from partnerlab.client.errors import ClientError
from partnerlab.client.invoice_cloud.operations.cloud_payments import CloudPaymentRequest
from partnerlab.client.wire.answer import CHARSETS, charset_of
from partnerlab.client.wire.values import parse_cents, parse_date_time, parse_integer, render_amount
from partnerlab.contracts.masking import mask_text
from partnerlab.contracts.records import dataclass

__all__ = ["FIELDS", "Expected", "Postback", "PostbackRefused", "read_postback"]

FIELDS: Final = (
    "BillerGUID",
    "PaymentDate",
    "InvoiceNumber",
    "Approved",
    "CustomerName",
    "CustomerAddress",
    "CustomerCity",
    "CustomerState",
    "CustomerZip",
    "PaymentGUID",
    "PaymentAmount",
    "PaymentDescription",
    "PaymentTypeID",
    "CardType",
    "PaymentMessage",
    "BillerReference",
    "ConvenienceFee",
    "RemoteIP",
)
"""The form's fields. Every one is there, some empty. Source: public integrations."""

MAX_BYTES: Final = 1 << 16
MAX_FIELDS: Final = 100
_FORM: Final = "application/x-www-form-urlencoded"
_US_DATE_TIME = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}) ([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?: ?([AaPp])[Mm])?"
)


class PostbackRefused(ClientError):
    """
    A postback that is not to be believed: which field, its value, and the rule it breaks.

    Credit nothing. Answer it 400, not 5xx: Invoice Cloud would send the same again.
    """

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field, self.value, self.rule = field, mask_text(str(value))[:200], rule
        super().__init__(f"{field}: {self.value!r}: {rule}")


@dataclass(frozen=True, slots=True)
class Expected:
    """
    What the partner asked for, from its own records.

    Args:
        biller_guid: The biller's.
        invoices: What may be paid: invoice number to the amount that is due, in whole cents, without the fee.
        biller_reference: As it was sent. Unguessable, it is the one thing in the form that a stranger does not know.
        partial_payments: Of which invoices less than the amount may be paid: all, none, or those numbers. More is
            always refused.

    Raises `RequestInvalid` for an amount that is none.
    """

    biller_guid: str
    invoices: Mapping[str, Decimal]
    biller_reference: str = field(default="", repr=False)
    partial_payments: bool | frozenset[str] = False

    def __post_init__(self) -> None:
        for number, amount in self.invoices.items():
            render_amount(f"invoices[{number}]", amount, zero=True, negative=True)
        object.__setattr__(self, "invoices", MappingProxyType(dict(self.invoices)))

    def may_be_part(self, invoice_number: str) -> bool:
        """Whether less than what is due on an invoice may be paid."""
        allowed = self.partial_payments
        return allowed if isinstance(allowed, bool) else invoice_number in allowed

    @classmethod
    def of(
        cls,
        payment: CloudPaymentRequest,
        biller_guid: str,
        open_invoices: Mapping[str, Decimal] | None = None,
        *,
        partial_payments: bool = False,
    ) -> Expected:
        """
        What a request asked for.

        *open_invoices* are the partner's own open items, for customers whose invoices were left to Invoice Cloud and
        for invoices that were named without an amount. An invoice of which no amount is known is not expected at all.
        An invoice may be paid in part as the request says of it; *partial_payments* is for those of which it says
        nothing.
        """
        due = dict(open_invoices or {})
        listed = [invoice for customer in payment.customers for invoice in customer.invoices or ()]
        due |= {invoice.invoice_number: invoice.balance_due for invoice in listed if invoice.balance_due is not None}
        said = {invoice.invoice_number: invoice.allow_partial_payments for invoice in listed}
        allowed = {number: partial_payments if said.get(number) is None else said[number] for number in due}
        part = frozenset(number for number, may in allowed.items() if may)
        return cls(biller_guid, due, payment.biller_reference, part)


@dataclass(frozen=True, slots=True)
class Postback:
    """
    A payment's outcome as the form tells it, checked against what was expected, not yet confirmed.

    `approved` false is a payment that was declined or failed, `payment_message` says why (assumed [A-21]): credit
    nothing. Amounts are US dollars with two decimals; `convenience_fee` stands beside the amount, it credits no
    account. `payment_date` is naive where the form gives no offset (assumed [A-72]).
    """

    biller_guid: str
    payment_date: datetime
    invoice_number: str
    approved: bool
    customer_name: str
    customer_address: str
    customer_city: str
    customer_state: str
    customer_zip: str
    payment_guid: str
    payment_amount: Decimal
    payment_description: str
    payment_type_id: int
    card_type: str
    payment_message: str
    biller_reference: str = field(repr=False)
    convenience_fee: Decimal
    remote_ip: str


def read_postback(body: bytes, content_type: str, *, expect: Expected) -> Postback:
    """
    The postback, where all of it is as expected.

    Args:
        body: The request's body, as it came.
        content_type: Its header.
    Raises:
        PostbackRefused: it is not the form, a field is missing, twice there or unreadable, or biller, reference,
            invoice or amount are not those expected.
    """
    fields = _fields(body, content_type)
    postback = _postback(fields)
    if not _same(postback.biller_guid.lower(), expect.biller_guid.lower()):
        raise PostbackRefused("BillerGUID", postback.biller_guid, "is not the biller that was asked for")
    if not _same(postback.biller_reference, expect.biller_reference):
        raise PostbackRefused("BillerReference", postback.biller_reference, "is not the reference that was sent")
    due = expect.invoices.get(postback.invoice_number)
    if due is None:
        raise PostbackRefused("InvoiceNumber", postback.invoice_number, "is not an invoice that was to be paid")
    amount = postback.payment_amount
    if amount > due or (amount != due and not expect.may_be_part(postback.invoice_number)):
        rule = "is more than" if amount > due else "is less than"
        raise PostbackRefused("PaymentAmount", amount, f"{rule} what was to be paid, {due}")
    return postback


def _fields(body: bytes, content_type: str) -> dict[str, str]:
    """The form's fields, each of `FIELDS` once. Others are ignored."""
    kind = content_type.partition(";")[0]
    if kind.strip().lower() != _FORM:
        raise PostbackRefused("Content-Type", content_type, f"must be {_FORM}")
    charset = charset_of(content_type)
    codec = CHARSETS.get(charset or "utf-8")
    if codec is None:
        rule = f"must name one of the character sets {', '.join(CHARSETS)}"
        raise PostbackRefused("Content-Type", content_type, rule)
    if len(body) > MAX_BYTES:
        raise PostbackRefused("body", f"{len(body)} bytes", f"must have {MAX_BYTES} bytes at most")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            # Strict parsing would refuse what every browser's own reader takes: `a=1&`, `a=1&&b=2`, `a&b=2`.
            encoding=codec,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:  # UnicodeDecodeError is one
        raise PostbackRefused("body", f"{len(body)} bytes", f"is not {_FORM} in {charset or 'utf-8'}") from None
    names = {name.lower(): name for name in FIELDS}
    found: dict[str, str] = {}
    for name, value in pairs:
        # In another casing it would be the same field to Invoice Cloud's own platform, so it must not stand beside it.
        known = names.get(name.lower())
        if known is None:
            continue
        if known in found:
            raise PostbackRefused(known, value, "must not be there twice")
        found[known] = value
    for name in FIELDS:
        if name not in found:
            raise PostbackRefused(name, "", "is missing")
    return found


def _postback(fields: Mapping[str, str]) -> Postback:
    if fields["Approved"] not in ("True", "False"):
        raise PostbackRefused("Approved", fields["Approved"], "must be True or False")
    for name in ("BillerGUID", "InvoiceNumber", "PaymentGUID"):
        if not fields[name].strip():
            raise PostbackRefused(name, fields[name], "must not be blank")
    amount = _cents("PaymentAmount", fields["PaymentAmount"])
    if amount == 0:
        raise PostbackRefused("PaymentAmount", amount, "must be above zero")
    try:
        payment_type_id = parse_integer(fields["PaymentTypeID"])
    except ValueError as error:
        raise PostbackRefused("PaymentTypeID", fields["PaymentTypeID"], str(error)) from None
    return Postback(
        biller_guid=fields["BillerGUID"],
        payment_date=_date_time(fields["PaymentDate"]),
        invoice_number=fields["InvoiceNumber"],
        approved=fields["Approved"] == "True",
        customer_name=fields["CustomerName"],
        customer_address=fields["CustomerAddress"],
        customer_city=fields["CustomerCity"],
        customer_state=fields["CustomerState"],
        customer_zip=fields["CustomerZip"],
        payment_guid=fields["PaymentGUID"],
        payment_amount=amount,
        payment_description=fields["PaymentDescription"],
        payment_type_id=payment_type_id,
        card_type=fields["CardType"],
        payment_message=fields["PaymentMessage"],
        biller_reference=fields["BillerReference"],
        convenience_fee=_cents("ConvenienceFee", fields["ConvenienceFee"]),
        remote_ip=fields["RemoteIP"],
    )


def _cents(name: str, text: str) -> Decimal:
    try:
        amount = parse_cents(text)
    except ValueError as error:
        raise PostbackRefused(name, text, str(error)) from None
    if amount < 0:
        raise PostbackRefused(name, text, "must not be negative")
    return amount


def _date_time(text: str) -> datetime:
    """
    PaymentDate, in ISO 8601 or as .NET writes it for the United States (`6/16/2026 10:30:00 AM`).

    No source gives its format, so both are read (assumed [A-72]).
    """
    moment: datetime | None
    try:
        if found := _US_DATE_TIME.fullmatch(text.strip()):
            month, day, year, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
            if found[7]:
                if not 1 <= hour <= 12:
                    raise ValueError
                hour = hour % 12 + (12 if found[7] in "Pp" else 0)
            moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  the form gives no offset
        else:
            moment = parse_date_time(text)
    except ValueError:
        moment = None
    if moment is None or moment.year == 1:  # unset in .NET
        raise PostbackRefused("PaymentDate", text, "is not a date and time")
    return moment


def _same(one: str, other: str) -> bool:
    """Whether two texts are the same, in a time that tells nothing about where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
