"""
Random requests to a sandbox's own interfaces, and chains of them.

Everything is tried in a lane of the run's own. Lanes that come to be meanwhile are dropped, others are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

from partnerlab.contracts.verification.grading import Failed, Problem
from partnerlab.contracts.verification.provider.exchange import Answered, NoAnswer
from partnerlab.contracts.verification.provider.line import BudgetSpent, Reply
from partnerlab.contracts.verification.provider.probe import insides
from partnerlab.contracts.verification.provider.sandbox.box import LANES, SUITE, UNTRIED, Box, Interface, operations_of

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
    from hypothesis import strategies as st

    from partnerlab.contracts.verification.fuzz.rest import requests_of
    from partnerlab.contracts.verification.fuzz.search import search

    seconds = box.line.share_of(box.target.fuzz)
    with _lanes_of_others(box) as others:
        problem = search(
            st.one_of(list(requests_of(operations_of(interface.document, wanted)).values())),
            lambda request: _attempt(box, interface, request, others)[0],
            start=box.target.fuzz_seed,
            examples=box.line.affordable(seconds),
            seconds=seconds,
        )
    if problem is not None:
        raise Failed([problem])


def _chains(box: Box, interface: Interface) -> None:
    from partnerlab.contracts.verification.fuzz.chains import search_chains

    seconds = box.line.share_of(box.target.fuzz)
    with _lanes_of_others(box) as others:
        problem = search_chains(
            operations_of(interface.document, lambda _, operation: operation not in UNTRIED),
            lambda request: _attempt(box, interface, request, others),
            start=box.target.fuzz_seed,
            calls=box.line.affordable(seconds),
            seconds=seconds,
        )
    if problem is not None:
        raise Failed([problem])


@contextmanager
def _lanes_of_others(box: Box) -> Iterator[set[str]]:
    """The lanes that stand; those that come to be in the block are dropped after it."""
    others = box.lanes() - {box.target.lane}
    try:
        yield others
    finally:
        for lane in sorted(box.lanes() - others):
            box.drop(lane)


def _attempt(
    box: Box, interface: Interface, request: RestRequest, others: set[str]
) -> tuple[Problem | None, Answered | None]:
    """What is wrong with the answer, and the answer; None twice for what would change another's lane."""
    if request.method != "GET" and _lane(request.path) in others:
        return None, None
    what = request.described
    try:
        reply = box.send(interface, request)
    except BudgetSpent:  # while a request is made smaller; what was found is kept
        return None, None
    except NoAnswer as error:
        return Problem(what, "an answer", str(error), len(box.line.exchanges)), None
    return _problem(interface, what, reply), reply.answer


def _lane(path: str) -> str:
    """The lane that a path is about, empty where it is about none."""
    return unquote(path.removeprefix(f"{LANES}/").partition("/")[0].partition("?")[0]) if path.startswith(LANES) else ""


def _problem(interface: Interface, what: str, reply: Reply) -> Problem | None:
    asked, answer, number = reply.asked, reply.answer, reply.number
    if answer.status >= 500:
        return Problem(f"{what}: status", "below 500", str(answer.status), number)
    content_type = answer.headers.get("content-type", "")
    for one in interface.check(asked.label, asked.body, asked.headers, answer.status, answer.body, content_type):
        if one.side == "response":
            return Problem(f"{what}: {one.where}", f"{one.expected} ({one.rule})", one.found, number)
    if answer.status >= 400 and (inside := insides(answer.text)) and inside.encode() not in asked.body:
        return Problem(f"{what}: body", "nothing of the server's inside", f"a text with {inside!r}", number)
    error = answer.members.get("error")
    if answer.status >= 400 and not (isinstance(error, dict) and error.get("message")):
        return Problem(f"{what}: error.message", "what is wrong", "nothing", number)
    return None
