"""
The wire of Invoice Cloud's `CloudInvoicing.asmx` and `CloudManagement.asmx`, without any I/O.

CloudInvoicing wraps its arguments in `Req`, CloudManagement does not. A `build_` raises `RequestInvalid`; a `read_`
raises `PartnerFault`, `TransportError` or `ProtocolError` as `wire.soap_answer` does. The two export operations
are built and read in `exports`.
"""

from __future__ import annotations

import base64
import re
from decimal import Decimal

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import HttpRequest, HttpResponse
from partnerlab.client.invoice_cloud.account import CLOUD_INVOICING, CLOUD_MANAGEMENT, Account
from partnerlab.client.invoice_cloud.models import CustomerView, InvoiceView, UploadProblem, UploadReceipt
from partnerlab.client.invoice_cloud.operations.exports import EXPORT_CUSTOMER_CHANGES, EXPORT_PAYMENTS
from partnerlab.client.wire.soap import Operation, build
from partnerlab.client.wire.soap_answer import read
from partnerlab.client.wire.values import render_amount, render_boolean, render_text

__all__ = [
    "CLOUD_INVOICING",
    "CLOUD_MANAGEMENT",
    "INVOICING_OPERATIONS",
    "MANAGEMENT_OPERATIONS",
    "Account",
    "build_set_invoice_balance",
    "build_update_customer_record",
    "build_upload_invoice_file",
    "build_view_customer_record",
    "build_view_invoice",
    "read_set_invoice_balance",
    "read_update_customer_record",
    "read_upload_invoice_file",
    "read_view_customer_record",
    "read_view_invoice",
]

UPLOAD_INVOICE_FILE = Operation(
    "UploadInvoiceFile", ("BillerGUID", "WebServiceKey", "FileName", "FileContent"), wrapper="Req"
)
VIEW_INVOICE = Operation("ViewInvoiceByInvoiceNumber", ("BillerGUID", "WebServiceKey", "InvoiceNumber"), wrapper="Req")
SET_INVOICE_BALANCE = Operation(
    "SetInvoiceBalance",
    ("BillerGUID", "WebServiceKey", "InvoiceNumber", "BalanceDue", "TotalAmountDue"),
    wrapper="Req",
)
VIEW_CUSTOMER_RECORD = Operation("ViewCustomerRecord", ("BillerGUID", "WebServiceKey", "AccountNumber"))
UPDATE_CUSTOMER_RECORD = Operation(
    "UpdateCustomerRecord",
    (
        "BillerGUID",
        "WebServiceKey",
        "AccountNumber",
        "CustomerName",
        "CustomerName2",
        "Address1",
        "Address2",
        "City",
        "State",
        "Zip",
        "Phone",
        "EmailAddress",
        "EmailAddressCC",
        "CustomerVATNumber",
        "RegistrationValue",
        "PIN",
        "BlockPaymentsCC",
        "BlockPaymentsEFT",
    ),
)
INVOICING_OPERATIONS = (UPLOAD_INVOICE_FILE, VIEW_INVOICE, SET_INVOICE_BALANCE, EXPORT_PAYMENTS)
MANAGEMENT_OPERATIONS = (VIEW_CUSTOMER_RECORD, UPDATE_CUSTOMER_RECORD, EXPORT_CUSTOMER_CHANGES)

_FILE_NAME = re.compile(r"[^\x00-\x1f\x7f/\\:]{1,255}")


def build_upload_invoice_file(account: Account, file_name: str, content: bytes) -> HttpRequest:
    """
    A bill file as it is, base64 on the wire; the name is a name, not a path (assumed [A-18]).

    The request holds the file in memory, a third larger than it is.
    """
    if not _FILE_NAME.fullmatch(file_name):
        raise RequestInvalid("FileName", file_name[:100], "must be a file's name without a path")
    if not content:
        raise RequestInvalid("FileContent", "", "must not be empty")
    values = (account.biller_guid, account.web_service_key, file_name, base64.b64encode(content).decode("ascii"))
    return build(account.invoicing, UPLOAD_INVOICE_FILE, values, secrets=account.secrets)


def read_upload_invoice_file(account: Account, response: HttpResponse) -> UploadReceipt:
    """The receipt: how many invoices were taken in, and what was wrong with the others."""
    result = read(account.invoicing, UPLOAD_INVOICE_FILE, response, secrets=account.secrets)
    return UploadReceipt(
        upload_id=result.text("UploadID"),
        invoices_accepted=result.integer("InvoicesAccepted"),
        invoices_rejected=result.integer("InvoicesRejected"),
        problems=tuple(
            UploadProblem(
                line=row.integer("Line"),
                invoice_number=row.text("InvoiceNumber"),
                field=row.text("Field"),
                file_spec_id=row.integer("FileSpecID"),
                value=row.text("Value"),
                reason=row.text("Reason"),
            )
            for row in result.rows("Problems", "UploadProblem")
        ),
    )


def build_view_invoice(account: Account, invoice_number: str) -> HttpRequest:
    """Look at one invoice."""
    values = (account.biller_guid, account.web_service_key, render_text("InvoiceNumber", invoice_number))
    return build(account.invoicing, VIEW_INVOICE, values, secrets=account.secrets)


def read_view_invoice(account: Account, response: HttpResponse) -> InvoiceView:
    """The invoice."""
    result = read(account.invoicing, VIEW_INVOICE, response, secrets=account.secrets)
    return InvoiceView(
        invoice_number=result.text("InvoiceNumber"),
        invoice_date=result.date("InvoiceDate"),
        invoice_due_date=result.date("InvoiceDueDate"),
        autopay_collection_date=result.date("AutoPayCollectionDate"),
        total_amount_due=result.cents("TotalAmountDue"),
        balance_due=result.cents("BalanceDue"),
        minimum_amount_due=result.cents("MinimumAmountDue"),
        allow_partial_payments=result.boolean("AllowPartialPayments"),
        first_notify_requested_date=result.date("FirstNotifyRequestedDate"),
        second_notify_requested_date=result.date("SecondNotifyRequestedDate"),
        third_notify_requested_date=result.date("ThirdNotifyRequestedDate"),
    )


def build_set_invoice_balance(
    account: Account, invoice_number: str, balance_due: Decimal, total_amount_due: Decimal | None = None
) -> HttpRequest:
    """A new balance, which may be zero or a credit; *total_amount_due* stays where `None` (assumed [A-18])."""
    values = (
        account.biller_guid,
        account.web_service_key,
        render_text("InvoiceNumber", invoice_number),
        render_amount("BalanceDue", balance_due, zero=True, negative=True),
        None
        if total_amount_due is None
        else render_amount("TotalAmountDue", total_amount_due, zero=True, negative=True),
    )
    return build(account.invoicing, SET_INVOICE_BALANCE, values, secrets=account.secrets)


def read_set_invoice_balance(account: Account, response: HttpResponse) -> None:
    """Nothing: the balance is set."""
    read(account.invoicing, SET_INVOICE_BALANCE, response, secrets=account.secrets)


def build_view_customer_record(account: Account, account_number: str) -> HttpRequest:
    """Look at one customer."""
    values = (account.biller_guid, account.web_service_key, render_text("AccountNumber", account_number))
    return build(account.management, VIEW_CUSTOMER_RECORD, values, secrets=account.secrets)


def read_view_customer_record(account: Account, response: HttpResponse) -> CustomerView:
    """The customer's record."""
    result = read(account.management, VIEW_CUSTOMER_RECORD, response, secrets=account.secrets)
    return CustomerView(
        customer_id=result.text("CustomerID"),
        account_number=result.text("AccountNumber"),
        customer_name=result.text("CustomerName"),
        address1=result.text("Address1"),
        address2=result.text("Address2"),
        city=result.text("City"),
        state=result.text("State"),
        zip=result.text("Zip"),
        phone=result.text("Phone"),
        email_address=result.text("EmailAddress"),
        autopay=result.boolean("AutoPay"),
        paper_invoices=result.boolean("PaperInvoices"),
        registered=result.boolean("Registered"),
        registration_date=result.date_time("RegistrationDate"),
        login_name=result.text("LoginName"),
    )


def build_update_customer_record(
    account: Account,
    account_number: str,
    *,
    block_payments_cc: bool,
    block_payments_eft: bool,
    customer_name: str | None = None,
    customer_name2: str | None = None,
    address1: str | None = None,
    address2: str | None = None,
    city: str | None = None,
    state: str | None = None,
    zip: str | None = None,
    phone: str | None = None,
    email_address: str | None = None,
    email_address_cc: str | None = None,
    customer_vat_number: str | None = None,
    registration_value: str | None = None,
    pin: str | None = None,
) -> HttpRequest:
    """
    Change a customer's record. A text of `None` stays as it is, an empty one is cleared (assumed [A-18]).

    The two blocks have no way to be left out on the wire, where leaving them out would lift them: so they must be said.
    """
    texts = {
        "CustomerName": customer_name,
        "CustomerName2": customer_name2,
        "Address1": address1,
        "Address2": address2,
        "City": city,
        "State": state,
        "Zip": zip,
        "Phone": phone,
        "EmailAddress": email_address,
        "EmailAddressCC": email_address_cc,
        "CustomerVATNumber": customer_vat_number,
        "RegistrationValue": registration_value,
        "PIN": pin,
    }
    values = {
        "BillerGUID": account.biller_guid,
        "WebServiceKey": account.web_service_key,
        "AccountNumber": render_text("AccountNumber", account_number),
        **{name: None if text is None else render_text(name, text, required=False) for name, text in texts.items()},
        "BlockPaymentsCC": render_boolean(block_payments_cc),
        "BlockPaymentsEFT": render_boolean(block_payments_eft),
    }
    return build(
        account.management,
        UPDATE_CUSTOMER_RECORD,
        [values[name] for name in UPDATE_CUSTOMER_RECORD.parameters],
        secrets=(*account.secrets, pin or ""),
    )


def read_update_customer_record(account: Account, response: HttpResponse) -> None:
    """Nothing: the record is changed."""
    read(account.management, UPDATE_CUSTOMER_RECORD, response, secrets=account.secrets)
