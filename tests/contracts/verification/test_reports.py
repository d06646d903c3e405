"""A run written down: whole, safe whatever a partner answered, and small enough."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree
from lxml import html as lxml_html

from partnerlab.contracts.verification.grading import Outcome, Run
from partnerlab.contracts.verification.report import github
from partnerlab.contracts.verification.report.compare import NotComparable, compare
from partnerlab.contracts.verification.report.coverage import coverage
from partnerlab.contracts.verification.report.ctrf import to_ctrf
from partnerlab.contracts.verification.report.document import DocumentInvalid, read_json, to_json
from partnerlab.contracts.verification.report.html import MOST_BYTES, to_html
from partnerlab.contracts.verification.report.junit import to_junit
from partnerlab.contracts.verification.report.text import summary_lines
from tests.contracts.verification.runs import configuration_run, large_run, small_run
from tests.contracts.verification.worlds import inhance_world, verify_inhance

RUNS = pytest.mark.parametrize("run", [small_run(), configuration_run()], ids=["graded", "configuration"])


@RUNS
def test_json_reads_back_what_was_written(run: Run) -> None:
    assert read_json(to_json(run)) == run


def test_a_whole_run_reads_back() -> None:
    run = verify_inhance(inhance_world().send)
    assert read_json(to_json(run)) == run


def test_a_call_that_several_checks_looked_at_is_shown_once_and_linked_from_the_others() -> None:
    run = small_run()
    number = next(one.exchanges[0] for one in run.checks if one.exchanges)
    checks = [replace(run.checks[0], check=f"inhance/{name}", exchanges=(number,)) for name in ("one", "two", "three")]
    page = lxml_html.fromstring(to_html(replace(run, checks=tuple(checks))))
    assert len(page.xpath(f"//div[@id='call-{number}']")) == 1
    assert len(page.xpath(f"//a[@href='#call-{number}']")) == 2


def test_checks_that_had_nothing_to_look_at_stand_in_one_table_with_the_reason() -> None:
    run = small_run()
    idle = replace(run.checks[0], outcome=Outcome.NOT_EXERCISED, reason="nothing was seen", problems=(), exchanges=())
    checks = [replace(idle, check=f"inhance/{name}") for name in ("one", "two")]
    page = lxml_html.fromstring(to_html(replace(run, checks=(*run.checks, *checks))))
    rows = page.xpath("//details//tr[td[3]='nothing was seen']")
    assert [row[0].get("id") for row in rows] == ["inhance-one", "inhance-two"]


@pytest.mark.parametrize("text", ["", "[]", '{"format": "other"}', '{"format": "partnerlab-verification"}', "[" * 9999])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(DocumentInvalid):
        read_json(text)


@RUNS
def test_junit_is_well_formed_and_counts_what_it_holds(run: Run) -> None:
    suite = etree.fromstring(to_junit(run))[0]
    cases = suite.findall("testcase")
    assert int(suite.get("tests", "")) == len(cases)
    for outcome, name in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(outcome, "")) == len(suite.findall(f"testcase/{name}"))
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)


def test_junit_says_in_a_failure_all_that_a_person_needs() -> None:
    suite = etree.fromstring(to_junit(small_run()))[0]
    case = next(one for one in suite if one.get("name", "").startswith("inhance/wrong-key"))
    text = case.findtext("failure") or ""
    for said in ("expected: a refusal", "received: </pre>", "INH2-ADR-3 (must)", "#x1B[31m", "curl -sS"):
        assert said in text
    properties = {(one.get("name"), one.get("value")) for one in case.iter("property")}
    assert ("requirement", "INH2-ADR-3") in properties
    assert ("level", "must") in properties


# What https://ctrf.io/schema says of the members that are used here.
CTRF_TEST = {"name", "status", "duration", "rawStatus", "suite", "tags", "message", "trace"}


@RUNS
def test_ctrf_has_the_members_and_types_of_its_schema(run: Run) -> None:
    document: dict[str, Any] = json.loads(to_ctrf(run))
    assert document.keys() == {"reportFormat", "specVersion", "results"}
    assert document["reportFormat"] == "CTRF"
    results = document["results"]
    assert results.keys() == {"tool", "summary", "tests"}
    summary = results["summary"]
    assert summary.keys() == {"tests", "passed", "failed", "skipped", "pending", "other", "start", "stop"}
    assert all(type(value) is int for value in summary.values())
    assert summary["tests"] == len(results["tests"])
    for test in results["tests"]:
        assert {"name", "status", "duration"} <= test.keys() <= CTRF_TEST
        assert test["status"] in ("passed", "failed", "skipped", "pending", "other")
        assert type(test["duration"]) is int
        assert isinstance(test.get("suite", []), list)
    assert sum(summary[status] for status in ("passed", "failed", "skipped", "pending", "other")) == summary["tests"]


@RUNS
def test_nothing_in_the_page_can_run_or_load(run: Run) -> None:
    page = to_html(run)
    document = lxml_html.document_fromstring(page)
    assert document.xpath("//script|//img|//iframe|//link|//object|//form|//*[@onerror]|//@src") == []
    policy = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "\x1b" not in page
    assert all(link.startswith("#") for link in document.xpath("//a/@href"))


def test_the_page_has_an_anchor_for_each_finding_and_every_link_leads_to_one() -> None:
    document = lxml_html.document_fromstring(to_html(verify_inhance(inhance_world().send)))
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert [link for link in document.xpath("//a/@href") if link[1:] not in ids] == []
    assert {"inhance-payment", "INH2-PAY-8"} <= set(ids)


def test_names_on_the_wire_stand_as_code_and_one_call_is_one() -> None:
    run = small_run()
    (first, *others) = run.requirements
    named = replace(first, requirement=replace(first.requirement, text="`Record bal` < 0, `CC` and an odd ` stay."))
    paired = replace(first, requirement=replace(first.requirement, text="`Record bal` <is> a credit."))
    page = to_html(replace(run, requirements=(named, paired, *others)))
    assert "<code>Record bal</code> &lt;is&gt; a credit." in page
    assert "`Record bal` &lt; 0, `CC` and an odd ` stay." in page
    assert " 1 call. " in to_html(replace(configuration_run(), exchanges=run.exchanges[:1]))


def test_failures_come_first_with_expected_beside_received() -> None:
    page = to_html(small_run())
    assert page.index('id="inhance-wrong-key"') < page.index('id="inhance-path-case"') < page.index('id="coverage"')
    failure = page[page.index('id="inhance-wrong-key"') : page.index('id="inhance-path-case"')]
    assert "<b>Expected</b>a refusal" in failure
    assert "<b>Received</b>&lt;/pre&gt;&lt;script&gt;" in failure
    before_details = failure.partition("<details>")[0]
    assert "Sent (call 1" in before_details, "evidence of a failure is never folded"


@pytest.mark.parametrize("characters", [900, 4_000])
def test_five_hundred_exchanges_are_at_most_two_megabytes(characters: int) -> None:
    page = to_html(large_run(500, characters))
    assert len(page.encode()) <= MOST_BYTES
    assert "Sent (call 1," in page


def test_github_reads_nothing_of_what_a_partner_answered() -> None:
    lines = "\n".join(github.annotation_lines(small_run(), token="secret-token")).splitlines()
    begin, end = lines.index("::stop-commands::secret-token"), lines.index("::secret-token::")
    assert [line for line in lines if line.lstrip().startswith("::")] == [*lines[: begin + 1], lines[end]]
    assert not any("##[" in line for line in lines)
    assert lines[0].startswith("::error title=inhance/wrong-key (INH2-ADR-3)::")
    assert lines[1].startswith("::warning title=inhance/path-case")
    assert not any(line.startswith("::error::forged") for line in lines)


def test_github_gets_ten_annotations_and_a_summary_that_is_not_dropped() -> None:
    run = small_run()
    many = replace(run, checks=tuple(replace(run.checks[0], check=f"inhance/{number}") for number in range(3_000)))
    lines = list(github.annotation_lines(many))
    assert sum(line.startswith(("::error", "::warning")) for line in lines) == 10
    text = github.summary(many)
    assert len(text.encode()) < 1_000_000
    assert "more failures stand in the report" in text
    assert "<script" not in text
    assert "](http" not in text


@RUNS
def test_terminal_and_summary_say_the_outcome(run: Run) -> None:
    lines = "\n".join(summary_lines(run))
    if run.configuration is None:
        assert "  ✗ inhance/wrong-key" in lines
        assert "1 passed, 2 failed, 1 not exercised, 1 not testable here" in lines
        assert "not exercised, 1: --allow-writes" in lines, "what to do is said"
        assert lines.endswith("To try one of them again: the same command with --only inhance/wrong-key.")
    else:
        assert lines.startswith("Configuration, wrong-key")
        assert re.search(r"\*\*Configuration, wrong-key\*\*", github.summary(run))


def test_a_requirement_is_said_once_with_all_checks_below_it_that_failed() -> None:
    run = small_run("plain")
    failed, other = run.checks[0], run.checks[4]
    again = replace(failed, check="inhance/no-key", sentence="Neither is none.")
    both = replace(other, check="inhance/both", requirements=(*other.requirements, *failed.requirements))
    alone = replace(other, check="inhance/alone", requirements=())
    lines = list(summary_lines(replace(run, checks=(failed, other, again, both, alone))))
    rules = {one.requirement.id: one.requirement for one in run.requirements}
    key, path = (
        f"{rule.id} ({rule.level}): {rule.text} [{rule.source}, {rule.row}]"
        for rule in (rules["INH2-ADR-3"], rules["ASMX-TOL-1"])
    )
    assert [line for line in lines if "✗ " in line or line.startswith(("INH2", "ASMX"))] == [
        key,
        "  ✗ inhance/wrong-key: A wrong key is refused.",
        "  ✗ inhance/no-key: Neither is none.",
        "INH2-ADR-3 (must): see above",
        path,
        "  ✗ inhance/both: It holds.",
        "ASMX-TOL-1 (should): see above",
        "  ✗ inhance/path-case: It holds.",
        "✗ inhance/alone: It holds.",
    ]
    assert lines[2:5] == ["      Body plain", "        expected a refusal", "        received plain"]


def test_what_was_said_of_one_check_is_not_said_of_the_next() -> None:
    """One broken answer fails dozens."""
    run = small_run("plain")
    failed = run.checks[0]
    lines = list(summary_lines(replace(run, checks=(failed, replace(failed, check="inhance/no-key")))))
    at = lines.index("  ✗ inhance/no-key: A wrong key is refused.")
    assert lines[at + 1] == "      as for inhance/wrong-key"
    assert lines.count("        received plain") == 1


def test_of_many_problems_of_a_check_the_first_five_are_said() -> None:
    run = small_run("plain")
    failed = run.checks[0]
    many = replace(failed, problems=tuple(replace(failed.problems[0], where=f"call {number}") for number in range(12)))
    lines = list(summary_lines(replace(run, checks=(many,))))
    assert sum(line.strip().startswith("call ") for line in lines) == 5
    assert "      and 7 more, which --html FILE has" in lines


def test_the_outcome_is_folded_to_the_terminal_and_what_was_received_is_not() -> None:
    run = small_run()
    folded, whole = list(summary_lines(run, 60)), list(summary_lines(run))
    assert max(map(len, whole)) > 60
    long = [line for line in folded if len(line) > 60]
    assert all(line.strip().startswith(("expected ", "received ")) for line in long), long
    assert " ".join(" ".join(folded).split()) == " ".join(" ".join(whole).split()), "every word of it"


def test_the_page_says_first_how_much_of_what_was_tried_failed_and_when_in_utc() -> None:
    run = replace(small_run(), started_at="2026-11-28T13:32:39.123456-05:00")
    page = " ".join(lxml_html.fromstring(to_html(run)).find("body/header").text_content().split())
    assert "1 of 1 requirements that must hold and were tried failed, and 1 of 2 that should or may hold." in page
    assert "2026-11-28 18:32:39 UTC" in page


def test_coverage_counts_what_was_looked_at() -> None:
    rows = {row.name: (row.covered, row.total, row.missing) for row in coverage(small_run())}
    assert rows == {
        "operations": (1, 2, ("SetEmail",)),
        "requirements (must)": (1, 2, ("INH2-PAY-7",)),
        "requirements (should)": (2, 2, ()),
    }


def test_a_comparison_finds_what_got_worse_and_what_is_no_longer_looked_at() -> None:
    old = small_run()
    worse = replace(old.checks[1], outcome=Outcome.FAILED)
    assert [one.is_regression for one in compare(old, replace(old, checks=(old.checks[0], worse)))] == [True] + [
        False
    ] * 3
    gone = compare(old, replace(old, checks=(old.checks[0], *old.checks[2:])))
    assert [(one.id, one.after, one.is_regression) for one in gone] == [("inhance/soap12", None, True)]
    better = compare(replace(old, checks=(worse,)), replace(old, checks=(old.checks[1],)))
    assert [one.is_better for one in better] == [True]
    assert compare(old, old) == []
    for other in (replace(old, subject="tccs"), configuration_run()):
        with pytest.raises(NotComparable):
            compare(old, other)
