"""The runner: the set-up is checked first, then each check once, in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any

from partnerlab.contracts.verification.grading.checks import Check, Failed, NotExercised, NotHere, Suite
from partnerlab.contracts.verification.grading.model import CheckResult, Configuration, Outcome, Problem, Run
from partnerlab.contracts.verification.grading.requirements import graded
from partnerlab.contracts.verification.provider.configuration import Misconfigured
from partnerlab.contracts.verification.provider.exchange import NoAnswer
from partnerlab.contracts.verification.provider.line import PUT_BY, BudgetSpent, Line

__all__ = ["Options", "verify"]

PREFLIGHT_S = 4.0
"""With the start of the process five seconds, within which a wrong set-up is named."""
FAR_OFF_MIN = 5
SLOW_S = 5
UNANSWERED = 3
"""After so many checks in a row without an answer the service is taken to be gone."""
Progress = Callable[[CheckResult], None]


@dataclass(frozen=True, slots=True)
class Options:
    """
    What a run does.

    `only` are ids of checks and requirements, empty for all. `excluded` are requirements that are left out, with the
    reason. `given` names the settings that the target has, which some checks need.
    """

    allow_writes: bool = False
    only: Collection[str] = ()
    excluded: Mapping[str, str] = field(default_factory=dict)
    given: Collection[str] = ()


def verify(
    suite: Suite[Any],
    probe: Any,
    line: Line,
    preflight: Callable[[Any], list[str]],
    *,
    target: str,
    operations: Collection[str],
    options: Options,
    progress: Progress = lambda _: None,
) -> Run:
    """
    Verify a provider.

    *preflight* gives notes, or raises `Misconfigured`; then nothing is graded. *operations* are the contract's.
    """
    started, began = datetime.now(UTC), time.monotonic()
    configuration, notes, results = None, [], []
    try:
        notes = _set_up(preflight, probe, line)
    except Misconfigured as error:
        text = line.secrets.masked(str(error), 500)
        configuration = Configuration(error.name, text, error.advice, error.exchange or len(line.exchanges))
    except BudgetSpent:
        notes = ["The budget of requests was spent before anything was verified."]
    else:
        notes = [*notes, *clock_notes(line)]
        results = _run(suite, probe, line, options, progress)
        notes += slow_notes(line)
    calls = {name: line.calls.get(name, 0) for name in operations}
    return Run(
        side="provider",
        subject=suite.subject,
        target=line.secrets.masked(target, 500),
        started_at=started.isoformat(timespec="seconds"),
        version=version("partnerlab"),
        wrote=any(suite.checks[one.check].writes and one.outcome is not Outcome.NOT_EXERCISED for one in results),
        configuration=configuration,
        checks=tuple(results),
        requirements=tuple(graded("provider", suite, results, options.excluded)) if configuration is None else (),
        exchanges=tuple(line.exchanges),
        operations=calls,
        notes=tuple(notes),
        elapsed_ms=round((time.monotonic() - began) * 1000),
    )


def _set_up(preflight: Callable[[Any], list[str]], probe: Any, line: Line) -> list[str]:
    """A service that takes the connection and is slow to answer, as one that slept, is asked again with patience."""
    try:
        with line.within(PREFLIGHT_S):
            return preflight(probe)
    except Misconfigured as error:
        if error.name != "no-answer-in-time":
            raise
    return preflight(probe)


def clock_notes(line: Line) -> list[str]:
    """What the service's Date header says of its clock, where that is far from ours."""
    dates = [one.response_headers["date"] for one in line.exchanges if "date" in one.response_headers]
    try:
        off = parsedate_to_datetime(dates[-1]) - datetime.now(UTC) if dates else timedelta()
    except (ValueError, TypeError):  # no date, or one without a zone
        return []
    minutes = round(off.total_seconds() / 60)
    if abs(minutes) < FAR_OFF_MIN:
        return []
    late = f"{abs(minutes):,} minutes {'ahead of' if minutes > 0 else 'behind'}"
    return [f"The service's clock is {late} this machine's: dates of payments and lifetimes of tokens depend on it."]


def slow_notes(line: Line) -> list[str]:
    """What of the answers came so late that whoever waits for them notices."""
    slow = [one for one in line.exchanges if one.status and one.elapsed_ms >= SLOW_S * 1000]
    if not slow:
        return []
    worst = max(slow, key=lambda one: one.elapsed_ms)
    some = f"{len(slow):,} of {len(line.exchanges):,} answers took {SLOW_S} seconds or more"
    worst_s = f"{worst.label} {worst.elapsed_ms / 1000:.1f} (call {worst.number})"
    return [f"{some}, {worst_s}: a payer waits for a balance, and of a payment that takes too long nobody knows."]


def _run(suite: Suite[Any], probe: Any, line: Line, options: Options, progress: Progress) -> list[CheckResult]:
    results: list[CheckResult] = []
    unanswered = 0
    stopped = ""
    wanted = [
        check
        for check in suite.checks.values()
        if not options.only or check.id in options.only or set(check.requirements) & set(options.only)
    ]
    line.sharing = sum(check.kind == "fuzz" and not _left_out(check, options) for check in wanted) or 1
    for check in wanted:
        if check.writes and line.left < PUT_BY:
            stopped = stopped or SPENT.format(line.budget)
        reason = stopped or _left_out(check, options)
        if reason:
            result = _result(check, Outcome.NOT_EXERCISED, reason)
        else:
            result, answered = _run_one(check, probe, line)
            unanswered = 0 if answered else unanswered + 1
            if unanswered == UNANSWERED:
                stopped = f"the service gave no answer in {UNANSWERED} checks before"
            if result.reason == SPENT:
                stopped = SPENT.format(line.budget)
                result = replace(result, reason=stopped)
        results.append(result)
        progress(result)
    return results


SPENT = "the budget of {} requests is spent"


def _left_out(check: Check[Any], options: Options) -> str:
    if check.requirements and all(id in options.excluded for id in check.requirements):
        return f"left out: {options.excluded[check.requirements[0]]}"
    if check.writes and not options.allow_writes:
        return "it changes something at the service: --allow-writes"
    missing = [name for name in check.needs if name not in options.given]
    return f"give {' and '.join('--' + name.replace('_', '-') for name in missing)}" if missing else ""


def _run_one(check: Check[Any], probe: Any, line: Line) -> tuple[CheckResult, bool]:
    """The result, and whether the service answered."""
    first, began = len(line.exchanges), time.monotonic()
    outcome, reason, answered = Outcome.PASSED, "", True
    problems: tuple[Problem, ...] = ()
    try:
        check.run(probe)
    except Failed as error:
        outcome, problems = Outcome.FAILED, error.problems
    except NotHere as error:
        outcome, reason = Outcome.NOT_TESTABLE, str(error)
    except NotExercised as error:
        outcome, reason = Outcome.NOT_EXERCISED, str(error)
    except BudgetSpent:
        outcome, reason = Outcome.NOT_EXERCISED, SPENT
    except NoAnswer as error:
        outcome, answered = Outcome.FAILED, False
        problems = (Problem("answer", "an answer", str(error), len(line.exchanges)),)
    except Exception as error:  # noqa: BLE001 - an answer that our own code cannot bear must not cost the other results
        outcome, reason = Outcome.NOT_TESTABLE, f"the check itself broke, please report it: {error!r:.200}"
    shown = line.secrets.masked
    problems = tuple(
        replace(one, expected=shown(one.expected, 500), received=shown(one.received, 500)) for one in problems
    )
    numbers = tuple(range(first + 1, len(line.exchanges) + 1))
    if check.kind == "fuzz":  # of hundreds of calls the one that broke it is evidence
        numbers = tuple(one.exchange for one in problems)
    return _result(check, outcome, reason, problems, numbers, round((time.monotonic() - began) * 1000)), answered


def _result(
    check: Check[Any],
    outcome: Outcome,
    reason: str = "",
    problems: tuple[Problem, ...] = (),
    exchanges: tuple[int, ...] = (),
    elapsed_ms: int = 0,
) -> CheckResult:
    return CheckResult(
        check.id, check.sentence, check.kind, check.requirements, outcome, reason, problems, exchanges, elapsed_ms
    )
