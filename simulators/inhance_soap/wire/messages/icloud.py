"""The messages of ICloud. Made from its declaration by `make reference`; do not edit."""

from typing import Protocol

from partnerlab.simulators.kit.asmx import xs
from partnerlab.simulators.kit.asmx.message import Complex, Message, Operation, Service
from partnerlab.simulators.kit.http.messages import Request

__all__ = [
    "SERVICE",
    "BalanceCheckRequest",
    "BalanceCheckResult",
    "ICloud",
    "MakePaymentExtendedRequest",
    "MakePaymentExtendedResult",
    "SetAutopayRequest",
    "SetAutopayResult",
    "SetEmailRequest",
    "SetEmailResult",
    "SetPaperlessRequest",
    "SetPaperlessResult",
]


class BalanceCheckRequest(Message):
    """What BalanceCheck is sent."""

    AccountNumber: xs.String = None
    LastInvoiceNumber: xs.Int = 0
    WebServiceKey: xs.String = None


class BalanceCheckResult(Message):
    """What is due, and how the customer is reached."""

    Balance: xs.Decimal = xs.ZERO
    FutureBalance: xs.Decimal = xs.ZERO
    Phone: xs.String = None
    Email: xs.String = None
    Success: xs.Boolean = False
    ErrorMessage: xs.String = None


class MakePaymentExtendedRequest(Message):
    """What MakePaymentExtended is sent."""

    AccountNumber: xs.String = None
    PaymentDate: xs.DateTime = xs.MIN_VALUE
    PaymentReference: xs.String = None
    DocumentNumber: xs.String = None
    PaymentTypeDesc: xs.String = None
    PaymentAmount: xs.Decimal = xs.ZERO
    ConvenienceFee: xs.Decimal = xs.ZERO
    WebserviceKey: xs.String = None


class MakePaymentExtendedResult(Message):
    """Whether the payment was posted [A-1]."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None


class SetPaperlessRequest(Message):
    """What SetPaperless is sent."""

    Accountnumber: xs.String = None
    PaperlessOnOff: xs.String = None
    WebserviceKey: xs.String = None


class SetPaperlessResult(Message):
    """Whether it was switched."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None


class SetAutopayRequest(Message):
    """What SetAutopay is sent."""

    Accountnumber: xs.String = None
    AutoPayOnOff: xs.String = None
    WebserviceKey: xs.String = None


class SetAutopayResult(Message):
    """Whether it was switched."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None


class SetEmailRequest(Message):
    """What SetEmail is sent."""

    Accountnumber: xs.String = None
    NewEmail: xs.String = None
    WebserviceKey: xs.String = None


class SetEmailResult(Message):
    """Whether it was changed."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None


class ICloud(Protocol):
    """What answers the operations."""

    def BalanceCheck(self, request: Request, sent: BalanceCheckRequest, /) -> BalanceCheckResult | None: ...
    def MakePaymentExtended(
        self, request: Request, sent: MakePaymentExtendedRequest, /
    ) -> MakePaymentExtendedResult | None: ...
    def SetPaperless(self, request: Request, sent: SetPaperlessRequest, /) -> SetPaperlessResult | None: ...
    def SetAutopay(self, request: Request, sent: SetAutopayRequest, /) -> SetAutopayResult | None: ...
    def SetEmail(self, request: Request, sent: SetEmailRequest, /) -> SetEmailResult | None: ...


SERVICE: Service[ICloud] = Service(
    "ICloud",
    "http://tempuri.org/",
    Operation(
        "BalanceCheck",
        BalanceCheckRequest,
        Complex(BalanceCheckResult),
        "The balances, phone and e-mail of an account.",
    ),
    Operation("MakePaymentExtended", MakePaymentExtendedRequest, Complex(MakePaymentExtendedResult), "Post a payment."),
    Operation("SetPaperless", SetPaperlessRequest, Complex(SetPaperlessResult), "Switch paperless billing On or Off."),
    Operation("SetAutopay", SetAutopayRequest, Complex(SetAutopayResult), "Switch AutoPay On or Off."),
    Operation("SetEmail", SetEmailRequest, Complex(SetEmailResult), "Change the e-mail address of an account."),
)
