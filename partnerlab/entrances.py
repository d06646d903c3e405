"""Where each system of a sandbox is reached and with what: for its first screen and the console's first page."""

from __future__ import annotations

from collections.abc import Collection

from partnerlab.console import Entrance
from partnerlab.partners import PARTNERS
from partnerlab.parts import PARTS
from partnerlab.simulators import ic_webservices
from partnerlab.systems import SYSTEMS, Every

__all__ = ["PUMP_PATH", "billers", "entrances"]

PUMP_PATH = "/_pump"


def entrances(settings: Every, served: Collection[str] = PARTS) -> list[Entrance]:
    """The doors of the systems that are *served* here, then what the real ones do not have."""
    found = [Entrance("console", "/", "", "all of it, in a browser")]
    for one in SYSTEMS:
        if one.doors is not None and one.part in served:
            found += one.doors(settings.of(one.settings))
    for one in SYSTEMS:
        found += one.without_doors
    found.append(Entrance("control API", "/_sandbox/openapi.json", "", "everything the real systems do not have"))
    found.append(Entrance("data pump", f"{PUMP_PATH}/deliveries", "", "what goes to the partners"))
    return found


def billers(ic: ic_webservices.Settings) -> list[tuple[str, str, str, str]]:
    """Invoice Cloud's billers: their partner's name, BillerGUID, API key and WebServiceKey."""
    return [
        (one.name, *(getattr(ic, f"{one.biller}_{value}") for value in ("guid", "api_key", "web_service_key")))
        for one in PARTNERS.values()
    ]
