"""The doors that partners call: three SOAP services and two REST interfaces, under their paths."""

from __future__ import annotations

from partnerlab.contracts.data import read_bytes
from partnerlab.simulators.ic_webservices.settings import Settings
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.asmx.front import AsmxService
from partnerlab.simulators.kit.http.messages import App

__all__ = [
    "CLOUD_PAYMENTS_PATH",
    "INVOICING_PATH",
    "MANAGEMENT_PATH",
    "REMOTE_PATH",
    "REST_PATH",
    "create_doors",
]

INVOICING_PATH = "/portal/webservices/CloudInvoicing.asmx"
MANAGEMENT_PATH = "/portal/webservices/CloudManagement.asmx"
REMOTE_PATH = "/portal/webservices/RemoteAuthenticationWS.asmx"
REST_PATH = "/api/v1"
CLOUD_PAYMENTS_PATH = "/cloudpaymentsapi/v2"

SAMPLES = {
    "BillerGUID": Settings().utility_guid,
    "WebServiceKey": Settings().utility_web_service_key,
    "AccountNumber": Settings().utility_account,
    "InvoiceNumber": Settings().utility_invoice,
    "BalanceDue": Settings().utility_balance,
    "CustomerName": Settings().utility_customer,
    "Username": Settings().utility_email,
    "Password": Settings().utility_password,
    "EmailAddress": Settings().utility_email,
    "NewEmailAddress": Settings().utility_email,
    "LoginTypeID": "1",
}
"""What test forms begin with: the sandbox's constants. A key that was set is never shown."""


def create_doors(services: Services) -> dict[str, App]:
    """The doors by path."""
    from partnerlab.simulators.ic_webservices.wire import cloud_payments, rest_operations
    from partnerlab.simulators.ic_webservices.wire.rest import create_door

    keys = services.api_keys
    rest = rest_operations.operations(services.ledger, services.authentication, services.user_accounts)
    soap = {
        INVOICING_PATH: _invoicing(services),
        MANAGEMENT_PATH: _management(services),
        REMOTE_PATH: _remote_authentication(services),
    }
    if services.settings.soap == "spyne":
        _answer_with_spyne(soap)
    pages = cloud_payments.operations(services.cloud_payments)
    return {
        **soap,
        REST_PATH: create_door("REST", keys, rest),
        CLOUD_PAYMENTS_PATH: create_door("CloudPayments", keys, pages, group_commit=True),
    }


def _invoicing(services: Services) -> AsmxService:
    from partnerlab.simulators.ic_webservices.wire.invoicing import InvoicingOperations
    from partnerlab.simulators.ic_webservices.wire.messages import cloud_invoicing

    return AsmxService(
        name="CloudInvoicing",
        service=cloud_invoicing.SERVICE,
        handlers=InvoicingOperations(services.ledger, services.uploads, services.exports),
        wsdl=read_bytes("ic_webservices/CloudInvoicing.wsdl"),
        samples=SAMPLES,
        inline=False,  # a bill file of 30 MB takes seconds
        max_body=services.settings.max_upload_bytes,
        flat_forms=True,
    )


def _management(services: Services) -> AsmxService:
    from partnerlab.simulators.ic_webservices.wire.management import ManagementOperations
    from partnerlab.simulators.ic_webservices.wire.messages import cloud_management

    return AsmxService(
        name="CloudManagement",
        service=cloud_management.SERVICE,
        handlers=ManagementOperations(services.ledger, services.exports),
        wsdl=read_bytes("ic_webservices/CloudManagement.wsdl"),
        samples=SAMPLES,
    )


def _remote_authentication(services: Services) -> AsmxService:
    from partnerlab.simulators.ic_webservices.wire.messages import remote_authentication
    from partnerlab.simulators.ic_webservices.wire.remote_authentication import RemoteAuthenticationOperations

    return AsmxService(
        name="RemoteAuthenticationWS",
        service=remote_authentication.SERVICE,
        handlers=RemoteAuthenticationOperations(services.ledger, services.authentication, services.user_accounts),
        wsdl=read_bytes("ic_webservices/RemoteAuthenticationWS.wsdl"),
        samples=SAMPLES,
    )


def _answer_with_spyne(doors: dict[str, AsmxService]) -> None:
    from partnerlab.simulators.ic_webservices.wire.declarations.cloud_invoicing import CloudInvoicing
    from partnerlab.simulators.ic_webservices.wire.declarations.cloud_management import CloudManagement
    from partnerlab.simulators.ic_webservices.wire.declarations.remote_authentication import RemoteAuthenticationWS
    from partnerlab.simulators.kit.asmx.spyne_front import answer_with_spyne

    answer_with_spyne(doors[INVOICING_PATH], CloudInvoicing)
    answer_with_spyne(doors[MANAGEMENT_PATH], CloudManagement)
    answer_with_spyne(doors[REMOTE_PATH], RemoteAuthenticationWS)
