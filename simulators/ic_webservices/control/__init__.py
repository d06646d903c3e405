"""
`/_sandbox/ic/…`: what Invoice Cloud's partners do not see, as `contracts/ic_webservices/control.yaml` describes it.

A route reads values, calls a service and shows what came of it; it knows no table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Blueprint

    from partnerlab.simulators.ic_webservices.world import Services

__all__ = ["create_blueprint"]


def create_blueprint(services: Services) -> Blueprint:
    """The routes; Flask is loaded here and not before."""
    from partnerlab.simulators.ic_webservices.control import routes

    return routes.create_blueprint(services)
