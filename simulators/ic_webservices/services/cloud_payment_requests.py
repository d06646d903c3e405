"""
What a request for a payment page is checked for, and what it makes in the ledger: customers and invoices it names.

An invoice that the ledger knows is left as it is; one that came by such a request alone, and on which nothing was paid,
follows the newest request. Source: assumed [A-65].
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.cloud_payments import (
    PaymentPageRequest,
    RequestedCustomer,
    RequestedInvoice,
    invoice_asked_for,
    is_requested,
)
from partnerlab.simulators.ic_webservices.domain.errors import NotFound, PaymentRefused, ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.services.ledger import add_customer, last_payment
from partnerlab.simulators.ic_webservices.store import CUSTOMERS, INVOICES, PAYMENTS
from partnerlab.simulators.kit.egress.allow_list import AddressRefused, Allowed, check_web_address
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["KNOWN", "check_addresses", "create_missing", "lacks", "sole_account", "stylesheet"]


def check_addresses(asked: PaymentPageRequest, biller: Biller) -> None:
    """
    Check the addresses of a request; the message names the parameter and why.

    PostBackURL is posted to by this server and must be on the biller's allow-list. ReturnURL is where the payer's
    browser goes, so any plain web address will do. CssUrl too, but see `stylesheet`. Raises `ValueRefused`.
    """
    for name, url in (("ReturnURL", asked.return_url), ("CssUrl", asked.css_url), ("PostBackURL", asked.postback_url)):
        if not url:
            continue
        try:
            if name == "PostBackURL":
                Allowed.of(biller.configuration).check(url)
            else:
                check_web_address(url)
        except AddressRefused as error:
            raise ValueRefused(name, "…", error.reason) from None


def stylesheet(asked: PaymentPageRequest, biller: Biller) -> str:
    """
    The stylesheet a page links: the request's, where its host is on the biller's allow-list, else none.

    A page that loaded it from anywhere would send its payer's browser to hosts that the sandbox's operator never
    named, real ones of the source's examples among them. Source: assumed [A-68].
    """
    try:
        if asked.css_url:
            Allowed.of(biller.configuration).check(asked.css_url)
        return asked.css_url
    except AddressRefused:
        return ""


def sole_account(asked: PaymentPageRequest) -> str | None:
    """The account of a request that names one and no invoices; None for another request."""
    one = asked.customers[0] if len(asked.customers) == 1 else None
    return None if one is None or one.invoices else one.account_number


def lacks(tx: Tx, lane: Lane, biller: Biller, asked: PaymentPageRequest) -> bool:
    """Whether anything in the request may be new to the ledger; the usual one asks for what is known."""
    return any(
        one.invoices or tx.one(KNOWN, (lane.name, biller.guid, one.account_number)) is None for one in asked.customers
    )


KNOWN = Statement(
    "SELECT 1 FROM ic_customers WHERE lane = :lane AND biller_guid = :biller_guid AND account_number = :account_number"
)
"""Whether the ledger has an account."""


def create_missing(tx: Tx, lane: Lane, biller: Biller, asked: PaymentPageRequest) -> None:
    """
    Make what is new to the ledger. The biller must be locked.

    Raises `NotFound` (an account may not be made), `PaymentRefused` (an invoice is another account's), `ValueRefused`.
    """
    today = lane.now().astimezone(time_zone(biller.time_zone)).date()
    for place, one in enumerate(asked.customers):
        if CUSTOMERS.get(tx, lane.name, biller.guid, one.account_number) is None:
            if not asked.create_customer:
                raise NotFound("account", one.account_number)
            add_customer(tx, lane, biller, one.account_number, _record(one))
        for at, invoice in enumerate(one.invoices):
            _make_invoice(tx, lane, biller, one, invoice, today, f"Customers[{place}].Invoices[{at}]")


def _make_invoice(
    tx: Tx, lane: Lane, biller: Biller, customer: RequestedCustomer, asked: RequestedInvoice, today: date, place: str
) -> None:
    existing = INVOICES.get(tx, lane.name, biller.guid, asked.number)
    if existing is not None:
        if existing.account_number != customer.account_number:
            raise PaymentRefused(
                "other_account", f"{place}: invoice {asked.number} is not of account {customer.account_number}."
            )
        if asked.balance_due_cents is None or not is_requested(existing) or _was_paid(tx, lane, existing):
            return
    try:
        invoice = invoice_asked_for(
            asked,
            biller.guid,
            customer.account_number,
            type_id=biller.invoice_type_id,
            format_guid=biller.invoice_format_guid,
            today=today,
        )
    except ValueRefused as error:
        raise ValueRefused(f"{place}.{error.field}", error.shown, error.rule) from None
    invoice = replace(
        invoice,
        version=existing.version + 1 if existing else 1,
        filed_due_cents=invoice.balance_due_cents,
        filed_total_cents=invoice.total_amount_due_cents,
        filed_after=(newest := last_payment(tx, lane)),
        stated_after=newest,
    )
    INVOICES.put(tx, lane.name, invoice)


def _was_paid(tx: Tx, lane: Lane, invoice: Invoice) -> bool:
    search = {
        "biller_guid": invoice.biller_guid,
        "account_number": invoice.account_number,
        "invoice_number": invoice.invoice_number,
    }
    return any(one.approved for one in PAYMENTS.find(tx, lane.name, search, order="reference"))


def _record(asked: RequestedCustomer) -> dict[str, str | bool | None]:
    """A customer of the ledger, from a request; without a name the account's number is its name."""
    return {
        "customer_name": asked.name or asked.account_number,
        "address1": asked.address,
        "city": asked.city,
        "state": asked.state,
        "zip": asked.zip,
        "email_address": asked.email_address,
    }
