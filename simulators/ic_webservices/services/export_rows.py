"""Rows of the files for a partner, from payments, returns and changes. Source: WaterSmart, File Mapping."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from partnerlab.contracts.files.csv import load_table
from partnerlab.contracts.files.row import Row
from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.customers import Change, Customer
from partnerlab.simulators.ic_webservices.domain.exports import TYPE_WORDS, invoice_guid, type_id
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import Payment
from partnerlab.simulators.ic_webservices.store import CUSTOMERS
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Tx

__all__ = ["ExportRows"]

HELD = 1_000  # customers that are remembered
NAMESPACE = "https://www.invoicecloud.com/portal/webservices/CloudInvoicing/"


class ExportRows:
    """Rows of a biller's files of one kind, within a transaction."""

    def __init__(self, tx: Tx, lane: Lane, biller: Biller, kind: str) -> None:
        self.tx, self.lane, self.biller = tx, lane, biller
        self.table = load_table(f"watersmart_{kind}")
        self.zone: ZoneInfo = time_zone(biller.time_zone)
        self.customers: dict[str, Customer | None] = {}

    def payment(self, payment: Payment, report_id: int) -> Row:
        """A row of the payment/lockbox file."""
        return self.table.make(
            InvoiceNumber=payment.invoice_number,
            InvoiceGUID=invoice_guid(NAMESPACE, payment.biller_guid, payment.invoice_number),
            AccountNumber=payment.account_number,
            CustomerName=self._customer_name(payment),
            PaymentGUID=payment.payment_guid,
            PaymentDate=self._local(payment.paid_at),
            PaymentTypeID=type_id(payment),
            PaymentTypeDesc=TYPE_WORDS[payment.tender],
            PaymentAmount=amount(payment.amount_cents),
            ConvenienceFee=amount(payment.service_fee_cents),
            PaymentReference=payment.reference,
            PaymentMessage=payment.message,
            Approved=payment.approved,
            BillerReference=payment.biller_reference,
            Offline=payment.offline,
            LocationReference=payment.location_reference,
            WSReportID=report_id,
            CheckNumber=payment.check_number,
        )

    def reject(self, payment: Payment) -> Row:
        """A row of the rejects file."""
        return self.table.make(
            TransactionDate=self._local(payment.paid_at),
            RejectDate=self._local(payment.clears_at),
            AccountNumber=payment.account_number,
            CustomerName=self._customer_name(payment),
            InvoiceNumber=payment.invoice_number,
            InvoiceType=self.biller.invoice_type_id,
            Amount=amount(payment.amount_cents),
            Code=payment.return_code,
            AuthOrderNumber=payment.payment_guid,
            ReferenceNumber=payment.reference,
            BillerReference=payment.biller_reference,
        )

    def change(self, account: str, changes: list[Change]) -> Row:
        """A row of the change log, with the moment of the last change of each kind."""
        customer = self._customer(account)
        moments = {_column_of(change): self._local(change.changed_at) for change in changes}
        return self.table.make(
            AccountNumber=account,
            EmailAddress=customer.email_address if customer else "",
            PhoneNumber=customer.phone if customer else "",
            **moments,
        )

    def _customer(self, account: str) -> Customer | None:
        if account not in self.customers:
            if len(self.customers) >= HELD:
                self.customers.clear()
            self.customers[account] = CUSTOMERS.get(self.tx, self.lane.name, self.biller.guid, account)
        return self.customers[account]

    def _customer_name(self, payment: Payment) -> str:
        customer = self._customer(payment.account_number)
        return customer.customer_name if customer else ""

    def _local(self, moment: str) -> datetime:
        return datetime.fromisoformat(moment).astimezone(self.zone)


DATES: Mapping[tuple[str, str], str] = {
    ("autopay", "on"): "AutoPaySignUpDate",
    ("autopay", "off"): "AutoPayCancelDate",
    ("paperless", "on"): "PaperlessSignUpDate",
    ("paperless", "off"): "PaperlessCancelDate",
    ("email", ""): "EmailAddressChangeDate",
    ("phone", ""): "PhoneNumberChangeDate",
}
"""Which column says when a change was made, by its kind and, for a switch, its value."""


def _column_of(change: Change) -> str:
    return DATES.get((change.kind, change.value)) or DATES[change.kind, ""]
