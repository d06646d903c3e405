"""
Ways to break a simulator from outside: what it is sent, or what it answers, is changed on the way.

A mutant takes a world and gives the door to it that is broken; only calls that `when` holds for are touched.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace

from partnerlab.contracts.verification.provider.exchange import Answered, Asked, Send
from tests.contracts.verification.worlds import World

__all__ = [
    "Mutant",
    "When",
    "adding",
    "answers",
    "form",
    "get",
    "has",
    "headers",
    "instead",
    "label",
    "overlapping",
    "requests",
    "soap11",
    "soap12",
    "twice",
]

Mutant = Callable[[World], Send]
When = Callable[[Asked], bool]


def label(*names: str) -> When:
    return lambda asked: asked.label in names


def has(pattern: str) -> When:
    """The request's body holds the pattern."""
    return lambda asked: re.search(pattern, asked.body.decode("utf-8", "replace")) is not None


def get(asked: Asked) -> bool:
    return asked.method == "GET"


def soap11(asked: Asked) -> bool:
    return asked.headers.get("content-type", "").startswith("text/xml")


def soap12(asked: Asked) -> bool:
    return asked.headers.get("content-type", "").startswith("application/soap+xml")


def form(asked: Asked) -> bool:
    return asked.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def all_of(whens: tuple[When, ...]) -> When:
    return lambda asked: all(when(asked) for when in whens)


def answers(pattern: str, new: str | Callable[[re.Match[str]], str], *when: When, status: int = 0) -> Mutant:
    """What stands in answers is replaced."""
    touched = all_of(when)

    def mutant(world: World) -> Send:
        def send(asked: Asked, timeout_s: float) -> Answered:
            found = world.send(asked)
            if not touched(asked):
                return found
            body = re.sub(pattern, new, found.body.decode("latin-1"), flags=re.DOTALL).encode("latin-1")
            return replace(found, body=body, status=status or found.status)

        return send

    return mutant


def headers(name: str, value: str, *when: When) -> Mutant:
    """An answer's header is another."""
    touched = all_of(when)

    def mutant(world: World) -> Send:
        def send(asked: Asked, timeout_s: float) -> Answered:
            found = world.send(asked)
            return replace(found, headers={**found.headers, name: value}) if touched(asked) else found

        return send

    return mutant


def requests(pattern: str, new: str | Callable[[re.Match[str]], str], *when: When) -> Mutant:
    """What stands in requests is read as something else."""
    touched = all_of(when)

    def mutant(world: World) -> Send:
        def send(asked: Asked, timeout_s: float) -> Answered:
            if touched(asked):
                body = re.sub(pattern, new, asked.body.decode("utf-8"), flags=re.DOTALL).encode()
                asked = replace(asked, body=body)
            return world.send(asked)

        return send

    return mutant


def instead(status: int, body: str, media_type: str, *when: When) -> Mutant:
    """An answer of its own, and nothing is done."""
    touched = all_of(when)

    def mutant(world: World) -> Send:
        def send(asked: Asked, timeout_s: float) -> Answered:
            if touched(asked):
                return Answered(status, {"content-type": media_type}, body.encode())
            return world.send(asked)

        return send

    return mutant


def twice(*when: When) -> Mutant:
    """A call is done twice, and answered once."""
    touched = all_of(when)

    def mutant(world: World) -> Send:
        def send(asked: Asked, timeout_s: float) -> Answered:
            if touched(asked):
                world.send(asked)
            return world.send(asked)

        return send

    return mutant


def adding(extra: Callable[[Asked], Asked | None], *when: When) -> Mutant:
    """Another call is done beside it; what it gives is thrown away."""
    touched = all_of(when)

    def mutant(world: World) -> Send:
        def send(asked: Asked, timeout_s: float) -> Answered:
            found = world.send(asked)
            other = extra(asked) if touched(asked) else None
            if other is not None:
                world.send(other)
            return found

        return send

    return mutant


def overlapping(behave: Callable[[World, Asked, int], Answered], *when: When, at_once: int = 4) -> Mutant:
    """
    Calls that come at the same moment are handed to *behave* with their place among them, 0 for the first; all wait
    until they are *at_once* many, so that nothing depends on the machine. Calls one by one are done as they should be.
    """
    touched = all_of(when)

    def mutant(world: World) -> Send:
        meeting = threading.Barrier(at_once)
        main = threading.current_thread()

        def send(asked: Asked, timeout_s: float) -> Answered:
            if not touched(asked) or threading.current_thread() is main:
                return world.send(asked)
            return behave(world, asked, meeting.wait(timeout=30))

        return send

    return mutant
