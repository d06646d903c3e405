"""The Invoice Cloud clients, SOAP and REST: they send, wait and close; `operations` declares everything."""

from __future__ import annotations

from partnerlab.client.http import DEFAULT_TIMEOUTS, LONG_TIMEOUTS, AsyncTransport, Timeouts, Transport
from partnerlab.client.http.connected import AsyncConnected, AsyncMethod, Connected, SyncMethod
from partnerlab.client.invoice_cloud.account import Account, RestAccount
from partnerlab.client.invoice_cloud.operations import billing, cloud_payments, exports, rest
from partnerlab.client.invoice_cloud.operations import remote_authentication as remote
from partnerlab.client.wire.soap import SoapVersion

__all__ = ["AsyncInvoiceCloudClient", "AsyncRestClient", "InvoiceCloudClient", "RestClient"]

MAX_RECEIPT_BYTES = 1 << 24  # the receipt of an upload lists every problem of the file


class InvoiceCloudClient(Connected):
    """
    Invoice Cloud's web services for one biller.

    *base_url* is the origin (`https://host`), to which the services' paths are added. Give *transport* to share its
    connections (it stays yours to close); else the client makes one of its own with *timeouts* and *allow_http*.
    Every call raises the errors of `partnerlab.client.errors`; no call is ever sent twice.
    """

    endpoint: Account

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
        account = Account(base_url, biller_guid, web_service_key, soap)
        super().__init__(
            account,
            base_url,
            transport,
            timeouts=timeouts,
            allow_http=allow_http,
            max_answer_bytes=MAX_RECEIPT_BYTES,
        )

    upload_invoice_file = SyncMethod(billing.upload_invoice_file)
    view_invoice = SyncMethod(billing.view_invoice)
    set_invoice_balance = SyncMethod(billing.set_invoice_balance)
    view_customer_record = SyncMethod(billing.view_customer_record)
    update_customer_record = SyncMethod(billing.update_customer_record)
    export_payments = SyncMethod(exports.export_payments)
    export_customer_changes = SyncMethod(exports.export_customer_changes)
    remote_authentication = SyncMethod(remote.remote_authentication)
    keep_remote_session_alive = SyncMethod(remote.keep_remote_session_alive)
    remote_registration = SyncMethod(remote.remote_registration)
    unregister_accounts = SyncMethod(remote.unregister_accounts)
    link_customer_account = SyncMethod(remote.link_customer_account)
    set_customer_email_address = SyncMethod(remote.set_customer_email_address)


class AsyncInvoiceCloudClient(AsyncConnected):
    """`InvoiceCloudClient` for asyncio."""

    endpoint: Account

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
        account = Account(base_url, biller_guid, web_service_key, soap)
        super().__init__(
            account,
            base_url,
            transport,
            timeouts=timeouts,
            allow_http=allow_http,
            max_answer_bytes=MAX_RECEIPT_BYTES,
        )

    upload_invoice_file = AsyncMethod(billing.upload_invoice_file)
    view_invoice = AsyncMethod(billing.view_invoice)
    set_invoice_balance = AsyncMethod(billing.set_invoice_balance)
    view_customer_record = AsyncMethod(billing.view_customer_record)
    update_customer_record = AsyncMethod(billing.update_customer_record)
    export_payments = AsyncMethod(exports.export_payments)
    export_customer_changes = AsyncMethod(exports.export_customer_changes)
    remote_authentication = AsyncMethod(remote.remote_authentication)
    keep_remote_session_alive = AsyncMethod(remote.keep_remote_session_alive)
    remote_registration = AsyncMethod(remote.remote_registration)
    unregister_accounts = AsyncMethod(remote.unregister_accounts)
    link_customer_account = AsyncMethod(remote.link_customer_account)
    set_customer_email_address = AsyncMethod(remote.set_customer_email_address)


class RestClient(Connected):
    """
    Invoice Cloud's REST services and Cloud Payments V2 for one biller.

    *base_url* is the origin (`https://host`), to which the services' paths are added. Give *transport* to share its
    connections (it stays yours to close); else the client makes one of its own with *timeouts* and *allow_http*.
    Every call raises the errors of `partnerlab.client.errors`; no call is ever sent twice.
    """

    endpoint: RestAccount

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: Transport | None = None,
    ) -> None:
        account = RestAccount(base_url, api_key)
        super().__init__(
            account,
            base_url,
            transport,
            timeouts=timeouts,
            allow_http=allow_http,
        )

    biller_status = SyncMethod(rest.biller_status)
    retrieve_users = SyncMethod(rest.retrieve_users)
    remote_authentication = SyncMethod(rest.remote_authentication)
    register_accounts = SyncMethod(rest.register_accounts)
    retrieve_user_accounts = SyncMethod(rest.retrieve_user_accounts)
    update_password = SyncMethod(rest.update_password)
    update_email_address = SyncMethod(rest.update_email_address)
    retrieve_customer_guid = SyncMethod(rest.retrieve_customer_guid)
    create_customer_record = SyncMethod(rest.create_customer_record)
    retrieve_customer_account = SyncMethod(rest.retrieve_customer_account)
    create_cloud_payment = SyncMethod(cloud_payments.create_cloud_payment)


class AsyncRestClient(AsyncConnected):
    """`RestClient` for asyncio."""

    endpoint: RestAccount

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: AsyncTransport | None = None,
    ) -> None:
        account = RestAccount(base_url, api_key)
        super().__init__(
            account,
            base_url,
            transport,
            timeouts=timeouts,
            allow_http=allow_http,
        )

    biller_status = AsyncMethod(rest.biller_status)
    retrieve_users = AsyncMethod(rest.retrieve_users)
    remote_authentication = AsyncMethod(rest.remote_authentication)
    register_accounts = AsyncMethod(rest.register_accounts)
    retrieve_user_accounts = AsyncMethod(rest.retrieve_user_accounts)
    update_password = AsyncMethod(rest.update_password)
    update_email_address = AsyncMethod(rest.update_email_address)
    retrieve_customer_guid = AsyncMethod(rest.retrieve_customer_guid)
    create_customer_record = AsyncMethod(rest.create_customer_record)
    retrieve_customer_account = AsyncMethod(rest.retrieve_customer_account)
    create_cloud_payment = AsyncMethod(cloud_payments.create_cloud_payment)
