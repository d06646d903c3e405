"""Addresses to pages, and what is answered where something goes wrong on the way to one."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from importlib.resources import files

from partnerlab.console import (
    audit,
    books,
    catalogue,
    clock,
    deliveries,
    lanes,
    payments,
    start,
    traffic,
    verify,
)
from partnerlab.console import files as file_pages
from partnerlab.console import mailbox as mail
from partnerlab.console.api import Api, ApiRefused
from partnerlab.console.places import PREFIX, STATIC, Entrance
from partnerlab.console.remembered import Remembered
from partnerlab.console.signing_in import sign_in
from partnerlab.console.view import Notes, Page, environment, form_of
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.site import Site

__all__ = ["Pages"]

_logger = logging.getLogger(__name__)

Handler = Callable[[Page], Response]

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}

HOME = {"faults": "clock", "jobs": "clock", "try": ""}
"""The pages of forms whose section has none of its own."""

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "traffic", traffic.index),
    ("GET", "traffic/rows", traffic.rows),
    ("POST", "traffic/clear", traffic.clear),
    ("GET", "traffic/{id}", traffic.entry),
    ("POST", "traffic/{id}/replay", traffic.replay),
    ("GET", "payments", payments.index),
    ("GET", "payments/{guid}", payments.story),
    ("GET", "books", books.index),
    ("GET", "books/{guid}/{account}", books.account),
    ("GET", "audit", audit.index),
    ("GET", "deliveries", deliveries.index),
    ("GET", "deliveries/{id}", deliveries.one),
    ("POST", "deliveries/{id}/{decision}", deliveries.decide),
    ("GET", "files", file_pages.index),
    ("GET", "files/in/{id}", file_pages.upload),
    ("POST", "files/in/{id}/{decision}", file_pages.decide),
    ("GET", "files/out/{id}", file_pages.export),
    ("GET", "clock", clock.index),
    ("POST", "clock/{action}", clock.act),
    ("POST", "jobs/{partner}/{job}/{action}", clock.job),
    ("POST", "faults", clock.add_fault),
    ("POST", "faults/clear", clock.clear_faults),
    ("GET", "mailbox", mail.index),
    ("GET", "catalogue", catalogue.index),
    ("GET", "verify", verify.index),
    ("GET", "lanes", lanes.index),
    ("POST", "lanes", lanes.create),
    ("POST", "lanes/import", lanes.take_in),
    ("POST", "lanes/{name}/{action}", lanes.act),
    ("POST", "try/{what}", start.attempt),
)


class Pages:
    """Every page of the console over one site."""

    def __init__(self, site: Site, entrances: Sequence[Entrance], password: str, most_bytes: int) -> None:
        self._site, self._most_bytes = site, most_bytes
        self._notes, self._remembered, self._templates = Notes(), Remembered(), environment()
        self._start: Handler = start.Start(entrances, password)
        self._routes = [(method, _pattern(path), handler) for method, path, handler in ROUTES]
        folder = files("partnerlab.console") / "static"
        self._static = {name: (folder / name).read_bytes() for name in STATIC}

    def __call__(self, request: Request) -> Response:
        """The page, or what is in its way, told on one."""
        path = request.path.removeprefix(PREFIX).strip("/") if request.path.startswith(PREFIX) else ""
        if (static := self._static.get(path.removeprefix("static/"))) is not None and path.startswith("static/"):
            kind = _TYPES[path.rpartition(".")[2]]
            return Response(200, static, kind, (("Cache-Control", "no-cache"),))
        if path == "sign-in":
            return sign_in(request, self._templates, self._site.guard)
        world = form_of(request).get("world", "") if request.method == "POST" else ""
        api = Api(self._site, request, world)
        page = Page(request, api, self._templates, self._notes, self._remembered, self._most_bytes)
        try:
            return self._answer(page, path)
        except ApiRefused as error:
            if request.method == "POST":
                return page.see(_back(page), wrong=str(error), typed=page.form)
            return self._problem(page, error.status, str(error))
        except Exception:
            _logger.exception("request %s: %s failed", request.id, request.path[:200])
            return Response(500, f"Internal error. The server's log has it under request {request.id}.\n".encode())

    def _answer(self, page: Page, path: str) -> Response:
        if not path:
            return self._start(page)
        there = False
        for method, pattern, handler in self._routes:
            if found := pattern.fullmatch(path):
                there = True
                if method == page.request.method:
                    page.places = found.groupdict()
                    return handler(page)
        if there:
            return self._problem(page, 405, "This address is for the forms of the console.")
        return self._problem(page, 404, "The console has no such page. What was here may have gone with a reset.")

    def _problem(self, page: Page, status: int, message: str) -> Response:
        title = {404: "Nothing here", 405: "Not a page"}.get(status, "That did not work")
        return page.render("problem.html", None, title, status=status, message=message)


def _pattern(path: str) -> re.Pattern[str]:
    """A route as a pattern. What comes last in it may hold slashes, as policy numbers and ids of deliveries do."""
    place = re.compile(r"\{(\w+)\}")
    pattern = place.sub(lambda found: f"(?P<{found[1]}>{'.+' if found.end() == len(path) else '[^/]+'})", path)
    return re.compile(pattern)


def _back(page: Page) -> str:
    """The page that a form stands on: the one above its address, else that of its section."""
    path = page.request.path.removeprefix(PREFIX).strip("/")
    section, _, rest = path.partition("/")
    above = path.rpartition("/")[0]
    return page.to(above if section in ("traffic", "deliveries", "files") and rest else HOME.get(section, section))
