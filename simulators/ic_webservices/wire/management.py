"""CloudManagement.asmx: customers seen and changed by the partner. Arguments are not wrapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.errors import DomainError, ValueRefused
from partnerlab.simulators.ic_webservices.services.exports import AccountChanges, Exports
from partnerlab.simulators.ic_webservices.services.ledger import Ledger
from partnerlab.simulators.ic_webservices.wire.faults import refusal
from partnerlab.simulators.ic_webservices.wire.invoicing import UNSET
from partnerlab.simulators.ic_webservices.wire.types import (
    Bool,
    ExportCustomerChangesResult,
    Moment,
    Text,
    UpdateCustomerRecordResult,
    ViewCustomerRecordResult,
    never_nil,
)
from partnerlab.simulators.kit.asmx.spyne_compat import ServiceBase, rpc

__all__ = ["declare"]


@dataclass(frozen=True, slots=True)
class CustomerAnswer:
    """ViewCustomerRecordResult."""

    Success: bool
    ErrorMessage: str | None = None
    CustomerID: str | None = None
    AccountNumber: str | None = None
    CustomerName: str | None = None
    Address1: str | None = None
    Address2: str | None = None
    City: str | None = None
    State: str | None = None
    Zip: str | None = None
    Phone: str | None = None
    EmailAddress: str | None = None
    AutoPay: bool = False
    PaperInvoices: bool = False
    Registered: bool = False
    RegistrationDate: datetime = UNSET
    LoginName: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeAnswer:
    """CustomerChange."""

    AccountNumber: str
    EmailAddress: str
    PhoneNumber: str
    AutoPaySignUpDate: datetime = UNSET
    AutoPayCancelDate: datetime = UNSET
    EmailAddressChangeDate: datetime = UNSET
    PhoneNumberChangeDate: datetime = UNSET
    PaperlessSignUpDate: datetime = UNSET
    PaperlessCancelDate: datetime = UNSET


@dataclass(frozen=True, slots=True)
class ChangesAnswer:
    """ExportCustomerChangesResult."""

    Success: bool
    ErrorMessage: str | None = None
    Changes: Sequence[ChangeAnswer] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """UpdateCustomerRecordResult."""

    Success: bool
    ErrorMessage: str | None = None


CHANGES: Mapping[str, tuple[str, Any]] = {
    "CustomerName": ("customer_name", Text),
    "CustomerName2": ("customer_name2", Text),
    "Address1": ("address1", Text),
    "Address2": ("address2", Text),
    "City": ("city", Text),
    "State": ("state", Text),
    "Zip": ("zip", Text),
    "Phone": ("phone", Text),
    "EmailAddress": ("email_address", Text),
    "EmailAddressCC": ("email_address_cc", Text),
    "CustomerVATNumber": ("customer_vat_number", Text),
    "RegistrationValue": ("registration_value", Text),
    "PIN": ("pin", Text),
    "BlockPaymentsCC": ("block_payments_cc", Bool),
    "BlockPaymentsEFT": ("block_payments_eft", Bool),
}
"""What UpdateCustomerRecord may change, in the wire's order: the wire's name, ours and the type."""
DATES: Mapping[str, tuple[str, str]] = {
    "AutoPaySignUpDate": ("autopay", "on"),
    "AutoPayCancelDate": ("autopay", "off"),
    "EmailAddressChangeDate": ("email", ""),
    "PhoneNumberChangeDate": ("phone", ""),
    "PaperlessSignUpDate": ("paperless", "on"),
    "PaperlessCancelDate": ("paperless", "off"),
}
"""The dates of a change and what was changed then, as in `AccountChanges.changed_at`."""
NAMES: Mapping[str, str] = {field: name for name, (field, _) in CHANGES.items()}


def declare(ledger: Ledger, exports: Exports) -> type[Any]:
    """The service as Spyne declares it, on that ledger."""

    class CloudManagement(ServiceBase):
        @rpc(Text, Text, Text, _returns=never_nil(ViewCustomerRecordResult))
        def ViewCustomerRecord(
            ctx: Any, BillerGUID: str | None, WebServiceKey: str | None, AccountNumber: str | None
        ) -> Any:
            """A customer's record as it stands."""
            try:
                return _customer(ledger.view_customer(ctx.udc.lane, BillerGUID, WebServiceKey, AccountNumber))
            except DomainError as error:
                return CustomerAnswer(Success=False, ErrorMessage=refusal(error))

        @rpc(
            *[Text] * 3,
            *(type for _, type in CHANGES.values()),
            _args=["BillerGUID", "WebServiceKey", "AccountNumber", *CHANGES],
            _returns=never_nil(UpdateCustomerRecordResult),
        )
        def UpdateCustomerRecord(
            ctx: Any,
            BillerGUID: str | None,
            WebServiceKey: str | None,
            AccountNumber: str | None,
            *values: str | bool | None,
        ) -> Any:
            """Changes a customer's record."""
            changes = dict(zip(NAMES, values, strict=True))
            try:
                ledger.update_customer(ctx.udc.lane, BillerGUID, WebServiceKey, AccountNumber, changes)
            except ValueRefused as error:
                return Answer(
                    Success=False, ErrorMessage=refusal(ValueRefused(NAMES[error.field], error.shown, error.rule))
                )
            except DomainError as error:
                return Answer(Success=False, ErrorMessage=refusal(error))
            return Answer(Success=True)

        @rpc(Text, Text, Moment, _returns=never_nil(ExportCustomerChangesResult))
        def ExportCustomerChanges(ctx: Any, BillerGUID: str | None, WebServiceKey: str | None, Since: datetime) -> Any:
            """What payers changed since a moment: AutoPay, paperless, e-mail address, phone number."""
            try:
                found = exports.changes(ctx.udc.lane, BillerGUID, WebServiceKey, Since)
            except DomainError as error:
                return ChangesAnswer(Success=False, ErrorMessage=refusal(error))
            return ChangesAnswer(Success=True, Changes=[_changes(one) for one in found])

    return CloudManagement


def _changes(changes: AccountChanges) -> ChangeAnswer:
    return ChangeAnswer(
        AccountNumber=changes.account_number,
        EmailAddress=changes.email_address,
        PhoneNumber=changes.phone,
        **{name: changes.changed_at[what] for name, what in DATES.items() if what in changes.changed_at},
    )


def _customer(customer: Customer) -> CustomerAnswer:
    registered_at = customer.registration_date
    return CustomerAnswer(
        Success=True,
        CustomerID=customer.customer_id,
        AccountNumber=customer.account_number,
        CustomerName=customer.customer_name,
        Address1=customer.address1,
        Address2=customer.address2,
        City=customer.city,
        State=customer.state,
        Zip=customer.zip,
        Phone=customer.phone,
        EmailAddress=customer.email_address,
        AutoPay=customer.autopay,
        PaperInvoices=customer.paper_invoices,
        Registered=customer.registered,
        RegistrationDate=datetime.fromisoformat(registered_at) if registered_at else UNSET,
        LoginName=customer.login_name,
    )
