"""Harris inHance v1 is called by nobody: its jobs download what Invoice Cloud has for it (`partnerlab.client.jobs`)."""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.client.datapump.events import Event
from partnerlab.client.datapump.plans import Plan, Route, Skip
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import Transport
from partnerlab.client.settings import Biller
from partnerlab.contracts.capabilities import NotSupported, check_supported

__all__ = ["ROUTES"]

JOBS = {
    "payment": "Payment job",
    "paperless": "Customer job",
    "autopay": "Auto Pay job",
    "email": "Customer job",
}
"""The job that downloads each kind of event. Source: Harris inHance v1 Integration Details, Data Structure."""


def by_job(event: Event, biller: Biller, transport: Transport) -> Plan:  # noqa: ARG001  the shape of a route
    """Nothing is called: the job asks for it."""
    return Skip(f"downloaded by inHance v1, {JOBS[event.kind]}")


def ach_reject(event: Event, biller: Biller, transport: Transport) -> Plan:  # noqa: ARG001  the shape of a route
    """Refused, so that a person sees it and enters the return by hand. Raises `RequestInvalid`."""
    try:
        check_supported("inhance_v1", "ACH rejects")
    except NotSupported as error:
        raise RequestInvalid("kind", event.kind, str(error)) from None
    return Skip("downloaded by inHance v1, when its source says so")


ROUTES: Mapping[str, Route] = {**dict.fromkeys(JOBS, by_job), "ach_reject": ach_reject}
