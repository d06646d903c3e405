"""Payments as Pay_Input posts them, which of them is the same again, and which one a return is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from partnerlab.contracts.records import dataclass

__all__ = ["Payment", "PostedPayment", "difference", "payment_returned"]

# The day of a transaction is Invoice Cloud's; here it is the day of posting. A payment that was tried again is posted
# some hours later, one that waited for a person some weeks. Four weeks would reach next month's instalment of the same
# amount.
SAME_DAY = timedelta(days=1)
POSTED_AFTER = timedelta(days=27)


@dataclass(frozen=True, slots=True)
class Payment:
    """
    A payment to be posted.

    `type` is `CC` or `ACH`, and empty for a quote deposit, which has none; `insured_name` is what the payer entered for
    a deposit; `payment_guid` is None in version 1 of the service.
    """

    invoice_number: str
    amount_cents: int
    type: str
    insured_name: str
    payment_guid: str | None


@dataclass(frozen=True, slots=True)
class PostedPayment:
    """
    A payment as posted; `number` counts within the invoice.

    Where the bank took it back `returned_at` is when that was reported, `reported_on` the transaction date it was for,
    `return_request_id` the request that reported it.
    """

    number: int
    payment: Payment
    request_id: str
    posted_at: datetime
    returned_at: datetime | None = None
    reported_on: date | None = None
    return_request_id: str | None = None


def difference(payment: Payment, posted: Payment) -> str:
    """
    What tells two payments of one PaymentGUID apart, in words; empty: they are the same payment, sent again (INT-6870).

    One that differs is another payment under a number that is taken, and is refused, assumed [A-47].
    """
    for name, words in (
        ("invoice_number", "invoice number"),
        ("amount_cents", "amount"),
        ("type", "payment type"),
        ("insured_name", "insured name"),
    ):
        if getattr(payment, name) != getattr(posted, name):
            return words
    return ""


def payment_returned(
    payments: Iterable[PostedPayment], on: date, day_of: Callable[[datetime], date]
) -> PostedPayment | None:
    """
    Of an invoice's payments of one amount, the one that a return report of the transaction date *on* is for.

    Cards are not returned for insufficient funds. Of several the one posted nearest to that day, the first of those.
    One that was posted late is meant by the first report of its day only: a second one repeats it, and would take back
    what was paid since in its place. One that was returned before is given where there is no other.
    """
    near = [
        (abs(day_of(posted.posted_at) - on), posted.number, posted)
        for posted in payments
        if posted.payment.type != "CC" and -SAME_DAY <= day_of(posted.posted_at) - on <= POSTED_AFTER
    ]
    returned = [one for one in near if one[2].returned_at is not None]
    latest = SAME_DAY if any(posted.reported_on == on for _, _, posted in returned) else POSTED_AFTER
    kept = [one for one in near if one[2].returned_at is None and one[0] <= latest]
    return min(kept or returned)[2] if near else None
