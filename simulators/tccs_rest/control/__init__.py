"""
`/_sandbox/tccs/…`: what the real partner does not have, as `contracts/tccs_rest/control.yaml` describes it.

A route reads values, calls a service and shows what came of it; it knows no table.
"""

from __future__ import annotations

from partnerlab.simulators.tccs_rest.control.routes import create_blueprint

__all__ = ["create_blueprint"]
