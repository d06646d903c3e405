"""The Invoice Cloud clients: they send, wait and close; `operations` decides everything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypedDict, TypeVar, Unpack

from partnerlab.client.http import LONG_TIMEOUTS, AsyncTransport, Timeouts, Transport
from partnerlab.client.http.call import Call
from partnerlab.client.http.connected import AsyncConnected, Connected
from partnerlab.client.invoice_cloud.account import Account
from partnerlab.client.invoice_cloud.models import (
    CustomerChange,
    CustomerView,
    ExportedPayment,
    InvoiceView,
    UploadReceipt,
)
from partnerlab.client.invoice_cloud.operations import billing, exports
from partnerlab.client.invoice_cloud.operations import remote_authentication as remote
from partnerlab.client.invoice_cloud.rest_models import RemoteSession
from partnerlab.client.wire.soap import SoapVersion

__all__ = ["AsyncInvoiceCloudClient", "CustomerChanges", "InvoiceCloudClient"]

T = TypeVar("T")

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
    Every call raises the errors of `partnerlab.client.errors`; no call is ever sent twice.
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

    def perform(self, call: Call[T]) -> T:
        """Send a call and read its answer."""
        return call.read(self._transport.send(call.request))

    def upload_invoice_file(self, file_name: str, content: bytes) -> UploadReceipt:
        """Hand in a bill file (BIF, or WaterSmart's CSV by its name)."""
        request = billing.build_upload_invoice_file(self.account, file_name, content)
        return billing.read_upload_invoice_file(self.account, self._transport.send(request))

    def view_invoice(self, invoice_number: str) -> InvoiceView:
        """One invoice (`ViewInvoiceByInvoiceNumber`)."""
        request = billing.build_view_invoice(self.account, invoice_number)
        return billing.read_view_invoice(self.account, self._transport.send(request))

    def set_invoice_balance(
        self, invoice_number: str, balance_due: Decimal, total_amount_due: Decimal | None = None
    ) -> None:
        """Set an invoice's balance; *total_amount_due* stays where `None`."""
        request = billing.build_set_invoice_balance(self.account, invoice_number, balance_due, total_amount_due)
        billing.read_set_invoice_balance(self.account, self._transport.send(request))

    def view_customer_record(self, account_number: str) -> CustomerView:
        """One customer."""
        request = billing.build_view_customer_record(self.account, account_number)
        return billing.read_view_customer_record(self.account, self._transport.send(request))

    def update_customer_record(
        self,
        account_number: str,
        *,
        block_payments_cc: bool,
        block_payments_eft: bool,
        **changes: Unpack[CustomerChanges],
    ) -> None:
        """Change a customer's record; both blocks are set as said, texts as `CustomerChanges` says."""
        request = billing.build_update_customer_record(
            self.account,
            account_number,
            block_payments_cc=block_payments_cc,
            block_payments_eft=block_payments_eft,
            **changes,
        )
        billing.read_update_customer_record(self.account, self._transport.send(request))

    def export_payments(self, since: datetime) -> tuple[ExportedPayment, ...]:
        """The approved payments since a time: the biller's local time where it is naive."""
        return self.perform(exports.export_payments(self.account, since))

    def export_customer_changes(self, since: datetime) -> tuple[CustomerChange, ...]:
        """What payers changed since a time, one row an account."""
        return self.perform(exports.export_customer_changes(self.account, since))

    def remote_authentication(
        self,
        username: str,
        password: str,
        account_number: str = "",
        customer_name: str = "",
        email_address: str = "",
    ) -> RemoteSession:
        """Log a user in; refused, it is a `PartnerFault` with code `Success=false`."""
        return self.perform(
            remote.remote_authentication(self.account, username, password, account_number, customer_name, email_address)
        )

    def keep_remote_session_alive(self, token: str) -> datetime:
        """Keep a session alive; when it ends unless it is used again."""
        return self.perform(remote.keep_remote_session_alive(self.account, token))

    def remote_registration(self, account_number: str, username: str, email_address: str, password: str) -> str:
        """Register a user with an account, or set a registered user's password; the customer's GUID."""
        return self.perform(remote.remote_registration(self.account, account_number, username, email_address, password))

    def unregister_accounts(self, username: str, account_numbers: Sequence[str]) -> None:
        """Take accounts from a user."""
        self.perform(remote.unregister_accounts(self.account, username, account_numbers))

    def link_customer_account(self, username: str, account_number: str) -> None:
        """Add an account to a registered user."""
        self.perform(remote.link_customer_account(self.account, username, account_number))

    def set_customer_email_address(self, account_number: str, username: str, new_email_address: str) -> None:
        """Change a customer's e-mail address."""
        self.perform(remote.set_customer_email_address(self.account, account_number, username, new_email_address))

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

    async def perform(self, call: Call[T]) -> T:
        """Send a call and read its answer."""
        return call.read(await self._transport.send(call.request))

    async def upload_invoice_file(self, file_name: str, content: bytes) -> UploadReceipt:
        """Hand in a bill file (BIF, or WaterSmart's CSV by its name)."""
        request = billing.build_upload_invoice_file(self.account, file_name, content)
        return billing.read_upload_invoice_file(self.account, await self._transport.send(request))

    async def view_invoice(self, invoice_number: str) -> InvoiceView:
        """One invoice (`ViewInvoiceByInvoiceNumber`)."""
        request = billing.build_view_invoice(self.account, invoice_number)
        return billing.read_view_invoice(self.account, await self._transport.send(request))

    async def set_invoice_balance(
        self, invoice_number: str, balance_due: Decimal, total_amount_due: Decimal | None = None
    ) -> None:
        """Set an invoice's balance; *total_amount_due* stays where `None`."""
        request = billing.build_set_invoice_balance(self.account, invoice_number, balance_due, total_amount_due)
        billing.read_set_invoice_balance(self.account, await self._transport.send(request))

    async def view_customer_record(self, account_number: str) -> CustomerView:
        """One customer."""
        request = billing.build_view_customer_record(self.account, account_number)
        return billing.read_view_customer_record(self.account, await self._transport.send(request))

    async def update_customer_record(
        self,
        account_number: str,
        *,
        block_payments_cc: bool,
        block_payments_eft: bool,
        **changes: Unpack[CustomerChanges],
    ) -> None:
        """Change a customer's record; both blocks are set as said, texts as `CustomerChanges` says."""
        request = billing.build_update_customer_record(
            self.account,
            account_number,
            block_payments_cc=block_payments_cc,
            block_payments_eft=block_payments_eft,
            **changes,
        )
        billing.read_update_customer_record(self.account, await self._transport.send(request))

    async def export_payments(self, since: datetime) -> tuple[ExportedPayment, ...]:
        """The approved payments since a time: the biller's local time where it is naive."""
        return await self.perform(exports.export_payments(self.account, since))

    async def export_customer_changes(self, since: datetime) -> tuple[CustomerChange, ...]:
        """What payers changed since a time, one row an account."""
        return await self.perform(exports.export_customer_changes(self.account, since))

    async def remote_authentication(
        self,
        username: str,
        password: str,
        account_number: str = "",
        customer_name: str = "",
        email_address: str = "",
    ) -> RemoteSession:
        """Log a user in; refused, it is a `PartnerFault` with code `Success=false`."""
        return await self.perform(
            remote.remote_authentication(self.account, username, password, account_number, customer_name, email_address)
        )

    async def keep_remote_session_alive(self, token: str) -> datetime:
        """Keep a session alive; when it ends unless it is used again."""
        return await self.perform(remote.keep_remote_session_alive(self.account, token))

    async def remote_registration(self, account_number: str, username: str, email_address: str, password: str) -> str:
        """Register a user with an account, or set a registered user's password; the customer's GUID."""
        return await self.perform(
            remote.remote_registration(self.account, account_number, username, email_address, password)
        )

    async def unregister_accounts(self, username: str, account_numbers: Sequence[str]) -> None:
        """Take accounts from a user."""
        await self.perform(remote.unregister_accounts(self.account, username, account_numbers))

    async def link_customer_account(self, username: str, account_number: str) -> None:
        """Add an account to a registered user."""
        await self.perform(remote.link_customer_account(self.account, username, account_number))

    async def set_customer_email_address(self, account_number: str, username: str, new_email_address: str) -> None:
        """Change a customer's e-mail address."""
        await self.perform(remote.set_customer_email_address(self.account, account_number, username, new_email_address))

    def __repr__(self) -> str:
        return f"AsyncInvoiceCloudClient({self.account})"
