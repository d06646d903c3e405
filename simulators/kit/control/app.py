"""
The control API: `/_sandbox/…`, everything a real partner does not have.

`contracts/sandbox/control.yaml` describes what stands here; each simulator adds its own operations and contract. The
contracts are read at the first request, or when `warm` is called, because the first answer of a door need not wait.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from partnerlab.contracts.database_errors import is_locked
from partnerlab.contracts.first_use import importing
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.control.refusals import Invalid, Refused, error_body
from partnerlab.simulators.kit.http.guard import Guard, host_allowed, origin_allowed
from partnerlab.simulators.kit.http.limits import Limits
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.problems import LATER, told
from partnerlab.simulators.kit.journal.as_program import ProgramPort, no_program
from partnerlab.simulators.kit.journal.recording import record_line

if TYPE_CHECKING:
    from partnerlab.simulators.kit.control.controls import Controls
    from partnerlab.simulators.kit.control.formats import Format
    from partnerlab.simulators.kit.control.operations import Operation
    from partnerlab.simulators.kit.faults.faults import Faults
    from partnerlab.simulators.kit.journal.journal import Journal
    from partnerlab.simulators.kit.journal.sent_again import Resend
    from partnerlab.simulators.kit.world.clock import Clock
    from partnerlab.simulators.kit.world.lanes import Lanes
    from partnerlab.simulators.kit.world.simulator import Simulator

__all__ = ["ControlApp", "create_control_app", "limits_of"]

_logger = logging.getLogger(__name__)

MAX_QUERY_PARAMETERS = 100


def create_control_app(
    lanes: Lanes,
    journal: Journal,
    faults: Faults,
    clock: Clock,
    simulators: Sequence[Simulator] = (),
    *,
    hosts: Collection[str] = (),
    as_program: ProgramPort = no_program,
    authority: bytes | None = None,
    resend: Resend | None = None,
    more: Mapping[str, Callable[[], Controls]] = MappingProxyType({}),
) -> ControlApp:
    """
    The control API: the kit's own operations, those of the simulators, and *more* by contract; *resend* sends a
    recorded request again.

    *hosts* are the names and addresses, beside those of the loopback, under which it answers: the address the server
    is bound to, and the name under which a shared sandbox is known. *as_program* writes entries of the journal
    as programs. *authority* is the certificate (PEM) that callers trust, where it serves https.
    """

    def load() -> list[tuple[str, Controls]]:
        with importing:
            from partnerlab.simulators.kit.control.contract import KIT_CONTRACT
            from partnerlab.simulators.kit.control.own import own_controls

        own = (KIT_CONTRACT, own_controls(lanes, journal, faults, clock, simulators, as_program, authority, resend))
        loaded = {one.control_contract: one.control for one in simulators} | dict(more)
        return [own, *((contract, controls()) for contract, controls in loaded.items())]

    return ControlApp(load, hosts=hosts)


_IMPORT = re.compile(rb"(?:/lane/[^/]+)?/_sandbox/lanes/[^/]+/import")


def limits_of(guard: Guard, body_bytes: int, file_bytes: int) -> Limits:
    """What a server takes. An export of a lane is kept in a file, for whoever may import it, with its own bound."""
    return Limits(body_bytes=body_bytes, file_bytes=file_bytes, in_file=partial(_imports_a_lane, guard))


def _imports_a_lane(guard: Guard, method: str, target: bytes, headers: Mapping[str, str]) -> bool:
    return method == "POST" and _IMPORT.fullmatch(target) is not None and guard.knows(headers, "/_sandbox/lanes")


@dataclass(frozen=True, slots=True)
class _Route:
    operation: Operation
    group: object
    pattern: re.Pattern[str]
    refuse: Callable[[Exception], Refused | None]


class ControlApp:
    """
    The operations of some contracts as an `App`: *load* gives the contracts, paths below `contracts/`, and what does
    their operations.
    """

    name = "control"
    inline = False

    def __init__(self, load: Callable[[], Iterable[tuple[str, Controls]]], *, hosts: Collection[str] = ()) -> None:
        self._load, self._hosts = load, hosts
        self._lock = threading.Lock()
        self._routes: list[_Route] | None = None

    def operation(self, request: Request) -> str:
        """`GET /_sandbox/health`."""
        return f"{request.method} {request.path}"

    def warm(self) -> list[_Route]:
        """Read the contracts and bind their operations now; those with the most text in their path come first."""
        with self._lock:
            if self._routes is None:
                found = [route for contract, controls in self._load() for route in _routes(contract, controls)]
                _check_unique(route.operation for route in found)
                self._routes = sorted(found, key=lambda route: -len(re.sub(r"\{\w+\}", "", route.operation.path)))
            return self._routes

    def __call__(self, request: Request) -> Response:
        """Answer, whatever came in."""
        try:
            if not host_allowed(request.headers.get("host"), self._hosts):
                raise Refused(403, "host_not_allowed", "the control API does not answer under this host name")
            if not origin_allowed(request.headers.get("origin"), request.base_url):
                raise Refused(403, "origin_not_allowed", "the control API does not answer pages of other sites")
            return self._answer(request)
        except Refused as error:
            return _json(error.status, error_body(error.code, str(error), error.field))
        except Exception as error:
            _logger.exception("request %s: %s %s failed", request.id, request.method, record_line(request.path))
            if is_locked(error):
                return _json(503, error_body("database_locked", told(request.id, error)), LATER)
            return _json(500, error_body("internal_error", told(request.id, error)))

    def _answer(self, request: Request) -> Response:
        methods = self._find(request)
        if not methods:
            raise Refused(
                404, "not_found", "the control API has nothing there; /_sandbox/openapi.json says what it has"
            )
        if request.method not in methods:
            allowed = ", ".join(sorted({*methods, "HEAD"} if "GET" in methods else methods))
            refused = _json(405, error_body("method_not_allowed", f"{request.method} is not taken there; {allowed}"))
            refused.headers = (("Allow", allowed),)
            return refused
        route, places = methods[request.method]
        operation = route.operation
        try:
            media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            values = operation.read(places, _query(request.query), media_type, request.body)
            if operation.wants_request:
                values["request"] = request
            answer = operation.function(route.group, **values)
        except Exception as error:
            if (told := route.refuse(error)) is not None:
                raise told from error
            raise
        if isinstance(answer, Response):  # what is not JSON
            return answer
        answer, status = answer if isinstance(answer, tuple) else (answer, operation.statuses[0])
        return Response(status, b"") if answer is None else _json(status, answer)

    def _find(self, request: Request) -> dict[str, tuple[_Route, dict[str, str]]]:
        """The routes of a path by method, each with what stands in its places; `%2F` belongs to a place."""
        path = _with_slashes_apart(request.raw_path) if request.raw_path else request.path
        found: dict[str, tuple[_Route, dict[str, str]]] = {}
        for route in self._routes or self.warm():
            if route.operation.method not in found and (match := route.pattern.fullmatch(path)):
                places = {name: text.replace(_SLASH, "/") for name, text in match.groupdict().items()}
                found[route.operation.method] = (route, places)
        return found


def _routes(contract: str, controls: Controls) -> Iterator[_Route]:
    groups = {type(group): group for group in controls.groups}
    for operation, pattern in _operations(contract, tuple(map(type, controls.groups)), tuple(controls.formats.items())):
        yield _Route(operation, groups[operation.group], pattern, controls.refuse)


@cache
def _operations(
    contract: str, groups: tuple[type, ...], formats: tuple[tuple[str, Format], ...]
) -> list[tuple[Operation, re.Pattern[str]]]:
    """A contract's operations and their paths: found once a process, which takes as long as many a test."""
    with importing:
        from partnerlab.simulators.kit.control.contract import read_contract
        from partnerlab.simulators.kit.control.operations import bind

    return [(one, _pattern(one)) for one in bind(read_contract(contract), groups, dict(formats))]


_SLASH = "\ufdd0"
"""Stands for a slash within a name while a path is matched: Unicode gives it to programs, and to no text."""


def _with_slashes_apart(raw_path: str) -> str:
    """A path decoded segment by segment."""
    return "/".join(unquote(part, errors="replace").replace("/", _SLASH) for part in raw_path.split("/"))


def _check_unique(operations: Iterable[Operation]) -> None:
    """Raises `ValueError` where two contracts claim the same path or name."""
    seen: set[str] = set()
    for operation in operations:
        for claim in (operation.id, f"{operation.method} {operation.path}"):
            if claim in seen:
                raise ValueError(f"{claim} stands in two contracts of the control API")
            seen.add(claim)


def _pattern(operation: Operation) -> re.Pattern[str]:
    pattern = re.escape(operation.path)
    for place in operation.places:
        text = ".+" if place.slashes else "[^/]+"
        pattern = pattern.replace(re.escape(f"{{{place.name}}}"), f"(?P<{place.name}>{text})")
    return re.compile(pattern, re.DOTALL)


def _query(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_QUERY_PARAMETERS)
    except ValueError:
        raise Invalid("query", f"has over {MAX_QUERY_PARAMETERS} parameters") from None


def _json(status: int, value: Any, *headers: tuple[str, str]) -> Response:
    return Response(status, json.dumps(value, separators=(",", ":")).encode() + b"\n", "application/json", headers)
