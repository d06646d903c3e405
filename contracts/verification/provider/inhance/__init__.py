"""
Harris inHance v2: what a utility's `iCloud.asmx` is held to.

The modules of checks declare themselves in `SUITE`, in the order they are imported here.
"""

from partnerlab.contracts.verification.provider.inhance import contract, tolerance, refusals, scenarios, fuzzing  # noqa: I001, F401
from partnerlab.contracts.verification.provider.inhance.preflight import preflight
from partnerlab.contracts.verification.provider.inhance.utility import SUITE, Target, Utility

__all__ = ["SUITE", "Target", "Utility", "preflight"]
