"""Paying a bill: now, or set for a day; with a saved method, or with a card or bank account typed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from flask import Response, request
from flask.typing import ResponseReturnValue

from partnerlab.simulators.ic_webservices.domain.errors import Conflict, DomainError, ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import (
    Invoice,
    is_expired,
    may_pay,
    owed_cents,
    proposed_cents,
)
from partnerlab.simulators.ic_webservices.domain.methods import Method
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import BANK_TENDERS, Order
from partnerlab.simulators.ic_webservices.domain.schedules import check_day
from partnerlab.simulators.ic_webservices.pages.bills import waiting_for
from partnerlab.simulators.ic_webservices.pages.choice import NEW_BANK, NEW_CARD, Choices, choices, chosen
from partnerlab.simulators.ic_webservices.pages.forms import Form, Typed
from partnerlab.simulators.ic_webservices.pages.payer import Payer
from partnerlab.simulators.ic_webservices.pages.refusals import refusal_field, told
from partnerlab.simulators.ic_webservices.pages.security import form_guid

__all__ = ["add_routes"]

NOW, LATER = "now", "later"


def add_routes(add: Callable[..., None]) -> None:
    """Add the section's pages."""
    add("pay", to_open_bills)
    add("pay/<path:number>", form)
    add("pay/<path:number>", pay, "POST")


def to_open_bills(payer: Payer) -> ResponseReturnValue:
    """Paying begins with a bill."""
    return payer.go("open-bills")


def form(payer: Payer, number: str) -> ResponseReturnValue:
    """The form, with the whole balance and the preferred method to begin with."""
    invoice = payer.invoice(number)
    if not _payable(payer, invoice):
        return payer.go("bill", invoice.invoice_number)
    offered = choices(payer, invoice.account_number)
    first = {"Amount": str(amount(proposed_cents(invoice))), "Method": offered.first, "When": NOW}
    first |= _typed_before(payer, invoice, offered)
    return _show(payer, invoice, offered, Form(payer.secret, None, **first))


def pay(payer: Payer, number: str) -> ResponseReturnValue:
    """
    Take or schedule the payment.

    Everything is checked against the invoice as it stands now. The form's key makes the payment's GUID, so the same
    form sent twice pays once, and both lead to the one receipt.
    """
    sent = payer.sent()
    guid = form_guid(payer.secret, sent.given("FormKey"))
    if (before := _made_before(payer, guid)) is not None:
        return before
    invoice = payer.invoice(number)
    if not _payable(payer, invoice):  # it was paid in another tab, by a clerk, at the partner
        return payer.go("bill", invoice.invoice_number, done="not-paid")
    offered = choices(payer, invoice.account_number)
    amount_cents = sent.amount_cents("Amount")
    _check(sent, "Amount", lambda: may_pay(invoice, amount_cents), invoice)
    if sent.given("FeesSeen") != offered.fees_seen:
        sent.wrong("", "The service fee has changed. Look at it once more before you pay.")
    means = chosen(payer, sent)
    when = sent.given("When")
    if when not in (NOW, LATER):
        sent.wrong("When", "Choose when to pay.")
    day = sent.day("Day") if when == LATER else None
    if day is not None:
        _check(sent, "Day", lambda: check_day(day, payer.lane.now(), payer.zone))
    if sent.valid and means is not None:
        try:
            if day is not None:
                return _schedule(payer, invoice, guid, amount_cents=amount_cents, means=means, day=day)
            return _pay(payer, sent, invoice, guid, amount_cents=amount_cents, means=means, offered=offered)
        except Conflict as error:
            if (before := _made_before(payer, guid)) is not None:  # the same form, sent at the same moment
                return before
            sent.wrong("", told(error))
        except DomainError as error:
            invoice = payer.invoice(number)
            if not _payable(payer, invoice):  # it was paid in another tab at the same moment
                return payer.go("bill", invoice.invoice_number, done="not-paid")
            sent.wrong(refusal_field(error), told(error, invoice))
    return _show(payer, invoice, offered, sent)


def _pay(
    payer: Payer,
    sent: Form,
    invoice: Invoice,
    guid: str,
    *,
    amount_cents: int,
    means: Method | Typed,
    offered: Choices,
) -> Response:
    order = Order(
        account_number=invoice.account_number,
        invoice_number=invoice.invoice_number,
        amount_cents=amount_cents,
        tender=means.tender,
        number=means.number if isinstance(means, Typed) else "",
        saved=means.number() if isinstance(means, Method) else None,
        service_fee_cents=offered.fee_cents(means.tender),
        payer_name=means.holder,
    )
    payment, _ = payer.services.cashier.pay(payer.lane, payer.biller.guid, order, payment_guid=guid, cause=payer.cause)
    done = ""
    if isinstance(means, Typed) and sent.given("SaveMethod") and payment.approved:
        done = _keep(payer, means, guid)
    return payer.go("receipt", payment.payment_guid, done=done)


def _schedule(
    payer: Payer, invoice: Invoice, guid: str, *, amount_cents: int, means: Method | Typed, day: date
) -> Response:
    payer.services.schedules.schedule(
        payer.lane,
        payer.biller.guid,
        payer.user.username,
        invoice_number=invoice.invoice_number,
        amount_cents=amount_cents,
        method_id=means.method_id if isinstance(means, Method) else "",
        day=day,
        schedule_id=guid,
        new_method=means.new_method(guid) if isinstance(means, Typed) else None,
    )
    return payer.go("scheduled-payments", done="scheduled")


def _keep(payer: Payer, typed: Typed, method_id: str) -> str:
    """Keep the method of a payment that was taken; what the receipt says of it, for that payment stands either way."""
    try:
        payer.services.wallet.add(payer.lane, payer.biller.guid, payer.user.username, typed.new_method(method_id))
    except Conflict:
        return "method-not-added"
    return "method-added"


def _typed_before(payer: Payer, invoice: Invoice, offered: Choices) -> dict[str, str]:
    """After a payment of this bill that was declined, and that the address names: the amount, method and name of it."""
    declined = payer.services.records.payment_or_none(payer.lane, request.args.get("again", "")[:100])
    if declined is None or declined.approved:
        return {}
    if (declined.biller_guid, declined.invoice_number) != (payer.biller.guid, invoice.invoice_number):
        return {}
    paid_with = (declined.tender, declined.brand, declined.last_four)
    kinds = {NEW_CARD: offered.cards, NEW_BANK: offered.banks}
    new = NEW_BANK if declined.tender in BANK_TENDERS else NEW_CARD
    saved = [one.method_id for one in offered.methods if (one.tender, one.brand, one.last_four) == paid_with]
    typed = {"Amount": str(amount(declined.amount_cents))}
    typed |= {"CardHolder" if new == NEW_CARD else "AccountHolder": "" if saved else declined.payer_name}
    return typed | ({"Method": saved[0]} if saved else {"Method": new} if kinds[new] else {})


def _made_before(payer: Payer, guid: str) -> Response | None:
    """Where to go with a form that was sent before: to what it made."""
    payment = payer.services.records.payment_or_none(payer.lane, guid)
    if payment is not None:
        return payer.go("receipt", payment.payment_guid, done="sent-before")
    if payer.services.records.schedule_or_none(payer.lane, guid) is not None:
        return payer.go("scheduled-payments", done="scheduled-before")
    return None


def _payable(payer: Payer, invoice: Invoice) -> bool:
    return owed_cents(invoice) > 0 and not is_expired(invoice, payer.today)


def _check(sent: Form, name: str, check: Callable[[], object], invoice: Invoice | None = None) -> None:
    if name in sent.errors:
        return
    try:
        check()
    except ValueRefused as error:
        sent.wrong(name, f"This {error.rule}.")
    except DomainError as error:
        sent.wrong(name, told(error, invoice))


def _show(payer: Payer, invoice: Invoice, offered: Choices, shown: Form) -> Response:
    tomorrow = payer.today + timedelta(days=1)
    return payer.show(
        "pay.html",
        "bills",
        status=200 if shown.valid else 400,
        invoice=invoice,
        offered=offered,
        form=shown,
        tomorrow=tomorrow,
        as_pdf=payer.services.bill_images.offered(payer.biller, invoice),
        waiting=waiting_for(payer, invoice),
        asked_again=payer.services.presentment.perhaps_asked_again(payer.lane, invoice),
    )
