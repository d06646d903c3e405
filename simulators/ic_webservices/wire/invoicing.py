"""CloudInvoicing.asmx: bill files in, invoices and payments out. Arguments come wrapped in `Req`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from partnerlab.simulators.ic_webservices.domain.errors import DomainError, ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import BANK_TENDERS
from partnerlab.simulators.ic_webservices.domain.uploads import Problem
from partnerlab.simulators.ic_webservices.services.exports import ExportedPayment, Exports
from partnerlab.simulators.ic_webservices.services.ledger import Ledger
from partnerlab.simulators.ic_webservices.services.uploads import Uploads
from partnerlab.simulators.ic_webservices.wire.faults import refusal
from partnerlab.simulators.ic_webservices.wire.types import (
    INVOICING,
    ExportPaymentsReq,
    ExportPaymentsResult,
    SetInvoiceBalanceReq,
    SetInvoiceBalanceResult,
    UploadInvoiceFileReq,
    UploadInvoiceFileResult,
    ViewInvoiceByInvoiceNumberReq,
    ViewInvoiceByInvoiceNumberResult,
    never_nil,
)
from partnerlab.simulators.kit.asmx.spyne_compat import ServiceBase, rpc

__all__ = ["UNSET", "declare"]

UNSET = datetime(1, 1, 1)  # noqa: DTZ001 - DateTime.MinValue of .NET has no zone
ZERO = Decimal("0.00")
CARD_TYPE, BANK_TYPE = 1, 2
"""PaymentTypeID; PayPal counts as a card. Source: WaterSmart, Payment/Lockbox File; assumed [A-38]."""
TYPE_WORDS: Mapping[str, str] = {
    "credit_card": "Credit Card",
    "debit_card": "Debit Card",
    "ach": "ACH",
    "online_bank_direct": "Online Bank Direct",
    "paypal": "PayPal",
}
"""PaymentTypeDesc by tender. Assumed [A-56]."""


@dataclass(frozen=True, slots=True)
class UploadAnswer:
    """UploadInvoiceFileResult."""

    Success: bool
    ErrorMessage: str | None = None
    UploadID: str | None = None
    InvoicesAccepted: int = 0
    InvoicesRejected: int = 0
    Problems: Sequence[ProblemAnswer] | None = None


@dataclass(frozen=True, slots=True)
class ProblemAnswer:
    """UploadProblem."""

    Line: int
    InvoiceNumber: str
    Field: str
    FileSpecID: int
    Value: str
    Reason: str


@dataclass(frozen=True, slots=True)
class InvoiceAnswer:
    """ViewInvoiceByInvoiceNumberResult; the defaults are what .NET writes where nothing was set."""

    Success: bool
    ErrorMessage: str | None = None
    InvoiceNumber: str | None = None
    InvoiceDate: datetime = UNSET
    InvoiceDueDate: datetime = UNSET
    AutoPayCollectionDate: datetime = UNSET
    TotalAmountDue: Decimal = ZERO
    BalanceDue: Decimal = ZERO
    MinimumAmountDue: Decimal = ZERO
    AllowPartialPayments: bool = False
    FirstNotifyRequestedDate: datetime = UNSET
    SecondNotifyRequestedDate: datetime = UNSET
    ThirdNotifyRequestedDate: datetime = UNSET


@dataclass(frozen=True, slots=True)
class PaymentAnswer:
    """ExportedPayment."""

    InvoiceNumber: str
    InvoiceGUID: str
    AccountNumber: str
    CustomerName: str
    PaymentGUID: str
    PaymentDate: datetime
    PaymentTypeID: int
    PaymentTypeDesc: str
    PaymentAmount: Decimal
    ConvenienceFee: Decimal
    PaymentReference: str
    PaymentMessage: str
    Approved: bool
    BillerReference: str
    Offline: bool = False
    LocationReference: str = ""
    WSReportID: int = 0
    CheckNumber: str = ""


@dataclass(frozen=True, slots=True)
class PaymentsAnswer:
    """ExportPaymentsResult."""

    Success: bool
    ErrorMessage: str | None = None
    Payments: Sequence[PaymentAnswer] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """SetInvoiceBalanceResult."""

    Success: bool
    ErrorMessage: str | None = None


def declare(ledger: Ledger, uploads: Uploads, exports: Exports) -> type[Any]:
    """The service as Spyne declares it, on that ledger."""

    class CloudInvoicing(ServiceBase):
        @rpc(never_nil(UploadInvoiceFileReq), _returns=never_nil(UploadInvoiceFileResult))
        def UploadInvoiceFile(ctx: Any, Req: Any) -> Any:
            """Takes a biller invoice file (BIF): loads its good invoices and reports the others."""
            try:
                request = _wrapped(Req)
                result = uploads.take(
                    ctx.udc.lane,
                    request.BillerGUID,
                    request.WebServiceKey,
                    request.FileName,
                    request.FileContent,
                )
            except DomainError as error:
                return UploadAnswer(Success=False, ErrorMessage=refusal(error))
            upload = result.upload
            return UploadAnswer(
                Success=upload.state == "loaded",
                ErrorMessage=upload.message or None,
                UploadID=upload.upload_id,
                InvoicesAccepted=upload.accepted,
                InvoicesRejected=upload.rejected,
                Problems=[_problem(problem) for problem in result.problems],
            )

        @rpc(never_nil(ViewInvoiceByInvoiceNumberReq), _returns=never_nil(ViewInvoiceByInvoiceNumberResult))
        def ViewInvoiceByInvoiceNumber(ctx: Any, Req: Any) -> Any:
            """An invoice as it stands."""
            try:
                request = _wrapped(Req)
                return _invoice(
                    ledger.view_invoice(ctx.udc.lane, request.BillerGUID, request.WebServiceKey, request.InvoiceNumber)
                )
            except DomainError as error:
                return InvoiceAnswer(Success=False, ErrorMessage=refusal(error))

        @rpc(never_nil(SetInvoiceBalanceReq), _returns=never_nil(SetInvoiceBalanceResult))
        def SetInvoiceBalance(ctx: Any, Req: Any) -> Any:
            """Sets what is still due on an invoice."""
            try:
                request = _wrapped(Req)
                ledger.set_invoice_balance(
                    ctx.udc.lane,
                    request.BillerGUID,
                    request.WebServiceKey,
                    request.InvoiceNumber,
                    request.BalanceDue,
                    request.TotalAmountDue,
                )
            except DomainError as error:
                return Answer(Success=False, ErrorMessage=refusal(error))
            return Answer(Success=True)

        @rpc(never_nil(ExportPaymentsReq), _returns=never_nil(ExportPaymentsResult))
        def ExportPayments(ctx: Any, Req: Any) -> Any:
            """The approved payments since a moment, oldest first."""
            try:
                request = _wrapped(Req)
                found = exports.payments(ctx.udc.lane, request.BillerGUID, request.WebServiceKey, request.Since)
            except DomainError as error:
                return PaymentsAnswer(Success=False, ErrorMessage=refusal(error))
            return PaymentsAnswer(Success=True, Payments=[_payment(exported) for exported in found])

    return CloudInvoicing


def _wrapped(request: Any) -> Any:
    if request is None:
        raise ValueRefused("Req", "", "is missing: the arguments are wrapped in it")
    return request


def _invoice(invoice: Invoice) -> InvoiceAnswer:
    return InvoiceAnswer(
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


def _payment(exported: ExportedPayment) -> PaymentAnswer:
    payment = exported.payment
    return PaymentAnswer(
        InvoiceNumber=payment.invoice_number,
        InvoiceGUID=_invoice_guid(payment.biller_guid, payment.invoice_number),
        AccountNumber=payment.account_number,
        CustomerName=exported.customer_name,
        PaymentGUID=payment.payment_guid,
        PaymentDate=exported.paid_at,
        PaymentTypeID=BANK_TYPE if payment.tender in BANK_TENDERS else CARD_TYPE,
        PaymentTypeDesc=TYPE_WORDS[payment.tender],
        PaymentAmount=amount(payment.amount_cents),
        ConvenienceFee=amount(payment.service_fee_cents),
        PaymentReference=payment.reference,
        PaymentMessage=payment.message,
        Approved=payment.approved,
        BillerReference=payment.biller_reference,
    )


def _invoice_guid(biller_guid: str, invoice_number: str) -> str:
    """The same for an invoice each time; empty where there is none."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{INVOICING}{biller_guid}/{invoice_number}")) if invoice_number else ""


def _moment(day: date | None) -> datetime:
    return UNSET if day is None else datetime.combine(day, time())


def _problem(problem: Problem) -> ProblemAnswer:
    return ProblemAnswer(
        Line=problem.line,
        InvoiceNumber=problem.invoice_number,
        Field=problem.field,
        FileSpecID=problem.file_spec_id,
        Value=problem.value,
        Reason=problem.reason,
    )
