"""
Invoice Cloud's web services: what the platform that partners call is held to.

The modules of checks declare themselves in `SUITE`, in the order they are imported here.
"""

from partnerlab.contracts.verification.provider.invoice_cloud import contract, exports, refusals, sessions, scenarios  # noqa: I001, F401
from partnerlab.contracts.verification.provider.invoice_cloud import fuzzing  # noqa: F401
from partnerlab.contracts.verification.provider.invoice_cloud.platform import OPERATIONS, SUITE, Platform, Target
from partnerlab.contracts.verification.provider.invoice_cloud.preflight import preflight

__all__ = ["OPERATIONS", "SUITE", "Platform", "Target", "preflight"]
