"""
The console: the pages at `/`, for the person in front of the sandbox.

Server-rendered. It asks and changes everything through the control API and the data pump's API, in process but by the
same handler as a caller over HTTP, so that it does nothing that they cannot. Loaded at its first request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from partnerlab.console.places import PREFIX, STATIC, Entrance
from partnerlab.simulators.kit.http.messages import Request, Response

if TYPE_CHECKING:
    from partnerlab.simulators.kit.http.site import Site

__all__ = ["PREFIX", "STATIC", "Console", "Entrance"]


class Console:
    """The console as an `App` of the site that *site* gives; *entrances* and *password* are shown on its first page."""

    name = "console"
    inline = False
    sign_in = f"{PREFIX}/sign-in"
    open_to_all = frozenset((sign_in, *(f"{PREFIX}/static/{name}" for name in STATIC)))
    """What the site answers without its token: where it is given, and what that page is made of."""

    def __init__(self, site: Callable[[], Site], entrances: Sequence[Entrance] = (), password: str = "") -> None:
        self._site, self._entrances, self._password = site, entrances, password
        self._lock = threading.Lock()
        self._pages: Callable[[Request], Response] | None = None

    def operation(self, request: Request) -> str:
        """`GET /console/traffic`."""
        return f"{request.method} {request.path}"

    def warm(self) -> Callable[[Request], Response]:
        """Load the pages now; else the first request does."""
        with self._lock:
            if self._pages is None:
                from partnerlab.console.pages import Pages

                self._pages = Pages(self._site(), self._entrances, self._password)
            return self._pages

    def __call__(self, request: Request) -> Response:
        """Answer with a page."""
        return (self._pages or self.warm())(request)
