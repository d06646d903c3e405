"""
GitHub Actions: annotations in the log and the job's summary.

What a partner answered cannot forge a command: it stands between `::stop-commands::` and a token that nobody knows, and
in annotations with everything escaped that could end one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

from partnerlab.contracts.verification.grading.model import Outcome, Run
from partnerlab.contracts.verification.report.coverage import coverage
from partnerlab.contracts.verification.report.text import clean, failure_text, sources, worst

__all__ = ["annotation_lines", "harmless", "summary"]

MOST = 10
"""Of a step's annotations GitHub shows so many; the rest is lost silently."""
SUMMARY_BYTES = 1_000_000
"""GitHub drops a longer summary whole, at 1 MiB."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


def annotation_lines(run: Run, token: str = "") -> Iterator[str]:
    """Lines for the log: at most ten annotations, the worst first, then the evidence, which no runner reads."""
    if run.configuration is not None:
        text = f"{run.configuration.text} {run.configuration.advice}"
        yield f"::error title={_property(f'Configuration: {run.configuration.name}')}::{_message(text)}"
        return
    must = {one.requirement.id for one in run.failures("must")}
    failed = worst(run)
    for check in failed[:MOST]:
        kind = "error" if must & set(check.requirements) else "warning"
        first = check.problems[0]
        text = f"{check.sentence} {first.where}: expected {first.expected}, received {first.received}"
        yield f"::{kind} title={_property(f'{check.check} ({check.requirements[0]})')}::{_message(text)}"
    if failed:
        token = token or secrets.token_hex(16)
        yield f"::stop-commands::{token}"
        for check in failed:
            yield f"{check.check}"
            for line in failure_text(run, check).splitlines():
                yield "  " + harmless(line)
        yield f"::{token}::"


def summary(run: Run) -> str:
    """The job's summary in Markdown, below the size at which GitHub drops it."""
    lines = [f"## partnerlab verify {run.side} {run.subject}", ""]
    if run.configuration is not None:
        lines += [f"**Configuration, {run.configuration.name}**: {_plain(run.configuration.text)}", ""]
        lines += [run.configuration.advice, "", "Nothing was graded."]
        return "\n".join(lines) + "\n"
    lines += ["| Outcome | Requirements |", "|---|---|"]
    lines += [f"| {outcome.value} | {run.count(outcome)} |" for outcome in Outcome]
    lines += ["", "| Coverage | |", "|---|---|"]
    lines += [f"| {row.name} | {row.covered} of {row.total} |" for row in coverage(run)]
    size = sum(len(line.encode()) + 1 for line in lines)
    failed = worst(run)
    for at, check in enumerate(failed):
        rows = ["", f"### ✗ {check.check}", "", check.sentence, ""]
        for problem in check.problems[:10]:
            rows += [f"- {_plain(problem.where)}", f"  - expected {_plain(problem.expected)}"]
            rows += [f"  - received {_plain(problem.received)}"]
        rows += [f"- {_plain(line)}" for line in sources(run, check)]
        size += sum(len(line.encode()) + 1 for line in rows)
        if size > SUMMARY_BYTES - 200:
            lines += ["", f"{len(failed) - at} more failures stand in the report."]
            break
        lines += rows
    return "\n".join(lines) + "\n"


def harmless(line: str) -> str:
    """A line in which the runner finds no command: it looks for `::` after blanks, and for `##[` anywhere."""
    return line.replace("##[", "## [").replace("::", ": :")


def _message(text: str) -> str:
    return clean(text).replace("##[", "## [").replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _plain(text: str) -> str:
    """A text in which Markdown and HTML mean nothing, on one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(clean(text).split())).replace("\\<", "&lt;").replace("\\&", "&amp;")
