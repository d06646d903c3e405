"""The Flask app that joins the pages: portal, single sign-on, checkout, the stylesheet, and errors told on a page."""

from __future__ import annotations

import logging

from flask import Flask, Response, g
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.ic_webservices.domain.errors import (
    Conflict,
    DomainError,
    LoginRefused,
    NotFound,
    PaymentRefused,
    TokenInvalid,
)
from partnerlab.simulators.ic_webservices.pages import checkout, portal, sso
from partnerlab.simulators.ic_webservices.pages.afterwards import keep_answers
from partnerlab.simulators.ic_webservices.pages.payer import SessionOver
from partnerlab.simulators.ic_webservices.pages.security import PageRefused, origin_of
from partnerlab.simulators.ic_webservices.pages.view import Link, Page, base_of, render
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.http.wsgi import current_request

__all__ = ["create_app"]

_logger = logging.getLogger(__name__)
STATUSES = {NotFound: 404, PaymentRefused: 409, Conflict: 409, LoginRefused: 403, TokenInvalid: 403}
"""Of a refusal told on a page; any other is 400."""
LARGEST_FORM = 64 * 1024
HTTP = {
    404: ("There is no such page", "The link is not complete, or what it led to is gone."),
    405: ("This page cannot be asked for in this way", "Go back and use the button or link on the page before."),
    413: ("This form is too large", f"What you typed is over {LARGEST_FORM // 1024} KiB."),
}
OVER_HEADING = "You are signed out"
OVER = {
    "ended": "You signed out. To see your bills again, sign in at the site that brought you here.",
    "expired": "Nothing happened here for a while. Sign in again at the site that brought you here.",
}


def create_app(services: Services) -> Flask:
    """The app; what it serves stands below `/portal`, `/cloudsso` and `/cloudpayments`."""
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config.update(PROVIDE_AUTOMATIC_OPTIONS=False, MAX_CONTENT_LENGTH=LARGEST_FORM, MAX_FORM_PARTS=100)
    stylesheet = _stylesheet()

    @app.get("/portal/site.css")
    def site_css() -> ResponseReturnValue:
        headers = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}
        return Response(stylesheet, content_type="text/css; charset=utf-8", headers=headers)

    @app.errorhandler(PageRefused)
    def refused(error: PageRefused) -> ResponseReturnValue:
        back = Link(error.back, f"Return to {origin_of(error.back).partition('//')[2]}") if error.back else None
        return _told(error.status, error.heading, error.reason, back)

    @app.errorhandler(SessionOver)
    def over(error: SessionOver) -> ResponseReturnValue:
        reason = OVER.get(error.reason, "Your sign-in is not valid any more.")
        return render("error.html", error.page, status=410, heading=OVER_HEADING, reason=reason, back=error.back)

    @app.errorhandler(DomainError)
    def forbidden(error: DomainError) -> ResponseReturnValue:
        return _told(STATUSES.get(type(error), 400), "This cannot be done", mask_text(str(error)))

    @app.errorhandler(HTTPException)
    def wrong_http(error: HTTPException) -> ResponseReturnValue:
        heading, reason = HTTP.get(error.code or 500, (error.name, error.description or error.name))
        answer = _told(error.code or 500, heading, reason)
        if allowed := getattr(error, "valid_methods", None):
            answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer

    @app.errorhandler(Exception)
    def failed(error: Exception) -> ResponseReturnValue:
        # The path holds the session and the form the card: the log gets neither.
        _logger.error("request %s of the pages failed", current_request().id, exc_info=error)
        return _told(500, "Something went wrong", f"The server's log has it under request {current_request().id}.")

    keep_answers(app, services)
    for pages in (sso, portal, checkout):
        app.register_blueprint(pages.create_blueprint(services))
    return app


def _told(status: int, heading: str, reason: str, back: Link | None = None) -> Response:
    # A page of a session keeps what is around it, and whoever may frame it.
    page = g.get("page") or Page(base_of(current_request()), embedded=True)
    return render("error.html", page, status=status, heading=heading, reason=reason, back=back)


def _stylesheet() -> bytes:
    from importlib.resources import files

    return files(__package__).joinpath("site.css").read_bytes()
