"""How much of the specification a run looked at, computed from the catalogue and the contract."""

from __future__ import annotations

from dataclasses import dataclass

from partnerlab.contracts.verification.grading.model import Outcome, Run

__all__ = ["Row", "coverage"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the coverage: how many of how many, and what is missing."""

    name: str
    covered: int
    total: int
    missing: tuple[str, ...]

    @property
    def percent(self) -> int:
        """Whole per cent, rounded down: 100 means all."""
        return 100 * self.covered // self.total if self.total else 100


def coverage(run: Run) -> list[Row]:
    """Operations that were called, and requirements that were graded among those that can be, by level."""
    missing = tuple(name for name, calls in run.operations.items() if not calls)
    rows = [Row("operations", len(run.operations) - len(missing), len(run.operations), missing)]
    for level in ("must", "should", "may"):
        testable = [
            one
            for one in run.requirements
            if one.requirement.level == level and one.outcome is not Outcome.NOT_TESTABLE
        ]
        left = tuple(one.requirement.id for one in testable if one.outcome is Outcome.NOT_EXERCISED)
        if testable:
            rows.append(Row(f"requirements ({level})", len(testable) - len(left), len(testable), left))
    return rows
