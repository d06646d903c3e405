"""
The pages a payer sees: CloudSSO connect, the hosted portal and Cloud Payments.

Flask and Jinja stop here. A page reads a form, calls the ledger, the cashier, the wallet or the schedules, and renders;
what may be paid is decided behind it. Pages work without JavaScript and keep their session in the path, because a
browser sends no cookie to a page in an iFrame of another site.
"""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.pages.door import PagesApp

__all__ = ["PAGE_PATHS", "PagesApp"]

PAGE_PATHS = ("/portal", "/cloudsso", "/cloudpayments")
