"""
TCCS: what an insurer's form-POST service is held to.

The modules of checks declare themselves in `CHECKS`, in the order they are imported here; `SUITE` has the pact too.
"""

from partnerlab.contracts.verification.provider.tccs import contract, tolerance, refusals, scenarios, returns, fuzzing  # noqa: I001, F401
from partnerlab.contracts.verification.provider.tccs import http  # noqa: F401
from partnerlab.contracts.verification.provider.tccs.insurer import SUITE as CHECKS
from partnerlab.contracts.verification.provider.tccs.insurer import Insurer, Target
from partnerlab.contracts.verification.provider.tccs.preflight import preflight
from partnerlab.contracts.verification.provider.tccs.pacts import REPLAY
from partnerlab.contracts.verification.provider.pacts import with_pacts

__all__ = ["CHECKS", "SUITE", "Insurer", "Target", "preflight"]

SUITE = with_pacts(CHECKS, REPLAY)
