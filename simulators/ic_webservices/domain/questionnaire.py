"""
The biller questionnaire: what bills have that no file says, by the biller's answers.

An answer is part of the biller's configuration, by the name of its row in the tables of BIF customisations:

    {"Questionnaire": {"BalanceForward": true, "AllowPartialPayments": true, "MinimumAmountDue": "10%",
                       "AutoPayCollectionDate": -3, "PaymentExpirationDate": 30}}

A date is a number of days from the due date, before it where negative; a minimum is an amount or a share of what is due
(assumed [A-102]).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from partnerlab.simulators.ic_webservices.domain.customers import check_text
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.money import parse_amount

__all__ = ["ANSWERS", "answered", "read_answers"]

MOST_DAYS = 365
_SHARE = re.compile(r"([0-9]{1,2}|100)%")


def _flag(name: str, value: object) -> object:
    if not isinstance(value, bool):
        raise ValueRefused(name, str(value)[:100], "must be true or false")
    return value


def _days(name: str, value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST_DAYS:
        rule = f"must be a whole number of days from the due date, {MOST_DAYS} at most, negative before it"
        raise ValueRefused(name, str(value)[:100], rule)
    return value


def _minimum(name: str, value: object) -> object:
    if isinstance(value, str) and _SHARE.fullmatch(value):
        return value
    if parse_amount(value, name) < 0:
        raise ValueRefused(name, value, "must not be negative")
    return value


def _line(name: str, value: object) -> object:
    return check_text(value, name)


ANSWERS: Mapping[str, Callable[[str, object], object]] = {
    "AllowPartialPayments": _flag,
    "AutoPayCollectionDate": _days,
    "BalanceForward": _flag,
    "FirstNotifyRequestedDate": _days,
    "MinimumAmountDue": _minimum,
    "PaymentExpirationDate": _days,
    "PaymentExpirationMessage": _line,
    "SecondNotifyRequestedDate": _days,
    "ThirdNotifyRequestedDate": _days,
}
"""What can be answered, and how an answer is checked."""

_DATES = {
    "AutoPayCollectionDate": "autopay_collection_date",
    "FirstNotifyRequestedDate": "first_notify_requested_date",
    "SecondNotifyRequestedDate": "second_notify_requested_date",
    "ThirdNotifyRequestedDate": "third_notify_requested_date",
    "PaymentExpirationDate": "payment_expires_on",
}


def read_answers(configured: object) -> dict[str, Any]:
    """The answers of a biller's configuration, checked. Raises `ValueRefused`, which names the answer."""
    if not isinstance(configured, Mapping):
        raise ValueRefused("Questionnaire", str(configured)[:100], "must map the names of its questions to answers")
    for name, value in configured.items():
        if name not in ANSWERS:
            raise ValueRefused(f"Questionnaire.{name[:60]}", "…", f"is no question; {', '.join(ANSWERS)} are")
        ANSWERS[name](f"Questionnaire.{name}", value)
    return dict(configured)


def answered(invoice: Invoice, answers: Mapping[str, Any]) -> Invoice:
    """The invoice of a file with what the questionnaire says; a date or message that the file gives stays."""
    changes: dict[str, Any] = {}
    if "AllowPartialPayments" in answers:
        changes["allow_partial_payments"] = answers["AllowPartialPayments"]
    if "BalanceForward" in answers:
        changes["balance_forward"] = answers["BalanceForward"]
    if "MinimumAmountDue" in answers:
        changes["minimum_amount_due_cents"] = _minimum_cents(invoice, answers["MinimumAmountDue"])
    if "PaymentExpirationMessage" in answers and not invoice.payment_expiration_message:
        changes["payment_expiration_message"] = answers["PaymentExpirationMessage"].strip()
    for name, field in _DATES.items():
        if name in answers and getattr(invoice, field) is None:
            changes[field] = invoice.invoice_due_date + timedelta(days=answers[name])
    return replace(invoice, **changes)


def _minimum_cents(invoice: Invoice, answer: str) -> int:
    """The least that may be paid: never more than what is due; a share is rounded up to the cent."""
    due = max(invoice.balance_due_cents, 0)
    share = _SHARE.fullmatch(answer)
    least = -(-due * int(share[1]) // 100) if share else parse_amount(answer, "MinimumAmountDue")
    return min(least, due)
