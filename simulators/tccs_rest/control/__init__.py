"""
`/_sandbox/tccs/…`: what the real partner does not have, as `contracts/tccs_rest/control.yaml` describes it.

A route is given values, calls a service and shows what came of it; it knows no table.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from partnerlab.simulators.kit.control.controls import Controls, domain_refuser
from partnerlab.simulators.kit.control.formats import Format
from partnerlab.simulators.tccs_rest.control.faults import STATUSES
from partnerlab.simulators.tccs_rest.control.routes import PolicyRoutes
from partnerlab.simulators.tccs_rest.domain.numbers import read_invoice_number
from partnerlab.simulators.tccs_rest.domain.text import read_line
from partnerlab.simulators.tccs_rest.world import World

__all__ = ["FORMATS", "create_controls"]

FORMATS: Mapping[str, Format] = {
    "line": read_line,
    "tccs-policy-term": read_invoice_number,
    "tccs-quote": partial(read_invoice_number, quote=True),
}


def create_controls(world: World) -> Controls:
    """The routes."""
    return Controls([PolicyRoutes(world)], domain_refuser(STATUSES), FORMATS)
