"""A peer: BalanceCheck as plain Spyne on a WSGI server, 1,000 accounts in a dictionary."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any

from partnerlab.simulators.kit.asmx import spyne_compat  # noqa: F401  # makes Spyne importable on 3.12 and 3.13

from spyne import Application, Boolean, ComplexModel, Integer32, ServiceBase, Unicode, rpc  # isort: skip
from spyne import Decimal as XmlDecimal  # isort: skip
from spyne.protocol.soap import Soap11  # isort: skip
from spyne.server.wsgi import WsgiApplication  # isort: skip

logging.getLogger("spyne").setLevel(logging.CRITICAL)

KEY = "11111111-1111-4111-8111-111111111111"
ACCOUNTS = {str(20000000 + n): (Decimal("125.50"), Decimal("182.75"), f"payer{n}@example.com") for n in range(1000)}


class BalanceCheckResult(ComplexModel):
    __namespace__ = "http://tempuri.org/"
    _type_info = [
        ("Balance", XmlDecimal),
        ("FutureBalance", XmlDecimal),
        ("Phone", Unicode),
        ("Email", Unicode),
        ("Success", Boolean),
        ("ErrorMessage", Unicode),
    ]


class ICloud(ServiceBase):
    @rpc(Unicode, Integer32, Unicode, _returns=BalanceCheckResult)
    def BalanceCheck(ctx: Any, AccountNumber: str, LastInvoiceNumber: int, WebServiceKey: str) -> BalanceCheckResult:
        found = ACCOUNTS.get(AccountNumber)
        if WebServiceKey != KEY or found is None:
            return BalanceCheckResult(Success=False, ErrorMessage="Account not found.")
        return BalanceCheckResult(Balance=found[0], FutureBalance=found[1], Email=found[2], Success=True)


app = WsgiApplication(
    Application([ICloud], "http://tempuri.org/", in_protocol=Soap11(validator="lxml"), out_protocol=Soap11())
)
