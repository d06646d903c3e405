"""
`/_sandbox/inhance/…`: what the real partner does not have, as `contracts/inhance_soap/control.yaml` describes it.

A route is given values, calls a service and shows what came of it; it knows no table.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from partnerlab.simulators.inhance_soap.control.faults import STATUSES
from partnerlab.simulators.inhance_soap.control.routes import UtilityRoutes
from partnerlab.simulators.inhance_soap.control.v1_routes import V1Routes
from partnerlab.simulators.inhance_soap.domain.accounts import read_account_number, read_email
from partnerlab.simulators.inhance_soap.domain.text import read_line
from partnerlab.simulators.inhance_soap.world import World
from partnerlab.simulators.kit.control.controls import Controls, domain_refuser
from partnerlab.simulators.kit.control.formats import Format

__all__ = ["FORMATS", "create_controls"]

FORMATS: Mapping[str, Format] = {
    "account-number": read_account_number,
    "email": lambda field, text: read_email(field, text) if text else None,  # an empty one takes the address away
    "line": partial(read_line, longest=254),
}


def create_controls(world: World) -> Controls:
    """The routes."""
    return Controls([UtilityRoutes(world), V1Routes(world)], domain_refuser(STATUSES), FORMATS)
