"""Bills: the recent and the open ones, one bill with its lines, and the receipt of a payment."""

from __future__ import annotations

from collections.abc import Callable

from flask.typing import ResponseReturnValue

from partnerlab.simulators.ic_webservices.domain.errors import NotFound
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, is_expired, owed_cents
from partnerlab.simulators.ic_webservices.domain.portal import open_bills
from partnerlab.simulators.ic_webservices.domain.schedules import Schedule
from partnerlab.simulators.ic_webservices.pages.payer import Payer
from partnerlab.simulators.ic_webservices.pages.view import pdf
from partnerlab.simulators.ic_webservices.services.statement import statement
from partnerlab.simulators.ic_webservices.services.usage import usage_by_meter

__all__ = ["add_routes", "latest_invoices", "waiting_for"]

MOST_BILLS = 24
"""Two years of monthly bills."""
MOST_OPEN = 200


def add_routes(add: Callable[..., None]) -> None:
    """Add the section's pages."""
    add("bills", recent)
    add("open-bills", open_)
    add("bill/<path:number>", bill)
    add("bill-image/<path:number>", image)
    add("receipt/<payment_guid>", receipt)


def recent(payer: Payer) -> ResponseReturnValue:
    """RedirectID 1: the account's recent bills, the latest first."""
    found = latest_invoices(payer, MOST_BILLS)
    return payer.show("bills.html", "bills", heading="Your bills", bills=found, only_open=False)


def open_(payer: Payer) -> ResponseReturnValue:
    """RedirectID 8: the bills with something due, and with setting 129 the latest one too."""
    found = open_bills(latest_invoices(payer, MOST_OPEN), payer.biller)
    return payer.show("bills.html", "bills", heading="Open bills", bills=found, only_open=True)


def bill(payer: Payer, number: str) -> ResponseReturnValue:
    """One bill. Opening it asks the partner for the balance; whatever goes wrong there, the payer sees the old one."""
    invoice = payer.invoice(number)
    invoice = payer.services.presentment.open(payer.lane, payer.biller.guid, invoice.invoice_number).invoice
    payments = payer.services.records.payments_of(payer.lane, invoice, limit=MOST_BILLS)
    customer = payer.services.ledger.customer(payer.lane, payer.biller.guid, invoice.account_number)
    shown = statement(payer.biller, customer, invoice)
    before = []
    if any(charge.meters for charge in shown.charges):
        of_account = payer.services.ledger.latest_invoices(
            payer.lane, payer.biller.guid, invoice.account_number, limit=MOST_BILLS
        )
        before = [one for one in of_account if one.invoice_date <= invoice.invoice_date]
    return payer.show(
        "bill.html",
        "bills",
        invoice=invoice,
        statement=shown,
        usage=usage_by_meter(payer.biller, customer, before),
        payable=owed_cents(invoice) > 0 and not is_expired(invoice, payer.today),
        as_pdf=payer.services.bill_images.offered(payer.biller, invoice),
        payments=payments,
        waiting=waiting_for(payer, invoice),
        asked_again=payer.services.presentment.perhaps_asked_again(payer.lane, invoice),
    )


def image(payer: Payer, number: str) -> ResponseReturnValue:
    """The bill as a PDF; where there is none now, a page that says so, for the bill itself is there."""
    invoice = payer.invoice(number)
    content = payer.services.bill_images.open(payer.lane, payer.biller.guid, invoice.invoice_number)
    if content is None:
        return payer.show("bill_image.html", "bills", number=number, back=payer.href("bill", number))
    return pdf(payer.page(), content, f"bill-{invoice.invoice_number}")


def receipt(payer: Payer, payment_guid: str) -> ResponseReturnValue:
    """What became of a payment of one of the payer's accounts."""
    payment = payer.services.records.payment(payer.lane, payment_guid)
    if payment.biller_guid != payer.biller.guid or payment.account_number not in payer.accounts:
        raise NotFound("payment", payment_guid[:60])
    return payer.show("receipt.html", "bills", payment=payment)


def latest_invoices(payer: Payer, most: int) -> list[Invoice]:
    """The invoices of the account the payer looks at, the latest first."""
    return payer.services.ledger.latest_invoices(payer.lane, payer.biller.guid, payer.account_number, limit=most)


def waiting_for(payer: Payer, invoice: Invoice) -> list[Schedule]:
    """What is scheduled for an invoice, by whomever."""
    return payer.services.records.scheduled_for(payer.lane, invoice)
