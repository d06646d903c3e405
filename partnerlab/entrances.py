"""Where each system of a sandbox is reached and with what: for its first screen and the console's first page."""

from __future__ import annotations

from partnerlab.console import Entrance
from partnerlab.simulators import ic_webservices, inhance_soap, tccs_rest
from partnerlab.simulators.ic_webservices.wire.doors import (
    CLOUD_PAYMENTS_PATH,
    INVOICING_PATH,
    MANAGEMENT_PATH,
    REMOTE_PATH,
    REST_PATH,
)

__all__ = ["PUMP_PATH", "entrances"]

PUMP_PATH = "/_pump"


def entrances(inhance: inhance_soap.Settings, tccs: tccs_rest.Settings, ic: ic_webservices.Settings) -> list[Entrance]:
    """The doors of partners and Invoice Cloud, then what the real systems do not have."""
    return [
        Entrance("inHance", f"{inhance.path}?wsdl", inhance.key, "the key, WebServiceKey"),
        Entrance("TCCS", tccs.bases[0], tccs.entry_key, f"the entry key of consumer {tccs.consumer_guid}"),
        Entrance("Invoice Cloud REST", f"{REST_PATH}/biller/status", ic.utility_api_key, "the API key, by HTTP Basic"),
        Entrance("Cloud Payments V2", CLOUD_PAYMENTS_PATH, ic.utility_api_key, "the same API key"),
        Entrance("CloudInvoicing", f"{INVOICING_PATH}?wsdl", ic.utility_guid, "the biller"),
        Entrance("CloudManagement", f"{MANAGEMENT_PATH}?wsdl", ic.utility_web_service_key, "the key"),
        Entrance("RemoteAuthentication", f"{REMOTE_PATH}?wsdl", ic.utility_web_service_key, "the same biller and key"),
        Entrance("inHance v1", "/_sandbox/jobs", ic.utility_v1_guid, "the biller; it calls by timed jobs"),
        Entrance("WaterSmart", "/_sandbox/watersmart/books", "", "its books; it calls, nobody calls it"),
        Entrance("control API", "/_sandbox/openapi.json", "", "everything the real systems do not have"),
        Entrance("data pump", f"{PUMP_PATH}/deliveries", "", "what goes to the partners"),
    ]
