"""Paperless (RedirectID 2), AutoPay (3) and Pay By Text (11): enrol and leave."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response
from flask.typing import ResponseReturnValue

from partnerlab.simulators.ic_webservices.domain.errors import DomainError, ValueRefused
from partnerlab.simulators.ic_webservices.domain.portal import open_bills, says_yes
from partnerlab.simulators.ic_webservices.domain.schedules import collected_on, runs_at
from partnerlab.simulators.ic_webservices.pages.bills import latest_invoices
from partnerlab.simulators.ic_webservices.pages.choice import choices, saved_method
from partnerlab.simulators.ic_webservices.pages.forms import Form
from partnerlab.simulators.ic_webservices.pages.payer import Payer

__all__ = ["add_routes"]

MOST_BILLS = 24


def add_routes(add: Callable[..., None]) -> None:
    """Add the section's pages."""
    add("paperless", paperless)
    add("paperless", switch_paperless, "POST")
    add("autopay", autopay)
    add("autopay", enrol_autopay, "POST")
    add("autopay/leave", leave_autopay, "POST")
    add("pay-by-text", text)
    add("pay-by-text", ask_by_text, "POST")
    add("pay-by-text/reply", reply_to_text, "POST")
    add("pay-by-text/leave", leave_text, "POST")


# --- paperless ---


def paperless(payer: Payer) -> ResponseReturnValue:
    """Whether the account's bills come on paper."""
    return payer.show("paperless.html", "paperless", customer=payer.customer(), form=Form(payer.secret))


def switch_paperless(payer: Payer) -> ResponseReturnValue:
    """On or off; what is so already changes nothing and raises no event."""
    sent = payer.sent()
    payer = payer.at_account_of(sent)
    wanted = sent.given("Enrolled")
    if wanted not in ("yes", "no"):
        sent.wrong("", "Choose whether bills come by post or not.")
        return payer.show("paperless.html", "paperless", status=400, customer=payer.customer(), form=sent)
    payer.services.ledger.enrol(
        payer.lane,
        payer.biller.guid,
        payer.account_number,
        "paperless",
        enrolled=wanted == "yes",
        cause=payer.cause,
    )
    return payer.go("paperless", done="paperless-on" if wanted == "yes" else "paperless-off")


# --- AutoPay ---


def autopay(payer: Payer) -> ResponseReturnValue:
    """Whether AutoPay pays the account, with what, and which bills are next."""
    existing = payer.services.schedules.autopay(payer.lane, payer.biller.guid, payer.account_number)
    offered = [method.method_id for method in choices(payer, payer.account_number).methods]
    first = existing.method_id if existing is not None and existing.method_id in offered else (offered or [""])[0]
    return _autopay(payer, Form(payer.secret, None, Method=first))


def enrol_autopay(payer: Payer) -> ResponseReturnValue:
    """Switch it on, or let it pay with another method."""
    sent = payer.sent()
    payer = payer.at_account_of(sent)
    on_before = payer.customer().autopay
    method = saved_method(payer, sent) if sent.given("Method") else None
    if method is None:
        sent.wrong("Method", "Choose what AutoPay pays with.")
    else:
        try:
            payer.services.schedules.enrol(
                payer.lane,
                payer.biller.guid,
                payer.user.username,
                payer.account_number,
                method.method_id,
                cause=payer.cause,
            )
            return payer.go("autopay", done="autopay-changed" if on_before else "autopay-on")
        except DomainError as error:
            sent.wrong("Method", str(error))
    return _autopay(payer, sent)


def leave_autopay(payer: Payer) -> ResponseReturnValue:
    """Switch it off."""
    payer = payer.at_account_of(payer.sent())
    payer.services.schedules.leave(payer.lane, payer.biller.guid, payer.account_number, cause=payer.cause)
    return payer.go("autopay", done="autopay-off")


def _autopay(payer: Payer, form: Form) -> Response:
    existing = payer.services.schedules.autopay(payer.lane, payer.biller.guid, payer.account_number)
    mine = existing is not None and existing.username == payer.user.username
    bills = [
        bill for bill in open_bills(latest_invoices(payer, MOST_BILLS), payer.biller) if bill.balance_due_cents > 0
    ]
    now = payer.lane.now()
    return payer.show(
        "autopay.html",
        "autopay",
        status=200 if form.valid else 400,
        customer=payer.customer(),
        existing=existing,
        mine=mine,
        offered=choices(payer, payer.account_number),
        upcoming=[(bill, collected_on(bill)) for bill in bills if runs_at(collected_on(bill), payer.zone) > now],
        overdue=[bill for bill in bills if runs_at(collected_on(bill), payer.zone) <= now],
        form=form,
    )


# --- Pay By Text ---


def text(payer: Payer) -> ResponseReturnValue:
    """Not enrolled, asked, or enrolled."""
    return _text(payer, Form(payer.secret))


def ask_by_text(payer: Payer) -> ResponseReturnValue:
    """Send the message that has to be answered."""
    sent = payer.sent()
    try:
        payer.services.pay_by_text.ask(payer.lane, payer.biller.guid, payer.user.username, sent.given("Phone"))
    except ValueRefused as error:
        sent.wrong("Phone", f"This {error.rule}.")
        return _text(payer, sent)
    return payer.go("pay-by-text", done="text-asked")


def reply_to_text(payer: Payer) -> ResponseReturnValue:
    """The answer to the message, typed here because no message leaves a sandbox."""
    sent = payer.sent()
    reply = sent.text("Reply", "Type the answer to the message: Y.")
    if sent.valid and not says_yes(reply):
        sent.wrong("Reply", "Only Y confirms it. Nothing was changed.")
    if not sent.valid:
        return _text(payer, sent)
    payer.services.pay_by_text.confirm(payer.lane, payer.biller.guid, payer.user.username)
    return payer.go("pay-by-text", done="text-on")


def leave_text(payer: Payer) -> ResponseReturnValue:
    """Stop, whether it was confirmed or only asked."""
    payer.sent()
    payer.services.pay_by_text.leave(payer.lane, payer.biller.guid, payer.user.username)
    return payer.go("pay-by-text", done="text-off")


def _text(payer: Payer, form: Form) -> Response:
    asked = payer.services.pay_by_text.asked(payer.lane, payer.biller.guid, payer.user.username)
    status = 200 if form.valid else 400
    return payer.show("text.html", "pay-by-text", status=status, phone=payer.user.text_phone, asked=asked, form=form)
