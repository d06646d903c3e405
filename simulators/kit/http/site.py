"""
The site: which door a request is for, in which lane, with which faults; and the note of it in the journal.

The server hands over a request read whole (`Site.accept`) and runs what it gets back (`Exchange.run`), in the event
loop where the exchange is `inline`, else on a worker thread.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode

from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.asked_again import AskedAgain
from partnerlab.simulators.kit.http.exchange import (
    Answered,
    Exchange,
    Later,
    Mount,
    Place,
    Refusal,
    Target,
)
from partnerlab.simulators.kit.http.forwarded import as_forwarded
from partnerlab.simulators.kit.http.guard import Guard, host_allowed
from partnerlab.simulators.kit.http.messages import App, Request, Response
from partnerlab.simulators.kit.http.nowhere import Nowhere
from partnerlab.simulators.kit.http.problems import problem
from partnerlab.simulators.kit.http.turn import at_once
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.lanes import DEFAULT, Lanes

if TYPE_CHECKING:
    from partnerlab.simulators.kit.http.known_heads import Head
    from partnerlab.simulators.kit.http.turn import Turn

__all__ = ["Site"]

CACHED_TARGETS = 4_096
CACHED_TARGET_BYTES = 512
CACHED_HOSTS = 1_024
CACHED_PLACES = 1_024

_BROWSERS = frozenset(("origin", "sec-fetch-site"))
_WORLD = "x-sandbox-world"
_ASIDE = frozenset((_WORLD, "x-sandbox-fault"))
"""Headers of requests that are not only called and noted."""
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


class Site:
    """
    Everything that is served on one origin.

    A request's lane is the one its path begins with (`/lane/<name>/…`), else the one its header `X-Sandbox-Lane`
    names, else `default`. One with the header `X-Sandbox-World`, the lane's `made_at`, is refused once the lane is
    another. Without a *guard* it answers whoever asks. *forwarded*: every request comes through a proxy, whose word for
    the caller's origin and address counts.
    """

    def __init__(
        self, lanes: Lanes, journal: Journal, faults: Faults, guard: Guard | None = None, *, forwarded: bool = False
    ) -> None:
        self.guard = guard
        self._forwarded = forwarded
        self.lanes = lanes
        self.journal = journal
        self.faults = faults
        self._mounts: dict[tuple[str, ...], Mount] = {}
        self._deepest = 0
        self._nowhere = Mount("", Nowhere(self.paths), nowhere=True)
        self._targets: dict[bytes, Target] = {}
        self._places: dict[Head, Place] = {}
        self.again: AskedAgain | None = AskedAgain(self)
        """Requests that came before; None reads each."""
        self._origins: dict[tuple[str, str], str] = {}
        self._id_prefix = _id_prefix()
        self._ids = itertools.count(1)

    def mount(self, path: str, app: App, *, door: bool = True) -> None:
        """
        Serve *path* and everything below it by *app*; of several mounts the longest wins, without regard to case.

        `/` is served exactly. What is no *door* of a partner (control API, console) has no faults and no journal.
        """
        key = _segments(path)
        if key in self._mounts:
            raise ValueError(f"{path}: {self._mounts[key].app.name} is mounted there already")
        groups = door and getattr(app, "group_commit", False)
        self._mounts[key] = Mount("/" + path.strip("/"), app, door, groups)
        self._deepest = max(self._deepest, len(key))
        self._targets.clear()
        self._places.clear()
        if self.again is not None:
            self.again.forget()

    def paths(self) -> list[str]:
        """Where something is served."""
        return sorted(mount.path for mount in self._mounts.values())

    def accept(
        self,
        method: str,
        target: bytes,
        headers: Mapping[str, str],
        body: bytes,
        origin: str,
        remote: str = "",
        head: Head | None = None,
    ) -> Exchange | Refusal:
        """
        What is to be done for a request; cheap, and never raises.

        *origin* is the server's own (`http://127.0.0.1:8700`); its host gives way to the Host header. *remote* is the
        caller's IP address. With a *head* that a server of that origin knows, its place is found once.
        """
        if self._forwarded:
            headers, origin, remote = as_forwarded(headers, origin, remote)
            head = None
        place = None if head is None else self._places.get(head)
        if place is None:
            found = self._place(method, target, headers, origin)
            if isinstance(found, Refusal):
                return found
            place = found
            if head is not None and place.target.mount.door:  # what is no door asks for a token each time
                if len(self._places) >= CACHED_PLACES:
                    self._places.clear()
                self._places[head] = place = replace(place, straight=_is_straight(place.target.mount, head))
        if world := headers.get(_WORLD, ""):  # between the caller and the site, so not in the journal
            headers = {key: value for key, value in headers.items() if key != _WORLD}
        return Exchange(self, place, method, headers, body, world, self.new_id(), remote)

    def answer_at_once(
        self,
        head: Head,
        headers: Mapping[str, str],
        body: bytes,
        remote: str,
        data: bytes = b"",
        turn: Turn | None = None,
    ) -> Answered | Later | None:
        """
        The answer to a request with a known head, and the request's id, where it is called in the event loop and noted
        and nothing else. None for another, and where the head is new to the site: it is to be accepted and run.

        *data* is the request as it came, to be known should it come again. In a *turn* `Later`, where the answer waits
        for the turn's commit: it is to be held there, and is not noted yet.
        """
        place = self._places.get(head)
        if place is None or not place.straight:
            return None
        lane = self.lanes.cached(place.lane)
        if lane is None or lane.faults:
            return None
        target, mount = place.target, place.target.mount
        request = Request(
            *(head.method, target.path, target.query, headers, body, place.base_url, self.new_id(), lane, remote)
        )
        answered = at_once(self.journal, mount, mount.app, request, head.method, mount.app.operation, turn)
        if data and self.again is not None:
            self.again.learn(data, place, head, request)
        return answered

    def _place(self, method: str, target: bytes, headers: Mapping[str, str], origin: str) -> Place | Refusal:
        """Where a request goes, or why it goes nowhere."""
        found = self._targets.get(target) or self._parse(target)
        host = headers.get("host")
        if host is not None:
            known = self._origins.get((origin, host))
            if known is None:
                if (refused := self._refused_host(host)) is not None:
                    return refused
                if len(self._origins) >= CACHED_HOSTS:
                    self._origins.clear()
                known = self._origins[origin, host] = origin[: origin.index("//") + 2] + host
            origin = known
        if self.guard is not None and (not found.mount.door or not _BROWSERS.isdisjoint(headers)):
            refused = self._guarded(self.guard, method, found, headers, origin)
            if refused is not None:
                return refused
        name = found.lane or headers.get("x-sandbox-lane", DEFAULT)
        return Place(found, name, f"{origin}/lane/{found.lane}" if found.lane else origin)

    def new_id(self) -> str:
        """An id for a request."""
        return f"{self._id_prefix}{next(self._ids):06x}"

    def _parse(self, target: bytes) -> Target:
        text = target.decode("latin-1")
        if not text.startswith("/"):  # absolute form, as sent to proxies: http://host/path; or `*`
            scheme, _, rest = text.partition("://")
            text = "/" + rest.partition("/")[2] if scheme.lower() in ("http", "https") else "/" + text
        raw, _, query = text.partition("?")
        # Percent-encoded and raw bytes alike are UTF-8; a stray byte must not raise.
        raw = raw.encode("latin-1").decode("utf-8", "replace")
        lane = ""
        first, _, rest = raw[1:].partition("/")
        if first.lower() == "lane" and rest:
            lane, _, rest = rest.partition("/")
            lane, raw = unquote(lane, errors="replace"), "/" + rest
        path = unquote(raw, errors="replace")
        found = Target(lane, path, query, self._find(path), raw if path.count("/") > raw.count("/") else "")
        if (
            found.mount is not self._nowhere and len(target) <= CACHED_TARGET_BYTES
        ):  # bounded: a caller chooses the text
            if len(self._targets) >= CACHED_TARGETS:
                self._targets.clear()
            self._targets[target] = found
        return found

    def _find(self, path: str) -> Mount:
        segments = _segments(path, self._deepest)
        for length in range(len(segments), 0, -1):
            mount = self._mounts.get(segments[:length])
            if mount is not None:
                return mount
        return self._mounts.get((), self._nowhere) if path == "/" else self._nowhere

    def _refused_host(self, host: str) -> Refusal | None:
        """Why a Host header is refused: addresses in answers contain it, and a foreign name may be DNS rebinding."""
        if not _HOST.fullmatch(host):
            return self._refuse(400, "host_invalid", "the Host header is not a host name or address with a port")
        if self.guard is not None and not host_allowed(host, self.guard.hosts):
            return self._refuse(403, "host_not_allowed", "the sandbox does not answer under this host name")
        return None

    def _guarded(
        self, guard: Guard, method: str, found: Target, headers: Mapping[str, str], origin: str
    ) -> Refusal | None:
        mount, path = found.mount, found.path
        if why := guard.refusal(headers, origin, cross_site=getattr(mount.app, "cross_site", False)):
            return self._refuse(403, "origin_not_allowed", f"{why}{_SERVERS_CALL if mount.door else ''}")
        if not mount.door and not guard.knows(headers, path) and path not in getattr(mount.app, "open_to_all", ()):
            if sign_in := getattr(mount.app, "sign_in", ""):
                to = urlencode({"to": _page_of(method, found, headers, origin)})
                return Refusal(self.new_id(), Response(303, b"", headers=(("Location", f"{sign_in}?{to}"),)))
            answer = problem(401, "unauthorized", "Authorization: Bearer <token> is required")
            answer.headers = (("WWW-Authenticate", "Bearer"),)
            return Refusal(self.new_id(), answer)
        return None

    def _refuse(self, status: int, code: str, message: str) -> Refusal:
        return Refusal(self.new_id(), problem(status, code, message))


_SERVERS_CALL = ": it is called by a server, which keeps its key; in a browser every visitor has it [A-123]"


def _id_prefix() -> str:
    """
    What the ids of this process begin with. They sort by the time it started, then by count; the random part keeps
    replicas apart. It begins with a letter: else one id in seven hundred would be masked as the number of a card.
    """
    random = os.urandom(3)
    return f"{time.time_ns() // 1_000_000:x}{'abcdef'[random[0] % 6]}{random.hex()[3:]}-"


def _page_of(method: str, found: Target, headers: Mapping[str, str], origin: str) -> str:
    """The page that a browser asks for, or that its form stands on; the lane's first where that is not known."""
    lane = f"/lane/{quote(found.lane)}" if found.lane else ""
    if method not in ("GET", "HEAD"):
        page = headers.get("referer", "").removeprefix(origin)
        return page if page.startswith("/") else f"{lane}/"
    page = f"{lane}{quote(found.path)}"
    return f"{page}?{found.query}" if found.query else page


def _is_straight(mount: Mount, head: Head) -> bool:
    """Whether the app's answer is all of it: no Connection line, nothing left out, nothing beside it."""
    if head.method == "HEAD" or head.version_10 or not _ASIDE.isdisjoint(head.headers):
        return False
    return mount.app.inline and not mount.nowhere


def _segments(path: str, most: int = -1) -> tuple[str, ...]:
    """The first *most* segments of a path: no mount is deeper, and a path may have thousands."""
    path = path.strip("/").lower()
    return tuple(path.split("/", most)[: most if most >= 0 else None]) if path else ()
