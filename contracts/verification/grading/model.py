"""The values of a run. All text in them is masked already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from partnerlab.contracts.catalogue import Requirement

__all__ = ["CheckResult", "Configuration", "Exchange", "Outcome", "Problem", "RequirementResult", "Run"]


class Outcome(StrEnum):
    """What became of a check or a requirement."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_EXERCISED = "not exercised"
    NOT_TESTABLE = "not testable here"


@dataclass(frozen=True, slots=True)
class Exchange:
    """
    One call and its answer, as they may be shown.

    `status` is 0 where no answer came, and `error` says why then. `curl` repeats the call; secrets in it are names of
    environment variables. Headers have lower-case names.
    """

    number: int
    label: str
    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: str
    status: int
    response_headers: Mapping[str, str]
    response_body: str
    error: str
    elapsed_ms: int
    curl: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: the place, what was expected there and what came. `exchange` is the number of the call, or 0."""

    where: str
    expected: str
    received: str
    exchange: int = 0


@dataclass(frozen=True, slots=True)
class CheckResult:
    """
    What became of one check.

    `reason` says why it was not exercised or is not testable. `exchanges` are the numbers of its calls, in order.
    """

    check: str
    sentence: str
    kind: str
    requirements: tuple[str, ...]
    outcome: Outcome
    reason: str = ""
    problems: tuple[Problem, ...] = ()
    exchanges: tuple[int, ...] = ()
    elapsed_ms: int = 0


@dataclass(frozen=True, slots=True)
class Configuration:
    """
    Why nothing could be verified: the run is set up wrongly, or the service is not there.

    `name` is one word for machines (`wrong-key`); `text` says what was seen, `advice` what to do.
    """

    name: str
    text: str
    advice: str
    exchange: int = 0


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """A requirement with the checks that grade it; `reason` where it is not testable or was not exercised."""

    requirement: Requirement
    outcome: Outcome
    checks: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """
    One verification.

    `subject` is what was graded (`inhance`), `side` is `provider` or `consumer`, `target` its address. `operations`
    counts the calls by operation of the contract; 0 where one was never called.
    """

    side: str
    subject: str
    target: str
    started_at: str
    version: str
    wrote: bool
    configuration: Configuration | None = None
    checks: tuple[CheckResult, ...] = ()
    requirements: tuple[RequirementResult, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    operations: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    elapsed_ms: int = 0

    def count(self, outcome: Outcome) -> int:
        """How many requirements ended so."""
        return sum(one.outcome is outcome for one in self.requirements)

    def failures(self, *levels: str) -> list[RequirementResult]:
        """Requirements that failed, of these levels or of all."""
        return [
            one
            for one in self.requirements
            if one.outcome is Outcome.FAILED and (not levels or one.requirement.level in levels)
        ]

    def exit_code(self, *, strict: bool = False) -> int:
        """
        0 passed, 1 a requirement failed, 3 configuration, 4 nothing was verified.

        A requirement that only should or may hold fails the run where *strict*.
        """
        if self.configuration is not None:
            return 3
        if self.failures() if strict else self.failures("must"):
            return 1
        verified = any(one.outcome in (Outcome.PASSED, Outcome.FAILED) for one in self.checks)
        return 0 if verified else 4
