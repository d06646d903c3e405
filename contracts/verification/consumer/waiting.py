"""Whose turn it is, in words that a person acts on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from partnerlab.contracts.verification.consumer.record import Record
from partnerlab.contracts.verification.grading.checks import Check
from partnerlab.contracts.verification.grading.model import CheckResult, Outcome

__all__ = ["Turn", "left", "turns"]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a person is asked to do; `hint` says how far a story has come."""

    text: str
    hint: str = ""


def turns(
    states: Sequence[tuple[Check[Record], CheckResult]], names: Mapping[str, str], given: Collection[str]
) -> list[Turn]:
    """
    What is still to be done, each once, in the order of the checks; what has begun goes first.

    A check that needs what is not *given* is waited for by nobody.
    """
    found: dict[str, Turn] = {}
    for check, result in states:
        if not check.turn or result.outcome is not Outcome.NOT_EXERCISED or not set(check.needs) <= set(given):
            continue
        text = check.turn.format_map(_Names(names))
        begun = result.reason if result.problems else ""
        if text not in found or begun:
            found[text] = Turn(text, f"It has begun; {begun}." if begun else "")
    return sorted(found.values(), key=lambda one: not one.hint)


def left(seconds: float) -> str:
    """How long that is, as `4:30`."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02}"


class _Names(dict[str, str]):
    """A name that is not known stays as it is written."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
