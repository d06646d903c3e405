"""The TCCS clients: they send, wait and close; `operations` and `bill_image` decide everything."""

from __future__ import annotations

import asyncio
import os
from typing import BinaryIO

from partnerlab.client.http import DEFAULT_TIMEOUTS, AsyncTransport, HttpRequest, Timeouts, Transport
from partnerlab.client.http.connected import AsyncConnected, Connected, Method, Service, Tr
from partnerlab.client.http.download import download, download_async
from partnerlab.client.tccs import operations
from partnerlab.client.tccs.answer import TCCS_SHAPES
from partnerlab.client.tccs.bill_image import MAX_BILL_BYTES, BillReader
from partnerlab.client.tccs.operations import Endpoint
from partnerlab.client.tccs.targets import MemoryTarget, Target, open_target
from partnerlab.client.wire.fields import AnswerShapes

__all__ = ["AsyncTccsClient", "TccsClient"]


class _Tccs(Service[Tr]):
    def __init__(
        self,
        url: str,
        consumer_guid: str,
        entry_key: str,
        *,
        shapes: AnswerShapes = TCCS_SHAPES,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: Tr | None = None,
    ) -> None:
        endpoint = Endpoint(url, consumer_guid, entry_key, shapes)
        super().__init__(endpoint, url, transport, timeouts=timeouts, allow_http=allow_http)

    balance = Method(operations.balance)
    pay = Method(operations.pay)
    deposit = Method(operations.deposit)
    report_insufficient_funds = Method(operations.report_insufficient_funds)
    set_paperless = Method(operations.set_paperless)
    set_recurring = Method(operations.set_recurring)


class TccsClient(_Tccs[Transport], Connected):
    """
    A biller's TCCS.

    *url* is the address of the service, or of the one endpoint that is called (see `rules.endpoint_url`). Give
    *transport* to share its connections (it stays yours to close); else the client makes one of its own with
    *timeouts* and *allow_http*. Every call raises the errors of `partnerlab.client.errors`; no call is ever sent twice.
    """

    def bill_image(self, invoice_number: str, *, max_bytes: int = MAX_BILL_BYTES) -> bytes:
        """The bill as PDF (`Retrieve_Bill_Image`). More than *max_bytes* are a `ProtocolError`."""
        target = MemoryTarget()
        self._fetch(operations.bill_image(self.endpoint, invoice_number).request, target, max_bytes)
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
        request = operations.bill_image(self.endpoint, invoice_number).request
        return self._fetch(request, open_target(to), max_bytes)

    def _fetch(self, request: HttpRequest, target: Target, max_bytes: int) -> int:
        try:
            with download(self.transport, request, max_bytes=max_bytes) as answer:
                reader = BillReader(self.endpoint, answer.status, answer.headers)
                for piece in answer.pieces:
                    target.write(reader.take(piece))
                size = reader.end()
        except BaseException:
            target.discard()
            raise
        target.commit()
        return size


class AsyncTccsClient(_Tccs[AsyncTransport], AsyncConnected):
    """`TccsClient` for asyncio."""

    async def bill_image(self, invoice_number: str, *, max_bytes: int = MAX_BILL_BYTES) -> bytes:
        """As `TccsClient.bill_image`."""
        target = MemoryTarget()
        await self._fetch(operations.bill_image(self.endpoint, invoice_number).request, target, max_bytes)
        return target.content

    async def save_bill_image(
        self, invoice_number: str, to: str | os.PathLike[str] | BinaryIO, *, max_bytes: int = MAX_BILL_BYTES
    ) -> int:
        """As `TccsClient.save_bill_image`; the disk is written to by a thread, so that nothing waits for it."""
        request = operations.bill_image(self.endpoint, invoice_number).request
        return await self._fetch(request, open_target(to), max_bytes)

    async def _fetch(self, request: HttpRequest, target: Target, max_bytes: int) -> int:
        try:
            async with download_async(self.transport, request, max_bytes=max_bytes) as answer:
                reader = BillReader(self.endpoint, answer.status, answer.headers)
                async for piece in answer.pieces:
                    await asyncio.to_thread(target.write, reader.take(piece))
                size = reader.end()
        except BaseException:
            target.discard()
            raise
        await asyncio.to_thread(target.commit)
        return size
