"""What can be set of the insurer."""

from __future__ import annotations

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit import settings as rules

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """
    The insurer's addresses and credentials.

    `bases` are all served alike: the sandbox's own, and those of the billers that the source shows. `insurer` stands on
    its bills. `time_zone` is the insurer's, whose days begin and end by it. Without `warm` nothing is remembered
    between calls.
    """

    bases: tuple[str, ...] = ("/invoicecloudapi", "/InvCloudService_PROD", "/InvCloudAPI_PROD")
    consumer_guid: str = "IC-SANDBOX"
    entry_key: str = "sandbox-entry-key"
    insurer: str = "Sandbox Insurance"
    time_zone: str = "America/New_York"
    warm: bool = True

    def problems(self) -> dict[str, str]:
        """What cannot be, by field."""
        filled = dict.fromkeys(("consumer_guid", "entry_key", "insurer"), rules.filled)
        found = rules.found_by({**filled, "time_zone": rules.time_zone}, self)
        wrong = [text for base in self.bases if (text := rules.path(base))]
        if wrong or not self.bases:
            found["bases"] = wrong[0] if wrong else "names no path"
        elif len({base.lower() for base in self.bases}) < len(self.bases):
            found["bases"] = "names a path twice"
        return found

    def __repr__(self) -> str:
        return f"Settings(bases={self.bases!r}, consumer_guid={self.consumer_guid!r}, insurer={self.insurer!r})"
