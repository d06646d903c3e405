"""
Requests that came before, byte for byte, are answered without being read again.

Callers repeat themselves: a page is opened again, a look-up is retried. What a request asks for is told by its bytes
and the settings alone, so it is worked out once (`Ready`); what is asked for is then done each time, by the same code
as ever, and each call is noted in the journal as its own.

Only a request that came twice is kept, whole in one piece and short, without a credential in its head, and only one
that its door could read. Whatever differs by one byte goes the plain way (`Site.answer_at_once`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from partnerlab.simulators.kit.http.exchange import Answered, Later, Place, Surroundings
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.turn import at_once

if TYPE_CHECKING:
    from partnerlab.simulators.kit.http.known_heads import Head
    from partnerlab.simulators.kit.http.turn import Turn

__all__ = ["KNOWN", "MOST_BYTES", "AskedAgain"]

MOST_BYTES = 1_024
KNOWN = 2_048
"""Requests that are kept; all are forgotten for one more."""
SEEN = 4 * KNOWN


class _Known(NamedTuple):
    place: Place
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    operation: str
    answer: Callable[[Request], Response]


class AskedAgain:
    """The requests of one site that came before. Used in the event loop alone."""

    def __init__(self, site: Surroundings) -> None:
        self._site = site
        self._known: dict[bytes, _Known] = {}
        self._seen: set[int] = set()

    def answer(self, data: bytes, remote: str, turn: Turn | None) -> Answered | Later | None:
        """The answer to the request that *data* is, as `at_once`; None for one that is to go the plain way."""
        known = self._known.get(data) if len(data) <= MOST_BYTES else None
        if known is None:
            return None
        place, method, path, query, headers, body, operation, answer = known
        site = self._site
        lane = site.lanes.cached(place.lane)
        if lane is None or lane.faults:
            return None
        request = Request(method, path, query, headers, body, place.base_url, site.new_id(), lane, remote)
        return at_once(site.journal, place.target.mount, answer, request, method, operation, turn)

    def learn(self, data: bytes, place: Place, head: Head, request: Request) -> None:
        """Keep a request that was answered, if it may be and came before."""
        if len(data) > MOST_BYTES or len(request.headers) > len(head.headers):  # that is a credential
            return
        if (ready := getattr(place.target.mount.app, "ready", None)) is None:
            return
        came = hash(data)
        if came not in self._seen:  # most never come again
            if len(self._seen) >= SEEN:
                self._seen.clear()
            self._seen.add(came)
            return
        if (answer := ready(request)) is None:
            return
        if len(self._known) >= KNOWN:
            self.forget()
        operation = place.target.mount.app.operation(request)
        target = place.target
        self._known[data] = _Known(
            place, request.method, target.path, target.query, head.headers, request.body, operation, answer
        )

    def forget(self) -> None:
        """Keep none."""
        self._known.clear()
        self._seen.clear()
