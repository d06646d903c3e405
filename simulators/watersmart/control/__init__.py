"""
`/_sandbox/watersmart/…`: what the real partner does not have, as `contracts/watersmart/control.yaml` describes it.

A route is given values, calls a service and shows what came of it; it knows no table.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from partnerlab.simulators.kit.control.controls import Controls, domain_refuser
from partnerlab.simulators.kit.control.formats import Format
from partnerlab.simulators.watersmart.control.customers import CustomerRoutes
from partnerlab.simulators.watersmart.control.faults import STATUSES
from partnerlab.simulators.watersmart.control.files import FileRoutes
from partnerlab.simulators.watersmart.control.users import UserRoutes
from partnerlab.simulators.watersmart.domain.text import read_account_number, read_email, read_line
from partnerlab.simulators.watersmart.world import World

__all__ = ["FORMATS", "create_controls"]

FORMATS: Mapping[str, Format] = {
    "account-number": read_account_number,
    "email": read_email,
    "line": partial(read_line, longest=200),
    "number": partial(read_line, longest=50, number=True),
}


def create_controls(world: World) -> Controls:
    """The routes."""
    groups = [CustomerRoutes(world), UserRoutes(world.portal), FileRoutes(world)]
    return Controls(groups, domain_refuser(STATUSES), FORMATS)
