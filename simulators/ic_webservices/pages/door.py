"""The door the pages are served through: the kit's WSGI bridge, with names for the journal that hold no session."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from partnerlab.contracts.first_use import importing, pattern
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.http.wsgi import WsgiApp

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from partnerlab.simulators.ic_webservices.world import Services

__all__ = ["PagesApp"]

_SESSION = pattern(r"/\(S\([^/]*|(?<=/cloudpayments)/[^/]+", re.IGNORECASE)


class PagesApp(WsgiApp):
    """
    The pages as an app of the site. An operation is method and page, as in `GET /portal/bill`.

    A partner's site sends its visitors here, and its pages hold these in frames: so `cross_site`.
    """

    cross_site = True

    def __init__(self, services: Services) -> None:
        def load() -> WSGIApplication:
            with importing:
                from partnerlab.simulators.ic_webservices.pages.factory import create_app

            return create_app(services)

        super().__init__("pages", load)

    def operation(self, request: Request) -> str:
        """Method and page, without session, invoice number or payment."""
        segments = _SESSION.sub("", request.path).strip("/").split("/")
        return f"{request.method} /{'/'.join(segments[:2])}"
