"""The TCCS clients: they send, wait and close; `operations` and `bill_image` decide everything."""

from __future__ import annotations

import asyncio
import os
from datetime import date
from decimal import Decimal
from typing import BinaryIO

from partnerlab.client.http import DEFAULT_TIMEOUTS, AsyncTransport, HttpRequest, Timeouts, Transport
from partnerlab.client.http.connected import AsyncConnected, Connected
from partnerlab.client.http.download import download, download_async
from partnerlab.client.tccs import operations
from partnerlab.client.tccs.answer import TCCS_SHAPES
from partnerlab.client.tccs.bill_image import MAX_BILL_BYTES, BillReader
from partnerlab.client.tccs.models import Acknowledgement, Balance
from partnerlab.client.tccs.operations import Endpoint
from partnerlab.client.tccs.targets import MemoryTarget, Target, open_target
from partnerlab.client.wire.fields import AnswerShapes

__all__ = ["AsyncTccsClient", "TccsClient"]


class TccsClient(Connected):
    """
    A biller's TCCS.

    *url* is the address of the service, or of the one endpoint that is called (see `rules.endpoint_url`). Give
    *transport* to share its connections (it stays yours to close); else the client makes one of its own with
    *timeouts* and *allow_http*. Every call raises the errors of `partnerlab.client.errors`; no call is ever sent twice.
    """

    def __init__(
        self,
        url: str,
        consumer_guid: str,
        entry_key: str,
        *,
        shapes: AnswerShapes = TCCS_SHAPES,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: Transport | None = None,
    ) -> None:
        self.endpoint = Endpoint(url, consumer_guid, entry_key, shapes)
        super().__init__(url, transport, timeouts=timeouts, allow_http=allow_http)

    def balance(self, invoice_number: str) -> Balance:
        """What is owed on an invoice, and in all (`ARState_Output`)."""
        request = operations.build_balance(self.endpoint, invoice_number)
        return operations.read_balance(self.endpoint, self._transport.send(request))

    def pay(
        self, invoice_number: str, amount: Decimal, payment_type: str, *, payment_guid: str | None = None
    ) -> Acknowledgement:
        """
        Post a payment (`Pay_Input`); the parameters are those of `operations.build_payment`.

        With a *payment_guid*, version 2 of the service, the same call again posts nothing more; without one it does.
        """
        return self._told(operations.build_payment(self.endpoint, invoice_number, amount, payment_type, payment_guid))

    def deposit(
        self, invoice_number: str, insured_name: str, amount: Decimal, *, payment_guid: str | None = None
    ) -> Acknowledgement:
        """Post a deposit on a quote (`Pay_Input`); as `pay`, with the parameters of `operations.build_deposit`."""
        return self._told(operations.build_deposit(self.endpoint, invoice_number, insured_name, amount, payment_guid))

    def report_insufficient_funds(self, invoice_number: str, paid_on: date, amount: Decimal) -> Acknowledgement:
        """Report that the bank returned the payment of that day and amount (`Insufficient_Pay_Report`)."""
        return self._told(operations.build_insufficient_funds(self.endpoint, invoice_number, paid_on, amount))

    def set_paperless(self, invoice_number: str, on: bool) -> Acknowledgement:
        """Switch paperless on or off (`Paperless_Bill`)."""
        return self._told(operations.build_paperless(self.endpoint, invoice_number, on))

    def set_recurring(self, invoice_number: str, on: bool) -> Acknowledgement:
        """Switch recurring payments on or off (`Recurring_Pay`)."""
        return self._told(operations.build_recurring(self.endpoint, invoice_number, on))

    def bill_image(self, invoice_number: str, *, max_bytes: int = MAX_BILL_BYTES) -> bytes:
        """The bill as PDF (`Retrieve_Bill_Image`). More than *max_bytes* are a `ProtocolError`."""
        target = MemoryTarget()
        self._fetch(operations.build_bill_image(self.endpoint, invoice_number), target, max_bytes)
        return target.content

    def save_bill_image(
        self, invoice_number: str, to: str | os.PathLike[str] | BinaryIO, *, max_bytes: int = MAX_BILL_BYTES
    ) -> int:
        """
        Write the bill to a file of that name or to a binary stream; its size in bytes.

        All of it or nothing: a file is there only when it is whole, and one that was there stays until then. Raises
        `OSError` too, before anything is sent where the file cannot be made.
        """
        # Built first: a number that cannot be sent is no reason to touch the disk.
        request = operations.build_bill_image(self.endpoint, invoice_number)
        return self._fetch(request, open_target(to), max_bytes)

    def _fetch(self, request: HttpRequest, target: Target, max_bytes: int) -> int:
        try:
            with download(self._transport, request, max_bytes=max_bytes) as answer:
                reader = BillReader(self.endpoint, answer.status, answer.headers)
                for piece in answer.pieces:
                    target.write(reader.take(piece))
                size = reader.end()
        except BaseException:
            target.discard()
            raise
        target.commit()
        return size

    def _told(self, request: HttpRequest) -> Acknowledgement:
        return operations.read_acknowledgement(self.endpoint, request.operation, self._transport.send(request))

    def __repr__(self) -> str:
        return f"TccsClient({self.endpoint})"


class AsyncTccsClient(AsyncConnected):
    """`TccsClient` for asyncio."""

    def __init__(
        self,
        url: str,
        consumer_guid: str,
        entry_key: str,
        *,
        shapes: AnswerShapes = TCCS_SHAPES,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: AsyncTransport | None = None,
    ) -> None:
        self.endpoint = Endpoint(url, consumer_guid, entry_key, shapes)
        super().__init__(url, transport, timeouts=timeouts, allow_http=allow_http)

    async def balance(self, invoice_number: str) -> Balance:
        """What is owed on an invoice, and in all (`ARState_Output`)."""
        request = operations.build_balance(self.endpoint, invoice_number)
        return operations.read_balance(self.endpoint, await self._transport.send(request))

    async def pay(
        self, invoice_number: str, amount: Decimal, payment_type: str, *, payment_guid: str | None = None
    ) -> Acknowledgement:
        """As `TccsClient.pay`."""
        return await self._told(
            operations.build_payment(self.endpoint, invoice_number, amount, payment_type, payment_guid)
        )

    async def deposit(
        self, invoice_number: str, insured_name: str, amount: Decimal, *, payment_guid: str | None = None
    ) -> Acknowledgement:
        """As `TccsClient.deposit`."""
        return await self._told(
            operations.build_deposit(self.endpoint, invoice_number, insured_name, amount, payment_guid)
        )

    async def report_insufficient_funds(self, invoice_number: str, paid_on: date, amount: Decimal) -> Acknowledgement:
        """Report that the bank returned the payment of that day and amount (`Insufficient_Pay_Report`)."""
        return await self._told(operations.build_insufficient_funds(self.endpoint, invoice_number, paid_on, amount))

    async def set_paperless(self, invoice_number: str, on: bool) -> Acknowledgement:
        """Switch paperless on or off (`Paperless_Bill`)."""
        return await self._told(operations.build_paperless(self.endpoint, invoice_number, on))

    async def set_recurring(self, invoice_number: str, on: bool) -> Acknowledgement:
        """Switch recurring payments on or off (`Recurring_Pay`)."""
        return await self._told(operations.build_recurring(self.endpoint, invoice_number, on))

    async def bill_image(self, invoice_number: str, *, max_bytes: int = MAX_BILL_BYTES) -> bytes:
        """As `TccsClient.bill_image`."""
        target = MemoryTarget()
        await self._fetch(operations.build_bill_image(self.endpoint, invoice_number), target, max_bytes)
        return target.content

    async def save_bill_image(
        self, invoice_number: str, to: str | os.PathLike[str] | BinaryIO, *, max_bytes: int = MAX_BILL_BYTES
    ) -> int:
        """As `TccsClient.save_bill_image`; the disk is written to by a thread, so that nothing waits for it."""
        request = operations.build_bill_image(self.endpoint, invoice_number)
        return await self._fetch(request, open_target(to), max_bytes)

    async def _fetch(self, request: HttpRequest, target: Target, max_bytes: int) -> int:
        try:
            async with download_async(self._transport, request, max_bytes=max_bytes) as answer:
                reader = BillReader(self.endpoint, answer.status, answer.headers)
                async for piece in answer.pieces:
                    await asyncio.to_thread(target.write, reader.take(piece))
                size = reader.end()
        except BaseException:
            target.discard()
            raise
        await asyncio.to_thread(target.commit)
        return size

    async def _told(self, request: HttpRequest) -> Acknowledgement:
        return operations.read_acknowledgement(self.endpoint, request.operation, await self._transport.send(request))

    def __repr__(self) -> str:
        return f"AsyncTccsClient({self.endpoint})"
