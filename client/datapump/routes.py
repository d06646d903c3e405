"""
From an event and its biller's settings to the call a partner is made, or the reason why there is none.

The table is data: a row a partner.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from partnerlab.client.datapump import inhance_routes, inhance_v1_routes, tccs_routes, watersmart_routes
from partnerlab.client.datapump.events import Event
from partnerlab.client.datapump.plans import PartnerRequest, Plan, Route, Skip
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import HttpRequest, HttpResponse, Timeouts, Transport
from partnerlab.client.http.watched import Watched
from partnerlab.client.settings import Biller

if TYPE_CHECKING:
    import httpx

__all__ = ["ROUTES", "PartnerRequest", "Plan", "Route", "Router", "Skip"]

Told = Callable[[Event, Biller, HttpRequest, HttpResponse | None, int], None]
"""Hears of a call: its event, biller, request, answer (None where none came) and the `perf_counter_ns` of its start."""

ROUTES: Mapping[str, Mapping[str, Route]] = {
    "inhance_v2": inhance_routes.ROUTES,
    "inhance_v1": inhance_v1_routes.ROUTES,
    "tccs": tccs_routes.ROUTES,
    "watersmart": watersmart_routes.ROUTES,
}
"""By partner and kind of event; a partner has a route for each kind, also for those that it never takes."""


@dataclass
class Router:
    """
    The route table together with the *connections* its calls share, one for each call that may be under way.

    *check* is asked before each call whether it may go to that URL for that biller; it raises `RequestInvalid`. *told*
    hears of each call that was made, after it.
    *ssl_context* says whose certificates are taken: the machine's authorities' where there is none. *http* stands in
    for the connections, in tests and soaks.
    """

    routes: Mapping[str, Mapping[str, Route]] = field(default_factory=lambda: ROUTES)
    timeouts: Timeouts = field(default_factory=Timeouts)
    allow_http: bool = False
    check: Callable[[Biller, str], None] | None = None
    told: Told | None = None
    connections: int = 100
    ssl_context: ssl.SSLContext | None = None
    http: httpx.BaseTransport | None = None

    def __post_init__(self) -> None:
        self._transport: Transport | None = None
        self._lock = threading.Lock()

    @property
    def transport(self) -> Transport:
        """Made on first use."""
        with self._lock:
            if self._transport is None:
                self._transport = Transport(
                    timeouts=self.timeouts,
                    allow_http=self.allow_http,
                    connections=self.connections,
                    ssl_context=self.ssl_context,
                    http=self.http,
                )
            return self._transport

    def open(self) -> None:
        """Make ready for calls, so that the first does not wait for it: 0.1 s, or more on a busy machine."""
        _ = self.transport

    def plan(self, event: Event, biller: Biller) -> Plan:
        """
        What is to be done about an event. Nothing is sent yet.

        Raises `RequestInvalid` where a setting is missing or the partner has no route for this kind of event.
        """
        try:
            route = self.routes[biller.partner][event.kind]
        except KeyError:
            raise RequestInvalid(
                "kind", event.kind, f"there is no route for it to {biller.partner}, the partner of biller {biller.guid}"
            ) from None
        return route(event, biller, self.transport_for(event, biller))

    def transport_for(self, event: Event, biller: Biller) -> Transport:
        """The connections as a call about that event, for that biller, uses them."""
        if self.check is None and self.told is None:
            return self.transport
        check, told = self.check, self.told
        return Watched(
            self.transport,
            before=None if check is None else lambda request: check(biller, request.url),
            after=None if told is None else partial(told, event, biller),
        )

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()
                self._transport = None
