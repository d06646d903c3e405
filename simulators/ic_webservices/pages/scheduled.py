"""Scheduled payments (RedirectID 9): what waits, what became of the others, and how to change or cancel one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Response
from flask.typing import ResponseReturnValue

from partnerlab.simulators.ic_webservices.domain.errors import DomainError, ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, owed_cents
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.schedules import SCHEDULED, Schedule
from partnerlab.simulators.ic_webservices.pages.choice import choices, saved_method
from partnerlab.simulators.ic_webservices.pages.forms import Form
from partnerlab.simulators.ic_webservices.pages.payer import Payer
from partnerlab.simulators.ic_webservices.pages.refusals import refusal_field, told

__all__ = ["add_routes"]

HERE = "scheduled-payments"
MOST_PAST = 20


def add_routes(add: Callable[..., None]) -> None:
    """Add the section's pages."""
    add(HERE, listing)
    add(f"{HERE}/<schedule_id>", edit)
    add(f"{HERE}/<schedule_id>", change, "POST")
    add(f"{HERE}/<schedule_id>/cancel", cancel, "POST")


def listing(payer: Payer) -> ResponseReturnValue:
    """Everything of the user's, whichever account it pays."""
    found = payer.services.schedules.of_user(payer.lane, payer.biller.guid, payer.user.username)
    found = [schedule for schedule in found if schedule.account_number in payer.accounts]
    methods = payer.services.wallet.methods(payer.lane, payer.biller.guid, payer.user.username)
    return payer.show(
        "scheduled.html",
        HERE,
        waiting=[schedule for schedule in found if schedule.state == SCHEDULED],
        past=[schedule for schedule in reversed(found) if schedule.state != SCHEDULED][:MOST_PAST],
        names={method.method_id: method.name for method in methods},
        form=Form(payer.secret),
    )


def edit(payer: Payer, schedule_id: str) -> ResponseReturnValue:
    """The form of one that waits; of one that has run there is none."""
    schedule, invoice = _found(payer, schedule_id)
    if schedule.state != SCHEDULED:
        return payer.go(HERE)
    if not owed_cents(invoice):
        return payer.go(HERE, done="nothing-owed")
    first = {
        "Amount": str(amount(schedule.amount_cents)),
        "Method": schedule.method_id,
        "Day": schedule.runs_on.isoformat(),
    }
    return _show(payer, schedule, invoice, Form(payer.secret, None, **first))


def change(payer: Payer, schedule_id: str) -> ResponseReturnValue:
    """Change amount, method and day, checked as at the first time."""
    sent = payer.sent()
    schedule, invoice = _found(payer, schedule_id)
    if not owed_cents(invoice):  # it was paid in another tab
        return payer.go(HERE, done="nothing-owed")
    amount_cents, day, method = sent.amount_cents("Amount"), sent.day("Day"), saved_method(payer, sent)
    if sent.valid and day is not None and method is not None:
        try:
            payer.services.schedules.change(
                payer.lane,
                payer.biller.guid,
                payer.user.username,
                schedule.schedule_id,
                amount_cents=amount_cents,
                method_id=method.method_id,
                day=day,
            )
            return payer.go(HERE, done="changed")
        except ValueRefused as error:
            sent.wrong(refusal_field(error), f"This {error.rule}.")
        except DomainError as error:
            sent.wrong(refusal_field(error), told(error, invoice))
    return _show(payer, schedule, invoice, sent)


def cancel(payer: Payer, schedule_id: str) -> ResponseReturnValue:
    """Cancel one; a second time changes nothing."""
    payer.sent()
    payer.services.schedules.cancel(payer.lane, payer.biller.guid, payer.user.username, schedule_id)
    return payer.go(HERE, done="cancelled")


def _found(payer: Payer, schedule_id: str) -> tuple[Schedule, Invoice]:
    return payer.services.schedules.with_invoice(payer.lane, payer.biller.guid, payer.user.username, schedule_id)


def _show(payer: Payer, schedule: Schedule, invoice: Invoice, form: Form) -> Response:
    return payer.show(
        "scheduled_edit.html",
        HERE,
        status=200 if form.valid else 400,
        schedule=schedule,
        invoice=invoice,
        offered=choices(payer, invoice.account_number),
        form=form,
        tomorrow=payer.today + timedelta(days=1),
    )
