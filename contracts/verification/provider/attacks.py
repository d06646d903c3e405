"""Searches for a SOAP message, or a sequence of calls, to which a provider gives a forbidden answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.verification.grading import Failed, Problem
from partnerlab.contracts.verification.provider.exchange import NoAnswer
from partnerlab.contracts.verification.provider.line import BudgetSpent
from partnerlab.contracts.verification.provider.probe import insides
from partnerlab.contracts.verification.provider.soap import SoapAnswer

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from partnerlab.contracts.verification.fuzz.messages import Message, Parameters

__all__ = ["attack_by_messages", "attack_by_sequences"]

Step = TypeVar("Step", bound=Hashable)
MOST_STEPS = 8
LOOKS = 4
"""Requests by which the books are read around a sequence."""


def attack_by_messages(
    probe: Any,
    drawn: Mapping[str, Parameters],
    operations: Sequence[str],
    known: Mapping[str, str],
    send: Callable[[Message], SoapAnswer],
    *,
    share: int,
    refused: bool = False,
) -> None:
    """
    Try messages of these operations, *known* values in them; *refused* says that none may be done.

    The probe's target says how long and from which seed; each operation gets one of *share* parts of that. Raises
    `Failed` with the smallest message that was answered as it may not be: out of form, by a fault of the server, with
    its inside, or by doing what it was to refuse.
    """
    with importing:
        from partnerlab.contracts.verification.fuzz.messages import each_alone, messages
        from partnerlab.contracts.verification.fuzz.search import search

    target, seconds = probe.target, probe.line.share_of(probe.target.fuzz)
    affordable = probe.line.affordable(seconds)
    for operation in operations:
        problem = search(
            messages(drawn[operation], operation, known),
            lambda message: _message_problem(probe, message, send, refused=refused),
            first=each_alone(drawn[operation], operation, known),
            start=target.fuzz_seed,
            examples=affordable // share,
            seconds=seconds / share,
        )
        if problem is not None:
            raise Failed([problem])


def _message_problem(
    probe: Any, message: Message, send: Callable[[Message], SoapAnswer], *, refused: bool
) -> Problem | None:
    """What is wrong with the answer to a message, or None."""
    what = message.described
    try:
        answer = send(message)
    except BudgetSpent:  # while a message is made smaller; what was found is kept
        return None
    except NoAnswer as error:
        return Problem(what, "an answer", str(error), len(probe.line.exchanges))
    for one in probe.findings(answer.reply):
        if one.rule != "unprefixed":
            return Problem(f"{what}: {one.where}", f"{one.expected} ({one.rule})", one.found, answer.number)
    if answer.fault_code.rpartition(":")[2] in ("Server", "Receiver"):
        return Problem(f"{what}: fault", "a fault of the client", answer.fault_code, answer.number)
    if refused and answer.success:
        return Problem(f"{what}: Success", "a refusal: the key is wrong", "true", answer.number)
    if inside := insides(answer.reply.answer.text):
        return Problem(f"{what}: body", "nothing of the server's inside", f"a text with {inside!r}", answer.number)
    return None


def attack_by_sequences(
    probe: Any, steps: SearchStrategy[Step], attempt: Callable[[tuple[Step, ...]], str | None]
) -> None:
    """
    Try sequences of steps. *attempt* does one and says what the books hold that they should not, or None.

    Raises `Failed` with the shortest sequence after which the books are wrong.
    """
    with importing:
        from hypothesis import strategies as st

        from partnerlab.contracts.verification.fuzz.search import search

    target, seconds = probe.target, probe.line.share_of(probe.target.fuzz)

    def tried(sequence: tuple[Step, ...]) -> Problem | None:
        what = ", then ".join(" ".join(map(str, step)) if isinstance(step, tuple) else str(step) for step in sequence)
        try:
            wrong = attempt(sequence)
        except BudgetSpent:
            return None
        except NoAnswer as error:
            wrong = str(error)
        except Failed as error:
            wrong = str(error)
        return None if wrong is None else Problem(what, "books that follow", wrong, len(probe.line.exchanges))

    problem = search(
        # Half of them long: what is wrong after one call is found without sequences. The first shrinks to the shortest.
        st.one_of(*(st.lists(steps, min_size=least, max_size=MOST_STEPS) for least in (1, MOST_STEPS - 2))).map(tuple),
        tried,
        start=target.fuzz_seed,
        examples=probe.line.affordable(seconds) // (MOST_STEPS + LOOKS),
        seconds=seconds,
    )
    if problem is not None:
        raise Failed([problem])
