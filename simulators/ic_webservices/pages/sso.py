"""
CloudSSO connect: a token, a view mode and a RedirectID become a page session and the address of its first page.

Parameters come in the query of a GET or the form of a POST, their names without regard to case as in ASP.NET. Nothing
is changed where one of them is refused. Source: inHance Portal, SSOConnect Details; WaterSmart, Redirects.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.customers import check_text
from partnerlab.simulators.ic_webservices.domain.errors import TokenInvalid, ValueRefused
from partnerlab.simulators.ic_webservices.domain.portal import REDIRECTS
from partnerlab.simulators.ic_webservices.pages.security import PageRefused
from partnerlab.simulators.ic_webservices.pages.view import Page, base_of, see_other
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.egress.allow_list import AddressRefused, Allowed, check_web_address
from partnerlab.simulators.kit.http.wsgi import current_request

__all__ = ["create_blueprint"]

_logger = logging.getLogger(__name__)

HEADING = "This link does not work"
TOKEN_STATUS = {"unknown": 401, "expired": 410, "ended": 410}
TOKEN_REASONS = {
    "unknown": "The sign-in token is not valid. Go back to the site that brought you here and sign in again.",
    "expired": "The sign-in has expired. Go back to the site that brought you here and sign in again.",
    "ended": "You signed out. Go back to the site that brought you here and sign in again.",
}


def create_blueprint(services: Services) -> Blueprint:
    """The route."""
    routes = Blueprint("sso", __name__)

    @routes.route("/cloudsso/connect", methods=["GET", "POST"])
    def connect() -> ResponseReturnValue:
        given = _parameters()
        return_url = _return_url(given)
        try:
            return connected(given, return_url)
        except PageRefused as error:
            error.back = return_url
            raise

    def connected(given: Mapping[str, str], return_url: str) -> Response:
        here = current_request()
        view_mode = _view_mode(given)
        target = _target(given)
        site_name = _site_name(given)
        token = given.get("remoteauthenticationtoken", "")
        if not token:
            raise PageRefused(400, HEADING, "RemoteAuthenticationToken is missing.")
        try:
            session = services.authentication.open(here.lane, token)
        except TokenInvalid as error:
            raise PageRefused(TOKEN_STATUS[error.reason], HEADING, TOKEN_REASONS[error.reason]) from None
        css_url, refusal = _stylesheet(given, session.biller)
        id = services.page_sessions.start(
            here.lane,
            token,
            session,
            view_mode=view_mode,
            css_url=css_url,
            return_url=return_url,
            site_name=site_name,
        )
        answer = see_other(Page(base_of(here)), f"{base_of(here)}/portal/(S({id}))/{target}")
        return _noting(answer, refusal)

    return routes


def _parameters() -> Mapping[str, str]:
    """The parameters by name in lower case; one that is given twice is joined by a comma, as ASP.NET does."""
    found: dict[str, str] = {}
    for name, value in [*request.args.items(multi=True), *request.form.items(multi=True)]:
        key = name.lower()
        found[key] = f"{found[key]},{value}" if key in found else value.strip()
    return found


def _view_mode(given: Mapping[str, str]) -> str:
    mode = given.get("viewmode", "")
    if not mode:
        raise PageRefused(400, HEADING, "ViewMode is missing; 1 is an iFrame.")
    if not (mode.isascii() and mode.isdigit() and len(mode) <= 2):
        raise PageRefused(400, HEADING, "ViewMode must be a number; 1 is an iFrame.")
    return str(int(mode))


def _target(given: Mapping[str, str]) -> str:
    id = given.get("redirectid", "")
    known = ", ".join(REDIRECTS)
    if not id:
        raise PageRefused(400, HEADING, f"RedirectID is missing; {known} are the pages.")
    if id not in REDIRECTS:
        raise PageRefused(404, HEADING, f"There is no page of that RedirectID; {known} are the pages.")
    return REDIRECTS[id]


def _return_url(given: Mapping[str, str]) -> str:
    url = given.get("returnurl", "")
    if url:
        try:
            check_web_address(url)
        except AddressRefused as error:
            raise PageRefused(400, HEADING, f"ReturnUrl {error.reason}.") from None
    return url


def _site_name(given: Mapping[str, str]) -> str:
    try:
        return check_text(given.get("customreturnsitename", ""), "CustomReturnSiteName")
    except ValueRefused as error:
        raise PageRefused(400, HEADING, f"CustomReturnSiteName {error.rule}.") from None


def _stylesheet(given: Mapping[str, str], biller: Biller) -> tuple[str, str]:
    """The CSSUrl where it may be used, and why it may not; a payer's page works without it."""
    url = given.get("cssurl", "")
    if not url:
        return "", ""
    try:
        Allowed.of(biller.configuration).check(url)
    except AddressRefused as error:
        return "", f"CSSUrl was not used: it {error.reason}"
    return url, ""


def _noting(answer: Response, refusal: str) -> Response:
    """The answer, with the refusal in its text, which the journal keeps and no payer sees."""
    if refusal:
        _logger.warning("request %s: %s", current_request().id, refusal)
        answer.set_data(refusal)
        answer.content_type = "text/plain; charset=utf-8"
    return answer
