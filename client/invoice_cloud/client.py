"""The Invoice Cloud clients, SOAP and REST: they send, wait and close; `operations` declares everything."""

from __future__ import annotations

from partnerlab.client.http import DEFAULT_TIMEOUTS, LONG_TIMEOUTS, AsyncTransport, Timeouts, Transport
from partnerlab.client.http.connected import AsyncConnected, Connected, Method, Service, Tr
from partnerlab.client.invoice_cloud.account import Account, RestAccount
from partnerlab.client.invoice_cloud.operations import billing, cloud_payments, exports, rest
from partnerlab.client.invoice_cloud.operations import remote_authentication as remote
from partnerlab.client.wire.soap import SoapVersion

__all__ = ["AsyncInvoiceCloudClient", "AsyncRestClient", "InvoiceCloudClient", "RestClient"]

MAX_RECEIPT_BYTES = 1 << 24  # the receipt of an upload lists every problem of the file


class _InvoiceCloud(Service[Tr]):
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
        transport: Tr | None = None,
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

    upload_invoice_file = Method(billing.upload_invoice_file)
    view_invoice = Method(billing.view_invoice)
    set_invoice_balance = Method(billing.set_invoice_balance)
    view_customer_record = Method(billing.view_customer_record)
    update_customer_record = Method(billing.update_customer_record)
    export_payments = Method(exports.export_payments)
    export_customer_changes = Method(exports.export_customer_changes)
    remote_authentication = Method(remote.remote_authentication)
    keep_remote_session_alive = Method(remote.keep_remote_session_alive)
    remote_registration = Method(remote.remote_registration)
    unregister_accounts = Method(remote.unregister_accounts)
    link_customer_account = Method(remote.link_customer_account)
    set_customer_email_address = Method(remote.set_customer_email_address)


class InvoiceCloudClient(_InvoiceCloud[Transport], Connected):
    """
    Invoice Cloud's web services for one biller.

    *base_url* is the origin (`https://host`), to which the services' paths are added. Give *transport* to share its
    connections (it stays yours to close); else the client makes one of its own with *timeouts* and *allow_http*.
    Every call raises the errors of `partnerlab.client.errors`; no call is ever sent twice.
    """


class AsyncInvoiceCloudClient(_InvoiceCloud[AsyncTransport], AsyncConnected):
    """`InvoiceCloudClient` for asyncio."""


class _Rest(Service[Tr]):
    endpoint: RestAccount

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: Tr | None = None,
    ) -> None:
        account = RestAccount(base_url, api_key)
        super().__init__(account, base_url, transport, timeouts=timeouts, allow_http=allow_http)

    biller_status = Method(rest.biller_status)
    retrieve_users = Method(rest.retrieve_users)
    remote_authentication = Method(rest.remote_authentication)
    register_accounts = Method(rest.register_accounts)
    retrieve_user_accounts = Method(rest.retrieve_user_accounts)
    update_password = Method(rest.update_password)
    update_email_address = Method(rest.update_email_address)
    retrieve_customer_guid = Method(rest.retrieve_customer_guid)
    create_customer_record = Method(rest.create_customer_record)
    retrieve_customer_account = Method(rest.retrieve_customer_account)
    create_cloud_payment = Method(cloud_payments.create_cloud_payment)


class RestClient(_Rest[Transport], Connected):
    """
    Invoice Cloud's REST services and Cloud Payments V2 for one biller.

    *base_url* is the origin (`https://host`), to which the services' paths are added. Give *transport* to share its
    connections (it stays yours to close); else the client makes one of its own with *timeouts* and *allow_http*.
    Every call raises the errors of `partnerlab.client.errors`; no call is ever sent twice.
    """


class AsyncRestClient(_Rest[AsyncTransport], AsyncConnected):
    """`RestClient` for asyncio."""
