"""
The control API: `/_sandbox/…`, everything a real partner does not have.

`contracts/sandbox/control.yaml` describes what stands here; each simulator adds its own routes and contract. Nothing
of Flask is imported before the app is made, because the first answer of a door need not wait for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from partnerlab.simulators.kit.http.wsgi import current_request

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

    from partnerlab.simulators.kit.control.controls import Controls
    from partnerlab.simulators.kit.control.operations import Operation
    from partnerlab.simulators.kit.faults.faults import Faults
    from partnerlab.simulators.kit.journal.journal import Journal
    from partnerlab.simulators.kit.world.clock import Clock
    from partnerlab.simulators.kit.world.lanes import Lanes
    from partnerlab.simulators.kit.world.simulator import Simulator

__all__ = ["create_app", "create_control_app"]

_logger = logging.getLogger(__name__)


def create_control_app(
    lanes: Lanes,
    journal: Journal,
    faults: Faults,
    clock: Clock,
    simulators: Sequence[Simulator] = (),
    *,
    hosts: Collection[str] = (),
) -> Flask:
    """
    The Flask app of the control API: the kit's own routes and those of the simulators.

    *hosts* are the names and addresses, beside those of the loopback, under which it answers: the address the server
    is bound to, and the name under which a shared sandbox is known.
    """
    from partnerlab.simulators.kit.control.contract import KIT_CONTRACT
    from partnerlab.simulators.kit.control.own import own_controls

    parts: list[tuple[str, Controls]] = [(KIT_CONTRACT, own_controls(lanes, journal, faults, clock, simulators))]
    parts += [(simulator.control_contract, simulator.control()) for simulator in simulators]
    return create_app(parts, hosts=hosts)


def create_app(parts: Iterable[tuple[str, Controls]], *, hosts: Collection[str] = ()) -> Flask:
    """The Flask app of some contracts, paths below `contracts/`, and of what does their operations."""
    from flask import Flask, request
    from werkzeug.exceptions import HTTPException

    from partnerlab.simulators.kit.control.contract import read_contract
    from partnerlab.simulators.kit.control.operations import bind
    from partnerlab.simulators.kit.control.refusals import Refused, error_body
    from partnerlab.simulators.kit.http.guard import host_allowed, origin_allowed

    app = Flask("sandbox", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.json.sort_keys = False  # type: ignore[attr-defined]

    def refusal(status: int, code: str, message: str, field: str = "") -> ResponseReturnValue:
        return app.json.response(error_body(code, message, field)), status

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        if not host_allowed(request.headers.get("Host"), hosts):
            return refusal(403, "host_not_allowed", "the control API does not answer under this host name")
        if not origin_allowed(request.headers.get("Origin"), current_request().base_url):
            return refusal(403, "origin_not_allowed", "the control API does not answer pages of other sites")
        return None

    @app.errorhandler(Refused)
    def refused(error: Refused) -> ResponseReturnValue:
        return refusal(error.status, error.code, str(error), error.field)

    @app.errorhandler(HTTPException)
    def wrong_http(error: HTTPException) -> ResponseReturnValue:
        code = error.name.lower().replace(" ", "_")
        answer = app.make_response(refusal(error.code or 500, code, error.description or error.name))
        if allowed := getattr(error, "valid_methods", None):
            answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer

    @app.errorhandler(Exception)
    def failed(error: Exception) -> ResponseReturnValue:
        _logger.error("request %s: %s %s failed", current_request().id, request.method, request.path, exc_info=error)
        return refusal(500, "internal_error", f"the server's log has it under request {current_request().id}")

    for contract, controls in parts:
        for operation in bind(read_contract(contract), controls.groups, controls.formats):
            rule = operation.path
            for place in operation.places:
                rule = rule.replace(f"{{{place.name}}}", f"<{'path:' if place.slashes else ''}{place.name}>")
            app.add_url_rule(rule, operation.id, _view(operation, controls), methods=[operation.method])

    return app


def _view(operation: Operation, controls: Controls) -> Callable[..., Any]:
    """An operation as Flask calls it."""
    from flask import jsonify, request

    def view(**places: str) -> ResponseReturnValue:
        try:
            values = operation.read(places, request.args.items(multi=True), request.mimetype, request.get_data())
            if operation.wants_request:
                values["request"] = current_request()
            answer = operation.function(**values)
        except Exception as error:
            if (refused := controls.refuse(error)) is not None:
                raise refused from error
            raise
        answer, status = answer if isinstance(answer, tuple) else (answer, operation.statuses[0])
        return ("", status) if answer is None else (jsonify(answer), status)

    return view
