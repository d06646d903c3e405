"""Paths to handlers, as an `App`: for doors that are neither ASMX nor pages. Paths match without regard to case."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.http.messages import Ready, Request, Response

__all__ = ["Handler", "Route", "Routes"]

Handler = Callable[[Request, Mapping[str, str]], Response]
"""Answers a request; the mapping holds what stood in the path's places, by name. Never raises for what came in."""

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """
    One path: *template* as in `/api/v1/cp/{customer_guid}/account`; *operation* is what the journal calls it.

    With *ready* requests that come again need not be read again (`kit/http/asked_again`).
    """

    method: str
    template: str
    operation: str
    handle: Handler
    ready: Callable[[Request], Ready | None] | None = None


class Routes:
    """
    The doors of one API.

    *refuse* answers what no route takes: the request, status 404 or 405, and the methods the path has.
    """

    inline = True

    def __init__(
        self,
        name: str,
        routes: Iterable[Route],
        *,
        refuse: Callable[[Request, int, tuple[str, ...]], Response],
    ) -> None:
        self.name, self._refuse = name, refuse
        self._by_template: dict[str, dict[str, Route]] = {}
        for route in routes:
            self._by_template.setdefault(route.template.lower(), {})[route.method] = route
        self._find = lru_cache(1024)(self._match)

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], dict[str, Route]]]:
        """Compiled at the first request: there are more doors than most processes are asked at."""
        found = []
        for methods in self._by_template.values():
            template = next(iter(methods.values())).template
            pattern = "".join(f"(?P<{part}>[^/]+)" if place else re.escape(part) for place, part in _parts(template))
            found.append((re.compile(f"{pattern}/?", re.IGNORECASE), methods))
        return found

    def operation(self, request: Request) -> str:
        """The route's operation, else the path."""
        methods, _ = self._find(request.path[:500])
        route = methods.get(request.method)
        return route.operation if route else request.path

    def __call__(self, request: Request) -> Response:
        """Answer by the route's handler."""
        methods, places = self._find(request.path[:500])
        route = methods.get(request.method)
        if route is None:
            return self._refuse(request, 405 if methods else 404, tuple(methods))
        return route.handle(request, places)

    def ready(self, request: Request) -> Ready | None:
        """What a request asks for, where its route tells that."""
        route = self._find(request.path[:500])[0].get(request.method)
        return None if route is None or route.ready is None else route.ready(request)

    def _match(self, path: str) -> tuple[Mapping[str, Route], Mapping[str, str]]:
        for pattern, methods in self._paths:
            if found := pattern.fullmatch(path):
                return methods, found.groupdict()
        return {}, {}


def _parts(template: str) -> list[tuple[bool, str]]:
    """A template cut at its places: whether a part is one, and the text or name."""
    pieces = _PLACE.split(template)
    return [(bool(index % 2), piece) for index, piece in enumerate(pieces)]
