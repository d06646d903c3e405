"""Billers: who they are at Invoice Cloud, the keys they call with, and what is switched on for them."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import field
from typing import Any
from zoneinfo import ZoneInfo

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.errors import KeyWrong, ValueRefused

__all__ = ["Biller", "authenticate", "is_on", "normal_guid", "time_zone"]


@dataclass(frozen=True, slots=True)
class Biller:
    """
    One biller.

    `partner` names the integration (`inhance_v2`); `settings` are the advanced settings by id, where a URL that
    begins with `/` is a path of this sandbox; `configuration` is the JSON configuration (INT-8748).
    """

    guid: str
    name: str
    partner: str
    api_key: str
    web_service_key: str
    invoice_format_guid: str
    invoice_type_id: str
    time_zone: str
    settings: Mapping[str, str] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Biller(guid={self.guid!r}, partner={self.partner!r})"


def is_on(biller: Biller, section: str, name: str, *, default: bool) -> bool:
    """A switch of the JSON configuration, as in `{"Postbacks": {"Declined": false}}`; anything else is the default."""
    values = biller.configuration.get(section)
    value = values.get(name) if isinstance(values, Mapping) else None
    return value if isinstance(value, bool) else default


def normal_guid(text: str | None) -> str:
    """A GUID as it is compared: without blanks and braces, in lower case."""
    return (text or "").replace("\0", "").strip().strip("{}").lower()


def authenticate(biller: Biller | None, web_service_key: str, given: str | None) -> Biller:
    """The biller, if what was *given* is its key. Raises `KeyWrong`."""
    right = hmac.compare_digest(normal_guid(web_service_key).encode(), normal_guid(given).encode())
    if biller is None or not right:
        raise KeyWrong
    return biller


def time_zone(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises `ValueRefused`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueRefused("time_zone", name, "must be an IANA time zone, as in America/New_York") from None
