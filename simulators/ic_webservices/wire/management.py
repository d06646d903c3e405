"""CloudManagement.asmx: customers seen and changed by the partner. Arguments are not wrapped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from partnerlab.contracts.first_use import pattern
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.errors import DomainError, ValueRefused
from partnerlab.simulators.ic_webservices.services.exports import AccountChanges, Exports
from partnerlab.simulators.ic_webservices.services.ledger import BillerLedger
from partnerlab.simulators.ic_webservices.wire.faults import refusal
from partnerlab.simulators.ic_webservices.wire.messages import cloud_management as wire
from partnerlab.simulators.kit.asmx.xs import MIN_VALUE
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["ManagementOperations"]

KEYS = ("BillerGUID", "WebServiceKey", "AccountNumber")
_WORD = pattern(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
DATES: Mapping[str, tuple[str, str]] = {
    "AutoPaySignUpDate": ("autopay", "on"),
    "AutoPayCancelDate": ("autopay", "off"),
    "EmailAddressChangeDate": ("email", ""),
    "PhoneNumberChangeDate": ("phone", ""),
    "PaperlessSignUpDate": ("paperless", "on"),
    "PaperlessCancelDate": ("paperless", "off"),
}
"""The dates of a change and what was changed then, as in `AccountChanges.changed_at`."""
NAMES: Mapping[str, str] = {
    _WORD.sub("_", name).lower(): name for name in wire.UpdateCustomerRecordRequest.__annotations__ if name not in KEYS
}
"""What UpdateCustomerRecord may change, in the wire's order: our name (`email_address_cc`) and the wire's."""


class ManagementOperations:
    """The operations of CloudManagement."""

    def __init__(self, ledger: BillerLedger, exports: Exports) -> None:
        self._ledger, self._exports = ledger, exports

    def ViewCustomerRecord(
        self, request: Request, sent: wire.ViewCustomerRecordRequest
    ) -> wire.ViewCustomerRecordResult:
        """A customer's record as it stands."""
        try:
            return _customer(
                self._ledger.view_customer(request.lane, sent.BillerGUID, sent.WebServiceKey, sent.AccountNumber)
            )
        except DomainError as error:
            return wire.ViewCustomerRecordResult(ErrorMessage=refusal(error))

    def UpdateCustomerRecord(
        self, request: Request, sent: wire.UpdateCustomerRecordRequest
    ) -> wire.UpdateCustomerRecordResult:
        """Change a customer's record."""
        changes = {field: getattr(sent, name) for field, name in NAMES.items()}
        try:
            self._ledger.update_customer(request.lane, sent.BillerGUID, sent.WebServiceKey, sent.AccountNumber, changes)
        except ValueRefused as error:
            told = ValueRefused(NAMES[error.field], error.shown, error.rule)
            return wire.UpdateCustomerRecordResult(ErrorMessage=refusal(told))
        except DomainError as error:
            return wire.UpdateCustomerRecordResult(ErrorMessage=refusal(error))
        return wire.UpdateCustomerRecordResult(Success=True)

    def ExportCustomerChanges(
        self, request: Request, sent: wire.ExportCustomerChangesRequest
    ) -> wire.ExportCustomerChangesResult:
        """What payers changed since a moment."""
        try:
            found = self._exports.changes(request.lane, sent.BillerGUID, sent.WebServiceKey, sent.Since)
        except DomainError as error:
            return wire.ExportCustomerChangesResult(ErrorMessage=refusal(error))
        return wire.ExportCustomerChangesResult(Success=True, Changes=[_changes(one) for one in found])


def _changes(changes: AccountChanges) -> wire.CustomerChange:
    return wire.CustomerChange(
        AccountNumber=changes.account_number,
        EmailAddress=changes.email_address,
        PhoneNumber=changes.phone,
        **{name: changes.changed_at[what] for name, what in DATES.items() if what in changes.changed_at},
    )


def _customer(customer: Customer) -> wire.ViewCustomerRecordResult:
    registered_at = customer.registration_date
    return wire.ViewCustomerRecordResult(
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
        RegistrationDate=datetime.fromisoformat(registered_at) if registered_at else MIN_VALUE,
        LoginName=customer.login_name,
    )
