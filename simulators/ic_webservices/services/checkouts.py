"""A payment page as its rows say, with the invoices and customers it shows. `cloud_payments.py` changes them."""

from __future__ import annotations

from collections.abc import Sequence

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.cloud_payments import (
    OPEN,
    PAID,
    Bill,
    Checkout,
    Choice,
    PaymentPageRequest,
    RequestedCustomer,
    chosen,
    fees_of,
    latest_first,
)
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.errors import NotFound
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, proposed_cents
from partnerlab.simulators.ic_webservices.domain.page_tokens import page_key
from partnerlab.simulators.ic_webservices.domain.payments import Payment
from partnerlab.simulators.ic_webservices.domain.portal import open_bills
from partnerlab.simulators.ic_webservices.domain.postbacks import PayerAddress
from partnerlab.simulators.ic_webservices.services.ledger import biller_of
from partnerlab.simulators.ic_webservices.store import AGE, CHECKOUTS, CUSTOMERS, INVOICES, PAYMENTS
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Tx
from partnerlab.simulators.kit.world.table import utc_text

__all__ = ["CheckoutGone", "CheckoutView", "bill_of", "checkout_of", "invoices_of", "view_of"]

MOST_OF_AN_ACCOUNT = 100
"""Invoices of one account on a page that names none."""


class CheckoutGone(Exception):
    """A page that cannot be paid; `reason` is `unknown` or `expired`, `return_url` leads back where it is known."""

    def __init__(self, reason: str, return_url: str = "") -> None:
        self.reason, self.return_url = reason, return_url
        told = {"unknown": "There is no such payment page.", "expired": "This payment page has expired."}
        super().__init__(told[reason])


@dataclass(frozen=True, slots=True)
class CheckoutView:
    """A page as its payer sees it now. `payments` are those of the last attempt to pay, approved or not."""

    checkout: Checkout
    biller: Biller
    asked: PaymentPageRequest
    choice: Choice
    bills: Sequence[Bill]
    customers: Sequence[tuple[RequestedCustomer, Customer | None]]
    payments: Sequence[Payment] = ()

    @property
    def paid(self) -> bool:
        """Whether it is paid."""
        return self.checkout.state == PAID

    def shown(self, account_number: str) -> PayerAddress:
        """Name and address of an account: the request's where given, else the ledger's."""
        for asked, customer in self.customers:
            if asked.account_number == account_number:
                return _address(asked, customer)
        return PayerAddress()

    def shown_account(self, account_number: str) -> str:
        """What the payer is shown for an account: the request's DisplayAccountNumber, the record's, or the number."""
        for asked, customer in self.customers:
            if asked.account_number == account_number:
                return asked.display_account_number or (customer.shown_account if customer else account_number)
        return account_number


def checkout_of(tx: Tx, lane: Lane, token: str, *, lock: bool = False) -> Checkout:
    """The page of a token, with *lock* until the transaction ends. Raises `CheckoutGone`."""
    read = CHECKOUTS.lock if lock else CHECKOUTS.get
    checkout = read(tx, lane.name, page_key(token))
    if checkout is None:
        raise CheckoutGone("unknown")
    if checkout.state == OPEN and checkout.expires_at <= utc_text(lane.now()):
        raise CheckoutGone("expired", str(checkout.asked.get("return_url", "")))
    return checkout


def view_of(tx: Tx, lane: Lane, checkout: Checkout) -> CheckoutView:
    """What a payer sees of a page now."""
    biller = biller_of(tx, lane, checkout.biller_guid)
    asked, choice = PaymentPageRequest.load(checkout.asked), Choice.load(checkout.choice)
    customers, bills = [], []
    for one in asked.customers:
        customers.append((one, CUSTOMERS.get(tx, lane.name, biller.guid, one.account_number)))
        bills += _bills(tx, lane, biller, one)
    guids = checkout.outcome.get("payment_guids", ())
    payments = [payment for guid in guids if (payment := PAYMENTS.get(tx, lane.name, guid)) is not None]
    return CheckoutView(checkout, biller, asked, choice, chosen(choice, bills), customers, payments)


def _bills(tx: Tx, lane: Lane, biller: Biller, asked: RequestedCustomer) -> list[Bill]:
    """An account's bills: those the request names, else its open ones (with setting 129 the latest in any case)."""
    if asked.invoices:
        named = [(one, INVOICES.get(tx, lane.name, biller.guid, one.number)) for one in asked.invoices]
        return [
            Bill(invoice, fees_of(biller, one), proposed_cents(invoice))
            for one, invoice in named
            if invoice is not None and invoice.account_number == asked.account_number
        ]
    found = latest_first(invoices_of(tx, lane, biller, asked.account_number))
    shown = open_bills(found, biller)
    return [Bill(invoice, fees_of(biller), proposed_cents(invoice)) for invoice in shown]


def invoices_of(tx: Tx, lane: Lane, biller: Biller, account_number: str, **search: str) -> list[Invoice]:
    """An account's invoices that match, the latest first."""
    equal = {"biller_guid": biller.guid, "account_number": account_number, **search}
    return INVOICES.find(tx, lane.name, equal, order=AGE, last_first=True, limit=MOST_OF_AN_ACCOUNT)


def bill_of(opened: CheckoutView, invoice_number: str) -> Bill:
    """A bill on the page. Raises `NotFound`."""
    for bill in opened.bills:
        if bill.number == invoice_number:
            return bill
    raise NotFound("invoice", invoice_number[:80])


def _address(asked: RequestedCustomer, customer: Customer | None) -> PayerAddress:
    if customer is None:
        return PayerAddress(asked.name, asked.address, asked.city, asked.state, asked.zip)
    return PayerAddress(
        asked.name or customer.customer_name,
        asked.address or customer.address1,
        asked.city or customer.city,
        asked.state or customer.state,
        asked.zip or customer.zip,
    )
