"""
What a partner fetches at Invoice Cloud: its payments, and what payers changed.

Times are the biller's local time, without an offset. Both give what happened at or after `since`: ask again from the
time of the last row, and leave out what you have already (by PaymentGUID and InvoiceNumber).

Source: WaterSmart Technical Design, Payment/Lockbox File and Change Log File, whose columns these are (assumed [A-56]);
Harris inHance v1 Integration Details, the payment, AutoPay and customer jobs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from partnerlab.client.invoice_cloud.account import Account
from partnerlab.client.invoice_cloud.models import CustomerChange, ExportedPayment
from partnerlab.client.invoice_cloud.operations.billing import INVOICING, MANAGEMENT
from partnerlab.client.wire.kinds import Moment
from partnerlab.client.wire.operation import rows_reader

__all__ = ["OPERATIONS", "export_customer_changes", "export_payments"]


@INVOICING.operation("ExportPayments", rows_reader("Payments", ExportedPayment, "ExportedPayment"), lookup=True)
def export_payments(account: Account, since: Annotated[datetime, Moment("Since")]) -> None:
    """The approved payments since a time: the biller's local time where it is naive."""


@MANAGEMENT.operation("ExportCustomerChanges", rows_reader("Changes", CustomerChange, "CustomerChange"), lookup=True)
def export_customer_changes(account: Account, since: Annotated[datetime, Moment("Since")]) -> None:
    """What payers changed since a time, one row an account: the biller's local time where it is naive."""


OPERATIONS = (export_payments, export_customer_changes)
