"""The hosted portal: its sections below `/portal/(S(<session>))/`, the account switcher and the way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from partnerlab.simulators.ic_webservices.pages import bills, enrolment, options, paying, scheduled
from partnerlab.simulators.ic_webservices.pages.payer import Payer, enter
from partnerlab.simulators.ic_webservices.pages.view import leave, see_other
from partnerlab.simulators.ic_webservices.world import Services

__all__ = ["create_blueprint"]

Section = Callable[..., ResponseReturnValue]
SECTIONS = (bills, paying, scheduled, options, enrolment)
GO_TO = frozenset(
    ("bills", "open-bills", "scheduled-payments", "payment-options", "autopay", "paperless", "pay-by-text")
)


def create_blueprint(services: Services) -> Blueprint:
    """The routes."""
    routes = Blueprint("portal", __name__)

    def add(path: str, view: Section, *methods: str) -> None:
        """A page at that path: *view* is called with the payer and what the path holds."""

        def handle(session: str, **path_values: Any) -> ResponseReturnValue:
            return view(enter(services, session), **path_values)

        name = f"{view.__module__.rpartition('.')[2]}_{view.__name__}"
        routes.add_url_rule(f"/portal/(S(<session>))/{path}", name, handle, methods=methods or ("GET",))

    for section in SECTIONS:
        section.add_routes(add)
    add("", home)
    add("account", switch_account, "POST")
    add("sign-out", sign_out, "POST")
    return routes


def home(payer: Payer) -> ResponseReturnValue:
    """The first page."""
    return payer.go("bills")


def switch_account(payer: Payer) -> ResponseReturnValue:
    """Look at another of the user's accounts, on the same page."""
    form = payer.sent()
    payer = payer.at_account_of(form)
    here = form.given("Page")
    return payer.go(here if here in GO_TO else "bills")


def sign_out(payer: Payer) -> ResponseReturnValue:
    """
    End the token, and with it every page that it opened; then ReturnUrl, in the frame where the page was, or a page
    that says so. Source: SSOConnect Details, ReturnUrl; what becomes of the token is assumed [A-63].
    """
    payer.sent()
    page = payer.page()
    payer.services.page_sessions.end(payer.lane, payer.secret, payer.row)
    if payer.row.return_url:
        return leave(page, payer.row.return_url, "You are signed out")
    return see_other(page, payer.href("bills"))
