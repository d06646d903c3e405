"""From results of checks to results of requirements; and which requirements no check can grade, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from partnerlab.contracts import catalogue
from partnerlab.contracts.data import read_toml
from partnerlab.contracts.verification.grading.checks import Suite
from partnerlab.contracts.verification.grading.model import CheckResult, Outcome, RequirementResult

__all__ = ["graded", "untestable"]

WORST_FIRST = (Outcome.FAILED, Outcome.PASSED, Outcome.NOT_EXERCISED, Outcome.NOT_TESTABLE)


@cache
def untestable(side: str, subject: str) -> Mapping[str, str]:
    """Why a requirement has no check, by its id. A row of the table that ends in `*` is for all ids that begin so."""
    rows: Mapping[str, str] = read_toml(f"verification/{side}/untestable.toml")[subject]
    found = {}
    for id in catalogue.requirements():
        reason = rows.get(id)
        if reason is None:
            starts = [row for row in rows if row.endswith("*") and id.startswith(row[:-1])]
            reason = rows[max(starts, key=len)] if starts else None
        if reason is not None:
            found[id] = reason
    return found


def graded(
    side: str, suite: Suite[Any], results: Sequence[CheckResult], excluded: Mapping[str, str]
) -> list[RequirementResult]:
    """
    Every requirement of the subject, in the catalogue's order.

    *excluded* are those that the plan leaves out, with its reason. A requirement failed where one of its checks did,
    passed where one passed and none failed.
    """
    reasons = untestable(side, suite.subject)
    by_requirement: dict[str, list[CheckResult]] = {}
    for result in results:
        for id in result.requirements:
            by_requirement.setdefault(id, []).append(result)
    found = []
    for id, requirement in catalogue.requirements().items():
        checks = by_requirement.get(id, [])
        if not checks and not id.startswith(suite.prefixes):
            continue
        names = tuple(one.check for one in checks)
        if id in excluded:
            found.append(RequirementResult(requirement, Outcome.NOT_TESTABLE, names, f"left out: {excluded[id]}"))
        elif not checks:
            reason = reasons.get(id, "")
            outcome = Outcome.NOT_TESTABLE if reason else Outcome.NOT_EXERCISED
            found.append(RequirementResult(requirement, outcome, (), reason or "no check of it was asked for"))
        else:
            outcome = min((one.outcome for one in checks), key=WORST_FIRST.index)
            why = dict.fromkeys(one.reason for one in checks if one.reason)
            found.append(RequirementResult(requirement, outcome, names, "; ".join(why)))
    return found
