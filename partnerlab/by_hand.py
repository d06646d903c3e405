"""A sandbox in which nothing happens by itself: what a soak puts in the place of sockets and chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from partnerlab.client.http import Transport
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.services.postbacks import Post

if TYPE_CHECKING:
    import httpx

__all__ = ["ByHand"]


@dataclass(frozen=True, slots=True)
class ByHand:
    """
    What a soak puts in the place of sockets and chance.

    `wire` carries every call of the client, `post` every postback, `dice` gives the jitter of the pump's pauses.
    """

    wire: httpx.BaseTransport
    dice: Callable[[], float]
    post: Post

    def transport(self, **options: Any) -> Transport:
        """A transport of the client over that wire."""
        return Transport(allow_http=True, http=self.wire, **options)
