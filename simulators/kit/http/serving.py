"""What a connection needs of the server that it belongs to, so that neither file imports the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol

from partnerlab.simulators.kit.http.answer import Heads
from partnerlab.simulators.kit.http.limits import Budget, Limits

if TYPE_CHECKING:
    from partnerlab.simulators.kit.http.known_heads import KnownHeads
    from partnerlab.simulators.kit.http.outgoing import Outgoing
    from partnerlab.simulators.kit.http.site import Site
    from partnerlab.simulators.kit.http.turn import Turn

__all__ = ["Serving"]


class Serving(Protocol):
    """A server, as its connections see it. `most` is how many connections it takes, `now` the loop's time."""

    site: Site
    limits: Limits
    budget: Budget
    most: int
    heads: Heads
    known_heads: KnownHeads | None
    turn: Turn | None
    outgoing: Outgoing
    loop: asyncio.AbstractEventLoop
    origin: str
    now: float
    tls: bool
    stopping: bool

    def admit(self, connection: Any) -> Literal["one", "spare", "none"]:
        """Count a connection in: among the others, as a spare one for the control API alone, or not at all."""

    def forget(self, connection: Any) -> None:
        """Count a connection out."""

    def work(self, job: Callable[[], None], *, control: bool) -> None:
        """Do something on a worker thread; the control API has threads of its own."""

    def in_loop(self, call: Callable[..., None], *args: Any) -> None:
        """Call something in the event loop, from another thread."""
