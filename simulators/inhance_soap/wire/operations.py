"""
The five operations of `iCloud.asmx`.

A refusal is an answer with `Success` false, never a fault: the fault is for requests that cannot be read.
Source: "Harris inHance v2 Technical Design", Details.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from partnerlab.simulators.inhance_soap.domain.accounts import read_account_number, read_email, read_switch
from partnerlab.simulators.inhance_soap.domain.errors import DomainError, KeyWrong
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.domain.money import to_decimal
from partnerlab.simulators.inhance_soap.domain.payments import read_payment
from partnerlab.simulators.inhance_soap.services.ledger import Ledger
from partnerlab.simulators.inhance_soap.wire import messages as wire
from partnerlab.simulators.inhance_soap.wire.faults import error_message
from partnerlab.simulators.kit.asmx.spyne_compat import ServiceBase, rpc
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["declare"]

_ZERO = Decimal("0.00")


def declare(ledger: Ledger, key: str) -> type[ServiceBase]:
    """The service over one ledger; *key* is the web service key every call must carry."""

    secret = key.encode()

    def check(sent: str | None) -> None:
        if not hmac.compare_digest((sent or "").strip().encode(), secret):
            raise KeyWrong

    def changed(sent_key: str | None, change: Callable[[], object]) -> Any:
        try:
            check(sent_key)
            change()
        except DomainError as error:
            return SimpleNamespace(Success=False, ErrorMessage=error_message(error))
        return SimpleNamespace(Success=True)

    class ICloud(ServiceBase):
        @rpc(wire.Text, wire.TheInteger, wire.Text, _returns=wire.BalanceCheckResult)
        def BalanceCheck(ctx: Any, AccountNumber: str | None, LastInvoiceNumber: int, WebServiceKey: str | None) -> Any:
            """The balances, phone and e-mail of an account."""
            try:
                check(WebServiceKey)
                standing = ledger.standing(ctx.udc.lane, read_account_number("AccountNumber", AccountNumber))
            except DomainError as error:
                return SimpleNamespace(
                    Balance=_ZERO, FutureBalance=_ZERO, Success=False, ErrorMessage=error_message(error)
                )
            return SimpleNamespace(
                Balance=to_decimal(standing.balance_cents),
                FutureBalance=to_decimal(standing.future_cents),
                Phone=standing.phone,
                Email=standing.email,
                Success=True,
            )

        @rpc(
            wire.Text,
            wire.TheDateTime,
            wire.Text,
            wire.Text,
            wire.Text,
            wire.TheDecimal,
            wire.TheDecimal,
            wire.Text,
            _returns=wire.MakePaymentExtendedResult,
        )
        def MakePaymentExtended(
            ctx: Any,
            AccountNumber: str | None,
            PaymentDate: datetime,
            PaymentReference: str | None,
            DocumentNumber: str | None,
            PaymentTypeDesc: str | None,
            PaymentAmount: Decimal,
            ConvenienceFee: Decimal,
            WebserviceKey: str | None,
        ) -> Any:
            """Post a payment."""
            return changed(
                WebserviceKey,
                lambda: ledger.post_payment(
                    ctx.udc.lane,
                    _cause(ctx.udc),
                    read_account_number("AccountNumber", AccountNumber),
                    read_payment(
                        reference=PaymentReference,
                        document_number=DocumentNumber,
                        type=PaymentTypeDesc,
                        amount=PaymentAmount,
                        fee=ConvenienceFee,
                        paid_at=PaymentDate,
                    ),
                ),
            )

        @rpc(wire.Text, wire.Text, wire.Text, _returns=wire.SetPaperlessResult)
        def SetPaperless(
            ctx: Any, Accountnumber: str | None, PaperlessOnOff: str | None, WebserviceKey: str | None
        ) -> Any:
            """Switch paperless billing On or Off."""
            return changed(
                WebserviceKey,
                lambda: ledger.set_paperless(
                    ctx.udc.lane,
                    _cause(ctx.udc),
                    read_account_number("Accountnumber", Accountnumber),
                    on=read_switch("PaperlessOnOff", PaperlessOnOff),
                ),
            )

        @rpc(wire.Text, wire.Text, wire.Text, _returns=wire.SetAutopayResult)
        def SetAutopay(ctx: Any, Accountnumber: str | None, AutoPayOnOff: str | None, WebserviceKey: str | None) -> Any:
            """Switch AutoPay On or Off."""
            return changed(
                WebserviceKey,
                lambda: ledger.set_autopay(
                    ctx.udc.lane,
                    _cause(ctx.udc),
                    read_account_number("Accountnumber", Accountnumber),
                    on=read_switch("AutoPayOnOff", AutoPayOnOff),
                ),
            )

        @rpc(wire.Text, wire.Text, wire.Text, _returns=wire.SetEmailResult)
        def SetEmail(ctx: Any, Accountnumber: str | None, NewEmail: str | None, WebserviceKey: str | None) -> Any:
            """Change the e-mail address of an account."""
            return changed(
                WebserviceKey,
                lambda: ledger.set_email(
                    ctx.udc.lane,
                    _cause(ctx.udc),
                    read_account_number("Accountnumber", Accountnumber),
                    read_email("NewEmail", NewEmail),
                ),
            )

    return ICloud


def _cause(request: Request) -> Cause:
    return Cause(request.id, request.lane.now())
