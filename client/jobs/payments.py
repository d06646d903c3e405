"""
The Payment job: payments since the last run, each entered once.

The mark is the newest payment's date, and what is asked for begins with it, because a second may hold several payments
[A-56]: what comes again is known by its PaymentGUID. Mark and payments are one transaction of the books, so a run may
die anywhere.

Source: Harris inHance v1 Integration Details, Payments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from partnerlab.client.jobs.ports import PaymentBooks

if TYPE_CHECKING:
    from partnerlab.client.invoice_cloud import InvoiceCloudClient
    from partnerlab.client.invoice_cloud.models import ExportedPayment

__all__ = ["BEGINNING", "download_payments"]

BEGINNING = datetime(2000, 1, 1)  # noqa: DTZ001  the biller's local time, as Invoice Cloud gives it
PAGE = 500
"""Payments that are entered in one transaction."""


def download_payments(books: PaymentBooks, invoice_cloud: InvoiceCloudClient) -> str:
    """One run; says how many payments were new. Raises the errors of `client.errors`."""
    mark = books.payments_mark() or BEGINNING
    found = [payment for payment in invoice_cloud.export_payments(mark) if payment.approved]
    new = 0
    for page in _pages(found):
        mark = max(mark, *(payment.payment_date for payment in page))
        new += books.take_payments(page, mark)
    return f"{new:,} payment{'' if new == 1 else 's'} downloaded" if new else "nothing new"


def _pages(payments: Sequence[ExportedPayment]) -> Iterator[Sequence[ExportedPayment]]:
    for start in range(0, len(payments), PAGE):
        yield payments[start : start + PAGE]
