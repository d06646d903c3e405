"""The ledger's values as the JSON of the control routes: money as text with two decimals, times in ISO 8601."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from partnerlab.simulators.inhance_soap.domain.accounts import Account
from partnerlab.simulators.inhance_soap.domain.downloads import Download
from partnerlab.simulators.inhance_soap.domain.events import Event
from partnerlab.simulators.inhance_soap.domain.money import to_decimal
from partnerlab.simulators.inhance_soap.domain.payments import PostedPayment
from partnerlab.simulators.inhance_soap.services.books import AccountBalances, AccountView, ListedBill

__all__ = [
    "account_detail",
    "account_summary",
    "download_view",
    "downloads_view",
    "event_view",
    "listed_bill_view",
    "payment_view",
]


def _money(cents: int) -> str:
    return str(to_decimal(cents))


def _time(at: datetime) -> str:
    return at.isoformat()


def account_summary(account: Account, balances: AccountBalances) -> dict[str, Any]:
    """`Account` of the contract."""
    return {
        "account_number": account.number,
        "customer_name": account.customer_name,
        "email": account.email,
        "phone": account.phone,
        "paperless": account.paperless,
        "autopay": account.autopay,
        "bank": None
        if account.bank_name is None
        else {"name": account.bank_name, "account": account.bank_account, "routing": account.bank_routing},
        "integration": account.integration,
        "credit": _money(account.credit_cents),
        "balance": _money(balances.balance_cents),
        "future_balance": _money(balances.future_cents),
    }


def account_detail(view: AccountView) -> dict[str, Any]:
    """`AccountDetail` of the contract."""
    return {
        **account_summary(view.account, view.balances),
        "bills": [
            {
                "invoice_number": bill.invoice_number,
                "billed_on": bill.billed_on.isoformat(),
                "due_on": bill.due_on.isoformat(),
                "amount": _money(bill.amount_cents),
                "open": _money(bill.open_cents),
                "sent": bill.invoice_number in view.sent,
            }
            for bill in view.bills
        ],
        "payments": [payment_view(one) for one in view.payments],
        "events": [event_view(one) for one in view.events],
    }


def listed_bill_view(one: ListedBill) -> dict[str, Any]:
    """A bill as it stands in a list of all accounts'."""
    return {
        "account_number": one.account_number,
        "invoice_number": one.bill.invoice_number,
        "amount": _money(one.bill.amount_cents),
        "sent": one.sent,
        "refused": one.refused,
    }


def payment_view(posted: PostedPayment) -> dict[str, Any]:
    """`Payment` of the contract."""
    payment = posted.payment
    return {
        "account_number": posted.account_number,
        "number": posted.number,
        "reference": payment.reference,
        "document_number": payment.document_number,
        "type": payment.type,
        "amount": _money(payment.amount_cents),
        "convenience_fee": _money(payment.fee_cents),
        "paid_at": _time(payment.paid_at),
        "duplicate_of": posted.duplicate_of,
        "request_id": posted.request_id,
        "posted_at": _time(posted.posted_at),
        "returned_at": None if posted.returned_at is None else _time(posted.returned_at),
    }


def download_view(payment: Download) -> dict[str, Any]:
    """`Download` of the contract."""
    return {
        "payment_guid": payment.payment_guid,
        "account_number": payment.account_number,
        "invoice_number": payment.invoice_number,
        "reference": payment.reference,
        "type": payment.type,
        "amount": _money(payment.amount_cents),
        "convenience_fee": _money(payment.fee_cents),
        "paid_at": _time(payment.paid_at),
        "downloaded_at": _time(payment.downloaded_at),
        "state": payment.state,
        "clerk": payment.clerk,
        "decided_at": None if payment.decided_at is None else _time(payment.decided_at),
        "note": payment.note,
    }


def downloads_view(payments: Sequence[Download]) -> dict[str, Any]:
    """A list of them, and what they come to."""
    total = sum(payment.amount_cents for payment in payments)
    return {"payments": [download_view(payment) for payment in payments], "total": _money(total)}


def event_view(event: Event) -> dict[str, Any]:
    """`Event` of the contract."""
    return {
        "number": event.number,
        "kind": event.kind,
        "detail": event.detail,
        "request_id": event.request_id,
        "at": _time(event.at),
    }
