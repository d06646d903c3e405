"""The runner and the line: what is sent, how often and where to; what is kept; and what stops a run."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from partnerlab.contracts.masking import MASK
from partnerlab.contracts.verification.grading import Failed, NotHere, Outcome, Problem, Suite
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, NoAnswer
from partnerlab.contracts.verification.provider.line import BudgetSpent, Line
from partnerlab.contracts.verification.provider.probe import Probe
from partnerlab.contracts.verification.provider.run import Options, slow_notes, verify
from partnerlab.contracts.verification.provider.secrets import Secrets
from tests.contracts.verification.runs import exchange
from tests.contracts.verification.worlds import INHANCE, inhance_world, line_to, verify_inhance

URL = "http://127.0.0.1:1/service"
ASKED = Asked("Call", "POST", URL, {"content-type": "text/plain"}, b"x")


def answer(asked: Asked, timeout_s: float) -> Answered:
    return Answered(200, {"content-type": "text/plain"}, b"y")


def probe_run(suite: Suite[Probe], line: Line, options: Options) -> dict[str, tuple[Outcome, str]]:
    run = verify(suite, Probe(line), line, lambda _: [], target=URL, operations=["Call"], options=options)
    return {one.check: (one.outcome, one.reason) for one in run.checks}


def suite_of(*outcomes: Exception | None) -> Suite[Probe]:
    suite: Suite[Probe] = Suite("inhance", ("INH2-",))
    for number, error in enumerate(outcomes):

        def check(probe: Probe, error: Exception | None = error) -> None:
            """It holds."""
            probe.line.ask(ASKED)
            if error is not None:
                raise error

        suite.check(f"inhance/{number}", "INH2-ADR-3")(check)
    return suite


def test_requests_keep_to_the_rate() -> None:
    slept: list[float] = []
    clock = itertools.count(0, 0.01)  # a hundredth of a second between two looks at it
    line = Line(answer, URL, Secrets({}), rate=5, sleep=slept.append, monotonic=lambda: next(clock))
    for _ in range(4):
        line.ask(ASKED)
    assert sum(slept) == pytest.approx(0.17 + 0.34 + 0.51, abs=0.05)
    line.ask_at_once([ASKED] * 3)
    before = len(slept)
    line.ask(ASKED)
    assert slept[before] > slept[before - 1] + 0.5, "what was sent at once is paid for afterwards"


def test_the_budget_ends_a_run_and_the_rest_says_so() -> None:
    line = Line(answer, URL, Secrets({}), budget=2, sleep=lambda _: None)
    found = probe_run(suite_of(None, None, None, None), line, Options())
    assert [outcome for outcome, _ in found.values()] == [Outcome.PASSED] * 2 + [Outcome.NOT_EXERCISED] * 2
    assert {reason for _, reason in list(found.values())[2:]} == {"the budget of 2 requests is spent"}
    with pytest.raises(BudgetSpent):
        line.ask_at_once([ASKED, ASKED])


def test_what_changes_something_is_not_begun_with_a_budget_that_may_not_suffice() -> None:
    line = Line(answer, URL, Secrets({}), budget=21, sleep=lambda _: None)
    suite = suite_of(None)
    suite.check("inhance/write", "INH2-ADR-3", kind="scenario", writes=True)(suite.checks["inhance/0"].run)
    suite.check("inhance/write-2", "INH2-ADR-3", kind="scenario", writes=True)(suite.checks["inhance/0"].run)
    found = probe_run(suite, line, Options(allow_writes=True))
    assert [outcome for outcome, _ in found.values()] == [Outcome.PASSED, Outcome.PASSED, Outcome.NOT_EXERCISED]
    assert len(line.exchanges) == 2


def test_our_own_pauses_are_not_taken_from_the_services_time() -> None:
    patience: list[float] = []

    def noting(asked: Asked, timeout_s: float) -> Answered:
        patience.append(timeout_s)
        return answer(asked, timeout_s)

    now = [0.0]
    line = Line(
        noting, URL, Secrets({}), rate=0.1, sleep=lambda s: now.__setitem__(0, now[0] + s), monotonic=lambda: now[0]
    )
    with line.within(5):
        for _ in range(4):
            line.ask(ASKED)
    assert now[0] == 30
    assert patience == [5.0] * 4


def test_another_origin_is_never_called() -> None:
    line = line_to(answer, URL)
    for url in ("http://127.0.0.1:2/service", "https://127.0.0.1:1/service", "http://example.com/service"):
        with pytest.raises(ValueError, match="not of the origin"):
            line.ask(replace(ASKED, url=url))


def test_three_checks_without_an_answer_end_a_run() -> None:
    def silent(asked: Asked, timeout_s: float) -> Answered:
        raise NoAnswer("connection-broken", "reset by peer")

    line = line_to(silent, URL)
    found = list(probe_run(suite_of(None, None, None, None), line, Options()).values())
    assert [outcome for outcome, _ in found] == [Outcome.FAILED] * 3 + [Outcome.NOT_EXERCISED]
    assert len(line.exchanges) == 3
    assert line.exchanges[0].error == "reset by peer"


def test_outcomes_of_checks() -> None:
    problem = Problem("Body", "this", "that", 1)
    suite = suite_of(None, Failed([problem]), NotHere("no address"), ZeroDivisionError("of ours"))
    found = list(probe_run(suite, line_to(answer, URL), Options()).values())
    assert [outcome for outcome, _ in found] == [
        Outcome.PASSED,
        Outcome.FAILED,
        Outcome.NOT_TESTABLE,
        Outcome.NOT_TESTABLE,
    ]
    assert found[2][1] == "no address"
    assert "ZeroDivisionError" in found[3][1]


def test_a_requirement_is_as_bad_as_its_worst_check() -> None:
    line = line_to(answer, URL)
    suite = suite_of(None, Failed([Problem("Body", "this", "that")]))
    run = verify(suite, Probe(line), line, lambda _: [], target=URL, operations=[], options=Options())
    graded = next(one for one in run.requirements if one.requirement.id == "INH2-ADR-3")
    assert graded.outcome is Outcome.FAILED
    assert graded.checks == ("inhance/0", "inhance/1")
    assert run.exit_code() == 1


def test_only_what_was_asked_for_is_run_and_what_was_excluded_is_not() -> None:
    by_check = verify_inhance(inhance_world().send, options=Options(only=("inhance/soap12",)))
    assert [one.check for one in by_check.checks] == ["inhance/soap12"]
    by_requirement = verify_inhance(inhance_world().send, options=Options(only=("ASMX-TOL-4",)))
    assert [one.check for one in by_requirement.checks] == ["inhance/prefixes", "inhance/layout-of-xml"]
    excluded = verify_inhance(inhance_world().send, options=Options(excluded={"ASMX-SOAP-2": "our firewall"}))
    left = next(one for one in excluded.requirements if one.requirement.id == "ASMX-SOAP-2")
    assert (left.outcome, left.reason) == (Outcome.NOT_TESTABLE, "left out: our firewall")
    assert next(one for one in excluded.checks if one.check == "inhance/soap12").outcome is Outcome.NOT_EXERCISED


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("Mon, 01 Jan 2001 00:00:00 GMT", "behind this machine's"),
        ("Fri, 01 Jan 2999 00:00:00 GMT", "ahead of this machine's"),
        ("soon", ""),
        ("", ""),
    ],
)
def test_a_clock_that_is_far_off_is_told(date: str, said: str) -> None:
    world = inhance_world()

    def dated(asked: Asked, timeout_s: float) -> Answered:
        found = world.send(asked)
        return replace(found, headers={**found.headers, **({"date": date} if date else {})})

    run = verify_inhance(dated, options=Options(only=("inhance/balance",)))
    assert (said in " ".join(run.notes)) if said else run.notes == ()


def test_answers_that_came_late_are_told_with_the_worst_of_them() -> None:
    line = line_to(inhance_world().send, INHANCE.url)
    line.exchanges += [
        replace(exchange(number, ""), elapsed_ms=ms) for number, ms in ((1, 900), (2, 8_140), (3, 5_000))
    ]
    (note,) = slow_notes(line)
    assert note.startswith("2 of 3 answers took 5 seconds or more, BalanceCheck 8.1 (call 2): ")
    del line.exchanges[1:]
    assert slow_notes(line) == []


def test_nothing_verified_is_an_outcome_of_its_own() -> None:
    run = verify_inhance(inhance_world().send, options=Options(only=("inhance/payment",)))
    assert run.exit_code() == 4


def test_only_what_must_hold_fails_a_run_unless_it_is_strict() -> None:
    world = inhance_world()

    def no_soap12(asked: Asked, timeout_s: float) -> Answered:
        if "soap+xml" in asked.headers.get("content-type", ""):
            return Answered(415, {"content-type": "text/plain"}, b"no")
        return world.send(asked)

    run = verify_inhance(no_soap12, options=Options())
    assert [one.requirement.id for one in run.failures()] == ["ASMX-SOAP-2"]
    assert (run.exit_code(), run.exit_code(strict=True)) == (0, 1)


def test_no_secret_is_in_what_a_run_keeps() -> None:
    world = inhance_world()

    def telling(asked: Asked, timeout_s: float) -> Answered:
        found = world.send(asked)
        return replace(found, body=found.body.replace(b"</soap:Body>", f"<!-- {INHANCE.key} --></soap:Body>".encode()))

    run = verify_inhance(telling)
    assert INHANCE.key not in repr(run)
    assert f"{MASK}1111" in run.exchanges[0].request_body
    assert "$INHANCE_KEY" in run.exchanges[0].curl
