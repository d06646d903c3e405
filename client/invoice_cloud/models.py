"""
What Invoice Cloud's services take and answer, each field with its name on the wire.

Amounts are US dollars with two decimals, unset dates are `None`, text may be empty.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from partnerlab.client.wire.kinds import Amount, DateTime, Day, Email, Flag, Integer, Line, Present, RequiredTime, Text
from partnerlab.client.wire.operation import Rows
from partnerlab.contracts.masking import mask
from partnerlab.contracts.records import dataclass

__all__ = [
    "AccountRegistration",
    "BillerStatus",
    "CustomerAccount",
    "CustomerChange",
    "CustomerCreated",
    "CustomerView",
    "ExportedPayment",
    "InvoiceView",
    "NewCustomer",
    "PortalUser",
    "RemoteSession",
    "UploadProblem",
    "UploadReceipt",
    "UserAccount",
]


@dataclass(frozen=True, slots=True)
class UploadProblem:
    """One thing wrong in an uploaded bill file: where, in which field, and why (assumed [A-18])."""

    line: Annotated[int, Integer("Line")]
    invoice_number: Annotated[str, Text("InvoiceNumber")]
    field: Annotated[str, Text("Field")]
    file_spec_id: Annotated[int, Integer("FileSpecID")]
    value: Annotated[str, Text("Value")]
    reason: Annotated[str, Text("Reason")]


@dataclass(frozen=True, slots=True)
class UploadReceipt:
    """
    What became of an uploaded file. It may be taken in although some of its invoices were rejected; `message` says
    so, or that nothing was applied, because the rows are those of a file before.
    """

    upload_id: Annotated[str, Text("UploadID")]
    invoices_accepted: Annotated[int, Integer("InvoicesAccepted")]
    invoices_rejected: Annotated[int, Integer("InvoicesRejected")]
    problems: Annotated[tuple[UploadProblem, ...], Rows("Problems", "UploadProblem", UploadProblem)]
    message: Annotated[str, Text("ErrorMessage")] = ""


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice as Invoice Cloud shows it."""

    invoice_number: Annotated[str, Text("InvoiceNumber")]
    invoice_date: Annotated[date | None, Day("InvoiceDate")]
    invoice_due_date: Annotated[date | None, Day("InvoiceDueDate")]
    autopay_collection_date: Annotated[date | None, Day("AutoPayCollectionDate")]
    total_amount_due: Annotated[Decimal, Amount("TotalAmountDue")]
    balance_due: Annotated[Decimal, Amount("BalanceDue")]
    minimum_amount_due: Annotated[Decimal, Amount("MinimumAmountDue")]
    allow_partial_payments: Annotated[bool, Flag("AllowPartialPayments")]
    first_notify_requested_date: Annotated[date | None, Day("FirstNotifyRequestedDate")]
    second_notify_requested_date: Annotated[date | None, Day("SecondNotifyRequestedDate")]
    third_notify_requested_date: Annotated[date | None, Day("ThirdNotifyRequestedDate")]


@dataclass(frozen=True, slots=True)
class _Customer:
    customer_id: Annotated[str, Text("CustomerID")]
    account_number: Annotated[str, Text("AccountNumber")]
    customer_name: Annotated[str, Text("CustomerName")]
    address1: Annotated[str, Text("Address1")]
    address2: Annotated[str, Text("Address2")]
    city: Annotated[str, Text("City")]
    state: Annotated[str, Text("State")]
    zip: Annotated[str, Text("Zip")]
    phone: Annotated[str, Text("Phone")]
    email_address: Annotated[str, Text("EmailAddress")]
    autopay: Annotated[bool, Flag("AutoPay")]
    paper_invoices: Annotated[bool, Flag("PaperInvoices")]
    registered: Annotated[bool, Flag("Registered")]


@dataclass(frozen=True, slots=True)
class CustomerView(_Customer):
    """A customer's record as Invoice Cloud shows it. `paper_invoices` false means paperless."""

    registration_date: Annotated[datetime | None, DateTime("RegistrationDate")]
    login_name: Annotated[str, Text("LoginName")]


@dataclass(frozen=True, slots=True)
class ExportedPayment:
    """
    A payment as Invoice Cloud hands it over. Money that counts is `payment_amount`; `convenience_fee` is beside it.

    `payment_date` is the biller's local time; `payment_type_id` is 1 for a card and 2 for ACH. Source: WaterSmart
    Technical Design, Payment/Lockbox File.
    """

    invoice_number: Annotated[str, Text("InvoiceNumber")]
    invoice_guid: Annotated[str, Text("InvoiceGUID")]
    account_number: Annotated[str, Text("AccountNumber")]
    customer_name: Annotated[str, Text("CustomerName")]
    payment_guid: Annotated[str, Present("PaymentGUID")]
    payment_date: Annotated[datetime, RequiredTime("PaymentDate")]
    payment_type_id: Annotated[int, Integer("PaymentTypeID")]
    payment_type_desc: Annotated[str, Text("PaymentTypeDesc")]
    payment_amount: Annotated[Decimal, Amount("PaymentAmount")]
    convenience_fee: Annotated[Decimal, Amount("ConvenienceFee")]
    payment_reference: Annotated[str, Text("PaymentReference")]
    payment_message: Annotated[str, Text("PaymentMessage")]
    approved: Annotated[bool, Flag("Approved")]
    biller_reference: Annotated[str, Text("BillerReference")]
    offline: Annotated[bool, Flag("Offline")]
    location_reference: Annotated[str, Text("LocationReference")]
    ws_report_id: Annotated[int, Integer("WSReportID")]
    check_number: Annotated[str, Text("CheckNumber")]


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """
    What payers changed on an account: a date that is set says so, in the biller's local time.

    `email_address` and `phone_number` are those that stand now. Source: WaterSmart Technical Design, Change Log File.
    """

    account_number: Annotated[str, Text("AccountNumber")]
    autopay_sign_up_date: Annotated[datetime | None, DateTime("AutoPaySignUpDate")]
    autopay_cancel_date: Annotated[datetime | None, DateTime("AutoPayCancelDate")]
    email_address: Annotated[str, Text("EmailAddress")]
    email_address_change_date: Annotated[datetime | None, DateTime("EmailAddressChangeDate")]
    phone_number: Annotated[str, Text("PhoneNumber")]
    phone_number_change_date: Annotated[datetime | None, DateTime("PhoneNumberChangeDate")]
    paperless_sign_up_date: Annotated[datetime | None, DateTime("PaperlessSignUpDate")]
    paperless_cancel_date: Annotated[datetime | None, DateTime("PaperlessCancelDate")]


@dataclass(frozen=True, slots=True)
class BillerStatus:
    """Whether the API key opens the door, and whose it is."""

    biller_guid: Annotated[str, Present("BillerGUID")]
    biller_name: Annotated[str, Text("BillerName")]
    active: Annotated[bool, Flag("Active")]


@dataclass(frozen=True, slots=True)
class PortalUser:
    """
    An account as Invoice Cloud knows it, with one of its users (assumed [A-20]).

    `registered` false: the account is known, nobody has registered it, and `username` is empty.
    """

    username: Annotated[str, Text("Username")]
    email_address: Annotated[str, Text("EmailAddress")]
    customer_guid: Annotated[str, Present("CustomerGuid")]
    account_number: Annotated[str, Present("AccountNumber")]
    registered: Annotated[bool, Flag("Registered")]


@dataclass(frozen=True, slots=True, repr=False)
class RemoteSession:
    """
    A user's session at Invoice Cloud. Who holds the token is the user, for 20 minutes from its last use (assumed
    [A-9]).

    `customer_guid` is that of the account asked for, else of the user's first account; empty where there is none.
    """

    token: Annotated[str, Present("RemoteAuthenticationToken")]
    customer_guid: Annotated[str, Text("CustomerGuid")]

    def __repr__(self) -> str:
        return f"RemoteSession(token={mask(self.token)!r}, customer_guid={self.customer_guid!r})"


@dataclass(frozen=True, slots=True)
class AccountRegistration:
    """What became of one of the accounts to be registered; `message` says why where it was not."""

    account_number: Annotated[str, Present("AccountNumber")]
    customer_guid: Annotated[str, Text("CustomerGuid")]
    registered: Annotated[bool, Flag("Registered")]
    message: Annotated[str, Text("Message")]


@dataclass(frozen=True, slots=True)
class UserAccount:
    """One of a user's linked accounts."""

    account_number: Annotated[str, Present("AccountNumber")]
    customer_guid: Annotated[str, Present("CustomerGuid")]
    customer_name: Annotated[str, Text("CustomerName")]
    email_address: Annotated[str, Text("EmailAddress")]
    address1: Annotated[str, Text("Address1")]
    address2: Annotated[str, Text("Address2")]
    city: Annotated[str, Text("City")]
    state: Annotated[str, Text("State")]
    zip: Annotated[str, Text("Zip")]


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer's record to be created; an empty text is not sent."""

    account_number: Annotated[str, Line("AccountNumber")]
    customer_name: Annotated[str, Line("CustomerName")]
    customer_name2: Annotated[str, Line("CustomerName2", omitted=True)] = ""
    address1: Annotated[str, Line("Address1", omitted=True)] = ""
    address2: Annotated[str, Line("Address2", omitted=True)] = ""
    city: Annotated[str, Line("City", omitted=True)] = ""
    state: Annotated[str, Line("State", omitted=True)] = ""
    zip: Annotated[str, Line("Zip", omitted=True)] = ""
    phone: Annotated[str, Line("Phone", omitted=True)] = ""
    email_address: Annotated[str, Email("EmailAddress", omitted=True)] = ""


@dataclass(frozen=True, slots=True)
class CustomerCreated:
    """A customer's record; `created` false where it stood already and was left as it was."""

    customer_guid: Annotated[str, Present("CustomerGuid")]
    created: Annotated[bool, Flag("Created")]


@dataclass(frozen=True, slots=True)
class CustomerAccount(_Customer):
    """A customer with what is owed: `balance_due` is the sum over the open invoices."""

    account_number: Annotated[str, Present("AccountNumber")]
    customer_guid: Annotated[str, Present("CustomerGuid")]
    balance_due: Annotated[Decimal, Amount("BalanceDue")]
