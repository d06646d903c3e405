"""
Harris inHance v2: what a utility's `iCloud.asmx` is held to.

The modules of checks declare themselves in `CHECKS`, in the order they are imported here; `SUITE` has the pact too.
"""

from partnerlab.contracts.verification.provider.inhance import contract, tolerance, http, refusals, scenarios, fuzzing  # noqa: I001, F401
from partnerlab.contracts.verification.provider.inhance.preflight import preflight
from partnerlab.contracts.verification.provider.inhance.utility import SUITE as CHECKS
from partnerlab.contracts.verification.provider.inhance.utility import Target, Utility
from partnerlab.contracts.verification.provider.inhance.pacts import REPLAY
from partnerlab.contracts.verification.provider.pacts import with_pacts

__all__ = ["CHECKS", "SUITE", "Target", "Utility", "preflight"]

SUITE = with_pacts(CHECKS, REPLAY)
