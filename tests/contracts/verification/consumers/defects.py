"""
Defective consumers: what is wrong with each, how it is made of the good one, and the requirements it must fail.

Each fails these and no other.
"""

from __future__ import annotations

from tests.contracts.verification.consumers.defects_of_forms import FORMS
from tests.contracts.verification.consumers.defects_of_portals import CLOUD_PAYMENTS, PORTAL, WATERSMART
from tests.contracts.verification.consumers.defects_of_services import TCCS, V1, V2

__all__ = ["DEFECTS"]

DEFECTS = {
    f"{defect.role}: {name}": defect
    for table in (V2, TCCS, V1, PORTAL, WATERSMART, CLOUD_PAYMENTS)
    for name, defect in table.items()
} | FORMS
