"""
`/_sandbox/ic/…`: what Invoice Cloud's partners do not see, as `contracts/ic_webservices/control.yaml` describes it.

A route is given values, calls a service and shows what came of it; it knows no table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from partnerlab.contracts.first_use import importing

if TYPE_CHECKING:
    from partnerlab.simulators.ic_webservices.world import Services
    from partnerlab.simulators.kit.control.controls import Controls

__all__ = ["create_controls"]


def create_controls(services: Services) -> Controls:
    """The routes; what they need is loaded here and not before."""
    with importing:
        from partnerlab.simulators.ic_webservices.control.billers import Billers
        from partnerlab.simulators.ic_webservices.control.bills import Bills
        from partnerlab.simulators.ic_webservices.control.clerk import Clerk
        from partnerlab.simulators.ic_webservices.control.cloud_payments import CloudPayments
        from partnerlab.simulators.ic_webservices.control.customers import Customers
        from partnerlab.simulators.ic_webservices.control.exports import Exports
        from partnerlab.simulators.ic_webservices.control.faults import STATUSES
        from partnerlab.simulators.ic_webservices.control.formats import FORMATS
        from partnerlab.simulators.ic_webservices.control.mailbox import Mailbox
        from partnerlab.simulators.ic_webservices.control.payments import Payments
        from partnerlab.simulators.ic_webservices.control.uploads import Uploads
        from partnerlab.simulators.ic_webservices.control.users import Users
        from partnerlab.simulators.ic_webservices.control.wallet import Wallet
        from partnerlab.simulators.kit.control.controls import Controls, domain_refuser

    parts = (Billers, Customers, Bills, Uploads, Payments, Clerk, Users, Wallet, CloudPayments, Mailbox, Exports)
    return Controls([part(services) for part in parts], domain_refuser(STATUSES), FORMATS)
