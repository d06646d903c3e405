"""The control API's JSON: domain values out, a biller's changes in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from partnerlab.contracts.masking import mask
from partnerlab.contracts.settings import settings as known_settings
from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.customers import Customer, check_text
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import Payment
from partnerlab.simulators.ic_webservices.domain.uploads import Problem, Upload
from partnerlab.simulators.ic_webservices.services.outbox import Entry
from partnerlab.simulators.kit.world.lanes import DEFAULT, Lane

__all__ = [
    "CHANGEABLE",
    "biller_changes",
    "biller_view",
    "customer_view",
    "entry_view",
    "invoice_view",
    "payment_view",
    "problem_view",
    "upload_view",
]

LONGEST_CONFIGURATION = 20_000
TEXTS = ("name", "api_key", "web_service_key", "time_zone")
CHANGEABLE = (*TEXTS, "settings", "configuration")


def biller_view(biller: Biller, origin: str, lane: Lane) -> dict[str, Any]:
    """
    A biller, its keys and settings in clear: they are the sandbox's made-up values, and the data pump reads them here.

    A setting that is a path of this sandbox is shown as the address that serves it, for this lane.
    """
    base = origin if lane.name == DEFAULT else f"{origin}/lane/{lane.name}"
    return {
        **asdict(biller),
        "settings": {id: base + value if value.startswith("/") else value for id, value in biller.settings.items()},
        "configuration": dict(biller.configuration),
    }


def biller_changes(biller: Biller, body: Mapping[str, Any]) -> dict[str, Any]:
    """
    What a PATCH changes of a biller, by field. Settings and configuration are merged at their top level; null removes.

    Raises `ValueRefused`.
    """
    changes: dict[str, Any] = {}
    for name, value in body.items():
        if name in TEXTS:
            changes[name] = check_text(value, name)
            if not changes[name]:
                raise ValueRefused(name, "", "must not be empty")
        elif name == "settings":
            changes[name] = _merged(name, biller.settings, value, _setting)
        elif name == "configuration":
            changes[name] = _merged(name, biller.configuration, value, lambda _, given: given)
            if len(json.dumps(changes[name])) > LONGEST_CONFIGURATION:
                raise ValueRefused(name, "…", f"must have at most {LONGEST_CONFIGURATION} characters of JSON")
        else:
            raise ValueRefused(name, "…", f"cannot be changed; {', '.join(CHANGEABLE)} can")
    if "time_zone" in changes:
        time_zone(changes["time_zone"])
    return changes


def customer_view(customer: Customer) -> dict[str, Any]:
    """A customer, the PIN masked."""
    return {**asdict(customer), "pin": mask(customer.pin) if customer.pin else ""}


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
        "minimum_amount_due": str(amount(invoice.minimum_amount_due_cents)),
        "allow_partial_payments": invoice.allow_partial_payments,
        "balance_forward": invoice.balance_forward,
        "autopay_collection_date": _day(invoice.autopay_collection_date),
        "first_notify_requested_date": _day(invoice.first_notify_requested_date),
        "second_notify_requested_date": _day(invoice.second_notify_requested_date),
        "third_notify_requested_date": _day(invoice.third_notify_requested_date),
        "upload_id": invoice.upload_id or None,
        "asked_at": invoice.asked_at or None,
        "asked_problem": invoice.asked_problem or None,
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


def payment_view(payment: Payment) -> dict[str, Any]:
    """A payment; of its card or account number there are only the last four digits."""
    view = asdict(payment)
    view["amount"] = str(amount(view.pop("amount_cents")))
    view["service_fee"] = str(amount(view.pop("service_fee_cents")))
    return {**view, "clears_at": payment.clears_at or None, "clears_as": payment.clears_as or None}


def upload_view(upload: Upload) -> dict[str, Any]:
    """An upload and its counts."""
    return asdict(upload)


def problem_view(problem: Problem) -> dict[str, Any]:
    """A problem of an upload."""
    view = asdict(problem)
    del view["upload_id"]
    return view


def entry_view(entry: Entry) -> dict[str, Any]:
    """An event and whether the data pump has it."""
    return {
        "seq": entry.seq,
        "state": "waiting" if entry.accepted_at is None else "accepted",
        "attempts": entry.attempts,
        "problem": entry.problem,
        "accepted_at": entry.accepted_at,
        "cause": entry.cause,
        "event": entry.event,
    }


def _day(day: Any) -> str | None:
    return None if day is None else str(day.isoformat())


def _merged(name: str, standing: Mapping[str, Any], given: object, check: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ValueRefused(name, "…", "must be a JSON object")
    merged = {**standing, **{id: None if value is None else check(id, value) for id, value in given.items()}}
    return {id: value for id, value in merged.items() if value is not None}


def _setting(id: str, value: object) -> str:
    if id not in known_settings():
        raise ValueRefused(f"settings.{id}", "…", f"is not an advanced setting; {', '.join(known_settings())} are")
    return check_text(value, f"settings.{id}")
