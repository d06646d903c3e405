"""The messages of CloudInvoicing. Made from its declaration by `make reference`; do not edit."""

import decimal
from collections.abc import Sequence
from typing import Annotated, Protocol

from partnerlab.simulators.kit.asmx import xs
from partnerlab.simulators.kit.asmx.message import Array, Complex, Message, Operation, Service, Simple
from partnerlab.simulators.kit.http.messages import Request

__all__ = [
    "SERVICE",
    "CloudInvoicing",
    "ExportPaymentsReq",
    "ExportPaymentsRequest",
    "ExportPaymentsResult",
    "ExportedPayment",
    "SetInvoiceBalanceReq",
    "SetInvoiceBalanceRequest",
    "SetInvoiceBalanceResult",
    "UploadInvoiceFileReq",
    "UploadInvoiceFileRequest",
    "UploadInvoiceFileResult",
    "UploadProblem",
    "ViewInvoiceByInvoiceNumberReq",
    "ViewInvoiceByInvoiceNumberRequest",
    "ViewInvoiceByInvoiceNumberResult",
]


class UploadInvoiceFileReq(Message):
    """A bill file."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    FileName: xs.String = None
    FileContent: xs.Base64Binary = None


class UploadInvoiceFileRequest(Message):
    """What UploadInvoiceFile is sent."""

    Req: Annotated[UploadInvoiceFileReq | None, Complex(UploadInvoiceFileReq)] = None


class UploadProblem(Message):
    """What is wrong in a bill file, and where."""

    Line: xs.Int = 0
    InvoiceNumber: xs.String = None
    Field: xs.String = None
    FileSpecID: xs.Int = 0
    Value: xs.String = None
    Reason: xs.String = None


class UploadInvoiceFileResult(Message):
    """What became of a bill file."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None
    UploadID: xs.String = None
    InvoicesAccepted: xs.Int = 0
    InvoicesRejected: xs.Int = 0
    Problems: Annotated[
        Sequence[UploadProblem | None] | None,
        Array("ArrayOfUploadProblem", "UploadProblem", Complex(UploadProblem, nillable=True)),
    ] = None


class ViewInvoiceByInvoiceNumberReq(Message):
    """Which invoice."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    InvoiceNumber: xs.String = None


class ViewInvoiceByInvoiceNumberRequest(Message):
    """What ViewInvoiceByInvoiceNumber is sent."""

    Req: Annotated[ViewInvoiceByInvoiceNumberReq | None, Complex(ViewInvoiceByInvoiceNumberReq)] = None


class ViewInvoiceByInvoiceNumberResult(Message):
    """An invoice; a date that is not set is .NET's DateTime.MinValue."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None
    InvoiceNumber: xs.String = None
    InvoiceDate: xs.DateTime = xs.MIN_VALUE
    InvoiceDueDate: xs.DateTime = xs.MIN_VALUE
    AutoPayCollectionDate: xs.DateTime = xs.MIN_VALUE
    TotalAmountDue: xs.Decimal = xs.ZERO
    BalanceDue: xs.Decimal = xs.ZERO
    MinimumAmountDue: xs.Decimal = xs.ZERO
    AllowPartialPayments: xs.Boolean = False
    FirstNotifyRequestedDate: xs.DateTime = xs.MIN_VALUE
    SecondNotifyRequestedDate: xs.DateTime = xs.MIN_VALUE
    ThirdNotifyRequestedDate: xs.DateTime = xs.MIN_VALUE


class SetInvoiceBalanceReq(Message):
    """What is due on which invoice; TotalAmountDue may be missing."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    InvoiceNumber: xs.String = None
    BalanceDue: xs.Decimal = xs.ZERO
    TotalAmountDue: Annotated[decimal.Decimal | None, Simple("decimal", least=0)] = None


class SetInvoiceBalanceRequest(Message):
    """What SetInvoiceBalance is sent."""

    Req: Annotated[SetInvoiceBalanceReq | None, Complex(SetInvoiceBalanceReq)] = None


class SetInvoiceBalanceResult(Message):
    """Whether it was set."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None


class ExportPaymentsReq(Message):
    """From which moment on; without an offset it is the biller's local time."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    Since: xs.DateTime = xs.MIN_VALUE


class ExportPaymentsRequest(Message):
    """What ExportPayments is sent."""

    Req: Annotated[ExportPaymentsReq | None, Complex(ExportPaymentsReq)] = None


class ExportedPayment(Message):
    """A payment, with the columns of WaterSmart's payment/lockbox file."""

    InvoiceNumber: xs.String = None
    InvoiceGUID: xs.String = None
    AccountNumber: xs.String = None
    CustomerName: xs.String = None
    PaymentGUID: xs.String = None
    PaymentDate: xs.DateTime = xs.MIN_VALUE
    PaymentTypeID: xs.Int = 0
    PaymentTypeDesc: xs.String = None
    PaymentAmount: xs.Decimal = xs.ZERO
    ConvenienceFee: xs.Decimal = xs.ZERO
    PaymentReference: xs.String = None
    PaymentMessage: xs.String = None
    Approved: xs.Boolean = False
    BillerReference: xs.String = None
    Offline: xs.Boolean = False
    LocationReference: xs.String = None
    WSReportID: xs.Int = 0
    CheckNumber: xs.String = None


class ExportPaymentsResult(Message):
    """The payments, oldest first."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None
    Payments: Annotated[
        Sequence[ExportedPayment | None] | None,
        Array("ArrayOfExportedPayment", "ExportedPayment", Complex(ExportedPayment, nillable=True)),
    ] = None


class CloudInvoicing(Protocol):
    """What answers the operations."""

    def UploadInvoiceFile(
        self, request: Request, sent: UploadInvoiceFileRequest, /
    ) -> UploadInvoiceFileResult | None: ...
    def ViewInvoiceByInvoiceNumber(
        self, request: Request, sent: ViewInvoiceByInvoiceNumberRequest, /
    ) -> ViewInvoiceByInvoiceNumberResult | None: ...
    def SetInvoiceBalance(
        self, request: Request, sent: SetInvoiceBalanceRequest, /
    ) -> SetInvoiceBalanceResult | None: ...
    def ExportPayments(self, request: Request, sent: ExportPaymentsRequest, /) -> ExportPaymentsResult | None: ...


SERVICE: Service[CloudInvoicing] = Service(
    "CloudInvoicing",
    "https://www.invoicecloud.com/portal/webservices/CloudInvoicing/",
    Operation(
        "UploadInvoiceFile",
        UploadInvoiceFileRequest,
        Complex(UploadInvoiceFileResult),
        "Takes a biller invoice file (BIF): loads its good invoices and reports the others.",
    ),
    Operation(
        "ViewInvoiceByInvoiceNumber",
        ViewInvoiceByInvoiceNumberRequest,
        Complex(ViewInvoiceByInvoiceNumberResult),
        "An invoice as it stands.",
    ),
    Operation(
        "SetInvoiceBalance",
        SetInvoiceBalanceRequest,
        Complex(SetInvoiceBalanceResult),
        "Sets what is still due on an invoice.",
    ),
    Operation(
        "ExportPayments",
        ExportPaymentsRequest,
        Complex(ExportPaymentsResult),
        "The approved payments since a moment, oldest first.",
    ),
)
