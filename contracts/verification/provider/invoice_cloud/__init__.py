"""
Invoice Cloud's web services: what the platform that partners call is held to.

The modules of checks declare themselves in `CHECKS`, in the order they are imported here; `SUITE` has the pact too.
"""

from partnerlab.contracts.verification.provider.invoice_cloud import contract, exports, refusals, sessions, scenarios  # noqa: I001, F401
from partnerlab.contracts.verification.provider.invoice_cloud import files, fuzzing, http  # noqa: F401
from partnerlab.contracts.verification.provider.invoice_cloud.platform import OPERATIONS, Platform, Target
from partnerlab.contracts.verification.provider.invoice_cloud.platform import SUITE as CHECKS
from partnerlab.contracts.verification.provider.invoice_cloud.preflight import preflight
from partnerlab.contracts.verification.provider.invoice_cloud.pacts import REPLAY
from partnerlab.contracts.verification.provider.pacts import with_pacts

__all__ = ["CHECKS", "OPERATIONS", "SUITE", "Platform", "Target", "preflight"]

SUITE = with_pacts(CHECKS, REPLAY)
