"""A door that is made at its first request, so that what it imports and compiles costs nothing at start."""

from __future__ import annotations

import threading
from collections.abc import Callable

from partnerlab.simulators.kit.http.messages import App, Ready, Request, Response

__all__ = ["AtFirstRequest"]


class AtFirstRequest:
    """The `App` that *make* gives, which is called with *name*; `inline` and `group_commit` must be known before."""

    def __init__(
        self, name: str, make: Callable[[str], App], *, inline: bool = True, group_commit: bool = False
    ) -> None:
        self.name, self.inline, self.group_commit = name, inline, group_commit
        self._make = make
        self._made: App | None = None
        self._making = threading.Lock()

    def operation(self, request: Request) -> str:
        """The operation a request asks for."""
        return (self._made or self.made()).operation(request)

    def __call__(self, request: Request) -> Response:
        """Handle a request."""
        return (self._made or self.made())(request)

    def ready(self, request: Request) -> Ready | None:
        """What the request's bytes ask for, where the door tells it."""
        ready = getattr(self._made or self.made(), "ready", None)
        return None if ready is None else ready(request)

    def made(self) -> App:
        """The door itself, made now where it is not there yet."""
        with self._making:
            if self._made is None:
                self._made = self._make(self.name)
            return self._made
