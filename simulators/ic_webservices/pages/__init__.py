"""
The pages a payer sees: CloudSSO connect, the hosted portal and Cloud Payments.

Flask and Jinja stop here. A page reads a form, calls the ledger, the cashier, the wallet or the schedules, and renders;
what may be paid is decided behind it. Pages work without JavaScript and keep their session in the path, because a
browser sends no cookie to a page in an iFrame of another site.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from partnerlab.simulators.ic_webservices.pages.door import PagesApp

if TYPE_CHECKING:
    from flask import Flask

    from partnerlab.simulators.ic_webservices.world import Services

__all__ = ["PAGE_PATHS", "PagesApp", "create_pages"]

PAGE_PATHS = ("/portal", "/cloudsso", "/cloudpayments")


def create_pages(services: Services) -> Flask:
    """The Flask app of every page."""
    from partnerlab.simulators.ic_webservices.pages.factory import create_app

    return create_app(services)
