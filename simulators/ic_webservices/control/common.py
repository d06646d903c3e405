"""What the routes share: the biller a request is about, and the columns a list is searched by."""

from __future__ import annotations

from typing import Any

from partnerlab.simulators.ic_webservices.world import Services

__all__ = ["Json", "Part", "searched"]

Json = dict[str, Any]


class Part:
    """Some operations of the contract over the services. Without a biller the utility is meant."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def _guid(self, biller_guid: str) -> str:
        return biller_guid or self._services.settings.utility_guid


def searched(**columns: str) -> dict[str, str]:
    """The columns that a request names a value for."""
    return {name: value for name, value in columns.items() if value}
