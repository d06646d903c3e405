"""
Cloud Payments V2: what a partner asks a payment page for, and what the page shows and takes.

    PaymentPageRequest      the request: whom to bill for what, and what the page may offer
    Checkout   a page that was asked for, and how far its payer is
    Bill       one invoice on that page: whether it can be paid, how much of it is, and the fee

Source: inHance Portal Technical Design, Cloud Payments V2, the parameter tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.errors import PaymentRefused, ValueRefused
from partnerlab.simulators.ic_webservices.domain.fees import service_fee_cents
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, Line, age, may_choose, may_pay, owed_cents
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import BANK_TENDERS

__all__ = [
    "LASTS",
    "MOST_CUSTOMERS",
    "MOST_INVOICES",
    "OPEN",
    "PAID",
    "REQUESTED",
    "Bill",
    "Checkout",
    "Choice",
    "Fees",
    "PaymentPageRequest",
    "Reminder",
    "RequestedCustomer",
    "RequestedInvoice",
    "check_bills",
    "check_counts",
    "chosen",
    "fees_of",
    "invoice_asked_for",
    "is_requested",
    "latest_first",
    "total_cents",
]

LASTS = timedelta(minutes=30)
"""How long a page can be paid after it was asked for, on the lane's clock. Assumed [A-64]."""
MOST_CUSTOMERS, MOST_INVOICES = 100, 200
"""Of one request. Assumed [A-64]."""

OPEN, PAID = "open", "paid"
REQUESTED = {"Source": "CloudPaymentsV2"}
"""Marks, in an invoice's other fields, one that Invoice Cloud knows from such a request alone."""

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class RequestedInvoice(NamedTuple):
    """An invoice in a request; what is None was not given. Source: Optional Invoice Data Object."""

    number: str
    type_id: str = ""
    invoice_date: date | None = None
    due_date: date | None = None
    balance_due_cents: int | None = None
    minimum_due_cents: int | None = None
    card_fee_cents: int | None = None
    bank_fee_cents: int | None = None
    allow_partial: bool = False


class RequestedCustomer(NamedTuple):
    """A customer in a request; without invoices the account's open ones are meant. Source: Customer Data Object."""

    account_number: str
    display_account_number: str = ""
    name: str = ""
    address: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    email_address: str = ""
    invoices: tuple[RequestedInvoice, ...] = ()


class PaymentPageRequest(NamedTuple):
    """A request. Source: Biller Request Parameters, Cloud Payment Settings and the two tables of page options."""

    view_mode: int
    customers: tuple[RequestedCustomer, ...]
    return_url: str = ""
    postback_url: str = ""
    biller_reference: str = ""
    css_url: str = ""
    allow_swipe: bool = False
    allow_emv: bool = False
    emv_device_id: str = ""
    emv_location_id: str = ""
    cashier_name: str = ""
    allow_card: bool = True
    allow_bank: bool = True
    create_customer: bool = False
    page_load_override: bool = False
    allow_register: bool = False
    allow_statement: bool = False
    allow_remove: bool = False
    allow_related: bool = False
    allow_remind: bool = False

    @property
    def framed(self) -> bool:
        """Whether the page is shown in an iFrame of the partner's."""
        return self.view_mode == 1

    def dump(self) -> dict[str, Any]:
        """As JSON values, without what is as it would be anyway."""
        return _dump(self)

    def to_json(self) -> str:
        """What `dump` gives, as it is kept."""
        return _to_json(self.dump())

    @classmethod
    def load(cls, values: Mapping[str, Any]) -> PaymentPageRequest:
        """From what `dump` gave."""
        customers = tuple(
            RequestedCustomer(**{**one, "invoices": tuple(_invoice(invoice) for invoice in one.get("invoices", ()))})
            for one in values["customers"]
        )
        return cls(**{**values, "customers": customers})

    def customer(self, account_number: str) -> RequestedCustomer | None:
        """The customer of that account in this request."""
        return next((one for one in self.customers if one.account_number == account_number), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """
    What the payer chose so far: amounts in cents by invoice number where it is not the whole balance, the invoices
    taken off this payment, the name and the e-mail address for the receipt.
    """

    amounts: Mapping[str, int] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    payer_name: str = ""
    email_address: str = ""

    def dump(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "amounts": dict(self.amounts),
            "removed": list(self.removed),
            "payer_name": self.payer_name,
            "email_address": self.email_address,
        }

    @classmethod
    def load(cls, values: Mapping[str, Any]) -> Choice:
        """From what `dump` gave; nothing chosen where it is empty."""
        return cls(**{**values, "removed": tuple(values["removed"])}) if values else cls()


@dataclass(frozen=True, slots=True)
class Checkout:
    """
    A payment page that was asked for. Its token is kept as its `page_key` only; so a copy of the store opens no page.

    `username` is the portal user whose RemoteAuthenticationToken came along, empty for a guest. `asked` and `choice`
    are dumps. `outcome` is that of the last attempt to pay, `payment_guids` and `message`, with the `keys` of all forms
    that were sent. Times are ISO 8601 in UTC on the lane's clock.
    """

    token_hash: str
    biller_guid: str
    state: str
    created_at: str
    expires_at: str
    username: str
    asked: Mapping[str, Any]
    choice: Mapping[str, Any] = field(default_factory=dict)
    outcome: Mapping[str, Any] = field(default_factory=dict)

    def was_sent(self, form_key: str) -> bool:
        """Whether a form with that key was tried, paid or declined."""
        return form_key in self.outcome.get("keys", ())


@dataclass(frozen=True, slots=True)
class Reminder:
    """
    A payer's wish to be reminded of an invoice by e-mail at `remind_at`, ISO 8601 in UTC.

    `state` is `waiting`, then `reminded`, or `skipped` where nothing was due any more.
    """

    biller_guid: str
    invoice_number: str
    email_address: str
    account_number: str
    requested_at: str
    remind_at: str
    state: str = "waiting"


@dataclass(frozen=True, slots=True)
class Fees:
    """The service fee of one invoice in cents, by how it is paid."""

    card_cents: int = 0
    bank_cents: int = 0

    def of(self, tender: str) -> int:
        """The fee for that tender."""
        return self.bank_cents if tender in BANK_TENDERS else self.card_cents


@dataclass(frozen=True, slots=True)
class Bill:
    """
    One invoice on the page: `amount_cents` is what the payer pays of it; `removed` says that the payer took it off.
    """

    invoice: Invoice
    fees: Fees
    amount_cents: int
    removed: bool = False

    @property
    def number(self) -> str:
        """The invoice's number."""
        return self.invoice.invoice_number

    @property
    def payable(self) -> bool:
        """Whether anything can be paid on it now."""
        return owed_cents(self.invoice) > 0

    @property
    def counts(self) -> bool:
        """Whether it is part of this payment."""
        return self.payable and not self.removed

    @property
    def editable(self) -> bool:
        """Whether the payer may choose the amount: part of it, or all that is owed where only a part is due."""
        return self.payable and may_choose(self.invoice)

    def check(self) -> None:
        """Check the amount against the invoice's rules. Raises `PaymentRefused`."""
        may_pay(self.invoice, self.amount_cents)


def check_counts(asked: PaymentPageRequest) -> None:
    """
    Check how much one request asks for, and that it names nothing twice. Raises `ValueRefused`.

    Source: assumed [A-64].
    """
    if len(asked.customers) == 1 and not asked.customers[0].invoices:
        return
    if len(asked.customers) > MOST_CUSTOMERS:
        raise ValueRefused("Customers", len(asked.customers), f"must have at most {MOST_CUSTOMERS} items")
    invoices = sum(len(customer.invoices) for customer in asked.customers)
    if invoices > MOST_INVOICES:
        raise ValueRefused("Customers[].Invoices", invoices, f"must have at most {MOST_INVOICES} items in all")
    seen: set[str] = set()
    for place, customer in enumerate(asked.customers):
        for name, key in [("AccountNumber", customer.account_number)] + [
            (f"Invoices[{at}].InvoiceNumber", invoice.number) for at, invoice in enumerate(customer.invoices)
        ]:
            kind = f"{name.partition('[')[0]} {key}"
            if kind in seen:
                raise ValueRefused(f"Customers[{place}].{name}", key[:80], "is there twice")
            seen.add(kind)


def fees_of(biller: Biller, asked: RequestedInvoice | None = None) -> Fees:
    """
    The fees of an invoice: the request's, else the biller's own. Raises `ValueRefused` where the biller's is no amount.

    Source: CCServiceFee and ACHServiceFee; that they are for one invoice each is assumed [A-65].
    """
    card = asked.card_fee_cents if asked else None
    bank = asked.bank_fee_cents if asked else None
    return Fees(
        service_fee_cents(biller, "card") if card is None else card,
        service_fee_cents(biller, "bank_account") if bank is None else bank,
    )


def is_requested(invoice: Invoice) -> bool:
    """Whether Invoice Cloud knows the invoice from a Cloud Payments request alone."""
    return invoice.fields.get("Source") == REQUESTED["Source"]


def invoice_asked_for(
    asked: RequestedInvoice, biller_guid: str, account_number: str, *, type_id: str, format_guid: str, today: date
) -> Invoice:
    """
    The invoice that a request describes, for one that Invoice Cloud does not know.

    Raises `ValueRefused` where it says no BalanceDue above zero. Source: assumed [A-65].
    """
    due = asked.balance_due_cents
    if due is None or due <= 0:
        raise ValueRefused(
            "BalanceDue",
            "" if due is None else amount(due),
            f"must be above zero: the invoice {asked.number} is not known",
        )
    minimum = asked.minimum_due_cents or 0
    return Invoice(
        biller_guid=biller_guid,
        invoice_number=asked.number,
        account_number=account_number,
        invoice_date=asked.invoice_date or today,
        invoice_due_date=asked.due_date or asked.invoice_date or today,
        total_amount_due_cents=due,
        balance_due_cents=due,
        minimum_amount_due_cents=min(minimum, due),
        allow_partial_payments=asked.allow_partial,
        invoice_type_id=asked.type_id or type_id,
        invoice_format_guid=format_guid,
        fields=REQUESTED,
        lines=(Line("Payment requested by the biller", amount(due)),),
    )


def latest_first(invoices: Sequence[Invoice]) -> list[Invoice]:
    """Invoices, the latest first."""
    return sorted(invoices, key=age, reverse=True)


def total_cents(bills: Sequence[Bill], tender: str) -> tuple[int, int]:
    """What the bills that count cost together, without fees, and their fees for that tender."""
    counted = [bill for bill in bills if bill.counts]
    return sum(bill.amount_cents for bill in counted), sum(bill.fees.of(tender) for bill in counted)


def chosen(choice: Choice, bills: Sequence[Bill]) -> list[Bill]:
    """The bills with what the payer chose of them."""
    return [
        replace(
            bill,
            amount_cents=choice.amounts.get(bill.number, bill.amount_cents) if bill.editable else bill.amount_cents,
            removed=bill.number in choice.removed,
        )
        for bill in bills
    ]


def check_bills(bills: Sequence[Bill]) -> list[Bill]:
    """The bills that are paid, each checked against its invoice. Raises `PaymentRefused`."""
    counted = [bill for bill in bills if bill.counts]
    if not counted:
        raise PaymentRefused("nothing_due", "There is nothing to pay.")
    for bill in counted:
        bill.check()
    return counted


def _invoice(values: Mapping[str, Any]) -> RequestedInvoice:
    days = {name: date.fromisoformat(values[name]) for name in ("invoice_date", "due_date") if name in values}
    return RequestedInvoice(**{**values, **days})


def _dump(value: Any) -> dict[str, Any]:
    """A part of a request without the members that are as they are by default."""
    found: dict[str, Any] = {}
    defaults = value._field_defaults
    for name, held in zip(value._fields, value, strict=True):
        if name in defaults and held == defaults[name]:
            continue
        if isinstance(held, tuple):
            held = [_dump(item) for item in held]
        elif isinstance(held, date):
            held = held.isoformat()
        found[name] = held
    return found
