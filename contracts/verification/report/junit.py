"""
JUnit XML: a case for each check, its class the requirement that it grades first.

What a person needs stands in the text of `<failure>`, because most readers show nothing else; properties repeat it for
machines. Names are unique.
"""

from __future__ import annotations

from lxml import etree

from partnerlab.contracts.verification.grading.model import CheckResult, Outcome, Run
from partnerlab.contracts.verification.report.text import clean, exchange_of, failure_text

__all__ = ["to_junit"]


def to_junit(run: Run) -> bytes:
    """The run as JUnit XML. A wrong set-up is an error of the suite."""
    suites = etree.Element("testsuites")
    failed = sum(one.outcome is Outcome.FAILED for one in run.checks)
    skipped = sum(one.outcome in (Outcome.NOT_EXERCISED, Outcome.NOT_TESTABLE) for one in run.checks)
    errors = 0 if run.configuration is None else 1
    suite = etree.SubElement(
        suites,
        "testsuite",
        name=f"partnerlab verify {run.side} {run.subject}",
        tests=str(len(run.checks) + errors),
        failures=str(failed),
        errors=str(errors),
        skipped=str(skipped),
        time=f"{run.elapsed_ms / 1000:.3f}",
        timestamp=run.started_at.partition("+")[0],
    )
    if run.configuration is not None:
        case = etree.SubElement(suite, "testcase", classname=run.subject, name="configuration", time="0")
        error = etree.SubElement(case, "error", message=clean(run.configuration.text), type=run.configuration.name)
        error.text = clean(f"{run.configuration.text}\n{run.configuration.advice}")
    for check in run.checks:
        _case(suite, run, check)
    return etree.tostring(suites, xml_declaration=True, encoding="utf-8", pretty_print=True)


def _case(suite: etree._Element, run: Run, check: CheckResult) -> None:
    requirement = check.requirements[0] if check.requirements else "none"
    case = etree.SubElement(
        suite,
        "testcase",
        classname=f"{run.subject}.{requirement}",
        name=f"{check.check}: {clean(check.sentence)}",
        time=f"{check.elapsed_ms / 1000:.3f}",
    )
    properties = etree.SubElement(case, "properties")
    named = [("requirement", id) for id in check.requirements]
    exchange = exchange_of(run, check.problems[0] if check.problems else None)
    if exchange is not None and exchange.curl:
        named.append(("curl", exchange.curl))
    for one in run.requirements:
        if one.requirement.id == requirement:
            named += [("source", f"{one.requirement.source}, {one.requirement.row}"), ("level", one.requirement.level)]
    for name, value in named:
        etree.SubElement(properties, "property", name=name, value=clean(value))
    if check.outcome is Outcome.FAILED:
        first = check.problems[0]
        message = f"{first.where}: expected {first.expected}, received {first.received}"
        failure = etree.SubElement(case, "failure", message=clean(message), type=requirement)
        failure.text = failure_text(run, check)
    elif check.outcome is not Outcome.PASSED:
        etree.SubElement(case, "skipped", message=clean(f"{check.outcome.value}: {check.reason}"))
