"""
CloudManagement.asmx: customers seen and changed by the partner. Arguments are not wrapped.

Source: public integrations; ExportCustomerChanges is assumed [A-18].
"""

from __future__ import annotations

from typing import Any

from partnerlab.simulators.kit.asmx.declare import Bool, ComplexModel, Moment, ServiceBase, Text, array, operation

__all__ = ["NAMESPACE", "CloudManagement"]

NAMESPACE = "https://www.invoicecloud.com/portal/webservices/CloudManagement/"

_OUTCOME = [("Success", Bool), ("ErrorMessage", Text)]


class ViewCustomerRecordResult(ComplexModel):
    """A customer's record."""

    __namespace__ = NAMESPACE
    _type_info = [
        *_OUTCOME,
        ("CustomerID", Text),
        ("AccountNumber", Text),
        ("CustomerName", Text),
        ("Address1", Text),
        ("Address2", Text),
        ("City", Text),
        ("State", Text),
        ("Zip", Text),
        ("Phone", Text),
        ("EmailAddress", Text),
        ("AutoPay", Bool),
        ("PaperInvoices", Bool),
        ("Registered", Bool),
        ("RegistrationDate", Moment),
        ("LoginName", Text),
    ]


class UpdateCustomerRecordResult(ComplexModel):
    """Whether it was changed."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)


class CustomerChange(ComplexModel):
    """What a payer changed of one account, with the columns of WaterSmart's change log; a date not set is MinValue."""

    __namespace__ = NAMESPACE
    _type_info = [
        ("AccountNumber", Text),
        ("AutoPaySignUpDate", Moment),
        ("AutoPayCancelDate", Moment),
        ("EmailAddress", Text),
        ("EmailAddressChangeDate", Moment),
        ("PhoneNumber", Text),
        ("PhoneNumberChangeDate", Moment),
        ("PaperlessSignUpDate", Moment),
        ("PaperlessCancelDate", Moment),
    ]


class ExportCustomerChangesResult(ComplexModel):
    """The changes, one an account, by account number."""

    __namespace__ = NAMESPACE
    _type_info = [*_OUTCOME, ("Changes", array(CustomerChange, "ArrayOfCustomerChange"))]


class CloudManagement(ServiceBase):
    @operation
    def ViewCustomerRecord(
        ctx: Any, BillerGUID: Text, WebServiceKey: Text, AccountNumber: Text
    ) -> ViewCustomerRecordResult:
        """A customer's record as it stands."""

    @operation
    def UpdateCustomerRecord(
        ctx: Any,
        BillerGUID: Text,
        WebServiceKey: Text,
        AccountNumber: Text,
        CustomerName: Text,
        CustomerName2: Text,
        Address1: Text,
        Address2: Text,
        City: Text,
        State: Text,
        Zip: Text,
        Phone: Text,
        EmailAddress: Text,
        EmailAddressCC: Text,
        CustomerVATNumber: Text,
        RegistrationValue: Text,
        PIN: Text,
        BlockPaymentsCC: Bool,
        BlockPaymentsEFT: Bool,
    ) -> UpdateCustomerRecordResult:
        """Changes a customer's record."""

    @operation
    def ExportCustomerChanges(
        ctx: Any, BillerGUID: Text, WebServiceKey: Text, Since: Moment
    ) -> ExportCustomerChangesResult:
        """What payers changed since a moment: AutoPay, paperless, e-mail address, phone number."""
