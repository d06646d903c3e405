"""
Searches for an input that gets a forbidden answer: Hypothesis draws inputs and shrinks the first one found.

The same seed draws the same inputs; how many are tried is the caller's number, and its seconds at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.strategies import SearchStrategy

from partnerlab.contracts.verification.grading import Problem

__all__ = ["search"]

Input = TypeVar("Input", bound=Hashable)


class _Found(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.where)


class _TimeIsUp(BaseException):
    """No `Exception`, which Hypothesis would look for the smallest cause of: this one it lets through at once."""


def search(
    drawn: SearchStrategy[Input],
    attempt: Callable[[Input], Problem | None],
    *,
    first: Iterable[Input] = (),
    start: int,
    examples: int,
    seconds: float,
) -> Problem | None:
    """
    What is wrong with the answer to the smallest input found, or None where nothing is.

    *attempt* tries one input; each is tried once, however often Hypothesis looks at it. Those of *first* are tried
    before chance has its turn. *start* is the seed.
    """
    until = time.monotonic() + seconds
    tried: dict[Input, Problem | None] = {}
    for one in first:
        if len(tried) >= examples or time.monotonic() >= until:
            return None
        tried[one] = attempt(one)
        if (problem := tried[one]) is not None:
            return problem

    smallest: Problem | None = None

    @seed(start)
    @settings(
        max_examples=max(1, examples - len(tried)),
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
    )
    @given(drawn)
    def attack(one: Input) -> None:
        nonlocal smallest
        if one not in tried:
            if time.monotonic() >= until:
                raise _TimeIsUp
            tried[one] = attempt(one)
        problem = tried[one]
        if problem is not None:
            smallest = problem
            raise _Found(problem)

    try:
        attack()
    except _Found as found:
        return found.problem
    except _TimeIsUp:
        return smallest
    return None
