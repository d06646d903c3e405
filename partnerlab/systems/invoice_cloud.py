"""Invoice Cloud: what partners and payers call. The sandbox itself makes its simulator: its ports lead everywhere."""

from __future__ import annotations

from collections.abc import Sequence

from partnerlab.console.places import Entrance
from partnerlab.simulators import ic_webservices
from partnerlab.simulators.ic_webservices.wire.doors import (
    CLOUD_PAYMENTS_PATH,
    INVOICING_PATH,
    MANAGEMENT_PATH,
    REMOTE_PATH,
    REST_PATH,
)
from partnerlab.systems.system import System

__all__ = ["SYSTEM"]

_BASIC = "API key, by HTTP Basic"
_WEB_SERVICES = "BillerGUID and WebServiceKey of a biller"


def _doors(settings: ic_webservices.Settings) -> Sequence[Entrance]:
    return (
        Entrance("Invoice Cloud REST", f"{REST_PATH}/biller/status", settings.utility_api_key, _BASIC),
        Entrance("Cloud Payments V2", CLOUD_PAYMENTS_PATH, "", _BASIC),
        Entrance("CloudInvoicing", f"{INVOICING_PATH}?wsdl", "", _WEB_SERVICES),
        Entrance("CloudManagement", f"{MANAGEMENT_PATH}?wsdl", "", _WEB_SERVICES),
        Entrance("RemoteAuthentication", f"{REMOTE_PATH}?wsdl", "", _WEB_SERVICES),
    )


SYSTEM = System(part="invoice-cloud", section="ic", settings=ic_webservices.Settings, doors=_doors)
