"""
The line of a consumer to a lane, and ways to break it: what is sent is changed, left out, sent twice or later.

A defect is a function of the line and a request; what no defect is about goes out as the production client made it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from partnerlab.client.errors import TransportError
from partnerlab.client.http import HttpRequest, HttpResponse, Transport
from partnerlab.testing.sandboxes import LaneOfTest

__all__ = ["Break", "Line", "again", "headers", "instead_of", "later", "lost_again", "on", "rewrites", "skips", "urls"]

When = Callable[[HttpRequest], bool]


class Line(Transport):
    """
    Sends to the lane of a test. *shadow* is a lane of its own that answers what the test's lane is not to see.
    """

    def __init__(self, lane: LaneOfTest, shadow: LaneOfTest, breaks: Break | None = None) -> None:
        super().__init__(allow_http=True)
        self.lane, self.shadow = lane, shadow
        self._breaks = breaks
        self.held: list[HttpRequest] = []
        self.answers: list[HttpResponse] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        if self._breaks is None:
            return self.really(request)
        return self._breaks(self, request)

    def really(self, request: HttpRequest) -> HttpResponse:
        """Send it as it is."""
        return super().send(request)

    def aside(self, request: HttpRequest) -> HttpResponse:
        """Have it answered where nobody looks."""
        url = request.url.replace(f"/lane/{self.lane.name}/", f"/lane/{self.shadow.name}/")
        return super().send(request._replace(url=url))


Break = Callable[[Line, HttpRequest], HttpResponse]


@dataclass(frozen=True)
class on:
    """Calls of these operations."""

    operations: tuple[str, ...]
    holding: str = field(default="", kw_only=True)

    def __init__(self, *operations: str, holding: str = "") -> None:
        object.__setattr__(self, "operations", operations)
        object.__setattr__(self, "holding", holding)

    def __call__(self, request: HttpRequest) -> bool:
        named = not self.operations or request.operation in self.operations
        return named and re.search(self.holding, request.content.decode("utf-8", "replace")) is not None


def rewrites(when: When, pattern: str, new: str | Callable[[re.Match[str]], str]) -> Break:
    """What stands in the body is another."""

    def send(line: Line, request: HttpRequest) -> HttpResponse:
        if when(request):
            text = re.sub(pattern, new, request.content.decode(), flags=re.DOTALL)
            request = request._replace(content=text.encode())
        return line.really(request)

    return send


def headers(when: When, changes: Mapping[str, str | None]) -> Break:
    """Headers are others; None is left out."""

    def send(line: Line, request: HttpRequest) -> HttpResponse:
        if when(request):
            kept = {name: value for name, value in request.headers.items() if name.lower() not in changes}
            added = {name: value for name, value in changes.items() if value is not None}
            request = request._replace(headers={**kept, **added})
        return line.really(request)

    return send


def urls(when: When, pattern: str, new: str) -> Break:
    """The address is another."""

    def send(line: Line, request: HttpRequest) -> HttpResponse:
        return line.really(request._replace(url=re.sub(pattern, new, request.url)) if when(request) else request)

    return send


def skips(when: When) -> Break:
    """A call is not made; its answer is that of another world."""
    return lambda line, request: (line.aside if when(request) else line.really)(request)


def later(operation: str, *, than: str) -> Break:
    """A call is made only after another."""

    def send(line: Line, request: HttpRequest) -> HttpResponse:
        if request.operation == operation:
            line.held.append(request)
            return line.aside(request)
        answer = line.really(request)
        if request.operation == than:
            for held in line.held:
                line.really(held)
            line.held.clear()
        return answer

    return send


def instead_of(when: When, other: Callable[[HttpRequest], HttpRequest]) -> Break:
    """Another call is made first; the caller sees the answer to its own."""

    def send(line: Line, request: HttpRequest) -> HttpResponse:
        if when(request):
            line.really(other(request))
        return line.really(request)

    return send


def again(when: When, *changes: Callable[[HttpRequest], HttpRequest]) -> Break:
    """A call that was answered is made again as it was, or once as each change has it."""

    def send(line: Line, request: HttpRequest) -> HttpResponse:
        answer = line.really(request)
        if when(request):
            for made in [change(request) for change in changes] or [request]:
                line.really(made)
        return answer

    return send


def lost_again(when: When, change: Callable[[HttpRequest], HttpRequest] = lambda request: request) -> Break:
    """A call whose answer was lost is made again."""

    def send(line: Line, request: HttpRequest) -> HttpResponse:
        try:
            return line.really(request)
        except TransportError:
            if when(request):
                return line.really(change(request))
            raise

    return send
