"""WaterSmart is called by nobody: what Invoice Cloud has for it goes out in files (`partnerlab.client.exports`)."""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.client.datapump.events import Event
from partnerlab.client.datapump.plans import Plan, Route, Skip
from partnerlab.client.http import Transport
from partnerlab.client.settings import Biller

__all__ = ["ROUTES"]

FILES = {
    "payment": "payment/lockbox file",
    "ach_reject": "ACH rejects file",
    "paperless": "change log file",
    "autopay": "change log file",
    "email": "change log file",
}
"""The file in which each kind of event stands. Source: WaterSmart, File Mapping."""


def by_file(event: Event, biller: Biller, transport: Transport) -> Plan:  # noqa: ARG001  the shape of a route
    """Nothing is called: the file of the day has it."""
    return Skip(f"goes to WaterSmart in the {FILES[event.kind]}")


ROUTES: Mapping[str, Route] = dict.fromkeys(FILES, by_file)
