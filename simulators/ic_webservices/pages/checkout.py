"""
The pages of Cloud Payments V2, below `/cloudpayments/<token>`: what is paid, how, and what came of it.

    GET  …/<token>                     the bills, their amounts, who pays
    POST …/<token>/bills               keeps what was chosen; removes, puts back, reminds
    GET  …/<token>/pay                 how: a card, a bank account, a saved one; fees and totals
    POST …/<token>/pay                 pays, and leads to ReturnURL or the receipt
    GET  …/<token>/receipt, …/statement/<invoice>, …/bill-image/<invoice> (its PDF)
    POST …/<token>/register            an account for the payer, where AllowRegisterAccount offers it
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from partnerlab.simulators.ic_webservices.domain.cloud_payments import Bill, Choice, total_cents
from partnerlab.simulators.ic_webservices.domain.errors import DomainError, PaymentRefused, ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import proposed_cents
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.pages.checkout_paying import ask_how, offers
from partnerlab.simulators.ic_webservices.pages.checkout_paying import pay as take_payment
from partnerlab.simulators.ic_webservices.pages.checkout_visit import Visit, may_register
from partnerlab.simulators.ic_webservices.pages.forms import Form
from partnerlab.simulators.ic_webservices.pages.refusals import told
from partnerlab.simulators.ic_webservices.pages.security import PageRefused
from partnerlab.simulators.ic_webservices.pages.view import Link, Page, base_of, pdf, render
from partnerlab.simulators.ic_webservices.services.checkouts import CheckoutGone
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.http.wsgi import current_request

__all__ = ["create_blueprint"]


def create_blueprint(services: Services) -> Blueprint:
    """The routes."""
    pages = Blueprint("checkout", __name__, url_prefix="/cloudpayments/<token>")
    payments = services.cloud_payments

    @pages.errorhandler(CheckoutGone)
    def gone(error: CheckoutGone) -> ResponseReturnValue:
        status = 410 if error.reason == "expired" else 404
        page = Page(base_of(current_request()), embedded=True)
        reason = f"{error} Go back to where you came from and begin again."
        back = Link(error.return_url, "Go back") if error.return_url else None
        return render("error.html", page, status=status, heading="Nothing can be paid here", reason=reason, back=back)

    def opened(token: str, *, present: bool = False) -> Visit:
        lane = current_request().lane
        visit = Visit(services, token, payments.present(lane, token) if present else payments.open(lane, token))
        g.page = visit.page  # for a page that tells of an error
        return visit

    @pages.get("")
    def bills(token: str) -> ResponseReturnValue:
        visit = opened(token, present=True)
        if visit.opened.paid:
            return _receipt(visit)
        return _bills(visit, Form(token, None, **_first(visit)))

    @pages.post("/bills")
    def choose(token: str) -> ResponseReturnValue:
        visit = opened(token)
        form = visit.sent()
        if visit.opened.paid:
            return visit.go("receipt")
        return _choose(visit, form)

    @pages.get("/pay")
    def how(token: str) -> ResponseReturnValue:
        visit = opened(token)
        if visit.opened.paid:
            return visit.go("receipt")
        if not visit.opened.choice.payer_name:
            return visit.go()
        ways = [way.value for way in offers(visit)]
        typed = dict(visit.opened.checkout.outcome.get("typed", {}))  # before it was declined
        method = typed.pop("Method", "")
        first = method if method in ways else (ways or [""])[0]
        return ask_how(visit, Form(token, None, **typed, Method=first))

    @pages.post("/pay")
    def pay(token: str) -> ResponseReturnValue:
        visit = opened(token)
        form = visit.sent()
        if visit.opened.paid:
            return visit.go("receipt")
        if not visit.opened.choice.payer_name:
            return visit.go()
        return take_payment(visit, form)

    @pages.get("/receipt")
    def receipt(token: str) -> ResponseReturnValue:
        visit = opened(token)
        return _receipt(visit) if visit.opened.paid else visit.go()

    @pages.get("/statement/<path:number>")
    def statement(token: str, number: str) -> ResponseReturnValue:
        found, invoice = payments.statement(current_request().lane, token, number)
        as_pdf = services.bill_images.offered(found.biller, invoice)
        return Visit(services, token, found).show("checkout_statement.html", invoice=invoice, as_pdf=as_pdf)

    @pages.get("/bill-image/<path:number>")
    def bill_image(token: str, number: str) -> ResponseReturnValue:
        found, invoice = payments.statement(current_request().lane, token, number)
        visit = Visit(services, token, found)
        g.page = visit.page
        content = services.bill_images.open(visit.lane, found.biller.guid, invoice.invoice_number)
        if content is None:
            return visit.show("bill_image.html", number=number, back=visit.path("statement", quote(number, safe="/")))
        return pdf(visit.page, content, f"bill-{invoice.invoice_number}")

    @pages.post("/register")
    def register(token: str) -> ResponseReturnValue:
        visit = opened(token)
        form = visit.sent()
        return _register(visit, form)

    return pages


# --- the bills ---


def _first(visit: Visit) -> dict[str, str]:
    """What the form shows to begin with: what was chosen before, else the balance and the customer in the request."""
    opened = visit.opened
    first = {"PayerName": opened.choice.payer_name, "EmailAddress": opened.choice.email_address}
    for asked, customer in opened.customers[:1]:
        record_email = customer.email_address if customer else ""
        first["PayerName"] = first["PayerName"] or opened.shown(asked.account_number).name
        first["EmailAddress"] = first["EmailAddress"] or asked.email_address or record_email
    for place, bill in enumerate(opened.bills):
        first[f"Amount-{place}"] = str(amount(bill.amount_cents))
    return first


def _bills(visit: Visit, form: Form, *, done: str = "") -> Response:
    typed = [
        replace(bill, amount_cents=form.typed_cents(f"Amount-{at}") or bill.amount_cents) if bill.editable else bill
        for at, bill in enumerate(visit.opened.bills)
    ]
    return visit.show(
        "checkout.html",
        status=200 if form.valid else 400,
        form=form,
        done=done,
        related=visit.services.cloud_payments.related(visit.lane, visit.opened),
        total=total_cents(typed, "credit_card")[0],
        asked_again=visit.services.cloud_payments.perhaps_asked_again(visit.lane, visit.opened),
    )


def _choose(visit: Visit, form: Form) -> Response:
    """Keep what was chosen; every value is checked against the bill it is for, as that stands now."""
    opened, asked = visit.opened, visit.opened.asked
    wish, place = _wish(form, len(opened.bills))
    amounts: dict[str, int] = {}
    for at, bill in enumerate(opened.bills):
        if form.given(f"Bill-{at}") != bill.number:
            raise PageRefused(409, "The bills have changed", "Open the page again to see what is due now.")
        if (cents := _amount(form, at, bill)) is not None:
            amounts[bill.number] = cents
    name = form.text("PayerName", "Enter the name of whoever pays.", longest=100)
    email = form.email("EmailAddress")
    removed = set(opened.choice.removed)
    if wish in ("remove", "putback"):
        if not asked.allow_remove:
            raise PageRefused(403, "This is not offered", "No bill can be taken off this payment.")
        (removed.add if wish == "remove" else removed.discard)(opened.bills[place].number)
        form.errors.clear()  # they are for who goes on
        email = email or form.shown("EmailAddress")[:250]
    if wish == "remind":
        form.errors.clear()
        return _remind(visit, form, opened.bills[place])
    if not form.valid:
        return _bills(visit, form)
    kept = {number: cents for number, cents in amounts.items() if cents > 0}
    choice = Choice(kept, tuple(sorted(removed)), name, email)
    visit.services.cloud_payments.choose(visit.lane, visit.token, choice)
    return visit.go("pay") if wish == "go on" else visit.go(at=f"bill-{place}")


def _wish(form: Form, many: int) -> tuple[str, int]:
    """The button that was pressed, and the bill it stands beside."""
    pressed = form.given("Do")
    if pressed in ("", "go on"):  # the browser names no button where the payer pressed Enter
        return "go on", 0
    match = re.fullmatch(r"(remove|putback|remind):(\d{1,4})", pressed)
    if match is None:
        raise PageRefused(400, "There is no such button", "Open the page again and use its own buttons.")
    if int(match[2]) >= many:
        raise PageRefused(400, "There is no such bill", "Open the page again to see what is due now.")
    return match[1], int(match[2])


def _amount(form: Form, at: int, bill: Bill) -> int | None:
    """What is to be paid of a bill, None where it has no field for that: the whole. Notes what is wrong with it."""
    name = f"Amount-{at}"
    if not form.came(name) or not (bill.editable or form.given(name)):
        return None
    if not bill.editable:
        raise PageRefused(400, "This amount cannot be changed", f"Bill {bill.number} is paid as a whole.")
    cents = form.amount_cents(name)
    if cents and not bill.removed:
        try:
            replace(bill, amount_cents=cents).check()
        except PaymentRefused as error:
            form.wrong(name, told(error, bill.invoice))
    return None if cents == proposed_cents(bill.invoice) else cents


def _remind(visit: Visit, form: Form, bill: Bill) -> Response:
    try:
        reminder = visit.services.cloud_payments.remind(
            visit.lane, visit.token, bill.number, form.given("EmailAddress")
        )
    except ValueRefused:
        form.wrong("EmailAddress", "Enter the e-mail address that the reminder goes to.")
        return _bills(visit, form)
    return _bills(visit, form, done=f"Bill {bill.number}: a reminder for {reminder.email_address} is noted.")


# --- afterwards ---


def _receipt(visit: Visit, form: Form | None = None, *, registered: str = "") -> Response:
    opened = visit.opened
    if form is None:
        form = Form(visit.token, None, Username=opened.choice.email_address)
    return visit.show(
        "checkout_receipt.html",
        status=200 if form.valid else 400,
        form=form,
        registered=registered,
        may_register=may_register(opened) and not registered,
        paid_at=datetime.fromisoformat(opened.payments[0].paid_at),
        total=sum(payment.amount_cents + payment.service_fee_cents for payment in opened.payments),
    )


def _register(visit: Visit, form: Form) -> Response:
    opened = visit.opened
    if not opened.paid or not may_register(opened):
        raise PageRefused(403, "This is not offered", "No account can be made on this page.")
    accounts = list(dict.fromkeys(payment.account_number for payment in opened.payments))
    try:
        visit.services.user_accounts.register(
            visit.lane, opened.biller.guid, form.given("Username"), request.form.get("Password", ""), accounts
        )
    except ValueRefused as error:
        form.wrong(error.field if error.field in ("Username", "Password") else "Username", f"This {error.rule}.")
    except DomainError as error:
        form.wrong("Username", str(error))
    if not form.valid:
        return _receipt(visit, form)
    return _receipt(visit, registered=form.given("Username"))
