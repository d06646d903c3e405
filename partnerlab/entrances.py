"""Where each system of a sandbox is reached and with what: for its first screen and the console's first page."""

from __future__ import annotations

from collections.abc import Collection

from partnerlab.console import Entrance
from partnerlab.partners import PARTNERS
from partnerlab.parts import PARTS
from partnerlab.simulators import ic_webservices, inhance_soap, tccs_rest
from partnerlab.simulators.ic_webservices.wire.doors import (
    CLOUD_PAYMENTS_PATH,
    INVOICING_PATH,
    MANAGEMENT_PATH,
    REMOTE_PATH,
    REST_PATH,
)

__all__ = ["PUMP_PATH", "billers", "entrances"]

PUMP_PATH = "/_pump"
PLATFORM = ("Invoice Cloud REST", "Cloud Payments V2", "CloudInvoicing", "CloudManagement", "RemoteAuthentication")


def entrances(
    inhance: inhance_soap.Settings,
    tccs: tccs_rest.Settings,
    ic: ic_webservices.Settings,
    served: Collection[str] = PARTS,
) -> list[Entrance]:
    """The doors of partners and Invoice Cloud that are *served* here, then what the real systems do not have."""
    web_services = "BillerGUID and WebServiceKey of a biller"
    found = [
        Entrance("console", "/", "", "all of it, in a browser"),
        Entrance("inHance", f"{inhance.path}?wsdl", inhance.key, "WebServiceKey"),
        Entrance("TCCS", tccs.bases[0], tccs.entry_key, f"consumerGUID {tccs.consumer_guid}, entryKey"),
        Entrance("Invoice Cloud REST", f"{REST_PATH}/biller/status", ic.utility_api_key, "API key, by HTTP Basic"),
        Entrance("Cloud Payments V2", CLOUD_PAYMENTS_PATH, "", "API key, by HTTP Basic"),
        Entrance("CloudInvoicing", f"{INVOICING_PATH}?wsdl", "", web_services),
        Entrance("CloudManagement", f"{MANAGEMENT_PATH}?wsdl", "", web_services),
        Entrance("RemoteAuthentication", f"{REMOTE_PATH}?wsdl", "", web_services),
        Entrance("inHance v1", "/_sandbox/jobs", "", "calls by timed jobs, nobody calls it"),
        Entrance("WaterSmart", "/_sandbox/watersmart/books", "", "its books; it calls, nobody calls it"),
        Entrance("control API", "/_sandbox/openapi.json", "", "everything the real systems do not have"),
        Entrance("data pump", f"{PUMP_PATH}/deliveries", "", "what goes to the partners"),
    ]
    parts = {"inHance": "inhance", "TCCS": "tccs"} | dict.fromkeys(PLATFORM, "invoice-cloud")
    return [one for one in found if parts.get(one.name, one.name) in served or one.name not in parts]


def billers(ic: ic_webservices.Settings) -> list[tuple[str, str, str, str]]:
    """Invoice Cloud's billers: their partner's name, BillerGUID, API key and WebServiceKey."""
    return [
        (one.name, *(getattr(ic, f"{one.biller}_{value}") for value in ("guid", "api_key", "web_service_key")))
        for one in PARTNERS.values()
    ]
