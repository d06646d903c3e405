"""
What a verification run is made of: checks that claim requirements, their results, and the evidence.

Nothing here knows how calls are made: a provider is driven, a consumer's journal is read, both give a `Run`.
"""

from partnerlab.contracts.verification.grading.checks import Check, Failed, NotExercised, NotHere, Suite, Unfinished
from partnerlab.contracts.verification.grading.model import (
    CheckResult,
    Configuration,
    Exchange,
    Outcome,
    Problem,
    RequirementResult,
    Run,
)
from partnerlab.contracts.verification.grading.requirements import graded, untestable

__all__ = [
    "Check",
    "CheckResult",
    "Configuration",
    "Exchange",
    "Failed",
    "NotExercised",
    "NotHere",
    "Outcome",
    "Problem",
    "RequirementResult",
    "Run",
    "Suite",
    "Unfinished",
    "graded",
    "untestable",
]
