"""
The life of a delivery, as one table: which state follows which, on what, and who may say so.

`accepted` is on its way, `sending` has an attempt open, `waiting` is between attempts; these three hold the account.
All others free it: `delivered` and `skipped` are final; `dead`, `unknown` and `not_understood` wait for a person;
`dismissed` was given up by one and can still be replayed.

A person can always act: an accepted delivery can be given up or queued anew, and an open attempt whose process is gone
can be declared lost, which makes its outcome unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from partnerlab.client.errors import RequestInvalid

__all__ = [
    "FREE",
    "IN_DOUBT",
    "TRANSITIONS",
    "State",
    "Transition",
    "TransitionRefused",
    "after",
    "parse_state",
    "render_diagram",
]


class State(StrEnum):
    """Where a delivery stands."""

    ACCEPTED = "accepted"
    SENDING = "sending"
    WAITING = "waiting"
    DELIVERED = "delivered"
    SKIPPED = "skipped"
    DEAD = "dead"
    UNKNOWN = "unknown"
    NOT_UNDERSTOOD = "not_understood"
    DISMISSED = "dismissed"


def parse_state(text: str) -> State:
    """The state of that name. Raises `RequestInvalid`."""
    try:
        return State(text)
    except ValueError:
        raise RequestInvalid("state", text, f"is not one of {', '.join(State)}") from None


FREE = frozenset({State.DELIVERED, State.SKIPPED, State.DEAD, State.UNKNOWN, State.NOT_UNDERSTOOD, State.DISMISSED})
"""States in which the next delivery of the account may go."""

IN_DOUBT = frozenset(State) - {State.DELIVERED, State.SKIPPED, State.DISMISSED}
"""States in which it is not certain, or not settled, whether the partner has it [A-84]."""


@dataclass(frozen=True, slots=True)
class Transition:
    """From one state to another on a cause; `person` says that only a person may cause it."""

    source: State
    cause: str
    target: State
    person: bool = False


TRANSITIONS = (
    Transition(State.ACCEPTED, "start", State.SENDING),
    Transition(State.ACCEPTED, "skip", State.SKIPPED),
    Transition(State.ACCEPTED, "refuse", State.DEAD),
    Transition(State.ACCEPTED, "postpone", State.WAITING),
    Transition(State.SENDING, "deliver", State.DELIVERED),
    Transition(State.SENDING, "postpone", State.WAITING),
    Transition(State.SENDING, "refuse", State.DEAD),
    Transition(State.SENDING, "lose", State.UNKNOWN),
    Transition(State.SENDING, "misread", State.NOT_UNDERSTOOD),
    Transition(State.WAITING, "due", State.ACCEPTED),
    # A late answer to an attempt that was given up for lost: its process had not been killed.
    Transition(State.UNKNOWN, "deliver", State.DELIVERED),
    Transition(State.UNKNOWN, "refuse", State.DEAD),
    Transition(State.UNKNOWN, "misread", State.NOT_UNDERSTOOD),
    Transition(State.ACCEPTED, "replay", State.ACCEPTED, person=True),
    Transition(State.WAITING, "replay", State.ACCEPTED, person=True),
    Transition(State.DEAD, "replay", State.ACCEPTED, person=True),
    Transition(State.DISMISSED, "replay", State.ACCEPTED, person=True),
    Transition(State.ACCEPTED, "dismiss", State.DISMISSED, person=True),
    Transition(State.WAITING, "dismiss", State.DISMISSED, person=True),
    Transition(State.DEAD, "dismiss", State.DISMISSED, person=True),
    Transition(State.UNKNOWN, "dismiss", State.DISMISSED, person=True),
    Transition(State.NOT_UNDERSTOOD, "dismiss", State.DISMISSED, person=True),
    Transition(State.SENDING, "abandon", State.UNKNOWN, person=True),
    Transition(State.UNKNOWN, "resolve as posted", State.DELIVERED, person=True),
    Transition(State.NOT_UNDERSTOOD, "resolve as posted", State.DELIVERED, person=True),
    Transition(State.UNKNOWN, "resolve as not posted", State.ACCEPTED, person=True),
    Transition(State.NOT_UNDERSTOOD, "resolve as not posted", State.ACCEPTED, person=True),
)

_AFTER = {(t.source, t.cause): t.target for t in TRANSITIONS}


class TransitionRefused(Exception):
    """A delivery in this state cannot go that way."""

    def __init__(self, id: str, state: State, cause: str) -> None:
        self.id, self.state, self.cause = id, state, cause
        possible = [t.cause for t in TRANSITIONS if t.source is state and t.person]
        hint = f"a person can {' or '.join(possible)} it" if possible else "there is nothing a person can do with it"
        super().__init__(f"delivery {id} is {state}: {cause} is not possible; {hint}")


def after(id: str, state: State, cause: str) -> State:
    """The state that follows. Raises `TransitionRefused` where the table has no such row."""
    try:
        return _AFTER[state, cause]
    except KeyError:
        raise TransitionRefused(id, state, cause) from None


def render_diagram() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.ACCEPTED}"]
    lines += [f"    {t.source} --> {t.target}: {t.cause}{' (a person)' if t.person else ''}" for t in TRANSITIONS]
    final = [state for state in State if not any(t.source is state for t in TRANSITIONS)]
    return "\n".join([*lines, *(f"    {state} --> [*]" for state in final)]) + "\n"
