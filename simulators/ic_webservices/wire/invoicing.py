"""CloudInvoicing.asmx: bill files in, invoices out. Arguments come wrapped in `Req`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from simulators.ic_webservices.domain.errors import DomainError, ValueRefused
from simulators.ic_webservices.domain.invoices import Invoice
from simulators.ic_webservices.domain.money import amount
from simulators.ic_webservices.ledger import Ledger
from simulators.ic_webservices.store import Problem
from simulators.ic_webservices.uploads import Uploads
from simulators.ic_webservices.wire.faults import refusal
from simulators.ic_webservices.wire.types import (
    SetInvoiceBalanceReq,
    SetInvoiceBalanceResult,
    UploadInvoiceFileReq,
    UploadInvoiceFileResult,
    ViewInvoiceByInvoiceNumberReq,
    ViewInvoiceByInvoiceNumberResult,
    never_nil,
)
from simulators.kit.spyne_compat import ServiceBase, rpc

__all__ = ["UNSET", "declare"]

UNSET = datetime(1, 1, 1)  # noqa: DTZ001 - DateTime.MinValue of .NET has no zone
ZERO = Decimal("0.00")


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
class Answer:
    """SetInvoiceBalanceResult."""

    Success: bool
    ErrorMessage: str | None = None


def declare(ledger: Ledger, uploads: Uploads) -> type[Any]:
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
