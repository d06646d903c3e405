"""
CloudInvoicing.asmx: bill files in, invoices and payments out. Arguments are wrapped in `Req`.

Source: public integrations know ViewInvoiceByInvoiceNumber; the rest is assumed [A-18].
"""

from __future__ import annotations

from typing import Any

from partnerlab.simulators.kit.asmx.declare import (
    Amount,
    Bool,
    Bytes,
    ComplexModel,
    Int,
    MaybeAmount,
    Moment,
    ServiceBase,
    Text,
    array,
    operation,
)

__all__ = ["NAMESPACE", "CloudInvoicing"]

NAMESPACE = "https://www.invoicecloud.com/portal/webservices/CloudInvoicing/"

_KEYS = [("BillerGUID", Text), ("WebServiceKey", Text)]
_OUTCOME = [("Success", Bool), ("ErrorMessage", Text)]


class UploadInvoiceFileReq(ComplexModel):
    """A bill file."""

    __namespace__ = NAMESPACE
    _type_info = [*_KEYS, ("FileName", Text), ("FileContent", Bytes)]


class UploadProblem(ComplexModel):
    """What is wrong in a bill file, and where."""

    __namespace__ = NAMESPACE
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

    __namespace__ = NAMESPACE
    _type_info = [
        *_OUTCOME,
        ("UploadID", Text),
        ("InvoicesAccepted", Int),
        ("InvoicesRejected", Int),
        ("Problems", array(UploadProblem, "ArrayOfUploadProblem")),
    ]


class ViewInvoiceByInvoiceNumberReq(ComplexModel):
    """Which invoice."""

    __namespace__ = NAMESPACE
    _type_info = [*_KEYS, ("InvoiceNumber", Text)]


class ViewInvoiceByInvoiceNumberResult(ComplexModel):
    """An invoice; a date that is not set is .NET's DateTime.MinValue."""

    __namespace__ = NAMESPACE
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

    __namespace__ = NAMESPACE
    _type_info = [*_KEYS, ("InvoiceNumber", Text), ("BalanceDue", Amount), ("TotalAmountDue", MaybeAmount)]


class SetInvoiceBalanceResult(ComplexModel):
    """Whether it was set."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)


class ExportPaymentsReq(ComplexModel):
    """From which moment on; without an offset it is the biller's local time."""

    __namespace__ = NAMESPACE
    _type_info = [*_KEYS, ("Since", Moment)]


class ExportedPayment(ComplexModel):
    """A payment, with the columns of WaterSmart's payment/lockbox file."""

    __namespace__ = NAMESPACE
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

    __namespace__ = NAMESPACE
    _type_info = [*_OUTCOME, ("Payments", array(ExportedPayment, "ArrayOfExportedPayment"))]


class CloudInvoicing(ServiceBase):
    @operation
    def UploadInvoiceFile(ctx: Any, Req: UploadInvoiceFileReq) -> UploadInvoiceFileResult:
        """Takes a biller invoice file (BIF): loads its good invoices and reports the others."""

    @operation
    def ViewInvoiceByInvoiceNumber(ctx: Any, Req: ViewInvoiceByInvoiceNumberReq) -> ViewInvoiceByInvoiceNumberResult:
        """An invoice as it stands."""

    @operation
    def SetInvoiceBalance(ctx: Any, Req: SetInvoiceBalanceReq) -> SetInvoiceBalanceResult:
        """Sets what is still due on an invoice."""

    @operation
    def ExportPayments(ctx: Any, Req: ExportPaymentsReq) -> ExportPaymentsResult:
        """The approved payments since a moment, oldest first."""
