"""
The late fee of a bill: the amount and the day that its file gives, charged once the day is over.

Source: TCCS Technical Design, field mapping 186 LateFeeAmount, 187 LateFeeDate, 191 ApplyLateFeeIfNoPaymentsOnly. When
it is charged, and that a partner's later word on the amounts has it in them, is assumed [A-98].
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, credited

__all__ = ["charged", "charges_at", "stated_at"]


def charges_at(day: date, zone: ZoneInfo) -> datetime:
    """When the late fee of that LateFeeDate is charged: as the day ends in the biller's *zone*; in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)


def charged(invoice: Invoice) -> Invoice:
    """The invoice with its late fee: due and owed, and never charged again for that day."""
    return replace(credited(invoice, invoice.late_fee_cents), late_fee_charged_for=invoice.late_fee_on)


def stated_at(invoice: Invoice, now: datetime, zone: ZoneInfo) -> Invoice:
    """
    The invoice after its partner stated the amounts at *now*: a late fee whose day was over by then is in them.

    Over where the partner may be: in the biller's zone or in UTC, whichever day is the later.
    """
    today = max(now.astimezone(UTC).date(), now.astimezone(zone).date())
    if invoice.late_fee_on is None or invoice.late_fee_on >= today:
        return invoice
    return replace(invoice, late_fee_charged_for=invoice.late_fee_on)
