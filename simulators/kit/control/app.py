"""
The control API: `/_sandbox/…`, everything a real partner does not have.

`contracts/sandbox/control.yaml` describes what stands here; each simulator adds its own routes and contract. Nothing
of Flask is imported before the app is made, because the first answer of a door need not wait for it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.simulator import Simulator

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["create_control_app"]

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
    The Flask app of the control API.

    *hosts* are the names and addresses, beside those of the loopback, under which it answers: the address the server
    is bound to, and the name under which a shared sandbox is known. A simulator's blueprint without a prefix of its
    own must name whole paths, as its contract does.
    """
    from flask import Flask, request
    from flask.typing import ResponseReturnValue
    from werkzeug.exceptions import HTTPException

    from partnerlab.simulators.kit.control import routes as control_routes
    from partnerlab.simulators.kit.control.body import Refused, refusal
    from partnerlab.simulators.kit.control.guard import host_allowed, origin_allowed
    from partnerlab.simulators.kit.http.wsgi import current_request

    app = Flask("sandbox", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.json.sort_keys = False  # type: ignore[attr-defined]

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        if not host_allowed(request.headers.get("Host"), hosts):
            return refusal(403, "host_not_allowed", "the control API does not answer under this host name")
        if not origin_allowed(request.headers.get("Origin"), current_request().base_url):
            return refusal(403, "origin_not_allowed", "the control API does not answer pages of other sites")
        if request.content_length and request.mimetype not in ("application/json", "text/plain"):
            return refusal(400, "not_json", "the body must be JSON, with Content-Type: application/json")
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

    app.register_blueprint(control_routes.about(lanes, simulators))
    app.register_blueprint(control_routes.lanes(lanes))
    app.register_blueprint(control_routes.clock(clock))
    app.register_blueprint(control_routes.faults(faults))
    app.register_blueprint(control_routes.journal(journal))
    for simulator in simulators:
        app.register_blueprint(simulator.control())
    return app
