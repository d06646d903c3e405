"""A check is one function that fails or does not; a suite is the checks of one subject, in the order they run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from partnerlab.contracts.verification.grading.model import Problem

__all__ = ["Check", "Failed", "Kind", "NotExercised", "NotHere", "Suite", "Unfinished"]

Kind = Literal["contract", "input", "tolerance", "scenario", "pact", "fuzz", "meaning", "story", "file"]
Subject = TypeVar("Subject")


class Failed(Exception):
    """The check found these problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{one.where}: expected {one.expected}, got {one.received}" for one in problems))


class Unfinished(Failed):
    """What was begun is not done yet: a failure only where nothing more comes."""


class NotExercised(Exception):
    """What the check looks at did not happen; the text says so."""


class NotHere(Exception):
    """The check cannot be made with this subject as it is set up; the text says why."""


@dataclass(frozen=True, slots=True)
class Check(Generic[Subject]):
    """
    One declared check.

    `sentence` says what holds where it passes. `requirements` are the ids it grades. `writes` says that it changes
    something at the subject. `needs` names settings of the run without which it is not exercised. `turn` asks a person
    for what a consumer must do so that there is something to look at.
    """

    id: str
    sentence: str
    kind: Kind
    requirements: tuple[str, ...]
    writes: bool
    needs: tuple[str, ...]
    run: Callable[[Subject], None]
    turn: str = ""


class Suite(Generic[Subject]):
    """
    The checks of one subject.

    *prefixes* are those of the ids of the requirements that are its own; each of these has a check here or a row in
    `untestable.toml` (`tests/contracts/verification/test_suites.py`).
    """

    def __init__(self, subject: str, prefixes: Sequence[str]) -> None:
        self.subject = subject
        self.prefixes = tuple(prefixes)
        self.checks: dict[str, Check[Subject]] = {}

    def check(
        self,
        id: str,
        *requirements: str,
        kind: Kind = "contract",
        writes: bool = False,
        needs: Sequence[str] = (),
        turn: str = "",
    ) -> Callable[[Callable[[Subject], None]], Callable[[Subject], None]]:
        """Declare the decorated function; its docstring is the sentence. Raises `ValueError` for a second one."""

        def declare(function: Callable[[Subject], None]) -> Callable[[Subject], None]:
            sentence = " ".join(inspect.cleandoc(function.__doc__ or "").partition("\n\n")[0].split())
            self.add(Check(id, sentence, kind, requirements, writes, tuple(needs), function, turn))
            return function

        return declare

    def add(self, check: Check[Subject]) -> None:
        """Declare a check that is made from data. Raises `ValueError` for a second one of its id."""
        if check.id in self.checks:
            raise ValueError(f"{self.subject}: check {check.id} is declared twice")
        self.checks[check.id] = check

    def claims(self) -> dict[str, list[str]]:
        """The checks that grade a requirement, by its id."""
        found: dict[str, list[str]] = {}
        for check in self.checks.values():
            for id in check.requirements:
                found.setdefault(id, []).append(check.id)
        return found
