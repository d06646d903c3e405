"""
Random requests to a sandbox's own interfaces, and chains of them.

Everything is tried in a lane of the run's own. It is dropped, and so are those that the run made, and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.verification.grading import Failed, Problem
from partnerlab.contracts.verification.provider.exchange import Answered, NoAnswer
from partnerlab.contracts.verification.provider.line import BudgetSpent, Reply
from partnerlab.contracts.verification.provider.probe import insides
from partnerlab.contracts.verification.provider.sandbox.box import SUITE, UNTRIED, Box, Interface, operations_of
from partnerlab.contracts.verification.provider.sandbox.whose import Whose

if TYPE_CHECKING:
    from partnerlab.contracts.verification.fuzz.rest import RestRequest


@SUITE.check("sandbox/control-api", "OWN-API-1", "OWN-API-2", kind="fuzz")
def random_questions_to_the_control_api(box: Box) -> None:
    """Whatever the control API is asked, the answer is its contract's, a refusal says why, no 5xx comes."""
    _requests(box, box.control, _reading)


@SUITE.check("sandbox/pump", "OWN-PUMP-1", "OWN-PUMP-2", kind="fuzz")
def random_questions_to_the_data_pump(box: Box) -> None:
    """Whatever the data pump's service is asked, the answer is its contract's, a refusal says why, no 5xx comes."""
    _requests(box, box.pump, _reading)


@SUITE.check("sandbox/control-api-writes", "OWN-API-1", "OWN-API-2", kind="fuzz", writes=True)
def random_changes_by_the_control_api(box: Box) -> None:
    """Whatever change the control API is told, the answer is its contract's, a refusal says why, no 5xx comes."""
    _requests(box, box.control, _changing)


@SUITE.check("sandbox/pump-writes", "OWN-PUMP-1", "OWN-PUMP-2", kind="fuzz", writes=True)
def random_events_to_the_data_pump(box: Box) -> None:
    """Whatever event or order the data pump is given, the answer is its contract's, a refusal says why, no 5xx."""
    _requests(box, box.pump, _changing)


@SUITE.check("sandbox/control-api-chains", "OWN-API-1", "OWN-API-2", kind="fuzz", writes=True)
def chains_of_calls_to_the_control_api(box: Box) -> None:
    """What one call of the control API told is sent in the next; each answer is its contract's, no 5xx comes."""
    _chains(box, box.control)


@SUITE.check("sandbox/pump-chains", "OWN-PUMP-1", "OWN-PUMP-2", kind="fuzz", writes=True)
def chains_of_calls_to_the_data_pump(box: Box) -> None:
    """What one call of the data pump told is sent in the next; each answer is its contract's, no 5xx comes."""
    _chains(box, box.pump)


def _reading(method: str, operation: str) -> bool:
    return method == "get" and operation not in UNTRIED


def _changing(method: str, operation: str) -> bool:
    return method != "get" and operation not in UNTRIED


def _requests(box: Box, interface: Interface, wanted: Callable[[str, str], bool]) -> None:
    with importing:
        from hypothesis import strategies as st

        from partnerlab.contracts.verification.fuzz.rest import requests_of
        from partnerlab.contracts.verification.fuzz.search import search

    seconds = box.line.share_of(box.target.fuzz)
    with _lanes(box) as whose:
        problem = search(
            st.one_of(list(requests_of(operations_of(interface.document, wanted)).values())),
            lambda request: _attempt(box, interface, request, whose)[0],
            start=box.target.fuzz_seed,
            examples=box.line.affordable(seconds),
            seconds=seconds,
        )
    if problem is not None:
        raise Failed([problem])


def _chains(box: Box, interface: Interface) -> None:
    with importing:
        from partnerlab.contracts.verification.fuzz.chains import search_chains

    seconds = box.line.share_of(box.target.fuzz)
    with _lanes(box) as whose:
        problem = search_chains(
            operations_of(interface.document, lambda _, operation: operation not in UNTRIED),
            lambda request: _attempt(box, interface, request, whose),
            start=box.target.fuzz_seed,
            calls=box.line.affordable(seconds),
            seconds=seconds,
        )
    if problem is not None:
        raise Failed([problem])


@contextmanager
def _lanes(box: Box) -> Iterator[Whose]:
    """Whose lanes there are; what the block made is dropped after it."""
    box.make_lane()
    whose = Whose(box.lane, box.lanes() - {box.lane})
    try:
        yield whose
    finally:
        for lane in sorted(whose.to_drop(box.lanes())):
            box.drop(lane)


def _attempt(
    box: Box, interface: Interface, drawn: RestRequest, whose: Whose
) -> tuple[Problem | None, Answered | None]:
    """What is wrong with the answer, and the answer; None twice for what would change another's lane."""
    request = whose.aimed(drawn)
    if request is None:
        return None, None
    what = request.described
    try:
        reply = box.send(interface, request)
    except BudgetSpent:  # while a request is made smaller; what was found is kept
        return None, None
    except NoAnswer as error:
        return Problem(what, "an answer", str(error), len(box.line.exchanges)), None
    whose.told(request, reply.answer)
    return _problem(interface, what, reply), reply.answer


def _problem(interface: Interface, what: str, reply: Reply) -> Problem | None:
    asked, answer, number = reply.asked, reply.answer, reply.number
    if answer.status >= 500:
        return Problem(f"{what}: status", "below 500", str(answer.status), number)
    content_type = answer.headers.get("content-type", "")
    for one in interface.check(asked.label, asked.body, asked.headers, answer.status, answer.body, content_type):
        if one.side == "response":
            return Problem(f"{what}: {one.where}", f"{one.expected} ({one.rule})", one.found, number)
    sent = f"{unquote(asked.url)}\n{asked.body.decode('utf-8', 'replace')}"
    if answer.status >= 400 and (inside := insides(_said(answer))) and not insides(f"{sent}{sent!r}"):
        return Problem(f"{what}: body", "nothing of the server's inside", f"a text with {inside!r}", number)
    error = answer.members.get("error")
    if answer.status >= 400 and not (isinstance(error, dict) and error.get("message")):
        return Problem(f"{what}: error.message", "what is wrong", "nothing", number)
    return None


def _said(answer: Answered) -> str:
    """The texts of a refusal as they are read, without JSON's backslashes; the whole answer where it is another."""
    error = answer.members.get("error")
    return "\n".join(str(text) for text in error.values()) if isinstance(error, dict) else answer.text
