"""A biller's JSON configuration, checked when it is set: what could not be read later would be off in silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from partnerlab.simulators.ic_webservices.domain.bill_formats import check_formats
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.fees import FEE_KEYS, service_fee_cents

__all__ = ["SECTIONS", "SWITCHES", "check_configuration"]

SECTIONS = ("BIF", "Egress", "InvoiceFormats", "Portal", "Postbacks", "REST", "RTDR", "Registration")
"""Members that are objects."""
SWITCHES = (
    ("BIF", "Strict"),
    ("REST", "Strict"),
    ("RTDR", "UpdateEmail"),
    ("Postbacks", "Declined"),
    ("Registration", "RequirePassword"),
)
"""Members of these that are true or false."""


def check_configuration(biller: Biller, configuration: Mapping[str, Any]) -> None:
    """Check a configuration of *biller*. Raises `ValueRefused`, which names the member."""
    for section in SECTIONS:
        if not isinstance(configuration.get(section, {}), Mapping):
            raise ValueRefused(f"configuration.{section}", configuration[section], "must be an object")
    for section, name in SWITCHES:
        value = configuration.get(section, {}).get(name, False)
        if not isinstance(value, bool):
            raise ValueRefused(f"configuration.{section}.{name}", value, "must be true or false")
    portal = configuration.get("Portal", {})
    if not isinstance(portal.get("ServiceFee", {}), Mapping):
        raise ValueRefused("configuration.Portal.ServiceFee", portal["ServiceFee"], "must be an object")
    if not isinstance(portal.get("FrameAncestors", []), list):
        raise ValueRefused("configuration.Portal.FrameAncestors", portal["FrameAncestors"], "must be a list")
    for kind in FEE_KEYS:
        service_fee_cents(replace(biller, configuration=configuration), kind)
    check_formats(configuration)
