"""
Cloud Payments V2: the request for a hosted payment page, every parameter of the source's tables typed.

Asking for a page moves no money; somebody pays on the page, and then Invoice Cloud tells `PostBackURL` (see
`postback`).

Names and which of them are always there are those of the source's sample: what stands in it is always sent, null (or
the empty text, as in the sample) where there is no value; what stands only in a table is sent where it is given.

Source: inHance Portal Technical Design, Cloud Payments V2, Sample Request and Additional Details.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from typing import Final
from urllib.parse import urlsplit

from partnerlab.client.errors import ProtocolError, RequestInvalid
from partnerlab.client.http import HttpResponse, check_url
from partnerlab.client.http.call import Call
from partnerlab.client.invoice_cloud.account import RestAccount
from partnerlab.client.invoice_cloud.doors import rest_request
from partnerlab.client.invoice_cloud.rules import render_token, render_url
from partnerlab.client.wire.json import Json, read_json
from partnerlab.client.wire.values import render_amount, render_email, render_line
from partnerlab.contracts.records import dataclass

__all__ = [
    "CloudCustomer",
    "CloudInvoice",
    "CloudPayment",
    "CloudPaymentRequest",
    "InvoiceOptions",
    "PageResultOptions",
    "PaymentSettings",
    "ViewMode",
    "create_cloud_payment",
]

PATH: Final = "/cloudpaymentsapi/v2"
OPERATION: Final = "CloudPaymentsV2"
MAX_LINE: Final = 250
MAX_CUSTOMERS: Final = 100
MAX_INVOICES: Final = 200


class ViewMode(IntEnum):
    """
    How a payer sees the pages.

    The source knows 1 only; 0 is what public integrations send that take over the whole window (assumed [A-70]).
    """

    WINDOW = 0
    IFRAME = 1


@dataclass(frozen=True, slots=True)
class CloudInvoice:
    """
    What is to be paid. Of an invoice that Invoice Cloud has, the number is enough, and its own amounts count; of one
    that it has not, `balance_due` must be said.

    Amounts are US dollars in whole cents. Source: Optional Invoice Data Object.
    """

    invoice_number: str
    type_id: str | None = None
    invoice_date: date | None = None
    due_date: date | None = None
    balance_due: Decimal | None = None
    cc_service_fee: Decimal | None = None
    ach_service_fee: Decimal | None = None
    minimum_amount_due: Decimal | None = None
    allow_partial_payments: bool | None = None


@dataclass(frozen=True, slots=True)
class CloudCustomer:
    """
    Who pays. `invoices` of `None` means the open invoices of the account.

    Source: Customer Data Object; public integrations.
    """

    account_number: str
    name: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    email_address: str | None = None
    invoices: Sequence[CloudInvoice] | None = None
    display_account_number: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentSettings:
    """
    What the page may take, and for whom. The defaults are the sample's, but for CreateCustomerRecord: nothing is
    created unless it is said. Source: Cloud Payment Settings.
    """

    allow_swipe: bool = True
    allow_cc_payment: bool = True
    allow_ach_payment: bool = True
    create_customer_record: bool = False
    remote_authentication_token: str = field(default="", repr=False)
    allow_emv: bool | None = None
    emv_device_id: str | None = None
    emv_location_id: str | None = None
    cashier_name: str | None = None
    page_load_override: bool | None = None


@dataclass(frozen=True, slots=True)
class InvoiceOptions:
    """What a payer may do with the invoices on the page. Source: Optional Invoice User Experience Options."""

    allow_view_statement: bool = False
    allow_remove: bool = True
    allow_view_related: bool = False
    allow_remind_me: bool = False


@dataclass(frozen=True, slots=True)
class PageResultOptions:
    """What the page after the payment offers. Source: Optional Page User Result UI Options."""

    allow_register_account: bool = False
    invoice_options: InvoiceOptions | None = InvoiceOptions()


@dataclass(frozen=True, slots=True)
class CloudPaymentRequest:
    """
    A hosted payment page to be made. Source: Biller Request Parameters.

    Args:
        customers: At least one.
        post_back_url: Where Invoice Cloud tells the outcome; without it nobody tells it. https, unless to this machine.
        return_url: Where the browser goes afterwards. It proves nothing: a payer can go there without paying.
        biller_reference: Comes back in the postback: make it unique and hard to guess, and keep it.
        css_url: A style sheet for the page.
    """

    customers: Sequence[CloudCustomer]
    post_back_url: str | None = None
    return_url: str | None = None
    biller_reference: str = field(default="", repr=False)
    view_mode: ViewMode = ViewMode.IFRAME
    css_url: str | None = None
    settings: PaymentSettings = PaymentSettings()
    page_result_options: PageResultOptions | None = PageResultOptions()


@dataclass(frozen=True, slots=True, repr=False)
class CloudPayment:
    """
    A hosted payment page. Who has the address can see the bill: hand it to the payer's browser only, and log it
    nowhere.
    """

    url: str

    def __repr__(self) -> str:
        parts = urlsplit(self.url)
        return f"CloudPayment({parts.scheme}://{parts.netloc}/•••)"


def create_cloud_payment(account: RestAccount, payment: CloudPaymentRequest) -> Call[CloudPayment]:
    """
    The page's address. Raises `RequestInvalid` with the member's place in the JSON where a value breaks a rule.

    The call is no lookup: with CreateCustomerRecord it creates a customer. An answer that got lost leaves a page that
    nobody opens, so it may be made again.
    """
    token = payment.settings.remote_authentication_token
    # A sandbox that is spoken to over plain http may be called back so, and hands out http addresses.
    allow_http = account.base_url.startswith("http://")
    sent = rest_request(account, OPERATION, PATH, _members(payment, allow_http), (token,) if token else ())

    def read(response: HttpResponse) -> CloudPayment:
        answer = read_json(OPERATION, response, secrets=sent.secrets, show_body=False)
        url = answer.member("Data").present("CloudPaymentURL")
        try:
            check_url(url, allow_http=allow_http)
        except RequestInvalid as error:
            rule = f"Data.CloudPaymentURL {error.rule}"
            raise ProtocolError(OPERATION, status=response.status, rule=rule) from None
        return CloudPayment(url)

    return Call(sent, read)


def _members(payment: CloudPaymentRequest, allow_http: bool) -> dict[str, Json]:
    settings = payment.settings
    if not settings.allow_cc_payment and not settings.allow_ach_payment:
        raise RequestInvalid("AllowCCPayment", False, "must be true where AllowACHPayment is false: nobody could pay")
    if not isinstance(payment.view_mode, ViewMode):
        raise RequestInvalid("ViewMode", payment.view_mode, "must be a ViewMode")
    if not payment.customers or isinstance(payment.customers, CloudCustomer):
        raise RequestInvalid("Customers", payment.customers, "must be a list of at least one customer")
    if len(payment.customers) > MAX_CUSTOMERS:
        raise RequestInvalid("Customers", len(payment.customers), f"must be {MAX_CUSTOMERS} at most")
    token = settings.remote_authentication_token
    members: dict[str, Json] = {
        "CSSUrl": _url("CSSUrl", payment.css_url, allow_http),
        "AllowSwipe": _flag("AllowSwipe", settings.allow_swipe),
        "AllowCCPayment": _flag("AllowCCPayment", settings.allow_cc_payment),
        "AllowACHPayment": _flag("AllowACHPayment", settings.allow_ach_payment),
        "RemoteAuthenticationToken": token and render_token(token),
        "ReturnURL": _url("ReturnURL", payment.return_url, allow_http),
        "PostBackURL": _url("PostBackURL", payment.post_back_url, allow_http),
        "BillerReference": _line("BillerReference", payment.biller_reference),
        "ViewMode": int(payment.view_mode),
        "CreateCustomerRecord": _flag("CreateCustomerRecord", settings.create_customer_record),
        "Customers": [_customer(f"Customers[{n}]", customer) for n, customer in enumerate(payment.customers)],
    }
    _no_two_alike(payment.customers)
    members |= _flags("", AllowEMV=settings.allow_emv, PageLoadOverride=settings.page_load_override)
    members |= _given(
        "",
        EMVDeviceID=settings.emv_device_id,
        EMVLocationID=settings.emv_location_id,
        CashierName=settings.cashier_name,
    )
    if payment.page_result_options is not None:
        members["PageResultOptions"] = _page_result_options(payment.page_result_options)
    return members


def _customer(place: str, customer: CloudCustomer) -> dict[str, Json]:
    invoices = customer.invoices
    if isinstance(invoices, CloudInvoice):
        raise RequestInvalid(f"{place}.Invoices", invoices.invoice_number, "must be a list of invoices")
    if invoices is not None and not 0 < len(invoices) <= MAX_INVOICES:
        rule = f"must be 1 to {MAX_INVOICES}; None means the open invoices of the account"
        raise RequestInvalid(f"{place}.Invoices", len(invoices), rule)
    email = customer.email_address
    return {
        "AccountNumber": _line(f"{place}.AccountNumber", customer.account_number, required=True),
        "Name": _optional(f"{place}.Name", customer.name),
        "Address": _optional(f"{place}.Address", customer.address),
        "City": _optional(f"{place}.City", customer.city),
        "State": _optional(f"{place}.State", customer.state),
        "Zip": _optional(f"{place}.Zip", customer.zip),
        "EmailAddress": None if email is None else render_email(f"{place}.EmailAddress", email),
        "Invoices": None
        if invoices is None
        else [_invoice(f"{place}.Invoices[{n}]", invoice) for n, invoice in enumerate(invoices)],
        **_given(place, DisplayAccountNumber=customer.display_account_number),
    }


def _invoice(place: str, invoice: CloudInvoice) -> dict[str, Json]:
    balance, minimum = invoice.balance_due, invoice.minimum_amount_due
    members: dict[str, Json] = {"InvoiceNumber": _line(f"{place}.InvoiceNumber", invoice.invoice_number, required=True)}
    members |= _given(place, TypeID=invoice.type_id)
    for name, day in (("InvoiceDate", invoice.invoice_date), ("DueDate", invoice.due_date)):
        if day is not None:
            members[name] = _date(f"{place}.{name}", day)
    for name, amount in (
        ("BalanceDue", balance),
        ("CCServiceFee", invoice.cc_service_fee),
        ("ACHServiceFee", invoice.ach_service_fee),
        ("MinimumAmountDue", minimum),
    ):
        if amount is not None:
            members[name] = Decimal(render_amount(f"{place}.{name}", amount, zero=True))
    if balance is not None and minimum is not None and minimum > balance:
        raise RequestInvalid(f"{place}.MinimumAmountDue", minimum, f"must not be more than BalanceDue, {balance}")
    return members | _flags(place, AllowPartialPayments=invoice.allow_partial_payments)


def _page_result_options(options: PageResultOptions) -> dict[str, Json]:
    place = "PageResultOptions"
    members = _flags(place, AllowRegisterAccount=options.allow_register_account)
    if (on_page := options.invoice_options) is not None:
        members["InvoiceOptions"] = _flags(
            f"{place}.InvoiceOptions",
            AllowViewStatement=on_page.allow_view_statement,
            AllowRemove=on_page.allow_remove,
            AllowViewRelated=on_page.allow_view_related,
            AllowRemindMe=on_page.allow_remind_me,
        )
    return members


def _no_two_alike(customers: Sequence[CloudCustomer]) -> None:
    """What stands on a page twice is paid twice; a space around a number makes it no other."""
    accounts: set[str] = set()
    numbers: set[str] = set()
    for n, customer in enumerate(customers):
        account = customer.account_number.strip()
        if account in accounts:
            raise RequestInvalid(f"Customers[{n}].AccountNumber", account, "must not be there twice")
        accounts.add(account)
        for m, invoice in enumerate(customer.invoices or ()):
            number = invoice.invoice_number.strip()
            if number in numbers:
                place = f"Customers[{n}].Invoices[{m}].InvoiceNumber"
                raise RequestInvalid(place, number, "must not be there twice: it would be paid twice")
            numbers.add(number)


def _given(place: str, **members: str | None) -> dict[str, Json]:
    """The texts that there are, checked."""
    prefix = place and place + "."
    return {name: _line(prefix + name, text, required=True) for name, text in members.items() if text is not None}


def _flags(place: str, **members: bool | None) -> dict[str, Json]:
    """The switches that are set, checked."""
    prefix = place and place + "."
    return {name: _flag(prefix + name, value) for name, value in members.items() if value is not None}


def _flag(place: str, value: bool) -> bool:
    """A switch: a text such as "false", from somebody's configuration, would count as true."""
    if not isinstance(value, bool):
        raise RequestInvalid(place, value, "must be True or False")
    return value


def _optional(place: str, value: str | None) -> str | None:
    return None if value is None else _line(place, value)


def _line(place: str, value: str, *, required: bool = False) -> str:
    return render_line(place, value, required=required, max_length=MAX_LINE)


def _url(name: str, value: str | None, allow_http: bool) -> str | None:
    return None if value is None else render_url(name, value, allow_http=allow_http)


def _date(place: str, value: date) -> str:
    """MM/DD/YYYY, as public integrations send it; no source says (assumed [A-70])."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise RequestInvalid(place, value, "must be a date")
    return value.strftime("%m/%d/") + f"{value.year:04d}"
