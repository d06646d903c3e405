"""
`/_sandbox/inhance/…`: what the real partner does not have, as `contracts/inhance_soap/control.yaml` describes it.

A route reads values, calls a service and shows what came of it; it knows no table.
"""

from __future__ import annotations

from partnerlab.simulators.inhance_soap.control.routes import create_blueprint

__all__ = ["create_blueprint"]
