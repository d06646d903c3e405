"""
The Auto Pay job and the Customer job: what payers changed since the last run.

Each job has a mark of its own, and asks from it on. A row of Invoice Cloud's answer has the last date of each kind of
change; where it has both a sign-up and a cancellation, what holds is asked for: two local times of one day may stand in
the wrong order when the clock is set back.

Source: Harris inHance v1 Integration Details, Change Log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from partnerlab.client.jobs.models import AccountChange
from partnerlab.client.jobs.payments import BEGINNING
from partnerlab.client.jobs.ports import ChangeBooks

if TYPE_CHECKING:
    from partnerlab.client.invoice_cloud import CustomerChange, InvoiceCloudClient

__all__ = ["AUTOPAY", "CUSTOMER", "download_changes"]

AUTOPAY = frozenset({"autopay"})
"""The kinds of the Auto Pay job."""
CUSTOMER = frozenset({"paperless", "email", "phone"})
"""The kinds of the Customer job."""


def download_changes(books: ChangeBooks, invoice_cloud: InvoiceCloudClient, *, job: str, kinds: Collection[str]) -> str:
    """
    One run; says how many changes were new. *job* names the mark in the books.

    Raises the errors of `client.errors`.
    """
    mark = books.changes_mark(job) or BEGINNING
    rows = invoice_cloud.export_customer_changes(mark)
    changes = [change for row in rows for change in _changes(row, invoice_cloud, kinds)]
    dates = [moment for row in rows for moment in _dates(row)]
    new = books.take_changes(job, changes, max([mark, *dates]))
    return f"{new} change{'' if new == 1 else 's'} downloaded" if new else "nothing new"


def _changes(row: CustomerChange, invoice_cloud: InvoiceCloudClient, kinds: Collection[str]) -> Iterator[AccountChange]:
    account = row.account_number
    for kind, on, off in (
        ("autopay", row.autopay_sign_up_date, row.autopay_cancel_date),
        ("paperless", row.paperless_sign_up_date, row.paperless_cancel_date),
    ):
        if kind in kinds and (on or off):
            is_on = on is not None
            if on and off:
                record = invoice_cloud.view_customer_record(account)
                is_on = record.autopay if kind == "autopay" else not record.paper_invoices
            changed_at = max(moment for moment in (on, off) if moment)
            yield AccountChange(account, kind, "on" if is_on else "off", changed_at)
    if "email" in kinds and row.email_address_change_date:
        yield AccountChange(account, "email", row.email_address, row.email_address_change_date)
    if "phone" in kinds and row.phone_number_change_date:
        yield AccountChange(account, "phone", row.phone_number, row.phone_number_change_date)


def _dates(row: CustomerChange) -> Iterator[datetime]:
    moments = (
        row.autopay_sign_up_date,
        row.autopay_cancel_date,
        row.email_address_change_date,
        row.phone_number_change_date,
        row.paperless_sign_up_date,
        row.paperless_cancel_date,
    )
    return (moment for moment in moments if moment is not None)
