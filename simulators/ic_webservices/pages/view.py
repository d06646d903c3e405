"""What every page has around it, and how one is rendered: the template, the security headers, the payer's formats."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g, make_response, redirect
from jinja2 import Environment, PackageLoader, StrictUndefined

from partnerlab.simulators.ic_webservices.domain.invoices import (
    Invoice,
    least_cents,
    may_choose,
    owed_cents,
    proposed_cents,
)
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import Payment
from partnerlab.simulators.ic_webservices.pages import security
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.world.lanes import DEFAULT

__all__ = [
    "Link",
    "Page",
    "SignOut",
    "as_it_was",
    "base_of",
    "in_payers_words",
    "leave",
    "money",
    "pdf",
    "render",
    "see_other",
]


_UTC = ZoneInfo("UTC")
_INVOICE = re.compile(r"\AInvoice (?=\S)")
_AMOUNT = re.compile(r"(?<!\S)\d+\.\d\d(?!\d)")
_FILE_NAME = re.compile(r"[^A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Link:
    """A link in the navigation."""

    href: str
    text: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class SignOut:
    """The sign-out button: where its form goes, the form's CSRF token, and the text of its tooltip."""

    href: str
    csrf: str
    tooltip: str


@dataclass(frozen=True, slots=True)
class Page:
    """
    What surrounds a page's own content.

    `base` is the absolute address below which every path stands (`http://127.0.0.1:8700/lane/x`); `embedded` leaves
    out the site's header (ViewMode 1, an iFrame); `css_url` is an address already checked; `frame_ancestors` are
    CSP sources; `zone` is the biller's.
    """

    base: str
    site_name: str = "Invoice Cloud"
    embedded: bool = False
    css_url: str = ""
    links: tuple[Link, ...] = ()
    sign_out: SignOut | None = None
    frame_ancestors: tuple[str, ...] = security.LOOPBACK
    zone: ZoneInfo = _UTC


def base_of(request: Request) -> str:
    """The absolute address below which this lane's paths stand; a browser cannot send the lane's header."""
    base = request.base_url.rstrip("/")
    if "/lane/" in base or request.lane.name == DEFAULT:
        return base
    return f"{base}/lane/{request.lane.name}"


def render(template: str, page: Page, *, status: int = 200, **values: Any) -> Response:
    """A page as an answer, with its security headers."""
    html = _templates().get_template(template).render(page=page, zone=page.zone, **values)
    return _secured(make_response(html, status), page)


def as_it_was(page: Page, status: int, html: str) -> Response:
    """A page that was kept, as an answer."""
    return _secured(make_response(html, status), page)


def pdf(page: Page, content: bytes, name: str) -> Response:
    """A PDF as an answer, shown in the browser's own viewer and saved under that name."""
    answer = make_response(content)
    answer.content_type = "application/pdf"
    answer = _secured(answer, page)
    # A viewer is a plugin to some browsers, which `default-src 'none'` would keep from showing it.
    answer.headers["Content-Security-Policy"] = security.framed_by(page.frame_ancestors)
    answer.headers["Content-Disposition"] = f'inline; filename="{_FILE_NAME.sub("-", name)[:80]}.pdf"'
    return answer


def see_other(page: Page, address: str) -> Response:
    """The answer to a form: go and get *address*. The headers go along, for browsers look at them at a redirect too."""
    return _secured(make_response(redirect(address, 303)), page)


def leave(page: Page, address: str, heading: str) -> Response:
    """
    The answer to a form that leads to another site: a page that goes on to *address* by itself.

    Chromium and Safari hold every hop of a redirect that answers a form against `form-action`, so a ReturnURL that
    itself redirects on would be stopped, and the payer with it.
    """
    page = replace(page, links=(), sign_out=None)
    g.leaves = True  # it is gone from the browser's history at once, and is nothing to come back to
    return render("leave.html", page, heading=heading, address=address, site=security.origin_of(address))


def _secured(answer: Response, page: Page) -> Response:
    styles = (security.origin_of(page.css_url),) if page.css_url else ()
    answer.headers.update(security.headers(frame_ancestors=page.frame_ancestors, styles=styles))
    return answer


def money(cents: int) -> str:
    """Cents as a payer reads them: `$1,234.50`, `-$30.00`."""
    return _dollars(amount(cents))


def _dollars(value: Decimal) -> str:
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def in_payers_words(text: str) -> str:
    """`Bill 7: only the whole $80.00 can be paid.` of `Invoice 7: only the whole 80.00 can be paid.`"""
    what, colon, rule = _INVOICE.sub("Bill ", text).rpartition(": ")
    return what + colon + _AMOUNT.sub(lambda found: _dollars(Decimal(found[0])), rule)


def _plain(cents: int) -> str:
    return str(amount(cents))


def _long_day(day: date | str) -> str:
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{found:%B} {found.day}, {found.year}"


def _local_time(moment: datetime | str, zone: ZoneInfo) -> str:
    at = (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).astimezone(zone)
    return f"{_long_day(at.date())}, {at:%I:%M %p} {at:%Z}".replace(", 0", ", ")


def _paid_with(payment: Payment) -> str:
    if payment.offline:
        return f"{payment.tender.capitalize()} {payment.check_number}".strip()
    name = payment.brand or {"ach": "Bank account", "online_bank_direct": "Bank account"}.get(payment.tender, "Card")
    return f"{name} ending in {payment.last_four}" if payment.last_four else name


def _amount_hint(invoice: Invoice) -> str:
    least, owed = least_cents(invoice), owed_cents(invoice)
    if not invoice.allow_partial_payments:
        return f"{money(least)} is due now; {money(owed)} is everything owed"
    return f"At least {money(least)}, at most {money(owed)}" if least > 1 else f"At most {money(owed)}"


_FILTERS: Mapping[str, Any] = {
    "amount_hint": _amount_hint,
    "least": least_cents,
    "may_choose": may_choose,
    "owed": owed_cents,
    "proposed": proposed_cents,
    "in_payers_words": in_payers_words,
    "money": money,
    "dollars": _dollars,
    "plain": _plain,
    "long_day": _long_day,
    "local_time": _local_time,
    "paid_with": _paid_with,
}
"""
Jinja filters: what may be paid of an invoice, in cents; and as a payer reads it: cents (`plain` for a field), dollars,
dates, moments (with the page's zone), what a payment was paid with, and what may be typed as an amount.
"""


@cache
def _templates() -> Environment:
    """Templates are compiled once, however many sandboxes a process has."""
    found = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters.update(_FILTERS)
    return found
