"""
The console: the pages at `/`, for the person in front of the sandbox.

Server-rendered. It asks and changes everything through the control API and the data pump's API, in process and by the
same handler as a caller over HTTP: it can do nothing that callers cannot. It is loaded at its first request. Once that
is answered, the other pages are made once, so that a person's first look at one waits for no import.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from partnerlab.console.places import PREFIX, STATIC, Entrance
from partnerlab.contracts.first_use import importing
from partnerlab.simulators.kit.http.limits import Limits
from partnerlab.simulators.kit.http.messages import Request, Response

if TYPE_CHECKING:
    from partnerlab.simulators.kit.http.site import Site

__all__ = ["PREFIX", "STATIC", "Console", "Entrance"]

LOOK_AHEAD_S = 0.05
"""Between two pages made ahead: what a person does meanwhile goes first."""


class Console:
    """
    The console as an `App` of the site that *site* gives; *entrances* and *password* are shown on its first page.
    *most_bytes* is what the server takes of one request.
    """

    name = "console"
    inline = False
    sign_in = f"{PREFIX}/sign-in"
    open_to_all = frozenset((sign_in, *(f"{PREFIX}/static/{name}" for name in STATIC)))
    """What the site answers without its token: where it is given, and what that page is made of."""

    def __init__(
        self,
        site: Callable[[], Site],
        entrances: Sequence[Entrance] = (),
        password: str = "",
        most_bytes: int = Limits().body_bytes,
    ) -> None:
        self._site, self._entrances, self._password, self._most_bytes = site, entrances, password, most_bytes
        self._lock = threading.Lock()
        self._pages: Callable[[Request], Response] | None = None
        self._ahead: threading.Thread | None = None
        self._closed = threading.Event()

    def operation(self, request: Request) -> str:
        """`GET /console/traffic`."""
        return f"{request.method} {request.path}"

    def lane_missing(self, name: str) -> Response:
        """To the lanes, where it is told: who reads a mistyped address did not mean to make a lane."""
        return Response(303, b"", headers=(("Location", f"{PREFIX}/lanes?{urlencode({'missing': name})}"),))

    def close(self) -> None:
        """Look at no more pages ahead."""
        with self._lock:  # not while it is being started
            self._closed.set()
        if self._ahead is not None:
            self._ahead.join()

    def __call__(self, request: Request) -> Response:
        """Answer with a page."""
        pages = self._load()
        response = pages(request)
        a_page = request.method == "GET" and response.status == 200 and request.path not in self.open_to_all
        if a_page and self._ahead is None:
            self._look_ahead(pages, request)
        return response

    def _load(self) -> Callable[[Request], Response]:
        with self._lock:
            if self._pages is None:
                with importing:
                    from partnerlab.console.pages import Pages

                self._pages = Pages(self._site(), self._entrances, self._password, self._most_bytes)
            return self._pages

    def _look_ahead(self, pages: Callable[[Request], Response], request: Request) -> None:
        """Make the pages once, in the background: for whoever asked for the first one, in their lane."""
        with importing:
            from partnerlab.console.view import NAVIGATION

        def look() -> None:
            for path, _ in NAVIGATION:
                if path == "audit":  # it reads the books whole, which takes seconds where they are large
                    continue
                if self._closed.wait(LOOK_AHEAD_S):
                    return
                pages(replace(request, path=f"{PREFIX}/{path}", query=""))

        with self._lock:
            if self._ahead is None and not self._closed.is_set():
                self._ahead = threading.Thread(target=look, name="console-ahead", daemon=True)
                self._ahead.start()
