"""A request on its way: where it goes, the app's answer with what faults do to it, and the note in the journal."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.faults.effects import Plan
from partnerlab.simulators.kit.faults.faults import FaultInvalid
from partnerlab.simulators.kit.http.messages import App, Request, Response
from partnerlab.simulators.kit.http.problems import internal_error, problem
from partnerlab.simulators.kit.journal.recording import record_line
from partnerlab.simulators.kit.world.lanes import (
    Lane,
    LaneNameInvalid,
    LaneNotFound,
    Lanes,
    TooManyLanes,
    in_world,
    stands,
)
from partnerlab.simulators.kit.world.store import LaneReplaced, RolledBack, in_lane, rolling_back

if TYPE_CHECKING:
    from partnerlab.simulators.kit.faults.faults import Faults
    from partnerlab.simulators.kit.journal.journal import Journal
    from partnerlab.simulators.kit.journal.waiting import Operation

__all__ = ["Answered", "Exchange", "Later", "Mount", "Place", "Refusal", "Target", "failed"]

_logger = logging.getLogger(__name__)

_UNASKED = frozenset(("/favicon.ico", "/.well-known/appspecific/com.chrome.devtools.json"))
"""What browsers ask for by themselves; where it is not served, it is not noted."""


@dataclass(frozen=True, slots=True)
class Mount:
    """
    An app under its path. `door` says that a partner calls it, which is noted, `groups` that its calls may be committed
    together, `nowhere` that nothing is served there.
    """

    path: str
    app: App
    door: bool = True
    groups: bool = False
    nowhere: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """
    A request target taken apart: the lane its path names, the rest of the path, the query, and what is there.

    `raw_path` is the rest as it came, where a name in it has a slash (`%2F`), else empty.
    """

    lane: str
    path: str
    query: str
    mount: Mount
    raw_path: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """What a request's head says of where it goes: the target, the lane by name, the base address of its caller."""

    target: Target
    lane: str
    base_url: str
    straight: bool = False
    """Whether all there is to do is to call the app in the event loop and to note it, where the lane has no faults."""


class Surroundings(Protocol):
    """What an exchange needs of the site."""

    lanes: Lanes
    journal: Journal
    faults: Faults

    def new_id(self) -> str:
        """An identifier for one more request."""


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

    One that `joins` may be committed together with others instead: let it `answer`.
    """

    __slots__ = (
        "_body",
        "_headers",
        "_lane",
        "_method",
        "_place",
        "_remote",
        "_site",
        "_world",
        "control",
        "id",
        "inline",
    )

    def __init__(
        self,
        site: Surroundings,
        place: Place,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
        world: str,
        id: str,
        remote: str,
    ) -> None:
        self._site = site
        self._place = place
        self._method = method
        self._headers = headers
        self._body = body
        self._world = world
        self._remote = remote
        self._lane = lane = site.lanes.cached(place.lane)
        self.id = id
        mount = place.target.mount
        self.control = not mount.door
        # To make a lane or to ask PostgreSQL for it takes longer than the event loop may wait.
        self.inline = lane is not None and mount.app.inline

    @property
    def joins(self) -> bool:
        """Whether its transactions may be committed together with those of others. With a fault it is alone."""
        lane = self._lane
        if lane is None or lane.faults or self._world:
            return False
        return self._place.target.mount.groups and "x-sandbox-fault" not in self._headers

    def answer(self) -> Later:
        """The answer, where it `joins`; it is not noted yet. Never raises."""
        assert self._lane is not None
        started_ns = time.perf_counter_ns()
        request, app = self._made(self._lane), self._place.target.mount.app
        response = self._call(app, request)
        assert response is not None
        return Later(self._site.journal, request, self._method, app.name, app.operation, response, started_ns)

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
            with in_lane(self._place.lane):
                return self._run(started_ns)
        except LaneNameInvalid as error:
            return problem(400, "lane_invalid", str(error), "lane"), None
        except FaultInvalid as error:
            return problem(400, "fault_invalid", str(error), error.field), None
        except TooManyLanes as error:
            return problem(409, "too_many_lanes", str(error)), None
        except LaneReplaced:
            message = f"lane {self._place.lane[:80]!r} was reset, dropped, copied onto or imported meanwhile"
            return problem(409, "lane_replaced", message), None
        except Exception as error:
            _logger.exception("request %s: %s %s failed", self.id, self._method, record_line(self._place.target.path))
            return internal_error(self.id, error), None

    def _run_in_world(self, started_ns: int) -> tuple[Response | None, Plan | None]:
        """Raises `LaneReplaced` where the lane is, or comes to be, another than the caller means."""
        world = Lane(self._place.lane, made_at=self._world)
        with self._site.lanes.store.read() as tx:
            if not stands(tx, world):
                raise LaneReplaced
        with in_world(world):
            return self._run(started_ns)

    def _run(self, started_ns: int) -> tuple[Response | None, Plan | None]:
        site, target = self._site, self._place.target
        mount = target.mount
        lane, app = self._lane, mount.app
        if lane is None and (missing := getattr(app, "lane_missing", None)):
            try:
                lane = site.lanes.existing(self._place.lane)
            except LaneNotFound:
                return missing(self._place.lane), None
        lane = lane or site.lanes.get(self._place.lane)
        request = self._made(lane)
        if not mount.door or (mount.nowhere and target.path in _UNASKED):
            return app(request), None
        if lane.faults or "x-sandbox-fault" in self._headers:
            operation = app.operation(request)
            plan = site.faults.plan(lane, operation, request)
            if plan is not None:
                return self._run_faulty(app, operation, request, plan, started_ns), plan
        try:
            response = app(request)
        except Exception as error:  # noqa: BLE001 - answered and logged there
            response = failed(app, request, error)
        site.journal.append(request, self._method, app.name, app.operation, response, started_ns)
        return response, None

    def _made(self, lane: Lane) -> Request:
        # HEAD is GET whose body is not sent: apps need not know it, the server cuts the body.
        method, place = "GET" if self._method == "HEAD" else self._method, self._place
        path, query = place.target.path, place.target.query
        request = Request(method, path, query, self._headers, self._body, place.base_url, self.id, lane, self._remote)
        request.raw_path = place.target.raw_path
        return request

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
        except Exception as error:  # noqa: BLE001 - answered and logged there
            return failed(app, request, error)


Answered = tuple[Response, str]
"""An answer, and the id of its request."""


class Later:
    """An answer that waits for the commit of what it tells; `note` it then, with what went out."""

    __slots__ = ("_door", "_journal", "_method", "_operation", "_request", "_started_ns", "response")

    def __init__(
        self,
        journal: Journal,
        request: Request,
        method: str,
        door: str,
        operation: Operation,
        response: Response,
        started_ns: int,
    ) -> None:
        self._journal, self._request, self._method, self._door = journal, request, method, door
        self._operation, self.response, self._started_ns = operation, response, started_ns

    @property
    def id(self) -> str:
        """The request's."""
        return self._request.id

    def note(self, response: Response) -> None:
        """Note in the journal what was asked, and what went out. Never raises: others wait behind it."""
        try:
            self._journal.append(self._request, self._method, self._door, self._operation, response, self._started_ns)
        except Exception:
            _logger.exception("request %s was answered and could not be noted", self.id)


def failed(app: App, request: Request, error: Exception) -> Response:
    """The answer where an app raised; the log has why."""
    _logger.error("request %s: %s failed", request.id, app.name, exc_info=error)
    return internal_error(request.id, error)
