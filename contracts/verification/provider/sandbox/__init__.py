"""A sandbox's own interfaces: the control API of all simulators and the data pump's service, by random requests."""

from partnerlab.contracts.verification.provider.sandbox import fuzzing  # noqa: F401
from partnerlab.contracts.verification.provider.sandbox.box import OPERATIONS, SUITE, Box, Target
from partnerlab.contracts.verification.provider.sandbox.preflight import preflight

__all__ = ["OPERATIONS", "SUITE", "Box", "Target", "preflight"]
