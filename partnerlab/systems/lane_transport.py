"""
Requests of one world of a lane, made for whoever works in it: they change nothing once the lane is another.

What a job writes into its own books is held to the lane that it began in (`in_lane`). What it sends over HTTP says of
which world it is, and the site holds it to that.
"""

from __future__ import annotations

from partnerlab.client.http import HttpRequest, HttpResponse, Transport
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import LaneReplaced

__all__ = ["LaneTransport"]

REPLACED = b'"lane_replaced"'


class LaneTransport(Transport):
    """Sends by *transport*, whose connections it shares, what is for *lane* as it was read."""

    def __init__(self, transport: Transport, lane: Lane) -> None:
        rules = transport.rules
        super().__init__(
            timeouts=rules.timeouts,
            allow_http=rules.allow_http,
            max_answer_bytes=rules.max_answer_bytes,
            http=transport.http,
        )
        self._transport, self._world = transport, lane.made_at

    def send(self, request: HttpRequest) -> HttpResponse:
        """As `Transport.send`. Raises `LaneReplaced` where the lane was reset, dropped, copied onto or loaded."""
        answer = self._transport.send(request._replace(headers={**request.headers, "X-Sandbox-World": self._world}))
        if answer.status == 409 and REPLACED in answer.content:
            raise LaneReplaced
        return answer
