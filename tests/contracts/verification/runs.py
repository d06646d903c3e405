"""Runs made by hand, as hostile and as large as reports must bear."""

from __future__ import annotations

from dataclasses import replace

from partnerlab.contracts.catalogue import requirement
from partnerlab.contracts.verification.grading import (
    CheckResult,
    Configuration,
    Exchange,
    Outcome,
    Problem,
    RequirementResult,
    Run,
)

__all__ = ["HOSTILE", "configuration_run", "exchange", "large_run", "small_run"]

HOSTILE = (
    "</pre><script>alert(1)</script>\x1b[31m &amp; <img src=x onerror=alert(2)>\n::error::forged\n"
    "  ::stop-commands::x\n##[error]forged\r\n| table | `code` [link](http://evil.example)"
)


def exchange(number: int, body: str) -> Exchange:
    return Exchange(
        number,
        "BalanceCheck",
        "POST",
        "https://utility.example/iCloud.asmx",
        {"content-type": "text/xml; charset=utf-8"},
        body,
        200,
        {"content-type": "text/xml"},
        body,
        "",
        12,
        "curl -sS -i https://utility.example/iCloud.asmx",
    )


def small_run(text: str = HOSTILE) -> Run:
    """A run with one check of each outcome; what was received is *text*."""
    checks = (
        CheckResult(
            "inhance/wrong-key",
            "A wrong key is refused.",
            "input",
            ("INH2-ADR-3",),
            Outcome.FAILED,
            problems=(Problem(f"Body {text}", "a refusal", text, 1), Problem("status", "401", "200", 1)),
            exchanges=(1,),
            elapsed_ms=40,
        ),
        CheckResult("inhance/soap12", "It holds.", "contract", ("ASMX-SOAP-2",), Outcome.PASSED, exchanges=(2,)),
        CheckResult("inhance/fee", "It holds.", "scenario", ("INH2-PAY-7",), Outcome.NOT_EXERCISED, "--allow-writes"),
        CheckResult("inhance/email", "It holds.", "scenario", ("INH2-EML-1",), Outcome.NOT_TESTABLE, "no address"),
        CheckResult(
            "inhance/path-case",
            "It holds.",
            "tolerance",
            ("ASMX-TOL-1",),
            Outcome.FAILED,
            problems=(Problem("path", "Success true", "status 404", 2),),
            exchanges=(2,),
        ),
    )
    requirements = tuple(
        RequirementResult(requirement(check.requirements[0]), check.outcome, (check.check,), check.reason)
        for check in checks
    )
    return Run(
        side="provider",
        subject="inhance",
        target="https://utility.example/iCloud.asmx",
        started_at="2026-11-27T14:00:00+00:00",
        version="0.1.0",
        wrote=False,
        checks=checks,
        requirements=requirements,
        exchanges=(exchange(1, text), exchange(2, "<ok/>")),
        operations={"BalanceCheck": 2, "SetEmail": 0},
        elapsed_ms=1234,
    )


def large_run(count: int = 500, characters: int = 4_000) -> Run:
    """A run of so many exchanges, each with bodies of so many characters that grow when they are escaped."""
    run = small_run("plain")
    body = ("<a>&amp;</a>" * characters)[:characters]
    failed, passed = run.checks[0], run.checks[1]
    checks = (replace(failed, exchanges=(1,)), replace(passed, exchanges=tuple(range(2, count + 1))))
    return replace(run, checks=checks, exchanges=tuple(exchange(number, body) for number in range(1, count + 1)))


def configuration_run() -> Run:
    """A run that was set up wrongly."""
    return replace(
        small_run(),
        configuration=Configuration("wrong-key", f"refused: {HOSTILE}", "Check the key.", 1),
        checks=(),
        requirements=(),
    )
