"""Texts that every form of the report shares: cleaned of what XML cannot hold, and a failure in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from textwrap import wrap

from partnerlab.contracts.verification.grading.model import CheckResult, Exchange, Outcome, Problem, Run
from partnerlab.contracts.verification.report.coverage import coverage

__all__ = ["anchor", "clean", "failure_text", "sources", "summary_lines", "worst"]

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_ID = re.compile(r"[^A-Za-z0-9_-]+")
_EVIDENCE = ("expected ", "received ")
MOST_REASONS = 4
MOST_PROBLEMS = 5


def clean(text: str) -> str:
    """A text without the characters that XML and HTML cannot hold; they are written out, as `#x1B`."""
    return _NOT_XML.sub(lambda found: f"#x{ord(found[0]):02X}", text)


def anchor(id: str) -> str:
    """The permanent anchor of a check or requirement."""
    return _NO_ID.sub("-", id)


def worst(run: Run) -> list[CheckResult]:
    """The checks that failed, those of requirements that must hold first."""
    must = {one.requirement.id for one in run.requirements if one.requirement.level == "must"}
    failed = [one for one in run.checks if one.outcome is Outcome.FAILED]
    return sorted(failed, key=lambda one: not must & set(one.requirements))


def sources(run: Run, check: CheckResult) -> Iterator[str]:
    """The requirements of a check in words: id, sentence, place in the source."""
    for one in run.requirements:
        if one.requirement.id in check.requirements:
            rule = one.requirement
            yield f"{rule.id} ({rule.level}): {rule.text} [{rule.source}, {rule.row}]"


def failure_text(run: Run, check: CheckResult) -> str:
    """Everything a person needs of a failed check: the sentence, expected and received, the source, the curl."""
    lines = [check.sentence, ""]
    for problem in check.problems:
        lines += [f"where:    {problem.where}", f"expected: {problem.expected}", f"received: {problem.received}", ""]
    lines += [*sources(run, check)]
    exchange = exchange_of(run, check.problems[0] if check.problems else None)
    if exchange is not None and exchange.curl:
        lines += ["", "repeat it:", exchange.curl]
    return clean("\n".join(lines))


def exchange_of(run: Run, problem: Problem | None) -> Exchange | None:
    """The call in which a problem showed."""
    number = 0 if problem is None else problem.exchange
    return run.exchanges[number - 1] if 0 < number <= len(run.exchanges) else None


def summary_lines(run: Run, width: int = 0) -> Iterator[str]:
    """
    The outcome in a few lines, for a terminal.

    Sentences are folded to *width* columns, 0 for not at all; what was expected and received stays as it is.
    """
    for line in _summary(run):
        if width and not line.lstrip().startswith(_EVIDENCE):
            yield from _folded(line, width)
        else:
            yield line


def _folded(line: str, width: int) -> list[str]:
    """A line in as many as it needs, the further ones indented by two more; a word longer than that stays whole."""
    indent = line[: len(line) - len(line.lstrip())]
    further = f"{indent}  "
    return wrap(
        line,
        width,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [line]


def _by_requirements(run: Run) -> Iterator[tuple[list[str], list[CheckResult]]]:
    """What failed, by the requirements it shows: these in words where they come first, their ids alone after that."""
    groups: dict[tuple[str, ...], list[CheckResult]] = {}
    for check in worst(run):
        groups.setdefault(tuple(sources(run, check)), []).append(check)
    said: set[str] = set()
    for rules, checks in groups.items():
        yield [f"{rule.partition(': ')[0]}: see above" if rule in said else rule for rule in rules], checks
        said |= {*rules}


def _problems(check: CheckResult, same: str) -> Iterator[str]:
    """The problems of a check; *same* is the one of which they were said first."""
    if same != check.check:
        yield f"as for {same}"
        return
    for problem in check.problems[:MOST_PROBLEMS]:
        yield problem.where
        yield f"  expected {problem.expected}"
        yield f"  received {problem.received}"
    if (more := len(check.problems) - MOST_PROBLEMS) > 0:
        yield f"and {more} more, which --html FILE has"


def _summary(run: Run) -> Iterator[str]:
    if run.configuration is not None:
        yield f"Configuration, {run.configuration.name}: {run.configuration.text}"
        yield f"  {run.configuration.advice}"
        yield "Nothing was graded."
        return
    said: dict[tuple[tuple[str, str, str], ...], str] = {}
    for rules, checks in _by_requirements(run):
        yield from rules
        indent = "  " if rules else ""
        for check in checks:
            yield f"{indent}✗ {check.check}: {check.sentence}"
            wrong = tuple((one.where, one.expected, one.received) for one in check.problems)
            same = said.setdefault(wrong, check.check)
            yield from (f"{indent}    {line}" for line in _problems(check, same))
    counts = ", ".join(f"{run.count(outcome)} {outcome.value}" for outcome in Outcome)
    yield f"Requirements of {run.subject}: {counts}."
    idle = Counter(one.reason for one in run.requirements if one.outcome is Outcome.NOT_EXERCISED)
    yield from (f"  not exercised, {count}: {reason}" for reason, count in idle.most_common(MOST_REASONS))
    missing = Counter(one.reason for one in run.checks if "pip install" in one.reason)
    yield from (f"  left out, {count} of {len(run.checks)} checks: {reason}" for reason, count in missing.items())
    yield "Coverage: " + ", ".join(f"{row.name} {row.covered} of {row.total}" for row in coverage(run)) + "."
    yield from run.notes
    if failed := worst(run):
        yield f"To try one of them again: the same command with --only {failed[0].check}."
