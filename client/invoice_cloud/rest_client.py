"""The REST clients: they send, wait and close; `rest` and `cloud_payments` decide everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from partnerlab.client.http import DEFAULT_TIMEOUTS, AsyncTransport, Timeouts, Transport
from partnerlab.client.http.call import Call
from partnerlab.client.http.connected import AsyncConnected, Connected
from partnerlab.client.invoice_cloud.account import RestAccount
from partnerlab.client.invoice_cloud.operations import cloud_payments, rest
from partnerlab.client.invoice_cloud.operations.cloud_payments import CloudPayment, CloudPaymentRequest
from partnerlab.client.invoice_cloud.rest_models import (
    AccountRegistration,
    BillerStatus,
    CustomerAccount,
    CustomerCreated,
    NewCustomer,
    PortalUser,
    RemoteSession,
    UserAccount,
)

__all__ = ["AsyncRestClient", "RestClient"]

T = TypeVar("T")


class RestClient(Connected):
    """
    Invoice Cloud's REST services and Cloud Payments V2 for one biller.

    *base_url* is the origin (`https://host`), to which the services' paths are added. Give *transport* to share its
    connections (it stays yours to close); else the client makes one of its own with *timeouts* and *allow_http*.
    Every call raises the errors of `partnerlab.client.errors`; no call is ever sent twice.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: Transport | None = None,
    ) -> None:
        self.account = RestAccount(base_url, api_key)
        super().__init__(base_url, transport, timeouts=timeouts, allow_http=allow_http)

    def perform(self, call: Call[T]) -> T:
        """Send a call and read its answer."""
        return call.read(self._transport.send(call.request))

    def biller_status(self) -> BillerStatus:
        """Whose API key it is."""
        return self.perform(rest.biller_status(self.account))

    def retrieve_users(
        self, *, account_number: str = "", email_address: str = "", username: str = ""
    ) -> tuple[PortalUser, ...]:
        """Who has registered an account, or which accounts a user has; empty where nothing is known."""
        return self.perform(
            rest.retrieve_users(
                self.account, account_number=account_number, email_address=email_address, username=username
            )
        )

    def remote_authentication(self, username: str, password: str, account_number: str = "") -> RemoteSession:
        """Log a user in; refused, it is a `PartnerFault` with code `Success=false`."""
        return self.perform(rest.remote_authentication(self.account, username, password, account_number))

    def register_accounts(
        self, username: str, password: str, account_numbers: Sequence[str], email_address: str = ""
    ) -> tuple[AccountRegistration, ...]:
        """Register a user with accounts; look at each one's `registered`."""
        return self.perform(rest.register_accounts(self.account, username, password, account_numbers, email_address))

    def retrieve_user_accounts(self, *, username: str = "", token: str = "") -> tuple[UserAccount, ...]:
        """A user's accounts, by username or by the session's token."""
        return self.perform(rest.retrieve_user_accounts(self.account, username=username, token=token))

    def update_password(self, username: str, new_password: str, password: str = "") -> None:
        """Set a user's password, after a check of the old one where it is given."""
        self.perform(rest.update_password(self.account, username, new_password, password))

    def update_email_address(self, new_email_address: str, *, username: str = "", email_address: str = "") -> None:
        """Change a user's address."""
        self.perform(
            rest.update_email_address(self.account, new_email_address, username=username, email_address=email_address)
        )

    def retrieve_customer_guid(self, account_number: str, email_address: str = "", username: str = "") -> str:
        """The GUID of an account's customer."""
        return self.perform(rest.retrieve_customer_guid(self.account, account_number, email_address, username))

    def create_customer_record(self, customer: NewCustomer) -> CustomerCreated:
        """Create a customer, unless the account has one."""
        return self.perform(rest.create_customer_record(self.account, customer))

    def retrieve_customer_account(self, customer_guid: str) -> CustomerAccount:
        """A customer's account with its balance."""
        return self.perform(rest.retrieve_customer_account(self.account, customer_guid))

    def create_cloud_payment(self, request: CloudPaymentRequest) -> CloudPayment:
        """Ask for a hosted payment page (Cloud Payments V2); no money moves until somebody pays there."""
        return self.perform(cloud_payments.create(self.account, request))

    def __repr__(self) -> str:
        return f"RestClient({self.account})"


class AsyncRestClient(AsyncConnected):
    """`RestClient` for asyncio."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: AsyncTransport | None = None,
    ) -> None:
        self.account = RestAccount(base_url, api_key)
        super().__init__(base_url, transport, timeouts=timeouts, allow_http=allow_http)

    async def perform(self, call: Call[T]) -> T:
        """Send a call and read its answer."""
        return call.read(await self._transport.send(call.request))

    async def biller_status(self) -> BillerStatus:
        """Whose API key it is."""
        return await self.perform(rest.biller_status(self.account))

    async def retrieve_users(
        self, *, account_number: str = "", email_address: str = "", username: str = ""
    ) -> tuple[PortalUser, ...]:
        """Who has registered an account, or which accounts a user has; empty where nothing is known."""
        return await self.perform(
            rest.retrieve_users(
                self.account, account_number=account_number, email_address=email_address, username=username
            )
        )

    async def remote_authentication(self, username: str, password: str, account_number: str = "") -> RemoteSession:
        """Log a user in; refused, it is a `PartnerFault` with code `Success=false`."""
        return await self.perform(rest.remote_authentication(self.account, username, password, account_number))

    async def register_accounts(
        self, username: str, password: str, account_numbers: Sequence[str], email_address: str = ""
    ) -> tuple[AccountRegistration, ...]:
        """Register a user with accounts; look at each one's `registered`."""
        return await self.perform(
            rest.register_accounts(self.account, username, password, account_numbers, email_address)
        )

    async def retrieve_user_accounts(self, *, username: str = "", token: str = "") -> tuple[UserAccount, ...]:
        """A user's accounts, by username or by the session's token."""
        return await self.perform(rest.retrieve_user_accounts(self.account, username=username, token=token))

    async def update_password(self, username: str, new_password: str, password: str = "") -> None:
        """Set a user's password, after a check of the old one where it is given."""
        await self.perform(rest.update_password(self.account, username, new_password, password))

    async def update_email_address(
        self, new_email_address: str, *, username: str = "", email_address: str = ""
    ) -> None:
        """Change a user's address."""
        await self.perform(
            rest.update_email_address(self.account, new_email_address, username=username, email_address=email_address)
        )

    async def retrieve_customer_guid(self, account_number: str, email_address: str = "", username: str = "") -> str:
        """The GUID of an account's customer."""
        return await self.perform(rest.retrieve_customer_guid(self.account, account_number, email_address, username))

    async def create_customer_record(self, customer: NewCustomer) -> CustomerCreated:
        """Create a customer, unless the account has one."""
        return await self.perform(rest.create_customer_record(self.account, customer))

    async def retrieve_customer_account(self, customer_guid: str) -> CustomerAccount:
        """A customer's account with its balance."""
        return await self.perform(rest.retrieve_customer_account(self.account, customer_guid))

    async def create_cloud_payment(self, request: CloudPaymentRequest) -> CloudPayment:
        """Ask for a hosted payment page (Cloud Payments V2); no money moves until somebody pays there."""
        return await self.perform(cloud_payments.create(self.account, request))

    def __repr__(self) -> str:
        return f"AsyncRestClient({self.account})"
