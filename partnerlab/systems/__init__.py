"""
The simulated systems: a module for each, which says all that the rest of this room must know of it.

`SYSTEMS` is the one list of them: from it parts, sections of a settings file, keys, doors on the first screen and the
simulators of a sandbox are made. `*_books` and `*_calls` are loaded when a partner first calls, because the client is
slow to import.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from partnerlab.systems import inhance, invoice_cloud, tccs, watersmart
from partnerlab.systems.system import Every, Joined, Joints, PartnerSystem, System

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["PARTNER_SYSTEMS", "SYSTEMS", "Every", "Joined", "Joints", "PartnerSystem", "System", "every"]

SYSTEMS: tuple[System, ...] = (inhance.SYSTEM, tccs.SYSTEM, invoice_cloud.SYSTEM, watersmart.SYSTEM)
PARTNER_SYSTEMS = tuple(one for one in SYSTEMS if isinstance(one, PartnerSystem))


def every(given: Iterable[DataclassInstance]) -> Every:
    """The *given* settings, and the defaults of each system of which none are. Raises `TypeError` for any others."""
    settings = {one.settings: one.settings() for one in SYSTEMS}
    for one in given:
        if type(one) not in settings:
            raise TypeError(f"{type(one).__qualname__} of {type(one).__module__} are settings of no simulated system")
        settings[type(one)] = one
    return Every(settings.values())
