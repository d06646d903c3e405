"""
The data pump: from what happened at Invoice Cloud to the calls its partners get, without loss and without doubles.

`DataPump` takes events and delivers them; `create_service` puts it behind HTTP; `read_billers` reads who is served.
Needs the extra `pump`. The heavy parts are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from partnerlab.client.datapump.accepting import EventConflict, Receipt
    from partnerlab.client.datapump.billers import read_billers
    from partnerlab.client.datapump.database import DatabaseLocked
    from partnerlab.client.datapump.decisions import DeliveryNotFound, Record
    from partnerlab.client.datapump.delivery import DataPump
    from partnerlab.client.datapump.events import parse_event, render_event
    from partnerlab.client.datapump.gate import NotRunning
    from partnerlab.client.datapump.policy import RetryPolicy
    from partnerlab.client.datapump.routes import Router
    from partnerlab.client.datapump.service import create_service
    from partnerlab.client.datapump.states import State, TransitionRefused

__all__ = [
    "DataPump",
    "DatabaseLocked",
    "DeliveryNotFound",
    "EventConflict",
    "NotRunning",
    "Receipt",
    "Record",
    "RetryPolicy",
    "Router",
    "State",
    "TransitionRefused",
    "create_service",
    "parse_event",
    "read_billers",
    "render_event",
]

_HOMES = {
    "DataPump": "delivery",
    "DatabaseLocked": "database",
    "DeliveryNotFound": "decisions",
    "EventConflict": "accepting",
    "NotRunning": "gate",
    "Receipt": "accepting",
    "Record": "decisions",
    "RetryPolicy": "policy",
    "Router": "routes",
    "State": "states",
    "TransitionRefused": "states",
    "create_service": "service",
    "parse_event": "events",
    "read_billers": "billers",
    "render_event": "events",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
