"""A biller as the client knows it: which partner it has, how that partner is addressed, and what it switched on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Protocol

from partnerlab.client.errors import RequestInvalid
from partnerlab.contracts.masking import mask
from partnerlab.contracts.records import dataclass
from partnerlab.contracts.settings import setting, settings

__all__ = ["Biller", "BillerDirectory", "BillerUnknown"]


class BillerUnknown(LookupError):
    """No biller of that GUID in that lane."""

    def __init__(self, lane: str, guid: str) -> None:
        self.lane, self.guid = lane, guid
        super().__init__(f"there is no biller {guid} in {lane}")


@dataclass(frozen=True, slots=True, repr=False)
class Biller:
    """
    One biller of Invoice Cloud.

    `partner` is the integration (`inhance_v2`); `settings` its advanced settings by id (`{"11": "https://…"}`);
    `configuration` its JSON configuration (INT-8748), in which `{"RTDR": {"UpdateEmail": true}}` lets a balance
    answer change the e-mail address (assumed [A-22]).
    """

    guid: str
    partner: str
    settings: Mapping[str, str]
    configuration: Mapping[str, Any] = field(default_factory=dict)

    def get(self, id: str) -> str:
        """The setting's value, else its default, else an empty string. Raises `KeyError` for an unknown id."""
        known = setting(id)
        return self.settings.get(id) or known.default

    def require(self, id: str) -> str:
        """The setting's value. Raises `RequestInvalid` where it is unset and has no default."""
        value = self.get(id)
        if not value:
            raise RequestInvalid(f"setting {id}", "", f"{setting(id).meaning}: is not set for biller {self.guid}")
        return value

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that no text may show."""
        return tuple(value for id, value in self.settings.items() if _is_secret(id))

    def __repr__(self) -> str:
        shown = {id: mask(value) if _is_secret(id) else value for id, value in self.settings.items()}
        return f"Biller(guid={self.guid!r}, partner={self.partner!r}, settings={shown!r})"


class BillerDirectory(Protocol):
    """Where the client finds its billers: a file in production, the simulator in the sandbox."""

    def __call__(self, lane: str, guid: str) -> Biller:
        """The biller as it is set up now. Raises `BillerUnknown`."""


def _is_secret(id: str) -> bool:
    """Whether a setting's value must be masked; that of a setting nobody knows must."""
    known = settings().get(id)
    return known is None or known.secret
