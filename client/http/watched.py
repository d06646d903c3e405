"""Shared connections: each call is checked before it is sent and reported afterwards."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from partnerlab.client.http.request import HttpRequest, HttpResponse
from partnerlab.client.http.transport import Transport

if TYPE_CHECKING:
    from partnerlab.client.http.attempt import Attempt

__all__ = ["After", "Before", "Watched"]

log = logging.getLogger("partnerlab.client")

Before = Callable[[HttpRequest], None]
"""Looks at a request before it is sent; raises `RequestInvalid` where it may not be."""
After = Callable[[HttpRequest, HttpResponse | None, int], None]
"""Hears of a call that was made: its answer, None where none came, and the `perf_counter_ns` at which it began."""


class Watched(Transport):
    """The connections of *shared*, with *before* and *after* each call over them."""

    def __init__(self, shared: Transport, before: Before | None = None, after: After | None = None) -> None:
        self.rules, self.http = shared.rules, shared.http
        self._shared, self._before, self._after = shared, before, after

    def send(self, request: HttpRequest) -> HttpResponse:
        """
        As `Transport.send`, and raises what *before* does: nothing was sent then.

        What *after* raises is logged: the call ended as it ended.
        """
        if self._before is not None:
            self._before(request)
        if self._after is None:
            return super().send(request)
        started_ns = time.perf_counter_ns()
        answer: HttpResponse | None = None
        try:
            answer = super().send(request)
        finally:
            try:
                self._after(request, answer, started_ns)
            except Exception:
                log.exception("%s: what hears of calls failed", request.operation)
        return answer

    @contextmanager
    def connection(self, call: Attempt) -> Iterator[None]:
        """One of the shared connections."""
        with self._shared.connection(call):
            yield

    def close(self) -> None:
        """Close nothing: the connections belong to whoever shares them."""
