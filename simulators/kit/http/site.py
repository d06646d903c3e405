"""
The site: which door a request is for, in which lane, with which faults; and the note of it in the journal.

The server hands over a request read whole (`Site.accept`) and runs what it gets back (`Exchange.run`), in the event
loop where the exchange is `inline`, else on a worker thread.
"""

from __future__ import annotations

import itertools
import logging
import os
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import unquote

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.faults.effects import Plan
from partnerlab.simulators.kit.faults.faults import FaultInvalid, Faults
from partnerlab.simulators.kit.http.forwarded import as_forwarded
from partnerlab.simulators.kit.http.guard import Guard, host_allowed
from partnerlab.simulators.kit.http.messages import App, Request, Response
from partnerlab.simulators.kit.http.nowhere import Nowhere
from partnerlab.simulators.kit.http.problems import internal_error, problem
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.journal.recording import record_line
from partnerlab.simulators.kit.world.lanes import DEFAULT, Lane, LaneNameInvalid, Lanes, TooManyLanes, in_world, stands
from partnerlab.simulators.kit.world.store import LaneReplaced, RolledBack, in_lane, rolling_back

__all__ = ["Exchange", "Refusal", "Site"]

CACHED_TARGETS = 4_096
CACHED_TARGET_BYTES = 512
CACHED_HOSTS = 1_024

_logger = logging.getLogger(__name__)

_UNASKED = frozenset(("/favicon.ico", "/.well-known/appspecific/com.chrome.devtools.json"))
"""What browsers ask for by themselves; where it is not served, it is not noted."""
_BROWSERS = frozenset(("origin", "sec-fetch-site"))
_WORLD = "x-sandbox-world"
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class _Mount:
    path: str
    app: App
    door: bool = True
    groups: bool = False


@dataclass(frozen=True, slots=True)
class _Target:
    """A request target taken apart: the lane its path names, the rest of the path, the query, and what is there."""

    lane: str
    path: str
    query: str
    mount: _Mount


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
        self._mounts: dict[tuple[str, ...], _Mount] = {}
        self._deepest = 0
        self._nowhere = _Mount("", Nowhere(self.paths))
        self._targets: dict[bytes, _Target] = {}
        self._origins: dict[tuple[str, str], str] = {}
        # Ids sort by the time the process started, then by count; the random part keeps replicas apart.
        self._id_prefix = f"{time.time_ns() // 1_000_000:x}{os.urandom(2).hex()}-"
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
        self._mounts[key] = _Mount("/" + path.strip("/"), app, door, groups)
        self._deepest = max(self._deepest, len(key))
        self._targets.clear()

    def paths(self) -> list[str]:
        """Where something is served."""
        return sorted(mount.path for mount in self._mounts.values())

    def accept(
        self, method: str, target: bytes, headers: Mapping[str, str], body: bytes, origin: str, remote: str = ""
    ) -> Exchange | Refusal:
        """
        What is to be done for a request; cheap, and never raises.

        *origin* is the server's own (`http://127.0.0.1:8700`); its host gives way to the Host header. *remote* is the
        caller's IP address.
        """
        found = self._targets.get(target) or self._parse(target)
        if self._forwarded:
            headers, origin, remote = as_forwarded(headers, origin, remote)
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
            refused = self._guarded(self.guard, found.mount, found.path, headers, origin)
            if refused is not None:
                return refused
        name = found.lane or headers.get("x-sandbox-lane", DEFAULT)
        if world := headers.get(_WORLD, ""):  # between the caller and the site, so not in the journal
            headers = {key: value for key, value in headers.items() if key != _WORLD}
        base_url = f"{origin}/lane/{found.lane}" if found.lane else origin
        return Exchange(self, found, method, headers, body, base_url, name, world, self.new_id(), remote)

    def new_id(self) -> str:
        """An id for a request."""
        return f"{self._id_prefix}{next(self._ids):06x}"

    def _parse(self, target: bytes) -> _Target:
        text = target.decode("latin-1")
        if not text.startswith("/"):  # absolute form, as sent to proxies: http://host/path; or `*`
            scheme, _, rest = text.partition("://")
            text = "/" + rest.partition("/")[2] if scheme.lower() in ("http", "https") else "/" + text
        path, _, query = text.partition("?")
        # Percent-encoded and raw bytes alike are UTF-8; a stray byte must not raise.
        path = unquote(path.encode("latin-1").decode("utf-8", "replace"), errors="replace")
        lane = ""
        first, _, rest = path[1:].partition("/")
        if first.lower() == "lane" and rest:
            lane, _, rest = rest.partition("/")
            path = "/" + rest
        found = _Target(lane, path, query, self._find(path))
        if (
            found.mount is not self._nowhere and len(target) <= CACHED_TARGET_BYTES
        ):  # bounded: a caller chooses the text
            if len(self._targets) >= CACHED_TARGETS:
                self._targets.clear()
            self._targets[target] = found
        return found

    def _find(self, path: str) -> _Mount:
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
        self, guard: Guard, mount: _Mount, path: str, headers: Mapping[str, str], origin: str
    ) -> Refusal | None:
        if why := guard.refusal(headers, origin, cross_site=getattr(mount.app, "cross_site", False)):
            return self._refuse(403, "origin_not_allowed", why)
        if not mount.door and not guard.knows(headers, path) and path not in getattr(mount.app, "open_to_all", ()):
            if sign_in := getattr(mount.app, "sign_in", ""):
                return Refusal(self.new_id(), Response(303, b"", headers=(("Location", sign_in),)))
            answer = problem(401, "unauthorized", "Authorization: Bearer <token> is required")
            answer.headers = (("WWW-Authenticate", "Bearer"),)
            return Refusal(self.new_id(), answer)
        return None

    def _refuse(self, status: int, code: str, message: str, field: str = "") -> Refusal:
        return Refusal(self.new_id(), problem(status, code, message, field))


class Refusal:
    """A request that no app serves: its answer is known at once."""

    __slots__ = ("_answer", "id")

    inline = True
    control = False

    def __init__(self, id: str, answer: Response) -> None:
        self.id = id
        self._answer = answer

    def run(self) -> tuple[Response | None, Plan | None]:
        """The answer."""
        return self._answer, None


class Exchange:
    """
    One request on its way; `run` it once, on a worker thread unless it is `inline`.

    One that `joins` may be committed together with others instead: let it `answer`, and `note` what became of it.
    """

    __slots__ = (
        "_base_url",
        "_body",
        "_headers",
        "_lane",
        "_lane_name",
        "_method",
        "_remote",
        "_request",
        "_site",
        "_started_ns",
        "_target",
        "_world",
        "control",
        "id",
        "inline",
    )

    def __init__(
        self,
        site: Site,
        target: _Target,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
        base_url: str,
        lane_name: str,
        world: str,
        id: str,
        remote: str,
    ) -> None:
        self._site = site
        self._target = target
        self._method = method
        self._headers = headers
        self._body = body
        self._base_url = base_url
        self._lane_name = lane_name
        self._world = world
        self._remote = remote
        self._lane = lane = site.lanes.cached(lane_name)
        self.id = id
        self.control = not target.mount.door
        # To make a lane or to ask PostgreSQL for it takes longer than the event loop may wait.
        self.inline = lane is not None and target.mount.app.inline

    @property
    def joins(self) -> bool:
        """Whether its transactions may be committed together with those of others. With a fault it is alone."""
        lane = self._lane
        if lane is None or lane.faults or self._world:
            return False
        return self._target.mount.groups and "x-sandbox-fault" not in self._headers

    def answer(self) -> Response:
        """The answer, where it `joins`; it is not noted yet. Never raises."""
        assert self._lane is not None
        self._started_ns = time.perf_counter_ns()
        self._request = self._made(self._lane)
        response = self._call(self._target.mount.app, self._request)
        assert response is not None
        return response

    def note(self, response: Response) -> None:
        """Note in the journal what `answer` was asked, and what went out. Never raises: others wait behind it."""
        app, request = self._target.mount.app, self._request
        try:
            operation = app.operation(request)
            self._site.journal.append(request, self._method, app.name, operation, response, self._started_ns)
        except Exception:
            _logger.exception("request %s was answered and could not be noted", self.id)

    def run(self) -> tuple[Response | None, Plan | None]:
        """
        The answer, and what faults do to it on its way; never raises.

        No answer means that the plan drops the connection.
        """
        started_ns = time.perf_counter_ns()
        try:
            if self._world:
                return self._run_in_world(started_ns)
            if self._lane is not None:
                return self._run(started_ns)
            with in_lane(self._lane_name):
                return self._run(started_ns)
        except LaneNameInvalid as error:
            return problem(400, "lane_invalid", str(error), "lane"), None
        except FaultInvalid as error:
            return problem(400, "fault_invalid", str(error), error.field), None
        except TooManyLanes as error:
            return problem(409, "too_many_lanes", str(error)), None
        except LaneReplaced:
            message = f"lane {self._lane_name[:80]!r} was reset, dropped, copied onto or imported meanwhile"
            return problem(409, "lane_replaced", message), None
        except Exception as error:
            _logger.exception("request %s: %s %s failed", self.id, self._method, record_line(self._target.path))
            return internal_error(self.id, error), None

    def _run_in_world(self, started_ns: int) -> tuple[Response | None, Plan | None]:
        """Raises `LaneReplaced` where the lane is, or comes to be, another than the caller means."""
        world = Lane(self._lane_name, made_at=self._world)
        with self._site.lanes.store.read() as tx:
            if not stands(tx, world):
                raise LaneReplaced
        with in_world(world):
            return self._run(started_ns)

    def _run(self, started_ns: int) -> tuple[Response | None, Plan | None]:
        site, target, mount = self._site, self._target, self._target.mount
        lane = self._lane or site.lanes.get(self._lane_name)
        request = self._made(lane)
        app = mount.app
        if not mount.door or (mount is site._nowhere and target.path in _UNASKED):
            return app(request), None
        operation = app.operation(request)
        plan = None
        if lane.faults or "x-sandbox-fault" in self._headers:
            plan = site.faults.plan(lane, operation, request)
        if plan is not None:
            return self._run_faulty(app, operation, request, plan, started_ns), plan
        response = self._call(app, request)
        site.journal.append(request, self._method, app.name, operation, response, started_ns)
        return response, None

    def _made(self, lane: Lane) -> Request:
        # HEAD is GET whose body is not sent: apps need not know it, the server cuts the body.
        method, target = "GET" if self._method == "HEAD" else self._method, self._target
        return Request(
            method, target.path, target.query, self._headers, self._body, self._base_url, self.id, lane, self._remote
        )

    def _run_faulty(self, app: App, operation: str, request: Request, plan: Plan, started_ns: int) -> Response | None:
        response = None
        if plan.handled:
            for _ in range(plan.calls - 1):  # what a proxy sends again is a request of its own
                again = replace(request, id=self._site.new_id())
                answer = self._call(app, again)
                self._site.journal.append(again, self._method, app.name, operation, answer, started_ns, plan.names)
            response = self._call(app, request, roll_back=plan.roll_back)
        elif plan.answer is not None:
            response = plan.answer(request)
        if response is not None and plan.content_type is not None:
            response = replace(response, content_type=plan.content_type)
        if plan.drop:
            response = None
        self._site.journal.append(request, self._method, app.name, operation, response, started_ns, plan.names)
        return response

    def _call(self, app: App, request: Request, *, roll_back: bool = False) -> Response | None:
        try:
            if not roll_back:
                return app(request)
            with rolling_back():
                return app(request)
        except RolledBack:
            return None
        except Exception as error:
            _logger.exception("request %s: %s failed", request.id, app.name)
            return internal_error(request.id, error)


def _segments(path: str, most: int = -1) -> tuple[str, ...]:
    """The first *most* segments of a path: no mount is deeper, and a path may have thousands."""
    path = path.strip("/").lower()
    return tuple(path.split("/", most)[: most if most >= 0 else None]) if path else ()
