"""
The wire of what a partner fetches at Invoice Cloud: its payments, and what payers changed.

Times are the biller's local time, without an offset. Both give what happened at or after `since`: ask again from the
time of the last row, and leave out what you have already (by PaymentGUID and InvoiceNumber).

Source: WaterSmart Technical Design, Payment/Lockbox File and Change Log File, whose columns these are (assumed [A-56]);
Harris inHance v1 Integration Details, the payment, AutoPay and customer jobs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from partnerlab.client.errors import ProtocolError, RequestInvalid
from partnerlab.client.http import HttpResponse
from partnerlab.client.http.call import Call
from partnerlab.client.invoice_cloud.account import Account
from partnerlab.client.invoice_cloud.models import CustomerChange, ExportedPayment
from partnerlab.client.wire.soap import Operation, build
from partnerlab.client.wire.soap_answer import Result, read

__all__ = ["EXPORT_CUSTOMER_CHANGES", "EXPORT_PAYMENTS", "export_customer_changes", "export_payments"]

EXPORT_PAYMENTS: Final = Operation("ExportPayments", ("BillerGUID", "WebServiceKey", "Since"), wrapper="Req")
EXPORT_CUSTOMER_CHANGES: Final = Operation("ExportCustomerChanges", ("BillerGUID", "WebServiceKey", "Since"))


def export_payments(account: Account, since: datetime) -> Call[tuple[ExportedPayment, ...]]:
    """The approved payments since *since*: biller's local time where it is naive."""
    values = (account.biller_guid, account.web_service_key, _render_since(since))
    sent = build(account.invoicing, EXPORT_PAYMENTS, values, secrets=account.secrets)

    def read_answer(response: HttpResponse) -> tuple[ExportedPayment, ...]:
        result = read(account.invoicing, EXPORT_PAYMENTS, response, secrets=account.secrets)
        return tuple(_payment(row, response) for row in result.rows("Payments", "ExportedPayment"))

    return Call(sent, read_answer, lookup=True)


def export_customer_changes(account: Account, since: datetime) -> Call[tuple[CustomerChange, ...]]:
    """What payers changed since *since*, one row an account: biller's local time where it is naive."""
    values = (account.biller_guid, account.web_service_key, _render_since(since))
    sent = build(account.management, EXPORT_CUSTOMER_CHANGES, values, secrets=account.secrets)

    def read_answer(response: HttpResponse) -> tuple[CustomerChange, ...]:
        result = read(account.management, EXPORT_CUSTOMER_CHANGES, response, secrets=account.secrets)
        return tuple(
            CustomerChange(
                account_number=row.text("AccountNumber"),
                autopay_sign_up_date=row.date_time("AutoPaySignUpDate"),
                autopay_cancel_date=row.date_time("AutoPayCancelDate"),
                email_address=row.text("EmailAddress"),
                email_address_change_date=row.date_time("EmailAddressChangeDate"),
                phone_number=row.text("PhoneNumber"),
                phone_number_change_date=row.date_time("PhoneNumberChangeDate"),
                paperless_sign_up_date=row.date_time("PaperlessSignUpDate"),
                paperless_cancel_date=row.date_time("PaperlessCancelDate"),
            )
            for row in result.rows("Changes", "CustomerChange")
        )

    return Call(sent, read_answer, lookup=True)


def _payment(row: Result, response: HttpResponse) -> ExportedPayment:
    payment_date = row.date_time("PaymentDate")
    guid = row.text("PaymentGUID")
    if payment_date is None or not guid.strip():
        # Without its date or its name a payment could be taken twice, or never.
        missing = "PaymentDate" if payment_date is None else "PaymentGUID"
        raise ProtocolError(EXPORT_PAYMENTS.name, status=response.status, rule=f"an ExportedPayment has no {missing}")
    return ExportedPayment(
        invoice_number=row.text("InvoiceNumber"),
        invoice_guid=row.text("InvoiceGUID"),
        account_number=row.text("AccountNumber"),
        customer_name=row.text("CustomerName"),
        payment_guid=guid,
        payment_date=payment_date,
        payment_type_id=row.integer("PaymentTypeID"),
        payment_type_desc=row.text("PaymentTypeDesc"),
        payment_amount=row.cents("PaymentAmount"),
        convenience_fee=row.cents("ConvenienceFee"),
        payment_reference=row.text("PaymentReference"),
        payment_message=row.text("PaymentMessage"),
        approved=row.boolean("Approved"),
        biller_reference=row.text("BillerReference"),
        offline=row.boolean("Offline"),
        location_reference=row.text("LocationReference"),
        ws_report_id=row.integer("WSReportID"),
        check_number=row.text("CheckNumber"),
    )


def _render_since(since: datetime) -> str:
    """An xsd:dateTime in whole seconds, with the offset where *since* has one: a moment stays the moment it is."""
    if not isinstance(since, datetime):
        raise RequestInvalid("Since", since, "must be a datetime")
    return since.isoformat(timespec="seconds")
