"""One request to a page of Cloud Payments: the page as it stands, where it leads, how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, request

from partnerlab.simulators.ic_webservices.domain.billers import time_zone
from partnerlab.simulators.ic_webservices.pages import security
from partnerlab.simulators.ic_webservices.pages.forms import Form
from partnerlab.simulators.ic_webservices.pages.view import Page, base_of, render, see_other
from partnerlab.simulators.ic_webservices.services.checkouts import CheckoutView
from partnerlab.simulators.ic_webservices.services.cloud_payment_requests import stylesheet
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.http.wsgi import current_request
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["Visit", "may_register"]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a page: the services, the token of its path, the page as it stands."""

    services: Services
    token: str
    opened: CheckoutView

    @property
    def request(self) -> Request:
        """The kit's request."""
        return current_request()

    @property
    def lane(self) -> Lane:
        """Its lane."""
        return self.request.lane

    @property
    def today(self) -> date:
        """The lane's day in the biller's zone."""
        return self.lane.now().astimezone(time_zone(self.opened.biller.time_zone)).date()

    @property
    def page(self) -> Page:
        """What surrounds the content: embedded as ViewMode says, with the partner's stylesheet where it may be."""
        asked, biller = self.opened.asked, self.opened.biller
        return Page(
            base_of(self.request),
            site_name=biller.name,
            embedded=asked.framed,
            css_url=stylesheet(asked, biller),
            frame_ancestors=security.frame_ancestors(biller) if asked.framed else (),
            zone=time_zone(biller.time_zone),
        )

    def path(self, *rest: str) -> str:
        """The address of one of this payment's pages."""
        return "/".join((base_of(self.request), "cloudpayments", self.token, *rest))

    def go(self, *rest: str, at: str = "") -> Response:
        """Lead to one of this payment's pages, there to the element of the id *at*."""
        return see_other(self.page, self.path(*rest) + (f"#{at}" if at else ""))

    def show(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """One of this payment's pages."""
        return render(template, self.page, status=status, visit=self, opened=self.opened, **values)

    def sent(self) -> Form:
        """The form that came. Raises `PageRefused` where it is not from this page."""
        security.check_csrf(self.token, request.form.get("CsrfToken"))
        return Form(self.token, request.form.to_dict())


def may_register(opened: CheckoutView) -> bool:
    """Whether the result page offers an account: where the request says so and nobody of the accounts has one."""
    return (
        opened.asked.allow_register
        and not opened.checkout.username
        and not any(customer.registered for _, customer in opened.customers if customer is not None)
    )
