"""What a soak puts in the place of sockets and chance, so that in its sandbox nothing happens by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from partnerlab.client.http import DEFAULT_TIMEOUTS, PAYER_WAITS, Timeouts, Transport
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.services.postbacks import Post

if TYPE_CHECKING:
    import httpx

__all__ = ["StandIns", "TakeEvent"]

TakeEvent = Callable[[dict[str, Any]], None]


def _unchanged(take: TakeEvent) -> TakeEvent:
    return take


@dataclass(frozen=True, slots=True)
class StandIns:
    """
    What a soak puts in the place of sockets and chance.

    `wire` carries every call of the client, `post` every postback, `dice` gives the jitter of the pump's pauses.
    `offer` is given what takes an event of Invoice Cloud's, and gives what does so in its place.
    """

    wire: httpx.BaseTransport
    dice: Callable[[], float]
    post: Post
    offer: Callable[[TakeEvent], TakeEvent] = _unchanged

    def transport(self, timeouts: Timeouts = DEFAULT_TIMEOUTS) -> Transport:
        """A transport of the client over that wire."""
        return Transport(timeouts=timeouts, allow_http=True, http=self.wire)

    def payers_transport(self) -> Transport:
        """One for what is asked while a payer waits."""
        return self.transport(PAYER_WAITS)
