"""The Invoice Cloud clients: they send, wait and close; `protocol` decides everything."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict, Unpack

from client.connected import AsyncConnected, Connected
from client.invoice_cloud import protocol
from client.invoice_cloud.models import CustomerView, InvoiceView, UploadReceipt
from client.invoice_cloud.protocol import Account
from client.soap import SoapVersion
from client.transport import LONG_TIMEOUTS, AsyncTransport, Timeouts, Transport

__all__ = ["AsyncInvoiceCloudClient", "CustomerChanges", "InvoiceCloudClient"]

MAX_RECEIPT_BYTES = 1 << 24  # the receipt of an upload lists every problem of the file


class CustomerChanges(TypedDict, total=False):
    """The texts of a customer's record that can be changed: one left out (or `None`) stays, an empty one is cleared."""

    customer_name: str | None
    customer_name2: str | None
    address1: str | None
    address2: str | None
    city: str | None
    state: str | None
    zip: str | None
    phone: str | None
    email_address: str | None
    email_address_cc: str | None
    customer_vat_number: str | None
    registration_value: str | None
    pin: str | None


class InvoiceCloudClient(Connected):
    """
    Invoice Cloud's web services for one biller.

    *base_url* is the origin (`https://host`), to which the services' paths are added. Give *transport* to share its
    connections (it stays yours to close); else the client makes one of its own with *timeouts* and *allow_http*.
    Every call raises the errors of `client.errors`; no call is ever sent twice.
    """

    def __init__(
        self,
        base_url: str,
        biller_guid: str,
        web_service_key: str,
        *,
        soap: SoapVersion = "1.1",
        timeouts: Timeouts = LONG_TIMEOUTS,
        allow_http: bool = False,
        transport: Transport | None = None,
    ) -> None:
        self.account = Account(base_url, biller_guid, web_service_key, soap)
        super().__init__(
            base_url, transport, timeouts=timeouts, allow_http=allow_http, max_answer_bytes=MAX_RECEIPT_BYTES
        )

    def upload_invoice_file(self, file_name: str, content: bytes) -> UploadReceipt:
        """Hand in a bill file (BIF, or WaterSmart's CSV by its name)."""
        request = protocol.build_upload_invoice_file(self.account, file_name, content)
        return protocol.read_upload_invoice_file(self.account, self._transport.send(request))

    def view_invoice(self, invoice_number: str) -> InvoiceView:
        """One invoice (`ViewInvoiceByInvoiceNumber`)."""
        request = protocol.build_view_invoice(self.account, invoice_number)
        return protocol.read_view_invoice(self.account, self._transport.send(request))

    def set_invoice_balance(
        self, invoice_number: str, balance_due: Decimal, total_amount_due: Decimal | None = None
    ) -> None:
        """Set an invoice's balance; *total_amount_due* stays where `None`."""
        request = protocol.build_set_invoice_balance(self.account, invoice_number, balance_due, total_amount_due)
        protocol.read_set_invoice_balance(self.account, self._transport.send(request))

    def view_customer_record(self, account_number: str) -> CustomerView:
        """One customer."""
        request = protocol.build_view_customer_record(self.account, account_number)
        return protocol.read_view_customer_record(self.account, self._transport.send(request))

    def update_customer_record(
        self,
        account_number: str,
        *,
        block_payments_cc: bool,
        block_payments_eft: bool,
        **changes: Unpack[CustomerChanges],
    ) -> None:
        """Change a customer's record; both blocks are set as said, texts as `CustomerChanges` says."""
        request = protocol.build_update_customer_record(
            self.account,
            account_number,
            block_payments_cc=block_payments_cc,
            block_payments_eft=block_payments_eft,
            **changes,
        )
        protocol.read_update_customer_record(self.account, self._transport.send(request))

    def __repr__(self) -> str:
        return f"InvoiceCloudClient({self.account})"


class AsyncInvoiceCloudClient(AsyncConnected):
    """`InvoiceCloudClient` for asyncio."""

    def __init__(
        self,
        base_url: str,
        biller_guid: str,
        web_service_key: str,
        *,
        soap: SoapVersion = "1.1",
        timeouts: Timeouts = LONG_TIMEOUTS,
        allow_http: bool = False,
        transport: AsyncTransport | None = None,
    ) -> None:
        self.account = Account(base_url, biller_guid, web_service_key, soap)
        super().__init__(
            base_url, transport, timeouts=timeouts, allow_http=allow_http, max_answer_bytes=MAX_RECEIPT_BYTES
        )

    async def upload_invoice_file(self, file_name: str, content: bytes) -> UploadReceipt:
        """Hand in a bill file (BIF, or WaterSmart's CSV by its name)."""
        request = protocol.build_upload_invoice_file(self.account, file_name, content)
        return protocol.read_upload_invoice_file(self.account, await self._transport.send(request))

    async def view_invoice(self, invoice_number: str) -> InvoiceView:
        """One invoice (`ViewInvoiceByInvoiceNumber`)."""
        request = protocol.build_view_invoice(self.account, invoice_number)
        return protocol.read_view_invoice(self.account, await self._transport.send(request))

    async def set_invoice_balance(
        self, invoice_number: str, balance_due: Decimal, total_amount_due: Decimal | None = None
    ) -> None:
        """Set an invoice's balance; *total_amount_due* stays where `None`."""
        request = protocol.build_set_invoice_balance(self.account, invoice_number, balance_due, total_amount_due)
        protocol.read_set_invoice_balance(self.account, await self._transport.send(request))

    async def view_customer_record(self, account_number: str) -> CustomerView:
        """One customer."""
        request = protocol.build_view_customer_record(self.account, account_number)
        return protocol.read_view_customer_record(self.account, await self._transport.send(request))

    async def update_customer_record(
        self,
        account_number: str,
        *,
        block_payments_cc: bool,
        block_payments_eft: bool,
        **changes: Unpack[CustomerChanges],
    ) -> None:
        """Change a customer's record; both blocks are set as said, texts as `CustomerChanges` says."""
        request = protocol.build_update_customer_record(
            self.account,
            account_number,
            block_payments_cc=block_payments_cc,
            block_payments_eft=block_payments_eft,
            **changes,
        )
        protocol.read_update_customer_record(self.account, await self._transport.send(request))

    def __repr__(self) -> str:
        return f"AsyncInvoiceCloudClient({self.account})"
