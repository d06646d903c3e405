"""The good consumers pass everything; each defective one fails the requirements that it must fail, and no other."""

from __future__ import annotations

import itertools
import re
from contextlib import ExitStack, suppress

import pytest

from partnerlab.client.errors import ClientError
from partnerlab.client.flows import FlowFailed
from partnerlab.client.http import HttpRequest, HttpResponse
from partnerlab.contracts.verification.consumer.control import Control
from partnerlab.contracts.verification.consumer.roles import ROLES, role
from partnerlab.contracts.verification.consumer.run import Options, verify
from partnerlab.contracts.verification.grading import Outcome, Run
from partnerlab.contracts.verification.provider.direct import Direct
from partnerlab.contracts.verification.provider.exchange import Answered, Asked
from partnerlab.testing.sandboxes import SandboxForTests
from tests.contracts.verification.consumers.defects import DEFECTS
from tests.contracts.verification.consumers.good import GOOD, PAGES, SECRET, Side
from tests.contracts.verification.consumers.receivers import Receiver
from tests.contracts.verification.consumers.wire import Break, Line

_numbers = itertools.count()


def graded(sandbox: SandboxForTests, direct: Direct, name: str, breaks: Break | None = None, without: str = "") -> Run:
    """A consumer of that role at work in a lane of its own, and what is said of it."""
    partner, work = GOOD[name]
    number = next(_numbers)
    with ExitStack() as stack:
        lane = stack.enter_context(sandbox.lane(f"consumer-{number}"))
        shadow = stack.enter_context(sandbox.lane(f"shadow-{number}"))
        line = Line(lane, shadow, breaks)
        stack.callback(line.close)
        side = Side(line, partner)
        with suppress(ClientError, FlowFailed) if breaks is not None else ExitStack():
            work(side)
        receiver = Receiver(side, without)

        def send(asked: Asked, timeout_s: float) -> Answered:
            return receiver.take(asked) if asked.url.startswith(PAGES) else direct.send(asked, timeout_s)

        options = Options()
        if name == "cloud-payments":
            options = Options(held=lambda page: receiver.held[page.reference])
        return verify(role(name), Control(direct.send, sandbox.url, lane.name), options, send=send)


@pytest.mark.parametrize("name", ROLES)
def test_the_good_consumer_passes_every_check(name: str, sandbox: SandboxForTests, direct: Direct) -> None:
    run = graded(sandbox, direct, name)
    assert [(one.check, one.outcome, one.reason, one.problems) for one in run.checks if one.outcome != "passed"] == []
    assert {one.outcome for one in run.requirements} == {Outcome.PASSED, Outcome.NOT_TESTABLE}
    assert run.exit_code(strict=True) == 0
    assert SECRET not in repr(run)


def test_an_address_that_nobody_guesses_is_as_good_as_a_look_up(sandbox: SandboxForTests, direct: Direct) -> None:
    run = graded(sandbox, direct, "cloud-payments", without="address only")
    assert run.failures() == []


def spelt_otherwise(line: Line, request: HttpRequest) -> HttpResponse:
    """Names of JSON without capitals; true and false in quotes."""
    if request.content.startswith(b"{"):
        text = re.sub(r'"(\w+)":', lambda found: found[0].lower(), request.content.decode())
        request = request._replace(content=re.sub(":(true|false)", r':"\1"', text).encode())
    return line.really(request)


@pytest.mark.parametrize("name", ["inhance-portal", "watersmart", "cloud-payments"])
def test_names_in_another_case_fail_nothing_and_are_said(name: str, sandbox: SandboxForTests, direct: Direct) -> None:
    run = graded(sandbox, direct, name, spelt_otherwise)
    assert [(one.check, one.outcome, one.problems) for one in run.checks if one.outcome != "passed"] == []
    assert run.exit_code(strict=True) == 0
    said = [note for note in run.notes if "understood, though" in note]
    assert len(said) == 1
    assert " for " in said[0]


def test_a_biller_who_reads_strictly_refuses_names_in_another_case(sandbox: SandboxForTests, direct: Direct) -> None:
    def strictly(line: Line, request: HttpRequest) -> HttpResponse:
        biller = Side(line, "inhance_v2").books.biller["guid"]
        line.lane.control.patch(f"/_sandbox/ic/billers/{biller}", {"configuration": {"REST": {"Strict": True}}})
        return spelt_otherwise(line, request) if request.operation == "CloudPaymentsV2" else line.really(request)

    run = graded(sandbox, direct, "cloud-payments", strictly)
    failed = {one.requirement.id for one in run.failures()}
    assert "CPV2-CUS-9" in failed
    assert not any("understood, though" in note for note in run.notes)


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defective_consumer_fails_what_it_must_and_nothing_else(
    name: str, sandbox: SandboxForTests, direct: Direct
) -> None:
    defect = DEFECTS[name]
    run = graded(sandbox, direct, defect.role, defect.breaks, defect.receiver)
    failed = {one.requirement.id for one in run.requirements if one.outcome is Outcome.FAILED}
    assert failed == defect.fails, [one.problems[:2] for one in run.checks if one.outcome is Outcome.FAILED]
