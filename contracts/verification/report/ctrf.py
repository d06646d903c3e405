"""CTRF, the JSON of test reports that CI tools read: https://ctrf.io."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from partnerlab.contracts.verification.grading.model import CheckResult, Outcome, Run
from partnerlab.contracts.verification.report.text import failure_text

__all__ = ["to_ctrf"]

STATUSES = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.NOT_EXERCISED: "pending",
    Outcome.NOT_TESTABLE: "skipped",
}


def to_ctrf(run: Run) -> str:
    """The run as CTRF. A wrong set-up is one failed test of its own."""
    tests = [_test(run, check) for check in run.checks]
    if run.configuration is not None:
        tests.append(
            {
                "name": "configuration",
                "status": "other",
                "duration": 0,
                "rawStatus": run.configuration.name,
                "message": f"{run.configuration.text} {run.configuration.advice}",
            }
        )
    statuses = [test["status"] for test in tests]
    start = round(datetime.fromisoformat(run.started_at).timestamp() * 1000)
    summary = {name: statuses.count(name) for name in ("passed", "failed", "skipped", "pending", "other")}
    document = {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "results": {
            "tool": {"name": "partnerlab", "version": run.version},
            "summary": {"tests": len(tests), **summary, "start": start, "stop": start + run.elapsed_ms},
            "tests": tests,
        },
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _test(run: Run, check: CheckResult) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": f"{check.check}: {check.sentence}",
        "status": STATUSES[check.outcome],
        "duration": check.elapsed_ms,
        "rawStatus": check.outcome.value,
        "suite": [f"{run.side} {run.subject}", check.kind],
        "tags": list(check.requirements),
    }
    if check.outcome is Outcome.FAILED:
        first = check.problems[0]
        test["message"] = f"{first.where}: expected {first.expected}, received {first.received}"
        test["trace"] = failure_text(run, check)
    elif check.reason:
        test["message"] = check.reason
    return test
