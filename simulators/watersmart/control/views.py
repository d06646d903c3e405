"""WaterSmart's values as the JSON of the control routes: money as text with two decimals, times in ISO 8601."""

from __future__ import annotations

from typing import Any

from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.watersmart.domain.customers import Cause, Customer, Entry, Invoice
from partnerlab.simulators.watersmart.domain.money import to_decimal
from partnerlab.simulators.watersmart.domain.received import ExchangedFile, Payment, Reject
from partnerlab.simulators.watersmart.domain.users import User
from partnerlab.simulators.watersmart.services.ledger import BooksView, CustomerView
from partnerlab.simulators.watersmart.services.ports import Told

__all__ = [
    "books_view",
    "cause_of",
    "customer_detail",
    "customer_summary",
    "file_view",
    "payment_view",
    "reject_view",
    "told_view",
    "user_view",
]

Json = dict[str, Any]


def cause_of(request: Request) -> Cause:
    """The request, at the lane's time."""
    return Cause(request.id, request.lane.now())


def _money(cents: int) -> str:
    return f"{to_decimal(cents):.2f}"


def customer_summary(customer: Customer) -> Json:
    """`Customer` of the contract."""
    apart = ("balance_cents", "entries", "balance_again_at")
    shown = {name: getattr(customer, name) for name in Customer.__slots__ if name not in apart}
    again_at = customer.balance_again_at
    return {
        **shown,
        "balance": _money(customer.balance_cents),
        "balance_again_at": None if again_at is None else again_at.isoformat(),
    }


def customer_detail(view: CustomerView) -> Json:
    """`CustomerDetail` of the contract."""
    return {
        **customer_summary(view.customer),
        "usernames": view.usernames,
        "invoices": [_invoice(invoice) for invoice in view.invoices],
        "payments": [payment_view(payment) for payment in view.payments],
        "entries": [_entry(entry) for entry in view.entries],
    }


def _invoice(invoice: Invoice) -> Json:
    return {
        "invoice_number": invoice.invoice_number,
        "invoiced_on": invoice.invoiced_on.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "amount": _money(invoice.amount_cents),
        "total": _money(invoice.total_cents),
        "past_due": _money(invoice.past_due_cents),
        "file_number": invoice.file_number,
    }


def _entry(entry: Entry) -> Json:
    return {
        "number": entry.number,
        "kind": entry.kind,
        "amount": _money(entry.amount_cents),
        "detail": entry.detail,
        "request_id": entry.request_id,
        "at": entry.at.isoformat(),
    }


def payment_view(payment: Payment) -> Json:
    """`Payment` of the contract."""
    return {
        "payment_guid": payment.payment_guid,
        "reference": payment.reference,
        "account_number": payment.account_number,
        "invoice_number": payment.invoice_number,
        "amount": _money(payment.amount_cents),
        "convenience_fee": _money(payment.fee_cents),
        "type_id": payment.type_id,
        "type": payment.type_words,
        "paid_at": payment.paid_at.isoformat(),
        "offline": payment.offline,
        "check_number": payment.check_number,
        "biller_reference": payment.biller_reference,
        "report_id": payment.report_id,
        "file_number": payment.file_number,
        "state": payment.state,
    }


def reject_view(reject: Reject) -> Json:
    """`Reject` of the contract."""
    return {
        "reference": reject.reference,
        "account_number": reject.account_number,
        "amount": _money(reject.amount_cents),
        "code": reject.code,
        "returned_at": reject.returned_at.isoformat(),
        "file_number": reject.file_number,
        "applied": reject.applied,
    }


def user_view(user: User, account_numbers: list[str]) -> Json:
    """`User` of the contract: never the password, never the token."""
    return {
        "username": user.username,
        "account_numbers": account_numbers,
        "registered_at": user.registered_at.isoformat(),
        "signed_in": bool(user.session_token),
    }


def told_view(told: Told) -> Json:
    """`Told` of the contract: never the token itself, but in the address of a page."""
    return {"ok": not told.problem, "steps": list(told.steps), "problem": told.problem, "url": told.url}


def file_view(file: ExchangedFile) -> Json:
    """`File` of the contract."""
    return {
        "number": file.number,
        "kind": file.kind,
        "name": file.name,
        "state": file.state,
        "rows": file.row_count,
        "message": file.message,
        "at": file.at.isoformat(),
    }


def books_view(books: BooksView) -> Json:
    """`Books` of the contract; what was paid is shown as positive."""
    sums = {kind: cents for kind, (cents, _) in books.sums.items()}
    return {
        "customers": books.customers,
        "balance": _money(books.balance_cents),
        "billed": _money(sums.get("billed", 0)),
        "paid": _money(-sums.get("paid", 0)),
        "returned": _money(sums.get("returned", 0)),
        "counter_payments": _money(-sums.get("counter_payment", 0)),
        "adjusted": _money(sums.get("adjusted", 0)),
        "apart": books.apart,
        "unmatched": books.unmatched,
    }
