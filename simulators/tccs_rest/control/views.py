"""The ledger's values as the JSON of the control routes: money as text with two decimals, times in ISO 8601."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from partnerlab.simulators.tccs_rest.domain.events import Event
from partnerlab.simulators.tccs_rest.domain.money import to_text
from partnerlab.simulators.tccs_rest.domain.payments import PostedPayment
from partnerlab.simulators.tccs_rest.domain.policies import Balances, Insured, OpenCharge, Policy, bill_dates
from partnerlab.simulators.tccs_rest.domain.quotes import Quote, becomes
from partnerlab.simulators.tccs_rest.services.books import PolicyView, QuoteView

__all__ = ["payment_view", "policy_detail", "policy_summary", "quote_detail", "quote_summary", "return_view"]


def policy_summary(policy: Policy, balances: Balances) -> dict[str, Any]:
    """`Policy` of the contract."""
    return {
        "invoice_number": policy.invoice_number,
        "policy_number": policy.number,
        "effective_on": policy.effective_on.isoformat(),
        "expires_on": policy.expires_on.isoformat(),
        **_insured(policy.insured),
        "late_fee": to_text(policy.late_fee_cents),
        "paperless": policy.paperless,
        "recurring": policy.recurring,
        "paid": to_text(policy.paid_cents),
        "record_bal": to_text(balances.billed_due_cents),
        "total_balance": to_text(balances.outstanding_cents),
    }


def policy_detail(view: PolicyView) -> dict[str, Any]:
    """`PolicyDetail` of the contract."""
    billed_on, due_on = bill_dates(view.policy, view.charges)
    return {
        **policy_summary(view.policy, view.balances),
        "billed_on": billed_on.isoformat(),
        "due_on": due_on.isoformat(),
        "charges": [_charge(one) for one in sorted(view.charges, key=lambda one: one.charge.number)],
        "payments": [payment_view(one) for one in view.payments],
        "events": [_event(one) for one in view.events],
    }


def quote_summary(quote: Quote) -> dict[str, Any]:
    """`Quote` of the contract."""
    return {
        "invoice_number": quote.invoice_number,
        **_insured(quote.insured),
        "deposit": to_text(quote.deposit_cents),
        "premium": to_text(quote.premium_cents),
        "instalments": quote.instalments,
        "late_fee": to_text(quote.late_fee_cents),
        "paid": to_text(quote.paid_cents),
        "bound_on": _day(quote.bound_on),
        "policy": becomes(quote.invoice_number) if quote.bound_on else None,
    }


def quote_detail(view: QuoteView) -> dict[str, Any]:
    """`QuoteDetail` of the contract."""
    return {
        **quote_summary(view.quote),
        "payments": [payment_view(one) for one in view.payments],
        "events": [_event(one) for one in view.events],
    }


def payment_view(posted: PostedPayment) -> dict[str, Any]:
    """`Payment` of the contract."""
    payment = posted.payment
    return {
        "invoice_number": payment.invoice_number,
        "number": posted.number,
        "amount": to_text(payment.amount_cents),
        "type": payment.type or None,
        "insured_name": payment.insured_name or None,
        "payment_guid": payment.payment_guid,
        "request_id": posted.request_id,
        "posted_at": posted.posted_at.isoformat(),
        "returned_at": _time(posted.returned_at),
    }


def return_view(posted: PostedPayment) -> dict[str, Any]:
    """`Return` of the contract, of a payment that came back."""
    assert posted.reported_on is not None
    return {
        "invoice_number": posted.payment.invoice_number,
        "payment": posted.number,
        "payment_guid": posted.payment.payment_guid,
        "amount": to_text(posted.payment.amount_cents),
        "reported_on": posted.reported_on.isoformat(),
        "request_id": posted.return_request_id,
        "returned_at": _time(posted.returned_at),
    }


def _insured(insured: Insured) -> dict[str, str]:
    values = asdict(insured)
    return {"insured_name": values.pop("name"), **values}


def _charge(one: OpenCharge) -> dict[str, Any]:
    charge = one.charge
    return {
        "number": charge.number,
        "kind": charge.kind,
        "billed_on": charge.billed_on.isoformat(),
        "due_on": charge.due_on.isoformat(),
        "amount": to_text(charge.amount_cents),
        "open": to_text(one.open_cents),
        "billed": one.billed,
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "number": event.number,
        "kind": event.kind,
        "detail": event.detail,
        "request_id": event.request_id,
        "at": event.at.isoformat(),
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
