"""The types of both services in the wire's spelling, as Spyne declares them; `contracts/ic_webservices/*.wsdl`."""

from __future__ import annotations

from partnerlab.simulators.kit.asmx.spyne_compat import (
    Array,
    Boolean,
    ByteArray,
    ComplexModel,
    DateTime,
    Decimal,
    Integer32,
    Unicode,
)

__all__ = [
    "INVOICING",
    "MANAGEMENT",
    "Bool",
    "ExportCustomerChangesResult",
    "ExportPaymentsReq",
    "ExportPaymentsResult",
    "Int",
    "Moment",
    "SetInvoiceBalanceReq",
    "SetInvoiceBalanceResult",
    "Text",
    "UpdateCustomerRecordResult",
    "UploadInvoiceFileReq",
    "UploadInvoiceFileResult",
    "ViewCustomerRecordResult",
    "ViewInvoiceByInvoiceNumberReq",
    "ViewInvoiceByInvoiceNumberResult",
    "never_nil",
]

INVOICING = "https://www.invoicecloud.com/portal/webservices/CloudInvoicing/"
MANAGEMENT = "https://www.invoicecloud.com/portal/webservices/CloudManagement/"

# .NET's value types cannot be null, so they are always there; its strings may be missing.
Text = Unicode.customize(min_occurs=0, nillable=False)
Int = Integer32.customize(min_occurs=1, nillable=False)
Amount = Decimal.customize(min_occurs=1, nillable=False)
MaybeAmount = Decimal.customize(min_occurs=0, nillable=False)
Bool = Boolean.customize(min_occurs=1, nillable=False)
Moment = DateTime.customize(min_occurs=1, nillable=False)
Bytes = ByteArray.customize(min_occurs=0, nillable=False, encoding="base64")


def never_nil(model: type[ComplexModel]) -> type[ComplexModel]:
    """The type where it stands in a message: it may be missing, and is never nil."""
    return model.customize(nillable=False)


_KEYS = [("BillerGUID", Text), ("WebServiceKey", Text)]
_OUTCOME = [("Success", Bool), ("ErrorMessage", Text)]


class UploadInvoiceFileReq(ComplexModel):
    """A bill file."""

    __namespace__ = INVOICING
    _type_info = [*_KEYS, ("FileName", Text), ("FileContent", Bytes)]


class UploadProblem(ComplexModel):
    """What is wrong in a bill file, and where."""

    __namespace__ = INVOICING
    _type_info = [
        ("Line", Int),
        ("InvoiceNumber", Text),
        ("Field", Text),
        ("FileSpecID", Int),
        ("Value", Text),
        ("Reason", Text),
    ]


class UploadInvoiceFileResult(ComplexModel):
    """What became of a bill file."""

    __namespace__ = INVOICING
    _type_info = [
        *_OUTCOME,
        ("UploadID", Text),
        ("InvoicesAccepted", Int),
        ("InvoicesRejected", Int),
        (
            "Problems",
            Array(UploadProblem.customize(nillable=True), type_name="ArrayOfUploadProblem").customize(nillable=False),
        ),
    ]


class ViewInvoiceByInvoiceNumberReq(ComplexModel):
    """Which invoice."""

    __namespace__ = INVOICING
    _type_info = [*_KEYS, ("InvoiceNumber", Text)]


class ViewInvoiceByInvoiceNumberResult(ComplexModel):
    """An invoice; a date that is not set is .NET's DateTime.MinValue."""

    __namespace__ = INVOICING
    _type_info = [
        *_OUTCOME,
        ("InvoiceNumber", Text),
        ("InvoiceDate", Moment),
        ("InvoiceDueDate", Moment),
        ("AutoPayCollectionDate", Moment),
        ("TotalAmountDue", Amount),
        ("BalanceDue", Amount),
        ("MinimumAmountDue", Amount),
        ("AllowPartialPayments", Bool),
        ("FirstNotifyRequestedDate", Moment),
        ("SecondNotifyRequestedDate", Moment),
        ("ThirdNotifyRequestedDate", Moment),
    ]


class SetInvoiceBalanceReq(ComplexModel):
    """What is due on which invoice; TotalAmountDue may be missing."""

    __namespace__ = INVOICING
    _type_info = [*_KEYS, ("InvoiceNumber", Text), ("BalanceDue", Amount), ("TotalAmountDue", MaybeAmount)]


class SetInvoiceBalanceResult(ComplexModel):
    """Whether it was set."""

    __namespace__ = INVOICING
    _type_info = list(_OUTCOME)


class ExportPaymentsReq(ComplexModel):
    """From which moment on; without an offset it is the biller's local time."""

    __namespace__ = INVOICING
    _type_info = [*_KEYS, ("Since", Moment)]


class ExportedPayment(ComplexModel):
    """A payment, with the columns of WaterSmart's payment/lockbox file."""

    __namespace__ = INVOICING
    _type_info = [
        ("InvoiceNumber", Text),
        ("InvoiceGUID", Text),
        ("AccountNumber", Text),
        ("CustomerName", Text),
        ("PaymentGUID", Text),
        ("PaymentDate", Moment),
        ("PaymentTypeID", Int),
        ("PaymentTypeDesc", Text),
        ("PaymentAmount", Amount),
        ("ConvenienceFee", Amount),
        ("PaymentReference", Text),
        ("PaymentMessage", Text),
        ("Approved", Bool),
        ("BillerReference", Text),
        ("Offline", Bool),
        ("LocationReference", Text),
        ("WSReportID", Int),
        ("CheckNumber", Text),
    ]


class ExportPaymentsResult(ComplexModel):
    """The payments, oldest first."""

    __namespace__ = INVOICING
    _type_info = [
        *_OUTCOME,
        (
            "Payments",
            Array(ExportedPayment.customize(nillable=True), type_name="ArrayOfExportedPayment").customize(
                nillable=False
            ),
        ),
    ]


class ViewCustomerRecordResult(ComplexModel):
    """A customer's record."""

    __namespace__ = MANAGEMENT
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

    __namespace__ = MANAGEMENT
    _type_info = list(_OUTCOME)


class CustomerChange(ComplexModel):
    """What a payer changed of one account, with the columns of WaterSmart's change log; a date not set is MinValue."""

    __namespace__ = MANAGEMENT
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

    __namespace__ = MANAGEMENT
    _type_info = [
        *_OUTCOME,
        (
            "Changes",
            Array(CustomerChange.customize(nillable=True), type_name="ArrayOfCustomerChange").customize(nillable=False),
        ),
    ]
