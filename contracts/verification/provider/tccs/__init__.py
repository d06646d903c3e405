"""
TCCS: what an insurer's form-POST service is held to.

The modules of checks declare themselves in `SUITE`, in the order they are imported here.
"""

from partnerlab.contracts.verification.provider.tccs import contract, tolerance, refusals, scenarios, returns, fuzzing  # noqa: I001, F401
from partnerlab.contracts.verification.provider.tccs.insurer import SUITE, Insurer, Target
from partnerlab.contracts.verification.provider.tccs.preflight import preflight

__all__ = ["SUITE", "Insurer", "Target", "preflight"]
