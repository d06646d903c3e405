"""
CloudSSO: how a portal's user gets into a page of the Invoice Cloud portal without logging in again.

Nothing is sent from here: the user's browser goes there, with the token of `remote_authentication`. The token is the
user for as long as it lives, so `sso_form` is the better way: a form POST carries it in its body, where `sso_url`
leaves it in the browser's history, in proxies' and servers' logs, and in the Referer of what the page loads. Use the
address only where nothing else will do.

Source: inHance Portal Technical Design, SSOConnect Details; WaterSmart Technical Design, Customer Portal Redirects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import IntEnum
from html import escape
from typing import Final
from urllib.parse import urlencode

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.invoice_cloud.operations.cloud_payments import ViewMode
from partnerlab.client.invoice_cloud.rules import render_token, render_url
from partnerlab.client.wire.values import render_line
from partnerlab.contracts.records import dataclass

__all__ = [
    "CONNECT_PATH",
    "INHANCE_PORTAL_PAGES",
    "WATERSMART_PAGES",
    "CloudSso",
    "Redirect",
    "SsoForm",
    "sso_form",
    "sso_url",
]

CONNECT_PATH: Final = "/cloudsso/connect"


class Redirect(IntEnum):
    """The pages of the Invoice Cloud portal that CloudSSO opens. Source: SSOConnect Details; WaterSmart, redirects."""

    RECENT_BILLS = 1
    PAPERLESS = 2
    AUTOPAY = 3
    PAYMENT_OPTIONS = 5
    OPEN_BILLS = 8
    SCHEDULED_PAYMENTS = 9
    PAY_BY_TEXT = 11

    @property
    def page(self) -> str:
        """The page's name, as the sources have it."""
        return _PAGES[self]


_PAGES: Final = {
    Redirect.RECENT_BILLS: "Customer Portal Recent Bill Listing",
    Redirect.PAPERLESS: "Customer Portal Paperless Settings",
    Redirect.AUTOPAY: "Customer Portal AutoPay Settings",
    Redirect.PAYMENT_OPTIONS: "Customer Portal Payment Options",
    Redirect.OPEN_BILLS: "Customer Portal Open Bill Listing",
    Redirect.SCHEDULED_PAYMENTS: "Customer Portal Scheduled Payments Listing",
    Redirect.PAY_BY_TEXT: "Customer Portal Pay By Text Enrollment",
}


INHANCE_PORTAL_PAGES: Final = frozenset(Redirect) - {Redirect.OPEN_BILLS}
"""What the inHance Portal's document lists."""

WATERSMART_PAGES: Final = frozenset(Redirect) - {Redirect.RECENT_BILLS}
"""What WaterSmart's document lists."""


@dataclass(frozen=True, slots=True)
class SsoForm:
    """A form that sends a browser to a page: where it posts to, and its hidden fields. The fields hold the token."""

    action: str
    fields: Mapping[str, str] = field(repr=False)

    def html(self, *, target: str = "", script_nonce: str | None = None, button: str = "Continue") -> str:
        """
        The form in HTML, everything escaped, submitting itself where scripts run; a button where they do not.

        Args:
            target: Name of the iFrame to open the page in; the frame the form stands in where empty.
            script_nonce: For a page whose Content-Security-Policy asks for one.
        """
        frame = f' target="{escape(target)}"' if target else ""
        nonce = f' nonce="{escape(script_nonce)}"' if script_nonce else ""
        inputs = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in self.fields.items()
        )
        return (
            f'<form id="cloudsso" method="post" action="{escape(self.action)}"{frame}>{inputs}'
            f"<noscript><button>{escape(button)}</button></noscript></form>"
            f'<script{nonce}>document.getElementById("cloudsso").submit()</script>'
        )


@dataclass(frozen=True, slots=True)
class CloudSso:
    """
    How a portal opens Invoice Cloud's pages: the same for all of its users.

    Args:
        base_url: The origin of the Invoice Cloud portal.
        view_mode: The sources: always 1, an iFrame.
        css_url: The partner's style sheet.
        return_url: Where the sign-out button leads.
        custom_return_site_name: Its tooltip: "Sign out and Return to <SiteName>"; the biller's DBA where not given.
        allow_http: Take plain http addresses of other machines too: for a sandbox, never for production.
    """

    base_url: str
    view_mode: ViewMode = ViewMode.IFRAME
    css_url: str | None = None
    return_url: str | None = None
    custom_return_site_name: str | None = None
    allow_http: bool = False

    def url(self, token: str, redirect: Redirect) -> str:
        """The page's address, with the token in its query."""
        return f"{self._action()}?{urlencode(self._fields(token, redirect))}"

    def form(self, token: str, redirect: Redirect) -> SsoForm:
        """A form that opens the page, with the token in its body."""
        return SsoForm(self._action(), self._fields(token, redirect))

    def _action(self) -> str:
        return render_url("base_url", self.base_url.rstrip("/") + CONNECT_PATH, allow_http=self.allow_http)

    def _fields(self, token: str, redirect: Redirect) -> dict[str, str]:
        if not isinstance(redirect, Redirect):
            raise RequestInvalid("RedirectID", redirect, f"must be one of {', '.join(str(int(r)) for r in Redirect)}")
        if not isinstance(self.view_mode, ViewMode):
            raise RequestInvalid("ViewMode", self.view_mode, "must be a ViewMode")
        fields = {
            "RemoteAuthenticationToken": render_token(token),
            "ViewMode": str(int(self.view_mode)),
            "RedirectID": str(int(redirect)),
        }
        if self.css_url is not None:
            fields["CSSUrl"] = render_url("CSSUrl", self.css_url, allow_http=self.allow_http)
        if self.return_url is not None:
            fields["ReturnUrl"] = render_url("ReturnUrl", self.return_url, allow_http=self.allow_http)
        if self.custom_return_site_name is not None:
            if self.return_url is None:
                name = self.custom_return_site_name
                raise RequestInvalid("CustomReturnSiteName", name, "means nothing without ReturnUrl")
            fields["CustomReturnSiteName"] = render_line("CustomReturnSiteName", self.custom_return_site_name)
        return fields


def sso_url(
    base_url: str,
    token: str,
    redirect: Redirect,
    view_mode: ViewMode = ViewMode.IFRAME,
    css_url: str | None = None,
    return_url: str | None = None,
    custom_return_site_name: str | None = None,
) -> str:
    """The address of a page, with the token in it: prefer `sso_form`. The parameters are those of `CloudSso`."""
    return CloudSso(base_url, view_mode, css_url, return_url, custom_return_site_name).url(token, redirect)


def sso_form(
    base_url: str,
    token: str,
    redirect: Redirect,
    view_mode: ViewMode = ViewMode.IFRAME,
    css_url: str | None = None,
    return_url: str | None = None,
    custom_return_site_name: str | None = None,
) -> SsoForm:
    """The form that opens a page, with the token in its body. The parameters are those of `CloudSso`."""
    return CloudSso(base_url, view_mode, css_url, return_url, custom_return_site_name).form(token, redirect)
