"""
What keeps the pages safe: the headers of every answer, CSRF tokens, one-time form keys, and who may frame a page.

A page's secret is the session id or payment token in its path. Whoever has no such link has no page; the CSRF token is
made from that secret and stands in each form, so that a form of another page is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.kit.egress.allow_list import check_web_address

__all__ = [
    "PageRefused",
    "check_csrf",
    "csrf_token",
    "form_guid",
    "frame_ancestors",
    "framed_by",
    "headers",
    "new_form_key",
    "origin_of",
]

LOOPBACK = ("http://localhost:*", "http://127.0.0.1:*", "https://localhost:*", "https://127.0.0.1:*")
"""Who may frame a page of a biller that names nobody: assumed [A-58]."""

_ANCESTOR = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::(?:[0-9]{1,5}|\*))?")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_FORM_NAMESPACE = uuid.UUID("6f1d2c0e-6a0b-5c59-9d53-3c8b1f7d0a44")


class PageRefused(Exception):
    """
    A page that is not shown: the status, a heading and the reason in words a payer understands.

    `back` is the address of the site that sent the payer; whoever knows it sets it.
    """

    def __init__(self, status: int, heading: str, reason: str) -> None:
        self.status, self.heading, self.reason, self.back = status, heading, reason, ""
        super().__init__(f"{heading}: {reason}")


def headers(*, frame_ancestors: Iterable[str] = LOOPBACK, styles: Iterable[str] = ()) -> dict[str, str]:
    """
    The security headers of a page.

    Each argument is a list of CSP sources beside `'self'`: who may frame the page, and whose stylesheet it takes.
    Forms lead nowhere else, and scripts are allowed to nobody.
    """

    policy = (
        "default-src 'none'",
        f"style-src {_sources(styles)}",
        "form-action 'self'",
        f"frame-ancestors {_sources(frame_ancestors)}",
        "base-uri 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def framed_by(ancestors: Iterable[str]) -> str:
    """The policy of an answer that is no page: who may frame it, beside `'self'`."""
    return f"frame-ancestors {_sources(ancestors)}; base-uri 'none'"


def _sources(more: Iterable[str]) -> str:
    return " ".join(("'self'", *dict.fromkeys(more)))


def frame_ancestors(biller: Biller) -> tuple[str, ...]:
    """
    The CSP sources that may frame this biller's pages: its configuration `{"Portal": {"FrameAncestors": […]}}`, else
    the loopback. An entry that is no `http(s)://host[:port]` counts for nothing. Assumed [A-58].
    """
    portal = biller.configuration.get("Portal")
    given = portal.get("FrameAncestors") if isinstance(portal, Mapping) else None
    if given is None:
        return LOOPBACK
    if not isinstance(given, list | tuple):
        return ()
    return tuple(source for source in given if isinstance(source, str) and _ANCESTOR.fullmatch(source))


def origin_of(url: str) -> str:
    """The origin of a web address as a CSP source, `https://example.com:8443`. Raises `AddressRefused`."""
    check_web_address(url)
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def csrf_token(secret: str) -> str:
    """The token that each form of a page with this secret carries in `CsrfToken`."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def check_csrf(secret: str, given: str | None) -> None:
    """Raises `PageRefused` where *given* is not the token of that secret."""
    if not hmac.compare_digest(csrf_token(secret).encode(), (given or "").encode("utf-8", "replace")):
        raise PageRefused(403, "This form is not valid", "It was not sent from this page. Open the page again.")


def new_form_key() -> str:
    """A key for one form as it is shown once; it comes back in `FormKey`."""
    return secrets.token_urlsafe(18)


def form_guid(secret: str, key: str | None) -> str:
    """
    The GUID of what this form makes (payment, schedule, method): the same form sent twice makes it once.

    Raises `PageRefused` where the key is none of ours.
    """
    if not key or not _KEY.fullmatch(key):
        raise PageRefused(400, "This form is not complete", "Its key is missing. Open the page again.")
    digest = hmac.new(secret.encode(), f"form {key}".encode(), hashlib.sha256).hexdigest()
    return str(uuid.uuid5(_FORM_NAMESPACE, digest))
