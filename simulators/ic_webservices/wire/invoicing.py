"""CloudInvoicing.asmx: bill files in, invoices and payments out. Arguments come wrapped in `Req`."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import TypeVar

from partnerlab.simulators.ic_webservices.domain.errors import DomainError, ValueRefused
from partnerlab.simulators.ic_webservices.domain.exports import TYPE_WORDS, invoice_guid, type_id
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.uploads import Problem
from partnerlab.simulators.ic_webservices.services.exports import ExportedPayment, Exports
from partnerlab.simulators.ic_webservices.services.ledger import BillerLedger
from partnerlab.simulators.ic_webservices.services.uploads import Uploads
from partnerlab.simulators.ic_webservices.wire.faults import refusal
from partnerlab.simulators.ic_webservices.wire.messages import cloud_invoicing as wire
from partnerlab.simulators.kit.asmx.xs import MIN_VALUE
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["InvoicingOperations"]

Wrapped = TypeVar("Wrapped")
ZERO = Decimal("0.00")


class InvoicingOperations:
    """The operations of CloudInvoicing."""

    def __init__(self, ledger: BillerLedger, uploads: Uploads, exports: Exports) -> None:
        self._ledger, self._uploads, self._exports = ledger, uploads, exports

    def UploadInvoiceFile(self, request: Request, sent: wire.UploadInvoiceFileRequest) -> wire.UploadInvoiceFileResult:
        """Loads the good invoices of a bill file and reports the others."""
        try:
            asked = _wrapped(sent.Req)
            result = self._uploads.take(
                request.lane, asked.BillerGUID, asked.WebServiceKey, asked.FileName, asked.FileContent
            )
        except DomainError as error:
            return wire.UploadInvoiceFileResult(ErrorMessage=refusal(error))
        upload = result.upload
        return wire.UploadInvoiceFileResult(
            Success=upload.state != "rejected",
            ErrorMessage=upload.message or None,
            UploadID=upload.upload_id,
            InvoicesAccepted=upload.accepted,
            InvoicesRejected=upload.rejected,
            Problems=[_problem(problem) for problem in result.problems],
        )

    def ViewInvoiceByInvoiceNumber(
        self, request: Request, sent: wire.ViewInvoiceByInvoiceNumberRequest
    ) -> wire.ViewInvoiceByInvoiceNumberResult:
        """An invoice as it stands."""
        try:
            asked = _wrapped(sent.Req)
            return _invoice(
                self._ledger.view_invoice(request.lane, asked.BillerGUID, asked.WebServiceKey, asked.InvoiceNumber)
            )
        except DomainError as error:
            return wire.ViewInvoiceByInvoiceNumberResult(
                ErrorMessage=refusal(error), TotalAmountDue=ZERO, BalanceDue=ZERO, MinimumAmountDue=ZERO
            )

    def SetInvoiceBalance(self, request: Request, sent: wire.SetInvoiceBalanceRequest) -> wire.SetInvoiceBalanceResult:
        """Set what is still due on an invoice."""
        try:
            asked = _wrapped(sent.Req)
            self._ledger.set_invoice_balance(
                request.lane,
                asked.BillerGUID,
                asked.WebServiceKey,
                asked.InvoiceNumber,
                asked.BalanceDue,
                asked.TotalAmountDue,
            )
        except DomainError as error:
            return wire.SetInvoiceBalanceResult(ErrorMessage=refusal(error))
        return wire.SetInvoiceBalanceResult(Success=True)

    def ExportPayments(self, request: Request, sent: wire.ExportPaymentsRequest) -> wire.ExportPaymentsResult:
        """The approved payments since a moment, oldest first."""
        try:
            asked = _wrapped(sent.Req)
            found = self._exports.payments(request.lane, asked.BillerGUID, asked.WebServiceKey, asked.Since)
        except DomainError as error:
            return wire.ExportPaymentsResult(ErrorMessage=refusal(error))
        return wire.ExportPaymentsResult(Success=True, Payments=[_payment(exported) for exported in found])


def _wrapped(request: Wrapped | None) -> Wrapped:
    if request is None:
        raise ValueRefused("Req", "", "is missing: the arguments are wrapped in it")
    return request


def _invoice(invoice: Invoice) -> wire.ViewInvoiceByInvoiceNumberResult:
    return wire.ViewInvoiceByInvoiceNumberResult(
        Success=True,
        InvoiceNumber=invoice.invoice_number,
        InvoiceDate=_moment(invoice.invoice_date),
        InvoiceDueDate=_moment(invoice.invoice_due_date),
        AutoPayCollectionDate=_moment(invoice.autopay_collection_date),
        TotalAmountDue=amount(invoice.total_amount_due_cents),
        BalanceDue=amount(invoice.balance_due_cents),
        MinimumAmountDue=amount(invoice.minimum_amount_due_cents),
        AllowPartialPayments=invoice.allow_partial_payments,
        FirstNotifyRequestedDate=_moment(invoice.first_notify_requested_date),
        SecondNotifyRequestedDate=_moment(invoice.second_notify_requested_date),
        ThirdNotifyRequestedDate=_moment(invoice.third_notify_requested_date),
    )


def _payment(exported: ExportedPayment) -> wire.ExportedPayment:
    payment = exported.payment
    return wire.ExportedPayment(
        InvoiceNumber=payment.invoice_number,
        InvoiceGUID=invoice_guid(wire.SERVICE.namespace, payment.biller_guid, payment.invoice_number),
        AccountNumber=payment.told_as,
        CustomerName=exported.customer_name,
        PaymentGUID=payment.payment_guid,
        PaymentDate=exported.paid_at,
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
        WSReportID=exported.report_id,
        CheckNumber=payment.check_number,
    )


def _moment(day: date | None) -> datetime:
    return MIN_VALUE if day is None else datetime.combine(day, time())


def _problem(problem: Problem) -> wire.UploadProblem:
    return wire.UploadProblem(
        Line=problem.line,
        InvoiceNumber=problem.invoice_number,
        Field=problem.field,
        FileSpecID=problem.file_spec_id,
        Value=problem.value,
        Reason=problem.reason,
    )
