"""
After a form: its answer gets an address of its own, so that Back and Reload never ask to send a form again.

The page that answers a form is kept, whether it says what is wrong, what was done or why it cannot be. The browser is
sent to the form's address with the page's key. The page is shown there as long as its session lasts. On a payment page
it is shown until that is paid: then Back leads to the receipt.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from partnerlab.simulators.ic_webservices.pages.checkout_visit import Visit
from partnerlab.simulators.ic_webservices.pages.payer import enter
from partnerlab.simulators.ic_webservices.pages.view import Page, as_it_was, base_of, see_other
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.http.wsgi import current_request

__all__ = ["keep_answers"]

KEY = "shown"
RECEIPT = "/receipt"
_SECRET = re.compile(r"/portal/\(S\(([A-Za-z0-9_-]{20,100})\)\)|/cloudpayments/([A-Za-z0-9_-]{20,100})")


def keep_answers(app: Flask, services: Services) -> None:
    """Let *app* answer forms so."""

    @app.before_request
    def show_again() -> Response | None:
        match, key = _SECRET.match(request.path), request.args.get(KEY, "")
        if request.method != "GET" or match is None or not key:
            return None
        lane, secret = current_request().lane, match[1] or match[2]
        found = services.shown_pages.find(lane, secret, request.path, key[:40])
        if found is None:
            return None  # it is forgotten: the page as it is now
        if match[1]:
            return as_it_was(enter(services, secret).page(), *found)
        visit = Visit(services, secret, services.cloud_payments.open(lane, secret))
        if visit.opened.paid and not request.path.endswith(RECEIPT):
            return None
        return as_it_was(visit.page, *found)

    @app.after_request
    def keep(response: Response) -> Response:
        match = _SECRET.match(request.path)
        answers = request.method == "POST" and response.mimetype == "text/html" and not g.get("leaves")
        if match is None or not answers or 300 <= response.status_code < 400:
            return response
        here, path = current_request(), _to_ask_for()
        html = response.get_data(as_text=True)
        key = path and services.shown_pages.keep(here.lane, match[1] or match[2], path, response.status_code, html)
        if not key:
            return response
        page = g.get("page") or Page(base_of(here), embedded=True)
        return see_other(page, f"{base_of(here)}{quote(path, safe='/()')}?{KEY}={key}")


def _to_ask_for() -> str:
    """The path of the form, or the nearest above it that can be asked for; empty where there is none."""
    path = request.path
    if path.startswith("/cloudpayments/") and path.endswith("/register"):
        return path.removesuffix("/register") + RECEIPT
    adapter = current_app.url_map.bind("")
    for _ in range(3):
        try:
            adapter.match(path, method="GET")
        except HTTPException:
            path = path.rpartition("/")[0]
        else:
            return path
    return ""
