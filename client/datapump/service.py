"""The data pump over HTTP, as `contracts/datapump/openapi.yaml` says."""

from __future__ import annotations

import hmac
import ipaddress
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from partnerlab.client.datapump.accepting import EventConflict
from partnerlab.client.datapump.decisions import DeliveryNotFound
from partnerlab.client.datapump.delivery import DataPump
from partnerlab.client.datapump.gate import LaneClosed, NotRunning
from partnerlab.client.datapump.states import TransitionRefused
from partnerlab.client.datapump.views import render_balance, render_delivery, render_record
from partnerlab.client.errors import ClientError, RequestInvalid
from partnerlab.client.settings import BillerUnknown
from partnerlab.contracts.database_errors import is_locked, said_by_database
from partnerlab.contracts.first_use import importing
from partnerlab.contracts.masking import mask_text

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue
    from werkzeug.exceptions import HTTPException

__all__ = ["create_service", "serve"]

MAX_BODY = 64 * 1024
MAX_PAGE = 500
THREADS = 8
SHORTEST_TOKEN = 8
OPEN_TO_ALL = frozenset(("/health", "/ready"))


def create_service(pump: DataPump, token: str | None = None) -> Flask:
    """
    A WSGI application around a pump that somebody else starts and stops.

    With *token* every request but `GET /health` and `GET /ready` must carry it as `Authorization: Bearer …`. Without
    one (None) only this machine is served, by address and by name, so that no web page can reach it through a name of
    its own. The address is the socket's: what a proxy or a caller says about where a request came from changes nothing.

    Raises `RequestInvalid` for a token that is empty or could not be sent.
    """
    check_token(token)
    from flask import Flask

    app = Flask(__name__, static_folder=None, template_folder=None)  # else it has the current folder's
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.before_request(partial(_guard, token))
    _add_deliveries(app, pump)
    _add_state(app, pump)
    _add_errors(app)
    return app


def _guard(token: str | None) -> ResponseReturnValue | None:
    """A refusal of whoever may not ask, None for all others."""
    from flask import request

    if token is None:
        if _is_loopback(request.remote_addr or "") and _is_loopback(_name(request.host)):
            return None
        return _error(403, "forbidden", "without a token the data pump serves this machine only")
    if request.path in OPEN_TO_ALL:
        return None
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode()):
        return None
    return *_error(401, "unauthorized", "Authorization: Bearer <token> is required"), {"WWW-Authenticate": "Bearer"}


def _add_deliveries(app: Flask, pump: DataPump) -> None:
    """Events in, deliveries out, and what a person decides about one."""
    from flask import request, url_for

    @app.post("/events")
    def submit() -> ResponseReturnValue:
        receipt = pump.submit(_body())
        answer = {"id": receipt.id, "status": receipt.status, "delivery": url_for("delivery", id=receipt.id)}
        return answer, 202 if receipt.status == "accepted" else 200

    @app.get("/deliveries")
    def deliveries() -> ResponseReturnValue:
        limit = _number("limit", 100, 1, MAX_PAGE)
        filters = {name: request.args.get(name) for name in ("lane", "state", "kind", "biller_guid", "account_number")}
        before = _number("before", None, 1, 2**63 - 1)
        found = pump.deliveries(**filters, before=before, limit=limit or MAX_PAGE)
        following = found[-1].number if len(found) == limit else None
        return {"deliveries": [render_delivery(delivery) for delivery in found], "next": following}

    @app.get("/deliveries/<id>")
    def delivery(id: str) -> ResponseReturnValue:
        return render_record(pump.delivery(id))

    @app.post("/deliveries/<id>/replay")
    def replay(id: str) -> ResponseReturnValue:
        return render_record(pump.replay(id, **_decision(_body())))

    @app.post("/deliveries/<id>/dismiss")
    def dismiss(id: str) -> ResponseReturnValue:
        return render_record(pump.dismiss(id, **_decision(_body())))

    @app.post("/deliveries/<id>/resolve")
    def resolve(id: str) -> ResponseReturnValue:
        body = _body()
        posted = body.get("posted")
        if not isinstance(posted, bool):
            raise RequestInvalid("posted", "" if posted is None else posted, "must be true or false")
        return render_record(pump.resolve(id, posted, **_decision(body)))

    @app.post("/deliveries/<id>/abandon")
    def abandon(id: str) -> ResponseReturnValue:
        return render_record(pump.abandon(id, **_decision(_body())))

    @app.get("/deliveries/<id>/balance")
    def balance(id: str) -> ResponseReturnValue:
        return render_balance(pump.check_balance(id))


def _add_state(app: Flask, pump: DataPump) -> None:
    """How the pump is."""
    with importing:
        from flask import request

        from partnerlab.client.datapump.metrics import Metrics

    figures = Metrics(pump)

    @app.get("/health")
    def health() -> ResponseReturnValue:
        # Of the process alone: one that is started anew because its database is down is not helped.
        return {"status": "ok"}

    @app.get("/settled")
    def settled() -> ResponseReturnValue:
        return {"settled": pump.drain(request.args.get("lane"), timeout_s=0)}

    @app.get("/ready")
    def ready() -> ResponseReturnValue:
        if problem := pump.problem():
            return _error(503, "not-ready", problem)
        return {"status": "ready", "deliveries": {state.value: count for state, (count, _) in pump.standing().items()}}

    @app.get("/metrics")
    def metrics() -> ResponseReturnValue:
        body, content_type = figures.render(request.headers.get("Accept", ""))
        return body, {"Content-Type": content_type}


def _add_errors(app: Flask) -> None:
    """How errors are answered."""
    from flask import request
    from werkzeug.exceptions import HTTPException

    @app.errorhandler(RequestInvalid)
    def invalid(error: RequestInvalid) -> ResponseReturnValue:
        return _error(400, "invalid", str(error), permanent=True, field=error.field, rule=error.rule)

    @app.errorhandler(EventConflict)
    def conflict(error: EventConflict) -> ResponseReturnValue:
        return _error(409, "conflict", str(error), permanent=True, field=error.fields[0] if error.fields else "")

    @app.errorhandler(LaneClosed)
    def closed(error: LaneClosed) -> ResponseReturnValue:
        return *_error(503, "lane-closed", str(error)), {"Retry-After": "1"}

    @app.errorhandler(TransitionRefused)
    def refused(error: TransitionRefused) -> ResponseReturnValue:
        return _error(409, "wrong-state", str(error), field="state")

    @app.errorhandler(DeliveryNotFound)
    @app.errorhandler(BillerUnknown)
    def not_found(error: LookupError) -> ResponseReturnValue:
        return _error(404, "not-found", str(error))

    @app.errorhandler(ClientError)
    def partner(error: ClientError) -> ResponseReturnValue:
        return _error(502, "partner", str(error))

    @app.errorhandler(NotRunning)
    def not_running(error: NotRunning) -> ResponseReturnValue:
        return _error(503, "not-running", str(error))

    @app.errorhandler(sa.exc.OperationalError)
    @app.errorhandler(sa.exc.TimeoutError)
    def database(error: sa.exc.SQLAlchemyError) -> ResponseReturnValue:
        # Nothing was written, or it is not known: the same event again is a duplicate, so it may be sent again.
        app.logger.error("%s: the database failed", request.path, exc_info=error)
        said = said_by_database(error) if is_locked(error) else type(error).__name__
        message = mask_text(f"the database does not answer: {said}")
        return *_error(503, "no-database", message), {"Retry-After": "5"}

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        code = (error.name or "error").lower().replace(" ", "-")
        return _error(error.code or 500, code, error.description or "", permanent=error.code == 413)


def serve(pump: DataPump, *, host: str = "127.0.0.1", port: int = 8710, token: str | None = None) -> None:
    """
    Serve until interrupted.

    Raises `RequestInvalid` for an address others can reach without a token.
    """
    from waitress import serve as run

    check_token(token)
    if token is None and not _is_loopback(host):
        raise RequestInvalid("host", host, "others can reach it: set a token")
    run(create_service(pump, token), host=host, port=port, threads=THREADS, ident="datapump")


def _body() -> dict[str, Any]:
    """The JSON object that was sent. Raises `RequestInvalid`, and `RequestEntityTooLarge` of werkzeug."""
    from flask import request
    from werkzeug.exceptions import RequestEntityTooLarge

    if (request.content_length or 0) > MAX_BODY:
        raise RequestEntityTooLarge
    # The type is asked for so that a page in a browser cannot post here without asking first.
    try:
        body = json.loads(request.get_data(), object_pairs_hook=_once) if request.is_json else None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise RequestInvalid("body", "", "must be a JSON object, sent as application/json")
    return body


def _number(name: str, default: int | None, lowest: int, highest: int) -> int | None:
    """A whole number of the query. Raises `RequestInvalid`."""
    from flask import request

    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
        raise RequestInvalid(name, text, f"must be a whole number from {lowest} to {highest}")
    return int(text)


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """
    An object in which no name stands twice: two readers could take different ones. Raises `RequestInvalid`.
    """
    found: dict[str, Any] = {}
    for name, value in members:
        if name in found:
            raise RequestInvalid(name[:80], "", "stands twice in one object")
        found[name] = value
    return found


def check_token(token: str | None) -> None:
    """Raises `RequestInvalid` for a token that protects nothing."""
    if token is not None and not (len(token) >= SHORTEST_TOKEN and token.isascii() and token.isprintable()):
        raise RequestInvalid("token", "•••", f"must be {SHORTEST_TOKEN} or more printable ASCII characters")


def _decision(body: dict[str, Any]) -> dict[str, str]:
    """Reason and name of the person who decides."""
    found = {}
    for name, default in (("reason", None), ("by", "operator")):
        value = body.get(name, default)
        if not isinstance(value, str) or not value.strip():
            raise RequestInvalid(name, "" if value is None else value, "must be text, and not blank")
        found[name] = value
    return found


def _error(status: int, code: str, message: str, *, permanent: bool = False, **more: str) -> tuple[dict[str, Any], int]:
    """*permanent*: the same request can never succeed, so its sender should show it to a person."""
    return {"error": {"code": code, "message": message, "permanent": permanent, **more}}, status


def _name(host: str) -> str:
    """A Host header without its port."""
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
