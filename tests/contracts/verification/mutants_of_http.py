"""Ways in which a service's HTTP can be wrong, whatever its subject."""

from __future__ import annotations

from partnerlab.contracts.verification.provider.exchange import Answered, Asked, Send
from tests.contracts.verification.mutants import Mutant, When, headers, instead
from tests.contracts.verification.worlds import World

__all__ = ["of_http"]


def expects(asked: Asked) -> bool:
    return "expect" in asked.headers


def out_of_step(world: World) -> Send:
    """Over one connection each answer but the first is that of the call before, as after a wrong Content-Length."""
    before: list[Answered] = []

    def send(asked: Asked, timeout_s: float) -> Answered:
        found = world.send(asked)
        if not asked.kept:
            return found
        before.append(found)
        return before[-2] if len(before) > 1 else found

    return send


def of_http(question: When) -> list[tuple[str, Mutant, set[str]]]:
    """The rows for a subject; *question* says which call its checks ask."""
    return [
        ("HTTP: out of step", out_of_step, {"kept-connection"}),
        ("HTTP: compressed", headers("content-encoding", "gzip", question), {"encoding"}),
        ("HTTP: no Expect", instead(417, "Expectation Failed", "text/plain", expects), {"expect-continue"}),
    ]
