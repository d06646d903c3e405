"""
Stories: which calls belong together, and in which order; data in, a verdict on the calls out.

A story is found by its `anchor`, the call without which it did not happen. The calls around that concern the same user,
account or session are its window; in it, the steps before and after must stand in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from partnerlab.contracts.masking import MASK
from partnerlab.contracts.verification.consumer.call import Call
from partnerlab.contracts.verification.consumer.record import Record, problem
from partnerlab.contracts.verification.grading.checks import Failed, NotExercised, Unfinished
from partnerlab.contracts.verification.grading.model import Problem

__all__ = ["Step", "Story", "judge"]

IDENTITIES = ("Username", "EmailAddress", "NewEmailAddress", "AccountNumber", "CustomerGuid")
SESSION = "RemoteAuthenticationToken"


@dataclass(frozen=True, slots=True)
class Step:
    """
    A call that a story asks for or forbids.

    `outcome` is `done`, `refused` or empty for either; `with_field` must be in the request, `without_field` must not;
    `answers` are values that its answer holds.
    """

    operation: str
    outcome: str = ""
    with_field: str = ""
    without_field: str = ""
    answers: Mapping[str, str] | None = None

    def matches(self, call: Call) -> bool:
        """Whether a call is this step."""
        if call.operation != self.operation:
            return False
        if (self.outcome == "done" and not call.done) or (self.outcome == "refused" and not call.refused):
            return False
        if self.with_field and not call.sent.get(self.with_field):
            return False
        if self.without_field and call.sent.get(self.without_field):
            return False
        return all(value.lower() in map(str.lower, call.got.all(name)) for name, value in (self.answers or {}).items())

    def __str__(self) -> str:
        words = {"done": ", accepted", "refused": ", refused"}.get(self.outcome, "")
        given = f" by {self.with_field}" if self.with_field else ""
        return f"{self.operation}{given}{words}"


@dataclass(frozen=True, slots=True)
class Story:
    """
    Calls that belong together.

    It is told where `anchor` was seen, each of `given` stands in its window and none of `unless` does. Then the steps
    `before` and `after` the anchor must stand there in order, and none of `never_after` behind it. The window reaches
    back to the last call that `since` matches, without it, or to the last that `opens` matches, with it; and on to the
    next that one of `until` does.
    """

    anchor: Step
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    given: tuple[Step, ...] = ()
    any_of: tuple[Step, ...] = ()
    unless: tuple[Step, ...] = ()
    never_after: tuple[Step, ...] = ()
    until: tuple[Step, ...] = ()
    since: Step | None = None
    opens: Step | None = None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Story:
        """A row of a role's file. Raises `TypeError` for a key that there is not."""
        lists = ("before", "after", "given", "any_of", "unless", "never_after", "until")
        found: dict[str, Any] = {name: tuple(Step(**one) for one in row.get(name, ())) for name in lists}
        for name in ("anchor", "since", "opens"):
            if name in row:
                found[name] = Step(**row[name])
        return cls(**found)


def judge(story: Story, record: Record) -> None:
    """Hold every telling of a story to its steps. Raises `NotExercised`, `Unfinished`, `Failed`."""
    told = [window for window in _windows(story, record.calls) if _is_told(story, window)]
    if not told:
        raise NotExercised(f"no {story.anchor} was seen that this is about")
    problems: list[Problem] = []
    unfinished: list[Problem] = []
    for window in told:
        record.look_at(window.all)
        found = list(_broken(story, window))
        (unfinished if window.open and all(late for late, _ in found) else problems).extend(one for _, one in found)
    if problems:
        raise Failed(problems + unfinished)
    if unfinished:
        raise Unfinished(unfinished)


@dataclass(frozen=True, slots=True)
class _Window:
    """The calls around an anchor; `open` says that more may come."""

    anchor: Call
    back: tuple[Call, ...]
    ahead: tuple[Call, ...]
    open: bool

    @property
    def all(self) -> tuple[Call, ...]:
        return (*self.back, self.anchor, *self.ahead)


def _windows(story: Story, calls: Sequence[Call]) -> Iterator[_Window]:
    for place, anchor in enumerate(calls):
        if not story.anchor.matches(anchor):
            continue
        who = _identity(anchor)
        back: list[Call] = []
        for call in reversed(calls[:place]):
            if not _related(who, call):
                continue
            if story.since is not None and story.since.matches(call):
                break
            back.append(call)
            if story.opens is not None and story.opens.matches(call):
                break
        ahead: list[Call] = []
        closed = False
        for call in calls[place + 1 :]:
            if not _related(who, call):
                continue
            if any(step.matches(call) for step in story.until):
                closed = True
                break
            ahead.append(call)
        yield _Window(anchor, tuple(reversed(back)), tuple(ahead), not closed)


def _is_told(story: Story, window: _Window) -> bool:
    def has(step: Step) -> bool:
        return any(step.matches(call) for call in window.all)

    return (
        all(has(step) for step in story.given)
        and (not story.any_of or any(has(step) for step in story.any_of))
        and not any(has(step) for step in story.unless)
    )


def _broken(story: Story, window: _Window) -> Iterator[tuple[bool, Problem]]:
    """What is wrong, each with whether it may still come."""
    anchor = window.anchor
    for steps, calls, side in ((story.before, window.back, "before"), (story.after, window.ahead, "after")):
        at = 0
        for step in steps:
            found = next((n for n in range(at, len(calls)) if step.matches(calls[n])), None)
            if found is not None:
                at = found + 1
                continue
            elsewhere = any(step.matches(call) for call in window.all if call is not anchor)
            order = " then ".join(map(str, (*story.before, story.anchor, *story.after)))
            received = "in another order; there were " if elsewhere else "nothing of it; there were "
            seen = ", ".join(call.operation for call in window.all[-12:])
            late = side == "after" and not elsewhere
            yield late, problem(anchor, f"{side} it", f"{step} (the story is {order})", received + seen)
            break
    for step in story.never_after:
        wrong = next((call for call in window.ahead if step.matches(call)), None)
        if wrong is not None:
            yield False, problem(wrong, f"after {story.anchor}", f"no {step.operation}", f"a call, {wrong.outcome}")


def _identity(call: Call) -> frozenset[str]:
    """What ties a call to others: names and numbers of its user or account, and the end of its token."""
    found = {
        value.lower()
        for values in (call.sent, call.got)
        for name in IDENTITIES
        for value in values.all(name)
        if value and MASK not in value
    }
    found |= {value for values in (call.sent, call.got) for value in values.all(SESSION) if value.strip(MASK)}
    if call.operation == "RetrieveCustomerAccount":
        found |= {part.lower() for part in call.path.split("/") if len(part) == 36}
    return frozenset(found)


def _related(who: frozenset[str], call: Call) -> bool:
    return not who.isdisjoint(_identity(call))
