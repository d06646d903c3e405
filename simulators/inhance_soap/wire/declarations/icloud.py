"""
`iCloud.asmx`: its five operations and their answers, in the partner's spelling.

Source: "Harris inHance v2 Technical Design", Details; the result of MakePaymentExtended is assumed [A-1].
"""

from __future__ import annotations

from typing import Any

from partnerlab.simulators.kit.asmx.declare import Amount, Bool, ComplexModel, Int, Moment, ServiceBase, Text, operation

__all__ = ["NAMESPACE", "ICloud"]

NAMESPACE = "http://tempuri.org/"  # ASMX's default; a biller's own is put in its place when it is served

_OUTCOME = [("Success", Bool), ("ErrorMessage", Text)]


class BalanceCheckResult(ComplexModel):
    """What is due, and how the customer is reached."""

    __namespace__ = NAMESPACE
    _type_info = [("Balance", Amount), ("FutureBalance", Amount), ("Phone", Text), ("Email", Text), *_OUTCOME]


class MakePaymentExtendedResult(ComplexModel):
    """Whether the payment was posted [A-1]."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)


class SetPaperlessResult(ComplexModel):
    """Whether it was switched."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)


class SetAutopayResult(ComplexModel):
    """Whether it was switched."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)


class SetEmailResult(ComplexModel):
    """Whether it was changed."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)


class ICloud(ServiceBase):
    @operation
    def BalanceCheck(ctx: Any, AccountNumber: Text, LastInvoiceNumber: Int, WebServiceKey: Text) -> BalanceCheckResult:
        """The balances, phone and e-mail of an account."""

    @operation
    def MakePaymentExtended(
        ctx: Any,
        AccountNumber: Text,
        PaymentDate: Moment,
        PaymentReference: Text,
        DocumentNumber: Text,
        PaymentTypeDesc: Text,
        PaymentAmount: Amount,
        ConvenienceFee: Amount,
        WebserviceKey: Text,
    ) -> MakePaymentExtendedResult:
        """Post a payment."""

    @operation
    def SetPaperless(ctx: Any, Accountnumber: Text, PaperlessOnOff: Text, WebserviceKey: Text) -> SetPaperlessResult:
        """Switch paperless billing On or Off."""

    @operation
    def SetAutopay(ctx: Any, Accountnumber: Text, AutoPayOnOff: Text, WebserviceKey: Text) -> SetAutopayResult:
        """Switch AutoPay On or Off."""

    @operation
    def SetEmail(ctx: Any, Accountnumber: Text, NewEmail: Text, WebserviceKey: Text) -> SetEmailResult:
        """Change the e-mail address of an account."""
