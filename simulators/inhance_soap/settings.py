"""What can be set of the utility."""

from __future__ import annotations

from typing import Literal

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit import settings as rules

__all__ = ["WSDL_NAMESPACE", "Settings"]

WSDL_NAMESPACE = "http://tempuri.org/"


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """
    What can be set of the utility.

    `namespace` is the target namespace of its service [A-2]; `duplicates` says whether a payment reference posted
    twice is flagged (as a partner without a check would post it) or refused; `soap` who reads and writes SOAP messages;
    `time_zone` is the utility's: a PaymentDate without an offset is its wall clock. Without `warm` no account is
    remembered between calls.
    """

    path: str = "/iCloud/iCloud.asmx"
    key: str = "11111111-1111-4111-8111-111111111111"
    namespace: str = WSDL_NAMESPACE
    duplicates: Literal["flag", "refuse"] = "flag"
    soap: Literal["codec", "spyne"] = "codec"
    time_zone: str = "America/New_York"
    warm: bool = True

    def problems(self) -> dict[str, str]:
        """What cannot be, by field."""
        return rules.found_by(
            {"path": rules.path, "key": rules.filled, "namespace": rules.filled, "time_zone": rules.time_zone}, self
        )

    def __repr__(self) -> str:
        return f"Settings(path={self.path!r}, namespace={self.namespace!r}, duplicates={self.duplicates!r})"
