"""The doors that partners call: three SOAP services and two REST interfaces, under their paths."""

from __future__ import annotations

from partnerlab.contracts.data import read_bytes
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


def create_doors(services: Services) -> dict[str, App]:
    """The doors by path."""
    from partnerlab.simulators.ic_webservices.wire import cloud_payments, rest_operations
    from partnerlab.simulators.ic_webservices.wire.rest import create_door

    keys = services.api_keys
    rest = rest_operations.operations(services.ledger, services.authentication, services.user_accounts)
    return {
        INVOICING_PATH: _invoicing(services),
        MANAGEMENT_PATH: _management(services),
        REMOTE_PATH: _remote_authentication(services),
        REST_PATH: create_door("REST", keys, rest),
        CLOUD_PAYMENTS_PATH: create_door("CloudPayments", keys, cloud_payments.operations(services.cloud_payments)),
    }


def _invoicing(services: Services) -> AsmxService:
    from partnerlab.simulators.ic_webservices.wire import invoicing, types

    return AsmxService(
        name="CloudInvoicing",
        service=invoicing.declare(services.ledger, services.uploads, services.exports),
        namespace=types.INVOICING,
        wsdl=read_bytes("ic_webservices/CloudInvoicing.wsdl"),
        inline=False,  # a bill file of 30 MB takes seconds
        max_body=services.settings.max_upload_bytes,
        flat_forms=True,
    )


def _management(services: Services) -> AsmxService:
    from partnerlab.simulators.ic_webservices.wire import management, types

    return AsmxService(
        name="CloudManagement",
        service=management.declare(services.ledger, services.exports),
        namespace=types.MANAGEMENT,
        wsdl=read_bytes("ic_webservices/CloudManagement.wsdl"),
    )


def _remote_authentication(services: Services) -> AsmxService:
    from partnerlab.simulators.ic_webservices.wire import remote_authentication, remote_types

    return AsmxService(
        name="RemoteAuthenticationWS",
        service=remote_authentication.declare(services.ledger, services.authentication, services.user_accounts),
        namespace=remote_types.REMOTE,
        wsdl=read_bytes("ic_webservices/RemoteAuthenticationWS.wsdl"),
    )
