"""The payer on a page: who is signed in, whose bills may be seen, and what stands around each page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Response, g, request

from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.errors import NotFound
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.methods import MOST_METHODS
from partnerlab.simulators.ic_webservices.domain.portal import IFRAME, PageSession
from partnerlab.simulators.ic_webservices.domain.users import User
from partnerlab.simulators.ic_webservices.pages import security
from partnerlab.simulators.ic_webservices.pages.forms import Form
from partnerlab.simulators.ic_webservices.pages.security import PageRefused
from partnerlab.simulators.ic_webservices.pages.view import Link, Page, SignOut, base_of, render, see_other
from partnerlab.simulators.ic_webservices.services.page_sessions import SessionUnknown, SessionView
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.http.wsgi import current_request
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["NOTICES", "Payer", "SessionOver", "enter"]

NAVIGATION = (
    ("bills", "Bills"),
    ("scheduled-payments", "Scheduled payments"),
    ("payment-options", "Payment options"),
    ("autopay", "AutoPay"),
    ("paperless", "Paperless"),
    ("pay-by-text", "Pay by text"),
)

NOTICES = {
    "scheduled": "Your payment is scheduled.",
    "scheduled-before": "This form was sent before; your payment is scheduled once.",
    "sent-before": "This form was sent before. This is the payment it made; nothing was paid again.",
    "not-paid": "Nothing was paid with that form: this bill cannot be paid any more.",
    "nothing-owed": "Nothing is owed on that bill any more: its payment takes nothing, and can only be cancelled.",
    "changed": "Your scheduled payment was changed.",
    "cancelled": "Your scheduled payment was cancelled.",
    "method-added": "The payment method was added.",
    "method-not-added": f"The payment method was not saved: {MOST_METHODS} are kept already. Remove one first.",
    "method-changed": "The payment method was changed.",
    "method-removed": "The payment method was removed.",
    "method-preferred": "The payment method is your default now.",
    "paperless-on": "Paperless billing is on.",
    "paperless-off": "Paperless billing is off. Bills come by post again.",
    "autopay-on": "AutoPay is on.",
    "autopay-changed": "AutoPay pays with another method now.",
    "autopay-off": "AutoPay is off.",
    "text-asked": "We sent a text message. Answer it to finish.",
    "text-on": "Pay by text is on.",
    "text-off": "Pay by text is off.",
}
"""What a page says after a change: the address carries the word on the left, never the text."""
NOT_DONE = ("not-paid", "sent-before", "scheduled-before", "nothing-owed", "method-not-added")
"""The words above that tell of something that was not done."""


class SessionOver(Exception):
    """
    The session is over: `reason` is `expired`, `ended` or `unknown`. `page` is what stands around the answer, `back`
    leads to where the payer came from.
    """

    def __init__(self, reason: str, page: Page, back: Link | None) -> None:
        self.reason, self.page, self.back = reason, page, back
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Payer:
    """One request of a payer who is signed in. `secret` is the session's id."""

    services: Services
    lane: Lane
    secret: str
    base: str
    row: PageSession
    biller: Biller
    user: User
    accounts: tuple[str, ...]

    @property
    def account_number(self) -> str:
        """The account the payer looks at. Raises `PageRefused` where none is linked."""
        if self.row.account_number in self.accounts:
            return self.row.account_number
        if not self.accounts:
            raise PageRefused(403, "There is no account here", "No account is linked to your sign-in any more.")
        return self.accounts[0]

    @property
    def zone(self) -> ZoneInfo:
        """The biller's time zone."""
        return time_zone(self.biller.time_zone)

    @property
    def today(self) -> date:
        """The lane's day in the biller's zone."""
        return self.lane.now().astimezone(self.zone).date()

    @property
    def cause(self) -> str:
        """The id of the request, for the events it causes."""
        return current_request().id

    def href(self, *path: str) -> str:
        """The absolute address of a page of this session."""
        return "/".join((f"{self.base}/portal/(S({self.secret}))", *(quote(part, safe="/") for part in path)))

    def page(self, current: str = "") -> Page:
        """What stands around a page; *current* is its place in the navigation."""
        back = self.row.site_name or self.biller.name
        tooltip = f"Sign out and Return to {back}" if self.row.return_url else "Sign out"
        return Page(
            base=self.base,
            site_name=self.biller.name,
            embedded=self.row.view_mode == IFRAME,
            css_url=self.row.css_url,
            links=tuple(Link(self.href(path), text, path == current) for path, text in NAVIGATION),
            sign_out=SignOut(self.href("sign-out"), security.csrf_token(self.secret), tooltip),
            frame_ancestors=security.frame_ancestors(self.biller),
            zone=self.zone,
        )

    def show(self, template: str, current: str, *, status: int = 200, **values: Any) -> Response:
        """A page with the account, the switcher and what was just done."""
        done = request.args.get("done", "") if request.method == "GET" else ""
        return render(
            template,
            self.page(current),
            status=status,
            payer=self,
            href=self.href,
            switch=Form(self.secret),
            here=current,
            notice=NOTICES.get(done, ""),
            notice_good=done not in NOT_DONE,
            **values,
        )

    def go(self, *path: str, done: str = "") -> Response:
        """
        The answer to a form: on to that page, which then says what was *done*.

        The place of that is in the address: in an iFrame of another site a browser gives nothing the focus by itself.
        """
        place = "#done" if done or path[:1] == ("receipt",) else ""
        return see_other(self.page(), self.href(*path) + (f"?done={done}" if done else "") + place)

    def sent(self) -> Form:
        """The form that was sent. Raises `PageRefused` where it is not one of this session."""
        security.check_csrf(self.secret, request.form.get("CsrfToken"))
        return Form(self.secret, request.form.to_dict())

    def at_account_of(self, form: Form) -> Payer:
        """
        The payer looking at the account that a form was shown for: another window may look at another meanwhile.

        Raises `PageRefused` where it is none of the user's.
        """
        number = form.given("AccountNumber")
        if number not in self.accounts:
            raise PageRefused(404, "There is no such account", "That account is not linked to your sign-in.")
        if number == self.row.account_number:
            return self
        return replace(self, row=self.services.page_sessions.look_at(self.lane, self.row, number))

    def customer(self) -> Customer:
        """The record of the account the payer looks at."""
        return self.services.ledger.customer(self.lane, self.biller.guid, self.account_number)

    def shown_account(self, account_number: str) -> str:
        """What the payer is shown for an account of the biller's."""
        return self.services.ledger.customer(self.lane, self.biller.guid, account_number).shown_account

    def invoice(self, number: str) -> Invoice:
        """An invoice of one of the payer's accounts; of any other there is none. Raises `NotFound`."""
        invoice = self.services.ledger.invoice(self.lane, self.biller.guid, number)
        if invoice.account_number not in self.accounts:
            raise NotFound("invoice", number[:60])
        return invoice


def enter(services: Services, secret: str) -> Payer:
    """The payer of the session in the path. Raises `PageRefused`, `SessionOver`."""
    here = current_request()
    try:
        opened = services.page_sessions.open(here.lane, secret)
    except SessionUnknown:
        raise PageRefused(
            404, "There is no such page", "The link is not valid. Go back to the site that brought you here."
        ) from None
    row, session = opened.row, opened.session
    if session is None:
        raise _over(services, here.lane, base_of(here), opened)
    payer = Payer(
        services=services,
        lane=here.lane,
        secret=secret,
        base=base_of(here),
        row=row,
        biller=session.biller,
        user=session.user,
        accounts=session.account_numbers,
    )
    g.page = payer.page()  # for an error told from here on
    return payer


def _over(services: Services, lane: Lane, base: str, opened: SessionView) -> SessionOver:
    row = opened.row
    page = Page(base, embedded=row.view_mode == IFRAME, css_url=row.css_url)
    try:
        biller = services.ledger.biller(lane, row.biller_guid)
        page = replace(page, site_name=biller.name, frame_ancestors=security.frame_ancestors(biller))
    except NotFound:  # the page then names no biller
        pass
    back = Link(row.return_url, f"Return to {row.site_name or page.site_name}") if row.return_url else None
    return SessionOver(opened.refused, page, back)
