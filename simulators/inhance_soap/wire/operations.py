"""
The five operations of `iCloud.asmx`.

A refusal is an answer with `Success` false, never a fault: the fault is for requests that cannot be read.
Source: "Harris inHance v2 Technical Design", Details.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from partnerlab.simulators.inhance_soap.domain.accounts import read_account_number, read_email, read_switch
from partnerlab.simulators.inhance_soap.domain.errors import DomainError, KeyWrong
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.domain.money import to_decimal
from partnerlab.simulators.inhance_soap.domain.payments import read_payment
from partnerlab.simulators.inhance_soap.wire.faults import error_message
from partnerlab.simulators.inhance_soap.wire.messages import icloud as wire
from partnerlab.simulators.inhance_soap.world import World
from partnerlab.simulators.kit.asmx.message import Message
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Operations"]

_ZERO = Decimal("0.00")
Outcome = TypeVar("Outcome", bound=Message)


class Operations:
    """The service over the utility's books, every call of which must carry its web service key."""

    def __init__(self, world: World) -> None:
        self._world, self._ledger = world, world.ledger
        self._zone = world.days.zone
        self._secret = world.settings.key.encode()

    def BalanceCheck(self, request: Request, sent: wire.BalanceCheckRequest) -> wire.BalanceCheckResult:
        """What is due on an account now, and everything it owes."""
        try:
            self._check(sent.WebServiceKey)
            balances = self._ledger.balances(request.lane, read_account_number("AccountNumber", sent.AccountNumber))
        except DomainError as refused:
            return wire.BalanceCheckResult(Balance=_ZERO, FutureBalance=_ZERO, ErrorMessage=error_message(refused))
        return wire.BalanceCheckResult(
            Balance=to_decimal(balances.balance_cents),
            FutureBalance=to_decimal(balances.future_cents),
            Phone=balances.phone,
            Email=balances.email,
            Success=True,
        )

    def MakePaymentExtended(
        self, request: Request, sent: wire.MakePaymentExtendedRequest
    ) -> wire.MakePaymentExtendedResult:
        """Post a payment."""
        try:
            self._check(sent.WebserviceKey)
            account_number = read_account_number("AccountNumber", sent.AccountNumber)
            payment = read_payment(
                reference=sent.PaymentReference,
                document_number=sent.DocumentNumber,
                type=sent.PaymentTypeDesc,
                amount=sent.PaymentAmount,
                fee=sent.ConvenienceFee,
                paid_at=sent.PaymentDate,
                zone=self._zone,
            )
            self._ledger.post_payment(request.lane, self._cause(request), account_number, payment)
        except DomainError as refused:
            return wire.MakePaymentExtendedResult(ErrorMessage=error_message(refused))
        return wire.MakePaymentExtendedResult(Success=True)

    def SetPaperless(self, request: Request, sent: wire.SetPaperlessRequest) -> wire.SetPaperlessResult:
        """Switch paperless billing."""
        return self._changed(
            wire.SetPaperlessResult,
            sent.WebserviceKey,
            lambda: self._ledger.set_paperless(
                request.lane,
                self._cause(request),
                read_account_number("Accountnumber", sent.Accountnumber),
                on=read_switch("PaperlessOnOff", sent.PaperlessOnOff),
            ),
        )

    def SetAutopay(self, request: Request, sent: wire.SetAutopayRequest) -> wire.SetAutopayResult:
        """Switch AutoPay."""
        return self._changed(
            wire.SetAutopayResult,
            sent.WebserviceKey,
            lambda: self._ledger.set_autopay(
                request.lane,
                self._cause(request),
                read_account_number("Accountnumber", sent.Accountnumber),
                on=read_switch("AutoPayOnOff", sent.AutoPayOnOff),
            ),
        )

    def SetEmail(self, request: Request, sent: wire.SetEmailRequest) -> wire.SetEmailResult:
        """Change an e-mail address."""
        return self._changed(
            wire.SetEmailResult,
            sent.WebserviceKey,
            lambda: self._ledger.set_email(
                request.lane,
                self._cause(request),
                read_account_number("Accountnumber", sent.Accountnumber),
                read_email("NewEmail", sent.NewEmail),
            ),
        )

    def _check(self, sent: str | None) -> None:
        if not hmac.compare_digest((sent or "").strip().encode(), self._secret):
            raise KeyWrong

    def _changed(self, result: type[Outcome], sent_key: str | None, change: Callable[[], object]) -> Outcome:
        try:
            self._check(sent_key)
            change()
        except DomainError as refused:
            return result(ErrorMessage=error_message(refused))
        return result(Success=True)

    def _cause(self, request: Request) -> Cause:
        return self._world.cause(request.id, request.lane)
