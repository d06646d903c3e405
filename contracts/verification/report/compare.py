"""Two runs of one subject beside each other: what got worse, what got better, what is no longer looked at."""

from __future__ import annotations

from dataclasses import dataclass

from partnerlab.contracts.verification.grading.model import Outcome, Run

__all__ = ["Change", "NotComparable", "compare"]


class NotComparable(ValueError):
    """The two runs are of different subjects, or one graded nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    What became of a check: `id`, and its outcome before and after; None where that run did not have it.

    A regression is one that passed and does not pass any more: failed, or is not looked at.
    """

    id: str
    sentence: str
    before: Outcome | None
    after: Outcome | None

    @property
    def is_regression(self) -> bool:
        """Whether it got worse."""
        if self.before is Outcome.PASSED:
            return self.after is not Outcome.PASSED
        return self.after is Outcome.FAILED and self.before is not Outcome.FAILED

    @property
    def is_better(self) -> bool:
        """Whether it passes now and did not before."""
        return self.after is Outcome.PASSED and self.before is not Outcome.PASSED


def compare(old: Run, new: Run) -> list[Change]:
    """Every check whose outcome changed, regressions first. Raises `NotComparable`."""
    if (old.side, old.subject) != (new.side, new.subject):
        raise NotComparable(f"the old run is of {old.side} {old.subject}, the new one of {new.side} {new.subject}")
    for name, run in (("old", old), ("new", new)):
        if run.configuration is not None:
            raise NotComparable(f"the {name} run graded nothing: {run.configuration.name}")
    before = {one.check: one for one in old.checks}
    after = {one.check: one for one in new.checks}
    changes = []
    for id in dict.fromkeys((*after, *before)):
        then, now = before.get(id), after.get(id)
        known = now or then
        assert known is not None
        change = Change(
            id, known.sentence, None if then is None else then.outcome, None if now is None else now.outcome
        )
        if change.before is not change.after:
            changes.append(change)
    return sorted(changes, key=lambda one: (not one.is_regression, one.is_better))
