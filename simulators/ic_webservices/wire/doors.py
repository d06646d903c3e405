"""The doors that partners call: three SOAP services and two REST interfaces, under their paths."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.first_use import importing
from partnerlab.simulators.ic_webservices.settings import Settings
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.asmx.front import AsmxService
from partnerlab.simulators.kit.http.at_first_request import AtFirstRequest
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
    """The doors by path. Each is made at its first request."""

    def door(
        make: Callable[[Services, str], App], name: str, *, inline: bool = True, group_commit: bool = False
    ) -> App:
        return AtFirstRequest(name, partial(make, services), inline=inline, group_commit=group_commit)

    return {
        INVOICING_PATH: door(_invoicing, "CloudInvoicing", inline=False),  # a bill file of 30 MB takes seconds
        MANAGEMENT_PATH: door(_management, "CloudManagement"),
        REMOTE_PATH: door(_remote_authentication, "RemoteAuthenticationWS"),
        REST_PATH: door(_rest, "REST"),
        CLOUD_PAYMENTS_PATH: door(_cloud_payments, "CloudPayments", group_commit=True),
    }


def _invoicing(services: Services, name: str) -> App:
    with importing:
        from partnerlab.simulators.ic_webservices.wire.invoicing import InvoicingOperations
        from partnerlab.simulators.ic_webservices.wire.messages import cloud_invoicing

    service = AsmxService(
        name=name,
        service=cloud_invoicing.SERVICE,
        handlers=InvoicingOperations(services.ledger, services.uploads, services.exports),
        wsdl=read_bytes("ic_webservices/CloudInvoicing.wsdl"),
        samples=SAMPLES,
        max_body=services.settings.max_upload_bytes,
        flat_forms=True,
    )
    return _answered(services, service, "cloud_invoicing")


def _management(services: Services, name: str) -> App:
    with importing:
        from partnerlab.simulators.ic_webservices.wire.management import ManagementOperations
        from partnerlab.simulators.ic_webservices.wire.messages import cloud_management

    service = AsmxService(
        name=name,
        service=cloud_management.SERVICE,
        handlers=ManagementOperations(services.ledger, services.exports),
        wsdl=read_bytes("ic_webservices/CloudManagement.wsdl"),
        samples=SAMPLES,
    )
    return _answered(services, service, "cloud_management")


def _remote_authentication(services: Services, name: str) -> App:
    with importing:
        from partnerlab.simulators.ic_webservices.wire.messages import remote_authentication
        from partnerlab.simulators.ic_webservices.wire.remote_authentication import RemoteAuthenticationOperations

    service = AsmxService(
        name=name,
        service=remote_authentication.SERVICE,
        handlers=RemoteAuthenticationOperations(services.ledger, services.authentication, services.user_accounts),
        wsdl=read_bytes("ic_webservices/RemoteAuthenticationWS.wsdl"),
        samples=SAMPLES,
    )
    return _answered(services, service, "remote_authentication")


def _answered(services: Services, service: AsmxService, declarations: str) -> App:
    """The service. Where the settings say so, Spyne reads and writes its messages, by the class of its name there."""
    if services.settings.soap == "spyne":
        with importing:
            from partnerlab.simulators.kit.asmx.spyne_front import answer_with_spyne

        with importing:
            declared = import_module(f"partnerlab.simulators.ic_webservices.wire.declarations.{declarations}")
        answer_with_spyne(service, getattr(declared, service.name))
    return service


def _rest(services: Services, name: str) -> App:
    with importing:
        from partnerlab.simulators.ic_webservices.wire.rest import create_door
        from partnerlab.simulators.ic_webservices.wire.rest_operations import operations

    found = operations(services.ledger, services.authentication, services.user_accounts)
    return create_door(name, services.api_keys, found)


def _cloud_payments(services: Services, name: str) -> App:
    with importing:
        from partnerlab.simulators.ic_webservices.wire.cloud_payments import operations
        from partnerlab.simulators.ic_webservices.wire.rest import create_door

    return create_door(name, services.api_keys, operations(services.cloud_payments))
