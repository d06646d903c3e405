"""
`POST /cloudpaymentsapi/v2`: the JSON of a request to a checked `PaymentPageRequest`; the answer is its page's address.

Source: inHance Portal Technical Design, Cloud Payments V2, the sample request and the parameter tables; that names
match without regard to case and booleans and numbers may be text, as public integrations show.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from partnerlab.contracts.first_use import pattern
from partnerlab.simulators.ic_webservices.domain.cloud_payments import (
    MOST_CUSTOMERS,
    MOST_INVOICES,
    PaymentPageRequest,
    RequestedCustomer,
    RequestedInvoice,
)
from partnerlab.simulators.ic_webservices.domain.customers import check_email, check_number, check_text
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.money import cents
from partnerlab.simulators.ic_webservices.services.cards import refuse_card_number
from partnerlab.simulators.ic_webservices.services.cloud_payments import CloudPayments
from partnerlab.simulators.ic_webservices.wire.asked_before import AskedBefore, Page
from partnerlab.simulators.ic_webservices.wire.json_body import JsonRefused, Many, Member, Schema, read_object
from partnerlab.simulators.ic_webservices.wire.rest import JSON, RestContext, RestOperation
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.world.lanes import DEFAULT

__all__ = ["PATH", "SCHEMA", "created", "operations", "read", "read_page"]

PATH = "/cloudpaymentsapi/v2"
PAGES = "/cloudpayments"
VIEW_MODES = (0, 1)
"""0 is a window of its own, 1 an iFrame. Source: 1 in the tables, 0 in public integrations."""

_INVOICE = Schema(
    (
        Member("InvoiceNumber", required=True),
        Member("TypeID"),
        Member("InvoiceDate"),
        Member("DueDate"),
        Member("BalanceDue", "number"),
        Member("CCServiceFee", "number"),
        Member("ACHServiceFee", "number"),
        Member("MinimumAmountDue", "number"),
        Member("AllowPartialPayments", "flag"),
    )
)
_CUSTOMER = Schema(
    (
        Member("AccountNumber", required=True),
        Member("DisplayAccountNumber"),
        Member("Name"),
        Member("Address"),
        Member("City"),
        Member("State"),
        Member("Zip"),
        Member("EmailAddress"),
        Member("Invoices", Many(_INVOICE, most=MOST_INVOICES)),
    )
)
_INVOICE_OPTIONS = Schema(
    (
        Member("AllowViewStatement", "flag"),
        Member("AllowRemove", "flag"),
        Member("AllowViewRelated", "flag"),
        Member("AllowRemindMe", "flag"),
    )
)
SCHEMA = Schema(
    (
        Member("ReturnURL"),
        Member("PostBackURL"),
        Member("BillerReference"),
        Member("ViewMode", "whole", required=True),
        Member("CssUrl"),
        Member("CSSUrl"),
        Member("Customers", Many(_CUSTOMER, least=1, most=MOST_CUSTOMERS), required=True),
        Member("AllowSwipe", "flag"),
        Member("AllowEMV", "flag"),
        Member("EMVDeviceID"),
        Member("EMVLocationID"),
        Member("CashierName"),
        Member("AllowCCPayment", "flag"),
        Member("AllowACHPayment", "flag"),
        Member("CreateCustomerRecord", "flag"),
        Member("RemoteAuthenticationToken"),
        Member("PageLoadOverride", "flag"),
        Member(
            "PageResultOptions",
            Schema((Member("AllowRegisterAccount", "flag"), Member("InvoiceOptions", _INVOICE_OPTIONS))),
        ),
    )
)
"""Both spellings of CssUrl are the source's: one in its sample, one in its table."""

_CREATED = '{"Success":true,"ErrorMessage":null,"Data":{"CloudPaymentURL":%s}}'
_to_json = json.JSONEncoder(ensure_ascii=False).encode
_US_DAY = pattern(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:[ T].*)?", re.ASCII)


def operations(cloud_payments: CloudPayments, *, remember: bool = True) -> tuple[RestOperation, ...]:
    """The operation, on those payment pages; *remember* reads what differs only in its texts without the parser."""

    def create(call: RestContext) -> Response:
        page: Page = call.values
        token = cloud_payments.create(call.lane, call.biller, page.asked, page.remote_token, page.kept)
        return created(f"{_base(call.request)}{PAGES}/{token}")

    reading = AskedBefore(read_page) if remember else read_page
    return (RestOperation("CloudPaymentsV2", "POST", PATH, create, SCHEMA, {"Data": None}, reading),)


def created(url: str) -> Response:
    """The answer with a page's address; what `answer` would make of its members."""
    return Response(200, (_CREATED % _to_json(url)).encode("utf-8", "replace"), JSON)


def read_page(body: bytes, strict: bool) -> Page:
    """A request's body. Raises `JsonRefused`, `ValueRefused`."""
    values = read_object(body, SCHEMA, strict=strict)
    asked = read(values)
    return Page(asked, asked.to_json(), (values["RemoteAuthenticationToken"] or "").strip())


def read(values: Mapping[str, Any]) -> PaymentPageRequest:
    """
    A request as `json_body` read it, checked member by member. What is absent is as the table's default: both ways to
    pay are allowed, every other option is off.

    Raises `JsonRefused` for a value of the wrong kind, `ValueRefused` for one that is not taken; both name the place.
    """
    if values["ViewMode"] not in VIEW_MODES:
        raise ValueRefused("ViewMode", values["ViewMode"], "must be 0 (a window of its own) or 1 (an iFrame)")
    options = values["PageResultOptions"] or {}
    invoice_options = options.get("InvoiceOptions") or {}
    customers = values["Customers"]
    return PaymentPageRequest(
        view_mode=values["ViewMode"],
        customers=tuple(_customer(one, f"Customers[{place}].") for place, one in enumerate(customers)),
        return_url=(values["ReturnURL"] or "").strip(),
        postback_url=(values["PostBackURL"] or "").strip(),
        biller_reference=_as_given(values, "BillerReference"),
        css_url=(values["CssUrl"] or values["CSSUrl"] or "").strip(),
        allow_swipe=bool(values["AllowSwipe"]),
        allow_emv=bool(values["AllowEMV"]),
        emv_device_id=_text(values, "EMVDeviceID"),
        emv_location_id=_text(values, "EMVLocationID"),
        cashier_name=_text(values, "CashierName"),
        allow_card=values["AllowCCPayment"] is not False,
        allow_bank=values["AllowACHPayment"] is not False,
        create_customer=bool(values["CreateCustomerRecord"]),
        page_load_override=bool(values["PageLoadOverride"]),
        allow_register=bool(options.get("AllowRegisterAccount")),
        allow_statement=bool(invoice_options.get("AllowViewStatement")),
        allow_remove=bool(invoice_options.get("AllowRemove")),
        allow_related=bool(invoice_options.get("AllowViewRelated")),
        allow_remind=bool(invoice_options.get("AllowRemindMe")),
    )


def _customer(values: Mapping[str, Any], place: str) -> RequestedCustomer:
    number = _text(values, "AccountNumber", place)
    if not number:
        raise JsonRefused(f"{place}AccountNumber", "is required")
    email = _text(values, "EmailAddress", place)
    return RequestedCustomer(
        account_number=number,
        display_account_number=_text(values, "DisplayAccountNumber", place),
        name=_text(values, "Name", place),
        address=_text(values, "Address", place),
        city=_text(values, "City", place),
        state=_text(values, "State", place),
        zip=_text(values, "Zip", place),
        email_address=check_email(email, f"{place}EmailAddress") if email else "",
        invoices=tuple(
            _invoice(one, f"{place}Invoices[{index}].") for index, one in enumerate(values["Invoices"] or ())
        ),
    )


def _invoice(values: Mapping[str, Any], place: str) -> RequestedInvoice:
    number = _text(values, "InvoiceNumber", place)
    if not number:
        raise JsonRefused(f"{place}InvoiceNumber", "is required")
    return RequestedInvoice(
        number=number,
        type_id=_text(values, "TypeID", place),
        invoice_date=_day(values, "InvoiceDate", place),
        due_date=_day(values, "DueDate", place),
        balance_due_cents=_cents(values, "BalanceDue", place),
        minimum_due_cents=_cents(values, "MinimumAmountDue", place),
        card_fee_cents=_cents(values, "CCServiceFee", place),
        bank_fee_cents=_cents(values, "ACHServiceFee", place),
        allow_partial=bool(values["AllowPartialPayments"]),
    )


_NUMBERS = frozenset(("AccountNumber", "InvoiceNumber"))
_OF_PEOPLE = frozenset(("Name", "Address", "City", "EmailAddress", "CashierName"))


def _text(values: Mapping[str, Any], name: str, place: str = "") -> str:
    given = values[name]
    if not given:
        return ""
    text = (check_number if name in _NUMBERS else check_text)(given, place + name)
    return refuse_card_number(place + name, text) if name in _OF_PEOPLE else text


def _as_given(values: Mapping[str, Any], name: str) -> str:
    """A text that comes back to its sender: checked, and with the blanks around it."""
    return str(values[name]) if _text(values, name) else ""


def _cents(values: Mapping[str, Any], name: str, place: str) -> int | None:
    given: Decimal | None = values[name]
    if given is None:
        return None
    if given < 0:
        raise ValueRefused(place + name, given, "must not be negative")
    return cents(given, place + name)


def _day(values: Mapping[str, Any], name: str, place: str) -> date | None:
    """`11/21/2026` as the source's files have it, or ISO 8601, with a time behind it or without."""
    text = _text(values, name, place)
    if not text:
        return None
    try:
        if match := _US_DAY.fullmatch(text):
            return date(int(match[3]), int(match[1]), int(match[2]))
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise ValueRefused(place + name, text[:40], "must be a date, as in 11/21/2026 or 2026-11-21") from None


def _base(request: Request) -> str:
    """The address below which this lane's paths stand; a browser cannot send the lane's header."""
    if "/lane/" in request.base_url or request.lane.name == DEFAULT:
        return request.base_url
    return f"{request.base_url}/lane/{request.lane.name}"
