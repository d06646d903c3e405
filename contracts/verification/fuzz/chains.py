"""
Calls that follow one another: what one answers, as an id, is what the next one sends.

Schemathesis reads in an OpenAPI document which answer holds what another operation asks for, without `links` in it, and
draws the calls. They go the run's own way, as those of `fuzz.rest` do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.errors import FlakyStrategyDefinition

from partnerlab.contracts.verification.fuzz.rest import ORIGIN, RestRequest, request_of
from partnerlab.contracts.verification.grading import Problem

if TYPE_CHECKING:
    from partnerlab.contracts.verification.provider.exchange import Answered

__all__ = ["search_chains"]

STEPS = 6
"""Calls of one chain at most."""
Attempt = Callable[[RestRequest], "tuple[Problem | None, Answered | None]"]


class _Found(Exception):
    """A call got an answer that the contract forbids."""


class _TimeIsUp(BaseException):
    """No `Exception`: Hypothesis lets it through at once."""


def search_chains(
    document: Mapping[str, Any], attempt: Attempt, *, start: int, calls: int, seconds: float
) -> Problem | None:
    """
    What is wrong with the last answer of the first such chain, or None where nothing is.

    *attempt* sends one call; it gives what is wrong, and the answer, None for a call that was not sent. *start* is the
    seed; *calls* and *seconds* are the most that are tried.
    """
    import requests
    import schemathesis
    from schemathesis.core.transport import Response

    until = time.monotonic() + seconds
    left = calls
    found: Problem | None = None
    schema = schemathesis.openapi.from_dict(dict(document))

    class Machine(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            self.described: list[str] = []

        def call(self, case: Any, **_: Any) -> Any:
            nonlocal left, found
            if left <= 0 or time.monotonic() >= until:
                raise _TimeIsUp
            left -= 1
            operation = case.operation.definition.raw["operationId"]
            request = request_of(case, operation, valid=not case.meta or case.meta.generation.mode.is_positive)
            problem, answer = attempt(request)
            self.described.append(request.described)
            if problem is not None:
                before = ", then ".join(self.described[:-1])
                where = f"after {before}: {problem.where}" if before else problem.where
                found = Problem(where, problem.expected, problem.received, problem.exchange)
                raise _Found
            sent = requests.Request(request.method, f"{ORIGIN}{request.path}").prepare()
            headers = {} if answer is None else {name: [value] for name, value in answer.headers.items()}
            return Response(
                404 if answer is None else answer.status,
                headers,
                b"" if answer is None else answer.body,
                sent,
                0.0,
                False,
            )

        def validate_response(self, *_: Any, **__: Any) -> None:
            """What an answer may be *attempt* says."""

    # Without shrinking: a service that has changed meanwhile would answer the same calls in another way. Hypothesis
    # notices that in what it draws next, and stops; then it begins anew.
    while found is None and left > 0 and time.monotonic() < until:
        limits = settings(
            max_examples=max(1, left // STEPS),
            stateful_step_count=STEPS,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )
        try:
            seed(start)(Machine).run(settings=limits)
        except FlakyStrategyDefinition:
            start += 1
        except (_Found, _TimeIsUp):
            pass
        else:
            break
    return found
