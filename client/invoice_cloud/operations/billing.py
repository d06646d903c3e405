"""
The operations of Invoice Cloud's `CloudInvoicing.asmx` and `CloudManagement.asmx` on invoices and customers.

Called, an operation raises `RequestInvalid`; its answer, read, raises `PartnerFault`, `TransportError` or
`ProtocolError` as `wire.soap_answer` says. The two export operations are in `exports`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.invoice_cloud.account import Account
from partnerlab.client.invoice_cloud.doors import SoapDoor
from partnerlab.client.invoice_cloud.models import CustomerView, InvoiceView, UploadReceipt
from partnerlab.client.wire.kinds import Amount, Base64, Checked, Flag, Masked, Text
from partnerlab.client.wire.operation import model_reader, nothing

__all__ = [
    "INVOICING",
    "MANAGEMENT",
    "OPERATIONS",
    "set_invoice_balance",
    "update_customer_record",
    "upload_invoice_file",
    "view_customer_record",
    "view_invoice",
]

INVOICING = SoapDoor("invoicing", wrapper="Req")
MANAGEMENT = SoapDoor("management")

_FILE_NAME = re.compile(r"[^\x00-\x1f\x7f/\\:]{1,255}")


def _file_name(value: str) -> str:
    if not _FILE_NAME.fullmatch(value):
        raise RequestInvalid("FileName", value[:100], "must be a file's name without a path")
    return value


@INVOICING.operation("UploadInvoiceFile", model_reader(UploadReceipt))
def upload_invoice_file(
    account: Account,
    file_name: Annotated[str, Checked("FileName", _file_name)],
    content: Annotated[bytes, Base64("FileContent")],
) -> None:
    """
    Hand in a bill file (BIF, or WaterSmart's CSV by its name). The name is a name, not a path (assumed [A-18]).

    The receipt says how many invoices were taken in, and what was wrong with the others. The request holds the file in
    memory, a third larger than it is.
    """


@INVOICING.operation("ViewInvoiceByInvoiceNumber", model_reader(InvoiceView), lookup=True)
def view_invoice(account: Account, invoice_number: Annotated[str, Text("InvoiceNumber")]) -> None:
    """One invoice."""


@INVOICING.operation("SetInvoiceBalance", nothing)
def set_invoice_balance(
    account: Account,
    invoice_number: Annotated[str, Text("InvoiceNumber")],
    balance_due: Annotated[Decimal, Amount("BalanceDue", zero=True, negative=True)],
    total_amount_due: Annotated[Decimal | None, Amount("TotalAmountDue", zero=True, negative=True)] = None,
) -> None:
    """Set an invoice's balance: zero or a credit too; *total_amount_due* stays where `None` (assumed [A-18])."""


@MANAGEMENT.operation("ViewCustomerRecord", model_reader(CustomerView), lookup=True)
def view_customer_record(account: Account, account_number: Annotated[str, Text("AccountNumber")]) -> None:
    """One customer's record."""


@MANAGEMENT.operation("UpdateCustomerRecord", nothing)
def update_customer_record(
    account: Account,
    account_number: Annotated[str, Text("AccountNumber")],
    *,
    customer_name: Annotated[str | None, Text("CustomerName", required=False)] = None,
    customer_name2: Annotated[str | None, Text("CustomerName2", required=False)] = None,
    address1: Annotated[str | None, Text("Address1", required=False)] = None,
    address2: Annotated[str | None, Text("Address2", required=False)] = None,
    city: Annotated[str | None, Text("City", required=False)] = None,
    state: Annotated[str | None, Text("State", required=False)] = None,
    zip: Annotated[str | None, Text("Zip", required=False)] = None,
    phone: Annotated[str | None, Text("Phone", required=False)] = None,
    email_address: Annotated[str | None, Text("EmailAddress", required=False)] = None,
    email_address_cc: Annotated[str | None, Text("EmailAddressCC", required=False)] = None,
    customer_vat_number: Annotated[str | None, Text("CustomerVATNumber", required=False)] = None,
    registration_value: Annotated[str | None, Text("RegistrationValue", required=False)] = None,
    pin: Annotated[str | None, Masked("PIN", required=False)] = None,
    block_payments_cc: Annotated[bool, Flag("BlockPaymentsCC")],
    block_payments_eft: Annotated[bool, Flag("BlockPaymentsEFT")],
) -> None:
    """
    Change a customer's record. A text of `None` stays as it is, an empty one is cleared (assumed [A-18]).

    The two blocks have no way to be left out on the wire, where leaving them out would lift them: so they must be said.
    """


OPERATIONS = (upload_invoice_file, view_invoice, set_invoice_balance, view_customer_record, update_customer_record)
