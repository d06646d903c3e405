"""The inHance clients: they send, wait and close; `operations` decides everything."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from partnerlab.client.http import DEFAULT_TIMEOUTS, AsyncTransport, Timeouts, Transport
from partnerlab.client.http.connected import AsyncConnected, Connected
from partnerlab.client.inhance import operations
from partnerlab.client.inhance.models import Acknowledgement, Balance
from partnerlab.client.inhance.operations import NAMESPACE, Endpoint
from partnerlab.client.wire.fields import KNOWN_SHAPES, AnswerShapes
from partnerlab.client.wire.soap import SoapVersion

__all__ = ["AsyncInHanceClient", "InHanceClient"]


class InHanceClient(Connected):
    """
    A biller's inHance service.

    Give *transport* to share its connections (it stays yours to close); else the client makes one of its own with
    *timeouts* and *allow_http*. *shapes* are what its answers may look like beside the known shape. Every call raises
    the errors of `partnerlab.client.errors`; no call is ever sent twice.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        namespace: str = NAMESPACE,
        soap: SoapVersion = "1.1",
        shapes: AnswerShapes = KNOWN_SHAPES,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: Transport | None = None,
    ) -> None:
        self.endpoint = Endpoint(url, key, namespace, soap, shapes)
        super().__init__(url, transport, timeouts=timeouts, allow_http=allow_http)

    def balance_check(self, account_number: str, last_invoice_number: int) -> Balance:
        """The account's balances. *last_invoice_number* as `rules.last_invoice_number` gives it."""
        request = operations.build_balance_check(self.endpoint, account_number, last_invoice_number)
        return operations.read_balance_check(self.endpoint, self._transport.send(request))

    def make_payment(
        self,
        *,
        account_number: str,
        payment_date: datetime,
        payment_reference: str,
        document_number: str,
        payment_type_desc: str,
        amount: Decimal,
        convenience_fee: Decimal = Decimal(0),
    ) -> Acknowledgement:
        """Post a payment (`MakePaymentExtended`); the parameters are those of `operations.build_make_payment`."""
        request = operations.build_make_payment(
            self.endpoint,
            account_number=account_number,
            payment_date=payment_date,
            payment_reference=payment_reference,
            document_number=document_number,
            payment_type_desc=payment_type_desc,
            amount=amount,
            convenience_fee=convenience_fee,
        )
        return operations.read_make_payment(self.endpoint, self._transport.send(request))

    def set_paperless(self, account_number: str, on: bool) -> Acknowledgement:
        """Switch paperless on or off."""
        request = operations.build_set_paperless(self.endpoint, account_number, on)
        return operations.read_set_paperless(self.endpoint, self._transport.send(request))

    def set_autopay(self, account_number: str, on: bool) -> Acknowledgement:
        """Switch AutoPay on or off."""
        request = operations.build_set_autopay(self.endpoint, account_number, on)
        return operations.read_set_autopay(self.endpoint, self._transport.send(request))

    def set_email(self, account_number: str, new_email: str) -> Acknowledgement:
        """Tell a changed e-mail address."""
        request = operations.build_set_email(self.endpoint, account_number, new_email)
        return operations.read_set_email(self.endpoint, self._transport.send(request))

    def __repr__(self) -> str:
        return f"InHanceClient({self.endpoint})"


class AsyncInHanceClient(AsyncConnected):
    """`InHanceClient` for asyncio."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        namespace: str = NAMESPACE,
        soap: SoapVersion = "1.1",
        shapes: AnswerShapes = KNOWN_SHAPES,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: AsyncTransport | None = None,
    ) -> None:
        self.endpoint = Endpoint(url, key, namespace, soap, shapes)
        super().__init__(url, transport, timeouts=timeouts, allow_http=allow_http)

    async def balance_check(self, account_number: str, last_invoice_number: int) -> Balance:
        """The account's balances. *last_invoice_number* as `rules.last_invoice_number` gives it."""
        request = operations.build_balance_check(self.endpoint, account_number, last_invoice_number)
        return operations.read_balance_check(self.endpoint, await self._transport.send(request))

    async def make_payment(
        self,
        *,
        account_number: str,
        payment_date: datetime,
        payment_reference: str,
        document_number: str,
        payment_type_desc: str,
        amount: Decimal,
        convenience_fee: Decimal = Decimal(0),
    ) -> Acknowledgement:
        """Post a payment (`MakePaymentExtended`); the parameters are those of `operations.build_make_payment`."""
        request = operations.build_make_payment(
            self.endpoint,
            account_number=account_number,
            payment_date=payment_date,
            payment_reference=payment_reference,
            document_number=document_number,
            payment_type_desc=payment_type_desc,
            amount=amount,
            convenience_fee=convenience_fee,
        )
        return operations.read_make_payment(self.endpoint, await self._transport.send(request))

    async def set_paperless(self, account_number: str, on: bool) -> Acknowledgement:
        """Switch paperless on or off."""
        request = operations.build_set_paperless(self.endpoint, account_number, on)
        return operations.read_set_paperless(self.endpoint, await self._transport.send(request))

    async def set_autopay(self, account_number: str, on: bool) -> Acknowledgement:
        """Switch AutoPay on or off."""
        request = operations.build_set_autopay(self.endpoint, account_number, on)
        return operations.read_set_autopay(self.endpoint, await self._transport.send(request))

    async def set_email(self, account_number: str, new_email: str) -> Acknowledgement:
        """Tell a changed e-mail address."""
        request = operations.build_set_email(self.endpoint, account_number, new_email)
        return operations.read_set_email(self.endpoint, await self._transport.send(request))

    def __repr__(self) -> str:
        return f"AsyncInHanceClient({self.endpoint})"
