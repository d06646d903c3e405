"""The control API's JSON: domain values out."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from partnerlab.contracts.masking import mask
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.customers import Change, Customer
from partnerlab.simulators.ic_webservices.domain.events import Entry, Event
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import Payment
from partnerlab.simulators.ic_webservices.domain.questions import Question
from partnerlab.simulators.ic_webservices.domain.uploads import Adjustment, Problem, Upload
from partnerlab.simulators.ic_webservices.settings import Settings
from partnerlab.simulators.kit.keys import Keys
from partnerlab.simulators.kit.world.lanes import DEFAULT, Lane

__all__ = [
    "adjustment_view",
    "biller_view",
    "customer_view",
    "entry_view",
    "invoice_view",
    "lane_address",
    "payment_view",
    "problem_view",
    "question_view",
    "recorded_change_view",
    "upload_view",
]


def biller_view(biller: Biller, origin: str, lane: Lane, keys: Keys, settings: Settings) -> dict[str, Any]:
    """
    A biller, its keys and settings in clear: they are the sandbox's made-up values, and the data pump reads them here.

    A setting that is a path of this sandbox is shown as the address that serves it, for this lane.
    """
    base = lane_address(origin, lane)
    shown = {id: base + value if value.startswith("/") else keys.here(value) for id, value in biller.settings.items()}
    return {
        **asdict(biller),
        "api_key": keys.here(biller.api_key),
        "web_service_key": keys.here(biller.web_service_key),
        "users_password": keys.here(settings.utility_password),
        "settings": shown,
        "configuration": dict(biller.configuration),
    }


def lane_address(origin: str, lane: Lane) -> str:
    """Where a lane is found below the sandbox's *origin*."""
    return origin if lane.name == DEFAULT else f"{origin}/lane/{lane.name}"


def customer_view(customer: Customer) -> dict[str, Any]:
    """A customer, the PIN masked."""
    return {**asdict(customer), "pin": mask(customer.pin) if customer.pin else ""}


def change_view(customer: Customer, event: Event | None) -> dict[str, Any]:
    """A customer that a payer changed, and the event that was raised, None where nothing changed."""
    return {"customer": customer_view(customer), "event_id": None if event is None else event.id}


def recorded_change_view(change: Change) -> dict[str, Any]:
    """What a payer changed."""
    view = asdict(change)
    del view["recorded_at"]
    return view


def invoice_view(invoice: Invoice) -> dict[str, Any]:
    """An invoice with its lines."""
    return {
        "biller_guid": invoice.biller_guid,
        "invoice_number": invoice.invoice_number,
        "account_number": invoice.account_number,
        "status": invoice.status,
        "invoice_date": invoice.invoice_date.isoformat(),
        "invoice_due_date": invoice.invoice_due_date.isoformat(),
        "total_amount_due": str(amount(invoice.total_amount_due_cents)),
        "balance_due": str(amount(invoice.balance_due_cents)),
        "held_back": str(amount(invoice.held_cents)),
        "minimum_amount_due": str(amount(invoice.minimum_amount_due_cents)),
        "allow_partial_payments": invoice.allow_partial_payments,
        "balance_forward": invoice.balance_forward,
        "autopay_collection_date": _day(invoice.autopay_collection_date),
        "first_notify_requested_date": _day(invoice.first_notify_requested_date),
        "second_notify_requested_date": _day(invoice.second_notify_requested_date),
        "third_notify_requested_date": _day(invoice.third_notify_requested_date),
        "notified_on": _day(invoice.notified_on),
        "upload_id": invoice.upload_id or None,
        "asked_at": invoice.asked_at or None,
        "asked_problem": invoice.asked_problem or None,
        "late_fee": str(amount(invoice.late_fee_cents)),
        "late_fee_date": _day(invoice.late_fee_on),
        "late_fee_charged_for": _day(invoice.late_fee_charged_for),
        "image_asked_at": invoice.image_asked_at or None,
        "image_problem": invoice.image_problem or None,
        "payment_expiration_date": _day(invoice.payment_expires_on),
        "payment_expiration_message": invoice.payment_expiration_message,
        "fields": dict(invoice.fields),
        "lines": [
            {
                "description": line.description,
                "total": None if line.total is None else str(line.total),
                "fields": dict(line.fields),
            }
            for line in invoice.lines
        ],
    }


def question_view(question: Question) -> dict[str, Any]:
    """A question to the partner that has no answer yet."""
    view = asdict(question)
    del view["state"]
    return view


def payment_view(payment: Payment) -> dict[str, Any]:
    """A payment; of its card or account number there are only the last four digits."""
    view = asdict(payment)
    view["amount"] = str(amount(view.pop("amount_cents")))
    view["service_fee"] = str(amount(view.pop("service_fee_cents")))
    return {**view, "clears_at": payment.clears_at or None, "clears_as": payment.clears_as or None}


def upload_view(upload: Upload) -> dict[str, Any]:
    """An upload and its counts."""
    view = asdict(upload)
    del view["content"]
    return {**view, "notes": json.loads(upload.notes)}


def adjustment_view(done: Adjustment) -> dict[str, Any]:
    """What a row of a balance file did."""
    return {
        "position": done.position,
        "line": done.line,
        "account_number": done.account_number,
        "type_id": done.type_id,
        "effect": done.effect,
        "amount": str(amount(done.amount_cents)),
        "before": str(amount(done.before_cents)),
        "after": str(amount(done.after_cents)),
    }


def problem_view(problem: Problem) -> dict[str, Any]:
    """A problem of an upload."""
    view = asdict(problem)
    del view["upload_id"]
    return view


def entry_view(entry: Entry) -> dict[str, Any]:
    """An event and whether the data pump has it."""
    return {
        "seq": entry.seq,
        "state": entry.state,
        "attempts": entry.attempts,
        "problem": entry.problem,
        "accepted_at": entry.accepted_at,
        "cause": entry.cause,
        "event": entry.event,
    }


def _day(day: Any) -> str | None:
    return None if day is None else str(day.isoformat())
